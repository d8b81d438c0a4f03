"""A JVM's heap at one moment: `jcmd GC.heap_info`, `jmap -heap`, `jstat -gc`, and class histograms.

jstat's sizes are KiB (jstat(1)). A histogram counts live objects only when it collected first, as jcmd's does by default
and jmap's with `:live`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.managed.jcmd import pid_above
from memwhy.sources.native.lines import bare, measure, plain_decimal
from memwhy.sources.span import Span

NAME = "managed/jvm_heap"
TRIGGERS = (
    b"heap   ",
    b"generation ",
    b"psyounggen",
    b"zheap",
    b"#instances",
    b"  java.lang.",
    b"  [b",
    b"maxheapsize",
    b" ygct",
    b"shenandoah heap",
)

_WORDS = re.compile(
    r"heap|Heap|eneration|Gen |#instances|HeapSize|YGCT|Metaspace|Space|used|capacity|committed|^[\s>|`*]*\d|\| {1,8}\d|Total"
)
_INFO = re.compile(
    r"^(?P<name>garbage-first heap|PSYoungGen|ParOldGen|PSOldGen|def new generation|tenured generation|par new generation|concurrent mark-sweep generation)"
    r"\s{1,20}total (?P<total>\d{1,15}[KMG]), used (?P<used>\d{1,15}[KMG])"
)
_ZHEAP = re.compile(
    r"^ZHeap\s{1,20}used (?P<used>\d{1,15}[KMG]), capacity (?P<total>\d{1,15}[KMG]), max capacity (?P<most>\d{1,15}[KMG])"
)
_SHENANDOAH = re.compile(
    r"^(?P<most>\d{1,15}[KMG]) max, .{0,60}?(?P<total>\d{1,15}[KMG]) committed, (?P<used>\d{1,15}[KMG]) used"
)
_METASPACE = re.compile(
    r"^Metaspace\s{1,20}used \d{1,15}[KMG],(?: capacity \d{1,15}[KMG],)? committed (?P<committed>\d{1,15}[KMG])"
)
_INNER = re.compile(r"^(?:(?:class|eden|from|to|the|object)\s{1,3}space|region size)\s")
_DECORATION = re.compile(r"^(?:\[[^\[\]]{1,60}\]){1,8}\s{0,20}")
_JMAP = re.compile(r"^(?P<key>MaxHeapSize|capacity|used)\s{1,20}= (?P<bytes>\d{1,18}) \(")
_SECTION = re.compile(
    r"^(?P<name>G1 Heap|Eden Space|From Space|To Space|Survivor Space|PS Old Generation|tenured generation|concurrent mark-sweep generation|[A-Z][\w ]{2,60}):?$"
)
_SPACES = {
    "Eden Space",
    "From Space",
    "To Space",
    "PS Old Generation",
    "tenured generation",
    "concurrent mark-sweep generation",
}
_HISTOGRAM = re.compile(r"^num\s{1,20}#instances\s{1,20}#bytes\s{1,20}class name")
_CLASS = re.compile(
    r"^(?P<rank>\d{1,7}):\s{1,20}(?P<count>\d{1,15})\s{1,20}(?P<bytes>\d{1,18})\s{1,4}(?P<name>\S{1,300})"
)
_TOTAL = re.compile(r"^Total\s{1,20}(?P<count>\d{1,15})\s{1,20}(?P<bytes>\d{1,18})$")
_USED = ("S0U", "S1U", "EU", "OU")
_COMMITTED = ("S0C", "S1C", "EC", "OC")
_MOST_CLASSES = 500
_ENOUGH_CLASSES = 3
_JAVA = re.compile(r"\[+[BCIJSZFDL]|(?:java|javax|sun|jdk|org|com|net|io|kotlin|scala)\.")
_GAP_LINES = 60


@dataclass(slots=True)
class _Block:
    """One output of one command; line indices are 0-based. kind: info, jmap, jstat or histogram."""

    kind: str
    first: int
    last: int
    figures: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    section: str = ""
    classes: list[ProfileRow] = field(default_factory=list)
    elapsed_ns: int | None = None
    pid: str | None = None
    rank: int = 0
    headed: bool = True
    left_out: int = 0

    def add(self, metric: str, text: str, unit: str) -> None:
        measured = measure(text, unit)
        if measured is not None:
            self.figures[metric] = self.figures.get(metric, 0) + measured[0]
            self.quanta[metric] = self.quanta.get(metric, 0) + measured[1]

    def put(self, metric: str, text: str, unit: str) -> None:
        self.figures.pop(metric, None)
        self.quanta.pop(metric, None)
        self.add(metric, text, unit)


def _take_info(block: _Block | None, i: int, line: str) -> _Block | None:
    """The block with a line of GC.heap_info in it, a new one where a generation comes again; None if it is none."""
    match = _INFO.match(line) or _ZHEAP.match(line) or _SHENANDOAH.match(line)
    if match is None:
        if block is None or block.kind != "info" or i - block.last > 8:
            return None
        if _INNER.match(line):
            block.last = i
            return block
        meta = _METASPACE.match(line)
        if meta is None:
            return None
        block.put("runtime.metaspace_bytes", meta["committed"][:-1], meta["committed"][-1])
        block.last = i
        return block
    name = match.groupdict().get("name") or "heap"
    if block is None or block.kind != "info" or name in block.names or i - block.last > _GAP_LINES:
        block = _Block("info", i, i)
    block.names.add(name)
    block.last = i
    block.add("runtime.heap_committed_bytes", match["total"][:-1], match["total"][-1])
    block.add("runtime.heap_used_bytes", match["used"][:-1], match["used"][-1])
    if most := match.groupdict().get("most"):
        block.put("runtime.heap_limit_bytes", most[:-1], most[-1])
    return block


def _take_jmap(block: _Block | None, i: int, line: str) -> _Block | None:
    section = _SECTION.match(line)
    if section is not None and block is not None and block.kind == "jmap" and i - block.last <= _GAP_LINES:
        block.section = section["name"]
        return block
    match = _JMAP.match(line)
    if match is None:
        return None
    if match["key"] == "MaxHeapSize":
        block = _Block("jmap", i, i)
        block.add("runtime.heap_limit_bytes", match["bytes"], "")
        return block
    if block is None or block.kind != "jmap":
        return None
    metric = "runtime.heap_committed_bytes" if match["key"] == "capacity" else "runtime.heap_used_bytes"
    if block.section == "G1 Heap":
        block.put(metric, match["bytes"], "")
        block.names.add("whole")
    elif block.section in _SPACES and "whole" not in block.names:
        block.add(metric, match["bytes"], "")
    block.last = i
    return block


def _take_histogram(block: _Block | None, i: int, line: str) -> _Block | None:
    """A header, a class or the total; a class whose rank is no higher than the one before begins a table without its header."""
    if _HISTOGRAM.match(line):
        return _Block("histogram", i, i)
    open_ = block is not None and block.kind == "histogram" and i - block.last <= 4
    if match := _CLASS.match(line):
        rank = int(match["rank"])
        if block is None or not open_ or rank <= block.rank:
            block = _Block("histogram", i, i, headed=False)
        block.rank = rank
        if len(block.classes) < _MOST_CLASSES:
            size = int(match["bytes"])
            block.classes.append(ProfileRow(function=match["name"], flat=size, cum=size))
        else:
            block.left_out += int(match["bytes"])
    elif block is not None and open_ and (match := _TOTAL.match(line)):
        block.add("runtime.objects_count", match["count"], "")
        block.add("runtime.heap_used_bytes", match["bytes"], "")
    else:
        return None
    if block is not None:
        block.last = i
    return block


def _jstat(columns: Sequence[str], i: int, line: str) -> _Block | None:
    """A row below the header of `jstat -gc`."""
    words = line.split()
    if len(words) != len(columns) or not all(word[:1].isdigit() for word in words[:4]):
        return None
    row = dict(zip(columns, words, strict=True))
    block = _Block("jstat", i, i)
    for metric, names in (
        ("runtime.heap_used_bytes", _USED),
        ("runtime.heap_committed_bytes", _COMMITTED),
        ("runtime.metaspace_bytes", ("MC",)),
    ):
        for name in names:
            if name in row:
                block.add(metric, row[name], "K")
    stamp = row.get("Timestamp", "")
    if re.fullmatch(r"\d{1,12}[.,]\d{1,3}", stamp):
        block.elapsed_ns = round(float(plain_decimal(stamp.replace(",", "."))) * NS_PER_S)
    return block


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    columns: list[str] = []
    header = -1
    for i, raw in enumerate(lines):
        if not raw or not _WORDS.search(raw[:400]):
            continue
        line = bare(raw)
        if line.startswith("[") and "[gc" in line:
            line = _DECORATION.sub("", line)
        words = line.split()
        if "YGCT" in words and "OU" in words and "OC" in words:
            columns, header = words, i
            continue
        row = _jstat(columns, i, line) if columns and i - header <= 4000 and line[:1].isdigit() else None
        if row is not None:
            if block is not None:
                yield block
            yield row
            block = None
            continue
        taken = _take_info(block, i, line) or _take_jmap(block, i, line) or _take_histogram(block, i, line)
        if taken is not None and taken is not block:
            if block is not None:
                yield block
            block = taken
            block.first, block.pid = pid_above(lines, i)
    if block is not None:
        yield block


def _says(block: _Block) -> bool:
    if block.kind == "histogram" and not block.headed:
        return len(block.classes) >= _ENOUGH_CLASSES and any(_JAVA.match(row.function) for row in block.classes)
    return bool(block.figures) or bool(block.classes)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs; rows of jstat that follow one another together, with the header above them."""
    span: Span | None = None
    kind = ""
    for block in _blocks(lines):
        if not _says(block):
            continue
        if (
            span is not None
            and kind == block.kind == "jstat"
            and block.first - span.last <= 2
            and span.last - span.first < 4000
        ):
            span = Span(first=span.first, last=block.last)
            continue
        first = block.first
        if block.kind == "jstat":
            floor = max(-1 if span is None else span.last, block.first - 4000)
            first = next((i for i in range(block.first - 1, floor, -1) if "YGCT" in lines[i]), first)
        if span is not None:
            yield span
        span, kind = Span(first=first, last=block.last), block.kind
    if span is not None:
        yield span


def _reading(block: _Block) -> Reading:
    profiles: tuple[Profile, ...] = ()
    if block.classes:
        total = max(block.figures.get("runtime.heap_used_bytes", 0), sum(row.flat for row in block.classes))
        profiles = (Profile(kind="java_inuse", unit="bytes", total=total, rows=tuple(block.classes)),)
    notes: tuple[str, ...] = ()
    if block.classes and "runtime.heap_used_bytes" not in block.figures:
        block.figures["runtime.heap_used_bytes"] = sum(row.flat for row in block.classes) + block.left_out
        notes = ("the histogram has no total: what its rows here sum to is the least",)
    return Reading(
        metrics=block.figures,
        quanta={metric: quantum for metric, quantum in block.quanta.items() if quantum > 8},
        facts={"said.runtime": "jvm"},
        profiles=profiles,
        elapsed_ns=block.elapsed_ns,
        notes=notes,
        subject=f"pid {block.pid}" if block.pid else None,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if _says(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of a JVM's heap")
    return readings
