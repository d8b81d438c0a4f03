"""V8's collections as `node --trace-gc` prints them, and the heap's end: "JavaScript heap out of memory".

`Scavenge 12.3 (15.0) -> 11.9 (16.0) MB`: bytes of objects, in brackets what is committed, before and after (V8's
heap/gc-tracer.cc; MB is 2^20 bytes). Only a mark-compact tells what is live: after a scavenge old garbage is still counted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import measure, with_words
from memwhy.sources.span import Span

NAME = "managed/node_gc"
TRIGGERS = (b"scavenge ", b"mark-compact", b"mark-sweep", b"mark-compact", b"javascript heap out of memory")

_WORDS = ("Scavenge", "Mark-", "heap out of memory")
_LINE = re.compile(
    r"(?:\[(?P<pid>\d{1,10})(?::0x[0-9a-fA-F]{1,16})?\]\s{0,20})?(?P<ms>\d{1,15}) ms: (?P<kind>Scavenge|Mark-[Cc]ompact|Mark-[Ss]weep)(?: \([a-z -]{1,30}\))? "
    r"(?P<before>\d{1,9}\.\d) \((?P<from>\d{1,9}\.\d)\) -> (?P<after>\d{1,9}\.\d) \((?P<committed>\d{1,9}\.\d)\) MB"
)
_END = re.compile(r"FATAL ERROR:.{0,200}|.{0,80}JavaScript heap out of memory")
MOST_BYTES_OF_HEAP = 1 << 40
"""No heap of V8 has more; what Node 0.12 printed when a semi-space could not be committed was a count below zero."""
_GAP_LINES = 40
_BLOCK_ROWS = 4000
_SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A collection, or the heap's end when ended is set; at is a 0-based index."""

    at: int
    match: re.Match[str] | None = None
    ended: str = ""


def _rows(lines: Sequence[str]) -> Iterator[_Row]:
    for i, line in with_words(lines, _WORDS):
        for match in _LINE.finditer(line):
            yield _Row(at=i, match=match)
        if "JavaScript heap out of memory" in line and (end := _END.search(line)):
            yield _Row(at=i, ended=end[0].strip()[:_SHOWN])


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of collections, with the fatal error that may end them."""
    first = last = -1
    for count, row in enumerate(_rows(lines)):
        if first >= 0 and (row.at - last > _GAP_LINES or (count % _BLOCK_ROWS == 0 and row.at > last)):
            yield Span(first=first, last=last)
            first = -1
        first, last = (row.at if first < 0 else first), row.at
    if first >= 0:
        yield Span(first=first, last=last)


def _reading(row: _Row) -> Reading:
    if row.match is None:
        note = "the V8 heap reached its own limit: memory outside the heap is not what ended this program"
        return Reading(
            facts={"said.runtime": "node", "said.oom": row.ended, "runtime.heap_exhausted": row.ended},
            notes=(note,),
            line=row.at + 1,
            last_line=row.at + 1,
        )
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    figures = {"runtime.heap_used_bytes": row.match["after"], "runtime.heap_committed_bytes": row.match["committed"]}
    if row.match["kind"] != "Scavenge":
        figures["runtime.heap_after_gc_bytes"] = row.match["after"]
    for metric, number in figures.items():
        measured = measure(number, "MB")
        if measured is not None and measured[0] < MOST_BYTES_OF_HEAP:
            metrics[metric], quanta[metric] = measured
    return Reading(
        metrics=metrics,
        quanta=quanta,
        facts={"said.runtime": "node"},
        elapsed_ns=int(row.match["ms"]) * 1_000_000,
        subject=f"pid {row.match['pid']}" if row.match["pid"] else None,
        line=row.at + 1,
        last_line=row.at + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a collection, in order. ParseError when there is none."""
    readings = tuple(_reading(row) for row in _rows(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no collections of V8")
    return readings
