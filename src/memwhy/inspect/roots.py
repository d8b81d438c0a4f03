"""Roots: every range of an address space in which a pointer that keeps a block alive may stand.

The data of all modules, thread stacks above their stack pointers, the runtime's heap and stacks, and all writable
memory that no allocator owns. Left out is malloc's own bookkeeping: its lists point to free chunks.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.ledger import Owned, index_of
from memwhy.memory.space import Space
from memwhy.runtimes.interface import Root, Runtime

RED_ZONE_BYTES = 128
"""What a function may use below its stack pointer (System V ABI, x86-64)."""


def roots_of(
    space: Space,
    owned: Owned,
    runtimes: Sequence[Runtime],
    bookkeeping: Sequence[tuple[int, int]],
    blocks: Blocks,
) -> list[Root]:
    """All roots, in no special order, none overlapping the blocks of malloc or what the runtime owns.

    bookkeeping: ranges of malloc's own structures outside its heaps (main_arena in libc's data). What could not be
    walked of a heap is a root like any other memory: it may hold blocks that point to those that were walked.
    Where threads may stand in the middle of an unread heap, what lies below their stack pointers may hold, too.
    """
    taken = [(region.start, region.end) for region in owned.regions]
    taken += [(share.start, share.end) for share in owned.shares]
    taken += bookkeeping
    taken.sort()
    stacks = _stacks(space)
    roots = [root for runtime in runtimes for root in runtime.roots()]
    roots += [
        Root(start=region.start, end=region.end, name="runtime metadata", certainty="maybe")
        for region in owned.regions
        if region.category == "heap.meta"
    ]
    for index, mapping in enumerate(space.mappings):
        if mapping.perms[:2] != "rw" or mapping.rss_bytes == 0:
            continue
        start = max(mapping.start, min(stacks.get(index, (mapping.start,))))
        name = mapping.path or "anonymous"
        if index in stacks:
            name = "thread stack"
        roots += [Root(start=low, end=high, name=name) for low, high in _without(start, mapping.end, taken)]
        if owned.stacks_anywhere and mapping.start < start and mapping.path != "[stack]":
            below = _without(mapping.start, start, taken)
            roots += [Root(start=low, end=high, name=name, certainty="maybe") for low, high in below]
    walked = sorted([(one.start, one.end) for one in blocks.heaps] + [(one.start, one.end) for one in blocks.mapped])
    for share in owned.shares:
        if share.bytes.get("malloc.unread"):
            pieces = _without(share.start, share.end, walked)
            roots += [Root(start=low, end=high, name="malloc heap, not walked") for low, high in pieces]
    return roots


def _stacks(space: Space) -> dict[int, list[int]]:
    """Index of a mapping → the stack pointers of threads in it; where one is not known, the whole mapping counts."""
    found: dict[int, list[int]] = {}
    for thread in space.threads():
        if thread.stack_pointer is not None:
            index = index_of(space.mappings, thread.stack_pointer)
            if index >= 0 and not space.mappings[index].inode:
                found.setdefault(index, []).append((thread.stack_pointer - RED_ZONE_BYTES) & ~7)
    return found


def _without(start: int, end: int, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The parts of a range that none of the taken ones covers; `taken` in address order."""
    for low, high in taken[bisect_right(taken, start, key=lambda one: one[1]) :]:
        if low >= end:
            break
        if start < low:
            yield start, low
        start = max(start, high)
    if start < end:
        yield start, end
