"""`jeprof --text` and gperftools' `pprof --text`: native allocations in use, by function.

`Total: 132.8 MB`, then rows `flat flat% sum% cum cum% NAME` without units: MB with one decimal, or bytes with
--show_bytes, or objects. A profile of jemalloc or tcmalloc sees what malloc handed out: kind native_inuse,
metric tool.outstanding_bytes. Rows without the total are taken only when their functions are C++'s and not Go's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.pasted.amounts import exact_bytes
from memwhy.sources.pasted.pprof_top import is_native
from memwhy.sources.span import Span

NAME = "pasted/jeprof"
TRIGGERS = (b"% ",)

_LEAD = r"^[ \t>|`*]{0,40}"
_TOTAL = re.compile(rf"{_LEAD}Total: (?P<number>-?\d{{1,19}}(?:\.\d)?) (?P<unit>MB|B|objects|samples)\s*$")
_ROW = re.compile(
    rf"{_LEAD}(?P<flat>-?\d{{1,19}}(?:\.\d)?)[ \t]+-?\d{{1,5}}\.\d%[ \t]+-?\d{{1,5}}\.\d%[ \t]+(?P<cum>-?\d{{1,19}}(?:\.\d)?)"
    r"[ \t]+-?\d{1,5}\.\d%[ \t]+(?P<name>\S.{0,2000})$"
)
_GO_HEAD = re.compile(r"flat%\s+sum%|accounting for|\bof \S+ total\b|^\W{0,8}\(pprof\)|Showing top")
_MOST_ROWS = 5000
_LONGEST_LINE = 2400


@dataclass(slots=True)
class _Table:
    """One table; line indices are 0-based."""

    first: int
    last: int
    total: re.Match[str] | None = None
    rows: list[re.Match[str]] = field(default_factory=list)

    @property
    def native(self) -> bool:
        names = [_name(row) for row in self.rows]
        return self.total is not None or (is_native(names) and (len(names) >= 2 or "::" in names[0]))


def _name(row: re.Match[str]) -> str:
    return re.sub(r"\s+\(inline\)\s*$", "", row["name"].strip().strip("`|*").strip())


def _tables(lines: Sequence[str]) -> Iterator[_Table]:
    """Tables with at least one row; rows below a header of go tool pprof are not of this format."""
    table: _Table | None = None
    foreign = False
    for index, line in enumerate(lines):
        line = line[:_LONGEST_LINE].rstrip()
        row = _ROW.match(line) if "% " in line else None
        if row is not None and not foreign:
            table = table or _Table(index, index)
            table.last = index
            if len(table.rows) < _MOST_ROWS:
                table.rows.append(row)
            continue
        if table is not None and table.rows and table.native:
            yield table
        if row is None:
            total = _TOTAL.match(line) if "Total:" in line else None
            table = _Table(index, index, total) if total else None
            foreign = foreign and bool(line.strip()) if not _GO_HEAD.search(line) else True
    if table is not None and table.rows and table.native:
        yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables with their total, or two rows of C++ functions."""
    return (Span(first=table.first, last=table.last) for table in _tables(lines))


def _width_bytes(table: _Table) -> int | None:
    """What a 1 in the table stands for; None for objects and samples."""
    if table.total is not None:
        return {"MB": MIB, "B": 1}.get(table.total["unit"])
    if any("." in row["flat"] for row in table.rows):
        return MIB
    return 1 if max(abs(int(row["cum"])) for row in table.rows) >= MIB else None


def _reading(table: _Table) -> Reading:
    width = _width_bytes(table)
    if width is None:
        note = "the rows count objects or samples, not bytes; they are not used"
        return Reading(notes=(note,), line=table.first + 1, last_line=table.last + 1)
    rows = tuple(
        ProfileRow(function=_name(row), flat=exact_bytes(row["flat"], width)[0], cum=exact_bytes(row["cum"], width)[0])
        for row in table.rows
    )
    notes: tuple[str, ...] = ()
    if table.total is not None:
        total, quantum = exact_bytes(table.total["number"], width)
    else:
        total, quantum = max(row.cum for row in rows), exact_bytes(table.rows[0]["cum"], width)[1]
        notes = ("the line with the total is missing; the largest row stands for it",)
    kind, metrics = "native_inuse", {"tool.outstanding_bytes": total}
    facts: dict[str, str] = {}
    if not is_native(row.function for row in rows):
        kind, metrics = "inuse_space", {}
    elif total < 0 or any(row.flat < 0 for row in rows):
        facts["profile.diff"] = f"{kind} {total}"
        kind, metrics = f"{kind} (difference)", {}
    return Reading(
        metrics=metrics,
        quanta=dict.fromkeys(metrics, quantum),
        facts=facts,
        profiles=(Profile(kind=kind, unit="bytes", total=total, rows=rows),),
        notes=notes,
        line=table.first + 1,
        last_line=table.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every table in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(table) for table in _tables(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of jeprof --text")
    return readings
