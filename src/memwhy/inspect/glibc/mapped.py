"""Chunks that malloc mapped one by one: a header at the start of a mapping, or where memalign moved it to.

Source: sysmalloc_mmap, mmap_chunk and _int_memalign in malloc.c: the size carries IS_MMAPPED and no other flag; it and
the distance from the mapping's start, kept where other chunks keep the size before, make whole pages.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.inspect.blocks import MappedBlock
from memwhy.inspect.glibc.anonymous import Range, without
from memwhy.inspect.glibc.arenas import Counted
from memwhy.inspect.glibc.tables import Layout
from memwhy.memory.space import PAGE_BYTES, Space

_IS_MMAPPED = 2
_FLAGS = 7
_USER = 16
_ALIGNED = tuple(alignment - _USER for alignment in (32, 64, 128, 256, 512, 1024, 2048))
"""Where in a page memalign moves a header to, for alignments below a page; the mapping begins with that page."""
_PAGE_END = PAGE_BYTES - _USER
_BATCH_PAGES = 1 << 12


@dataclass(slots=True, kw_only=True)
class _Search:
    space: Space
    layout: Layout
    wanted: Counted | None
    found: list[MappedBlock]
    bytes: int = 0

    def is_done(self) -> bool:
        return (
            self.wanted is not None
            and len(self.found) >= self.wanted.mmapped_count
            and self.bytes > self.wanted.mmapped_bytes - PAGE_BYTES
        )

    def add(self, block: MappedBlock) -> None:
        self.found.append(block)
        self.bytes += block.end - block.start


def find_mapped(
    space: Space, layout: Layout, counted: Counted | None, free: Sequence[Range]
) -> tuple[tuple[MappedBlock, ...], str | None]:
    """All mapped chunks in memory that nobody else owns, and what mp_ says against it.

    Only resident pages are read, of each sixteen bytes here and there; it stops when all that mp_ counts are found.
    """
    if counted is not None and not counted.mmapped_count:
        return (), None
    search = _Search(space=space, layout=layout, wanted=counted, found=[])
    rest: list[Range] = []
    for start, end in free:
        at = _follow(search, start, end)
        if at < end:
            rest.append((at, end))
    for places in ((0,), (*_ALIGNED, _PAGE_END)):  # the rare places only when the usual one was not enough
        blocks = sorted((block.start, block.end) for block in search.found)
        for start, end in without(rest, blocks):
            if not search.is_done():
                _scan(search, start, end, places)
    search.found.sort(key=lambda block: block.start)
    if counted is None:
        return tuple(search.found), "malloc's own count of mapped blocks (mp_) was not found; theirs is by shape alone"
    # 2.43 counts 16 bytes too many for a block that realloc moved: less than a page apart is the same
    apart = abs(search.bytes - counted.mmapped_bytes)
    if len(search.found) != counted.mmapped_count or apart >= PAGE_BYTES:
        return tuple(search.found), (
            f"malloc counts {counted.mmapped_count} mapped blocks of {counted.mmapped_bytes} B,"
            f" {len(search.found)} of {search.bytes} B were found"
        )
    return tuple(search.found), None


def _follow(search: _Search, start: int, end: int) -> int:
    """Blocks side by side from the start of a range; returns where they end."""
    at = start
    while at < end:
        pairs = search.space.resident(at, at + PAGE_BYTES)
        if not pairs:
            return at
        block = _block_at(search, at, search.space.read(at, PAGE_BYTES), at, end)
        if block is None:
            return at
        search.add(block)
        at = block.end
    return at


def _block_at(search: _Search, page: int, raw: bytes, start: int, end: int) -> MappedBlock | None:
    """The block whose header stands in this page, its mapping inside start … end."""
    if len(raw) < PAGE_BYTES:
        return None
    for offset in (0, *_ALIGNED, _PAGE_END):
        before = int.from_bytes(raw[offset : offset + 8], "little")
        if before & (PAGE_BYTES - 1) & ~1 != offset or (offset != _PAGE_END and before & ~1 != offset):
            continue
        size = int.from_bytes(raw[offset + 8 : offset + 16], "little")
        if size & _FLAGS != _IS_MMAPPED:
            continue
        before &= ~1  # 2.43 notes huge pages in the lowest bit
        low = page + offset - before
        high = page + offset + (size & ~_FLAGS) + search.layout.mmap_header
        if (
            low % PAGE_BYTES == 0
            and high % PAGE_BYTES == 0
            and start <= low
            and high <= end
            and high > page + offset + 32
        ):
            return MappedBlock(start=low, end=high, user=page + offset + _USER)
    return None


def _scan(search: _Search, start: int, end: int, places: Sequence[int]) -> None:
    """Every resident page of a range that does not begin with a block."""
    pairs = search.space.resident(start, end)
    behind = start
    for low, high in zip(pairs[::2], pairs[1::2], strict=True):
        pages = range(max(low, start), high, PAGE_BYTES)
        for first in range(0, len(pages), _BATCH_PAGES):
            batch = array("Q", pages[first : first + _BATCH_PAGES])
            for page in _likely(search, batch, places):
                if page < behind:
                    continue
                block = _block_at(search, page, search.space.read(page, PAGE_BYTES), behind, end)
                if block is not None:
                    search.add(block)
                    behind = block.end
            if search.is_done():
                return


def _likely(search: _Search, pages: "array[int]", places: Sequence[int]) -> list[int]:
    """Pages with a word where a header of a mapped chunk may stand: 16 bytes of each place are looked at."""
    found: set[int] = set()
    for offset in places:
        raw = memoryview(search.space.gather(array("Q", [page + offset for page in pages]), 16)).cast("Q")
        for index, (before, size) in enumerate(zip(raw[::2], raw[1::2], strict=True)):
            if size & 15 == _IS_MMAPPED and before & (PAGE_BYTES - 1) & ~1 == offset and size < 1 << 47:
                found.add(pages[index])
    return sorted(found)
