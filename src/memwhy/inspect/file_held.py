"""Pointers on pages of mapped files that are not in the target's memory: evicted, or never touched by it.

Such a page has the content of the file (mmap(2)), so the file is read, and nothing comes into the target's memory. Of
private mappings that is true until a page is written; what was swapped out since is told by `roots.missing_roots`.
Mappings that cannot be written are left out: files hold no address of a run before somebody writes it there.
"""

import os
import re
from array import array
from collections.abc import Iterable, Iterator

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.roots import MISSING, HeldElsewhere
from memwhy.memory.core import Core
from memwhy.memory.corepages import data_ranges
from memwhy.memory.space import Space
from memwhy.model.mapping import Mapping
from memwhy.model.units import human_bytes

MOST_BYTES = 64 << 20
"""Read of all files together in one look; a file that would go beyond is left out whole."""
_PIECE_BYTES = 1 << 20
_TOP_SHIFT = 40
_NO_FILES = ("/dev/zero (deleted)", "/anon_hugepage")
"""Shared memory without a name: what of it is not resident is swapped out or was never touched."""

Range = tuple[int, int]


def read_file_held(space: Space, blocks: Blocks) -> HeldElsewhere:
    """The words on pages of writable files that are not resident, as far as they may point to a block; see `_absent`.

    missing: how much could not be read, but for the programs' and libraries' own files, which were written before the run;
    and of a core, how much may have been something else when the program ran.
    """
    words: array[int] = array("Q")
    worthy = _worthy(blocks)
    left_bytes, too_many, unreadable, doubtful = MOST_BYTES, 0, 0, 0
    absent = sorted(_absent(space), key=lambda one: _size(one[0]))
    modules = {module.path for module in space.modules()} if absent else set()
    for gaps, mapping in absent:
        if space.pid is not None and mapping.perms[3:4] == "p" and mapping.path in modules:
            continue  # a page that nobody wrote to is as the linker made it, and no linker knows malloc's heap
        descriptor = space.open_file(mapping)
        if descriptor is None:
            if mapping.perms[3:4] == "s" or mapping.path not in modules:
                unreadable += _size(gaps)
            continue
        try:
            pieces = [piece for gap in gaps for piece in _pieces(descriptor, mapping, gap)]
            if _size(pieces) > left_bytes:
                too_many += _size(pieces)
                continue
            left_bytes -= _size(pieces)
            unreadable += _size(pieces) - _read(descriptor, pieces, worthy, words)
            doubtful += _size(pieces) if space.pid is None and mapping.perms[1:2] == "w" else 0
        finally:
            os.close(descriptor)
    where = "not resident" if space.pid is not None else "not in the core"
    kinds = (
        (unreadable, "could not be read from there"),
        (too_many, "are too much to be read from there"),
        (doubtful, "may have changed since"),
    )
    return HeldElsewhere(
        words=words,
        missing=tuple(f"{MISSING}{human_bytes(size)} of files are {where}, and {why}" for size, why in kinds if size),
    )


def _size(ranges: Iterable[Range]) -> int:
    return sum(high - low for low, high in ranges)


def _absent(space: Space) -> Iterator[tuple[list[Range], Mapping]]:
    """Mappings of files that the program may have written, and what of each is not in its memory, or not in the core."""
    if isinstance(space, Core):
        yield from (([(mapping.start, mapping.end)], mapping) for mapping in space.left_out_files)
    for mapping in space.mappings:
        if not _is_writable_file(mapping) or mapping.rss_bytes is None or mapping.rss_bytes >= mapping.size_bytes:
            continue
        if mapping.swap_bytes and mapping.perms[3:4] == "s":
            continue  # tmpfs: to read it would bring it back into memory, at the target's expense; it is told as swapped out
        rows = space.resident(mapping.start, mapping.end)
        edges = [mapping.start, *rows, mapping.end]
        gaps = [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high]
        if gaps:
            yield gaps, mapping


def _is_writable_file(mapping: Mapping) -> bool:
    """Is it mapped from a file, and no device's memory nor huge pages?"""
    if mapping.perms[:2] != "rw" or not mapping.inode or not mapping.path.startswith("/"):
        return False
    return not (mapping.path.startswith(_NO_FILES) or {"ht", "io", "pf"} & set(mapping.vm_flags.split()))


def _pieces(descriptor: int, mapping: Mapping, gap: Range) -> Iterator[Range]:
    """Offsets in the file of what is not resident and no hole of the file; what lies behind its end holds nothing."""
    first, last = (mapping.offset + address - mapping.start for address in gap)
    yield from data_ranges(descriptor, first, min(last, os.fstat(descriptor).st_size))


def _read(descriptor: int, pieces: Iterable[Range], worthy: "re.Pattern[bytes]", words: "array[int]") -> int:
    """Append the words that are worth a look; how many bytes were read, or need not be: the file was cut meanwhile."""
    done = 0
    for low, high in pieces:
        for at in range(low, high, _PIECE_BYTES):
            wanted = min(_PIECE_BYTES, high - at)
            try:
                raw = os.pread(descriptor, wanted, at)
            except OSError:
                continue
            done += wanted
            raw = raw[: len(raw) & ~7]
            for run in worthy.finditer(raw[_TOP_SHIFT // 8 :: 8]):
                words.frombytes(raw[8 * run.start() : 8 * run.end()])
    return done


def _worthy(blocks: Blocks) -> "re.Pattern[bytes]":
    """Runs of the sixth byte of words that can be an address of a block. (Above it there may be tags, below it is anything.)"""
    ranges = [(one.start, one.end) for one in blocks.heaps] + [(one.start, one.end) for one in blocks.mapped]
    tops = {top & 0xFF for low, high in ranges for top in range(low >> _TOP_SHIFT, (high >> _TOP_SHIFT) + 1)}
    return re.compile(b"[" + b"".join(b"\\x%02x" % top for top in sorted(tops)) + b"]+" if tops else rb"(?!)")
