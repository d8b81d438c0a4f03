"""Goroutine stacks as places where pointers may stand: from each one's saved stack pointer to its top.

A running goroutine has no saved stack pointer that is still true: its whole stack counts. Dead ones hold nothing.
Source: runtime/runtime2.go (type g, type m).
"""

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.runtimes.go.span_table import read_arenas
from memwhy.runtimes.go.structs import WORD_BYTES, address_of
from memwhy.runtimes.interface import Root, Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_IDLE, _RUNNING, _SYSCALL, _DEAD, _DEAD_EXTRA = 0, 2, 3, 6, 11
"""_DEAD_EXTRA: from Go 1.26 on."""
_SCAN = 0x1000
_FIELDS = ("stack.lo", "stack.hi", "sched.sp", "syscallsp", "atomicstatus")
_MOST_GOROUTINES = 50_000_000
_MOST_STACK_BYTES = 4 << 30
_MOST_THREADS = 100_000
_BATCH = 1 << 15


def stack_roots(runtime: "GoRuntime") -> Iterator[Root]:
    """All goroutine stacks, and the schedulers' own where the runtime made them from its heap. Raises Unsupported."""
    header = runtime.space.words(address_of(runtime, "allgs"), 3)
    if len(header) < 3 or not 0 < header[1] <= min(header[2], _MOST_GOROUTINES):
        raise Unsupported("runtime.allgs is no list of goroutines")
    goroutines = array("Q", runtime.space.words(header[0], header[1]))
    for at in range(0, len(goroutines), _BATCH):
        for low, high, pointer, in_call, status in _rows(runtime, goroutines[at : at + _BATCH]):
            status &= ~_SCAN
            if status in (_IDLE, _DEAD, _DEAD_EXTRA) or not 0 < high - low <= _MOST_STACK_BYTES:
                continue
            if status == _SYSCALL:
                pointer = in_call or pointer
            start = pointer if status != _RUNNING and low <= pointer <= high else low
            if start < high:
                yield Root(start=start & -WORD_BYTES, end=high, name="goroutine stack")
    yield from _thread_stacks(runtime)


def _rows(runtime: "GoRuntime", goroutines: "array[int]") -> Iterator[tuple[int, ...]]:
    fields = [runtime.layout.field("g", name) for name in _FIELDS]
    size = max(field[0] + field[1] for field in fields)
    raw = runtime.space.gather(goroutines, size)
    for base in range(0, len(raw), size):
        yield tuple(
            int.from_bytes(raw[base + offset : base + offset + width], "little") for offset, width, _, _ in fields
        )


def _thread_stacks(runtime: "GoRuntime") -> Iterator[Root]:
    """Stacks of g0 and gsignal inside the heap's arenas. With cgo the g0 run on the threads' own stacks, which are not ours."""
    layout, space = runtime.layout, runtime.space
    if runtime.globals.allm is None:
        return
    arenas = read_arenas(runtime)
    link = layout.offset("m", "alllink")
    m = space.word(runtime.globals.allm)
    seen: set[int] = set()
    while m and m not in seen and len(seen) < _MOST_THREADS:
        seen.add(m)
        for name in ("g0", "gsignal"):
            g = space.word(m + layout.offset("m", name))
            stack = space.words(g + layout.offset("g", "stack"), 2) if g else ()
            if len(stack) == 2 and any(start <= stack[0] < stack[1] <= end for start, end in arenas):
                yield Root(
                    start=stack[0],
                    end=stack[1],
                    name="thread stack of Go",
                    certainty="sure" if name == "g0" else "maybe",
                )
        m = space.word(m + link)
