"""A heap that moves while it is read: what was given out meanwhile is read again, and what still is not known is counted.

As a virtual machine is moved while it runs: first all, then what was touched since, which takes less time each time. The roots are read before
the last look, so what they lead to is listed then; and what they led to stays as it was until the collector has been through. Where it comes
through all the time, the last looks begin right behind it, so that most of them is over before it comes again. A span says by itself whether objects were given out in it (`_core/gomoving.h`). Pointers that were written into older objects
are not noticed: two passes that are held against each other show those (`heap_passes`).
"""

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from memwhy._core import _retain
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph, Moment
from memwhy.runtimes.go.heap_roots import RootSet

T = TypeVar("T")
_REREADS, _CLOSES = 1, 2
"""`_core/gomoving.h`, gomoving_how."""
_MOST_ROUNDS = 4
_MOST_TRIES = 4
_MOST_EFFORT = 1.0
"""CPU time of ours for rounds that may better the answer, of that for the first pass. The last look is made in any case, once."""
_LEAST_SHARE = 1 / 16
"""Of the bytes read at first: what takes that much less time to read again leaves little room for the next ones."""
_TRIFLE = 1 / 1000
"""Of the pointers."""
_MOST_WAIT_S, _ASKED_EACH_S = 1.0, 0.002
"""For the collector, where it was through while the heap was read; never longer than that took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What moved while a heap was read. newborn: objects reached that were made meanwhile; unread: of them, those that were not there yet
    (or no longer) when their span was last read, so what they hold is not known. unresolved: pointers of reached objects to what no list of spans has.
    lost_roots: led to what was gone before it could be read. born_bytes: all that was made meanwhile, reached or not. ran: CPU time of the process, of the time that it took; stood_still: it is
    sure that nothing of it ran. collected: the collector was through during the last look, and took what was still to be read. given_up: more
    rounds would have been too dear."""

    newborn: int
    unread: int
    unresolved: int
    lost_roots: tuple[str, ...]
    born_bytes: int
    ran: float
    stood_still: bool
    collected: bool = False
    given_up: bool = False


class Effort:
    """What reading a moving heap again may cost, by what the first pass did."""

    def __init__(self, first_s: float) -> None:
        """first_s: CPU time of ours."""
        self._until_s = time.process_time() + _MOST_EFFORT * first_s
        self.given_up = False

    def is_left(self) -> bool:
        """May there be another round?"""
        self.given_up = time.process_time() >= self._until_s
        return not self.given_up


def caught_up(heap: HeapGraph, effort: Effort) -> None:
    """Reads again what was touched while the heap was read, as long as that becomes less."""
    before = heap.read_bytes
    for _ in range(_MOST_ROUNDS):
        touched = _retain.touched(heap.heap, heap.reader.spans(heap.reader.listed()))
        if touched < _LEAST_SHARE * heap.read_bytes or touched > before / 2 or not effort.is_left():
            return
        _renewed(heap, [], _REREADS)
        before = touched


def settled(
    heap: HeapGraph, read_roots: Callable[[HeapGraph], tuple[list[RootSet], T]], effort: Effort
) -> tuple[HeapGraph, list[RootSet], T]:
    """The heap as it is after the last look, its roots, and what was read with them.

    After the roots were read, what they lead to, and what was written to since, is read again; then only what that led to and no list had.
    When the collector was through meanwhile, some of that is gone: then all of it once more.
    """
    for _ in range(_MOST_TRIES):
        cycle = _behind_collector(heap)
        found, beside = read_roots(heap)
        objects = _retain.counts(heap.heap)[1]
        touched, waiting, roots = _renewed(heap, found, _REREADS)
        if touched:
            _, waiting, roots = _renewed(heap, roots, _CLOSES)
        lost = tuple(_lost(objects, found, roots))
        is_good = not (touched and waiting > _TRIFLE * heap.edges) and not any(one.kind == "global" for one in lost)
        if is_good or not effort.is_left():
            break
    collected = heap.reader.cycle() != cycle
    _retain.finish(heap.heap, heap.reader.listed())
    _, _, _, _, read_bytes, scanned, objects, edges = _retain.moved(heap.heap)
    ended = Moment.of(heap.reader.runtime.space)
    names = tuple(one.name for one in lost)
    if heap.reader.cycle() != cycle:
        names = tuple(dict.fromkeys((*names, *_replaced(roots, read_roots(heap)[0]))))
    kept = [replace(root, places=tuple(one for one in root.places if one[1] != NONE)) for root in roots]
    now = replace(
        heap,
        scanned=scanned,
        objects=objects,
        edges=edges,
        read_bytes=read_bytes,
        ended=ended,
        lost_roots=names,
        collected=collected,
        given_up=not is_good and effort.given_up,
    )
    return now, kept, beside


def _behind_collector(heap: HeapGraph) -> int:
    """The collector's cycle; where it comes again and again, that in which it has just been through."""
    now = heap.reader.cycle()
    if now == heap.reader.cycle_began:
        return now
    asked_s = time.monotonic()
    most_s = min(_MOST_WAIT_S, asked_s - heap.reader.began.at_ns / 1e9)
    while (later := heap.reader.cycle()) == now and time.monotonic() < asked_s + most_s:
        time.sleep(_ASKED_EACH_S)
    return later


def _lost(objects: int, found: Sequence[RootSet], roots: Sequence[RootSet]) -> Iterator[RootSet]:
    """Roots that led to an object that is no more. Addresses that no span ever had are none."""
    for before, after in zip(found, roots, strict=True):
        if before is after:
            continue
        pairs = zip(before.places, after.places, strict=True)
        if any(was < objects and now == NONE for (_, was, _), (_, now, _) in pairs):
            yield before


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


def _renewed(heap: HeapGraph, roots: Sequence[RootSet], how: int) -> tuple[int, int, list[RootSet]]:
    """(bytes of spans that were touched, pointers to what this list has not or no longer, the roots with the numbers that objects have now, NONE for what is gone)."""
    numbers = array("I", [number for root in roots for _, number, _ in root.places])
    begins = bytes([one for root in roots for _, _, one in root.places])
    listed = heap.reader.listed()
    spans = heap.reader.spans(listed)
    way = heap.reader.way()
    touched, waiting, now, flags = _retain.renew(heap.heap, spans, listed, way, numbers.tobytes(), begins, how, None)
    if now == numbers.tobytes() and flags == begins:
        return touched, waiting, list(roots)
    rows = zip(array("I", now), flags, strict=True)
    places = [tuple((offset, *next(rows)) for offset, _, _ in root.places) for root in roots]
    found = [
        replace(root, places=tuple((offset, number, bool(one)) for offset, number, one in row))
        for root, row in zip(roots, places, strict=True)
    ]
    return touched, waiting, found


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
        collected=heap.collected,
        given_up=heap.given_up,
    )
