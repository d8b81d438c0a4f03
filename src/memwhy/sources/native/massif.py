"""Massif: ms_print's table and trees, and the raw massif.out file. One reading for each snapshot, in order.

A row of the table sums: total = useful heap + extra heap + stacks (ms_print), which is how a row is known for one even
without its header. Time counts instructions, bytes allocated or milliseconds; only the last is a time.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import GROUPED, LONGEST, bare, unescape, whole
from memwhy.sources.native.stacks import profile_of, runtime_of
from memwhy.sources.span import Span

NAME = "native/massif"
TRIGGERS = (b"mem_heap_b=", b"useful-heap(b)", b"(heap allocation functions)")

_RAW = re.compile(
    r"(?P<key>mem_heap_B|time|mem_heap_extra_B|snapshot|time_unit)[=:] ?(?P<value>\d{1,19}|[a-zA-Z]{1,3})"
)
_ROW = re.compile(
    rf"(?P<n>\d{{1,6}})\s{{1,20}}(?P<time>{GROUPED})\s{{1,20}}(?P<total>{GROUPED})\s{{1,20}}(?P<heap>{GROUPED})"
    rf"\s{{1,20}}(?P<extra>{GROUPED})\s{{1,20}}(?P<stacks>{GROUPED})"
)
_HEADER = re.compile(r"\btime\((?P<unit>[a-zA-Z]{1,3})\)\s.{0,60}useful-heap\(B\)")
_NODE = re.compile(r"(?P<indent>)->\d{1,3}[.,]\d\d% \((?P<bytes>" + GROUPED + r")B\) (?P<what>.{1,400})")
_RAW_NODE = re.compile(r"n(?P<children>\d{1,6}): (?P<bytes>\d{1,19}) (?P<what>.{1,400})")
_FRAME = re.compile(r"0x[0-9A-Fa-f]{1,16}: (?P<function>.{1,300}?)(?: \((?:in )?[^()]{1,300}\))?$")
_GAP_LINES = 60
_DEEPEST = 200


@dataclass(slots=True)
class _Snapshot:
    """heap: useful bytes, -1 until they are read."""

    at: int
    heap: int = -1
    time: int = 0
    stacks: list[tuple[tuple[str, ...], int]] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """One run of massif; line indices are 0-based."""

    first: int
    last: int
    unit: str = ""
    snapshots: list[_Snapshot] = field(default_factory=list)
    path: list[tuple[str, int]] = field(default_factory=list)  # frames down to the current node, with what is left open
    column: int = -1  # where the arrows of the printed tree begin, quoted or indented as it may be

    @property
    def says(self) -> bool:
        return any(snapshot.heap > 0 for snapshot in self.snapshots)


def _columns(text: str) -> dict[str, int] | None:
    """The figures of a table's row, if they sum as a row of ms_print does."""
    if not text[:1].isdigit() or text.count(" ") < 5:
        return None
    match = _ROW.fullmatch(text)
    if match is None:
        return None
    row = {name: whole(value) for name, value in match.groupdict().items()}
    return row if row["total"] == row["heap"] + row["extra"] + row["stacks"] else None


def _function(what: str) -> str | None:
    match = _FRAME.match(what.strip())
    return match["function"] if match else None


def _take_tree(block: _Block, raw: str) -> bool:
    """A node of ms_print's tree: its depth is the place of its arrow. The stack of a node is what leads to it."""
    match = _NODE.search(raw.rstrip("*` "))
    if match is None or not block.snapshots:
        return False
    arrow = match.end("indent")
    block.column = arrow if block.column < 0 else block.column
    depth = max(0, min((arrow - block.column) // 2, _DEEPEST))
    del block.path[depth:]
    function, size = _function(match["what"]), whole(match["bytes"])
    if function is not None and len(block.path) == depth:
        block.path.append((function, size))
        _leave(block.snapshots[-1], [name for name, _ in block.path], size)
    return True


def _leave(snapshot: _Snapshot, frames: list[str], size: int) -> None:
    """A node's bytes are its own stack's, no longer its caller's part above it."""
    if snapshot.stacks and len(frames) > 1:
        for i in range(len(snapshot.stacks) - 1, -1, -1):
            above, rest = snapshot.stacks[i]
            if above == tuple(frames[:-1]):
                snapshot.stacks[i] = (above, max(0, rest - size))
                break
            if len(above) < len(frames) - 1:
                break
    snapshot.stacks.append((tuple(frames), size))


def _take_raw_tree(block: _Block, line: str) -> bool:
    """A node of the raw tree, `n2: 1280000 0x10924B: keep (a.c:21)`; the number is how many nodes follow below it."""
    match = _RAW_NODE.match(line)
    if match is None or not block.snapshots:
        return False
    if "(heap allocation functions)" in match["what"]:
        block.path = []
        return True
    function, size = _function(match["what"]), int(match["bytes"])
    if function is not None and len(block.path) < _DEEPEST:
        _leave(block.snapshots[-1], [name for name, _ in block.path] + [function], size)
    children = int(match["children"])
    if children:
        block.path.append((function or "?", children))
    else:
        while block.path:
            name, left = block.path.pop()
            if left > 1:
                block.path.append((name, left - 1))
                break
    return True


def _take(block: _Block, i: int, raw: str, line: str) -> bool:
    """Put a line into the block; whether it was one of massif's."""
    row = _columns(line)
    if row is not None:
        block.snapshots.append(_Snapshot(i, row["heap"], row["time"]))
        block.path, block.column = [], -1
    elif "=" in line and (match := _RAW.fullmatch(line)):
        if match["key"] == "snapshot":
            block.snapshots.append(_Snapshot(i))
            block.path = []
        elif block.snapshots and match["value"].isdigit():
            snapshot = block.snapshots[-1]
            if match["key"] == "mem_heap_B":
                snapshot.heap = int(match["value"])
            elif match["key"] == "time":
                snapshot.time = int(match["value"])
    elif header := _HEADER.search(line):
        block.unit = header["unit"]
    elif line.startswith("time_unit:"):
        block.unit = line.partition(":")[2].strip()
    elif "->" in line and "B) " in line:
        return _take_tree(block, raw)
    elif line.startswith("n") and line[1:2].isdigit():
        return _take_raw_tree(block, line)
    else:
        return False
    return True


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or not (
            "(B)" in raw
            or "->" in raw
            or "-&gt;" in raw
            or "| " in raw
            or "B=" in raw
            or "snapshot=" in raw
            or "time" in raw
            or raw[:40].lstrip("> `|*n")[:1].isdigit()
        ):
            continue
        line = bare(raw)
        begins = line.startswith("time_unit:") or line == "snapshot=0"
        if block is not None and (i - block.last > _GAP_LINES or (begins and block.snapshots)):
            yield block
            block = None
        fresh = block or _Block(i, i)
        if _take(fresh, i, unescape(raw[:LONGEST]), line):
            fresh.last = i
            block = fresh
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of massif, from the first snapshot to the last."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _readings(block: _Block) -> Iterator[Reading]:
    whole = [snapshot for snapshot in block.snapshots if snapshot.heap >= 0]
    peak = max(snapshot.heap for snapshot in whole)
    detailed = [snapshot for snapshot in whole if snapshot.stacks]
    shown = {id(detailed[0]), id(detailed[-1])} if detailed else set()
    for snapshot in whole:
        last = snapshot is whole[-1]
        profile: Profile | None = profile_of(snapshot.stacks, snapshot.heap) if id(snapshot) in shown else None
        if profile is not None and profile.total > snapshot.heap:
            profile = None  # the tree's indentation was lost: its stacks would be made up
        runtime = runtime_of(profile.stacks) if profile else None
        yield Reading(
            metrics={"tool.outstanding_bytes": snapshot.heap, **({"tool.peak_bytes": peak} if last else {})},
            facts={"said.runtime": runtime} if runtime else {},
            profiles=(profile,) if profile else (),
            elapsed_ns=snapshot.time * 1_000_000 if block.unit == "ms" else None,
            line=snapshot.at + 1,
            last_line=snapshot.at + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """Every snapshot in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) if block.says for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no snapshots of massif")
    return readings
