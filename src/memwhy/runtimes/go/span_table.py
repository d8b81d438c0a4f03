"""The spans of Go's heap, as mheap_.allspans lists them: what every page of the heap's arenas is used for.

Columns instead of objects: a heap of 10 GB has a million spans. Source: runtime/mheap.go, the same from Go 1.19 to 1.27
but for the width of nelems and the name of the arenas' list.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.memory.space import Space
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.structs import WORD_BYTES, Struct, address_of
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

GO_PAGE_BYTES = 8192
ARENA_BYTES = 64 << 20
"""heapArenaBytes on linux/amd64."""
DEAD, IN_USE, MANUAL = 0, 1, 2
"""mSpanState: free, in use by objects, in use by stacks and work buffers."""

_ARENA_BASE_OFFSET = 0xFFFF800000000000
_ADDRESS_MASK = (1 << 64) - 1
_HIGHEST_ADDRESS = 1 << 47
_MOST_SPANS = 16_000_000
_MOST_ARENAS = 1 << 22
_BATCH = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Every span that is in use or manual, disjoint and in address order; one column a field.

    classes: spanClass, which is twice the size class, plus 1 for spans whose objects hold no pointers.
    listed: how many mspan structs there are, dead ones included; unread: how many of them made no sense.
    """

    starts: Sequence[int]
    ends: Sequence[int]
    states: bytes
    classes: bytes
    element_bytes: Sequence[int]
    objects: Sequence[int]
    listed: int
    unread: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    def bytes_of(self, state: int) -> int:
        """Virtual bytes of all spans in a state."""
        return sum(end - start for start, end, s in zip(self.starts, self.ends, self.states, strict=True) if s == state)


def read_spans(runtime: "GoRuntime") -> Spans:
    """All spans of this moment. Raises Unsupported where the list cannot be read.

    A span that was freed and given out anew while we read overlaps another one then; the later in address order is cut.
    """
    pointers = span_pointers(runtime)
    rows: list[tuple[int, int, int, int, int, int]] = []
    unread = 0
    for at in range(0, len(pointers), _BATCH):
        part, broken = _batch(runtime.space, runtime.layout, pointers[at : at + _BATCH])
        rows += part
        unread += broken
    rows.sort()
    return _columns(rows, len(pointers), unread)


def span_pointers(runtime: "GoRuntime") -> "array[int]":
    """The addresses of all mspan structs, in the order of allspans. Raises Unsupported."""
    space = runtime.space
    heap = Struct.read(space, runtime.layout, "mheap", address_of(runtime, "mheap_"), "allspans")
    pointer, length, capacity = heap.slice("allspans")
    if not 0 < length <= min(capacity, _MOST_SPANS) or pointer % WORD_BYTES:
        raise Unsupported(f"mheap_.allspans says {length} of {capacity} spans at {pointer:#x}; that cannot be")
    raw = space.read(pointer, length * WORD_BYTES)
    pointers = array("Q", raw[: len(raw) // WORD_BYTES * WORD_BYTES])
    if not pointers:
        raise Unsupported(f"mheap_.allspans at {pointer:#x} cannot be read in {space.name}")
    return pointers


def _batch(
    space: Space, layout: Layout, pointers: "array[int]"
) -> tuple[list[tuple[int, int, int, int, int, int]], int]:
    """(rows, count of senseless ones). A row: start, end, state, class, element bytes, objects."""
    size = layout.size("mspan")
    raw = memoryview(space.gather(pointers, size))
    starts, pages, elements = (_words(raw, layout, size, name) for name in ("startAddr", "npages", "elemsize"))
    states, classes = (raw[layout.offset("mspan", name) :: size].tobytes() for name in ("state", "spanclass"))
    counts = raw.cast("H")[layout.offset("mspan", "allocCount") // 2 :: size // 2].tolist()
    rows = []
    broken = 0
    for start, npages, element, state, kind, count in zip(
        starts, pages, elements, states, classes, counts, strict=True
    ):
        if state not in (IN_USE, MANUAL):
            broken += state != DEAD
            continue
        end = start + npages * GO_PAGE_BYTES
        if start % GO_PAGE_BYTES or not 0 < start < end <= _HIGHEST_ADDRESS:
            broken += 1
            continue
        rows.append((start, end, state, kind, element, count))
    return rows, broken


def _words(raw: memoryview, layout: Layout, size: int, field: str) -> list[int]:
    return raw.cast("Q")[layout.offset("mspan", field) // WORD_BYTES :: size // WORD_BYTES].tolist()


def _columns(rows: list[tuple[int, int, int, int, int, int]], listed: int, unread: int) -> Spans:
    starts, ends, elements, objects = array("Q"), array("Q"), array("Q"), array("Q")
    states, classes = bytearray(), bytearray()
    reached = 0
    for start, end, state, kind, element, count in rows:
        if end <= reached:
            continue
        starts.append(max(start, reached))
        ends.append(end)
        states.append(state)
        classes.append(kind)
        elements.append(element)
        objects.append(count)
        reached = end
    return Spans(
        starts=starts,
        ends=ends,
        states=bytes(states),
        classes=bytes(classes),
        element_bytes=elements,
        objects=objects,
        listed=listed,
        unread=unread,
    )


def read_arenas(runtime: "GoRuntime") -> list[tuple[int, int]]:
    """The address ranges that the heap grew into, merged, in address order; arenas of package arena included. Raises Unsupported.

    arenaBase: runtime/malloc.go.
    """
    bases = sorted((index * ARENA_BYTES + _ARENA_BASE_OFFSET) & _ADDRESS_MASK for index in arena_indexes(runtime))
    return list(merge((base, base + ARENA_BYTES) for base in bases if base + ARENA_BYTES <= _HIGHEST_ADDRESS))


def arena_indexes(runtime: "GoRuntime") -> set[int]:
    """arenaIdx of every arena. The list is called allArenas up to Go 1.24. Raises Unsupported."""
    found: set[int] = set()
    for name in ("heapArenas", "allArenas", "userArenaArenas"):
        if not runtime.layout.has("mheap", name):
            continue
        heap = Struct.read(runtime.space, runtime.layout, "mheap", address_of(runtime, "mheap_"), name)
        pointer, length, capacity = heap.slice(name)
        if length > min(capacity, _MOST_ARENAS):
            raise Unsupported(f"mheap_.{name} says {length} of {capacity} arenas; that cannot be")
        found.update(runtime.space.words(pointer, length))
    return found


def merge(ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges in order of their starts, touching and overlapping ones as one."""
    start = end = -1
    for low, high in ranges:
        if low <= end:
            end = max(end, high)
            continue
        if end > start:
            yield start, end
        start, end = low, high
    if end > start:
        yield start, end
