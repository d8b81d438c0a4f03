"""Roots: every range of an address space in which a pointer that keeps a block alive may stand.

The data of all modules, thread stacks, the runtime's heap and stacks, and all memory that the program can read, has written
and no allocator owns: a table that was made read-only since still holds. Left out are malloc's own bookkeeping, whose lists
point to free chunks, and numbers that a file brought along (`constants`). What cannot be read without a trace is counted,
not read: see `missing_roots`.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.constants import constants
from memwhy.inspect.ledger import Owned, index_of
from memwhy.memory.space import Space
from memwhy.model.mapping import Mapping
from memwhy.model.units import human_bytes
from memwhy.runtimes.interface import Root, Runtime

RED_ZONE_BYTES = 128
"""What a function may use below its stack pointer (System V ABI, x86-64)."""
MISSING = "roots are missing: "
"""So begins what is said of pointers that could not be looked for: what they hold looks lost."""
_SHARED_MEMORY = ("/dev/zero (deleted)", "/memfd:", "/SYSV", "/dev/shm/")
"""The first is shared memory without a name: what of it is not resident is swapped out or was never touched."""
_KERNELS_OWN = ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldElsewhere:
    """Pointers that hold blocks and do not stand in the target's memory. words: uint64. missing: what could not be read, in
    words that begin as MISSING."""

    words: "array[int]" = field(default_factory=lambda: array("Q"))
    missing: tuple[str, ...] = ()


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
    Below the stack pointers of a mapping other memory may lie (a pool that a stack was cut from, an unread heap), or a stack
    that is dead: that may hold.
    """
    taken = [(region.start, region.end) for region in owned.regions]
    taken += [(share.start, share.end) for share in owned.shares]
    taken += bookkeeping
    taken += [one for one in constants(space, blocks) if not any(start <= one[0] < end for start, end in taken)]
    taken.sort()
    stacks = _stacks(space)
    roots = [root for runtime in runtimes for root in runtime.roots()]
    roots += [
        Root(start=region.start, end=region.end, name="runtime metadata", certainty="maybe")
        for region in owned.regions
        if region.category == "heap.meta"
    ]
    for index, mapping in enumerate(space.mappings):
        if not _may_hold(mapping) or mapping.rss_bytes == 0:
            continue
        start = max(mapping.start, min(stacks.get(index, (mapping.start,))))
        name = mapping.path or "anonymous"
        if index in stacks:
            name = "thread stack"
        roots += [Root(start=low, end=high, name=name) for low, high in _without(start, mapping.end, taken)]
        if mapping.start < start and mapping.path != "[stack]":
            below = _without(mapping.start, start, taken)
            roots += [Root(start=low, end=high, name=name, certainty="maybe") for low, high in below]
    walked = sorted([(one.start, one.end) for one in blocks.heaps] + [(one.start, one.end) for one in blocks.mapped])
    for share in owned.shares:
        if share.bytes.get("malloc.unread"):
            pieces = _without(share.start, share.end, walked)
            roots += [Root(start=low, end=high, name="malloc heap, not walked") for low, high in pieces]
    return roots


def missing_roots(space: Space) -> tuple[str, ...]:
    """What may hold pointers and is not on resident pages, in words: reading it would bring it back into the target's memory."""
    swapped = sum(one.swap_bytes for one in space.mappings if one.perms[:1] == "r")
    huge = sum(one.size_bytes for one in space.mappings if "ht" in one.vm_flags.split() and one.perms[:1] == "r")
    kinds = (
        (swapped, "are swapped out"),
        (huge, "are on huge pages of hugetlbfs"),
    )
    return tuple(f"{MISSING}{human_bytes(size)} {kind}, and were not read" for size, kind in kinds if size)


def _may_hold(mapping: Mapping) -> bool:
    """Can the program read it, and has it written to it? Clean pages of files hold no address of this run."""
    if mapping.perms[:1] != "r" or mapping.path in _KERNELS_OWN:
        return False
    if mapping.perms[1:2] == "w" or not mapping.inode or mapping.rss_bytes is None:
        return True
    written = (mapping.anonymous_bytes, mapping.private_dirty_bytes, mapping.shared_dirty_bytes)
    return any(written) or mapping.path.startswith(_SHARED_MEMORY)


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
