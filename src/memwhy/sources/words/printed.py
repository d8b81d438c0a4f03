"""Columns of bare numbers that a program printed, where its source stands above them and says what it prints.

`echo memory_get_usage()` above thirty numbers, `print(process.memory_info().rss / 1024 / 1024)` above a dozen: the call tells
the figure, the divisor its unit. Code that prints several such figures, or a difference, names none. PHP and CPython free an
object with its last reference, so that what they hold has no saw-tooth (php.net, "Reference Counting Basics").
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words.quantities import MOST, flatten, read_number

NAME = "words/printed/series"
MOST_BYTES = 4 << 20
LEAST_ROWS = 4
_FAR_LINES = 60
_LONGEST_LINE = 400
_MOST_ROWS = 5000
_RSS, _USED, _COMMITTED = "process.rss_bytes", "runtime.heap_used_bytes", "runtime.heap_committed_bytes"


@dataclass(frozen=True, slots=True)
class _Call:
    """A call whose value is memory. width: bytes of one of what it counts."""

    metric: str
    pattern: re.Pattern[str]
    facts: tuple[tuple[str, str], ...] = ()
    width: int = 1


def _call(metric: str, pattern: str, runtime: str = "", *, width: int = 1, counted: str = "") -> _Call:
    facts = [("said.runtime", runtime)] if runtime else []
    told = (*facts, *([("heap.refcounted", counted)] if counted else []))
    return _Call(metric, re.compile(pattern), told, width)


_CALLS = (
    _call(_USED, r"\bmemory_get_usage\((?:false)?\)", counted="PHP"),
    _call(_COMMITTED, r"\bmemory_get_usage\((?:true|1)\)"),
    _call(_RSS, r"\bmemory(?:_full)?_info\(\)(?:\.rss\b|\[0\])", "cpython"),
    _call(_USED, r"\bget_traced_memory\(\)\[0\]", "cpython", counted="CPython"),
    _call(_RSS, r"\bmemoryUsage(?:\(\))?\.rss\b(?:\(\))?", "node"),
    _call(_USED, r"\bmemoryUsage\(\)\.heapUsed\b", "node"),
    _call(_USED, r"\bGetTotalMemory\((?:true|false)?\)", "dotnet"),
    _call(_RSS, r"\bWorkingSet64\b", "dotnet"),
    _call(_USED, r"\btotalMemory\(\)\s?-\s?[\w.()]{0,40}?\bfreeMemory\(\)", "jvm"),
    _call(_USED, r"\bcollectgarbage\(?\s?[\"']count[\"']\)?", width=1024),
    _call(_USED, r"\bmemsize_of_all\b", "ruby"),
    _call(_USED, r"\berlang[:.]memory\(:?total\)"),
    _call("malloc.in_use_bytes", r"\bmallinfo2?\(\)\.uordblks\b"),
)
_QUICK = re.compile("|".join(f"(?:{call.pattern.pattern})" for call in _CALLS))
_DIVISOR = re.compile(
    r"[)\s]{0,6}(?:/\s?\(?\s?(?P<number>1024|1000|1_000_000|1000000|1048576|1_048_576|1e3|1e6|1e9)(?:\.0?)?\s?(?:\*{2}\s?(?P<power>[23]))?(?P<times>(?:\s?\*\s?(?:1024|1000)(?:\.0?)?){0,2})\)?|>>\s?(?P<shift>10|20|30)\b)"
)
_OTHERWISE = re.compile(r"^[)\s]{0,6}[-+*/%]")
_ROW = re.compile(
    r"^(?P<before>[^\d\n]{0,40}?)(?P<number>\d{1,3}(?:,\d{3}){1,5}|\d{1,19}(?:\.\d{1,15})?)(?P<after>\s?(?:[KMG]i?B|bytes|B|[KMG])?)$",
    re.IGNORECASE,
)


def _scale(rest: str) -> int | None:
    """What the code behind a call divides its value by; None where it does something else with it."""
    scale, at = 1, 0
    for _ in range(3):
        match = _DIVISOR.match(rest, at)
        if match is None:
            break
        if match["shift"]:
            scale <<= int(match["shift"])
        else:
            number = int(float(match["number"].replace("_", "")))
            scale *= number ** int(match["power"] or 1)
            for factor in re.findall(r"\d+", match["times"] or ""):
                scale *= int(factor)
        at = match.end()
    return None if _OTHERWISE.match(rest[at:]) or scale > 1 << 40 else scale


def _printed(lines: Sequence[str], first: int) -> tuple[_Call, int, int] | None:
    """(call, bytes of one, line) of what the code above prints; None where it names nothing, or several things."""
    found: dict[tuple[str, int], tuple[_Call, int, int]] = {}
    for i in range(first - 1, max(-1, first - 1 - _FAR_LINES), -1):
        line = lines[i][:_LONGEST_LINE]
        if not _QUICK.search(line):
            continue
        for call in _CALLS:
            for match in call.pattern.finditer(line):
                scale = _scale(line[match.end() :])
                if scale is None:
                    return None
                found.setdefault((call.metric, scale), (call, scale * call.width, i))
    return next(iter(found.values())) if len(found) == 1 else None


def _columns(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """(line, number) of at least LEAST_ROWS rows that are the same but for the number."""
    rows: list[tuple[int, str]] = []
    shape: tuple[str, str] | None = None
    for i, raw in enumerate(lines):
        match = _ROW.match(flatten(raw).strip(" \t>`*")) if raw.strip() and len(raw) <= _LONGEST_LINE else None
        if match is None and not raw.strip():
            continue
        now = (match["before"], match["after"].strip()) if match else None
        if rows and (now != shape or i - rows[-1][0] > 2 or len(rows) >= _MOST_ROWS):
            if len(rows) >= LEAST_ROWS:
                yield rows
            rows = []
        if match is not None:
            shape = now
            rows.append((i, match["number"]))
    if len(rows) >= LEAST_ROWS:
        yield rows


def _read(lines: Sequence[str]) -> Iterator[tuple[int, list[Reading]]]:
    """(line of the call, readings) of every column under code that tells what it is."""
    if not any(_QUICK.search(line[:_LONGEST_LINE]) for line in lines):
        return
    for rows in _columns(lines):
        told = _printed(lines, rows[0][0])
        if told is None:
            continue
        call, width, at = told
        readings = []
        for i, number in rows:
            read = read_number(number, comma=False, count=width == 1, large_unit=False)
            if read is not None and read[0] * width < MOST:
                quantum = max(1, width // 10 ** min(read[1], 40))
                readings.append(
                    Reading(
                        metrics={call.metric: round(read[0] * width)},
                        quanta={call.metric: quantum},
                        facts=dict(call.facts),
                        line=i + 1,
                        last_line=i + 1,
                    )
                )
        if len(readings) >= LEAST_ROWS:
            yield at, readings


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Columns with the code that they were printed by."""
    for at, readings in _read(lines):
        yield Span(first=at, last=(readings[-1].line or 1) - 1)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each number. ParseError where no code tells what the numbers are."""
    readings = tuple(reading for _, found in _read(text.split("\n")) for reading in found)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no column of numbers under the code that printed it")
    return readings
