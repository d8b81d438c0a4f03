#!/usr/bin/env python3
"""How much of what cgo allocates is traced back to the goroutine's first function: every Go that is here, every way of linking.

    bench/native_stacks.py [--go GO …] [--rounds N] [--markdown]

A program calls libxml2, SQLite and a C++ library from goroutines, calls C that calls Go that calls C, and lets a thread of C's own call Go
(tests/native/programs/cgostacks). The sampler draws one block in about 4 KiB; each stack is compared with those that the source has.
Toolchains: `make layouts` installs them. Exit 1 where less than 99 % arrive.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "native"), str(ROOT / "tools")]

from stack_programs import FLAVOURS, Shares, build, go_version, shares, watched  # noqa: E402

GOAL = 0.99


def toolchains() -> list[str]:
    """The go commands of this machine and of .toolchain, by version."""
    command = [sys.executable, str(ROOT / "tools" / "make_layouts.py"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return sorted(listed, key=lambda go: [int(part) for part in go_version(go).split(".")])


def measure(go: str, flavour: str, rounds: int) -> Shares:
    """One program, run three times as many rounds."""
    with watched(build(go, flavour)) as program:
        program.work(rounds, times=3)
        snapshot = program.snapshot()
        with program.symbols() as symbols:
            return shares(snapshot, symbols)


def rows(commands: list[str], rounds: int) -> Iterator[tuple[str, str, Shares]]:
    for go in commands:
        for flavour in FLAVOURS:
            yield go_version(go), flavour, measure(go, flavour, rounds)


def main() -> int:
    """Print a row for each build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    bar = " | " if options.markdown else "  "
    edge = "| " if options.markdown else ""
    head = ("Go", "linked", "sampled", "C part whole", "to the goroutine's first function", "the very functions")
    print(f"{edge}{bar.join(head)}{edge and ' |'}")
    if options.markdown:
        print("|" + "---|" * len(head))
    failed = False
    for version, flavour, found in rows(options.go or toolchains(), options.rounds):
        cells = (
            f"{version:8}",
            f"{flavour:18}",
            f"{found.bytes / 1e6:5.1f} MB",
            f"{found.whole_c:8.2%}",
            f"{found.whole_go:8.2%}",
            f"{found.right_go:8.2%}",
        )
        print(f"{edge}{bar.join(cells)}{edge and ' |'}", flush=True)
        failed |= found.whole_go < GOAL or found.right_go < GOAL
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
