"""The sums over all heaps: malloc's own figures, size classes, and whose the resident bytes are."""

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from memwhy.inspect.blocks import HeapBlocks, MappedBlock, Share
from memwhy.inspect.glibc.arenas import State
from memwhy.inspect.glibc.freed import Maps
from memwhy.inspect.glibc.heaps import Walked, end_of
from memwhy.inspect.glibc.loops import CLASSES, EXACT_CLASSES, Kind, Loops, Sums
from memwhy.memory.space import PAGE_BYTES, Space
from memwhy.model.inspection import Malloc, SizeClass

CATEGORY = {
    Kind.IN_USE: "malloc.in_use",
    Kind.FREE: "malloc.free",
    Kind.FAST: "malloc.cached",
    Kind.CACHED: "malloc.cached",
    Kind.TOP: "malloc.top",
}
_TOP_KEPT = 33
"""systrim keeps MINSIZE + 1 bytes of the top."""
_MIB = 1 << 20
_ROW = struct.Struct("=4Q")
_PIECE_BYTES = 64 * _ROW.size


@dataclass(slots=True, kw_only=True)
class Counts:
    """What all heaps together hold."""

    count: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    bytes: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    resident: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    trimmable: int = 0
    histogram: bytearray = field(default_factory=lambda: bytearray(CLASSES * 32))

    def add(self, sums: Sums) -> None:
        for kind in Kind:
            self.count[kind] += sums.count[kind]
            self.bytes[kind] += sums.bytes[kind]
            self.resident[kind] += sums.resident[kind]
        self.trimmable += sums.trimmable


def count_heaps(loops: Loops, walks: Sequence[Walked], maps: Maps) -> tuple[Counts, list[Share]]:
    """Count every walked heap; maps as freed.join_maps made them of the same walks."""
    counts, shares = Counts(), []
    views = tuple(memoryview(one) for one in (maps.starts, maps.used, maps.fast, maps.cached))
    for walked, (start, end, at) in zip(walks, maps.heaps, strict=True):
        room = ((end - start) // 16 + 7) // 8
        starts, used, fast, cached = (view[at : at + room] for view in views)
        top = walked.heap.top if start <= walked.heap.top < end else 0
        sums = loops.census(walked.resident, (start, end, top), (starts, used, fast, cached), counts.histogram)
        if top and walked.heap.is_main:
            sums.trimmable += _trimmable_top(walked, top, end)
        counts.add(sums)
        shares.append(_share_of(walked, sums))
    return counts, shares


def _trimmable_top(walked: Walked, top: int, end: int) -> int:
    """systrim in malloc.c: the main arena's top is given back from its end, in whole pages."""
    extra = (end - top - _TOP_KEPT) & -PAGE_BYTES
    return resident_bytes(walked.resident, end - extra, end) if extra > 0 else 0


def resident_bytes(pairs: "array[int]", start: int, end: int) -> int:
    """Bytes of start … end on the pages of flat pairs start, end."""
    return sum(
        min(high, end) - max(low, start)
        for low, high in zip(pairs[::2], pairs[1::2], strict=True)
        if low < end and high > start
    )


def unread_share(walked: Walked) -> Share:
    """The heap's range, and of its bytes only those that could not be walked."""
    end = _share_end(walked)
    unread = resident_bytes(walked.resident, walked.stop, end) if walked.why is not None else 0
    return Share(start=walked.heap.base, end=end, bytes=_filled({"malloc.unread": unread}), virtual_bytes={})


def _share_end(walked: Walked) -> int:
    return end_of(walked) if walked.why is None and walked.heap.is_main else walked.heap.end


def _share_of(walked: Walked, sums: Sums) -> Share:
    """The heap's range, header and fenceposts with it; what follows a broken walk is unread up to its end."""
    heap, end = walked.heap, _share_end(walked)
    found: dict[str, int] = {}
    virtual: dict[str, int] = {}
    for kind, category in CATEGORY.items():
        found[category] = found.get(category, 0) + sums.resident[kind]
        virtual[category] = virtual.get(category, 0) + sums.bytes[kind]
    unread = "malloc.unread" if walked.why is not None else "malloc.meta"
    behind = resident_bytes(walked.resident, walked.stop, end)
    found[unread] = found.get(unread, 0) + behind
    virtual[unread] = virtual.get(unread, 0) + end - walked.stop
    found["malloc.meta"] = found.get("malloc.meta", 0) + resident_bytes(walked.resident, heap.base, heap.first)
    virtual["malloc.meta"] = virtual.get("malloc.meta", 0) + heap.first - heap.base
    return Share(start=heap.base, end=end, bytes=_filled(found), virtual_bytes=_filled(virtual))


def share_mapped(space: Space, blocks: Iterable[MappedBlock]) -> list[Share]:
    """One share per mapped block."""
    return [
        Share(
            start=block.start,
            end=block.end,
            bytes=_filled({"malloc.mapped": size}),
            virtual_bytes={"malloc.mapped": block.end - block.start},
        )
        for block in blocks
        for size in (resident_bytes(space.resident(block.start, block.end), block.start, block.end),)
    ]


def _filled(found: Mapping[str, int]) -> dict[str, int]:
    return {category: size for category, size in found.items() if size}


def blocks_of(walks: Sequence[Walked], maps: Maps) -> tuple[HeapBlocks, ...]:
    """The chunks of every walked heap, as the block graph takes them."""
    blocks = []
    for walked, (start, end, at) in zip(walks, maps.heaps, strict=True):
        room = ((end - start) // 16 + 7) // 8
        if end > start:
            blocks.append(
                HeapBlocks(
                    start=start,
                    end=end,
                    starts=bytes(memoryview(maps.starts)[at : at + room]),
                    used=bytes(memoryview(maps.used)[at : at + room]),
                    arena=walked.heap.arena,
                )
            )
    return tuple(blocks)


def malloc_of(
    version: str,
    state: State,
    walks: Sequence[Walked],
    counts: Counts,
    mapped: tuple[Sequence[MappedBlock], Sequence[Share]],
    *,
    whole: bool,
) -> Malloc:
    """mallinfo2's figures and the census. whole: every heap was found and walked to its end.

    free_chunks and the classes' free_* count bins, fastbins and tcaches, but no top. Figures of mp_ are preferred
    over what was found for mmapped_*.
    """
    blocks, shares = mapped
    system_bytes = _system_bytes(state, walks)
    free_bytes = counts.bytes[Kind.FREE] + counts.bytes[Kind.FAST] + counts.bytes[Kind.TOP]
    in_use_bytes = system_bytes - free_bytes if whole else counts.bytes[Kind.IN_USE] + counts.bytes[Kind.CACHED]
    counted = state.counted
    return Malloc(
        version=version,
        system_bytes=system_bytes,
        in_use_bytes=in_use_bytes,
        free_bytes=free_bytes,
        fastbin_bytes=counts.bytes[Kind.FAST],
        mmapped_count=len(blocks) if counted is None else counted.mmapped_count,
        mmapped_bytes=sum(one.end - one.start for one in blocks) if counted is None else counted.mmapped_bytes,
        arenas=len(state.arenas),
        heaps=len(walks),
        tcache_bytes=counts.bytes[Kind.CACHED],
        top_bytes=counts.bytes[Kind.TOP],
        trimmable_bytes=counts.trimmable,
        in_use_chunks=counts.count[Kind.IN_USE] + len(blocks),
        free_chunks=counts.count[Kind.FREE] + counts.count[Kind.FAST] + counts.count[Kind.CACHED],
        in_use_resident_bytes=counts.resident[Kind.IN_USE],
        free_resident_bytes=sum(counts.resident[kind] for kind in (Kind.FREE, Kind.FAST, Kind.CACHED, Kind.TOP)),
        mmapped_resident_bytes=sum(share.bytes.get("malloc.mapped", 0) for share in shares),
        classes=_classes(counts.histogram),
        approximate=tuple(walked.why for walked in walks if walked.why is not None),
    )


def _system_bytes(state: State, walks: Sequence[Walked]) -> int:
    """What the arenas took, as it was when their heaps were walked: `state` was read behind the walks.

    The main arena's own figure is moved by what its top's end has moved since; the others' heaps tell theirs.
    """
    walked: dict[int, int] = {}
    main, moved = state.main, 0
    for one in walks:
        if not one.heap.is_main:
            walked[one.heap.arena] = walked.get(one.heap.arena, 0) + one.heap.end - one.heap.base
        elif one.heap.top and one.heap.base <= main.top:
            moved = main.top + main.top_bytes - one.stop
    if abs(moved) > main.system_bytes:
        moved = 0  # the top went to another segment
    return sum(walked.get(arena.address, arena.system_bytes) for arena in state.arenas) - moved


def _classes(histogram: bytearray) -> tuple[SizeClass, ...]:
    classes: list[SizeClass] = []
    for first in range(0, len(histogram), _PIECE_BYTES):
        piece = histogram[first : first + _PIECE_BYTES]
        if not piece.strip(b"\0"):  # most sizes are not there at all
            continue
        for index, row in enumerate(_ROW.iter_unpack(piece), first // _ROW.size):
            if row[0] or row[2]:
                low, high = class_range(index)
                classes.append(
                    SizeClass(
                        chunk_bytes=low,
                        up_to_bytes=high,
                        in_use_count=row[0],
                        in_use_bytes=row[1],
                        free_count=row[2],
                        free_bytes=row[3],
                    )
                )
    return tuple(classes)


def class_range(index: int) -> tuple[int, int]:
    """The smallest and the largest chunk of a class, in bytes; above 1 MiB four classes share a power of two."""
    if index < EXACT_CLASSES:
        return 16 * index, 16 * index
    octave, quarter = divmod(index - EXACT_CLASSES, 4)
    step = (_MIB << octave) // 4
    low = (_MIB << octave) + quarter * step
    return max(low, _MIB + 16), low + step - 16


def grown(before: Malloc, after: Malloc) -> Malloc:
    """`after` with what each size class has more than in `before`; classes that vanished are there with nothing in use."""
    old = {one.chunk_bytes: one for one in before.classes}
    classes = []
    for one in after.classes:
        was = old.pop(one.chunk_bytes, None)
        classes.append(
            replace(
                one,
                grown_count=one.in_use_count - (was.in_use_count if was else 0),
                grown_bytes=one.in_use_bytes - (was.in_use_bytes if was else 0),
            )
        )
    classes += [
        SizeClass(
            chunk_bytes=one.chunk_bytes,
            up_to_bytes=one.up_to_bytes,
            in_use_count=0,
            in_use_bytes=0,
            grown_count=-one.in_use_count,
            grown_bytes=-one.in_use_bytes,
        )
        for one in old.values()
        if one.in_use_count
    ]
    return replace(after, classes=tuple(sorted(classes, key=lambda one: one.chunk_bytes)))
