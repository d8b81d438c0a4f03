"""Which pages of a live process are in RSS, without touching one of them.

First choice is the ioctl PAGEMAP_SCAN (Linux 6.7, Documentation/admin-guide/mm/pagemap.rst): pages that are present and
not the zero page; it skips holes, and a terabyte of reserved address space costs nothing. Before 6.7 the flags of
/proc/PID/pagemap are all there is. They do not know the zero page, so several readings of them are held against the
Rss that smaps gives, mapping by mapping, and the one that fits is taken.

Measured on Linux 6.18 against Rss: the ioctl is exact for forked, shared, huge, locked, lazily freed, file and
zero-page mappings, while "present and exclusive" loses every page shared by fork and "present" counts zero pages.
"""

import errno
import fcntl
import os
import re
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from memwhy.memory.space import PAGE_BYTES
from memwhy.model.mapping import Mapping

_SCAN = 0xC0606610
"""_IOWR('f', 16, struct pm_scan_arg), include/uapi/linux/fs.h."""
_ARGUMENT = struct.Struct("=12Q")
_PRESENT, _ZERO_PAGE = 1 << 3, 1 << 5
_RANGES = 512
"""The kernel's own buffer holds so many; a larger vector gets the last 512 twice when their number is a multiple of it."""

_HUGE_BYTES = 2 << 20
_CHUNK_PAGES = 1 << 17
_MOST_PAGES = 1 << 29
"""2 TiB of one mapping are looked through by pagemap, some two seconds: it costs the same where nothing is."""

_FILE, _EXCLUSIVE, _HERE = 2, 1, 4
_CLASSES = bytes(
    (_HERE | (_FILE if flags & 0x20 else 0) | (_EXCLUSIVE if flags & 1 else 0)) if flags & 0x80 else 0
    for flags in range(256)
)
"""The top byte of a pagemap entry (bits 63 present, 61 file or shared, 56 exclusive) as a sum of _HERE, _FILE, _EXCLUSIVE."""
_READINGS: tuple[frozenset[int], ...] = (
    frozenset({5, 6, 7}),  # exclusive, or of a file: all but the zero page, and but anonymous pages shared by fork
    frozenset({4, 5, 6, 7}),  # present: right after a fork, unless the zero page was read
    frozenset({4, 5}),  # present and anonymous: the huge zero page counts as a file's
    frozenset({5}),  # exclusive and anonymous
)


class Residency:
    """The resident pages of one process. pagemap: a descriptor of its /proc/PID/pagemap. notes: what is not sure, in words."""

    def __init__(self, pagemap: int, mappings: Sequence[Mapping] = (), *, can_scan: bool = True) -> None:
        self._pagemap = pagemap
        self._can_scan = can_scan
        self._readings: dict[int, frozenset[int] | None] = {}
        self.look_at(mappings)

    def look_at(self, mappings: Sequence[Mapping]) -> None:
        """Take these mappings, of all in address order, for what the process has now; each is judged anew."""
        self._mappings = mappings
        self._starts = [mapping.start for mapping in mappings]
        self._readings.clear()
        self._unsure_bytes = 0
        self._unsearched: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        notes = list(self._unsearched)
        if self._unsure_bytes:
            notes.append(
                f"{self._unsure_bytes} B of the resident pages moved meanwhile or may be in the wrong place: this kernel is"
                " older than 6.7 and cannot tell zero pages from others everywhere"
            )
        return tuple(notes)

    def pages(self, start: int, end: int) -> "array[int]":
        """What is resident of a range, as flat uint64 pairs. Mappings with Rss 0 are not asked."""
        found: array[int] = array("Q")
        first = max(0, bisect_right(self._starts, start) - 1)
        for mapping in self._mappings[first : bisect_left(self._starts, end)]:
            if mapping.end > start and mapping.rss_bytes != 0:
                append_ranges(found, self._pages_of(mapping, start, end))
        return found

    def _pages_of(self, mapping: Mapping, start: int, end: int) -> "array[int]":
        if mapping.start not in self._readings:
            reading, pages = self._judge(mapping)
            self._readings[mapping.start] = reading
            if start <= mapping.start and mapping.end <= end:
                return pages
        reading = self._readings[mapping.start]
        start, end = max(start, mapping.start), min(end, mapping.end)
        first, last = start & -PAGE_BYTES, -(-end // PAGE_BYTES) * PAGE_BYTES
        pages = self._scan(first, last) if reading is None else self._read(first, last, reading)[0]
        if pages:
            pages[0], pages[-1] = max(pages[0], start), min(pages[-1], end)
        return pages

    def _judge(self, mapping: Mapping) -> tuple[frozenset[int] | None, "array[int]"]:
        """The reading that fits the mapping's Rss (None: the ioctl), and the whole mapping's pages by it.

        The ioctl of kernels before 6.18 takes the huge zero page for memory: it alone makes so much too much.
        """
        if self._can_scan:
            try:
                pages = self._scan(mapping.start, mapping.end)
            except OSError as error:
                if error.errno not in (errno.ENOTTY, errno.EINVAL):
                    raise
                self._can_scan = False
            else:
                if mapping.rss_bytes is None or bytes_of(pages) - mapping.rss_bytes < _HUGE_BYTES:
                    return None, pages
                reading, others, off_bytes = self._read_best(mapping, mapping.rss_bytes)
                return (reading, others) if off_bytes < bytes_of(pages) - mapping.rss_bytes else (None, pages)
        if mapping.rss_bytes is None:
            return _READINGS[0], self._read(mapping.start, mapping.end, _READINGS[0])[0]
        reading, pages, off_bytes = self._read_best(mapping, mapping.rss_bytes)
        self._unsure_bytes += off_bytes
        return reading, pages

    def _read_best(self, mapping: Mapping, rss_bytes: int) -> tuple[frozenset[int], "array[int]", int]:
        """The reading of pagemap that comes nearest to Rss, its pages, and by how many bytes it is off."""
        pages, counts = self._read(mapping.start, mapping.end, _READINGS[0])
        off = [abs(sum(counts[kind] for kind in reading) * PAGE_BYTES - rss_bytes) for reading in _READINGS]
        best = _READINGS[off.index(min(off))]
        if best is not _READINGS[0]:
            pages, _ = self._read(mapping.start, mapping.end, best)
        if mapping.size_bytes > _MOST_PAGES * PAGE_BYTES:
            self._unsearched.append(
                f"of the {mapping.size_bytes >> 40} TiB at {mapping.start:#x} only the first"
                f" {_MOST_PAGES * PAGE_BYTES >> 40} were searched for resident pages"
            )
        return best, pages, min(off)

    def _scan(self, start: int, end: int) -> "array[int]":
        """Present pages without the zero page, by PAGEMAP_SCAN. Raises OSError, ENOTTY where the kernel has no such call."""
        found: array[int] = array("Q")
        vector = array("Q", bytes(24 * _RANGES))
        address, _ = vector.buffer_info()
        while start < end:
            argument = bytearray(
                _ARGUMENT.pack(
                    _ARGUMENT.size,
                    0,
                    start,
                    end,
                    0,
                    address,
                    _RANGES,
                    0,
                    _ZERO_PAGE,
                    _PRESENT | _ZERO_PAGE,
                    0,
                    _PRESENT,
                )
            )
            count = fcntl.ioctl(self._pagemap, _SCAN, argument)
            pairs = array("Q", bytes(16 * count))
            pairs[::2] = vector[: 3 * count : 3]
            pairs[1::2] = vector[1 : 3 * count : 3]
            append_ranges(found, pairs)
            walked = _ARGUMENT.unpack(argument)[4]
            if walked <= start:
                break
            start = walked
        return found

    def _read(self, start: int, end: int, reading: frozenset[int]) -> tuple["array[int]", list[int]]:
        """The pages of the classes in `reading`, and how many pages of each class there are, by the flags of pagemap."""
        found: array[int] = array("Q")
        counts = [0] * 8
        run = re.compile(b"[" + bytes(sorted(reading)) + b"]+")
        page, last = start // PAGE_BYTES, min(end // PAGE_BYTES, start // PAGE_BYTES + _MOST_PAGES)
        while page < last:
            raw = os.pread(self._pagemap, 8 * min(_CHUNK_PAGES, last - page), 8 * page)
            if len(raw) < 8:
                break
            classes = raw[7::8].translate(_CLASSES)
            if classes.count(0) < len(classes):
                for kind in range(_HERE, 8):
                    counts[kind] += classes.count(kind)
                pairs = array("Q")
                for match in run.finditer(classes):
                    pairs.append((page + match.start()) * PAGE_BYTES)
                    pairs.append((page + match.end()) * PAGE_BYTES)
                append_ranges(found, pairs)
            page += len(raw) // 8
        return found, counts


def append_ranges(ranges: "array[int]", more: "array[int]") -> None:
    """Append flat pairs to flat pairs, joining where they touch; both in address order. Pairs that step back are dropped."""
    while more and ranges and more[0] < ranges[-1]:
        del more[:2]
    if more and ranges and more[0] == ranges[-1]:
        ranges[-1] = more[1]
        del more[:2]
    ranges.extend(more)


def bytes_of(ranges: "array[int]") -> int:
    """How many bytes flat pairs cover."""
    return sum(ranges[1::2]) - sum(ranges[::2])
