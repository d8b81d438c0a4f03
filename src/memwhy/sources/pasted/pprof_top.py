"""`go tool pprof -top`, -tree, -peek and `(pprof) top`, with new and old headers, mangled heads and cut-off rows.

Old header: `311.35MB of 313.85MB total (99.20%)`; since Go 1.8: `Showing nodes accounting for X, P of Y total`.
Units are binary (`kB` is 1,024 bytes: pprof's internal/measurement). A table of differences (-base,
-diff_base, negative rows) keeps its kind with " (difference)" behind it, for it is no state, and fact profile.diff
says `KIND BYTES`. In -tree and -peek only the middle row of each function counts. A profile that names C++ or C
functions only, and none of Go's, is of native allocations whatever its type is called: kind native_inuse.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import NUMBER, exact_bytes, unit_bytes
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import read_pprof_time
from memwhy.sources.span import Span

NAME = "pasted/pprof_top"
TRIGGERS = (b"flat%", b"accounting for")

_PERCENT = r"-?\d[\d.]*(?:e[+-]?\d+)?%"
_UNIT = r"[A-Za-z]{0,2}"
_LEAD = r"^[ \t>|`*]{0,80}"
_ROW = re.compile(
    rf"{_LEAD}(?P<flat>{NUMBER})(?P<unit>{_UNIT})[ \t]+{_PERCENT}[ \t]+{_PERCENT}"
    rf"[ \t]+(?P<cum>{NUMBER})(?P<cum_unit>{_UNIT})[ \t]+(?P<share>{_PERCENT})[ \t]+(?P<name>\S.*)$"
)
_CUT_ROW = re.compile(rf"{_LEAD}{NUMBER}{_UNIT}(?:[ \t]+{NUMBER}[%A-Za-z]{{0,2}}){{0,4}}[ \t]*$")
_HEAD = re.compile(r"\bflat\s+flat%\s+sum%|\bflat%\s+sum%\s")
_TOTAL = re.compile(
    rf"(?:accounting for\s+(?P<shown>-?[\d.]+){_UNIT},\s*{_PERCENT}\s+of|{_LEAD}-?[\d.]+{_UNIT} of)"
    rf"\s+(?P<total>{NUMBER})(?P<unit>{_UNIT}) total\b"
)
_DROPPED = re.compile(r"Dropped (\d{1,9}) nodes\b")
_OUT_OF = re.compile(r"Showing top (\d{1,9}) nodes out of (\d{1,9})\b")
_FIELD = re.compile(
    rf"{_LEAD}(?P<key>File|Main binary filename|Build ID|Type|Time|Duration|Active filters|Doc):\s*(?P<value>\S.*)?$"
)
_CHATTER = re.compile(
    r"Fetching profile|Saved profile in|Entering interactive mode|^\s*(?:focus|ignore|hide|show)=|^\s*```"
)
_COMMAND = re.compile(
    r"\bpprof\b.*(?:-top|-text|/debug/pprof/|\.pb\.gz|\bheap\b|\ballocs\b|-(?:inuse|alloc)_|sample_index)"
)
_INTERACTIVE = re.compile(r"^\W{0,8}\(pprof\)\s*(?P<command>.*)$")
_KIND = re.compile(r"\b(inuse_space|inuse_objects|alloc_space|alloc_objects)\b")
_OMISSION = re.compile(r"^\s*(?:\.\.\.|…|\[\.\.\.\]|⋮)\s*$")
_RULE = re.compile(r"^[\s>|`*]{0,20}-{5,}\+-{5,}")
_CONTEXT = re.compile(rf"{_LEAD}{NUMBER}{_UNIT}[ \t]+{_PERCENT}[ \t]+\|[ \t]+\S")
_GO_NAME = re.compile(r"^(?:[\w.~%-]+/)*[\w-]+\.(?:\(\*?[\w\[\].…]+\)\.|\w)")
_OF_GO = re.compile(
    r"^(?:runtime|main|net/http|bufio|bytes|strings|regexp|time|sync|encoding/json)\.[\w(]|^[\w-]+\.[a-z]{2,8}/[\w./~-]{1,300}\.[\w(]"
)
_NO_MEMORY = ("cpu", "delay", "contentions", "samples", "wall")
_MOST_ROWS = 5000
_NEAR_LINES = 3


@dataclass(slots=True)
class _Table:
    """What is gathered of one table; line indices are 0-based."""

    first: int
    last: int
    fields: dict[str, str] = field(default_factory=dict)
    command: str = ""
    total: tuple[str, str] | None = None
    rows: list[re.Match[str]] = field(default_factory=list)
    dropped: int = 0
    cut: int = 0
    headed: bool = False

    @property
    def complete(self) -> bool:
        """There is enough of it to be a table and no passing mention."""
        return self.total is not None or len(self.rows) >= 2 or (self.headed and len(self.rows) >= 1)


def _kind_of_line(line: str) -> str:
    if _ROW.match(line):
        return "row"
    if _HEAD.search(line):
        return "head"
    if _RULE.match(line) or _CONTEXT.match(line):
        return "tree"
    if _TOTAL.search(line):
        return "total"
    if _DROPPED.search(line) or _OUT_OF.search(line):
        return "dropped"
    if _INTERACTIVE.match(line):
        return "interactive"
    if _COMMAND.search(line) and (
        len(line) < 200 and (read_prompt(line) or line.lstrip(" `>").startswith(("go tool", "pprof ")))
    ):
        return "command"
    if _FIELD.match(line):
        return "field"
    if _CHATTER.search(line):
        return "chatter"
    return "" if line.strip() else "blank"


def _take(table: _Table, kind: str, line: str) -> None:
    if kind == "row":
        match = _ROW.match(line)
        if match is not None and len(table.rows) < _MOST_ROWS:
            table.rows.append(match)
    elif kind == "head":
        table.headed = True
    elif kind == "total":
        match = _TOTAL.search(line)
        if match is not None:
            table.total = (match["total"], match["unit"])
    elif kind == "dropped":
        dropped, out_of = _DROPPED.search(line), _OUT_OF.search(line)
        table.dropped += int(dropped[1]) if dropped else 0
        table.dropped += max(0, int(out_of[2]) - int(out_of[1])) if out_of else 0
    elif kind == "field":
        match = _FIELD.match(line)
        if match is not None:
            table.fields[match["key"]] = (match["value"] or "").strip()
    elif kind in ("command", "interactive"):
        table.command = f"{table.command} {line.strip()}"[-2000:]


def _begins_anew(table: _Table, kind: str, line: str) -> bool:
    """This line cannot be of the table gathered so far."""
    if kind in ("command", "interactive"):
        return table.headed or bool(table.rows) or table.total is not None
    if kind == "field":
        match = _FIELD.match(line)
        return bool(table.rows) or (match is not None and match["key"] in table.fields)
    if kind in ("total", "head"):
        return bool(table.rows) or (kind == "total" and table.total is not None)
    return False


def _tables(lines: Sequence[str]) -> Iterator[_Table]:
    """Tables in order; one made at the same (pprof) prompt inherits the fields of the one before."""
    table: _Table | None = None
    blanks = 0
    inherited: dict[str, str] = {}
    session = ""
    told: tuple[int, str] | None = None  # a sentence that names pprof and one type of profile
    for i, line in enumerate(lines):
        line = line[:4000].rstrip()
        kind = _kind_of_line(line)
        if kind in ("", "blank") and table is not None and (table.rows or table.headed):
            if line and (_CUT_ROW.match(line) or _OMISSION.match(line)):
                table.cut += 0 if _OMISSION.match(line) else 1
                table.last = i
                continue
            kind = kind or "other"
        if kind == "blank" and table is not None and blanks < 1 and not table.rows:
            blanks += 1
            continue
        if kind == "" and "pprof" in line and len(line) < 200 and len(set(_KIND.findall(line))) == 1:
            told = i, _KIND.findall(line)[0]
        if kind in ("", "blank", "other") or (table is not None and _begins_anew(table, kind, line)):
            if table is not None and table.complete:
                inherited, session = table.fields, table.command
                yield table
            table = None
            if kind in ("", "other"):
                inherited, session = {}, ""
        if kind not in ("", "blank", "other"):
            if table is None:
                if kind == "tree":
                    continue
                at_prompt = kind == "interactive" or "(pprof)" in session
                keep = at_prompt and kind not in ("command", "field")
                table = _Table(i, i, dict(inherited) if keep else {}, session if keep else "")
                if kind in ("head", "total", "row") and told is not None and i - told[0] <= _NEAR_LINES and not keep:
                    table.first, table.command = told
            _take(table, kind, line)
            table.last, blanks = i, 0
    if table is not None and table.complete:
        yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables with the command and header lines above them; those of one (pprof) session are one span."""
    spans: list[Span] = []
    for table in _tables(lines):
        if (
            spans
            and "(pprof)" in table.command
            and all(not line.strip() for line in lines[spans[-1].last + 1 : table.first])
        ):
            spans[-1] = Span(first=spans[-1].first, last=table.last)
        else:
            spans.append(Span(first=table.first, last=table.last))
    return spans


def _kind(table: _Table, notes: list[str]) -> str:
    chosen = re.findall(r"sample_index\s*=\s*(\w{1,40})", table.command)
    if chosen:
        return str(chosen[-1])  # at the (pprof) prompt, after the header that names the first type
    stated = table.fields.get("Type", "")
    if stated:
        return stated
    named = _KIND.findall(table.command)
    if named:
        return str(named[-1])
    if re.search(r"/allocs\b", table.command):
        return "alloc_space"
    if "goroutine" in table.command:
        return "goroutine"
    if _units(table) - {""}:
        notes.append(
            "the table does not name its type; taken as inuse_space, what pprof shows of a heap profile by default"
        )
        return "inuse_space"
    if _parks(table):
        notes.append("the table does not name its type; it counts goroutines: most of them are parked")
        return "goroutine"
    notes.append("the table does not name its type and has no units; taken as a count of objects or goroutines")
    return "unknown"


def _parks(table: _Table) -> bool:
    """Most of what is counted stands in runtime.gopark, where only goroutines wait."""
    total = int(table.total[0]) if table.total is not None and table.total[0].isdigit() else 0
    parked = [match["cum"] for match in table.rows if _name(match["name"]) == "runtime.gopark"]
    return any(count.isdigit() and 2 * int(count) >= total > 0 for count in parked)


def _units(table: _Table) -> set[str]:
    return {match["unit"] for match in table.rows} | ({table.total[1]} if table.total else set())


def is_native(names: Iterable[str]) -> bool:
    """These functions are of C or C++ and of no Go program: some have `::`, or all are bare words; none is Go's."""
    names = list(names)
    if not names or any(_GO_NAME.match(name) and "::" not in name for name in names):
        return False
    return any("::" in name for name in names) or all(re.fullmatch(r"\w+|\[.*\]|<unknown>", name) for name in names)


def _name(text: str) -> str | None:
    """The function, without `(inline)` and without the file and line that -lines adds; None when cut off."""
    name = re.sub(r"\s+\((?:partial-)?inline\)\s*$", "", text.strip().strip("`|*").strip())
    name = re.sub(r"\s+\S*[\w/]\.\w+:\d+$", "", name)
    closed = all(name.count(a) == name.count(b) for a, b in ("()", "[]", "{}"))
    return name if name and (closed or "operator" in name) else None


def _rows(table: _Table) -> tuple[tuple[ProfileRow, ...], bool, int]:
    """(rows, all units known, rows whose name is cut off)."""
    rows: list[ProfileRow] = []
    known, cut = True, 0
    for match in table.rows:
        flat_width, cum_width = unit_bytes(match["unit"]), unit_bytes(match["cum_unit"])
        name = _name(match["name"])
        if flat_width is None or cum_width is None:
            known = False
        elif name is None:
            cut += 1
        else:
            flat, cum = exact_bytes(match["flat"], flat_width)[0], exact_bytes(match["cum"], cum_width)[0]
            rows.append(ProfileRow(function=name, flat=flat, cum=cum))
    return tuple(rows), known, cut


def _total(table: _Table, rows: Sequence[ProfileRow], notes: list[str]) -> int:
    if table.total is not None:
        return exact_bytes(table.total[0], unit_bytes(table.total[1]) or 1)[0]
    whole = [row.cum for row, match in zip(rows, table.rows, strict=False) if match["share"] == "100%"]
    notes.append("the line with the total is missing; the total is taken from the rows")
    return max(whole) if whole else sum(row.flat for row in rows)


def _is_difference(table: _Table, rows: Sequence[ProfileRow], total: int) -> bool:
    """-base stands in the command, something is negative, or all is zero: a profile of a living program never is."""
    if re.search(r"-(?:diff_)?base\b", table.command) or total < 0 or any(row.flat < 0 for row in rows):
        return True
    return table.total is not None and total == 0 and not any(row.cum for row in rows)


def _reading(table: _Table) -> Reading:
    notes: list[str] = []
    kind = _kind(table, notes)
    rows, known, cut = _rows(table)
    facts = {"profile.time": table.fields["Time"]} if table.fields.get("Time") else {}
    stamp = read_pprof_time(table.fields.get("Time", ""))
    if stamp is not None and stamp.note:
        notes.append(stamp.note)
    if not known or kind in _NO_MEMORY:
        notes.append(f"a profile of type {kind!r} measures no memory; it is not used")
        return Reading(facts=facts, notes=tuple(notes), line=table.first + 1, last_line=table.last + 1)
    if cut + table.cut:
        notes.append(f"{cut + table.cut} row(s) of the table are cut off in the middle and not used")
    total = _total(table, rows, notes)
    unit: Literal["bytes", "count"] = "bytes" if kind.endswith("_space") or _units(table) - {""} else "count"
    if any(_OF_GO.match(row.function) for row in rows):
        facts["go.seen"] = "1"
    if kind == "inuse_space" and is_native(row.function for row in rows):
        kind = "native_inuse"
    if _is_difference(table, rows, total):
        facts["profile.diff"] = f"{kind} {total}"
        kind += " (difference)"
        notes.append("the table shows the difference of two profiles")
    profile = Profile(
        kind=kind,
        unit=unit,
        total=total,
        rows=rows,
        build_id=table.fields.get("Build ID") or None,
        binary=table.fields.get("File") or None,
        wall_ns=stamp.wall_ns if stamp else None,
        dropped_rows=table.dropped,
    )
    counted = kind == "goroutine" and table.total is not None
    return Reading(
        metrics={"go.goroutines_count": total} if counted else {},
        facts=facts,
        profiles=(profile,),
        wall_ns=profile.wall_ns,
        notes=tuple(notes),
        line=table.first + 1,
        last_line=table.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every table in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(table) for table in _tables(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of pprof -top")
    return readings
