"""The objects of Go's heap, and what points to what: read in one pass, as numbers, never as bytes that stay.

Which words are pointers each Go version says in its own way (runtime/mbitmap.go): up to 1.21 in bitmaps of the arena, since
1.22 in a bitmap at the span's end, in the object's first word, or in mspan.largeType; with the collector called Green Tea
(1.26, or an experiment of 1.25) its mark bits stand behind that bitmap. So no word of the heap is guessed to be a pointer.
"""

import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

try:
    from memwhy._core import _retain
except ImportError:  # without it a pass would take minutes
    _retain = None  # type: ignore[assignment]
from memwhy.memory.rest import clock_ns
from memwhy.memory.space import Space
from memwhy.runtimes.go.heap_budget import Room
from memwhy.runtimes.go.layout import known_minors, minor_number, minor_of
from memwhy.runtimes.go.span_table import (
    ARENA_BYTES,
    IN_USE,
    arena_indexes,
    read_arenas,
    span_pointers,
)
from memwhy.runtimes.go.structs import address_of
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

NONE = 0xFFFFFFFF
_FIRST = (1, 20)
"""Before it the arena's bitmap had two bits a word."""
_INLINE_MOST_BYTES = 512
"""internal/runtime/gc.MinSizeForMallocHeader: larger objects have a header (goarch.PtrSize * 64)."""
_MARK_BITS_BYTES = 128
"""sizeof(spanInlineMarkBits), 16 words (runtime/mgcmark_greenteagc.go)."""
_ON_DEMAND = 1 << 4
"""internal/abi.TFlagGCMaskOnDemand, since Go 1.24."""
_PROGRAM = 1 << 6
"""internal/abi.KindGCProg in Kind_, up to Go 1.23."""
_ARENA_BASE_OFFSET = 0xFFFF800000000000
_FIELDS = (
    "startAddr", "npages", "nelems", "elemsize", "spanclass", "state", "isUserArenaChunk", "largeType",
    "freeindex", "allocCount", "sweepgen", "allocBits",
)  # fmt: skip
"""Of mspan, in the order of `_core/gospans.h`; not every version has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapGraph:
    """A heap that was read. scanned: objects that may point; the numbers of objects begin with theirs.

    Until `heap_moving.settled` has looked again, numbers change, and those from `objects` on stand for addresses that no span had yet.
    read_bytes: of the target. conservative_types: types whose pointer mask could not be had: all their words counted.
    """

    heap: "_retain._Heap"
    reader: "HeapReader"
    scanned: int
    objects: int
    edges: int
    read_bytes: int
    conservative_types: int
    ended: "Moment | None" = None
    lost_roots: tuple[str, ...] = ()
    collected: bool = False
    given_up: bool = False
    """As `heap_moving.Moved` has them."""

    def objects_at(self, words: bytes) -> tuple["array[int]", bytes]:
        """The objects that words (uint64) point into, NONE for those that point into none; and 1 for those that point to a beginning."""
        numbers, begins = _retain.objects_at(self.heap, words)
        return array("I", numbers), begins

    def between(self, pointers: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Objects (from, to) of addresses; 0 stands for all, and NONE for that. What is no object, or cannot point, is left out."""
        numbers, _ = self.objects_at(array("Q", (word for pair in pointers for word in pair)).tobytes())
        rows = zip(pointers, numbers[::2], numbers[1::2], strict=True)
        return [(one, to) for (_, word), one, to in rows if one < self.scanned and (to != NONE or not word)]

    def cut(self, pointers: Iterable[tuple[int, int]]) -> None:
        """Lets these pointers (from, to; NONE for all of one side) hold nothing any more. To be called when types have been spread along them."""
        _retain.cut(self.heap, array("I", (number for pair in pointers for number in pair)).tobytes())

    def retained(self, roots: Sequence[tuple[int, int, int]], owners: int, *, fast: bool = False) -> "array[int]":
        """Rows of parent, key, word, objects, bytes: the tree of what alone keeps what; fast: of which owner is nearest to what.

        roots: (owner, object, word), sorted.
        """
        flat = array("I", (number for owner, one, word in roots for number in (one, owner, word)))
        return array("Q", (_retain.reached if fast else _retain.retained)(self.heap, flat.tobytes(), owners))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """clock_ns: CPU time of the process so far; asleep_ns: the same while nothing of it runs, else None."""

    at_ns: int
    clock_ns: int
    asleep_ns: int | None

    @classmethod
    def of(cls, space: Space) -> "Moment":
        return cls(at_ns=time.monotonic_ns(), clock_ns=clock_ns(space.source.pid), asleep_ns=space.ran_ns())


class HeapReader:
    """What has to be known of a program to read its heap, once, and its spans of a moment, as often as wanted."""

    def __init__(self, runtime: "GoRuntime") -> None:
        """Raises Unsupported."""
        from memwhy.runtimes.go.heap_typing import itabs_of

        if _retain is None:
            raise Unsupported(
                "the compiled loops that read Go's heap are not installed", help="install memwhy from a wheel"
            )
        self.runtime = runtime
        self.began = Moment.of(runtime.space)
        self.minor = _minor(runtime.version)
        last = minor_number(known_minors()[-1])
        if not _FIRST <= self.minor <= last:
            raise Unsupported(
                f"where {runtime.version} keeps its pointers is not known; Go {_FIRST[0]}.{_FIRST[1]} to {last[0]}.{last[1]} can be read",
                help="update memwhy" if self.minor > last else "",
            )
        self._tail = _MARK_BITS_BYTES if _has_mark_bits(runtime, self.minor) else 0
        self._form = _form(runtime, self.minor)
        self._spread = read_arenas(runtime)
        self._itabs = itabs_of(runtime).tobytes()
        self.codes = runtime.functions.entries().tobytes()
        main = runtime.functions.modules[0]
        self._ranges = (*main.types, *main.text)
        self.cycle_began = self.cycle()

    def way(self) -> "_retain._Way":
        """Where bitmaps are and which pages are resident, now."""
        arenas, bitmap, no_more = _arena_bitmaps(self.runtime) if self.minor < (1, 22) else (array("Q"), 0, 0)
        spread = read_arenas(self.runtime)
        if spread != self._spread:  # the heap grew into memory that was not mapped when we looked
            self.runtime.space.refresh()
            self._spread = spread
        resident: array[int] = array("Q")
        for start, end in spread:
            resident.extend(self.runtime.space.resident(start, end))
        return (self._tail, resident.tobytes(), arenas.tobytes(), bitmap, no_more, self._itabs, self._ranges)

    def cycle(self) -> int:
        """mheap.sweepgen: 2 more with each cycle of the collector."""
        layout, space = self.runtime.layout, self.runtime.space
        at = address_of(self.runtime, "mheap_") + layout.offset("mheap", "sweepgen")
        return int.from_bytes(space.read(at, 4), "little")

    def listed(self) -> tuple[bytes, bytes]:
        """Where the structs of all spans are now, and how they are read."""
        return span_pointers(self.runtime).tobytes(), self._form

    def spans(self, listed: tuple[bytes, bytes]) -> bytes:
        """Rows of the spans in use, now, in address order."""
        source = self.runtime.space.source
        return _retain.spans((source.fd, source.pid or 0, source.segments), *listed)


def read_heap(
    runtime: "GoRuntime", progress: Callable[[int], object] | None = None, room: Room | None = None
) -> HeapGraph:
    """All objects and edges of this moment. Raises Unsupported where the version keeps its pointers in another way.

    Which pages are resident is asked after the list of spans: what was listed is in pages that are there by then.
    """
    reader = HeapReader(runtime)
    rows = reader.spans(reader.listed())
    way = reader.way()
    heap = _open(runtime, rows, reader.minor)
    _retain.know_codes(heap, reader.codes)
    if room is not None:
        _retain.limit(heap, room.admit(*_retain.counts(heap)))
    scanned, objects, edges, read_bytes, _, conservative = _retain.read(heap, way, progress, True)
    return HeapGraph(
        heap=heap,
        reader=reader,
        scanned=scanned,
        objects=objects,
        edges=edges,
        read_bytes=read_bytes,
        conservative_types=conservative,
    )


def _open(runtime: "GoRuntime", rows: bytes, minor: tuple[int, int]) -> "_retain._Heap":
    source = runtime.space.source
    on_demand, program = (_ON_DEMAND, 0) if minor >= (1, 24) else (0, _PROGRAM)
    try:
        return _retain.open((source.fd, source.pid or 0, source.segments), rows, on_demand, program)
    except ValueError as error:
        raise Unsupported(f"the spans of Go's heap make no sense: {error}") from error


def _minor(version: str) -> tuple[int, int]:
    text = minor_of(version)
    if text is None:
        raise Unsupported(f"{version}: where this Go keeps its pointers is not known")
    return minor_number(text)


def has_swiss_maps(runtime: "GoRuntime") -> bool:
    """Are its maps those of Go 1.24 (internal/runtime/maps)? An experiment can turn them off until 1.25."""
    return _minor(runtime.version) >= (1, 24) and "noswissmap" not in runtime.version


def _has_mark_bits(runtime: "GoRuntime", minor: tuple[int, int]) -> bool:
    """Do spans of small objects end with Green Tea's mark bits? By the build's experiments, and the version's default."""
    if "nogreenteagc" in runtime.version:
        return False
    return minor >= (1, 26) or "greenteagc" in runtime.version


def _form(runtime: "GoRuntime", minor: tuple[int, int]) -> bytes:
    """Where the fields of mspan are; then mSpanInUse, and up to which size a span has a bitmap at its end. Raises Unsupported."""
    layout = runtime.layout
    places = [layout.field("mspan", name)[:2] if layout.has("mspan", name) else (0, 0) for name in _FIELDS]
    flat = [number for place in places for number in place]
    return array("Q", (*flat, IN_USE, _INLINE_MOST_BYTES if minor >= (1, 22) else 0)).tobytes()


def _arena_bitmaps(runtime: "GoRuntime") -> tuple["array[int]", int, int]:
    """(rows of arena number as addresses have it, address of its heapArena), and where the two bitmaps stand in it.

    mheap.arenas[0] is the one second-level map of linux/amd64 (runtime/mheap.go, arenaL1Bits 0).
    """
    layout, space = runtime.layout, runtime.space
    second = space.word(address_of(runtime, "mheap_") + layout.offset("mheap", "arenas"))
    if not second:
        raise Unsupported("mheap_.arenas cannot be read")
    rows: array[int] = array("Q")
    for index in sorted(arena_indexes(runtime)):
        address = space.word(second + 8 * index)
        base = (index * ARENA_BYTES + _ARENA_BASE_OFFSET) & 0xFFFFFFFFFFFFFFFF
        if address:
            rows.extend((base // ARENA_BYTES, address))
    return rows, layout.offset("heapArena", "bitmap"), layout.offset("heapArena", "noMorePtrs")
