"""The spans of Go's heap, as mheap_.allspans lists them: what every page of the heap's arenas is used for.

Columns instead of objects: a heap of 10 GB has a million spans. Source: runtime/mheap.go, the same from Go 1.19 to 1.27
but for the width of nelems and the name of the arenas' list.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import lt
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
HIGHEST_ADDRESS = 1 << 47
"""The end of a process's own addresses on x86-64 with four levels of page tables."""
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
    table = _Table()
    for at in range(0, len(pointers), _BATCH):
        table.add(runtime.space, runtime.layout, pointers[at : at + _BATCH])
    table.sort()
    table.cut_overlaps()
    return Spans(
        starts=table.starts,
        ends=table.ends,
        states=bytes(table.states),
        classes=bytes(table.classes),
        element_bytes=table.elements,
        objects=table.objects,
        listed=len(pointers),
        unread=table.unread,
    )


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


class _Table:
    """Columns of the spans that are not dead; loops over them run in C, as far as Python lets them."""

    def __init__(self) -> None:
        self.starts, self.ends, self.elements, self.objects = array("Q"), array("Q"), array("Q"), array("H")
        self.states, self.classes = bytearray(), bytearray()
        self.unread = 0

    def add(self, space: Space, layout: Layout, pointers: "array[int]") -> None:
        """Read a batch of mspan structs."""
        size = layout.size("mspan")
        raw = memoryview(space.gather(pointers, size))
        starts, pages, elements = (_words(raw, layout, size, name) for name in ("startAddr", "npages", "elemsize"))
        states, classes = (raw[layout.offset("mspan", name) :: size].tobytes() for name in ("state", "spanclass"))
        counts = raw.cast("H")[layout.offset("mspan", "allocCount") // 2 :: size // 2].tolist()
        live = [
            state in (IN_USE, MANUAL) and GO_PAGE_BYTES <= start < start + count * GO_PAGE_BYTES <= HIGHEST_ADDRESS
            for state, start, count in zip(states, starts, pages, strict=True)
        ]
        self.unread += len(live) - sum(live) - states.count(DEAD)
        self.starts.extend(start & -GO_PAGE_BYTES for start in compress(starts, live))
        self.ends.extend(
            (start & -GO_PAGE_BYTES) + count * GO_PAGE_BYTES
            for start, count in zip(compress(starts, live), compress(pages, live), strict=True)
        )
        self.elements.extend(compress(elements, live))
        self.objects.extend(compress(counts, live))
        self.states += bytes(compress(states, live))
        self.classes += bytes(compress(classes, live))

    def sort(self) -> None:
        """Into address order."""
        self._take(sorted(range(len(self.starts)), key=self.starts.__getitem__))

    def cut_overlaps(self) -> None:
        """Make them disjoint; none of it happens in a process that holds still."""
        if not any(map(lt, self.starts[1:], self.ends)):
            return
        kept: list[int] = []
        reached = 0
        for i, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            if end > reached:
                self.starts[i] = max(start, reached)
                reached = end
                kept.append(i)
        self._take(kept)

    def _take(self, order: list[int]) -> None:
        for name in ("starts", "ends", "elements", "objects"):
            column = getattr(self, name)
            setattr(self, name, array(column.typecode, map(column.__getitem__, order)))
        self.states = bytearray(map(self.states.__getitem__, order))
        self.classes = bytearray(map(self.classes.__getitem__, order))


def _words(raw: memoryview, layout: Layout, size: int, field: str) -> list[int]:
    return raw.cast("Q")[layout.offset("mspan", field) // WORD_BYTES :: size // WORD_BYTES].tolist()


def read_arenas(runtime: "GoRuntime") -> list[tuple[int, int]]:
    """The address ranges that the heap grew into, merged, in address order; arenas of package arena included. Raises Unsupported.

    arenaBase: runtime/malloc.go.
    """
    bases = sorted((index * ARENA_BYTES + _ARENA_BASE_OFFSET) & _ADDRESS_MASK for index in arena_indexes(runtime))
    return list(merge((base, base + ARENA_BYTES) for base in bases if 0 < base <= HIGHEST_ADDRESS - ARENA_BYTES))


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
