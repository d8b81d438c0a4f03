"""What lies on CPython's heap by type: pympler's summary, guppy's heap(), objgraph's growth and most common types.

pympler's and guppy's totals are of the objects that the collector can reach, sized by themselves (sys.getsizeof), so they
are less than what the process holds; objgraph counts objects and says how many are new.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, bare, measure
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "managed/python_objects"
TRIGGERS = (
    b"# objects |",
    b"partition of a set of",
    b"show_growth",
    b"     +",
    b"most_common_types",
    b"memory growth",
    b"[('",
    b'[("',
)

_PYMPLER_HEAD = re.compile(r"^types \|\s{1,20}# objects \|\s{1,20}total size$")
_PYMPLER = re.compile(
    rf"^(?P<name>[^|]{{1,200}}?)\s{{0,20}}\|\s{{0,20}}(?P<count>\d{{1,15}})\s{{0,20}}\|\s{{0,20}}(?P<size>{DECIMAL}) (?P<unit>[KMG]?B)$"
)
_GUPPY_HEAD = re.compile(r"Partition of a set of (?P<count>\d{1,15}) objects?\. Total size = (?P<bytes>\d{1,18}) bytes")
_GUPPY = re.compile(
    r"^\d{1,4}\s{1,20}(?P<count>\d{1,15})\s{1,20}\d{1,3}\s{1,20}(?P<bytes>\d{1,18})\s{1,20}\d{1,3}\s{1,20}\d{1,18}\s{1,20}\d{1,3}\s(?P<name>\S.{0,200})$"
)
_GROWTH = re.compile(r"^(?P<name>[A-Za-z_][\w.<>]{0,80})\s{1,60}(?P<count>\d{1,15})\s{1,20}\+(?P<new>\d{1,15})$")
_TUPLES = re.compile(r"\[\((?:'[^'\n]{1,100}'|\"[^\"\n]{1,100}\"), ?\d{1,15}, ?\d{1,15}\)")
_TUPLE = re.compile(r"\(['\"](?P<name>[A-Za-z_][\w.<>]{0,80})['\"], ?(?P<count>\d{1,15}), ?(?P<new>\d{1,15})\)")
"""objgraph.growth() as it is returned, and as programs log it (Home Assistant's profiler does)."""
_COMMON_HEAD = re.compile(r"(?:show|get)_most_common_types\b|\bmost common types\b", re.IGNORECASE)
_COMMON = re.compile(r"^(?P<name>[A-Za-z_][\w.<>]{0,80})\s{1,60}(?P<count>\d{1,15})$")
_TYPES = frozenset(
    [
        "dict",
        "list",
        "tuple",
        "set",
        "frozenset",
        "function",
        "method",
        "cell",
        "weakref",
        "type",
        "str",
        "bytes",
        "module",
        "property",
        "frame",
        "code",
        "generator",
        "coroutine",
        "wrapper_descriptor",
        "builtin_function_or_method",
        "method_descriptor",
        "getset_descriptor",
        "ReferenceType",
        "Future",
        "Task",
    ]
)
_MOST_ROWS = 500


@dataclass(slots=True)
class _Block:
    """A table; line indices are 0-based. kind: pympler, guppy, objgraph or common."""

    kind: str
    first: int
    last: int
    total: dict[str, int] = field(default_factory=dict)
    stamp: Stamp | None = None
    rows: list[ProfileRow] = field(default_factory=list)
    before: list[ProfileRow] = field(default_factory=list)

    @property
    def says(self) -> bool:
        if self.kind == "growth":
            return bool(self.rows)
        if self.kind in (
            "objgraph",
            "common",
        ):  # its rows are words and figures: only types that every Python has tell them
            return len(self.rows) >= 2 and any(row.function in _TYPES for row in self.rows)
        return bool(self.total) or bool(self.rows)


def _growth(line: str, i: int) -> _Block:
    """One call of objgraph.growth() is a table in one line."""
    block = _Block("growth", i, i, stamp=read_stamp(line[:200]))
    for match in _TUPLE.finditer(line):
        count, new = int(match["count"]), int(match["new"])
        if new <= count and len(block.rows) < _MOST_ROWS:
            block.rows.append(ProfileRow(function=match["name"], flat=count, cum=count))
            block.before.append(ProfileRow(function=match["name"], flat=count - new, cum=count - new))
    return block


def _begin(line: str, i: int) -> _Block | None:
    if _TUPLES.search(line):
        return _growth(line, i)
    if _PYMPLER_HEAD.match(line):
        return _Block("pympler", i, i)
    if match := _GUPPY_HEAD.search(line):
        total = {"runtime.objects_count": int(match["count"]), "runtime.heap_used_bytes": int(match["bytes"])}
        return _Block("guppy", i, i, total)
    if _COMMON_HEAD.search(line):
        return _Block("common", i, i)
    return _Block("objgraph", i, i) if _GROWTH.match(line) else None


def _take(block: _Block, line: str) -> bool:
    """Put a row into the table; whether the line was one."""
    row: ProfileRow | None = None
    if block.kind == "pympler" and (match := _PYMPLER.match(line)):
        measured = measure(match["size"], match["unit"])
        row = ProfileRow(function=match["name"].strip(), flat=measured[0], cum=measured[0]) if measured else None
    elif block.kind == "guppy" and (match := _GUPPY.match(line)):
        row = ProfileRow(function=match["name"], flat=int(match["bytes"]), cum=int(match["bytes"]))
    elif block.kind == "common" and (match := _COMMON.match(line)):
        if any(match["name"] == known.function for known in block.rows):
            return False
        row = ProfileRow(function=match["name"], flat=int(match["count"]), cum=int(match["count"]))
    elif block.kind == "objgraph" and (match := _GROWTH.match(line)):
        count, new = int(match["count"]), int(match["new"])
        if new > count or any(match["name"] == known.function for known in block.rows):
            return False
        row = ProfileRow(function=match["name"], flat=count, cum=count)
        block.before.append(ProfileRow(function=match["name"], flat=count - new, cum=count - new))
    if row is not None and len(block.rows) < _MOST_ROWS:
        block.rows.append(row)
    return row is not None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if block is None and not (
            "|" in raw or "+" in raw or "Partition" in raw or "[(" in raw or "most" in raw.lower()
        ):
            continue
        line = bare(raw)
        if block is not None and _take(block, line):
            block.last = i
            continue
        if (
            block is not None
            and i - block.last <= 4
            and (not line or (block.kind != "objgraph" and set(line) <= set("=| -")) or line.startswith("Index"))
        ):
            continue
        if block is not None:
            yield block
        block = _begin(line, i)
        if block is not None and block.kind == "objgraph":
            _take(block, line)
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables by type."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _profile(kind: str, rows: list[ProfileRow], total: int) -> Profile:
    rows = sorted((row for row in rows if row.flat > 0), key=lambda row: (-row.flat, row.function))
    counted = kind == "python_objects"
    return Profile(
        kind=kind,
        unit="count" if counted else "bytes",
        total=max(total, sum(row.flat for row in rows)),
        rows=tuple(rows),
    )


def _readings(block: _Block) -> Iterator[Reading]:
    line, last_line = block.first + 1, block.last + 1
    facts = {"said.runtime": "cpython"}
    kind = "python_objects" if block.kind in ("objgraph", "common", "growth") else "python_inuse"
    wall_ns = block.stamp.wall_ns if block.stamp else None
    if block.before:
        note = "objgraph prints what is new: the first reading is the counts less that"
        before = _profile(kind, block.before, 0)
        yield Reading(facts=facts, profiles=(before,), notes=(note,), line=line, last_line=last_line)
    profile = _profile(kind, block.rows, block.total.get("runtime.heap_used_bytes", 0))
    yield Reading(
        metrics=block.total, facts=facts, profiles=(profile,), wall_ns=wall_ns, line=line, last_line=last_line
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every table in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) if block.says for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of objects by type")
    return readings
