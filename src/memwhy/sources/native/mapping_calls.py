"""What strace shows of a program that maps and does not unmap: the table of `strace -c`, and calls of mmap of one size.

Fact mappings.many with the counts; no metrics, for a trace sees only what happens while it runs. Stacks of threads
(MAP_STACK), reservations without access and heaps of malloc (128 MiB, trimmed to 64) are passed over. Source: strace(1).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB, human_bytes
from memwhy.sources.native.lines import bare
from memwhy.sources.span import Span

NAME = "native/mapping_calls"
TRIGGERS = (b"usecs/call", b"mmap(", b" mmap", b"munmap")

_HEAD = re.compile(r"% time\s{1,20}seconds\s{1,20}usecs/call\s{1,20}calls")
_ROW = re.compile(
    r"\d{1,3}[.,]\d{2}\s{1,20}\d{1,9}[.,]\d{6}\s{1,20}\d{1,12}\s{1,20}(?P<calls>\d{1,12})(?:\s{1,20}\d{1,12})?\s{1,20}(?P<call>[a-z]\w{1,30}|total)$"
)
_RULE = re.compile(r"[- ]{10,}$")
_MAP = re.compile(
    r"\bmmap2?\((?:NULL|0x[0-9a-f]{1,16}|0), (?P<size>\d{1,15}), (?P<access>[A-Z_|]{4,60}), (?P<flags>[A-Z_0-9|]{4,120}), -1, 0\)\s{1,40}= 0x[0-9a-f]{4,16}"
)
_UNMAP = re.compile(r"\bmunmap\(0x[0-9a-f]{1,16}, (?P<size>\d{1,15})\)\s{1,40}= 0")
_MANY_CALLS, _TIMES = 100, 3
"""A program with many libraries maps some dozens while it starts; so many more, and three for each that is given back."""
_MANY_LINES = 8
_ARENA_BYTES = 64 * MIB
_GAP_LINES = 30
_LONGEST = 400


@dataclass(slots=True)
class _Trace:
    """A table, or a stretch of calls; line indices are 0-based. The keys are names of calls, or sizes in bytes."""

    table: bool
    first: int
    last: int
    mapped: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)

    def words(self) -> str | None:
        """The fact, None where nothing piles up."""
        if self.table:
            made, gone = self.mapped["mmap"] + self.mapped["mmap2"], self.mapped["munmap"]
            if made < _MANY_CALLS or made < _TIMES * max(1, gone):
                return None
            return f"strace counts {made:,} calls of mmap and {gone:,} of munmap"
        if not self.mapped:
            return None
        size, made = self.mapped.most_common(1)[0]
        gone = self.unmapped[size]
        if made < _MANY_LINES or made < _TIMES * max(1, gone):
            return None
        return (
            f"strace shows {made:,} calls of mmap of {human_bytes(int(size))} each, and {gone:,} of munmap of that size"
        )


def _traces(lines: Sequence[str]) -> Iterator[_Trace]:
    trace: _Trace | None = None
    for i, raw in enumerate(lines):
        head = "usecs/call" in raw and _HEAD.search(raw[:_LONGEST]) is not None
        in_table = trace is not None and trace.table
        if not head and not in_table and "map" not in raw:
            continue
        line = bare(raw[:_LONGEST])
        if head:
            if trace is not None:
                yield trace
            trace = _Trace(table=True, first=i, last=i)
            continue
        if in_table and trace is not None:
            row = _ROW.match(line)
            if row is not None:
                trace.mapped[row["call"]] += int(row["calls"])
                trace.last = i
                continue
            if not line or _RULE.match(line):
                continue
            yield trace
            trace = None
        made, gone = _MAP.search(line), _UNMAP.search(line)
        if made is None and gone is None:
            continue
        if trace is None or i - trace.last > _GAP_LINES:
            if trace is not None:
                yield trace
            trace = _Trace(table=False, first=i, last=i)
        trace.last = i
        if gone is not None:
            trace.unmapped[gone["size"]] += 1
        elif made is not None and _counts(made):
            trace.mapped[made["size"]] += 1
    if trace is not None:
        yield trace


def _counts(made: re.Match[str]) -> bool:
    """Whether a call maps private memory that is neither a stack, a reservation nor a heap of malloc."""
    flags, size = made["flags"].split("|"), int(made["size"])
    return (
        "MAP_ANONYMOUS" in flags
        and "PROT_WRITE" in made["access"]
        and not {"MAP_STACK", "MAP_NORESERVE", "MAP_FIXED"} & set(flags)
        and size not in (_ARENA_BYTES, 2 * _ARENA_BYTES)
    )


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables and stretches of calls in which mappings pile up."""
    return (Span(first=trace.first, last=trace.last) for trace in _traces(lines) if trace.words() is not None)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each such table or stretch. ParseError when there is none."""
    readings = tuple(
        Reading(facts={"mappings.many": words}, line=trace.first + 1, last_line=trace.last + 1)
        for trace in _traces(text.split("\n"))
        if (words := trace.words()) is not None
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no mappings that pile up")
    return readings
