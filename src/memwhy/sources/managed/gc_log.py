"""The JVM's collections: unified logging (`[12.3s][info][gc] GC(5) Pause Young 512M->100M(1024M)`) and the form of JDK 8.

`before->after(committed)`. After a young collection old garbage is still counted, so where a log has full, mixed or
whole-heap collections only they tell what is live; a log of young ones alone is taken as it is, which is said.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.native.lines import bare, measure, with_words
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "managed/gc_log"
TRIGGERS = (b"gc(", b"[gc", b"[full gc", b"pause full", b"pause young", b"g->", b"m->", b"k->")

_WORDS = ("GC(", "[GC", "[Full GC", "Heap: ", "Pause ", "G->", "M->", "K->")
_SIZE = r"\d{1,12}(?:[.,]\d{1,3})?[BKMG]"
_UNIFIED = re.compile(
    rf"\bGC\(\d{{1,9}}\) (?P<kind>(?:Pause|Concurrent|Garbage Collection|Major Collection|Minor Collection)[A-Za-z0-9 ().:_-]{{0,120}}?) "
    rf"(?P<before>{_SIZE})(?:\(\d{{1,3}}%\))?->(?P<after>{_SIZE})\((?:(?P<committed>{_SIZE})|\d{{1,3}}%)\)"
)
_PAUSE = re.compile(
    rf"(?<![\w(])(?P<kind>Pause (?:Full|Young|Remark|Cleanup|Mixed)[A-Za-z0-9 ().:_-]{{0,120}}?) {_SIZE}->(?P<after>{_SIZE})\((?P<committed>{_SIZE})\)"
)
"""Unified logging of which somebody cut off what stands before the words."""
_ALONE = re.compile(
    rf"^(?P<words>(?:[\w:.,#+-]{{1,40}} {{1,3}}){{0,4}}){_SIZE}(?:\({_SIZE}\))?->(?P<after>{_SIZE})\((?P<committed>{_SIZE})\)(?:,? {{0,4}}\d{{1,9}}(?:[.,]\d{{1,9}})? ?(?:ms|s|secs?))?[,;.)]?$"
)
_PART = re.compile(r"gen|eden|survivor|metaspace|class|perm|old|young|tenured|cms|par|space|region", re.IGNORECASE)
_ABOUT = re.compile(r"(?<![A-Za-z])(?:full|gcs?|jvm|java|collections?)(?![A-Za-z])", re.IGNORECASE)
_NEAR_LINES = 3
_OLD = re.compile(r"\[(?P<kind>(?:Full )?GC(?: pause)?)(?P<cause>(?: ?\([A-Za-z0-9 _.-]{1,60}\)){0,4})")
_INNER = re.compile(r"\[[A-Za-z][A-Za-z0-9 -]{0,40}: [^\[\]]{0,200}\]")
_ARROW = re.compile(rf"(?<![\w(.]){_SIZE}->(?P<after>{_SIZE})\((?P<committed>{_SIZE})\)")
_G1_HEAP = re.compile(rf"Heap: {_SIZE}\({_SIZE}\)->(?P<after>{_SIZE})\((?P<committed>{_SIZE})\)")
_UPTIME = re.compile(
    r"\[(?P<number>\d{1,12}(?:[.,]\d{1,9})?)(?P<unit>ms|s)\]|(?:^|[\s:])(?P<old>\d{1,10}[.,]\d{3}): \[(?:Full )?GC"
)
_WHOLE = re.compile(r"[Ff]ull|Mixed|mixed|Remark|Cleanup|cleanup|Garbage Collection|Major")
_TAGGED = re.compile(r"\[(?:trace|debug|info|warning|error)\s{0,8}\]\[(?:gc|safepoint)[a-z,]{0,40}\s{0,12}\]")
_LIMIT = re.compile(r"\]\s{0,4}Heap Max Capacity: (?P<number>\d{1,12})(?P<unit>[KMG])$")
_GAP_LINES = 200
_BLOCK_ROWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One collection; whole: of the whole heap, so that what is left is live."""

    at: int
    after: str
    committed: str
    whole: bool
    elapsed_ns: int | None
    stamp: Stamp | None


def _elapsed_ns(line: str) -> int | None:
    match = _UPTIME.search(line[:300])
    if match is None:
        return None
    number = float((match["number"] or match["old"]).replace(",", "."))
    return round(number * (1_000_000 if match["unit"] == "ms" else NS_PER_S))


def _match(line: str, opened: bool) -> tuple[re.Match[str], str] | None:
    """(match with after and committed, kind) of a line; opened: a collection of G1 in JDK 8's long form has begun."""
    unified = _UNIFIED.search(line) if "GC(" in line else None
    if unified is not None:
        return unified, unified["kind"]
    if unified is None and (pause := _PAUSE.search(line) if "Pause " in line else None):
        return pause, pause["kind"]
    old = _OLD.search(line) if "GC" in line else None
    if old is not None:
        outer = line[old.end() :]
        for _ in range(3):
            outer = _INNER.sub(" ", outer)
        arrow = _ARROW.search(outer)
        return (arrow, old["kind"] + old["cause"]) if arrow else None
    heap = _G1_HEAP.search(line) if opened else None
    return (heap, "") if heap else None


def _alone(lines: Sequence[str], i: int, line: str) -> tuple[re.Match[str], str] | None:
    """(match, kind) of a line with nothing but `before->after(committed)`: one of several, or with a word on collections."""
    match = _ALONE.match(line)
    if match is None or _PART.search(match["words"]):
        return None
    near = (*lines[max(0, i - _NEAR_LINES) : i], *lines[i + 1 : i + 1 + _NEAR_LINES])
    if not _ABOUT.search(match["words"]) and not any(_ALONE.match(bare(other[:300])) for other in near):
        return None
    return match, match["words"]


def _rows(lines: Sequence[str]) -> Iterator[_Row]:
    opened: tuple[str, int, int | None, Stamp | None] | None = None
    for i, line in with_words(lines, _WORDS):
        found = _match(line, opened is not None) or _alone(lines, i, line)
        if found is None:
            begun = _OLD.search(line) if "GC(" not in line else None
            if begun:
                opened = (begun["kind"] + begun["cause"], i, _elapsed_ns(line), read_stamp(line))
            continue
        match, kind = found
        elapsed_ns, stamp = _elapsed_ns(line), read_stamp(line)
        if not kind and opened is not None:
            kind, _, elapsed_ns, stamp = opened
        opened = None
        committed = match["committed"] or ""
        yield _Row(
            at=i,
            after=match["after"],
            committed=committed,
            whole=bool(_WHOLE.search(kind)),
            elapsed_ns=elapsed_ns,
            stamp=stamp,
        )


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of a log with collections, and the log's other lines about the heap before and behind them."""
    first = last = -1
    for count, row in enumerate(_rows(lines)):
        if first >= 0 and (row.at - last > _GAP_LINES or count % _BLOCK_ROWS == 0):
            yield Span(first=first, last=_tagged_to(lines, last, row.at))
            first = -1
        first, last = (_opening(lines, row.at, last) if first < 0 else first), row.at
    if first >= 0:
        yield Span(first=first, last=_tagged_to(lines, last, len(lines)))


def _tagged_to(lines: Sequence[str], last: int, end: int) -> int:
    """The last of the lines that follow directly and are tagged gc too."""
    while last + 1 < end and _TAGGED.search(lines[last + 1][:300]):
        last += 1
    return last


def _opening(lines: Sequence[str], at: int, floor: int) -> int:
    """The first line of the stretch that a collection at `at` begins: its own head in JDK 8's long form, or tagged lines."""
    if "GC" not in lines[at]:
        above = range(at - 1, max(floor, at - 60), -1)
        return next((i for i in above if "[GC" in lines[i] or "[Full GC" in lines[i]), at)
    while at - 1 > floor and _TAGGED.search(lines[at - 1][:300]):
        at -= 1
    return at


def _reading(row: _Row, live: bool, note: str) -> Reading:
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    figures = {"runtime.heap_used_bytes": row.after, "runtime.heap_committed_bytes": row.committed}
    if live:
        figures["runtime.heap_after_gc_bytes"] = row.after
    for metric, text in figures.items():
        measured = measure(text[:-1], text[-1]) if text else None
        if measured is not None:
            metrics[metric], quanta[metric] = measured
    return Reading(
        metrics=metrics,
        quanta={metric: quantum for metric, quantum in quanta.items() if quantum > 1},
        facts={"said.runtime": "jvm"},
        wall_ns=row.stamp.wall_ns if row.stamp else None,
        elapsed_ns=row.elapsed_ns,
        notes=(note,) if note else (),
        line=row.at + 1,
        last_line=row.at + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a collection, in order. ParseError when there is none."""
    rows = list(_rows(text.split("\n")))
    if not rows:
        raise ParseError(NAME, None, text[:80], "no collections of a JVM")
    any_whole = any(row.whole for row in rows)
    note = (
        ""
        if any_whole
        else "no full collections: what young ones leave counts old garbage in, so its rise alone is no leak"
    )
    readings = [_reading(row, row.whole or not any_whole, note if i == 0 else "") for i, row in enumerate(rows)]
    limit = next(
        (found for _, line in with_words(text.split("\n"), ("Heap Max Capacity",)) if (found := _LIMIT.search(line))),
        None,
    )
    measured = measure(limit["number"], limit["unit"]) if limit else None
    if measured is not None:
        metrics = {**readings[0].metrics, "runtime.heap_limit_bytes": measured[0]}
        quanta = {**readings[0].quanta, "runtime.heap_limit_bytes": measured[1]}
        readings[0] = replace(readings[0], metrics=metrics, quanta=quanta)
    return tuple(readings)
