#!/usr/bin/env python3
"""Attach to a loaded server and detach, again and again: does a request fail, does memory stay, how long does it stand still?

    attach_cycles.py [CYCLES] [CLIENTS]      1000 and 8 unless told

The server (tests/native/targets/served.c) allocates in every way for each request, proves that its blocks are whole, and is interrupted by
a signal a thousand times a second. Fails when a request failed, the server ended, anything was left in it, its RSS drifted, or a stop took
longer than the bar: 50 ms, and 5 ms at the median.
"""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "native")]

from native_targets import answered, foreign_code, loaded_server, sampler_mappings  # noqa: E402

from memwhy.native.attach import attach  # noqa: E402

BAR_NS = 50_000_000
MEDIAN_BAR_NS = 5_000_000
DRIFT_BYTES = 2 << 20
WARM_UP = 10


def rss_bytes(pid: int) -> int:
    """Exactly: the kernel walks the pages."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"pid {pid} has no Rss")


def cycle(pid: int) -> tuple[list[int], tuple[str, ...], int]:
    """(stops in ns, what was left, samples) of one attach and detach, with the sampler at work in between."""
    attachment = attach(pid)
    deadline = time.monotonic() + 1.0
    while (samples := attachment.header().samples) == 0 and time.monotonic() < deadline:
        time.sleep(0.001)
    before = list(attachment.stop_ns)
    done = attachment.detach()
    return [*before, *done.stop_ns], done.left, samples


def median(values: list[int]) -> int:
    """The middle one."""
    return sorted(values)[len(values) // 2]


def show_stops(stops: list[int]) -> None:
    """Their distribution."""
    stops = sorted(stops)
    parts = [
        f"p{share:g} {stops[min(len(stops) - 1, int(len(stops) * share / 100))] / 1e6:.2f} ms"
        for share in (50, 90, 99, 99.9)
    ]
    print(f"{len(stops)} stops: {', '.join(parts)}, longest {stops[-1] / 1e6:.2f} ms")


def main(arguments: list[str]) -> int:
    """Run the cycles; 1 when something is not as it has to be."""
    cycles = int(arguments[0]) if arguments else 1000
    clients = int(arguments[1]) if len(arguments) > 1 else 8
    stops: list[int] = []
    problems: list[str] = []
    resident: list[int] = []
    unsampled = 0
    with loaded_server(clients) as (server, asking):
        began, own = time.monotonic(), time.process_time()
        for turn in range(cycles):
            times, left, samples = cycle(server.pid)
            stops += times
            unsampled += samples == 0
            resident.append(rss_bytes(server.pid))
            problems += [f"cycle {turn}: left {what}" for what in left]
        spent, own = time.monotonic() - began, time.process_time() - own
        if foreign_code(server.pid) or sampler_mappings(server.pid):
            problems.append(f"code that is not the files': {foreign_code(server.pid)}, {sampler_mappings(server.pid)}")
        requests, failed = answered(asking)
        if failed or not server.is_alive:
            problems.append(
                f"{failed} of {requests} requests failed; the server {'runs' if server.is_alive else 'ended'}"
            )
    warm = resident[min(WARM_UP, cycles // 2) :]
    half = len(warm) // 2
    drift = median(warm[half:]) - median(warm[:half] or warm)
    print(
        f"{cycles} cycles in {spent:.0f} s, {own / cycles * 1e3:.0f} ms of memwhy's CPU each; {unsampled} without a sample"
    )
    print(f"{requests} requests, {failed} failed; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"RSS {median(warm) >> 10} KiB at the median, second half less first half {drift / 1024:+.0f} KiB")
    show_stops(stops)
    if drift > DRIFT_BYTES:
        problems.append(f"RSS grew by {drift} B")
    if max(stops) > BAR_NS or median(stops) > MEDIAN_BAR_NS:
        problems.append(f"the longest stop took {max(stops) / 1e6:.1f} ms, the median {median(stops) / 1e6:.1f} ms")
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
