"""Anonymous memory that may hold malloc's: private, readable, writable; neighbours are one.

The kernel splits what was mapped at once, for huge pages or names, and joins what was not: a mapping's borders say nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from memwhy.memory.space import PAGE_BYTES
from memwhy.model.mapping import Mapping

Range = tuple[int, int]


def anonymous_ranges(mappings: Iterable[Mapping]) -> list[Range]:
    """(start, end) in address order."""
    ranges: list[Range] = []
    for mapping in mappings:
        if mapping.inode or not mapping.perms.startswith("rw") or not mapping.perms.endswith("p"):
            continue
        if mapping.path and not mapping.path.startswith(("[anon", "[heap")):
            continue
        if ranges and ranges[-1][1] == mapping.start:
            ranges[-1] = ranges[-1][0], mapping.end
        else:
            ranges.append((mapping.start, mapping.end))
    return ranges


def range_of(ranges: Sequence[Range], address: int) -> Range | None:
    """The range that an address is in."""
    at = bisect_right(ranges, (address, 1 << 64)) - 1
    return ranges[at] if at >= 0 and ranges[at][0] <= address < ranges[at][1] else None


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """What is left of `ranges` when whole pages that `taken` touches are cut out; both disjoint and in address order."""
    left: list[Range] = []
    cuts = [(start & -PAGE_BYTES, (end + PAGE_BYTES - 1) & -PAGE_BYTES) for start, end in taken if end > start]
    ends = [end for _, end in cuts]
    for start, end in ranges:
        at = start
        for low, high in cuts[bisect_right(ends, start) :]:
            if low >= end:
                break
            if low > at:
                left.append((at, low))
            at = max(at, high)
        if at < end:
            left.append((at, end))
    return left
