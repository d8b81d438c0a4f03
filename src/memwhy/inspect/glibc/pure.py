"""The loops over a heap's chunks in Python: the specification of `memwhy._core._heap`, and its stand-in.

Header flags and fenceposts: malloc/malloc.c of glibc, "struct malloc_chunk", sysmalloc and mtrim.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from memwhy.inspect.glibc.loops import COARSE_CLASSES, EXACT_CLASSES, Chain, Ending, Followed, Kind, Sums

if TYPE_CHECKING:
    from memwhy.memory.space import Space

_PAGE = 4096
_WINDOW_BYTES = 1 << 20
_PREV_INUSE, _IS_MMAPPED, _NON_MAIN_ARENA, _FLAGS = 1, 2, 4, 7
_LEAST_CHUNK, _FENCE_CHUNK = 32, 16
_TRIM_HEADER = 48
_ODD = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]


class _Window:
    """Headers through a window over resident pages; addresses only ever go up."""

    def __init__(self, space: "Space", resident: "array[int]") -> None:
        self._space = space
        self._lows, self._highs = resident[::2], resident[1::2]
        self.start = self.end = 0
        self.words = memoryview(b"").cast("Q")
        self._look = _PAGE

    def move(self, address: int) -> bool:
        """Have the 16 bytes at an address inside; False when they are not resident or cannot be read."""
        at = bisect_right(self._highs, address)
        if at == len(self._highs) or self._lows[at] > address or self._highs[at] < address + 16:
            return False
        page = address & -_PAGE
        self._look = min(_WINDOW_BYTES, 2 * self._look) if 0 <= page - self.end <= 2 * _PAGE else _PAGE
        raw = self._space.read(page, min(self._look, self._highs[at] - page))
        self.words = memoryview(raw[: len(raw) & -8]).cast("Q")
        self.start, self.end = page, page + len(raw)
        return address + 16 <= self.end

    def header(self, address: int) -> tuple[int, int] | None:
        """The size of the chunk before, and the size with flags."""
        if not self.start <= address <= self.end - 16 and not self.move(address):
            return None
        at = (address - self.start) >> 3
        return self.words[at], self.words[at + 1]


def _is_fence(window: _Window, address: int, end: int, size: int) -> bool:
    if size & _IS_MMAPPED:
        return False
    if size & ~_FLAGS == 0:
        return bool(size & _PREV_INUSE)
    if size & ~_FLAGS != _FENCE_CHUNK:
        return False
    if address + _FENCE_CHUNK + 16 > end:
        return address + _FENCE_CHUNK == end
    behind = window.header(address + _FENCE_CHUNK)
    return behind is not None and behind[1] & ~_FLAGS in (0, _FENCE_CHUNK)


class Pure:
    """See `loops.Loops`."""

    def walk(
        self,
        space: "Space",
        resident: "array[int]",
        where: tuple[int, int, int, int, bool],
        starts: memoryview,
        used: memoryview,
    ) -> tuple[int, int, Ending]:
        start, begin, end, top, is_main = where
        window = _Window(space, resident)
        at, previous, chunks = begin, 0, 0
        refused = _IS_MMAPPED | 8 | (_NON_MAIN_ARENA if is_main else 0)
        while True:
            if at == end:
                return at, chunks, Ending.LIMIT
            if end - at < 16 or begin < top < at:
                return at, chunks, Ending.BROKEN
            if not window.start <= at <= window.end - 16:
                if not window.move(at):
                    return at, chunks, Ending.UNREADABLE
                if previous and space.pid is not None and (space.word(at - previous + 8) or 0) & -8 != previous:
                    return at, chunks, Ending.BROKEN
            index = (at - window.start) >> 3
            word = window.words[index + 1]
            size = word & -8
            if previous:
                if word & 1:
                    bit = (at - previous - start) >> 4
                    used[bit >> 3] |= 1 << (bit & 7)
                elif window.words[index] != previous:
                    return at, chunks, Ending.BROKEN
            bit = (at - start) >> 4
            if at == top:
                starts[bit >> 3] |= 1 << (bit & 7)
                return at, chunks, Ending.TOP
            if size < _LEAST_CHUNK:
                return at, chunks, Ending.FENCE if _is_fence(window, at, end, word) else Ending.BROKEN
            if word & refused or size > end - at:
                return at, chunks, Ending.BROKEN
            starts[bit >> 3] |= 1 << (bit & 7)
            previous = size
            at += size
            chunks += 1

    def follow(
        self,
        space: "Space",
        chains: Sequence[Chain],
        heaps: Sequence[tuple[int, int, int]],
        maps: tuple[bytearray, bytearray, bytearray],
    ) -> list[Followed]:
        ends = [end for _, end, _ in heaps]
        return [_follow_one(space, chain, heaps, ends, maps) for chain in chains]

    def pick(
        self, start: int, end: int, maps: tuple[memoryview, memoryview], sizes: tuple[int, int], most: int
    ) -> "array[int]":
        least, largest = sizes
        starts, used = maps
        found = array("Q")
        for address, following in _chunks(start, end, starts):
            if least <= following - address <= largest:
                bit = (address - start) >> 4
                if used[bit >> 3] >> (bit & 7) & 1:
                    found.append(address)
                    if len(found) >= most:
                        break
        return found

    def census(
        self,
        resident: "array[int]",
        where: tuple[int, int, int],
        maps: tuple[memoryview, memoryview, memoryview, memoryview],
        histogram: bytearray,
    ) -> Sums:
        start, end, top = where
        starts, used, fast, cached = maps
        sums = Sums([0] * len(Kind), [0] * len(Kind), [0] * len(Kind))
        pages, trim_pages = _Resident(resident), _Resident(resident)
        rows = memoryview(histogram).cast("Q")
        run_start = run_end = 0
        for address, following in _chunks(start, end, starts):
            size = following - address
            byte, bit = (address - start) >> 7, 1 << ((address - start) >> 4 & 7)
            if address == top:
                kind = Kind.TOP
            elif used[byte] & bit:
                kind = Kind.IN_USE
            elif fast[byte] & bit:
                kind = Kind.FAST
            else:
                kind = Kind.CACHED if cached[byte] & bit else Kind.FREE
            sums.count[kind] += 1
            sums.bytes[kind] += size
            sums.resident[kind] += pages.between(address, following)
            if kind is Kind.FREE or kind is Kind.FAST:
                run_start = run_start if run_end == address else address
                run_end = following
            elif run_end:
                sums.trimmable += _trimmable(trim_pages, run_start, run_end)
                run_start = run_end = 0
            if kind is not Kind.TOP:
                row = 4 * class_of(size) + (0 if kind is Kind.IN_USE else 2)
                rows[row] += 1
                rows[row + 1] += size
        sums.trimmable += _trimmable(trim_pages, run_start, run_end)
        return sums


def class_of(size: int) -> int:
    """The row of the histogram for chunks of `size` bytes."""
    if size <= 1 << 20:
        return size // 16
    power = size.bit_length() - 1
    return EXACT_CLASSES + min(COARSE_CLASSES - 1, (power - 20) * 4 + (size >> (power - 2) & 3))


def _chunks(start: int, end: int, starts: memoryview) -> Iterator[tuple[int, int]]:
    """(header, next header) of every chunk; the last one ends at `end`."""
    address = 0
    for index, byte in enumerate(starts):
        if byte:
            base = start + 128 * index
            for bit in _ODD[byte]:
                following = base + 16 * bit
                if following >= end:
                    break
                if address:
                    yield address, following
                address = following
    if address:
        yield address, end


class _Resident:
    """Resident bytes of ranges whose starts go up."""

    def __init__(self, resident: "array[int]") -> None:
        self._pairs = list(zip(resident[::2], resident[1::2], strict=True))
        self._at = 0

    def between(self, start: int, end: int) -> int:
        pairs, at = self._pairs, self._at
        while at < len(pairs) and pairs[at][1] <= start:
            at += 1
        self._at = at
        if at < len(pairs) and pairs[at][0] <= start and end <= pairs[at][1]:
            return end - start
        total = 0
        while at < len(pairs) and pairs[at][0] < end:
            low, high = pairs[at]
            total += min(high, end) - max(low, start)
            at += 1
        return total


def _trimmable(pages: _Resident, start: int, end: int) -> int:
    first, last = (start + _TRIM_HEADER + _PAGE - 1) & -_PAGE, end & -_PAGE
    return pages.between(first, last) if end > start and first < last else 0


def _follow_one(
    space: "Space",
    chain: Chain,
    heaps: Sequence[tuple[int, int, int]],
    ends: Sequence[int],
    maps: tuple[bytearray, bytearray, bytearray],
) -> Followed:
    starts, used, marked = maps
    at, count, size_sum = chain.head, 0, 0
    while at and count < chain.most:
        where = bisect_right(ends, at)
        if where == len(heaps) or at < heaps[where][0] or at % 16:
            break
        start, end, first = heaps[where]
        bit = (at - start) >> 4
        byte, mask = first + (bit >> 3), 1 << (bit & 7)
        if not starts[byte] & used[byte] & mask:
            break
        size = _size_at(starts, first, bit, (end - start) >> 4) * 16
        link = space.word(at + 16)
        if (chain.size and size != chain.size) or link is None:
            break
        used[byte] &= ~mask & 255
        marked[byte] |= mask
        count += 1
        size_sum += size
        if chain.mangled:
            link ^= (at + 16) >> 12
        if 0 < link < chain.adjust:
            break
        at = link - chain.adjust if link else 0
    return Followed(count=count, bytes=size_sum, whole=at == 0)


def _size_at(starts: bytearray, first: int, bit: int, limit: int) -> int:
    at = bit + 1
    while at < limit and not starts[first + (at >> 3)] >> (at & 7) & 1:
        at += 1 if at & 7 or starts[first + (at >> 3)] else 8
    return min(at, limit) - bit
