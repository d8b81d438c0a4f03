"""A heap that moves while it is read: what was given out meanwhile is read again, and what still is not known is counted.

As a virtual machine is moved while it runs: first all, then what was touched since, which takes less time each time. The roots are read before
the last look, so what they lead to is listed then; and what they led to stays as it was until the collector has been through.
A span says by itself whether objects were given out in it (`_core/gomoving.h`). Pointers that were written into older objects
are not noticed: two passes that are held against each other show those (`heap_passes`).
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memwhy._core import _retain
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph
from memwhy.runtimes.go.heap_roots import RootSet

_MOST_ROUNDS = 4
_LEAST_SHARE = 1 / 16
"""Of the bytes read at first: what takes that much less time to read again leaves little room for the next ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What moved while a heap was read. newborn: objects reached that were made meanwhile; unread: of them, those that were not there yet
    (or no longer) when their span was last read, so what they hold is not known. unresolved: pointers of reached objects to what no list of spans has.
    born_bytes: all that was made meanwhile, reached or not."""

    newborn: int
    unread: int
    unresolved: int
    born_bytes: int


def caught_up(heap: HeapGraph) -> None:
    """Reads again what was touched while the heap was read, as long as that becomes less."""
    before = heap.read_bytes
    for _ in range(_MOST_ROUNDS):
        way = heap.reader.way()
        touched = _retain.renew(heap.heap, heap.reader.spans(), way, b"", b"", False, None)[0]
        if touched < _LEAST_SHARE * heap.read_bytes or touched > before / 2:
            return
        before = touched


def settled(heap: HeapGraph, roots: Sequence[RootSet]) -> tuple[HeapGraph, list[RootSet]]:
    """The heap as it is after the last look, and the roots with the numbers that objects have there."""
    numbers = array("I", (number for root in roots for _, number, _ in root.places))
    begins = bytes(one for root in roots for _, _, one in root.places)
    way = heap.reader.way()
    _, now, flags = _retain.renew(heap.heap, heap.reader.spans(), way, numbers.tobytes(), begins, True, None)
    rows = iter(zip(array("I", now), flags, strict=True))
    found = []
    for root in roots:
        places = [(offset, *next(rows)) for offset, _, _ in root.places]
        kept = tuple((offset, number, bool(one)) for offset, number, one in places if number != NONE)
        found.append(replace(root, places=kept))
    _, _, _, _, read_bytes, scanned, objects, edges = _retain.moved(heap.heap)
    return replace(heap, scanned=scanned, objects=objects, edges=edges, read_bytes=read_bytes), found


def moved(heap: HeapGraph) -> Moved:
    """What moved while the heap was read; to be asked when it is known what is reached."""
    newborn, unread, unresolved, born_bytes = _retain.moved(heap.heap)[:4]
    return Moved(newborn=newborn, unread=unread, unresolved=unresolved, born_bytes=born_bytes)
