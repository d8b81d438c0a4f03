"""Where each thread's stack lies, so that the sampler's unwinder reads stack words and nothing else.

A thread is known by its thread pointer and by the stack pointer of its last sample. glibc puts a thread's control block, which the
thread pointer names, at the top of its stack (nptl/allocatestack.c): where both are in one mapping the stack ends there. Any
other stack pointer (the main thread's, a coroutine's) is bounded by its mapping.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.mapping import Mapping
from memwhy.native.layout import AT_THREADS, THREADS, Thread

_THREAD = struct.Struct("<QqQQQQIIQ")
_BOUNDS, _CHECK = struct.Struct("<QQ"), struct.Struct("<Q")
_ROOM_BYTES = 8 << 20
"""How far the main stack grows, by default; it is mapped only as far as it was used (setrlimit(2), RLIMIT_STACK)."""
THREADS_BYTES = THREADS * _THREAD.size

assert _THREAD.size == 64


@dataclass(frozen=True, slots=True)
class Bounds:
    """For the thread in row `row` of the sampler's table: its stack is [lo, hi)."""

    row: int
    thread_pointer: int
    lo: int
    hi: int

    def writes(self) -> Iterator[tuple[int, bytes]]:
        """(offset from the header, bytes): the check last, without which the bounds are not used."""
        at = AT_THREADS + self.row * _THREAD.size
        yield at + Thread.stack_lo.offset, _BOUNDS.pack(self.lo, self.hi)
        yield at + Thread.stack_check.offset, _CHECK.pack(self.lo ^ self.hi ^ self.thread_pointer)


def find_bounds(threads: bytes, mappings: Sequence[Mapping]) -> tuple[Bounds, ...]:
    """What is new: bounds for the threads whose own are missing or wrong. threads: the sampler's table; mappings: in address order."""
    starts = [mapping.start for mapping in mappings]
    found = []
    usable = len(threads) - len(threads) % _THREAD.size
    for row, (pointer, _, _, sp, lo, hi, _, _, check) in enumerate(_THREAD.iter_unpack(threads[:usable])):
        if not pointer or not sp:
            continue
        new = stack_of(pointer, sp, mappings, starts)
        if new is not None and (*new, new[0] ^ new[1] ^ pointer) != (lo, hi, check):
            found.append(Bounds(row, pointer, *new))
    return tuple(found)


def stack_of(
    pointer: int, sp: int, mappings: Sequence[Mapping], starts: Sequence[int] | None = None
) -> tuple[int, int] | None:
    """(lo, hi) of the stack of a thread; None where its stack pointer is in no memory that can be written."""
    starts = [mapping.start for mapping in mappings] if starts is None else starts
    place = bisect_right(starts, sp) - 1
    if place < 0 or sp >= mappings[place].end or not mappings[place].perms.startswith("rw"):
        return None
    stack = mappings[place]
    if stack.path == "[stack]":
        return main_stack(mappings, place)
    return stack.start, pointer if sp < pointer < stack.end else stack.end


def main_stack(mappings: Sequence[Mapping], place: int | None = None) -> tuple[int, int]:
    """(lo, hi) of the first thread's stack, with the room it may still grow into; (0, 0) where there is none."""
    if place is None:
        place = next((i for i, mapping in enumerate(mappings) if mapping.path == "[stack]"), None)
    if place is None:
        return 0, 0
    stack = mappings[place]
    below = mappings[place - 1].end if place else 0
    return max(below, min(stack.start, stack.end - _ROOM_BYTES)), stack.end
