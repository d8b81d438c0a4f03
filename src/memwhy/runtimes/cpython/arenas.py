"""pymalloc's arenas: found by what they look like, believed when the pools inside agree.

Facts of Objects/obmalloc.c and Include/internal/pycore_obmalloc.h, the same from 3.8 to 3.13: an array of arena_object of
48 bytes; a pool begins with a pool_header of 48 bytes, which holds the index of its arena. The array's address is a
static variable up to 3.11, then a field of the main interpreter, which is static too: a word in the module's data.
"""

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.memory.space import PAGE_BYTES, Module, Space
from memwhy.model.account import Check
from memwhy.runtimes.interface import Region, Unsupported

_ROW = struct.Struct("<QQIIQQQ")
"""struct arena_object: address, pool_address, nfreepools, ntotalpools, freepools, nextarena, prevarena."""
_FIRST_ROWS = 16
"""INITIAL_ARENA_OBJECTS; the array doubles."""
_MOST_ROWS = 1 << 20
_ARENA_INDEX = 32
"""pool_header.arenaindex; ref.count stands at 0."""
_MOST_PROVED = 64
_TRIES = 3
"""Nothing stops the target, and the array may move while it is read: only what is wrong three times is wrong."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Of one arena and of one pool."""

    arena_bytes: int
    pool_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """One arena. start, end: as mapped; first: its first pool; fresh: from here on nothing became a pool yet."""

    index: int
    start: int
    end: int
    first: int
    fresh: int


def sizes_of(version: tuple[int, int, int]) -> Sizes:
    """3.10 brought larger ones (bpo-37448)."""
    return (
        Sizes(arena_bytes=1 << 20, pool_bytes=1 << 14)
        if version[:2] >= (3, 10)
        else Sizes(arena_bytes=1 << 18, pool_bytes=1 << 12)
    )


def find_arenas(space: Space, module: Module, sizes: Sizes) -> "Arenas | None":
    """The arenas that some word in the module's data leads to; the most numerous where several do. None: no such word."""
    memory = _Memory(space)
    best, most = None, 0
    for place in _places(space, module, memory):
        found = Arenas(space, place, sizes)
        arenas = found.arenas(memory)
        if len(arenas) > most and found.proved(arenas):
            best, most = found, len(arenas)
    return best


class Arenas:
    """The array of arenas behind one word. place: that word's address."""

    def __init__(self, space: Space, place: int, sizes: Sizes) -> None:
        self._space, self._place, self._sizes = space, place, sizes

    def arenas(self, memory: "_Memory") -> list[Arena]:
        """Those in use, by address, disjoint; none where the array is no such array."""
        array_at = self._space.word(self._place)
        if array_at is None or not memory.holds(array_at, _FIRST_ROWS * _ROW.size):
            return []
        rows = list(self._rows(array_at, memory))
        if len(rows) < _FIRST_ROWS:
            return []
        count = _FIRST_ROWS << (len(rows) // _FIRST_ROWS).bit_length() - 1
        found = sorted((row for row in rows[:count] if row is not None), key=lambda arena: arena.start)
        return [arena for at, arena in enumerate(found) if not at or found[at - 1].end <= arena.start]

    def _rows(self, array_at: int, memory: "_Memory") -> Iterator[Arena | None]:
        """Each row, None where it is not in use, until one makes no sense."""
        read = 0
        while read < _MOST_ROWS:
            wanted = max(read, _FIRST_ROWS)
            raw = self._space.read(array_at + read * _ROW.size, wanted * _ROW.size)
            for index, row in enumerate(_ROW.iter_unpack(raw[: len(raw) // _ROW.size * _ROW.size]), read):
                address, fresh, free, total, _, following, _ = row
                is_listed = free or not address  # others may still point into an array of before
                if is_listed and following and not _is_row(following - array_at):
                    return
                if not address:
                    yield None
                    continue
                arena = self._arena(index, address, fresh)
                pools = (arena.end - arena.first) // self._sizes.pool_bytes
                if (
                    address % PAGE_BYTES
                    or total != pools
                    or free > total
                    or not memory.holds(address, self._sizes.arena_bytes)
                ):
                    return
                if fresh % self._sizes.pool_bytes or not arena.first <= fresh <= arena.end:
                    return
                yield arena
            if len(raw) < wanted * _ROW.size:
                return
            read += wanted

    def _arena(self, index: int, address: int, fresh: int) -> Arena:
        first = -(-address // self._sizes.pool_bytes) * self._sizes.pool_bytes
        return Arena(index=index, start=address, end=address + self._sizes.arena_bytes, first=first, fresh=fresh)

    def proved(self, arenas: Sequence[Arena]) -> bool:
        """The first pools name the arenas that they are in; at least one does."""
        checks = self._headers(arenas[:_MOST_PROVED])
        return bool(checks) and all(index == arena.index for arena, index in checks)

    def checks(self) -> tuple[Check, ...]:
        """For each arena, the index that its first pool has."""
        return tuple(
            Check(
                name="cpython.arena",
                left=f"arenas[{arena.index}]",
                left_bytes=arena.index,
                right="pool_header.arenaindex",
                right_bytes=index,
                agree=arena.index == index,
                text=f"the first pool of arena {arena.index} says that it is in arena {index}",
            )
            for arena, index in self._headers(self.arenas(_Memory(self._space))[:_MOST_PROVED])
        )

    def _headers(self, arenas: Sequence[Arena]) -> list[tuple[Arena, int]]:
        """(arena, the index in its first pool) of those whose first pool is there."""
        carved = [arena for arena in arenas if arena.first < arena.fresh]
        there = [arena for arena in carved if len(self._space.resident(arena.first, arena.first + PAGE_BYTES))]
        raw = self._space.gather([arena.first + _ARENA_INDEX for arena in there], 4)
        return list(zip(there, memoryview(raw).cast("I"), strict=True))

    def regions(self) -> list[Region]:
        """By address, disjoint. Raises Unsupported where the array is no longer one."""
        for _ in range(_TRIES):
            arenas = self.arenas(_Memory(self._space))
            if arenas:
                break
        else:
            raise Unsupported(f"{self._space.name}: the array of arenas is not what it was")
        empty = self._empty_pools(arenas)
        regions: list[Region] = []
        for start, end, category in (piece for arena in arenas for piece in self._pieces(arena, empty)):
            if regions and regions[-1].end == start and regions[-1].category == category:
                start = regions.pop().start
            regions.append(Region(start=start, end=end, category=category))
        return regions

    def _empty_pools(self, arenas: Sequence[Arena]) -> "array[int]":
        """The pools in which no block is in use, by address. One whose header is not resident is not among them."""
        pools = array("Q")
        for arena in arenas:
            pages = self._space.resident(arena.first, arena.fresh)
            here = range(arena.first, arena.fresh, self._sizes.pool_bytes)
            is_whole = len(pages) == 2 and pages[0] == arena.first and pages[1] == arena.fresh
            pools.extend(here if is_whole else (pool for pool in here if bisect_right(pages, pool) % 2))
        counts = memoryview(self._space.gather(pools, 4)).cast("I")
        return array("Q", (pools[at] for at, count in enumerate(counts) if not count))

    def _pieces(self, arena: Arena, empty: "array[int]") -> Iterator[tuple[int, int, str]]:
        """The arena from start to end."""
        at = arena.first
        if arena.start < at:
            yield arena.start, at, "heap.idle"
        for pool in empty[bisect_left(empty, at) : bisect_left(empty, arena.fresh)]:
            if at < pool:
                yield at, pool, "heap.in_use"
            at = pool + self._sizes.pool_bytes
            yield pool, at, "heap.idle"
        if at < arena.fresh:
            yield at, arena.fresh, "heap.in_use"
        if arena.fresh < arena.end:
            yield arena.fresh, arena.end, "heap.idle"


class _Memory:
    """Private writable memory of no file: where arenas, and the array of them, must be."""

    def __init__(self, space: Space) -> None:
        self._ranges: list[Range] = []
        for mapping in space.mappings:
            if mapping.inode or mapping.perms[:2] != "rw":
                continue
            if self._ranges and self._ranges[-1][1] == mapping.start:
                self._ranges[-1] = self._ranges[-1][0], mapping.end
            else:
                self._ranges.append((mapping.start, mapping.end))
        self._starts = [start for start, _ in self._ranges]

    def holds(self, address: int, size: int) -> bool:
        """Is all of this such memory?"""
        at = bisect_right(self._starts, address) - 1
        return at >= 0 and address + size <= self._ranges[at][1]


def _is_row(offset: int) -> bool:
    """Does a row begin so far from the array's own address?"""
    return 0 <= offset < _MOST_ROWS * _ROW.size and offset % _ROW.size == 0


def _places(space: Space, module: Module, memory: _Memory) -> Iterator[int]:
    """Words in the module's data that point to what may be the first rows of an array of arenas."""
    for start, end in module.written:
        pages = space.resident(start, end)
        for low, high in zip(pages[::2], pages[1::2], strict=True):
            words = space.words(low, (high - low) // 8)
            places = [
                low + 8 * at
                for at, word in enumerate(words)
                if word > PAGE_BYTES and word % 16 == 0 and memory.holds(word, _FIRST_ROWS * _ROW.size)
            ]
            targets = [words[(place - low) // 8] for place in places]
            there = [at for at, word in enumerate(targets) if len(space.resident(word, word + _ROW.size)) == 2]
            raw = space.gather([targets[at] for at in there], _ROW.size)
            for at, row in zip(there, _ROW.iter_unpack(raw), strict=True):
                if row[0] % PAGE_BYTES == 0 and row[2] <= row[3] <= 256 and (not row[0] or memory.holds(row[0], 1)):
                    yield places[at]
