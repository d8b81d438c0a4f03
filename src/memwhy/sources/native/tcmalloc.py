"""tcmalloc's statistics: the `MALLOC:` lines, of gperftools and of Google's newer one, and its properties in logs and JSON.

"Actual memory used" is physical memory and swap; "released to OS" is address space only (gperftools, src/tcmalloc.cc).
Envoy's `/memory` and `server.memory_*` and MongoDB's `serverStatus().tcmalloc` print the same properties under names of their
own (Envoy's admin API, Memory). heap_size counts what was given back in gperftools, and not in Google's newer one: nothing is
taken off it here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import with_words
from memwhy.sources.span import Span

NAME = "native/tcmalloc"
TRIGGERS = (b"malloc: ", b"current_allocated_bytes", b"pageheap", b"server.memory_", b"server_memory_")

_WORDS = ("MALLOC:", "_bytes", "pageheap", "memory_", '"allocated"', '"heap_size"', '"total_thread_cache"')
_ROW = re.compile(
    r"MALLOC:\s{0,10}[+=]?\s{0,40}(?P<bytes>\d{1,18})(?: \(\s{0,10}[\d.]{1,12} MiB\)|\s)\s{0,20}(?P<words>[A-Za-z].{0,80})$"
)
_PROPERTIES = {
    "current_allocated_bytes": "malloc.in_use_bytes",
    "heap_size": "malloc.system_bytes",
    "pageheap_free_bytes": "malloc.free_bytes",
    "pageheap_unmapped_bytes": "malloc.retained_virtual_bytes",
    "current_total_thread_cache_bytes": "malloc.tcache_bytes",
    "allocated": "malloc.in_use_bytes",
    "pageheap_free": "malloc.free_bytes",
    "pageheap_unmapped": "malloc.retained_virtual_bytes",
    "total_thread_cache": "malloc.tcache_bytes",
    "total_physical_bytes": "malloc.resident_bytes",
    "physical_size": "malloc.resident_bytes",
}
_PROPERTY = re.compile(
    r"(?<![A-Za-z0-9])(?P<key>(?:generic\.|tcmalloc\.)?(?:current_allocated_bytes|pageheap_(?:free|unmapped)(?:_bytes)?|current_total_thread_cache_bytes|total_physical_bytes)"
    r"|generic\.heap_size|(?<=[\"'])(?:allocated|heap_size|total_thread_cache)(?=[\"'])|(?:envoy_)?server[._]memory_(?:allocated|heap_size|physical_size))"
    r"(?:\{[^{}]{0,200}\})?[\"']?\s{0,10}[:=]?\s{0,40}(?:NumberLong\(|Long\()?[\"']?(?P<bytes>\d{1,18})(?![\d.])"
)
_SURE = re.compile(r"pageheap|current_allocated|memory_")
"""Names that nothing else has; `allocated` and `heap_size` count beside one of them only."""
_USED, _RESIDENT, _RELEASED = "Bytes in use by application", "Actual memory used", "Bytes released to OS"
_FREE = ("freelist", "Bytes in transfer cache")
_TELLING = frozenset(("malloc.in_use_bytes", "malloc.free_bytes", "malloc.resident_bytes"))
_GAP_LINES = 6


@dataclass(slots=True)
class _Block:
    first: int
    last: int
    rows: dict[str, int] = field(default_factory=dict)
    properties: dict[str, int] = field(default_factory=dict)
    sure: bool = False

    @property
    def says(self) -> bool:
        return (self.sure and bool(_TELLING & set(self.properties))) or any(
            words.startswith((_USED, _RESIDENT)) for words in self.rows
        )


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        row = _ROW.search(line)
        pairs = [(match["key"], int(match["bytes"])) for match in _PROPERTY.finditer(line)]
        properties = {_PROPERTIES[re.split(r"[.]|memory_", key)[-1]]: size for key, size in pairs}
        if row is None and not properties:
            continue
        words = row["words"].strip() if row else ""
        again = block is not None and (words in block.rows or any(key in block.properties for key in properties))
        if block is not None and (again or i - block.last > _GAP_LINES):
            yield block
            block = None
        block = block or _Block(i, i)
        block.last = i
        block.properties.update(properties)
        block.sure = block.sure or any(_SURE.search(key) for key, _ in pairs)
        if row is not None:
            block.rows[words] = int(row["bytes"])
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of MALLOC: lines, and properties."""
    for block in _blocks(lines):
        if block.says:
            yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    metrics = dict(block.properties)
    free = [size for words, size in block.rows.items() if any(part in words for part in _FREE)]
    if free:
        metrics["malloc.free_bytes"] = sum(free)
    for words, size in block.rows.items():
        if words.startswith(_USED):
            metrics["malloc.in_use_bytes"] = size
        elif words.startswith(_RESIDENT):
            metrics["malloc.resident_bytes"] = size
        elif words.startswith(_RELEASED):
            metrics["malloc.retained_virtual_bytes"] = size
        elif "thread cache" in words:
            metrics["malloc.tcache_bytes"] = size
    return Reading(
        metrics=metrics, facts={"malloc.allocator": "tcmalloc"}, line=block.first + 1, last_line=block.last + 1
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every table in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")) if block.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no statistics of tcmalloc")
    return readings
