"""CPython's tracemalloc: statistics by line, differences of snapshots, tracebacks, and the pair that get_traced_memory gives.

Only what Python's own allocators hand out is traced, and only since tracemalloc.start (Python documentation, tracemalloc).
A difference gives two readings, the earlier snapshot (size less change) and the later one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, GROUPED, bare, measure, with_words
from memwhy.sources.span import Span

NAME = "managed/python_trace"
TRIGGERS = (b"<Statistic", b", average=", b"total allocated size:", b"traced_memory", b"tracemalloc", b"peak was")

_WORDS = (
    ", count=",
    " other: ",
    "Total allocated size:",
    "traced",
    "racemalloc",
    "eak was",
    ".py:",
    ".so:",
    "<Statistic",
)
_SIZE = rf"(?:{DECIMAL}) ?(?:[KMGT]iB|B)"
_STAT = re.compile(
    rf"(?<=[^\s:]): size=(?P<size>{_SIZE})(?: \((?P<change>[+-]{_SIZE})\))?, count={GROUPED}(?: \((?P<more>[+-]\d{{1,15}})\))?"
)
_PRINTED = re.compile(
    r"<Statistic(?:Diff)? traceback=<Traceback \((?:<Frame filename='[^'\n]{1,300}' lineno=\d{1,7}>,? ?){0,64}"
    r"<Frame filename='(?P<file>[^'\n]{1,300})' lineno=(?P<at>\d{1,7})>,?\)> "
    r"size=(?P<size>\d{1,15})(?: \((?P<change>[+-]\d{1,15})\))? count=\d{1,15}(?: \((?P<more>[+-]\d{1,15})\))?>"
)
"""What a statistic prints as inside a list; the last frame is the one that allocated (Python documentation, tracemalloc.Traceback)."""
_NUMBERED = re.compile(rf"^#(?P<rank>\d{{1,3}}): (?P<place>\S.{{0,300}}?): (?P<size>(?:{DECIMAL}) KiB)$")
_OTHER = re.compile(rf"^(?:{GROUPED}) other: (?P<size>(?:{DECIMAL}) KiB)$")
_TOTAL = re.compile(rf"^Total allocated size: (?P<size>(?:{DECIMAL}) KiB)$")
_AMOUNT = re.compile(rf"(?P<sign>[+-]?)(?P<number>{DECIMAL}) ?(?P<unit>[A-Za-z]{{1,3}})")
_CURRENT = re.compile(
    rf"(?i:current)[a-z_ ]{{0,30}}[:= ]{{1,4}}(?P<current>{DECIMAL}) ?(?P<unit>[KMG]i?B|bytes|B)?[;,)| ]{{1,4}}(?i:peak)[a-z_ ]{{0,30}}[:= ]{{1,4}}"
    rf"(?P<peak>{DECIMAL}) ?(?P<peakunit>[KMG]i?B|bytes|B)?(?![A-Za-z0-9])"
)
_PAIR = re.compile(r"^\(?(\d{1,15}), (\d{1,15})\)$")
_MOST_ROWS = 500
_GAP_LINES = 6
_MANY = 100
"""So many more objects of one line between two snapshots are what a loop left, not what importing or warming up did."""


@dataclass(slots=True)
class _Block:
    """A table, or a pair; line indices are 0-based. rows: (place, bytes, change, whether a change stands there)."""

    first: int
    last: int
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    changes: bool = False
    numbered: bool = False
    printed: bool = False
    total: int | None = None
    most: tuple[int, str] = (0, "")  # how many more objects, and where
    quanta: dict[str, int] = field(default_factory=dict)
    pair: dict[str, int] = field(default_factory=dict)


def _amount(text: str) -> tuple[int, int]:
    match = _AMOUNT.match(text)
    measured = measure(match["number"], match["unit"]) if match else None
    if match is None or measured is None:
        return 0, 1
    return (-measured[0] if match["sign"] == "-" else measured[0]), measured[1]


def _decimal_megabytes(number: str, unit: str) -> bool:
    """`2.787997MB` is bytes divided by 10^6: divided by 2^20 it would have more digits, or as few as a person rounds to."""
    return unit == "MB" and 4 <= len(number.partition(".")[2]) <= 6


def _pair(lines: Sequence[str], at: int, line: str) -> tuple[dict[str, int], dict[str, int]] | None:
    """Metrics and quanta of current and peak; a bare pair or nameless words count only near the name of tracemalloc."""
    named = any("trace" in lines[i][:1000] for i in range(max(0, at - 2), at + 1))
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    if match := _CURRENT.search(line):
        if not named and "memory usage is" not in line.lower():
            return None
        figures = ((match["current"], match["unit"] or ""), (match["peak"], match["peakunit"] or match["unit"] or ""))
    elif named and (match := _bare_pair(lines, at, line)):
        figures = ((match[1], ""), (match[2], ""))
    else:
        return None
    names = ("runtime.heap_used_bytes", "runtime.traced_peak_bytes")
    for metric, (number, unit) in zip(names, figures, strict=True):
        measured = measure(number, unit, decimal=_decimal_megabytes(number, unit))
        if measured is None or (not unit and "." in number):
            return None
        metrics[metric], quanta[metric] = measured
    return (metrics, quanta) if metrics[names[0]] <= metrics[names[1]] + quanta[names[1]] else None


def _bare_pair(lines: Sequence[str], at: int, line: str) -> re.Match[str] | None:
    """`(2788061, 2802528)` behind the call's name, or alone on the line below it."""
    behind = line.rpartition("get_traced_memory()")[2].strip(" :=>)\"'")
    if behind.startswith("("):
        return _PAIR.match(behind if behind.endswith(")") else behind + ")")
    return _PAIR.match(bare(lines[at + 1])) if not behind and at + 1 < len(lines) else None


def _take_row(block: _Block | None, i: int, line: str) -> _Block | None:
    """The block with the line's statistic in it; None when the line is none."""
    stat = _STAT.search(line)
    match = stat or _NUMBERED.match(line)
    if match is None:
        return None
    numbered = stat is None
    changes = stat is not None and bool(stat["change"])
    if (
        block is None
        or block.printed
        or block.changes != changes
        or block.numbered != numbered
        or block.total is not None
    ):
        block = _Block(i, i, changes=changes, numbered=numbered)
    if numbered and match["rank"] == "1" and block.rows:
        block = _Block(i, i, numbered=True)
    size, quantum = _amount(match["size"])
    change = _amount(stat["change"])[0] if stat is not None and stat["change"] else 0
    if len(block.rows) < _MOST_ROWS:
        place = (
            (line[: stat.start()] if stat is not None else match["place"])
            .strip()
            .rpartition(" ")[2]
            .strip("'\"")[-200:]
        )
        block.rows.append((place, size, change))
        if stat is not None and stat["more"]:
            block.most = max(block.most, (int(stat["more"]), place))
    block.last = i
    block.quanta["size"] = max(block.quanta.get("size", 1), quantum)
    return block


def _printed(i: int, line: str) -> _Block | None:
    """The list of statistics that Python printed in one line; None when there is none."""
    block = _Block(i, i, printed=True, quanta={"size": 1})
    for found in islice(_PRINTED.finditer(line), _MOST_ROWS):
        place = f"{found['file']}:{found['at']}"[-200:]
        block.rows.append((place, int(found["size"]), int(found["change"] or 0)))
        block.most = max(block.most, (int(found["more"] or 0), place))
        block.changes |= bool(found["change"])
    return block if block.rows else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        if block is not None and i - block.last > _GAP_LINES:
            yield block
            block = None
        row = _printed(i, line) or _take_row(block, i, line)
        if row is not None:
            if block is not None and row is not block:
                yield block
            block = row
        elif block is not None and block.numbered and (total := _TOTAL.match(line)):
            block.total, block.quanta["total"] = _amount(total["size"])
            block.last = i
        elif block is not None and block.numbered and _OTHER.match(line):
            block.last = i
        elif found := _pair(lines, i, line):
            if block is not None:
                yield block
            last = i + 1 if i + 1 < len(lines) and _PAIR.match(bare(lines[i + 1])) else i
            yield _Block(i, last, pair=found[0], quanta=found[1])
            block = None
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of statistics, and pairs of current and peak."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _profile(rows: Sequence[tuple[str, int]], total: int | None) -> Profile:
    placed = [ProfileRow(function=place, flat=size, cum=size) for place, size in rows if size > 0]
    placed.sort(key=lambda row: (-row.flat, row.function))
    return Profile(
        kind="python_inuse", unit="bytes", total=max(total or 0, sum(row.flat for row in placed)), rows=tuple(placed)
    )


def _readings(block: _Block) -> Iterator[Reading]:
    line, last_line = block.first + 1, block.last + 1
    facts = {"said.runtime": "cpython"}
    if block.pair:
        quanta = {metric: quantum for metric, quantum in block.quanta.items() if quantum > 1}
        yield Reading(metrics=block.pair, quanta=quanta, facts=facts, line=line, last_line=last_line)
        return
    if block.changes:
        before = _profile([(place, size - change) for place, size, change in block.rows], None)
        note = "a difference of two snapshots: the first reading is the sizes less their changes"
        yield Reading(profiles=(before,), facts=facts, notes=(note,), line=line, last_line=last_line)
    if block.most[0] >= _MANY:
        facts = {**facts, "python.objects_more": f"{block.most[0]:,} more objects of {block.most[1]} stay"}
    metrics = {} if block.total is None else {"runtime.heap_used_bytes": block.total}
    yield Reading(
        metrics=metrics,
        quanta={} if block.total is None else {"runtime.heap_used_bytes": block.quanta["total"]},
        facts=facts,
        profiles=(_profile([(place, size) for place, size, _ in block.rows], block.total),),
        line=line,
        last_line=last_line,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every table and pair in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of tracemalloc")
    return readings
