"""How much of some chunks lies on resident pages: what was never touched, or was given back, is in no RSS."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from memwhy.inspect.blocks import GRAIN_BYTES
from memwhy.inspect.chunks import ChunkRows, has_bit, words_of

_SOME = re.compile(rb"[^\0]")
_number = int.from_bytes

Range = tuple[int, int]


def untouched_bytes(chunks: ChunkRows, bits: bytes, resident: "array[int]") -> int:
    """Of the chunks whose bit is set: their bytes, headers included, on pages that are not resident.

    resident: flat pairs start, end in address order. Looked at are the gaps between them only: 1.5 µs each, and
    some milliseconds for each GiB of a heap that has any.
    """
    if not any(bits):
        return 0
    heaps, mapped = chunks
    flat = words_of(mapped)
    regions: list[tuple[int, int, bytes, bytes, bool]] = [(*heap, False) for heap in heaps]
    regions += [(flat[i], flat[i + 1], b"", b"", True) for i in range(0, len(flat), 3)]
    missing_bytes = number = 0
    for start, end, starts, used, is_mapped in sorted(regions):
        gaps = list(_gaps(resident, start, end))
        if is_mapped:
            if gaps and has_bit(bits, number):
                missing_bytes += sum(high - low for low, high in gaps)
            number += 1
            continue
        if gaps:
            missing_bytes += _bytes_in(gaps, bits, number, start, starts, used)
        number += int.from_bytes(used, "little").bit_count()
    return missing_bytes


def _gaps(resident: "array[int]", start: int, end: int) -> Iterator[Range]:
    """What of a range is not resident."""
    row = bisect_right(resident, start)
    if row % 2:  # begins inside a pair
        start = resident[row]
        row += 1
    for at in range(row, bisect_left(resident, end), 2):
        if start < resident[at]:
            yield start, resident[at]
        start = resident[at + 1]
    if start < end:
        yield start, end


def _bytes_in(gaps: Iterable[Range], bits: bytes, number: int, start: int, starts: bytes, used: bytes) -> int:
    """Bytes inside the gaps of one heap that belong to chunks whose bit is set. number: of its first chunk in use.

    gaps: in address order, so that each bitmap is gone through once. One loop without calls: it may turn 100,000 times.
    """
    found = before = searched = ranked = 0
    for low, high in gaps:
        first, last = (low - start) // GRAIN_BYTES, -(-(high - start) // GRAIN_BYTES)
        at = searched >> 3
        begun = _number(starts[at : (first >> 3) + 1], "little") & ((2 << (first - (at << 3))) - 1)
        if begun:
            before = (at << 3) + begun.bit_length() - 1
        searched, at = first, (first + 1) >> 3
        inside = _number(starts[at : (last + 7) >> 3], "little") >> (first + 1 - (at << 3))
        slots = [before, *_slots(inside, first + 1, last)] if inside else [before]
        for place, slot in enumerate(slots):
            byte = slot >> 3
            if not used[byte] >> (slot & 7) & 1:
                continue
            number += _number(used[ranked:byte], "little").bit_count()
            ranked = byte
            rank = number + (used[byte] & ((1 << (slot & 7)) - 1)).bit_count()
            if bits[rank >> 3] >> (rank & 7) & 1:
                following = slots[place + 1] if place + 1 < len(slots) else last
                found += min(high, start + following * GRAIN_BYTES) - max(low, start + slot * GRAIN_BYTES)
    return found


def _slots(inside: int, first: int, last: int) -> Iterator[int]:
    """The slots before `last` whose bit is set; bit 0 is slot `first`."""
    raw = inside.to_bytes(inside.bit_length() // 8 + 1, "little")
    for place in _SOME.finditer(raw):
        byte = raw[place.start()]
        while byte:
            slot = first + 8 * place.start() + (byte & -byte).bit_length() - 1
            byte &= byte - 1
            if slot < last:
                yield slot
