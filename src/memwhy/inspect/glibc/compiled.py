"""The loops in C: `memwhy._core._heap` behind the types of `loops`."""

import struct
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memwhy._core import _heap
from memwhy.inspect.glibc.loops import Chain, Ending, Followed, Kind, Sums

if TYPE_CHECKING:
    from memwhy.memory.space import Space

_CHAIN = struct.Struct("=5Q")
_FOLLOWED = struct.Struct("=3Q")
_SUMS = struct.Struct(f"={3 * len(Kind) + 1}Q")


class Compiled:
    """See `loops.Loops`."""

    def walk(
        self,
        space: "Space",
        resident: "array[int]",
        where: tuple[int, int, int, int, bool],
        starts: memoryview,
        used: memoryview,
    ) -> tuple[int, int, Ending]:
        source = space.source
        stop, chunks, ending = _heap.walk(source.fd, source.pid, source.segments, resident, *where, starts, used)
        return stop, chunks, Ending(ending)

    def follow(
        self,
        space: "Space",
        chains: Sequence[Chain],
        heaps: Sequence[tuple[int, int, int]],
        maps: tuple[bytearray, bytearray, bytearray],
    ) -> list[Followed]:
        source = space.source
        rows = b"".join(_CHAIN.pack(one.head, one.size, one.adjust, one.most, one.mangled) for one in chains)
        flat = array("Q", [word for heap in heaps for word in heap])
        found = _heap.follow(source.fd, source.pid, source.segments, rows, flat, *maps)
        return [
            Followed(count=count, bytes=size, whole=bool(whole)) for count, size, whole in _FOLLOWED.iter_unpack(found)
        ]

    def pick(
        self, start: int, end: int, maps: tuple[memoryview, memoryview], sizes: tuple[int, int], most: int
    ) -> "array[int]":
        found = array("Q")
        found.frombytes(_heap.pick(start, end, *maps, *sizes, most))
        return found

    def census(
        self,
        resident: "array[int]",
        where: tuple[int, int, int],
        maps: tuple[memoryview, memoryview, memoryview, memoryview],
        histogram: bytearray,
    ) -> Sums:
        flat = _SUMS.unpack(_heap.census(resident, *where, *maps, histogram))
        return Sums(list(flat[0:-1:3]), list(flat[1:-1:3]), list(flat[2:-1:3]), flat[-1])
