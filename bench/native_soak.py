#!/usr/bin/env python3
"""Half an hour at full rate: do the sampler's tables degrade, does its own memory grow, are its figures true at the end?

    bench/native_soak.py [SECONDS] [--write FILE]

cgochurn, preloaded, allocates and frees as fast as it can and leaks a little in each of four ways; each line is one moment. Exit 1 when the
last quarter is worse than the second: a sample dearer by half, the sampler's memory larger; and when an estimate is off by more than its interval.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from native import LEAKS, MIB, leaks_of, machine, put, table
from native_ways import Running, preloaded

from memwhy.native.layout import LIVE, STACKS
from memwhy.native.snapshot import Snapshot

PERIOD_BYTES = 65536
SLICE_ALLOCATIONS = 20_000_000
LEAK_BYTES = 64 * MIB
LINES = 40
DEARER = 1.5
SIGMAS = 4.0
GROWTH_BYTES = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line. live, stacks: entries in use; sample_ns: of CPU for each sample since the line before; alloc_ns: of the program's, all told."""

    at_s: float
    allocations: int
    samples: int
    sample_ns: float
    alloc_ns: float
    live: int
    stacks: int
    lost: int
    own_bytes: int
    period_bytes: int


def main() -> int:
    """Run it; 1 when something is not as it has to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float, nargs="?", default=1800.0)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    options = parser.parse_args()
    load, began = os.getloadavg()[0], time.monotonic()
    with preloaded(PERIOD_BYTES) as running:
        moments = soak(running, options.seconds)
        problems, truths = against_truth(running)
    problems += degraded(moments)
    taken = f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after, {time.monotonic() - began:.0f} s"
    lines = [*_shown(moments), "", *truths, "", f"{machine()}; {taken}."]
    print("\n".join(lines))
    if options.write:
        put(options.write, "soak", "\n".join(lines))
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


def soak(running: Running, for_s: float) -> list[Moment]:
    """Work and leak until the time is over."""
    moments: list[Moment] = []
    began = time.monotonic()
    leaked = cpu_ns = worked = allocations = 0
    before = running.snapshot()
    while (at_s := time.monotonic() - began) < for_s:
        owed = int(LEAK_BYTES * at_s / for_s) - leaked
        if owed >= MIB:
            leaked += owed // MIB * MIB
            running.ask(f"leak {owed // MIB * MIB}")
        answer = running.ask(f"work {SLICE_ALLOCATIONS} 0")
        cpu_ns, worked = cpu_ns + answer["cpu_ns"], worked + answer["allocations"]
        if at_s < for_s * len(moments) / LINES:
            continue
        allocations += worked
        now = running.snapshot()
        moments.append(_moment(running, now, before, at_s=at_s, allocations=allocations, alloc_ns=cpu_ns / worked))
        before, cpu_ns, worked = now, 0, 0
    return moments


def _moment(
    running: Running, now: Snapshot, before: Snapshot, *, at_s: float, allocations: int, alloc_ns: float
) -> Moment:
    return Moment(
        at_s=at_s,
        allocations=allocations,
        samples=now.samples,
        sample_ns=(now.spent_s - before.spent_s) / max(1, now.samples - before.samples) * 1e9,
        alloc_ns=alloc_ns,
        live=sum(stack.samples for stack in now.stacks if stack.kind == "malloc"),
        stacks=len(now.stacks),
        lost=now.lost_samples,
        own_bytes=running.own_bytes(),
        period_bytes=now.period_bytes << now.level,
    )


def against_truth(running: Running) -> tuple[list[str], list[str]]:
    """(what is not true, a table) of the four leaks at the end."""
    truth = running.ask("truth")
    with running.symbols() as symbols:
        found = leaks_of(running.snapshot().stacks, symbols)
    rows, problems = [], []
    for name, what in LEAKS.items():
        estimate, low, high = found[name]
        error = estimate / truth[name] - 1
        rows.append(
            (
                what,
                f"{truth[name] / MIB:.1f} MiB",
                f"{estimate / MIB:.1f} MiB",
                f"{error:+.1%}",
                f"{low / MIB:.1f} to {high / MIB:.1f} MiB",
            )
        )
        half = max(estimate - low, high - estimate) / 1.96
        if abs(estimate - truth[name]) > SIGMAS * half:
            problems.append(f"{what}: {estimate} B estimated, {truth[name]} B outstanding")
    return problems, table(("leak", "truth at the end", "estimate", "error", "95 % interval"), rows)


def degraded(moments: list[Moment]) -> list[str]:
    """What got worse from the second quarter to the last."""
    quarter = len(moments) // 4
    if not quarter:
        return ["too short to tell: fewer than four moments"]
    early, late = moments[quarter : 2 * quarter], moments[-quarter:]
    found = []
    for name, unit in (("sample_ns", "ns a sample"), ("alloc_ns", "ns an allocation")):
        was, now = (median(getattr(one, name) for one in part) for part in (early, late))
        if now > DEARER * was:
            found.append(f"{was:.0f} {unit} before, {now:.0f} at the end")
    if late[-1].own_bytes > early[-1].own_bytes + GROWTH_BYTES:
        found.append(f"the sampler's own memory grew from {early[-1].own_bytes} B to {late[-1].own_bytes} B")
    return found


def _shown(moments: list[Moment]) -> list[str]:
    """A dozen of them."""
    step = max(1, len(moments) // 12)
    heads = (
        "after",
        "allocations",
        "samples",
        "ns a sample",
        "ns an allocation, all told",
        "blocks in the table",
        "stacks",
        "lost",
        "its own memory",
        "period",
    )
    rows = [
        (
            f"{one.at_s:.0f} s",
            f"{one.allocations / 1e9:.2f} G",
            f"{one.samples / 1e6:.2f} M",
            f"{one.sample_ns:.0f}",
            f"{one.alloc_ns:.0f}",
            f"{one.live:,} of {LIVE:,}",
            f"{one.stacks} of {STACKS:,}",
            str(one.lost),
            f"{one.own_bytes / MIB:.2f} MiB",
            f"{one.period_bytes >> 10} KiB",
        )
        for one in [*moments[::step], *moments[-1:]]
    ]
    return table(heads, rows)


if __name__ == "__main__":
    sys.exit(main())
