"""tcmalloc's statistics: the `MALLOC:` lines, of gperftools and of Google's newer one, and its properties in logs.

"Actual memory used" is physical memory and swap; "released to OS" is address space only (gperftools, src/tcmalloc.cc).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import with_words
from memwhy.sources.span import Span

NAME = "native/tcmalloc"
TRIGGERS = (b"malloc: ", b"generic.current_allocated_bytes", b"tcmalloc.pageheap")

_WORDS = ("MALLOC:", "generic.", "tcmalloc.")
_ROW = re.compile(
    r"MALLOC:\s{0,10}[+=]?\s{0,40}(?P<bytes>\d{1,18})(?: \(\s{0,10}[\d.]{1,12} MiB\)|\s)\s{0,20}(?P<words>[A-Za-z].{0,80})$"
)
_PROPERTY = re.compile(
    r"(?<![\w.])(?P<key>generic\.current_allocated_bytes|tcmalloc\.pageheap_free_bytes|tcmalloc\.pageheap_unmapped_bytes|tcmalloc\.current_total_thread_cache_bytes)[\"']?\s{0,10}[:=]?\s{0,40}(?P<bytes>\d{1,18})(?![\d.])"
)
_PROPERTIES = {
    "generic.current_allocated_bytes": "malloc.in_use_bytes",
    "tcmalloc.pageheap_free_bytes": "malloc.free_bytes",
    "tcmalloc.pageheap_unmapped_bytes": "malloc.retained_virtual_bytes",
    "tcmalloc.current_total_thread_cache_bytes": "malloc.tcache_bytes",
}
_USED, _RESIDENT, _RELEASED = "Bytes in use by application", "Actual memory used", "Bytes released to OS"
_FREE = ("freelist", "Bytes in transfer cache")
_GAP_LINES = 6


@dataclass(slots=True)
class _Block:
    first: int
    last: int
    rows: dict[str, int] = field(default_factory=dict)
    properties: dict[str, int] = field(default_factory=dict)

    @property
    def says(self) -> bool:
        return bool(self.properties) or any(words.startswith((_USED, _RESIDENT)) for words in self.rows)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, line in with_words(lines, _WORDS):
        row = _ROW.search(line)
        properties = {_PROPERTIES[match["key"]]: int(match["bytes"]) for match in _PROPERTY.finditer(line)}
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
