"""What does watching cost, us and the target? Real processes, one run, one Markdown page of tables.

    python bench/overhead.py [--quick] [--memwhy PATH]

Needs Linux, the specimens' toolchain (make specimens) and about 16 minutes; --quick takes four, with fewer pairs.
CPU times are the kernel's own counts (wait4, schedstat), so that a busy machine blurs them little; wall times and
latencies are given with their least and most. docs/overhead.md says how to read the tables.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import costs
import slowdown
from targets import Target, cpu_s_of, held, resident_bytes, specimen, start

from memwhy.sources import proc

KIB, MIB = 1 << 10, 1 << 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="memwhy's own cost and what it does to the target")
    parser.add_argument("--quick", action="store_true", help="shorter windows, fewer pairs")
    parser.add_argument(
        "--memwhy", default=str(Path(sys.executable).with_name("memwhy")), help="the command to measure"
    )
    wanted = parser.parse_args()
    quick, memwhy = wanted.quick, wanted.memwhy
    print(f"# Overhead of memwhy\n\n{_machine()}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as name:
        folder = Path(name)
        with ExitStack() as stack:
            targets = [
                stack.enter_context(specimen("odds-scraper", "guilty")),
                stack.enter_context(specimen("odds-scraper", "twin")),
                stack.enter_context(held("400 MiB resident", "resident", "400")),
                stack.enter_context(held("5,000 mappings", "mappings", "5000")),
            ]
            own_cost(memwhy, targets, [(30, ())] if quick else [(30, ()), (120, ()), (120, ("--no-inside",))])
            others(targets[2], 10 if quick else 30, folder)
            recordings(memwhy, targets, 30 if quick else 120, folder)
            sums(targets[2:])
            starts(memwhy, targets[0], folder)
        effect_on_memory(memwhy, 20 if quick else 60)
    slowdowns(memwhy, 3 if quick else 6, 4.0 if quick else 8.0)
    print(f"Load {os.getloadavg()[0]:.1f} at the end.")


def own_cost(memwhy: str, targets: Sequence[Target], watches: Iterable[tuple[int, tuple[str, ...]]]) -> None:
    """Table: CPU of memwhy watch. watches: how long, and with which flags."""
    rows = []
    for for_s, flags in watches:
        how = " ".join((f"{for_s} s", *flags))
        for one in costs.watch_all(memwhy, targets, for_s, *flags):
            whole = f"{100 * one.cpu_s / one.for_s:.2f} %"
            rows.append((one.target, how, f"{one.cpu_s * 1000:.0f} ms", whole, f"{100 * one.steady_share:.2f} %"))
    heads = ("target", "watched for", "CPU, start and diagnosis included", "of a core", "while watching")
    table("CPU of memwhy watch", heads, rows)


def others(target: Target, for_s: int, folder: Path) -> None:
    """Table: the same target looked at by others."""
    rows = list(costs.peers(target, for_s, folder / "psutil"))
    table(f"Others on the target with {target.name}, {for_s} s, start included", ("command", "CPU, of a core"), rows)


def recordings(memwhy: str, targets: Sequence[Target], for_s: int, folder: Path) -> None:
    """Tables: size of recordings; what the layers leave over."""
    found = costs.record_all(memwhy, targets, for_s, folder)
    rows = []
    for one in found:
        largest = sorted(one.by_source.items(), key=lambda item: -item[1])[:3]
        text = ", ".join(f"{name} {size_bytes / KIB:.0f} KiB" for name, size_bytes in largest)
        per_day = f"{one.per_hour_bytes * 24 / MIB:.0f} MiB"
        rows.append(
            (one.target, f"{one.file_bytes / KIB:.0f} KiB", f"{one.per_hour_bytes / MIB:.2f} MiB", per_day, text)
        )
    heads = ("target", f"file after {for_s} s", "per hour", "per day", "largest sources, compressed")
    table(f"Recording, extrapolated from the second half of {for_s} s", heads, rows)
    rows = []
    for one in found:
        shares = [100 * share for share in one.unaccounted]
        values = (f"{value:.3f} %" for value in (min(shares), median(shares), max(shares)))
        rows.append((one.target, str(len(shares)), *values))
    table("Unaccounted share of RSS, live", ("target", "readings of smaps", "least", "median", "most"), rows)


def sums(targets: Sequence[Target]) -> None:
    """Table: processes that hold still, so that the kernel's two files must agree."""
    rows = []
    for target in targets:
        total = resident_bytes(target.pid)
        smaps = proc.READERS["proc/smaps"]
        held_bytes = smaps.parse(smaps.read("/proc", target.pid)).metrics["process.rss_bytes"]
        rows.append((target.name, f"{total / MIB:.1f} MiB", f"{held_bytes - total} bytes"))
    table("Sum of the mappings against smaps_rollup, a process at rest", ("target", "RSS", "difference"), rows)


def starts(memwhy: str, target: Target, folder: Path) -> None:
    """Table: wall times of short commands."""
    page = costs.small_page(folder)
    found = {
        "memwhy --help": costs.wall_ms([memwhy, "--help"]),
        "memwhy record: start to first look": costs.first_tick_ms(memwhy, target, folder),
        "memwhy explain, ten readings of free": costs.wall_ms([memwhy, "explain", page, "-q"], 9),
    }
    rows = [(name, f"{mid:.0f} ms", f"{low:.0f} to {high:.0f} ms") for name, (mid, low, high) in found.items()]
    table("Wall time", ("command", "median", "least to most"), rows)


def effect_on_memory(memwhy: str, for_s: int) -> None:
    """Table: three twins side by side, of which two are watched."""
    options = {"nobody watches": None, "watch --no-probe": ["--no-probe"], "watch, endpoint asked": []}
    with ExitStack() as stack:
        twins = {name: stack.enter_context(specimen("odds-scraper", "twin")) for name in options}
        before = {name: resident_bytes(twin.pid) for name, twin in twins.items()}
        watchers = [
            start([memwhy, "watch", str(twins[name].pid), "--for", f"{for_s}s", "-q", "--no-until-sure", *flags])
            for name, flags in options.items()
            if flags is not None
        ]
        for watcher in watchers:
            cpu_s_of(watcher)
        rows = []
        for name, twin in twins.items():
            after = resident_bytes(twin.pid)
            change = f"{(after - before[name]) / KIB:+.0f} KiB"
            rows.append((name, f"{before[name] / MIB:.1f} MiB", f"{after / MIB:.1f} MiB", change))
    table(f"RSS of the odds-scraper twin over {for_s} s", ("", "before", "after", "change"), rows)


def slowdowns(memwhy: str, count: int, window_s: float) -> None:
    """Table: what the target still gets done while it is watched."""
    rows = []
    for name, arguments in (
        ("hashing", ("hashing",)),
        ("page faults, 16 MiB resident", ("faults", "16")),
        ("page faults, 1 GiB resident", ("faults", "1024")),
    ):
        with held(name, *arguments) as target:
            found = slowdown.pairs(memwhy, target, slowdown.work_rates, count, window_s)
        rows += [slowdown.row(f"{name}: {measure}", seen) for measure, seen in found.items()]
    with specimen("steady", "guilty") as target:
        found = slowdown.pairs(memwhy, target, slowdown.latencies, count, window_s)
    rows += [slowdown.row(f"web server: {measure}", seen, 3) for measure, seen in found.items()]
    heads = ("target and measure", "alone", "watched", "ratio", "least to most")
    table(f"Slowdown of the target: medians of {count} pairs of {window_s:.0f} s windows", heads, rows)


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print one table at once: a run that is stopped has shown what it measured."""
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *(" | ".join(row) for row in rows)]
    print(f"## {title}\n\n" + "\n".join(f"| {line} |" for line in lines) + "\n", flush=True)


def _machine() -> str:
    with open("/proc/cpuinfo") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    load = os.getloadavg()[0]
    when = time.strftime("%Y-%m-%d", time.gmtime())
    return (
        f"{when} · {os.cpu_count()} × {model} · Linux {platform.release()} · Python {platform.python_version()} · "
        f"load {load:.1f} before the start"
    )


if __name__ == "__main__":
    main()
