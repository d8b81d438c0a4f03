#!/usr/bin/env python3
"""Does `memwhy inspect --holders` keep its bars? A Go heap of nearly 1 GB that tells what was planted in it, one Markdown page.

    bench/holders.py [--scale N] [--depth N] [--only CHAPTER …] [--pairs N] [--write FILE]

Chapters: heap (accuracy and cost), load (requests beside a look), versions (every Go of .toolchain/layouts and on PATH, stripped or not), goref.
Needs Linux, Go, about 4 GB of memory and 8 minutes; goref where it can be had. CPU times are our process's own; wall times stand beside the
load of the machine. docs/holders-measured.md is the last page.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from holders_measure import Look, at, counted, load, look, off, planted, requests, seen
from holders_peers import goref, run
from inside import GB, LookFailed, Row, mb, resident_bytes, status
from programs import BuildFailed, NoGo, Program, asked, version_of

HERE = Path(__file__).resolve().parent
HEADS = ("bar", "limit", "measured", "holds")
WINDOW_S = 8.0
SMALL = ("-scale", "12")
REQUESTS = ((0.5, "p50"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "longest"))
PAGE = """# Who holds Go's heap, measured

`make bench-holders` wrote this page. The program is `specimens/inside/goplanted`: it fills its heap through known roots and says how much each
of them made HeapAlloc grow. A look runs in a process of its own; µs and bytes for each object are all in, from the list of spans to the last
line, without the interpreter's start. *Read* is the time in which the target's memory is read.
"""


class Page:
    """Tables, printed as they come and kept."""

    def __init__(self) -> None:
        self.text = PAGE
        self.rows: list[Row] = []

    def say(self, text: str) -> None:
        print(text, flush=True)
        self.text += f"{text}\n"

    def table(self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        lines = [f"\n## {title}\n", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
        self.say("\n".join([*lines, *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)]))

    def bars(self, title: str, rows: Sequence[Row]) -> None:
        self.rows += rows
        self.table(title, HEADS, [row.cells for row in rows])


def main() -> int:
    """Measure and print; 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description="memwhy inspect --holders against its bars")
    parser.add_argument("--scale", type=int, default=105, help="thousands of objects of most plants")
    parser.add_argument("--depth", type=int, default=21, help="of the tree: it decides how small objects are")
    parser.add_argument("--pairs", type=int, default=3, help="windows of requests with and without a look")
    parser.add_argument("--only", action="append", choices=("heap", "load", "versions", "goref"), help="these chapters")
    parser.add_argument("--write", metavar="FILE", help="the page goes there, too")
    wanted = parser.parse_args()
    chosen = wanted.only or ("heap", "load", "goref", "versions")
    page = Page()
    page.say(f"\n{_machine()}")
    chapters: dict[str, Callable[[Page, Program], None]] = {
        "heap": lambda page, program: heap(page, program, wanted.scale),
        "load": lambda page, program: under_load(page, program, wanted.pairs),
        "goref": beside_goref,
    }
    large = [name for name in chapters if name in chosen]
    if large:
        with asked(
            "goplanted", "-scale", str(wanted.scale), "-depth", str(wanted.depth), ready_within_s=300
        ) as program:
            for name in large:
                try:
                    chapters[name](page, program)
                except LookFailed as error:
                    page.bars(name, [Row("a look", "an answer", str(error), False)])
    if "versions" in chosen:
        versions(page)
    broken = [row.bar for row in page.rows if row.holds is False]
    page.say(f"\n{len(page.rows) - len(broken)} of {len(page.rows)} rows hold.")
    if wanted.write:
        Path(wanted.write).write_text(page.text)
    return 1 if broken else 0


def heap(page: Page, program: Program, scale: int) -> None:
    """Tables: what was planted against what was found; what it costs, full and fast."""
    truth, alloc = planted(program), program.ask("memstats")["HeapAlloc"]
    pid, before = program.pid, (status(program.pid), resident_bytes(program.pid))
    full = look(pid)
    pages = int(status(pid)["VmPTE"].split()[0]) - int(before[0]["VmPTE"].split()[0])
    rss = resident_bytes(pid) - before[1]
    fast = look(pid, "fast")
    found = {root: seen(full, root) for root in truth}
    page.table(
        f"What was planted: {mb(alloc)} in {full.objects:,} objects, {alloc / full.objects:.0f} bytes each",
        ("root", "planted", "found", "off", "by the fast way"),
        [
            (root, mb(size), mb(found[root]), off(found[root], size), off(seen(fast, root), size))
            for root, size in truth.items()
        ],
    )
    worst = max(truth, key=lambda root: abs(found[root] / truth[root] - 1))
    page.bars(
        "How exact",
        [
            Row(
                "all that is reached, against HeapAlloc",
                "0.1 %",
                off(full.holders["bytes"], alloc),
                _near(full.holders["bytes"], alloc, 0.001),
            ),
            Row(
                "the worst root",
                "0.5 %",
                f"{worst} {off(found[worst], truth[worst])}",
                _near(found[worst], truth[worst], 0.005),
            ),
            Row(
                "bytes without a type",
                "10 %",
                _share(full),
                full.holders["untyped_bytes"] <= 0.1 * full.holders["bytes"],
            ),
            *_counts(full, scale),
        ],
    )
    page.table(
        "Phases",
        ("phase", "CPU", "wall", "our peak", "fast: CPU", "peak"),
        [
            (
                one["name"],
                f"{one['cpu_s']:.2f} s",
                f"{one['wall_s']:.2f} s",
                mb(one["peak_bytes"]),
                f"{other['cpu_s']:.2f} s",
                mb(other["peak_bytes"]),
            )
            for one, other in zip(full.phases, fast.phases, strict=True)
        ],
    )
    per_gb = GB / full.holders["bytes"]
    page.bars(
        f"How dear ({load()})",
        [
            Row(
                "CPU for each object",
                "0.6 µs",
                f"{1e6 * full.cpu_s / full.objects:.2f} µs ({full.cpu_s:.2f} s)",
                full.cpu_s <= 0.6e-6 * full.objects,
            ),
            Row(
                "memory for each object",
                "50 B",
                f"{full.peak_bytes / full.objects:.1f} B ({mb(full.peak_bytes)})",
                full.peak_bytes <= 50 * full.objects,
            ),
            Row("the fast way: CPU", "4 s/GB", f"{fast.cpu_s * per_gb:.2f} s/GB", fast.cpu_s * per_gb <= 4),
            Row("the fast way: memory for each object", "-", f"{fast.peak_bytes / fast.objects:.1f} B", None),
            Row(
                "read",
                "1.5 s/GB",
                f"{full.holders['read_s'] * per_gb:.2f} s/GB of {mb(full.holders['read_bytes'])} read",
                full.holders["read_s"] * per_gb <= 1.5,
            ),
            Row("the target's page tables (VmPTE)", "≤ 1 MB more", f"{pages:+} kB", pages <= 1000),
            Row("the target's RSS", "-", f"{rss / 1000:+,.0f} kB", None),
        ],
    )


def _near(found: float, truth: float, share: float) -> bool:
    return abs(found / truth - 1) <= share


def _share(full: Look) -> str:
    return f"{100 * full.holders['untyped_bytes'] / full.holders['bytes']:.2f} %"


def _counts(full: Look, scale: int) -> Iterator[Row]:
    """Objects of a type, of those that the program made."""
    found = {one["type"]: one["count"] for one in full.holders["types"]}
    for name, count in counted(scale).items():
        yield Row(f"objects of {name}", "exact", f"{found.get(name, 0):,} of {count:,}", found.get(name) == count)


def under_load(page: Page, program: Program, pairs: int) -> None:
    """Table: requests to the program while four of its goroutines allocate as fast as they can, alone and looked at again and again."""
    address = program.ask("serve 4")["address"]
    windows: dict[bool, list[list[float]]] = {False: [], True: []}
    looks: list[Look] = []
    for number in range(pairs):
        for looking in (False, True) if number % 2 else (True, False):
            with requests(address) as times:
                until_s = time.monotonic() + WINDOW_S
                while looking and time.monotonic() < until_s:
                    looks.append(look(program.pid))
                time.sleep(max(0.0, until_s - time.monotonic()))
            windows[looking].append(times)
    program.ask("rest")
    program.ask("collect")
    rows = []
    for share, name in REQUESTS:
        was, became = (median(at(times, share) for times in windows[looking]) for looking in (False, True))
        bar = name == "p99"
        rows.append(
            Row(
                f"a request's {name}",
                "2 ×" if bar else "-",
                f"{was:.2f} → {became:.2f} ms, × {became / was:.2f}",
                became <= 2 * was if bar else None,
            )
        )
    held = [one.held("main.list") for one in looks]
    truth = planted(program)["main.list"]
    rows.append(
        Row(
            "main.list, which stands still, in every look",
            "0.5 %",
            f"{off(min(held), truth)} … {off(max(held), truth)}",
            all(_near(one, truth, 0.005) for one in held),
        )
    )
    page.bars(
        f"Under load: {pairs} × {WINDOW_S:.0f} s alone, {pairs} × {WINDOW_S:.0f} s beside {len(looks)} looks, {os.cpu_count()} cores busy",
        rows,
    )


def beside_goref(page: Page, program: Program) -> None:
    """Table: the same process, by us and by goref, and the longest request meanwhile."""
    command, version = goref()
    if command is None:
        page.say(f"\n## Beside goref\n\nLeft out: {version}.")
        return
    begun_s = time.monotonic()
    at_rest = look(program.pid)
    rest_s = time.monotonic() - begun_s
    address = program.ask("serve 0")["address"]
    program.ask("rest")
    begun_s = time.monotonic()
    with requests(address) as beside_us:
        full = look(program.pid)
    ours_s = time.monotonic() - begun_s
    with requests(address) as beside_goref:
        theirs = run(command, program.pid)
    page.table(
        f"Beside goref, on the same process ({load()})",
        ("", "wall", "CPU", "memory", "longest request meanwhile"),
        [
            ("memwhy, its start included, at rest", f"{rest_s:.1f} s", f"{at_rest.cpu_s:.1f} s", mb(at_rest.peak_bytes + at_rest.base_bytes), "-"),
            ("the same while it serves requests, in two passes", f"{ours_s:.1f} s", f"{full.cpu_s:.1f} s", mb(full.peak_bytes + full.base_bytes), f"{max(beside_us):.0f} ms"),
            (f"{version}, which stops it", f"{theirs.wall_s:.1f} s{'' if theirs.ended else ', then ended by us'}", f"{theirs.cpu_s:.1f} s", mb(theirs.rss_bytes), f"{max(beside_goref):.0f} ms"),
        ],
    )  # fmt: skip
    page.say(f"\ngoref said: {theirs.said}")
    page.bars(
        "Against goref",
        [
            Row("faster, wall, nothing runs meanwhile", "10 ×", f"{theirs.wall_s / rest_s:.1f} ×", theirs.wall_s >= 10 * rest_s),
            Row("faster, wall, though the process serves on", "-", f"{theirs.wall_s / ours_s:.1f} ×", None),
        ],
    )  # fmt: skip


def versions(page: Page) -> None:
    """Table: each Go, with its DWARF and stripped, a heap of 0.1 GB."""
    rows = []
    for command in _toolchains():
        for flavour in ("", "stripped"):
            try:
                with asked("goplanted", *SMALL, flavour=flavour, go=command) as program:
                    rows.append(_one_version(version_of(command), flavour, program))
            except (BuildFailed, NoGo, LookFailed) as error:
                rows.append(
                    (version_of(command), flavour or "DWARF", f"left out: {str(error).splitlines()[0]}", "", "", "", "")
                )
    heads = (
        "Go",
        "",
        "against HeapAlloc",
        "the worst root",
        "without a type",
        "CPU for each object",
        "memory for each object",
    )
    page.table("Every Go at 0.1 GB", heads, rows)


def _one_version(version: str, flavour: str, program: Program) -> tuple[str, ...]:
    truth, alloc = planted(program), program.ask("memstats")["HeapAlloc"]
    full = look(program.pid)
    worst = max(truth, key=lambda root: abs(seen(full, root) / truth[root] - 1))
    named = "names of globals are lost" if flavour else f"{worst} {off(seen(full, worst), truth[worst])}"
    cost = f"{1e6 * full.cpu_s / full.objects:.2f} µs", f"{full.peak_bytes / full.objects:.0f} B"
    return version, flavour or "DWARF", off(full.holders["bytes"], alloc), named, _share(full), *cost


def _toolchains() -> list[str]:
    """The newest patch of every minor version that is at hand, 1.21 and later."""
    found: dict[tuple[int, ...], str] = {}
    for path in HERE.parent.glob(".toolchain/layouts/*"):
        numbers = tuple(int(part) for part in path.name.split("."))
        commands = [one for one in (path / "go" / "bin" / "go", path / "bin" / "go") if one.exists()]
        if commands and numbers >= (1, 21):
            found[numbers] = str(commands[0])
    newest = {numbers[:2]: command for numbers, command in sorted(found.items())}
    return list(newest.values())


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")
    go = subprocess.run(["go", "version"], capture_output=True, text=True, check=False).stdout.split()
    return (
        f"{time.strftime('%Y-%m-%d', time.gmtime())} · {os.cpu_count()} × {model} · Linux {platform.release()} · Python {platform.python_version()} · "
        f"{go[2] if len(go) > 2 else 'no go on PATH'} · {load()} at the beginning"
    )


if __name__ == "__main__":
    sys.exit(main())
