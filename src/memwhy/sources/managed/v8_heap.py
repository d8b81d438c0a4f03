"""V8's heap by its spaces (`v8.getHeapSpaceStatistics()`) and by constructor (the summary of a heap snapshot).

space_size is what a space has obtained, space_used_size what lies in it (Node documentation, v8). A summary's shallow sizes
are the objects' own and disjoint; retained ones overlap. DevTools prints both in bytes or kB (powers of 1000), and in percent.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import LONGEST, bare, measure
from memwhy.sources.span import Span

NAME = "managed/v8_heap"
TRIGGERS = (b"space_used_size", b"shallow size")

_SPACE = re.compile(r"(?<![a-z_])(?P<key>space_size|space_used_size)[\"']?\s?:\s?(?P<bytes>\d{1,18})(?![\d.])")
_NAMED = re.compile(r"space_name[\"']?\s?:\s?[\"'](?P<name>\w{3,40})[\"']")
_HEAD = re.compile(r"^Constructor\b.{0,80}\bShallow Size\b", re.IGNORECASE)
_NUMBER = r"\d{1,3}(?:[,.\u00a0\u202f ]\d{3}){1,5}|\d{1,18}"
_ROW = re.compile(
    rf"^(?P<name>[A-Za-z_$(<].{{0,120}}?)\s{{0,4}}(?:[×x]\s?(?:{_NUMBER}))?\s{{1,40}}\d{{1,3}}\s{{1,40}}(?:(?:{_NUMBER})\s{{0,3}}\(?\d{{1,3}}\s?%\)?\s{{1,40}})?"
    rf"(?P<shallow>{_NUMBER}) ?(?P<unit>[kM]B)?\s{{0,3}}\(?(?P<part>\d{{1,3}})\s?%\)?\s{{1,40}}(?:{_NUMBER}) ?(?:[kM]B)?\s{{0,3}}\(?\d{{1,3}}\s?%\)?$"
)
_ROW_CHARS = 300
_GAP_LINES = 12
_MOST_ROWS = 500


@dataclass(slots=True)
class _Block:
    """One answer or one table; line indices are 0-based. spaces: names seen; sizes: bytes by key, summed."""

    kind: str
    first: int
    last: int
    spaces: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    rows: list[ProfileRow] = field(default_factory=list)

    @property
    def says(self) -> bool:
        whole = {"old_space", "new_space"} <= self.spaces
        return len(self.rows) >= 2 or (whole and len(self.sizes) == 2)


def _row(line: str) -> ProfileRow | None:
    match = _ROW.match(line) if len(line) <= _ROW_CHARS else None
    if match is None or int(match["part"]) > 100:
        return None
    digits = re.sub(r"\D", "", match["shallow"])
    measured = measure(digits, match["unit"] or "", decimal=True)
    return ProfileRow(function=match["name"].strip(), flat=measured[0], cum=measured[0]) if measured else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        table = block is not None and block.kind == "table" and i - block.last <= _GAP_LINES
        if not raw or not (table or "space_" in raw[:LONGEST] or "hallow" in raw[:LONGEST]):
            continue
        line = bare(raw)
        if _HEAD.match(line):
            if block is not None:
                yield block
            block = _Block("table", i, i)
            continue
        if table and block is not None and (row := _row(line)) is not None:
            if len(block.rows) < _MOST_ROWS:
                block.rows.append(row)
            block.last = i
            continue
        names, sizes = {match["name"] for match in _NAMED.finditer(line)}, list(_SPACE.finditer(line))
        if not names and not sizes:
            continue
        again = block is not None and bool(block.spaces & names)
        if block is None or block.kind != "spaces" or again or i - block.last > _GAP_LINES:
            if block is not None:
                yield block
            block = _Block("spaces", i, i)
        block.spaces |= names
        for match in sizes:
            block.sizes[match["key"]] = block.sizes.get(match["key"], 0) + int(match["bytes"])
        block.last = i
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Answers with both young and old space, tables with two rows or more."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    metrics: dict[str, int] = {}
    profiles: tuple[Profile, ...] = ()
    notes: tuple[str, ...] = ()
    if block.kind == "spaces":
        metrics = {
            "runtime.heap_used_bytes": min(block.sizes["space_used_size"], (1 << 60) - 1),
            "runtime.heap_committed_bytes": min(block.sizes["space_size"], (1 << 60) - 1),
        }
    else:
        rows = sorted(block.rows, key=lambda row: (-row.flat, row.function))
        total = sum(row.flat for row in rows)
        profiles = (Profile(kind="node_inuse", unit="bytes", total=total, rows=tuple(rows)),)
        metrics = {"runtime.heap_used_bytes": total}
        notes = ("a snapshot's summary has no total: what its rows' shallow sizes sum to is the least",)
    return Reading(
        metrics=metrics,
        facts={"said.runtime": "node"},
        profiles=profiles,
        notes=notes,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an answer or a table, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of V8's heap")
    return readings
