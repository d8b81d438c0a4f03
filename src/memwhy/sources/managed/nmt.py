"""The JVM's Native Memory Tracking: `jcmd PID VM.native_memory summary`, in any scale, and its differences to a baseline.

Committed is what the JVM has asked the kernel to back, reserved is address space; memory that native libraries allocate
by themselves is in neither (JDK documentation, "Native Memory Tracking"). A difference gives two readings: the baseline,
which is the figure less its change, and now.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.managed.jcmd import pid_above
from memwhy.sources.native.lines import GROUPED, measure, whole, with_words
from memwhy.sources.span import Span

NAME = "managed/nmt"
TRIGGERS = (b"reserved=",)

_WORDS = ("reserved=", "Native Memory Tracking:", "(thread #", "(classes #", "threads #", "malloc: ")
_PARTS = {
    "Total": "runtime.native_committed_bytes",
    "Java Heap": "runtime.heap_committed_bytes",
    "Class": "runtime.metaspace_bytes",
    "Metaspace": "runtime.metaspace_bytes",
    "Thread": "runtime.thread_stacks_bytes",
    "Code": "runtime.code_bytes",
    "GC": "runtime.gc_bytes",
    "GCCardSet": "runtime.gc_bytes",
    "Internal": "runtime.other_bytes",
    "Other": "runtime.other_bytes",
    "Arena Chunk": "runtime.other_bytes",
    "Unknown": "runtime.other_bytes",
}
"""Categories by their committed bytes; the rest is in the total only."""

_RESERVED = {"Total": "runtime.native_reserved_bytes", "Java Heap": "runtime.heap_limit_bytes"}
_SIZE = rf"(?:{GROUPED})\s?(?:[KMG]i?B?|bytes|B)?"
_CHANGE = rf"(?: [+-](?:{GROUPED})\s?(?:[KMG]i?B?|bytes|B)?)?"
_ROW = re.compile(
    r"(?:^|[-\s*|])(?P<name>Total|[A-Z][A-Za-z]{1,20}(?: [A-Z]?[A-Za-z]{2,12}){0,3}) {0,80}[:(] {0,8}"
    rf"reserved=(?P<reserved>{_SIZE})(?P<more>{_CHANGE}), {{0,3}}committed=(?P<committed>{_SIZE})(?P<grown>{_CHANGE})"
)
_COUNT = re.compile(rf"\((?P<what>threads?|classes) #(?P<count>{GROUPED})(?: (?P<change>[+-](?:{GROUPED})))?(?![\d.,])")
_COUNTS = {"thread": "process.threads_count", "threads": "process.threads_count", "classes": "runtime.classes_count"}
_MALLOC = re.compile(
    rf"^\W{{0,4}}malloc: (?P<size>{_SIZE})(?= |$)(?: #(?:{GROUPED}))?(?P<change> [+-](?:{GROUPED})\s?(?:[KMG]i?B?|bytes|B)?)?"
)
"""Beneath the total since JDK 20: what of it came of malloc (HotSpot's memReporter.cpp); the rest was mapped."""
_AMOUNT = re.compile(rf"(?P<sign>[+-]?)(?P<number>{GROUPED})\s?(?P<unit>[A-Za-z]{{0,5}})")
_GAP_LINES = 30


@dataclass(slots=True)
class _Block:
    """One output. now: metric → bytes; change: metric → bytes since the baseline; line indices are 0-based."""

    first: int
    last: int
    pid: str | None = None
    names: set[str] = field(default_factory=set)
    now: dict[str, int] = field(default_factory=dict)
    change: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)

    def add(self, metric: str, size: str, change: str) -> None:
        value, quantum = _amount(size)
        self.now[metric] = self.now.get(metric, 0) + value
        self.quanta[metric] = self.quanta.get(metric, 0) + quantum
        if change.strip():
            self.change[metric] = self.change.get(metric, 0) + _amount(change.strip())[0]


def _amount(text: str) -> tuple[int, int]:
    """(bytes, quantum), with its sign; KB, MB and GB are binary (HotSpot's NMTUtil::scale_name)."""
    match = _AMOUNT.match(text)
    measured = measure(str(whole(match["number"])), match["unit"]) if match else None
    if match is None or measured is None:
        return 0, 1
    return (-measured[0] if match["sign"] == "-" else measured[0]), measured[1]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Outputs; a new one begins with its header, or where a category comes again."""
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        header = "Native Memory Tracking:" in line
        row = None if header else _ROW.search(line)
        known = row is not None and row["name"] in _PARTS
        if block is not None and (
            i - block.last > _GAP_LINES or (header and block.now) or (row is not None and row["name"] in block.names)
        ):
            yield block
            block = None
        if header:
            first, pid = pid_above(lines, i)
            block = _Block(first, i, pid)
        elif row is not None:
            if block is None and not known:
                continue
            block = block or _Block(i, i)
            block.last = i
            _take(block, row)
        elif block is not None:
            _take_counts(block, line, i)
            if (match := _MALLOC.match(line.strip())) and block.names == {"Total"}:
                block.add("runtime.native_malloc_bytes", match["size"], match["change"] or "")
    if block is not None:
        yield block


def _take(block: _Block, row: re.Match[str]) -> None:
    name = row["name"]
    block.names.add(name)
    if name in _PARTS:
        block.add(_PARTS[name], row["committed"], row["grown"])
    if name in _RESERVED:
        block.add(_RESERVED[name], row["reserved"], row["more"])


def _take_counts(block: _Block, line: str, at: int) -> None:
    block.last = at
    for match in _COUNT.finditer(line):
        metric = _COUNTS[match["what"]]
        if metric not in block.now:
            block.now[metric] = whole(match["count"])
            if match["change"]:
                change = whole(match["change"])
                block.change[metric] = -change if match["change"].startswith("-") else change


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of jcmd VM.native_memory, and single categories of them."""
    for block in _blocks(lines):
        if block.names:
            yield Span(first=block.first, last=block.last)


def _readings(block: _Block) -> Iterator[Reading]:
    subject = f"pid {block.pid}" if block.pid else None
    line, last_line = block.first + 1, block.last + 1
    facts = {"said.runtime": "jvm"}
    total = [] if "Total" in block.names else ["the total of Native Memory Tracking is not on the page"]
    if block.change:
        before = {metric: value - block.change.get(metric, 0) for metric, value in block.now.items()}
        note = "a difference to a baseline: the first reading is the figures less their changes"
        if all(value >= 0 for value in before.values()):
            yield Reading(
                metrics=before,
                quanta=dict(block.quanta),
                facts=facts,
                subject=subject,
                notes=(note,),
                line=line,
                last_line=last_line,
            )
    yield Reading(
        metrics=dict(block.now),
        quanta=dict(block.quanta),
        facts=facts,
        subject=subject,
        notes=tuple(total),
        line=line,
        last_line=last_line,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) if block.names for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of Native Memory Tracking")
    return readings
