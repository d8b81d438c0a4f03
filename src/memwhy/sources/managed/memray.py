"""memray's summary table, its statistics and its JSON: what Python code and the native code below it allocated.

The table is of the moment of the peak. kB and MB are powers of 1000 in newer memray, KB and MB of 1024 before; the k
tells which. Cells that the terminal was too narrow for end in `…` and are not used.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import bare, measure
from memwhy.sources.span import Span

NAME = "managed/memray"
TRIGGERS = (b"peak memory usage:", b"peak memory size:", "│".encode(), b"peak_memory", b"total_num_allocations")

_SIZE = r"(?P<number>\d{1,9}(?:\.\d{1,3})?)(?P<unit>[kKMGT]?B)"
_PEAK = re.compile(rf"Peak memory (?:usage|size)\s{{0,4}}:\s{{0,8}}(?:{_SIZE})?$")
_ALONE = re.compile(rf"^{_SIZE}$")
_JSON = re.compile(r"\"peak_memory\"\s{0,4}:\s{0,4}(\d{1,18})(?!\d)")
_CELL = re.compile(rf"^{_SIZE}$")
_TABLE = re.compile(r"^[│|].{0,400}(?:Total|<Total).{0,200}Own")
_MOST_ROWS = 500


@dataclass(slots=True)
class _Block:
    """A table or a peak; line indices are 0-based. rows: (place, total cell, own cell)."""

    first: int
    last: int
    peak: tuple[str, str] | None = None
    exact_peak: int | None = None
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    binary: bool = False


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│|┃").split("│")]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    table: _Block | None = None
    for i, raw in enumerate(lines):
        if table is not None and "│" not in raw:
            if i - table.last > 1:
                if table.rows:
                    yield table
                table = None
            continue
        if "│" in raw:
            cells = _cells(bare(raw))
            if len(cells) == 6 and cells[0] and cells[5].isdigit() and cells[2].endswith(("%", "…")):
                table = table or _Block(i, i)
                table.last = i
                table.binary = table.binary or "KB" in cells[1] + cells[3]
                if len(table.rows) < _MOST_ROWS:
                    table.rows.append((cells[0][:300], cells[1], cells[3]))
            elif table is not None:
                table.last = i
        elif "eak memory" in raw and (match := _PEAK.search(bare(raw))):
            at = next((k for k in range(i + 1, min(i + 3, len(lines))) if lines[k].strip()), i)
            below = _ALONE.match(bare(lines[at])) if not match["number"] and at > i else None
            found = match if match["number"] else below
            if found is not None:
                yield _Block(i, at if found is below else i, peak=(found["number"], found["unit"]))
        elif "peak_memory" in raw and (json := _JSON.search(raw[:1000])):
            yield _Block(i, i, exact_peak=int(json[1]))
    if table is not None and table.rows:
        yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Summary tables and peaks."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _size(text: str, binary: bool) -> int | None:
    match = _CELL.match(text)
    measured = measure(match["number"], match["unit"], decimal=not binary) if match else None
    return measured[0] if measured else None


def _reading(block: _Block) -> Reading:
    line, last_line = block.first + 1, block.last + 1
    facts = {"said.runtime": "cpython"}
    if block.exact_peak is not None:
        return Reading(metrics={"tool.peak_bytes": block.exact_peak}, facts=facts, line=line, last_line=last_line)
    if block.peak is not None:
        number, unit = block.peak
        measured = measure(number, unit, decimal=unit != "KB")
        metrics = {"tool.peak_bytes": measured[0]} if measured else {}
        quanta = {"tool.peak_bytes": measured[1]} if measured and measured[1] > 1 else {}
        return Reading(metrics=metrics, quanta=quanta, facts=facts, line=line, last_line=last_line)
    rows: list[ProfileRow] = []
    for place, in_all, own in block.rows:
        cum, flat = _size(in_all, block.binary), _size(own, block.binary)
        if cum is not None and flat is not None and flat <= cum:
            rows.append(ProfileRow(function=place, flat=flat, cum=cum))
    rows.sort(key=lambda row: (-row.flat, -row.cum, row.function))
    notes = ["the table is of the moment of the peak"] if rows else []
    if len(rows) < len(block.rows):
        notes.append(
            f"{len(block.rows) - len(rows)} rows of the table are cut off by the terminal's width and not used"
        )
    whole = max([sum(row.flat for row in rows), *(row.cum for row in rows)], default=0)
    profile = Profile(kind="native_inuse", unit="bytes", total=whole, rows=tuple(rows))
    return Reading(facts=facts, profiles=(profile,) if rows else (), notes=tuple(notes), line=line, last_line=last_line)


def parse(text: str) -> tuple[Reading, ...]:
    """Every table and peak in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of memray")
    return readings
