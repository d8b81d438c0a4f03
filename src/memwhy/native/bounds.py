"""Where each thread's stack lies, so that the sampler's unwinder reads stack words and nothing else.

A thread is known by its thread pointer and by the stack pointer of its last sample. glibc puts a thread's control block, which the
thread pointer names, at the top of its stack (nptl/allocatestack.c): where both are in one mapping the stack ends there. Any
other stack pointer (the main thread's, a coroutine's) is bounded by its mapping. Where the control block itself keeps the stack's
address and size (struct pthread: stackblock, stackblock_size) differs between versions of glibc: it is found by the values of
threads that exist, and the sampler then needs nobody to tell it of new ones.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from memwhy.memory.space import Space
from memwhy.memory.symbols import find_symbols
from memwhy.model.mapping import Mapping
from memwhy.native.layout import AT_THREADS, THREADS, Thread

_THREAD = struct.Struct("<QqQQQQIIQ")
_BOUNDS, _CHECK = struct.Struct("<QQ"), struct.Struct("<Q")
_ROOM_BYTES = 8 << 20
"""How far the main stack grows, by default; it is mapped only as far as it was used (setrlimit(2), RLIMIT_STACK)."""
_WORD_BYTES = 8
_BLOCK_WORDS = 0x120
_TOP_BYTES = 1 << 16
"""Of a mapping: where a control block, some 2.3 KiB, is looked for."""
_BLOCK_ALIGN = 64
_FIRST_WORD = 16
"""Behind tcbhead_t."""
_MOST_STACKS = 64
_MOST_LOADERS_BYTES = 1 << 20
"""Of the mapping that the loader makes for the first thread's control block and thread-local storage; the kernel joins others to it."""
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


def find_thread_block(space: Space) -> int:
    """The offset of the stack's address in thread control blocks; 0 where no thread says it, or they disagree.

    The first thread's has no address, and for its size where that stack ends as the loader found it (__tls_init_tp).
    """
    end = _first_stacks_end(space)
    agreed: set[int] | None = None
    seen = 0
    for below, mapping in pairwise(space.mappings):
        if mapping.path or mapping.perms != "rw-p" or seen >= _MOST_STACKS:
            continue
        is_stack = below.end == mapping.start and below.perms == "---p"
        if is_stack:
            found = _offsets(space, mapping, (below.start, mapping.start), mapping.end)
        elif end and mapping.size_bytes <= _MOST_LOADERS_BYTES:
            found = _offsets(space, mapping, (0, 0), end)
        else:
            continue
        if found:
            seen += 1
            agreed = found if agreed is None else agreed & found
    return agreed.pop() if agreed and len(agreed) == 1 else 0


def _first_stacks_end(space: Space) -> int:
    """What the loader exports as __libc_stack_end, 0 where it does not."""
    for module in space.modules():
        if module.elf is not None and module.name.startswith(("ld-", "ld.so")):
            for address, _ in find_symbols(module.elf, ("__libc_stack_end",), ".dynsym").values():
                return space.word(address + module.bias) or 0
    return 0


def _offsets(space: Space, mapping: Mapping, lows: tuple[int, int], end: int) -> set[int]:
    """Where a control block in a mapping has two words in a row, an address within `lows` and a size that reaches to `end`."""
    pages = space.resident(
        mapping.start if mapping.size_bytes <= _MOST_LOADERS_BYTES else mapping.end - _TOP_BYTES, mapping.end
    )
    for i in range(0, len(pages), 2):
        found = _in_block(space, pages[i], pages[i + 1], lows, end)
        if found:
            return found
    return set()


def _in_block(space: Space, start: int, stop: int, lows: tuple[int, int], end: int) -> set[int]:
    words = space.words(start, (stop - start) // _WORD_BYTES)
    for at in range(0, len(words) - _BLOCK_WORDS // 2, _BLOCK_ALIGN // _WORD_BYTES):
        if words[at] == words[at + 2] == start + _WORD_BYTES * at:  # tcbhead_t: tcb, dtv, self
            return {
                _WORD_BYTES * (i - at)
                for i in range(at + _FIRST_WORD, min(at + _BLOCK_WORDS, len(words)) - 1)
                if lows[0] <= words[i] <= lows[1] and words[i] + words[i + 1] == end
            }
    return set()
