"""What Python programs print of their own process: psutil's tuples, memory_profiler's tables and logs, counts and sizes of gc.get_objects().

memory_profiler's `Mem usage` is the RSS in MiB after the line ran, of all its runs the most (memory_profiler.py). psutil's
figures are bytes (psutil documentation, memory_info).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, GROUPED, bare, measure, whole, with_words
from memwhy.sources.span import Span

NAME = "managed/python_process"
TRIGGERS = (b"pmem(", b"pfullmem(", b"svmem(", b"mem usage", b"get_objects", b"\nmem ")

_WORDS = ("mem(", "Mem usage", "get_objects", "MEM ", " MiB")
_TUPLE = re.compile(r"(?P<name>pmem|pfullmem|pextmem|svmem)\((?P<fields>[a-z_]{2,20}=[^()]{1,600})(?:\)|$)")
_FIELD = re.compile(r"(?P<key>[a-z_]{2,20})=(?P<number>\d{1,19})(?=[,)\sL]|$)")
_PROCESS = {
    "rss": "process.rss_bytes",
    "vms": "process.virtual_bytes",
    "shared": "process.shared_bytes",
    "uss": "process.uss_bytes",
    "pss": "process.pss_bytes",
    "swap": "process.swap_bytes",
    "peak_wset": "process.rss_peak_bytes",
}
_HOST = {
    "total": "host.total_bytes",
    "available": "host.available_bytes",
    "used": "host.used_bytes",
    "free": "host.free_bytes",
    "shared": "host.shared_bytes",
    "slab": "host.slab_bytes",
}
_HEADER = re.compile(r"Line #\s{1,20}Mem usage\s{1,20}Increment(?P<runs>\s{1,20}Occurrences)?\s{1,20}Line Contents")
_ROW = re.compile(
    rf"^(?P<number>\d{{1,6}})\s{{1,40}}(?P<usage>{DECIMAL}) MiB\s{{1,40}}(?P<increment>-?(?:{DECIMAL})) MiB(?:\s{{1,40}}(?P<runs>\d{{1,12}}))?(?P<text>\s.{{0,300}}|$)"
)
_LOG = re.compile(r"^MEM (?P<mib>\d{1,9}\.\d{1,9}) (?P<s>1\d{9})\.(?P<fraction>\d{1,9})$")
_OBJECTS = re.compile(rf"(?:len\()?gc\.get_objects\(\)\)?[\"'`]{{0,2}} ?[:=→-]{{1,3}}>? ?(?P<count>{GROUPED})(?![.\d])")
_SIZED = re.compile(
    rf"sum\([^\n]{{0,40}}getsizeof\b[^\n]{{0,80}}gc\.get_objects\(\)\){{0,3}}[\"'`]{{0,2}} ?[:=→-]{{1,3}}>? ?(?P<bytes>{GROUPED})(?![.\d])"
)
_ASKED = re.compile(r"sum\([^\n]{0,40}getsizeof\b[^\n]{0,80}gc\.get_objects\(\)\){0,3}$")
_ANSWER = re.compile(rf"^(?P<bytes>{GROUPED})$")
_GAP_LINES = 8


@dataclass(slots=True)
class _Found:
    """Something at lines first..last (0-based)."""

    first: int
    last: int
    readings: list[Reading]


def _tuples(line: str, at: int) -> Iterator[Reading]:
    for match in _TUPLE.finditer(line):
        names = _HOST if match["name"] == "svmem" else _PROCESS
        metrics = {names[f["key"]]: int(f["number"]) for f in _FIELD.finditer(match["fields"]) if f["key"] in names}
        windows = "peak_wset" in match["fields"]
        facts = {"said.platform": "windows"} if windows else {}
        if metrics:
            yield Reading(metrics=metrics, facts=facts, line=at + 1, last_line=at + 1)


def _table(lines: Sequence[tuple[int, str]], start: int) -> _Found | None:
    """memory_profiler's table whose header is lines[start]."""
    first = last = lines[start][0]
    rows: list[tuple[str, int, int, int]] = []
    for at, line in lines[start + 1 :]:
        row = _ROW.match(line)
        if at - last > _GAP_LINES or (row is None and _HEADER.search(line)):
            break
        if row is None:
            continue
        usage, increment = measure(row["usage"], "MiB"), measure(row["increment"].lstrip("-"), "MiB")
        if usage is None or increment is None:
            continue
        grown = -increment[0] if row["increment"].startswith("-") else increment[0]
        rows.append((f"line {row['number']}: {row['text'].strip()}"[:200], usage[0], grown, usage[1]))
        last = at
    if not rows:
        return None
    quanta = {"process.rss_bytes": max(row[3] for row in rows)}
    facts = {"said.runtime": "cpython"}
    # the first row's increment is the whole process as it was when the function began
    grown_rows = [ProfileRow(function=text, flat=grown, cum=grown) for text, _, grown, _ in rows[1:] if grown > 0]
    grown_rows.sort(key=lambda row: (-row.flat, row.function))
    total = sum(row.flat for row in grown_rows)
    profile = Profile(kind="rss_increment", unit="bytes", total=total, rows=tuple(grown_rows))
    before = Reading(
        metrics={"process.rss_bytes": rows[0][1]}, quanta=quanta, facts=facts, line=first + 1, last_line=last + 1
    )
    after = Reading(
        metrics={"process.rss_bytes": rows[-1][1]},
        quanta=quanta,
        facts=facts,
        profiles=(profile,) if grown_rows else (),
        line=first + 1,
        last_line=last + 1,
    )
    return _Found(first, last, [before, after] if len(rows) > 1 else [before])


def _log_row(line: str, at: int) -> Reading | None:
    match = _LOG.match(line)
    measured = measure(match["mib"], "MiB") if match else None
    if match is None or measured is None:
        return None
    wall_ns = int(match["s"]) * 10**9 + int(match["fraction"].ljust(9, "0"))
    return Reading(
        metrics={"process.rss_bytes": measured[0]},
        quanta={"process.rss_bytes": measured[1]},
        wall_ns=wall_ns,
        line=at + 1,
        last_line=at + 1,
    )


def _objects(lines: Sequence[str], line: str, at: int) -> _Found | None:
    """How many objects the collector knows, or what they sum to by themselves, also where the answer is on the next line."""
    facts, last = {"said.runtime": "cpython"}, at
    if "getsizeof" in line:
        sized = _SIZED.search(line)
        if sized is None and _ASKED.search(line) and at + 1 < len(lines):
            sized, last = _ANSWER.match(bare(lines[at + 1])), at + 1
        metrics = {"runtime.heap_used_bytes": whole(sized["bytes"])} if sized else {}
    else:
        match = _OBJECTS.search(line)
        metrics = {"runtime.objects_count": whole(match["count"])} if match else {}
    if not metrics or max(metrics.values()) >= 1 << 60:
        return None
    notes = ("only objects that the collector knows are summed, each by itself: the heap's least",)
    reading = Reading(
        metrics=metrics,
        facts=facts,
        notes=notes if "runtime.heap_used_bytes" in metrics else (),
        line=at + 1,
        last_line=last + 1,
    )
    return _Found(at, last, [reading])


def _all(lines: Sequence[str]) -> Iterator[_Found]:
    worded = list(with_words(lines, _WORDS))
    done = -1
    for k, (at, line) in enumerate(worded):
        if at <= done:
            continue
        readings = list(_tuples(line, at)) if "mem(" in line else []
        if "MEM " in line and (row := _log_row(line, at)):
            readings.append(row)
        objects = _objects(lines, line, at) if "get_objects" in line else None
        if objects is not None:
            readings, done = [*readings, *objects.readings], objects.last
        if readings:
            yield _Found(at, objects.last if objects else at, readings)
        elif _HEADER.search(line) and (table := _table(worded, k)):
            done = table.last
            yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tuples, tables, counts; those on lines that follow one another together."""
    span: Span | None = None
    for found in _all(lines):
        if span is not None and found.first - span.last <= 1 and span.last - span.first < 4000:
            span = Span(first=span.first, last=found.last)
            continue
        if span is not None:
            yield span
        span = Span(first=found.first, last=found.last)
    if span is not None:
        yield span


def parse(text: str) -> tuple[Reading, ...]:
    """Everything of it in the text, in order. ParseError when there is nothing."""
    readings = tuple(reading for found in _all(text.split("\n")) for reading in found.readings)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of psutil or memory_profiler")
    return readings
