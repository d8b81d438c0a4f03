"""The three loops over a heap's chunks, in C where the extension is there, else in Python.

`memwhy.inspect.glibc.pure` is the specification; `memwhy._core._heap` its twin, chosen unless MEMWHY_PURE=1.
"""

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from memwhy.memory.space import Space

EXACT_CLASSES = (1 << 20) // 16 + 1
"""Class i of these is of chunks of 16 * i bytes."""
COARSE_CLASSES = 108
"""Behind them: four per power of two, from 1 MiB."""
CLASSES = EXACT_CLASSES + COARSE_CLASSES


class Ending(IntEnum):
    """How a walk ended; the first three are sound where malloc would have put them."""

    TOP = 0
    FENCE = 1
    LIMIT = 2
    BROKEN = 3
    UNREADABLE = 4


class Kind(IntEnum):
    """What a chunk is."""

    IN_USE = 0
    FREE = 1
    FAST = 2
    CACHED = 3
    TOP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One free list. head: its first chunk. adjust: what a link points behind a chunk's header. size: of each; 0: any."""

    head: int
    size: int
    adjust: int
    most: int
    mangled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What was found of a chain before its end, or before a link that leads to no chunk in use."""

    count: int
    bytes: int
    whole: bool


@dataclass(slots=True)
class Sums:
    """Chunks of one heap, by `Kind`."""

    count: list[int]
    bytes: list[int]
    resident: list[int]
    trimmable: int = 0


class Loops(Protocol):
    """What both twins offer. Bit maps are as in memwhy.inspect.blocks; resident: flat pairs start, end."""

    def walk(
        self,
        space: "Space",
        resident: "array[int]",
        where: tuple[int, int, int, int, bool],
        starts: memoryview,
        used: memoryview,
    ) -> tuple[int, int, Ending]:
        """Walk a heap; fills the bit maps, which are zero from `begin` on.

        where: start (of the bit maps), begin, end, top, whether of the main arena.

        Returns where it ended, the number of chunks before that, and how.
        """
        ...

    def follow(
        self,
        space: "Space",
        chains: Sequence[Chain],
        heaps: Sequence[tuple[int, int, int]],
        maps: tuple[bytearray, bytearray, bytearray],
    ) -> list[Followed]:
        """Follow free lists. heaps: (start, end, first byte in the maps), in address order; maps: starts, used, marked.

        Every chunk found loses its bit in `used` and gets one in `marked`, so none counts twice and no cycle is endless.
        """
        ...

    def pick(
        self, start: int, end: int, maps: tuple[memoryview, memoryview], sizes: tuple[int, int], most: int
    ) -> "array[int]":
        """The headers' addresses of chunks in use whose size is from the first to the second. maps: starts, used."""
        ...

    def census(
        self,
        resident: "array[int]",
        where: tuple[int, int, int],
        maps: tuple[memoryview, memoryview, memoryview, memoryview],
        histogram: bytearray,
    ) -> Sums:
        """Count a walked heap. where: start, end, top; maps: starts, used, fast, cached.

        histogram: CLASSES rows of uint64 in-use count, in-use bytes, free count, free bytes; added to.
        """
        ...


def choose() -> Loops:
    """The C twin, or the pure one where the extension is absent or MEMWHY_PURE=1 forbids it."""
    if os.environ.get("MEMWHY_PURE") != "1":
        try:
            from memwhy.inspect.glibc.compiled import Compiled
        except ImportError:
            pass
        else:
            return Compiled()
    from memwhy.inspect.glibc.pure import Pure

    return Pure()
