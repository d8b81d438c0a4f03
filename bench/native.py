#!/usr/bin/env python3
"""What does native sampling cost, how true are its figures, how far do its stacks reach, and how do others fare on the same program?

    bench/native.py [--only PART …] [--pairs N] [--rounds N] [--write FILE]

Parts: slowdown, peers, error, stacks, attach. Each prints a table of Markdown; with --write they replace what stands between the marks
of that file. The program is specimens/inside/cgochurn: C called from Go, its own CPU time (getrusage) told by itself for each slice of
work. A ratio is that of two processes that worked in turn, one with and one without the tool; what is printed is the median of all pairs.
"""

import argparse
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from native_peers import GO_CALLER, Peer, folded_bytes, jemalloc_alone, peers
from native_ways import Running, attached, attached_to, plain, preloaded

from memwhy.native.layout import StackFlag, State
from memwhy.native.snapshot import StackCount, interval
from memwhy.native.symbols import Symbols

KIB, MIB = 1 << 10, 1 << 20
PERIOD_BYTES = 64 * KIB
RATES = {"1.5 M/s": 1.5e6, "13 M/s": 13e6}
"""Allocations for each second of CPU; as many calls of free."""
SLICE_S = 0.05
WARM_UP = 2
LEAK_BYTES = 12 * MIB
LEAKS = {
    "handleRace": "64 B nodes",
    "handleUpload": "8 KiB calloc",
    "handleImage": "1 MiB malloc",
    "handleBuffer": "4 KiB, grown by realloc",
}
DRIP_BYTES_PER_S = MIB
FLAVOURS = ("", "stripped", "pie")
Way = Callable[[], AbstractContextManager[Running]]


@dataclass(slots=True)
class Pairs:
    """What pairs of slices gave: ratios of CPU and of wall time, bytes beyond the base, the sampler's own bytes, its level at the end."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    beyond_bytes: list[int] = field(default_factory=list)
    own_bytes: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"slowdown": slowdown, "peers": beside_others, "error": errors, "stacks": stacks, "attach": attaching}
    parser.add_argument("--only", action="append", choices=parts, default=[])
    parser.add_argument("--pairs", type=int, default=96, help="pairs of slices for each way and rate (default: 96)")
    parser.add_argument("--rounds", type=int, default=100, help="leaks whose size is estimated (default: 100)")
    parser.add_argument("--write", type=Path, help="put the tables between the marks of this file")
    options = parser.parse_args()
    for name in options.only or parts:
        load = os.getloadavg()[0]
        began = time.monotonic()
        lines = parts[name](options)
        taken = f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after, {time.monotonic() - began:.0f} s"
        text = "\n".join([*lines, "", f"{machine()}; {taken}."])
        print(text + "\n", flush=True)
        if options.write:
            put(options.write, name, text)
    return 0


# -- slowdown ----------------------------------------------------------------------------------------


def slowdown(options: argparse.Namespace) -> list[str]:
    """Table: our own ways, at both rates. The first row is the program beside itself: what the machine's noise makes of 1."""
    ways: dict[str, Way] = {
        "the program beside itself": plain,
        "preloaded, off": partial(preloaded, PERIOD_BYTES, State.OFF),
        "preloaded, 512 KiB": partial(preloaded, 512 * KIB),
        "preloaded, 64 KiB": partial(preloaded, PERIOD_BYTES),
        "attached, off": partial(attached, PERIOD_BYTES, State.OFF),
        "attached, 512 KiB": partial(attached, 512 * KIB),
        "attached, 64 KiB": partial(attached, PERIOD_BYTES),
    }
    rows = []
    for rate, per_s in RATES.items():
        spin = spin_for(per_s)
        count = round(per_s * SLICE_S)
        for name, way in ways.items():
            found = paired(way, plain, count, spin, options.pairs)
            level = f"{PERIOD_BYTES * 2 ** max(found.levels) // KIB} KiB" if "64 KiB" in name else ""
            rows.append((name, rate, *_ratio_cells(found), level))
    heads = (
        "way",
        "allocations a second of CPU",
        "CPU",
        "95 % interval of it",
        "wall",
        "RSS beyond base",
        "of it the sampler's own",
        "period at the end",
    )
    return table(heads, rows)


def paired(way: Way, base: Way, count: int, spin: int, pairs: int, restarts: int = 3) -> Pairs:
    """The ratios of slices that two processes did in turn; both started anew a few times, for no two are laid out alike in memory."""
    found = Pairs()
    command = f"work {count} {spin}"
    for _ in range(restarts):
        with base() as without, way() as with_it:
            for _ in range(WARM_UP):
                without.ask(command), with_it.ask(command)
            for turn in range(-(-pairs // restarts)):
                order = (without, with_it) if turn % 2 else (with_it, without)
                answers = {id(one): one.ask(command) for one in order}
                left, right = answers[id(with_it)], answers[id(without)]
                found.cpu.append(left["cpu_ns"] / right["cpu_ns"])
                found.wall.append(left["wall_ns"] / right["wall_ns"])
            found.beyond_bytes.append(with_it.rss_bytes() - without.rss_bytes())
            if with_it.tables is not None:
                found.own_bytes.append(with_it.own_bytes())
                found.levels.append(with_it.snapshot().level)
    return found


def spin_for(per_s: float) -> int:
    """How much arithmetic between two allocations makes so many for each second of CPU; measured, for every machine is another."""
    with plain() as running:
        costs: dict[int, float] = {}
        for spin in (0, 1000):
            answers = [running.ask(f"work 200000 {spin}") for _ in range(5)]
            costs[spin] = min(one["cpu_ns"] / one["allocations"] for one in answers)
    return max(0, round((1e9 / per_s - costs[0]) / (costs[1000] - costs[0]) * 1000))


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % of the median, by order statistics: the binomial's normal approximation."""
    ordered, half, reach = sorted(values), len(values) / 2, 0.98 * math.sqrt(len(values))
    return ordered[max(0, math.floor(half - reach))], ordered[min(len(ordered) - 1, math.ceil(half + reach) - 1)]


def _ratio_cells(found: Pairs) -> tuple[str, ...]:
    own = f"{max(found.own_bytes) / MIB:.2f} MiB" if found.own_bytes else ""
    return (
        f"{median(found.cpu):.3f}",
        "{:.3f} to {:.3f}".format(*median_interval(found.cpu)),
        f"{median(found.wall):.2f}",
        f"{median(found.beyond_bytes) / MIB:+.1f} MiB",
        own,
    )


# -- others ------------------------------------------------------------------------------------------


def beside_others(options: argparse.Namespace) -> list[str]:
    """Table: other tools on the same program, each at the count that it manages; and what they say of the leaks."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as name:
        for peer in peers(Path(name)):
            if peer.missing:
                rows.append((peer.name, peer.missing, *[""] * 5))
                continue
            pairs = max(2, options.pairs // 16)
            found = {
                rate: paired(peer.run, plain, peer.rounds, spin_for(per_s), pairs, 1) for rate, per_s in RATES.items()
            }
            cells = [f"{median(each.cpu):.2f}; {median(each.wall):.2f}" for each in found.values()]
            beyond = median(found["13 M/s"].beyond_bytes) / MIB
            rows.append((peer.name, *cells, f"{beyond:+.1f} MiB", *_reported(peer), f"{pairs}"))
        if not any(peer.missing for peer in peers(Path(name)) if "jemalloc" in peer.name):
            pairs = max(2, options.pairs // 16)
            found = {
                rate: paired(jemalloc_alone, plain, 2_000_000, spin_for(per_s), pairs, 1)
                for rate, per_s in RATES.items()
            }
            cells = [f"{median(each.cpu):.2f}; {median(each.wall):.2f}" for each in found.values()]
            beyond = median(found["13 M/s"].beyond_bytes) / MIB
            rows.append(("jemalloc, its profiler off", *cells, f"{beyond:+.1f} MiB", "", "", f"{pairs}"))
    heads = (
        "tool",
        *(f"CPU; wall at {rate}" for rate in RATES),
        "RSS beyond base",
        "64 B and 8 KiB leaks, error of one run",
        "Go callers of the four leaks",
        "pairs",
    )
    return table(heads, rows)


def _reported(peer: Peer) -> tuple[str, str]:
    """What it says of four leaks of 12 MiB: the error of its bytes, and whose callers in Go it names."""
    with peer.run() as running:
        running.ask(f"leak {LEAK_BYTES}")
        running.ask(f"work {peer.rounds} 0")
    report = peer.report()
    found = folded_bytes(report)
    errors = [f"{found[name] / LEAK_BYTES - 1:+.1%}" for name in ("parse_node", "receive_upload") if name in found]
    callers = sorted(set(GO_CALLER.findall(report)))
    return " and ".join(errors) or "not read", f"{len(callers)} of 4"


# -- error -------------------------------------------------------------------------------------------


def errors(options: argparse.Namespace) -> list[str]:
    """Table: estimates of leaks whose size is known, beside churn, in one process that leaks again and again."""
    found: dict[str, list[tuple[int, int, int]]] = {name: [] for name in LEAKS}
    with preloaded(PERIOD_BYTES) as running:
        running.ask("work 100000 0")
        running.ask(f"leak {MIB}")
        running.tick()
        for _ in range(options.rounds):
            running.ask("forget")
            running.ask(f"leak {LEAK_BYTES}")
            with running.symbols() as symbols:
                for name, each in leaks_of(running.snapshot().stacks, symbols).items():
                    found[name].append(each)
    rows = []
    for name, what in LEAKS.items():
        estimates = found[name]
        wrong = [estimate / LEAK_BYTES - 1 for estimate, _, _ in estimates]
        covered = sum(low <= LEAK_BYTES <= high for _, low, high in estimates)
        rms = math.sqrt(sum(one * one for one in wrong) / len(wrong))
        mean = sum(wrong) / len(wrong)
        rows.append((what, f"{rms:.1%}", f"{mean:+.2%}", f"{max(map(abs, wrong)):.1%}", f"{covered} of {len(wrong)}"))
    return table(
        (
            f"leak of {LEAK_BYTES // MIB} MiB at {PERIOD_BYTES // KIB} KiB",
            "error, rms",
            "mean",
            "largest",
            "95 % interval holds the truth",
        ),
        rows,
    )


def leaks_of(counts: Iterable[StackCount], symbols: Symbols) -> dict[str, tuple[int, int, int]]:
    """Of each known leak: estimated bytes, and the interval's ends. Stacks that lead to one Go function are one."""
    sums = {name: [0, 0.0, 0] for name in LEAKS}
    for count in counts:
        if count.kind != "malloc" or not count.outstanding_bytes:
            continue
        names = {
            frame.function.removeprefix("main.") for frame in symbols.stack(count.pcs, count.go_pcs) if frame.is_go
        }
        for name in names & set(LEAKS):
            sums[name][0] += count.outstanding_bytes
            sums[name][1] += count.variance
            sums[name][2] += count.seen_bytes
    return {name: (int(total), *interval(total, variance, int(seen))) for name, (total, variance, seen) in sums.items()}


# -- stacks ------------------------------------------------------------------------------------------


def stacks(options: argparse.Namespace) -> list[str]:
    """Table: what share of the sampled bytes of cgo calls is traced to the goroutine's first function."""
    ways = {flavour or "usual": partial(preloaded, PERIOD_BYTES, State.ON, flavour) for flavour in FLAVOURS}
    ways["usual, attached"] = partial(attached, PERIOD_BYTES)
    rows = []
    for name, way in ways.items():
        with way() as running:
            running.ask("work 10000 0")
            running.tick()
            before = _by_flag(running)
            running.ask(f"leak {4 * MIB}")
            running.ask("work 400000 0")
            after = _by_flag(running)
        total, c_whole, go_whole = (new - old for new, old in zip(after, before, strict=True))
        rows.append((name, f"{total / 1e6:.0f} MB", f"{c_whole / total:.2%}", f"{go_whole / total:.2%}"))
    return table(("build", "sampled in cgo calls", "C part whole", "to the goroutine's first function"), rows)


def _by_flag(running: Running) -> tuple[int, int, int]:
    """Bytes allocated in calls of C from Go; of them with a whole C part; with a whole Go part."""
    with running.symbols() as symbols:
        found = [
            one
            for one in running.snapshot().stacks
            if one.kind == "malloc" and (not one.go_pcs or symbols.is_cgo_call(one.go_pcs)) and _is_ours(one, symbols)
        ]
    whole = [
        sum(one.allocated_bytes for one in found if one.flags & flag)
        for flag in (StackFlag.C_WHOLE, StackFlag.GO_WHOLE)
    ]
    return sum(one.allocated_bytes for one in found), whole[0], whole[1]


def _is_ours(count: StackCount, symbols: Symbols) -> bool:
    """Its caller is the program's own C code: not the runtime's, nor the thread library's."""
    return bool(count.pcs) and symbols.frames(count.pcs[0])[-1].module.startswith("cgochurn")


# -- attach ------------------------------------------------------------------------------------------


def attaching(options: argparse.Namespace) -> list[str]:
    """Table: how long the program stands still, and how soon a leak of 1 MiB/s is named."""
    stops: list[int] = []
    attach_s: list[float] = []
    answers: list[float] = []
    for _ in range(max(3, options.pairs // 16)):
        took_s, answer_s, stop_ns = named_within()
        attach_s.append(took_s)
        answers.append(answer_s)
        stops += stop_ns
    rows = [
        ("length of a stop", *(_spread([stop / 1e6 for stop in stops], "ms"))),
        ("from the start of the attach until it samples", *(_spread(attach_s, "s"))),
        ("from there until a leak of 1 MiB/s is the largest growth, surely above 0", *(_spread(answers, "s"))),
    ]
    return table(("attach to a program that works", "median", "longest", "n"), rows)


def named_within(most_s: float = 60.0) -> tuple[float, float, list[int]]:
    """Attach to a program that leaks and churns. (seconds to attach, seconds until the leak is named, stops in ns)."""
    with plain() as running:
        running.ask("work 100000 0")
        running.ask(f"drip {DRIP_BYTES_PER_S} 2000")
        began = time.monotonic()
        with attached_to(running, PERIOD_BYTES):
            took_s = time.monotonic() - began
            began = time.monotonic()
            first = held_by(running)
            while not leads("handleDrip", first, held_by(running)):
                if time.monotonic() - began > most_s:
                    raise RuntimeError(f"the leak was not named within {most_s:g} s")
                time.sleep(0.25)
                running.tick()
            answer_s = time.monotonic() - began
        assert running.attachment is not None
        stops = list(running.attachment.stop_ns)
        running.ask("calm")
    return took_s, answer_s, stops


def held_by(running: Running) -> dict[str, tuple[int, float]]:
    """Outstanding bytes and their variance, by the Go function that called C."""
    found: dict[str, tuple[int, float]] = {}
    with running.symbols() as symbols:
        for count in running.snapshot().stacks:
            names = [frame.function for frame in symbols.stack(count.pcs, count.go_pcs) if frame.is_go]
            caller = next(
                (name for name in names if name.startswith("main.handle") or name == "main.processBatch"), "?"
            )
            total, variance = found.get(caller, (0, 0.0))
            found[caller] = total + count.outstanding_bytes, variance + count.variance
    return found


def leads(name: str, first: dict[str, tuple[int, float]], now: dict[str, tuple[int, float]]) -> bool:
    """Did that function's bytes grow most since the first reading, by twice the next one's, and surely?"""
    grown = {one: total - first.get(one, (0, 0.0))[0] for one, (total, _) in now.items()}
    own = grown.pop(f"main.{name}", 0)
    error = math.sqrt(now.get(f"main.{name}", (0, 0.0))[1] + first.get(f"main.{name}", (0, 0.0))[1])
    return own > 1.96 * error and own > 2 * max(grown.values(), default=0)


# -- the page ----------------------------------------------------------------------------------------


def _spread(values: Sequence[float], unit: str) -> tuple[str, str, str]:
    return f"{median(values):.2f} {unit}", f"{max(values):.2f} {unit}", str(len(values))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def machine() -> str:
    """What it was measured on, and when."""
    with open("/proc/cpuinfo") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"{when}, {os.cpu_count()} × {model}, Linux {platform.release()}, {' '.join(platform.libc_ver())}"


def put(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of one part. Raises SystemExit where the file has none."""
    page = path.read_text()
    begin, finish = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if begin not in page or finish not in page:
        raise SystemExit(f"bench: {path} has no marks {begin.strip()} … {finish}")
    head, _, rest = page.partition(begin)
    path.write_text(f"{head}{begin}{text}\n{finish}{rest.partition(finish)[2]}")


if __name__ == "__main__":
    sys.exit(main())
