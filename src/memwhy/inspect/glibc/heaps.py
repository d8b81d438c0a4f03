"""malloc's heaps: where each begins and ends, and what a walk through it found.

Heaps of arenas hang together by `prev`, the newest first (arena.c: new_heap); the main arena grows by brk, or, where
brk is blocked, by mappings that nothing links: those are found by walking whatever looks like a first chunk.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.inspect.glibc.anonymous import Range, range_of
from memwhy.inspect.glibc.arenas import Arena, State
from memwhy.inspect.glibc.loops import Ending, Loops
from memwhy.memory.space import PAGE_BYTES, Space

_MOST_HEAPS = 1 << 20
_MOST_TRIES = 6
_FLAGS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """One contiguous heap. base: of its memory; first: its first chunk; end: of what malloc took; top: 0 when elsewhere."""

    base: int
    first: int
    end: int
    top: int
    arena: int
    is_main: bool


@dataclass(slots=True, kw_only=True)
class Walked:
    """One heap after its walk. stop: behind the last chunk believed; why: how the walk failed, None when it is sound."""

    heap: Heap
    stop: int
    chunks: int
    starts: bytearray
    used: bytearray
    resident: "array[int]"
    why: str | None = None


def heaps_of(space: Space, state: State, arena: Arena) -> tuple[list[Heap], str | None]:
    """The heaps of one arena that is not the main one, and what is wrong with their chain."""
    heaps: list[Heap] = []
    base, inside = arena.top & -state.heap_max, arena.top
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
        heaps.append(Heap(base=base, first=first, end=base + words[2], top=top, arena=arena.address, is_main=False))
        base = words[1]
    if first_at not in seen:
        return heaps, f"the chain of heaps of the arena at {arena.address:#x} does not reach its first"
    return heaps, None


def walk_heap(space: Space, loops: Loops, heap: Heap, renew: Callable[[Heap], Heap]) -> Walked:
    """Walk one heap, again where a living process changed it under our feet; the longest walk is kept.

    renew: the heap as it stands now.
    """
    best: Walked | None = None
    for attempt in range(_MOST_TRIES):
        if attempt:
            heap = renew(heap)
        walked = _walk_once(space, loops, heap)
        if walked.why is None:
            return walked
        if best is None or walked.stop - walked.heap.first >= best.stop - best.heap.first:
            best = walked
        if space.pid is None:
            break
    assert best is not None
    return best


def _walk_once(space: Space, loops: Loops, heap: Heap) -> Walked:
    resident = space.resident(heap.base, heap.end)
    room = ((heap.end - heap.first) // 16 + 7) // 8
    starts, used = bytearray(room), bytearray(room)
    stop, chunks, ending = loops.walk(
        space, resident, (heap.first, heap.end, heap.top, heap.is_main), memoryview(starts), memoryview(used)
    )
    why = _complaint(heap, stop, ending)
    if ending == Ending.TOP:
        size = (space.word(stop + 8) or 0) & ~_FLAGS
        stop = min(stop + size, heap.end)
    elif why is not None:
        stop = _drop_last(heap, starts, used)
    return Walked(heap=heap, stop=stop, chunks=chunks, starts=starts, used=used, resident=resident, why=why)


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


def _drop_last(heap: Heap, starts: bytearray, used: bytearray) -> int:
    """The last chunk of a broken walk is not believed: its size led to nowhere. Returns where it began."""
    last = len(starts.rstrip(b"\0")) - 1
    if last < 0:
        return heap.first
    bit = starts[last].bit_length() - 1
    starts[last] &= ~(1 << bit)
    used[last] &= ~(1 << bit)
    return heap.first + 16 * (8 * last + bit)


def walk_main(
    space: Space,
    loops: Loops,
    state: State,
    ranges: Sequence[Range],
    free: Sequence[Range],
    renew: Callable[[Heap], Heap],
) -> tuple[list[Walked], str | None]:
    """The main arena's segments, and what is missing of them.

    ranges: all anonymous memory; free: what nobody else owns of it. Complete when the segments sum to what malloc took.
    """
    main = state.main
    if not main.top:
        return [], None
    found: list[Walked] = []
    base = state.counted.sbrk_base if state.counted is not None else 0
    at = (base + 15) & -16
    brk = range_of(ranges, at) or range_of(ranges, main.top)
    if brk is None:
        return [], "the main arena's memory is not among the mappings"
    if not base or range_of(ranges, at) is None:
        at = brk[0]
    found.append(walk_heap(space, loops, _segment(main, at, brk[1]), renew))
    taken = found[0].stop - (base or at)
    if found[0].why is None and taken < main.system_bytes:
        for segment in _segments(space, loops, main, free, found[0]):
            found.append(segment)
            taken += segment.stop - segment.heap.base
            if taken >= main.system_bytes:
                break
    if any(one.why for one in found) or _is_whole(found, taken, main):
        return found, None
    return found, (
        f"the main arena took {main.system_bytes} B, of which {taken} B were found"
        " (something else moves the program break, or brk is blocked)"
    )


def _is_whole(found: Sequence[Walked], taken: int, main: Arena) -> bool:
    """Fenceposts are cut from each segment but the last: at most two headers of 16 bytes, and alignment."""
    return abs(main.system_bytes - taken) <= 64 * len(found)


def _segment(main: Arena, start: int, end: int) -> Heap:
    top = main.top if start <= main.top < end else 0
    return Heap(base=start, first=start, end=end, top=top, arena=main.address, is_main=True)


def _segments(space: Space, loops: Loops, main: Arena, free: Sequence[Range], first: Walked) -> Iterator[Walked]:
    """Walks that end soundly, from page starts that look like a first chunk."""
    for start, end in free:
        if start <= first.heap.base < end:
            start = (first.stop + PAGE_BYTES) & -PAGE_BYTES
        pairs = space.resident(start, end) if start < end else array("Q")
        at = start
        for low, high in zip(pairs[::2], pairs[1::2], strict=True):
            for page in range(max(low, at), high, PAGE_BYTES):
                if page < at or not _is_first(space, page, end):
                    continue
                walked = _walk_once(space, loops, _segment(main, page, end))
                if walked.why is None and walked.chunks > 0 and (walked.heap.top == 0 or walked.stop > main.top):
                    yield walked
                    at = (walked.stop + PAGE_BYTES - 1) & -PAGE_BYTES


def _is_first(space: Space, page: int, end: int) -> bool:
    """A first chunk says that the one before is in use, for there is none."""
    words = space.words(page, 2)
    return len(words) == 2 and words[0] == 0 and words[1] & _FLAGS == 1 and 32 <= words[1] & ~_FLAGS <= end - page
