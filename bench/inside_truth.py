"""Is what was seen from outside what the process says of itself? Each function measures some bars."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from inside import GB, Look, Row, look, mb, resident_bytes
from programs import Program, asked
from witness import agreement, as_mallinfo, goroutines, wrong_fields

_TRIES = 5
GROWING = ("TotalAlloc", "Mallocs", "Frees", "Sys", "NumGC")
"""MemStats fields that only grow: a look between two readings lies between them."""


def sum_rows(name: str, found: Look, rss_bytes: int) -> Iterator[Row]:
    """The ledger against the kernel's own sum, for a process that stands still."""
    inside = found.inspect
    error = sum(row["bytes"] for row in inside["ledger"]) - rss_bytes
    share = abs(inside["unexplained_bytes"]) / rss_bytes
    own = "mappings" in name  # the program's own, of no allocator: they are what "other anonymous memory" is for
    yield Row(f"RSS sum, {name}", "0 B off", f"{error:+,} B of {mb(rss_bytes)}", error == 0)
    measured = f"{100 * share:.3f} % ({inside['unexplained_bytes'] / 1024:,.0f} KiB)"
    yield Row(f"unexplained, {name}", "≤ 0.1 %", measured, None if own else share <= 0.001)


def ledger(memwhy: Sequence[str], name: str, program: Program) -> Iterator[Row]:
    """Look, with smaps read by us before and after: a process that does not stand still, which says READY and then goes on
    to wait, is looked at again."""
    for _ in range(_TRIES):
        rss_bytes = resident_bytes(program.pid)
        found = look(memwhy, program.pid, "--for", "0", "--no-lost")
        if resident_bytes(program.pid) == rss_bytes:
            break
    yield from sum_rows(name, found, rss_bytes)


def malloc_held(memwhy: Sequence[str], name: str, program: Program) -> Row:
    """Six fields of mallinfo2, to the byte."""
    said = program.ask("malloc")
    malloc = look(memwhy, program.pid, "--for", "0", "--no-lost").inspect["malloc"]
    if malloc is None:
        return Row(f"mallinfo2, held, {name}", "6 of 6 exact", "no malloc was read", False)
    wrong = wrong_fields(said, as_mallinfo(malloc))
    listed = "; ".join(f"{field} said {a:,}, seen {b:,}" for field, (a, b) in wrong.items())
    note = f" (approximate: {'; '.join(malloc['approximate'])})" if malloc["approximate"] else ""
    measured = f"{6 - len(wrong)} of 6 exact, arena {mb(said['arena'])} {listed}{note}"
    return Row(f"mallinfo2, held, {name}", "6 of 6 exact", measured, not wrong)


def malloc_mutating(memwhy: Sequence[str], name: str, program: Program, rounds: int) -> Row:
    """arena and uordblks lie between the least and the most that mallinfo2 said; how far off if not, how wide that is.

    Said from shortly before to shortly after the look; by C programs all the while, a thousand times: what neither
    grows nor shrinks but sways says less within two milliseconds than it does within the time of a look.
    """
    program.ask("mutate 2")
    saying = _said_meanwhile if program.process.args[0].endswith("/blocks") else _said_around  # type: ignore[index,union-attr]
    inside, worst, widest, approximate, notes = 0, 0.0, 0.0, 0, []
    try:
        for _ in range(rounds):
            found, said = saying(memwhy, program)
            if found["malloc"] is None:
                notes += found["notes"]
                continue
            seen = as_mallinfo(found["malloc"])
            off = max(_outside(seen[field], said[field]) for field in ("arena", "uordblks"))
            worst = max(worst, off / seen["arena"])
            widest = max(widest, (max(said["uordblks"]) - min(said["uordblks"])) / seen["arena"])
            inside += off == 0
            approximate += bool(found["malloc"]["approximate"])
    finally:
        program.ask("calm")
    measured = f"{inside} of {rounds} inside, worst {100 * worst:.3f} % off; bracket at most {100 * widest:.2f} % wide"
    measured += f"; {approximate} said approximate{f'; not read: {notes}' if notes else ''}"
    return Row(f"mallinfo2, mutating, {name}", "inside the bracket", measured, inside == rounds)


Said = dict[str, list[int]]


def _said_meanwhile(memwhy: Sequence[str], program: Program) -> tuple[dict[str, Any], Said]:
    """A look, and the least and the most that the threads at work said between its begin and its end."""
    program.ask("said")
    found = look(memwhy, program.pid, "--for", "0", "--no-lost").inspect
    return found, program.ask("said")


def _said_around(memwhy: Sequence[str], program: Program) -> tuple[dict[str, Any], Said]:
    """A look, and what was said twenty times shortly before and after it."""
    said = [program.ask("malloc") for _ in range(20)]
    found = look(memwhy, program.pid, "--for", "0", "--no-lost").inspect
    said += [program.ask("malloc") for _ in range(20)]
    return found, {field: [one[field] for one in said] for field in said[0]}


def _outside(value: int, bracket: Sequence[int]) -> int:
    return max(min(bracket) - value, value - max(bracket), 0)


def go_held(memwhy: Sequence[str], name: str, program: Program) -> Iterator[Row]:
    """MemStats, goroutines and heap profile of a process that stands still, in one look."""
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as folder:
        said, seen = Path(folder) / "said", Path(folder) / "seen"
        program.ask(f"profile {said}.profile")
        program.ask(f"goroutines {said}.goroutines")
        stats = program.ask("memstats")
        files = ("--goroutines", f"{seen}.goroutines", "--heap-profile", f"{seen}.profile")
        go = look(memwhy, program.pid, "--for", "0", "--no-lost", *files).inspect["go"]
        yield memstats_row(name, stats, go["memstats"])
        texts = [Path(f"{one}.goroutines").read_text() for one in (said, seen)]
        found = agreement(*map(goroutines, texts))
        profiles = [_stacks(Path(f"{one}.profile").read_bytes()) for one in (said, seen)]
    measured = f"{found.stacks} of {found.of} stacks, {found.states} states {found.first}"
    yield Row(f"goroutines, {name}", "≥ 99.5 % equal", measured, found.share >= 0.995)
    yield profile_row(name, *profiles)


def memstats_row(name: str, said: Mapping[str, int], seen: Mapping[str, int]) -> Row:
    """Every field that MemStats has, right after the process read it and went to sleep."""
    wrong, common = wrong_fields(said, seen), [field for field in said if field in seen]
    missing = [field for field in said if field not in seen]
    listed = "; ".join(f"{field} said {a:,}, seen {b:,}" for field, (a, b) in wrong.items())
    measured = f"{len(common) - len(wrong)} of {len(common)} exact {listed}"
    measured += f"; not given: {', '.join(missing)}" if missing else ""
    return Row(f"MemStats, held, {name}", "all exact", measured, not wrong)


def memstats_unstopped(memwhy: Sequence[str], name: str, program: Program, rounds: int) -> Row:
    """Fields that only grow, of a process that allocates all the time, against what it said before and after."""
    program.ask("mutate 2")
    worst, field_of = 0.0, ""
    for _ in range(rounds):
        before = program.ask("memstats")
        numbers = look(memwhy, program.pid, "--for", "0", "--no-lost").inspect["go"]["memstats"]
        after = program.ask("memstats")
        for field in GROWING:
            off = _outside(numbers[field], (before[field], after[field])) / max(1, after[field])
            if off > worst:
                worst, field_of = off, field
    measured = f"{rounds} looks, worst {100 * worst:.4f} % outside {field_of}"
    return Row(f"MemStats, unstopped, {name}", "≤ 0.05 % outside", measured, worst <= 0.0005)


Profiled = dict[tuple[str, ...], dict[str, int]]


def profile_row(name: str, said: Profiled, seen: Profiled) -> Row:
    """Every stack and every value, against the process's own profile."""
    wrong = [stack for stack in said.keys() | seen.keys() if said.get(stack) != seen.get(stack)]
    in_use = sum(values.get("inuse_space", 0) for values in said.values())
    in_use_seen = sum(values.get("inuse_space", 0) for values in seen.values())
    first = f"; first: {wrong[0][:3]} said {said.get(wrong[0])}, seen {seen.get(wrong[0])}" if wrong else ""
    measured = f"{len(said) - len(wrong)} of {len(said)} stacks, in use {in_use_seen:,} B, said {in_use:,} B{first}"
    return Row(f"heap profile, {name}", "equal", measured, not wrong)


def _stacks(raw: bytes) -> Profiled:
    """By stack: its values by sample type, without the stacks that born from asking."""
    from memwhy.sources.go import pprof

    found: Profiled = {}
    for profile in pprof.parse(raw).profiles:
        for sample in profile.stacks:
            if any("answer.profile" in frame for frame in sample.frames):
                continue
            values = found.setdefault(sample.frames, {})
            values[profile.kind] = values.get(profile.kind, 0) + sample.value
    return found


def lost(memwhy: Sequence[str], sizes: Sequence[str], held_documents: str) -> Iterator[Row]:
    """The libxml2 leak, then beside documents that are held, then its twin in which a Go map holds all."""
    for name, more in (
        ("", ()),
        (f", beside {held_documents} documents that Go holds", ("-held-docs", held_documents)),
    ):
        with asked("cgoheap", *sizes, *more) as program:
            rss_bytes, said = resident_bytes(program.pid), program.ask("truth")
            seen = look(memwhy, program.pid).inspect["lost"]
            yield lost_row(f"lost, recall{name}", said["lost_bytes"], seen, f"{mb(rss_bytes)} RSS")
    with asked("cgoheap", *sizes, "-held-docs", held_documents, "-twin") as program:
        held_bytes, rss_bytes = program.ask("malloc")["uordblks"], resident_bytes(program.pid)
        looks = [look(memwhy, program.pid) for _ in range(3)]
        seen = looks[0].inspect["lost"]
        if seen is None:
            yield Row("lost, false, the twin", "≤ 0.1 %", "lost was not looked for", False)
            return
        share = (seen["bytes"] + seen["likely_bytes"]) / held_bytes
        measured = f"{100 * share:.4f} % ({seen['bytes']:,} lost and {seen['likely_bytes']:,} likely lost of {held_bytes:,} B, all held)"
        yield Row("lost, false, the twin", "≤ 0.1 %", measured, share <= 0.001)
        each = median(one.cpu_s for one in looks) * GB / rss_bytes
        wall = median(one.wall_s for one in looks)
        yield Row("CPU, lost or held, the twin", "≤ 2.0 s/GB", f"{each:.2f} s/GB, {wall:.1f} s wall", each <= 2.0)


def lost_row(name: str, lost_bytes: int, seen: Mapping[str, object] | None, note: str = "") -> Row:
    """What was found lost, and likely lost, against what is."""
    if seen is None:
        return Row(name, "≥ 99.9 %, ≤ 100.1 %", "lost was not looked for", False)
    sure, likely, perhaps = (int(str(seen[name])) for name in ("bytes", "likely_bytes", "maybe_bytes"))
    share, maybe = (sure + likely) / lost_bytes, (sure + perhaps) / lost_bytes
    measured = (
        f"{100 * share:.3f} % ({sure:,} lost and {likely:,} likely lost of {lost_bytes:,} B), "
        f"with maybe {100 * maybe:.3f} %; {note}"
    )
    return Row(name, "≥ 99.9 %, ≤ 100.1 %", measured, 0.999 <= share <= 1.001)


def graphs(found: Mapping[str, object]) -> str:
    """The largest groups of lost graphs, in words."""
    listed = found["graphs"]
    assert isinstance(listed, list)
    return "; ".join(
        f"{one['count']:,} × {one['chunks']} chunks, {mb(one['bytes'])}, {one['library'] or one['type'] or '?'}"
        for one in chain(listed[:4])
    )
