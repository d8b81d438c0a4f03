"""What Go's heap is, as ranges: for the ledger by category, for the block graph as places where pointers may stand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.runtimes.go.metadata import metadata_ranges
from memwhy.runtimes.go.span_table import IN_USE, Spans, read_arenas, read_spans
from memwhy.runtimes.go.stack_roots import stack_roots
from memwhy.runtimes.interface import Region, Root

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

Piece = tuple[int, int, str]


def regions(runtime: "GoRuntime") -> list[Region]:
    """The arenas by what their spans are used for, and the runtime's own books; disjoint, in address order.

    Everything of an arena that no span in use covers is "heap.idle": freed, given back, or not yet grown into. Raises
    Unsupported.
    """
    spans = read_spans(runtime)
    arenas = read_arenas(runtime)
    pieces = [*_heap(spans, arenas), *((start, end, "heap.meta") for start, end in metadata_ranges(runtime))]
    pieces.sort()
    return [Region(start=start, end=end, category=category) for start, end, category in _disjoint(pieces)]


def _heap(spans: Spans, arenas: list[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for base, limit in arenas:
        here = base
        while at < len(spans) and spans.starts[at] < limit:
            start, end = spans.starts[at], spans.ends[at]
            if start > here:
                yield here, start, "heap.idle"
            if end > here:
                yield max(start, here), end, "heap.in_use" if spans.states[at] == IN_USE else "heap.stacks"
            here = max(here, end)
            at += 1
        if here < limit:
            yield here, limit, "heap.idle"


def _disjoint(pieces: list[Piece]) -> Iterator[Piece]:
    """Touching pieces of one category as one; what overlaps an earlier piece is cut."""
    start = end = 0
    category = ""
    for low, high, kind in pieces:
        low = max(low, end)
        if high <= low:
            continue
        if low == end and kind == category:
            end = high
            continue
        if end > start:
            yield start, end, category
        start, end, category = low, high, kind
    if end > start:
        yield start, end, category


def roots(runtime: "GoRuntime") -> list[Root]:
    """Heap and stacks, in address order. Raises Unsupported.

    Spans of objects without pointers are "maybe": C addresses may be kept there as integers. The globals are left to the
    caller, who knows the data of all modules.
    """
    spans = read_spans(runtime)
    pieces: list[Piece] = []
    for start, end, state, kind in zip(spans.starts, spans.ends, spans.states, spans.classes, strict=True):
        if state == IN_USE:
            pieces.append((start, end, "maybe" if kind & 1 else "sure"))
    heap = [
        Root(start=start, end=end, name="Go heap", certainty="maybe" if certainty == "maybe" else "sure")
        for start, end, certainty in _disjoint(pieces)
    ]
    return sorted([*heap, *stack_roots(runtime)], key=lambda root: root.start)
