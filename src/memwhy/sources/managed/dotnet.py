"""What lies on .NET's heap: `dotnet-gcdump report`, SOS' `dumpheap -stat` and `eeheap -gc`, and the generations of .NET 9's counters.

A gcdump and dumpheap without `-live` count by type what the collector has not yet taken away; eeheap's allocated and committed
sizes are the heap's own (dotnet/diagnostics, documentation of SOS and of dotnet-gcdump).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import GROUPED, LONGEST, bare, whole
from memwhy.sources.span import Span

NAME = "managed/dotnet"
TRIGGERS = (b"gc heap bytes", b"class name", b"heap size:", b"heap.size (by)", b"object bytes")

_DUMP = re.compile(rf"^(?P<number>{GROUPED})\s{{1,40}}GC Heap (?P<what>bytes|objects)$")
_DUMP_HEAD = re.compile(r"^Object Bytes\s{1,40}Count\s{1,40}Type$")
_DUMP_ROW = re.compile(
    rf"^(?P<bytes>{GROUPED})\s{{1,40}}(?P<count>{GROUPED})\s{{1,40}}(?P<name>[A-Za-z_<\[].{{0,300}})$"
)
_SOS_HEAD = re.compile(r"^MT\s{1,40}Count\s{1,40}TotalSize\s{1,40}Class Name$")
_SOS_ROW = re.compile(
    rf"^[0-9a-f]{{8,16}}\s{{1,40}}(?P<count>{GROUPED})\s{{1,40}}(?P<bytes>{GROUPED})\s{{1,40}}(?P<name>[A-Za-z_<].{{0,300}})$"
)
_SOS_TOTAL = re.compile(rf"^Total (?P<count>{GROUPED}) objects(?:, (?P<bytes>{GROUPED}) bytes)?\.?$")
_EEHEAP = re.compile(
    r"^GC (?P<what>Allocated |Committed )?Heap Size:\s{1,40}(?:Size:\s{1,20})?0x[0-9a-f]{1,16} \((?P<bytes>\d{1,18})\) bytes\.?$"
)
_SIZES_HEAD = re.compile(r"^dotnet\.gc\.last_collection\.heap\.size \(By\)$")
_GENERATION = re.compile(rf"^(?P<name>gen[0-2]|loh|poh)\s{{1,200}}(?P<bytes>{GROUPED})$")
_TITLE = re.compile(r"^(?:gc\.heap\.generation|-{3,40})$")
_WORDS = re.compile(r"GC Heap|Heap Size:|Object Bytes|TotalSize|heap\.size \(By\)|GC Allocated|GC Committed")
_FREE = "Free"
"""SOS lists the holes between objects as a type of this name."""
_MOST_ROWS = 500
_GAP_LINES = 6


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based. kind: gcdump, dumpheap, eeheap or generations."""

    kind: str
    first: int
    last: int
    figures: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    rows: list[ProfileRow] = field(default_factory=list)
    summed: int = 0
    free: int = 0

    @property
    def says(self) -> bool:
        return bool(self.figures) or bool(self.rows)


def _begin(line: str, i: int) -> _Block | None:
    """A block that this line opens."""
    for kind, pattern in (("gcdump", _DUMP), ("gcdump", _DUMP_HEAD), ("dumpheap", _SOS_HEAD), ("eeheap", _EEHEAP), ("generations", _SIZES_HEAD)):  # fmt: skip
        if pattern.match(line):
            return _Block(kind, i, i)
    return None


def _add_row(block: _Block, match: re.Match[str]) -> bool:
    size = whole(match["bytes"])
    if match["name"].strip() == _FREE:
        block.free += size
        return True
    block.summed += size
    if len(block.rows) < _MOST_ROWS:
        block.rows.append(ProfileRow(function=match["name"].strip(), flat=size, cum=size))
    return True


def _put(block: _Block, metric: str, number: str) -> bool:
    """Take a figure; False where it was there already: the next output has begun."""
    if metric in block.figures:
        return False
    block.figures[metric] = whole(number)
    return True


def _take(block: _Block, line: str) -> bool:
    """Put a line into the block; whether it is one of its lines."""
    if block.kind == "gcdump":
        if match := _DUMP.match(line):
            metric = "runtime.heap_used_bytes" if match["what"] == "bytes" else "runtime.objects_count"
            return _put(block, metric, match["number"])
        row = _DUMP_ROW.match(line)
        return _add_row(block, row) if row else (_DUMP_HEAD.match(line) is not None and not block.rows)
    if block.kind == "dumpheap":
        if match := _SOS_TOTAL.match(line):
            if match["bytes"]:
                _put(block, "runtime.heap_used_bytes", match["bytes"])
            return _put(block, "runtime.objects_count", match["count"])
        row = _SOS_ROW.match(line)
        return _add_row(block, row) if row else (_SOS_HEAD.match(line) is not None and not block.rows)
    if block.kind == "eeheap":
        match = _EEHEAP.match(line)
        committed = match is not None and (match["what"] or "").startswith("Committed")
        metric = "runtime.heap_committed_bytes" if committed else "runtime.heap_used_bytes"
        return match is not None and _put(block, metric, match["bytes"])
    match = _GENERATION.match(line)
    if match is None or match["name"] in block.names:
        return bool(_TITLE.match(line)) or (_SIZES_HEAD.match(line) is not None and not block.names)
    block.names.add(match["name"])
    block.figures["runtime.heap_used_bytes"] = block.figures.get("runtime.heap_used_bytes", 0) + whole(match["bytes"])
    return True


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or (block is None and not _WORDS.search(raw[:LONGEST])):
            continue
        line = bare(raw)
        if block is not None and i - block.last <= _GAP_LINES and _take(block, line):
            block.last = i
            continue
        begun = _begin(line, i)
        if block is not None and (begun is not None or i - block.last > _GAP_LINES):
            yield block
            block = None
        if begun is not None:
            block = begun
            _take(block, line)
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    metrics, notes = dict(block.figures), list[str]()
    if block.rows and "runtime.heap_used_bytes" not in metrics:
        metrics["runtime.heap_used_bytes"] = block.summed
        notes.append("the table has no total of bytes: what its rows here sum to is the least")
    elif 0 < block.free <= metrics.get("runtime.heap_used_bytes", 0):
        metrics["runtime.heap_used_bytes"] -= block.free
        notes.append(f"{block.free} bytes of the table's total are free: holes between objects")
    profiles: tuple[Profile, ...] = ()
    if block.rows:
        rows = sorted((row for row in block.rows if row.flat), key=lambda row: (-row.flat, row.function))
        total = max(metrics.get("runtime.heap_used_bytes", 0), block.summed)
        profiles = (Profile(kind="dotnet_inuse", unit="bytes", total=total, rows=tuple(rows)),)
    return Reading(
        metrics=metrics,
        facts={"said.runtime": "dotnet"},
        profiles=profiles,
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of .NET's heap")
    return readings
