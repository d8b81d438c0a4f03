"""Chunks by address, and the resident words of ranges: what the pure loops over the block graph stand on."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from memwhy.inspect.blocks import GRAIN_BYTES, Blocks
from memwhy.memory.reading import read_segments
from memwhy.memory.space import Source

SourceRow = tuple[int, int, bytes]
ChunkRows = tuple[tuple[tuple[int, int, bytes, bytes], ...], bytes]
Tick = Callable[[int], object]

LOW = 1 << 32
"""Below it words are numbers far more often than addresses: 500,000,000 is an odd place in the heap of a program that is
not position-independent. There, only multiples of 8 are taken for pointers into the middle of a chunk."""


def rows_of(blocks: Blocks) -> ChunkRows:
    """Blocks as the loops take them."""
    heaps = tuple((heap.start, heap.end, heap.starts, heap.used) for heap in blocks.heaps)
    return heaps, b"".join(
        value.to_bytes(8, "little") for block in blocks.mapped for value in (block.start, block.end, block.user)
    )


def words_of(raw: bytes) -> memoryview:
    """Flat uint64, as the loops return them."""
    return memoryview(raw).cast("Q")


def bits_set(count: int, numbers: Iterator[int]) -> bytes:
    """A bitmap over `count` chunks."""
    bits = bytearray((count // 64 + 1) * 8)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return bytes(bits)


def has_bit(bits: bytes, number: int) -> bool:
    """Is a chunk's bit set?"""
    return bool(bits[number >> 3] >> (number & 7) & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """start: of its header, end: of its bytes; words from user up to `to` are the program's."""

    start: int
    end: int
    user: int
    to: int
    number: int
    is_mapped: bool = False


def _positions(bits: bytes, slots: int) -> Iterator[int]:
    for index, byte in enumerate(bits):
        while byte:
            slot = 8 * index + (byte & -byte).bit_length() - 1
            if slot < slots:
                yield slot
            byte &= byte - 1


class Chunks:
    """All chunks in use, in address order, found by address."""

    def __init__(self, rows: ChunkRows) -> None:
        heaps, mapped = rows
        regions: list[tuple[int, int, bytes, bytes, int]] = [(*heap, 0) for heap in heaps]
        flat = words_of(mapped)
        regions += [(flat[i], flat[i + 1], b"", b"", flat[i + 2]) for i in range(0, len(flat), 3)]
        self.low, self.high = min((row[0] for row in regions), default=0), max((row[1] for row in regions), default=0)
        self.all: list[Chunk] = []
        for start, end, starts, used, user in sorted(regions):
            if user:
                self.all.append(Chunk(start=start, end=end, user=user, to=end, number=len(self.all), is_mapped=True))
            else:
                self._add_heap(start, end, starts, used)
        self._starts = [chunk.start for chunk in self.all]
        self._regions = sorted(row[:2] for row in regions)

    def covers(self, address: int) -> bool:
        """Does it lie in a walked heap, or in a mapped block?"""
        place = bisect_right(self._regions, (address, 1 << 64)) - 1
        return place >= 0 and address < self._regions[place][1]

    def _add_heap(self, start: int, end: int, starts: bytes, used: bytes) -> None:
        slots = (end - start) // GRAIN_BYTES
        headers = list(_positions(starts, slots))
        live = set(_positions(used, slots))
        for slot, following in zip(headers, [*headers[1:], slots], strict=False):
            if slot in live:
                low, high = start + slot * GRAIN_BYTES, start + following * GRAIN_BYTES
                to = high + 8 if following < slots else high
                self.all.append(Chunk(start=low, end=high, user=low + 16, to=to, number=len(self.all)))

    def resolve(self, word: int) -> tuple[Chunk, bool] | None:
        """The chunk that a word points into or to the end of, and whether malloc gave out this very value."""
        index = bisect_right(self._starts, word) - 1
        for chunk in (self.all[i] for i in (index, index - 1) if i >= 0):
            if word == chunk.user < chunk.to:
                return chunk, True
            if word < LOW and word % 8:
                continue
            if chunk.user <= word < chunk.to or word == chunk.to > chunk.end:
                return chunk, False
        return None


class Words:
    """Reads the resident words of ranges."""

    def __init__(self, source: SourceRow, resident: bytes, progress: Tick | None) -> None:
        self._source = Source(fd=source[0], pid=source[1], segments=source[2])
        flat = words_of(resident)
        self._rows = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
        self._ends = [end for _, end in self._rows]
        self._progress = progress
        self.bytes = 0

    def read(self, start: int, end: int) -> Iterator[int]:
        """The resident words in a range; zeros where a resident page cannot be read any more."""
        for _, word in self.placed(start, end):
            yield word

    def has(self, start: int, end: int) -> bool:
        """Are all these bytes in one resident range?"""
        row = bisect_right(self._ends, start)
        return row < len(self._rows) and self._rows[row][0] <= start and end <= self._rows[row][1]

    def peek(self, address: int) -> int:
        """One word, not counted as read; 0 where it is not resident."""
        row = bisect_right(self._ends, address)
        if address % 8 or row == len(self._rows) or address < self._rows[row][0] or self._rows[row][1] < address + 8:
            return 0
        return int.from_bytes(read_segments(self._source, address, 8).ljust(8, b"\0"), "little")

    def placed(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """(address, word) of the resident words in a range."""
        for low, high in self._rows[bisect_right(self._ends, start) :]:
            if low >= end:
                return
            low, high = (max(low, start) + 7) & ~7, min(high, end) & ~7
            for piece in range(low, high, 1 << 20):
                size = min(high - piece, 1 << 20)
                self.bytes += size
                found = words_of(read_segments(self._source, piece, size).ljust(size, b"\0"))
                yield from zip(range(piece, piece + size, 8), found, strict=True)
                if self._progress is not None:
                    self._progress(self.bytes)
