"""What one walk of malloc's heaps knows as in use and another does not: the blocks that came, or went, between the two."""

import re
from collections.abc import Iterator

from memwhy.inspect.blocks import GRAIN_BYTES, Blocks, HeapBlocks

_SIZE_WORD_BYTES = 8
"""A chunk's last eight bytes are the first ones of the next chunk's header (malloc.c, "overlapping prev_size")."""
_SOME = re.compile(rb"[^\0]")

Range = tuple[int, int]


def arrivals(newer: Blocks, older: Blocks) -> list[Range]:
    """Ranges (start, end) in use in `newer` that were not in use, or not in one and the same block, in `older`.

    Whole blocks where a block begins anew, else what a block has grown by. Some milliseconds for each GiB of heap.
    """
    known = {(block.start, block.end) for block in older.mapped}
    found = [(block.user, block.end) for block in newer.mapped if (block.start, block.end) not in known]
    for heap in newer.heaps:
        if heap in older.heaps:
            continue  # stands as it stood
        near = [other for other in older.heaps if other.start < heap.end and heap.start < other.end]
        used, covered = _number(heap.used), _covered(heap)
        used_before, covered_before = 0, 0
        for other in near:
            away = (other.start - heap.start) // GRAIN_BYTES
            used_before |= _moved(_number(other.used), away)
            covered_before |= _moved(_covered(other), away)
        came = _reach(used & ~used_before, _number(heap.starts), _slots(heap)) | (covered & ~covered_before)
        found += [
            (heap.start + low * GRAIN_BYTES, heap.start + high * GRAIN_BYTES + _SIZE_WORD_BYTES)
            for low, high in _runs(came)
        ]
    return found


def _number(bits: bytes) -> int:
    return int.from_bytes(bits, "little")


def _slots(heap: HeapBlocks) -> int:
    return (heap.end - heap.start) // GRAIN_BYTES


def _moved(bits: int, places: int) -> int:
    return bits << places if places >= 0 else bits >> -places


def _covered(heap: HeapBlocks) -> int:
    """The slots that blocks in use cover."""
    return _reach(_number(heap.used), _number(heap.starts), _slots(heap))


def _reach(begins: int, starts: int, slots: int) -> int:
    """All slots from each of some blocks' first ones to before the next block's, by carrying through the slots between."""
    between = ((1 << slots) - 1) & ~starts
    begins &= starts
    following = ((begins << 1) + between) & ~between & ((1 << (slots + 1)) - 1)
    return following - begins


def _runs(bits: int) -> Iterator[Range]:
    """(first, behind the last) of each run of ones."""
    edges = bits ^ bits << 1
    raw = edges.to_bytes(edges.bit_length() // 8 + 1, "little")
    begun: int | None = None
    for place in _SOME.finditer(raw):
        byte = raw[place.start()]
        while byte:
            at = 8 * place.start() + (byte & -byte).bit_length() - 1
            byte &= byte - 1
            if begun is None:
                begun = at
            else:
                yield begun, at
                begun = None
