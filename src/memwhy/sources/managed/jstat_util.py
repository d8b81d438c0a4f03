"""`jstat -gcutil`: how full a JVM's generations are, in percent, and how often it has collected (jstat(1)).

Percents have no bytes. What they can tell is that full collections went on and left the old generation full: then live objects
fill the heap. Fact runtime.heap_full says so; rows that do not tell it give a reading without one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import LONGEST, bare, plain_decimal
from memwhy.sources.span import Span

NAME = "managed/jstat_util"
TRIGGERS = (b" ygct", b" fgct")

FULL_PERCENT = 90.0
"""A collector starts over when less than a tenth is free: CMSInitiatingOccupancyFraction's default is 92 (JDK 8)."""
_PERCENT = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?$")
_CELL = re.compile(r"(?:\d{1,12}(?:[.,]\d{1,6})?|-)$")
_GAP_LINES = 4
_MOST_ROWS = 100_000


@dataclass(slots=True)
class _Table:
    """Rows below headers of one output; lines are 0-based. rows: (old generation in percent, full collections)."""

    columns: list[str]
    first: int
    last: int
    rows: list[tuple[float, int]] = field(default_factory=list)


def _take(table: _Table, line: str) -> bool:
    cells = line.split()
    if len(cells) != len(table.columns) or not all(_CELL.match(cell) for cell in cells):
        return False
    row = dict(zip(table.columns, cells, strict=True))
    if not _PERCENT.match(row["O"]) or not row["FGC"].isdigit() or len(table.rows) >= _MOST_ROWS:
        return False
    table.rows.append((float(plain_decimal(row["O"])), int(row["FGC"])))
    return True


def _tables(lines: Sequence[str]) -> Iterator[_Table]:
    table: _Table | None = None
    for i, raw in enumerate(lines):
        if not raw or (table is None and "YGCT" not in raw[:LONGEST]):
            continue
        line = bare(raw)
        cells = line.split()
        if "YGCT" in cells and "O" in cells and "FGC" in cells:
            if table is None or table.columns != cells or i - table.last > _GAP_LINES:
                if table is not None:
                    yield table
                table = _Table(cells, i, i)
            table.last = i
        elif table is not None and _take(table, line):
            table.last = i
        elif table is not None and i - table.last > _GAP_LINES:
            yield table
            table = None
    if table is not None:
        yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs, from a header to the last row."""
    for table in _tables(lines):
        if table.rows:
            yield Span(first=table.first, last=table.last)


def _facts(rows: Sequence[tuple[float, int]]) -> dict[str, str]:
    """That each of several full collections left the old generation full: rows before the first of them say nothing."""
    facts = {"said.runtime": "jvm"}
    after = [old for old, collections in rows if collections > rows[0][1]]
    if after and min(after) >= FULL_PERCENT and rows[-1][1] > 1:
        facts["runtime.heap_full"] = (
            f"the old generation is {min(after):g} to {max(after):g} % full after full collections {rows[0][1] + 1} to {rows[-1][1]}"
        )
    return facts


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an output. ParseError when there is none."""
    readings = tuple(
        Reading(facts=_facts(table.rows), line=table.first + 1, last_line=table.last + 1)
        for table in _tables(text.split("\n"))
        if table.rows
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of jstat -gcutil")
    return readings
