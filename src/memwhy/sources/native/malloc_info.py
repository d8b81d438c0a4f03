"""glibc's malloc_info(3): XML with a part for each arena and the sums behind the last one.

Free bytes are those of the "fast" and "rest" bins; what is obtained less what is free is in use. Mapped blocks are
not in the heaps' own figures (malloc/malloc.c, __malloc_info).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import unescape, with_words
from memwhy.sources.span import Span

NAME = "native/malloc_info"
TRIGGERS = (b"<malloc version", b"malloc version=", b"<system type=")

_WORDS = ("<malloc", "malloc&gt;", "&lt;malloc", "heap", "<total type", "<system type", "type=")
_TAG = re.compile(
    r"<(?:(?P<open>malloc) version=|(?P<heap>heap) nr=|(?P<close>/malloc|/heap)>|"
    r"(?P<kind>total|system) type=[\"'](?P<type>fast|rest|mmap|current)[\"'](?: count=[\"'](?P<count>\d{1,15})[\"'])? size=[\"'](?P<size>\d{1,18})[\"'])"
)
_LONGEST_LINE = 1 << 20
_GAP_LINES = 200


@dataclass(slots=True)
class _Part:
    """Sums of one heap or of all: bytes by type; count of mapped blocks."""

    sizes: dict[str, int] = field(default_factory=dict)
    count: int = 0
    closed: bool = False

    @property
    def free(self) -> int:
        return self.sizes.get("fast", 0) + self.sizes.get("rest", 0)


@dataclass(slots=True)
class _Block:
    """One document; line indices are 0-based. all: the sums behind the last heap."""

    first: int
    last: int
    heaps: list[_Part] = field(default_factory=list)
    all: _Part = field(default_factory=_Part)

    @property
    def says(self) -> bool:
        return "current" in self.all.sizes or any(heap.closed and "current" in heap.sizes for heap in self.heaps)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, short in with_words(lines, _WORDS):
        line = unescape(lines[i][:_LONGEST_LINE]) if len(lines[i]) > len(short) + 200 else short
        for match in _TAG.finditer(line):
            if block is not None and (i - block.last > _GAP_LINES or match["open"]):
                yield block
                block = None
            block = block or _Block(i, i)
            block.last = i
            if match["close"] == "/malloc":
                yield block
                block = None
            elif match["heap"]:
                block.heaps.append(_Part())
            elif match["close"] and block.heaps:
                block.heaps[-1].closed = True
            elif match["kind"]:
                part = block.heaps[-1] if block.heaps and not block.heaps[-1].closed else block.all
                part.sizes.setdefault(match["type"], int(match["size"]))
                part.count = int(match["count"] or 0) if match["type"] == "mmap" else part.count
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Documents, also without their end."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    notes: list[str] = []
    part = block.all
    if "current" not in part.sizes:
        whole = [heap for heap in block.heaps if heap.closed and "current" in heap.sizes]
        part = _Part({key: sum(heap.sizes.get(key, 0) for heap in whole) for key in ("fast", "rest", "current")})
        notes.append(f"malloc_info is cut off: the sums are of {len(whole)} whole arenas and the least")
    system = part.sizes["current"]
    metrics = {
        "malloc.system_bytes": system,
        "malloc.free_bytes": part.free,
        "malloc.in_use_bytes": max(0, system - part.free),
    }
    if "mmap" in part.sizes:
        metrics["malloc.mmapped_bytes"], metrics["malloc.mmapped_count"] = part.sizes["mmap"], part.count
    if block.heaps:
        metrics["malloc.arenas_count"] = len(block.heaps)
    return Reading(
        metrics=metrics,
        facts={"malloc.allocator": "glibc", "said.libc": "glibc"},
        notes=tuple(notes),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every document in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no document of malloc_info")
    return readings
