#!/usr/bin/env python3
"""How much of what cgo allocates is traced back to the goroutine's first function: every Go that is here, every way of linking.

    bench/native_stacks.py [--go GO …] [--rounds N] [--into docs/native-measured.md]

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


def row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def write_into(page: Path, lines: list[str]) -> None:
    """Put a table between its marks."""
    before, begin, rest = page.read_text().partition("<!-- versions -->\n")
    _, end, after = rest.partition("<!-- end of versions -->")
    if not begin or not end:
        raise SystemExit(f"{page} has no place for the table")
    page.write_text(f"{before}{begin}\n" + "\n".join(lines) + f"\n\n{end}{after}")


def main() -> int:
    """Print a row for each build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--into", type=Path)
    options = parser.parse_args()
    head = ("Go", "linked", "sampled", "C part whole", "to the goroutine's first function", "the very functions")
    lines = [row(head), "|---|---|---:|---:|---:|---:|"]
    print("\n".join(lines), flush=True)
    failed = False
    for version, flavour, found in rows(options.go or toolchains(), options.rounds):
        figures = (f"{share:.2%}" for share in (found.whole_c, found.whole_go, found.right_go))
        lines.append(row((version, flavour, f"{found.bytes / 1e6:.1f} MB", *figures)))
        print(lines[-1], flush=True)
        failed |= found.whole_go < GOAL or found.right_go < GOAL
    if options.into:
        write_into(options.into, lines)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
