"""A heap that moves while it is read: what was given out meanwhile is read again, and what still is not known is counted.

As a virtual machine is moved while it runs: first all, then what was touched since, which takes less time each time. The roots are read before
the last look, so what they lead to is listed then; and what they led to stays as it was until the collector has been through.
A span says by itself whether objects were given out in it (`_core/gomoving.h`). Pointers that were written into older objects
are not noticed: two passes that are held against each other show those (`heap_passes`).
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from memwhy._core import _retain
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph, Moment
from memwhy.runtimes.go.heap_roots import RootSet

T = TypeVar("T")
_MOST_ROUNDS = 4
_MOST_TRIES = 4
_LEAST_SHARE = 1 / 16
"""Of the bytes read at first: what takes that much less time to read again leaves little room for the next ones."""
_TRIFLE = 1 / 1000
"""Of the pointers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What moved while a heap was read. newborn: objects reached that were made meanwhile; unread: of them, those that were not there yet
    (or no longer) when their span was last read, so what they hold is not known. unresolved: pointers of reached objects to what no list of spans has.
    lost_roots: led to what was gone before it could be read. born_bytes: all that was made meanwhile, reached or not. ran: CPU time of the process, of the time that it took; stood_still: it is
    sure that nothing of it ran."""

    newborn: int
    unread: int
    unresolved: int
    lost_roots: tuple[str, ...]
    born_bytes: int
    ran: float
    stood_still: bool


def caught_up(heap: HeapGraph) -> None:
    """Reads again what was touched while the heap was read, as long as that becomes less."""
    before = heap.read_bytes
    for _ in range(_MOST_ROUNDS):
        touched, _, _ = _renewed(heap, [], rereads=True)
        if touched < _LEAST_SHARE * heap.read_bytes or touched > before / 2:
            return
        before = touched


def settled(
    heap: HeapGraph, read_roots: Callable[[HeapGraph], tuple[list[RootSet], T]]
) -> tuple[HeapGraph, list[RootSet], T]:
    """The heap as it is after the last look, its roots, and what was read with them.

    Twice after the roots were read: what they lead to, and what was written to since, is read again; what that led to is listed the second time.
    When the collector was through meanwhile, some of that is gone: then all of it once more.
    """
    for _ in range(_MOST_TRIES):
        cycle = heap.reader.cycle()
        found, beside = read_roots(heap)
        objects = _retain.counts(heap.heap)[1]
        touched, _, roots = _renewed(heap, found, rereads=True)
        gone = 0
        if touched:
            _, gone, roots = _renewed(heap, roots, rereads=False)
        lost = tuple(_lost(objects, found, roots))
        if gone <= _TRIFLE * heap.edges and not lost:
            break
    _retain.finish(heap.heap, heap.reader.listed())
    _, _, _, _, read_bytes, scanned, objects, edges = _retain.moved(heap.heap)
    ended = Moment.of(heap.reader.runtime.space)
    if heap.reader.cycle() != cycle:
        lost = tuple(dict.fromkeys((*lost, *_replaced(roots, read_roots(heap)[0]))))
    kept = [replace(root, places=tuple(one for one in root.places if one[1] != NONE)) for root in roots]
    now = replace(
        heap, scanned=scanned, objects=objects, edges=edges, read_bytes=read_bytes, ended=ended, lost_roots=lost
    )
    return now, kept, beside


def _lost(objects: int, found: Sequence[RootSet], roots: Sequence[RootSet]) -> Iterator[str]:
    """Roots that led to an object that is no more. Addresses that no span ever had are none."""
    for before, after in zip(found, roots, strict=True):
        pairs = zip(before.places, after.places, strict=True)
        if any(was < objects and now == NONE for (_, was, _), (_, now, _) in pairs):
            yield before.name


def _replaced(before: Sequence[RootSet], after: Sequence[RootSet]) -> Iterator[str]:
    """Variables that lead elsewhere by now. When the collector was through meanwhile, others' objects may be where theirs were."""
    now = {(root.kind, root.name): {offset: number for offset, number, _ in root.places} for root in after}
    for root in before:
        there = now.get((root.kind, root.name), {})
        if (
            root.address
            and root.kind == "global"
            and any(there.get(offset) != number for offset, number, _ in root.places)
        ):
            yield root.name


def _renewed(heap: HeapGraph, roots: Sequence[RootSet], *, rereads: bool) -> tuple[int, int, list[RootSet]]:
    """(bytes of spans that were touched, pointers to what is gone, the roots with the numbers that objects have now, NONE for what is gone)."""
    numbers = array("I", (number for root in roots for _, number, _ in root.places))
    begins = bytes(one for root in roots for _, _, one in root.places)
    listed = heap.reader.listed()
    spans = heap.reader.spans(listed)
    way = heap.reader.way()
    touched, gone, now, flags = _retain.renew(heap.heap, spans, listed, way, numbers.tobytes(), begins, rereads, None)
    if now == numbers.tobytes() and flags == begins:
        return touched, gone, list(roots)
    rows = zip(array("I", now), flags, strict=True)
    places = [tuple((offset, *next(rows)) for offset, _, _ in root.places) for root in roots]
    found = [
        replace(root, places=tuple((offset, number, bool(one)) for offset, number, one in row))
        for root, row in zip(roots, places, strict=True)
    ]
    return touched, gone, found


def moved(heap: HeapGraph) -> Moved:
    """What moved while the heap was read; to be asked when it is known what is reached."""
    newborn, unread, unresolved, born_bytes = _retain.moved(heap.heap)[:4]
    begun, ended = heap.reader.began, heap.ended
    assert ended is not None
    return Moved(
        newborn=newborn,
        unread=unread,
        unresolved=unresolved,
        lost_roots=heap.lost_roots,
        born_bytes=born_bytes,
        ran=(ended.clock_ns - begun.clock_ns) / max(1, ended.at_ns - begun.at_ns),
        stood_still=begun.asleep_ns is not None and begun.asleep_ns == ended.asleep_ns,
    )
