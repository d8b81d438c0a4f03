"""Which pages of a core were resident: a guess, since a core does not say. Where it has holes they are pages never touched.

The kernel leaves holes for what was never touched (dump_skip in fs/coredump.c), unless it writes to a pipe; gdb's gcore
and most copies have none. There a page counts that holds anything but zeros: untouched ones read as zeros.
"""

import errno
import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from memwhy.memory.corefile import Load
from memwhy.memory.residency import append_ranges
from memwhy.memory.space import PAGE_BYTES

BY_HOLES = "a core does not tell which pages were resident: counted are those that it holds"
BY_ZEROS = "a core does not tell which pages were resident: counted are those that hold anything but zeros"

_WINDOW_BYTES = 1 << 20
_ZEROS = bytes(_WINDOW_BYTES)
_ZERO_PAGE = bytes(PAGE_BYTES)


class Pages:
    """The pages of a core's segments that count as resident. note: what was assumed."""

    def __init__(self, descriptor: int, loads: Sequence[Load]) -> None:
        self._descriptor = descriptor
        self._has_holes = _has_holes(descriptor, (len(loads) + 2) * PAGE_BYTES)
        self._written: dict[int, array[int]] = {}
        self.note = BY_HOLES if self._has_holes else BY_ZEROS

    def of(self, load: Load, start: int, end: int) -> "array[int]":
        """Flat pairs start, end of a part of one segment, which the file holds as a whole."""
        return self._between_holes(load, start, end) if self._has_holes else self._not_zero(load, start, end)

    def _between_holes(self, load: Load, start: int, end: int) -> "array[int]":
        """By lseek(2) SEEK_DATA and SEEK_HOLE; data that shares a page with a hole counts as that page."""
        found: array[int] = array("Q")
        for low, high in data_ranges(
            self._descriptor, load.offset + start - load.start, load.offset + end - load.start
        ):
            first = max(start, (load.start + low - load.offset) & -PAGE_BYTES)
            last = min(end, -(-(load.start + high - load.offset) // PAGE_BYTES) * PAGE_BYTES)
            if found and first < found[-1]:
                first = found[-1]
            append_ranges(found, array("Q", (first, last)))
        return found

    def _not_zero(self, load: Load, start: int, end: int) -> "array[int]":
        """By contents; each segment is read once, when it is first asked for."""
        if load.start not in self._written:
            self._written[load.start] = self._read_written(load)
        written = self._written[load.start]
        first = bisect_right(written, start) & ~1
        if first and written[first - 1] > start:
            first -= 2
        found: array[int] = array("Q")
        for at in range(first, len(written), 2):
            if written[at] >= end:
                break
            if written[at + 1] > start:
                found.extend((max(start, written[at]), min(end, written[at + 1])))
        return found

    def _read_written(self, load: Load) -> "array[int]":
        found: array[int] = array("Q")
        window = bytearray(_WINDOW_BYTES)
        for at in range(0, load.file_size, _WINDOW_BYTES):
            wanted = min(_WINDOW_BYTES, load.file_size - at)
            try:
                got = os.preadv(self._descriptor, [memoryview(window)[:wanted]], load.offset + at)
            except OSError:
                got = 0
            if got == 0:
                break
            if got == _WINDOW_BYTES and window == _ZEROS:
                continue
            for page in range(0, got, PAGE_BYTES):
                size = min(PAGE_BYTES, got - page)
                if window.startswith(_ZERO_PAGE[:size] if size < PAGE_BYTES else _ZERO_PAGE, page):
                    continue
                low = load.start + at + page
                if found and found[-1] == low:
                    found[-1] = low + size
                else:
                    found.extend((low, low + size))
        return found


def _has_holes(descriptor: int, spared_bytes: int) -> bool:
    """More than the gaps that aligning the segments may leave."""
    size, at = os.fstat(descriptor).st_size, 0
    for low, high in data_ranges(descriptor, 0, size):
        spared_bytes -= low - at
        if spared_bytes < 0:
            return True
        at = high
    return spared_bytes < size - at


def data_ranges(descriptor: int, at: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of a file's range that are no holes, by lseek(2) SEEK_DATA and SEEK_HOLE; all of it where that is unknown."""
    while at < last:
        try:
            at = os.lseek(descriptor, at, os.SEEK_DATA)
            hole = os.lseek(descriptor, at, os.SEEK_HOLE) if at < last else at
        except OSError as error:
            if error.errno != errno.ENXIO:
                yield at, last
            return  # only holes from here on
        if at >= last or hole <= at:
            return
        yield at, min(hole, last)
        at = hole
