"""`go tool pprof -traces`, every sample with its stack, and `-list`, a function line by line.

A trace stands between two rules; its first line has the value, lines `label:  value` above it are tags (of a heap
profile `bytes:`, the size of one block). Of -list the total and each routine's flat and cum are taken, not the lines.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.go.stacks import Frames, profile_of
from memwhy.sources.pasted.amounts import NUMBER, exact_bytes, unit_bytes
from memwhy.sources.pasted.stamps import read_pprof_time
from memwhy.sources.span import Span

NAME = "pasted/pprof_traces"
TRIGGERS = (b"-----------+---", b"routine ====")

_LEAD = r"[ \t>|`*]{0,20}"
_FIELD = re.compile(rf"^{_LEAD}(?P<key>File|Build ID|Type|Time|Duration|Doc):\s*(?P<value>\S.*)?$")
_RULE = re.compile(rf"^{_LEAD}-{{11}}\+-{{20,}}\s*$")
_TAG = re.compile(r"^[ \t>]*[\w.-]{1,60}:  ?\S.{0,300}$")
_VALUE = re.compile(rf"^[ \t>]*(?P<number>{NUMBER})(?P<unit>[A-Za-z]{{0,3}})[ \t]{{1,12}}(?P<name>[^\s|].{{0,2000}})$")
_FRAME = re.compile(r"^(?:[ \t>]{4,40}(?P<name>[^\s|].{0,2000})|[ \t>]{0,3}(?P<bare>[^\s|]{1,2000}(?: \(inline\))?))$")
_LISTED_TOTAL = re.compile(rf"^{_LEAD}Total: (?P<number>{NUMBER})(?P<unit>[A-Za-z]{{0,3}})\s*$")
_ROUTINE = re.compile(rf"^{_LEAD}ROUTINE =+ (?P<name>\S.{{0,1000}}?) in \S.*$")
_ROUTINE_SUM = re.compile(
    rf"^{_LEAD}(?P<flat>\.|{NUMBER})(?P<flat_unit>[A-Za-z]{{0,3}})\s+(?P<cum>\.|{NUMBER})(?P<cum_unit>[A-Za-z]{{0,3}}) \(flat, cum\)"
)
_SOURCE = re.compile(
    rf"^{_LEAD}(?:\.|{NUMBER}[A-Za-z]{{0,3}})\s+(?:\.|{NUMBER}[A-Za-z]{{0,3}})\s+\d{{1,7}}:|^\s*Error: "
)
_LONGEST_LINE = 2400
_MOST_TRACES = 20_000


@dataclass(slots=True)
class _Report:
    """What is gathered of one report; line indices are 0-based."""

    first: int
    last: int
    fields: dict[str, str] = field(default_factory=dict)
    stacks: dict[Frames, int] = field(default_factory=dict)
    rows: list[ProfileRow] = field(default_factory=list)
    total: int | None = None
    units: set[str] = field(default_factory=set)
    rules: int = 0
    left_out: int = 0
    listed: bool = False


def _measure(number: str, unit: str, report: _Report) -> int:
    """The value in its unit's parts; an unknown unit (a time) is kept to be named."""
    report.units.add(unit)
    return 0 if number == "." else exact_bytes(number, unit_bytes(unit) or 1)[0]


def _frame(text: str) -> str:
    return re.sub(r"\s+\((?:partial-)?inline\)\s*$", "", text.strip()).strip()


@dataclass(slots=True)
class _Trace:
    value: int
    frames: list[str]


def _keep(report: _Report, trace: _Trace | None) -> None:
    if trace is None or not trace.value:
        return
    if len(report.stacks) >= _MOST_TRACES:
        report.left_out += 1
        return
    frames = tuple(trace.frames)
    report.stacks[frames] = report.stacks.get(frames, 0) + trace.value


def _traces(lines: Sequence[str], at: int, report: _Report) -> int:
    """Read the traces that begin with the rule at an index; the index after the last line that belongs."""
    trace: _Trace | None = None
    index = at
    while index < len(lines):
        line = lines[index][:_LONGEST_LINE].rstrip()
        if _RULE.match(line):
            _keep(report, trace)
            trace, report.last = None, index
            report.rules += 1
        elif trace is None and (match := _VALUE.match(line)):
            trace = _Trace(_measure(match["number"], match["unit"], report), [_frame(match["name"])])
        elif trace is not None and (match := _FRAME.match(line)):
            trace.frames.append(_frame(match["name"] or match["bare"]))
        elif trace is not None or not _TAG.match(line):
            break
        index += 1
    if trace is not None:
        _keep(report, trace)
        report.last = index - 1
    return index


def _listing(lines: Sequence[str], at: int, report: _Report) -> int:
    """Read routines from an index on; the index after the last line that belongs."""
    routine: str | None = None
    index = at
    while index < len(lines):
        line = lines[index][:_LONGEST_LINE].rstrip()
        if match := _LISTED_TOTAL.match(line):
            if report.rows:
                break
            report.total = _measure(match["number"], match["unit"], report)
        elif match := _ROUTINE.match(line):
            routine, report.listed = match["name"], True
        elif routine is not None and (match := _ROUTINE_SUM.match(line)):
            flat = _measure(match["flat"], match["flat_unit"], report)
            report.rows.append(
                ProfileRow(function=routine, flat=flat, cum=_measure(match["cum"], match["cum_unit"], report))
            )
            routine = None
        elif not _SOURCE.match(line):
            break
        report.last = index
        index += 1
    return index


def _reports(lines: Sequence[str]) -> Iterator[_Report]:
    fields: dict[str, str] = {}
    began, index = -1, 0
    while index < len(lines):
        line = lines[index][:_LONGEST_LINE]
        if match := _FIELD.match(line):
            began = index if not fields else began
            fields[match["key"]] = (match["value"] or "").strip()
            index += 1
            continue
        report = _Report(began if fields else index, index, dict(fields))
        if _RULE.match(line):
            index = max(index + 1, _traces(lines, index, report))
        elif _ROUTINE.match(line) or (
            _LISTED_TOTAL.match(line) and index + 1 < len(lines) and _ROUTINE.match(lines[index + 1])
        ):
            index = max(index + 1, _listing(lines, index, report))
        else:
            index += 1
        fields = {}
        if report.stacks or (report.listed and report.rows) or (report.rules >= 2 and report.fields):
            yield report


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Traces between rules, and routines, with the header above them."""
    return (Span(first=report.first, last=report.last) for report in _reports(lines))


def _reading(report: _Report) -> Reading:
    kind = report.fields.get("Type", "")
    notes: list[str] = []
    stamp = read_pprof_time(report.fields.get("Time", ""))
    units = report.units - {""}
    line, last_line = report.first + 1, report.last + 1
    if any(unit_bytes(unit) is None for unit in units) or kind in ("cpu", "delay", "contentions", "samples", "wall"):
        notes.append(f"a profile of type {kind or 'unknown'!r} measures no memory; it is not used")
        return Reading(notes=tuple(notes), line=line, last_line=last_line)
    if not kind:
        kind = "space" if units else "unknown"
        notes.append("the report does not name its type: what is in use, or all that was ever allocated")
    if report.left_out:
        notes.append(f"{report.left_out} traces past the first {_MOST_TRACES} were left out")
    wall_ns = stamp.wall_ns if stamp else None
    unit: Literal["bytes", "count"] = "bytes" if kind.endswith("space") or units else "count"
    build_id, binary = report.fields.get("Build ID") or None, report.fields.get("File") or None
    if report.listed:
        rows = tuple(sorted(report.rows, key=lambda row: -abs(row.flat)))
        total = report.total if report.total is not None else sum(row.flat for row in rows)
        profile = Profile(
            kind=kind, unit=unit, total=total, rows=rows, build_id=build_id, binary=binary, wall_ns=wall_ns
        )
    else:
        profile = profile_of(kind, unit, report.stacks, build_id=build_id, binary=binary, wall_ns=wall_ns)
    return Reading(profiles=(profile,), wall_ns=wall_ns, notes=tuple(notes), line=line, last_line=last_line)


def parse(text: str) -> tuple[Reading, ...]:
    """Every report in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(report) for report in _reports(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no report of pprof -traces or -list")
    return readings
