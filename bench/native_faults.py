#!/usr/bin/env python3
"""What watching page faults costs a program that does nothing but touch fresh pages: the worst case.

    bench/native_faults.py [PAIRS] [--write FILE]

tests/native/programs/faulting.c maps a block of 1 MiB, touches its 256 pages and unmaps it, over and over; its CPU time is the scheduler's own
count. Slices with and without take turns in one process.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from native import machine, put, table
from native_ways import ROOT
from targets import cpu_s_so_far

from memwhy.native.fault_words import naming
from memwhy.native.faults import Faults
from memwhy.native.rows import ModuleRows

SOURCE = ROOT / "tests" / "native" / "programs" / "faulting.c"
BLOCKS, FAULTS_OF_ONE = 8, 256
STEPS = 20
"""Between two steps what the kernel recorded is read, as a watch does ten times a second."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=20)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with running() as process, naming(process.pid) as names:
        ratios, costs_ns, own_ns, lost = [], [], [], 0
        for turn in range(options.pairs):
            with_first = turn % 2 == 0
            slices = {
                watched: slice_of(process, names.rules, watched=watched) for watched in (with_first, not with_first)
            }
            (alone_s, _, _), (seen_s, own_s, missed) = slices[False], slices[True]
            faults = BLOCKS * FAULTS_OF_ONE * STEPS
            ratios.append(seen_s / alone_s)
            costs_ns.append((seen_s - alone_s) / faults * 1e9)
            own_ns.append(own_s / faults * 1e9)
            lost += missed
    row = (
        f"{median(ratios):.2f}",
        f"{min(ratios):.2f} to {max(ratios):.2f}",
        f"{median(costs_ns):.0f} ns",
        f"{median(own_ns) / 1000:.1f} µs",
        f"{lost:,} of {options.pairs * BLOCKS * FAULTS_OF_ONE * STEPS:,}",
        str(options.pairs),
    )
    heads = (
        "CPU of a program that only faults",
        "least to most",
        "of it for each fault",
        "memwhy's own, for each fault",
        "lost",
        "pairs",
    )
    text = "\n".join(
        [*table(heads, [row]), "", f"{machine()}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after."]
    )
    print(text)
    if options.write:
        put(options.write, "faults", text)


def slice_of(
    process: "subprocess.Popen[bytes]", rules: Sequence[ModuleRows], *, watched: bool
) -> tuple[float, float, int]:
    """(CPU seconds of the program, ours, faults that were lost)."""
    faults = Faults.open(process.pid, 0.0) if watched else None
    if faults is not None:
        faults.follow(rules)
    try:
        began_s, own_s = cpu_s_so_far(process.pid), time.process_time()
        for _ in range(STEPS):
            tell(process, f"pass {BLOCKS}")
            if faults is not None:
                faults.look(0.0)
        own_s = time.process_time() - own_s
        spent_s = cpu_s_so_far(process.pid) - began_s
        return spent_s, own_s, 0 if faults is None else faults.lost
    finally:
        if faults is not None:
            faults.close()


def tell(process: "subprocess.Popen[bytes]", command: str) -> None:
    """One command, done."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(command.encode() + b"\n")
    process.stdin.flush()
    process.stdout.readline()


@contextmanager
def running() -> Iterator["subprocess.Popen[bytes]"]:
    """The program, as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as folder:
        binary = Path(folder) / "faulting"
        subprocess.run(["cc", "-O2", "-pthread", "-o", binary, SOURCE], check=True)
        with subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield process
            finally:
                process.kill()


if __name__ == "__main__":
    main()
