"""The objects of Go's heap, and what points to what: read in one pass, as numbers, never as bytes that stay.

Which words are pointers each Go version says in its own way (runtime/mbitmap.go): up to 1.21 in bitmaps of the arena, since
1.22 in a bitmap at the span's end, in the object's first word, or in mspan.largeType; with the collector called Green Tea
(1.26, or an experiment of 1.25) its mark bits stand behind that bitmap. So no word of the heap is guessed to be a pointer.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

try:
    from memwhy._core import _retain
except ImportError:  # without it a pass would take minutes
    _retain = None  # type: ignore[assignment]
from memwhy.runtimes.go.layout import minor_of
from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.go.span_table import (
    ARENA_BYTES,
    GO_PAGE_BYTES,
    HIGHEST_ADDRESS,
    IN_USE,
    arena_indexes,
    read_arenas,
    span_pointers,
)
from memwhy.runtimes.go.structs import WORD_BYTES, address_of
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

NOSCAN, INLINE, HEADER, LARGE, ARENA, CONSERVATIVE = range(6)
"""Where a span says which words are pointers; `_core/goheap.h` has the same numbers."""
NONE = 0xFFFFFFFF
_ROW = 6
"""Words of a span's row."""
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
_FIELDS = ("startAddr", "npages", "nelems", "elemsize", "spanclass", "state", "isUserArenaChunk")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapGraph:
    """A heap that was read. scanned: objects that may point; the numbers of objects begin with theirs.

    read_bytes: of the target. unresolved: pointers to objects newer than our list of spans. conservative_types: types whose
    pointer mask could not be had: all their words counted. moved_share: of the bytes of spans, those that were new when it had been read.
    """

    heap: "_retain._Heap"
    spans: int
    scanned: int
    objects: int
    edges: int
    read_bytes: int
    unresolved: int
    conservative_types: int
    moved_share: float = 0.0

    def objects_at(self, words: bytes) -> tuple["array[int]", bytes]:
        """The objects that words (uint64) point into, NONE for those that point into none; and 1 for those that point to a beginning."""
        numbers, begins = _retain.objects_at(self.heap, words)
        return array("I", numbers), begins

    def retained(self, roots: Sequence[tuple[int, int, int]], owners: int) -> "array[int]":
        """Rows of parent, key, word, objects, bytes: the tree of what alone keeps what. roots: (owner, object, word), sorted."""
        flat = array("I", (number for owner, one, word in roots for number in (one, owner, word)))
        return array("Q", _retain.retained(self.heap, flat.tobytes(), owners))


def read_heap(runtime: "GoRuntime", progress: Callable[[int], object] | None = None) -> HeapGraph:
    """All objects and edges of this moment. Raises Unsupported where the version keeps its pointers in another way.

    What can be read before the list of spans is: the shorter it is from the list to the heap, the less is newer than the list.
    """
    from memwhy.runtimes.go.heap_typing import itabs_of

    if _retain is None:
        raise Unsupported(
            "the compiled loops that read Go's heap are not installed", help="install memwhy from a wheel"
        )
    minor = _minor(runtime.version)
    if minor < _FIRST:
        raise Unsupported(f"where {runtime.version} keeps its pointers is not read; Go 1.20 and later are")
    itabs, main = itabs_of(runtime), runtime.functions.modules[0]
    arenas, bitmap, no_more = _arena_bitmaps(runtime) if minor < (1, 22) else (array("Q"), 0, 0)
    tail = _MARK_BITS_BYTES if _has_mark_bits(runtime, minor) else 0
    ranges = (*main.types, *main.text)
    resident: array[int] = array("Q")
    for start, end in read_arenas(runtime):
        resident.extend(runtime.space.resident(start, end))
    rows = _span_rows(runtime, minor)
    heap = _open(runtime, rows, minor)
    scanned, objects, edges, read_bytes, unresolved, conservative = _retain.read(
        heap, tail, resident.tobytes(), arenas.tobytes(), bitmap, no_more, itabs.tobytes(), ranges, progress
    )
    return HeapGraph(
        heap=heap,
        spans=len(rows) // _ROW,
        scanned=scanned,
        objects=objects,
        edges=edges,
        read_bytes=read_bytes,
        unresolved=unresolved,
        conservative_types=conservative,
        moved_share=_moved(rows, _span_rows(runtime, minor)),
    )


def _open(runtime: "GoRuntime", rows: "array[int]", minor: tuple[int, int]) -> "_retain._Heap":
    source = runtime.space.source
    on_demand, program = (_ON_DEMAND, 0) if minor >= (1, 24) else (0, _PROGRAM)
    try:
        return _retain.open((source.fd, source.pid or 0, source.segments), rows.tobytes(), on_demand, program)
    except ValueError as error:
        raise Unsupported(f"the spans of Go's heap make no sense: {error}") from error


def _moved(before: "array[int]", after: "array[int]") -> float:
    """Which share of the bytes of spans is in spans that were not there before, or held other objects."""
    known = set(zip(before[0::_ROW], before[2::_ROW], before[4::_ROW], strict=True))
    rows = list(zip(after[0::_ROW], after[1::_ROW], after[2::_ROW], after[4::_ROW], strict=True))
    whole = sum(end - start for start, end, _, _ in rows)
    came = sum(end - start for start, end, size, kind in rows if (start, size, kind) not in known)
    return came / whole if whole else 0.0


def _minor(version: str) -> tuple[int, int]:
    text = minor_of(version)
    if text is None:
        raise Unsupported(f"{version}: where this Go keeps its pointers is not known")
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def has_swiss_maps(runtime: "GoRuntime") -> bool:
    """Are its maps those of Go 1.24 (internal/runtime/maps)? An experiment can turn them off until 1.25."""
    return _minor(runtime.version) >= (1, 24) and "noswissmap" not in runtime.version


def _has_mark_bits(runtime: "GoRuntime", minor: tuple[int, int]) -> bool:
    """Do spans of small objects end with Green Tea's mark bits? By the build's experiments, and the version's default."""
    if "nogreenteagc" in runtime.version:
        return False
    return minor >= (1, 26) or "greenteagc" in runtime.version


def _span_rows(runtime: "GoRuntime", minor: tuple[int, int]) -> "array[int]":
    """Rows for the compiled loops, in address order."""
    fields = (*_FIELDS, "largeType") if minor >= (1, 22) else _FIELDS
    found = []
    for start, pages, count, size, kind, state, arena, *large in Rows(
        runtime.space, runtime.layout, "mspan", fields
    ).read(span_pointers(runtime)):
        end = start + pages * GO_PAGE_BYTES
        if state != IN_USE or not GO_PAGE_BYTES <= start < end <= HIGHEST_ADDRESS or start % GO_PAGE_BYTES:
            continue
        if size < WORD_BYTES or not 0 < count <= (end - start) // size:
            continue
        found.append((start, end, size, count, _kind(minor, size, kind, bool(arena)), large[0] if large else 0))
    found.sort()
    rows: array[int] = array("Q")
    reached = 0
    for row in found:
        if row[0] >= reached:  # else it was given out anew while we read
            reached = row[1]
            rows.extend(row)
    return rows


def _kind(minor: tuple[int, int], size: int, span_class: int, user_arena: bool) -> int:
    if span_class & 1:
        return NOSCAN
    if user_arena:
        return CONSERVATIVE
    if minor < (1, 22):
        return ARENA
    if span_class < 2:
        return LARGE
    return INLINE if size <= _INLINE_MOST_BYTES else HEADER


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
