"""malloc's heaps: where each begins and ends, and what a walk through it found.

Heaps of arenas hang together by `prev`, the newest first (arena.c: new_heap); the main arena grows by brk, or, where
brk is blocked, by mappings that nothing links: those are found by walking whatever looks like a first chunk.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from memwhy.inspect.glibc.anonymous import Range, range_of
from memwhy.inspect.glibc.arenas import Arena, State
from memwhy.inspect.glibc.loops import Ending, Loops
from memwhy.memory.space import PAGE_BYTES, Space

_MOST_HEAPS = 1 << 20
_MOST_TRIES = 30
_MOST_STEPS = 200
_STEP_BACK_BYTES = (0, 1 << 9, 1 << 12, 1 << 14, 1 << 16, 1 << 20)
"""How far before the place of a failure the next try begins; a neighbour may have been merged."""
_FLAGS = 7
_FENCE_BYTES = 32
_MOST_FOREIGN_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """One contiguous heap. base: of its memory; first: its first chunk; end: of what malloc took; top: 0 when elsewhere.

    top_end: where the main arena's top ends; others end with their heap.
    """

    base: int
    first: int
    end: int
    top: int
    arena: int
    is_main: bool
    top_end: int | None = None


Renew = Callable[[Heap, int], Heap]
"""The heap as it stands now, after so many tries that ended at the very same place."""


@dataclass(slots=True)
class Walked:
    """One heap after its walk. stop: behind the last chunk believed; why: how the walk failed, None when it is sound."""

    heap: Heap
    starts: bytearray
    used: bytearray
    resident: "array[int]"
    stop: int
    chunks: int = 0
    why: str | None = None

    def look_at_pages(self, space: Space, begin: int) -> None:
        """Which pages are resident now, from the one at `begin` on."""
        page = (self.heap.base if begin == self.heap.first else begin) & -PAGE_BYTES
        kept = array("Q")
        for low, high in zip(self.resident[::2], self.resident[1::2], strict=True):
            if low < page:
                kept.extend((low, min(high, page)))
        self.resident = kept + space.resident(page, self.heap.end)

    def clear_from(self, address: int) -> None:
        """Forget all chunks that begin at or behind an address."""
        byte, bit = divmod((address - self.heap.first) // 16, 8)
        for bits in (self.starts, self.used):
            if byte < len(bits):
                bits[byte] &= (1 << bit) - 1
                bits[byte + 1 :] = bytes(len(bits) - byte - 1)

    def last_start(self, before: int) -> int:
        """The last chunk's header before an address, or the first chunk's."""
        byte = max(0, (before - self.heap.first) // 16) // 8
        head = self.starts[: byte + 1].rstrip(b"\0")
        while head:
            address = self.heap.first + 16 * (8 * len(head) - 9 + head[-1].bit_length())
            if address < before:
                return address
            head[-1] &= (1 << head[-1].bit_length() - 1) - 1
            head = head.rstrip(b"\0")
        return self.heap.first


def heaps_of(space: Space, state: State, arena: Arena) -> tuple[list[Heap], str | None]:
    """The heaps of one arena that is not the main one, and what is wrong with their chain."""
    heaps, complaint = _chain(space, state, arena, arena.top)
    for _ in range(_MOST_TRIES):
        if complaint is None or space.pid is None:
            break  # else the newest heap may have come or gone meanwhile
        heaps, complaint = _chain(space, state, arena, space.word(arena.address + state.layout.top) or 0)
    return heaps, complaint


def _chain(space: Space, state: State, arena: Arena, inside: int) -> tuple[list[Heap], str | None]:
    """The chain of heaps from the one that the top is inside."""
    heaps: list[Heap] = []
    base = inside & -state.heap_max
    first_at = arena.address - state.layout.heap_header
    seen: set[int] = set()
    while base and len(seen) < _MOST_HEAPS:
        words = space.words(base, 4)
        if base in seen or len(words) < 4 or words[0] != arena.address or not 0 < words[2] <= state.heap_max:
            return heaps, f"the chain of heaps of the arena at {arena.address:#x} breaks at {base:#x}"
        seen.add(base)
        first = base + state.layout.heap_header
        if base == first_at:
            first = (arena.address + state.layout.size + 15) & -16
        top = inside if base <= inside < base + words[2] else 0
        heaps.append(
            Heap(
                base=base,
                first=first,
                end=max(first, base + words[2]),
                top=top,
                arena=arena.address,
                is_main=False,
            )
        )
        base = words[1]
    if first_at not in seen:
        return heaps, f"the chain of heaps of the arena at {arena.address:#x} does not reach its first"
    return heaps, None


def walk_heap(space: Space, loops: Loops, heap: Heap, renew: Renew) -> Walked:
    """Walk one heap to its end, which a living process moves while we walk.

    A walk that failed goes on from before the place, ever further back; after thirty tries that led no further it is
    given up, and what was walked until then stays.
    """
    walked, begin = _start(heap), heap.first
    best, failed_at, stuck, same = 0, 0, 0, 0
    for _ in range(_MOST_STEPS):
        _walk_from(space, loops, walked, begin)
        if walked.why is None or space.pid is None:
            break
        stuck = 0 if walked.stop > best else stuck + 1
        same = same + 1 if walked.stop == failed_at else 0
        best, failed_at = max(best, walked.stop), walked.stop
        if stuck >= _MOST_TRIES:
            break
        begin = walked.last_start(walked.stop - _STEP_BACK_BYTES[min(stuck, len(_STEP_BACK_BYTES) - 1)])
        walked.clear_from(begin)
        walked.heap = renew(heap, same)
    if walked.why is not None:
        # the last chunk is not believed: its size led to nowhere
        walked.stop = walked.last_start(walked.stop)
        walked.clear_from(walked.stop)
    return walked


def _start(heap: Heap) -> Walked:
    return Walked(heap=heap, starts=bytearray(), used=bytearray(), resident=array("Q"), stop=heap.first)


def _walk_from(space: Space, loops: Loops, walked: Walked, begin: int) -> None:
    heap = walked.heap
    limit = heap.end if heap.top_end is None or not heap.top else heap.top_end
    if limit < begin:
        walked.stop, walked.why = begin, f"the heap at {heap.base:#x} shrank while it was read"
        return
    walked.look_at_pages(space, begin)
    room = ((limit - heap.first) // 16 + 7) // 8
    if not walked.starts:
        walked.starts, walked.used = bytearray(room), bytearray(room)
    for bits in (walked.starts, walked.used):
        bits.extend(bytes(max(0, room - len(bits))))
    where = heap.first, begin, limit, heap.top if space.pid is None else 0, heap.is_main
    with memoryview(walked.starts) as starts, memoryview(walked.used) as used:
        walked.stop, chunks, ending = loops.walk(space, walked.resident, where, starts, used)
    walked.chunks += chunks
    if ending == Ending.LIMIT and heap.top and space.pid is not None:
        # a living top moves all the time, but only it reaches to the very end: other heaps end with fenceposts
        walked.heap, ending = replace(heap, top=walked.last_start(limit)), Ending.TOP
    walked.why = _complaint(heap, walked.stop, ending)
    if ending == Ending.TOP:
        walked.stop = limit
    else:
        walked.heap = replace(heap, top=0)


def _complaint(heap: Heap, stop: int, ending: Ending) -> str | None:
    where = f"the heap at {heap.base:#x}"
    if ending == Ending.UNREADABLE:
        return f"{where} could be read up to {stop:#x} only: what follows is swapped out, or was given back meanwhile"
    if ending == Ending.BROKEN:
        return f"{where} makes sense up to {stop:#x} only: a chunk's header there is damaged, or was changing"
    if ending != Ending.TOP and heap.top and not heap.is_main:
        return f"{where} ends at {stop:#x}, before the top of its arena"
    if ending == Ending.LIMIT:
        return f"{where} has no end that malloc would give it"
    return None


def walk_main(
    space: Space,
    loops: Loops,
    state: State,
    ranges: Sequence[Range],
    free: Sequence[Range],
    renew: Renew,
) -> tuple[list[Walked], str | None]:
    """The main arena's segments, and what is missing of them.

    ranges: all anonymous memory; free: what nobody else owns of it. Complete when the segments sum to what malloc took.
    """
    main = state.main
    if not main.top:
        return [], None
    base = state.counted.sbrk_base if state.counted is not None else 0
    at = (base + 15) & -16
    brk = range_of(ranges, at) or range_of(ranges, main.top)
    if brk is None:
        return [], "the main arena's memory is not among the mappings"
    if not base or range_of(ranges, at) is None:
        at = base = brk[0]
    first = _segment(state, at, brk[1])
    found = [walk_heap(space, loops, renew(first, 0) if first.top else first, renew)]
    if not any(mapping.path == "[heap]" and mapping.start <= at < mapping.end for mapping in space.mappings):
        brk = (0, 0)  # huge pages, or brk blocked from the start: every segment is a mapping of its own
    if found[0].why is None and _taken(found, base, brk) < main.system_bytes:
        behind = found[0].stop + _FENCE_BYTES
        for candidate, end in chain(_after(space, behind, brk[1]), _page_starts(space, free, brk)):
            if found[0].heap.base <= candidate < behind or found[-1].heap.base <= candidate < end_of(found[-1]):
                continue
            walked = _start(_segment(state, candidate, end))
            _walk_from(space, loops, walked, candidate)
            if walked.why is None and (walked.chunks or walked.heap.top):
                found.append(walked)
                if _taken(found, base, brk) >= main.system_bytes:
                    break
    taken = _taken(found, base, brk)
    now_bytes = space.word(main.address + state.layout.system_mem) or 0
    if any(one.why for one in found) or min(main.system_bytes, now_bytes) - taken < PAGE_BYTES:
        return found, None
    return found, (
        f"the main arena took {main.system_bytes} B, of which {taken} B were found"
        " (something else moves the program break, or brk is blocked)"
    )


def _taken(found: Sequence[Walked], base: int, brk: Range) -> int:
    """What malloc counts as taken for these segments: by brk from its base on, gaps included (sysmalloc), else each mapping."""
    by_brk = max((end_of(one) for one in found if brk[0] <= one.heap.base < brk[1]), default=base)
    apart = sum(end_of(one) - one.heap.base for one in found if not brk[0] <= one.heap.base < brk[1])
    return by_brk - base + apart


def end_of(walked: Walked) -> int:
    """Where a segment of the main arena ends, its fenceposts with it."""
    return min(walked.heap.end, walked.stop if walked.heap.top else walked.stop + _FENCE_BYTES)


def _segment(state: State, start: int, end: int) -> Heap:
    main = state.main
    return Heap(
        base=start,
        first=start,
        end=end,
        top=main.top if start <= main.top < main.top + main.top_bytes <= end else 0,
        arena=main.address,
        is_main=True,
        top_end=main.top + main.top_bytes,
    )


def _after(space: Space, start: int, end: int) -> Iterator[Range]:
    """What looks like a first chunk behind a fencepost, where somebody else had moved the program break meanwhile."""
    pairs = space.resident(start & -PAGE_BYTES, min(end, start + _MOST_FOREIGN_BYTES)) if start < end else array("Q")
    for low, high in zip(pairs[::2], pairs[1::2], strict=True):
        for page in range(low, high, PAGE_BYTES):
            words = space.words(page, PAGE_BYTES // 8)
            for index in range(0, len(words) - 1, 2):
                address = page + 8 * index
                if address >= start and _is_first(words[index], words[index + 1], end - address):
                    yield address, end


def _page_starts(space: Space, free: Sequence[Range], brk: Range) -> Iterator[Range]:
    """What looks like a first chunk at the start of a page, outside the memory that brk gave."""
    for start, end in free:
        if brk[0] <= start < brk[1]:
            continue
        pairs = space.resident(start, end)
        for low, high in zip(pairs[::2], pairs[1::2], strict=True):
            pages = array("Q", range(max(low, start), high, PAGE_BYTES))
            heads = memoryview(space.gather(pages, 16)).cast("Q")
            for index, page in enumerate(pages):
                if _is_first(heads[2 * index], heads[2 * index + 1], end - page):
                    yield page, end


def _is_first(before: int, size: int, room: int) -> bool:
    """A first chunk says that the one before is in use, for there is none."""
    return before == 0 and size & 15 == 1 and 32 <= size & ~_FLAGS <= room
