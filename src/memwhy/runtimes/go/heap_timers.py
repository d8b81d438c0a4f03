"""Timers as holders: by the function that each will call, not by the place in a scheduler's list where it stands.

Every runtime.p has a heap of them (runtime/time.go): pointers to timers up to Go 1.22, pointer and time in rows since Go 1.23, which also leaves
out timers with a channel on which nobody waits.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.runtimes.go.heap_objects import NONE, HeapGraph
from memwhy.runtimes.go.heap_queues import is_address, name_at
from memwhy.runtimes.go.heap_roots import RootSet, by_themselves
from memwhy.runtimes.go.span_table import read_arenas
from memwhy.runtimes.go.structs import WORD_BYTES, gather_fields

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_MOST_SCHEDULERS = 1 << 16
_CALLS_ITS_ARGUMENT = "time.goFunc"
_PLAIN = {
    "time.sendTime": "timer with a channel",
    "runtime.goroutineReady": "sleeping goroutines",
    "runtime.netpollDeadline": "deadlines of connections",
    "runtime.netpollReadDeadline": "deadlines of connections",
    "runtime.netpollWriteDeadline": "deadlines of connections",
}
"""What the runtime's own functions are there for (time/sleep.go, runtime/netpoll.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """roots: "timer of FUNCTION", the lists themselves, and the schedulers, to which every timer points. cuts: pointers (addresses from, to; 0
    for all) for which these roots stand."""

    roots: list[RootSet]
    cuts: list[tuple[int, int]]


def timers_of(runtime: "GoRuntime", heap: HeapGraph) -> Timers:
    """All timers of this moment. Raises Unsupported."""
    lists = list(_lists(runtime))
    places: defaultdict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    cuts: list[tuple[int, int]] = []
    for scheduler, pointer, count in lists:
        [number] = heap.objects_at(array("Q", (pointer,)).tobytes())[0]
        if number == NONE or not count:
            continue
        cuts += [(scheduler, pointer), (pointer, 0)]
        places["timers"].append((0, number, True))
        timers = _timers(runtime, pointer, count)
        numbers, begins = heap.objects_at(timers.tobytes())
        for name, one, begin in zip(_names(runtime, timers), numbers, begins, strict=True):
            if one != NONE:
                places[name].append((0, one, begin != 0))
    roots = [
        RootSet(name=name, kind="global", address=0, places=tuple(members)) for name, members in sorted(places.items())
    ]
    return Timers(roots=[*roots, *by_themselves(heap, "schedulers", [one for one, _, _ in lists])], cuts=cuts)


def _lists(runtime: "GoRuntime") -> Iterator[tuple[int, int, int]]:
    """(runtime.p, its array of timers, how many) of all schedulers."""
    layout, space = runtime.layout, runtime.space
    where = layout.offset("p", "timers.heap" if layout.has("timers") else "timers")
    if runtime.globals.allp is None:
        return
    pointer, count, *_ = (*space.words(runtime.globals.allp, 2), 0, 0)
    arenas, size = read_arenas(runtime), WORD_BYTES * _words_of_timer(runtime)
    for one in space.words(pointer, min(count, _MOST_SCHEDULERS)):
        if is_address(one):
            start, length, *_ = (*space.words(one + where, 2), 0, 0)
            fits = any(low <= start <= start + length * size <= high for low, high in arenas)
            yield one, start, length if fits else 0


def _timers(runtime: "GoRuntime", pointer: int, count: int) -> "array[int]":
    """Addresses of timers."""
    step = _words_of_timer(runtime)
    return array("Q", runtime.space.words(pointer, count * step))[::step]


def _words_of_timer(runtime: "GoRuntime") -> int:
    return 2 if runtime.layout.has("timerWhen") else 1


def _names(runtime: "GoRuntime", timers: Sequence[int]) -> list[str]:
    """Of each timer, whose it is. runtime.timer: f is a function value, arg an interface; time.AfterFunc's own function is its argument."""
    layout, space = runtime.layout, runtime.space
    start, size = layout.offset("timer", "f"), layout.offset("timer", "arg") + 2 * WORD_BYTES
    words = memoryview(gather_fields(space, timers, start, size - start)).cast("Q")
    step = (size - start) // WORD_BYTES
    functions = words[::step].tolist()
    distinct = array("Q", set(functions))
    codes = memoryview(space.gather(distinct, WORD_BYTES)).cast("Q")
    called = {one: name_at(runtime, code) for one, code in zip(distinct, codes, strict=True)}
    wrapping = {one for one, name in called.items() if name == _CALLS_ITS_ARGUMENT}
    plain = {one: _PLAIN.get(name, f"timer of {name or '?'}") for one, name in called.items()}
    names = list(map(plain.__getitem__, functions))
    wrapped = [i for i, one in enumerate(functions) if one in wrapping] if wrapping else []
    arguments = words[step - 1 :: step].tolist()
    inner = memoryview(space.gather(array("Q", [arguments[i] for i in wrapped]), WORD_BYTES)).cast("Q")
    own = {code: f"timer of {name_at(runtime, code) or '?'}" for code in set(inner)}
    for i, code in zip(wrapped, inner, strict=True):
        names[i] = own[code]
    return names
