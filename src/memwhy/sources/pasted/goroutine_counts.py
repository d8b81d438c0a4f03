"""Numbers of goroutines: the index page of /debug/pprof/, `goroutine (count 5474)` in a heading.

The index lists a count before each profile's name (net/http/pprof, indexTmplExecute); of a page turned into text the
number and the name stand in one line or in two.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/goroutine_counts"
TRIGGERS = (b"goroutine",)

_NAMES = r"allocs|block|cmdline|goroutine|goroutineleak|heap|mutex|profile|symbol|threadcreate|trace"
_ROW = re.compile(rf"^[ \t>|`*-]{{0,20}}(\d{{1,9}})[ \t|]{{1,20}}\[?({_NAMES})\b\]?(?:\([^)\n]{{0,200}}\))?[ \t|`*]*$")
_NUMBER = re.compile(r"^[ \t>]{0,20}(\d{1,9})[ \t]*$")
_NAME = re.compile(rf"^[ \t>]{{0,20}}({_NAMES})[ \t]*$")
_HEADING = re.compile(
    r"(?<![A-Za-z0-9_])goroutines?[ `*]{0,3}\((?:(?:count|total|num|n)[ :=]{1,3})?(\d{1,9})(?: total)?\)", re.IGNORECASE
)
_METRICS = {"goroutine": "go.goroutines_count", "threadcreate": "go.os_threads_count"}
_ENOUGH_ROWS = 3
_LONGEST_LINE = 400


def _entries(lines: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """(first line, last line, count, name) of rows of the index, also of rows in two lines; lines are 0-based."""
    held: tuple[int, int] | None = None
    for index, line in enumerate(lines):
        line = line[:_LONGEST_LINE]
        if match := _ROW.match(line):
            yield index, index, int(match[1]), match[2]
            held = None
        elif number := _NUMBER.match(line):
            held = (index, int(number[1]))
        elif (name := _NAME.match(line)) and held is not None:
            yield held[0], index, held[1], name[1]
            held = None
        elif line.strip():
            held = None


def _indexes(lines: Sequence[str]) -> Iterator[tuple[int, int, dict[str, int]]]:
    """(first line, last line, counts by name) of index pages."""
    first, last, counts = -1, -1, dict[str, int]()
    for begin, end, count, name in [*_entries(lines), (len(lines) + 10, 0, 0, "")]:
        if counts and (begin - last > 3 or name in counts):
            if len(counts) >= _ENOUGH_ROWS and "goroutine" in counts:
                yield first, last, counts
            counts = {}
        if not counts:
            first = begin
        counts[name], last = count, end


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Index pages, and single lines with `goroutine (count N)`."""
    spans = [Span(first=first, last=last) for first, last, _ in _indexes(lines)]
    spans += [
        Span(first=i, last=i)
        for i, line in enumerate(lines)
        if "oroutine" in line and _HEADING.search(line[:_LONGEST_LINE]) and len(line) < _LONGEST_LINE
    ]
    return sorted(spans, key=lambda span: span.first)


def parse(text: str) -> tuple[Reading, ...]:
    """The counts of goroutines, and of threads that Go made, in order. ParseError when there is none."""
    lines = text.split("\n")
    readings = [
        Reading(
            metrics={metric: counts[name] for name, metric in _METRICS.items() if name in counts},
            line=first + 1,
            last_line=last + 1,
        )
        for first, last, counts in _indexes(lines)
    ]
    for number, line in enumerate(lines, start=1):
        if match := _HEADING.search(line[:_LONGEST_LINE]):
            readings.append(Reading(metrics={"go.goroutines_count": int(match[1])}, line=number, last_line=number))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no count of goroutines")
    return tuple(sorted(readings, key=lambda reading: reading.line or 0))
