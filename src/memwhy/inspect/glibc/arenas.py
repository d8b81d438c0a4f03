"""Finding malloc without symbols: main_arena by its empty bins, all arenas by their ring, mp_ by its shape.

An empty bin's two links point to itself, less the 16 bytes of a chunk header (bin_at in malloc.c): three words that
nothing else in a library's data looks like.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.inspect.glibc.tables import BINS, FASTBINS, MAX_SYSTEM_MEM, Layout
from memwhy.memory.space import PAGE_BYTES, Module, Space

_MOST_ARENAS = 1 << 17
_HIGHEST = 1 << 47
_MOST_DATA_BYTES = 256 << 20
_PIECE_BYTES = 1 << 20
_USUAL_HEAP_MAX = 64 << 20
_MOST_GROWN_BYTES = 1 << 30
_MOST_LOOKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """One struct malloc_state. top, top_bytes: 0 where nothing was allocated yet; fastbins: the heads, as chunk addresses."""

    address: int
    top: int
    top_bytes: int
    system_bytes: int
    fastbins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What mp_ says."""

    address: int
    mmapped_count: int
    mmapped_bytes: int
    sbrk_base: int
    tcache_count: int
    hp_pagesize: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """malloc's own state: the arenas, the main one first, and mp_ where its shape was found."""

    layout: Layout
    arenas: tuple[Arena, ...]
    counted: Counted | None
    heap_max: int

    @property
    def main(self) -> Arena:
        return self.arenas[0]


def find_state(space: Space, module: Module, layout: Layout) -> State | None:
    """malloc's state in one module's written data, None where it is not there or this is not its layout."""
    for base in _candidates(space, module, layout):
        arenas = read_arenas(space, base, layout)
        if not arenas:
            continue
        counted = _find_counted(space, module, layout, arenas[0])
        heap_max = _heap_max(space, arenas, counted, layout)
        if heap_max:
            return State(layout=layout, arenas=arenas, counted=counted, heap_max=heap_max)
    return None


def read_arenas(space: Space, main: int, layout: Layout) -> tuple[Arena, ...]:
    """The ring of arenas from main_arena on; empty where it is no ring of arenas."""
    arenas: list[Arena] = []
    address = main
    while len(arenas) < _MOST_ARENAS:
        found = read_arena(space, address, layout, is_main=address == main)
        if found is None:
            return ()
        arena, following = found
        arenas.append(arena)
        if following == main:
            return tuple(arenas)
        if following in (0, address):
            return ()
        address = following
    return ()


def read_arena(space: Space, address: int, layout: Layout, *, is_main: bool) -> tuple[Arena, int] | None:
    """One arena as it stands now and the address of the next one in the ring; None where there is none."""
    initial, top_at = address + layout.bins - 16, layout.top // 8
    for _ in range(_MOST_LOOKS):
        raw = space.read(address, layout.size)
        words = memoryview(raw[: len(raw) & -8]).cast("Q")
        if len(raw) < layout.size or not _is_arena(words, layout, initial):
            return None
        top, top_bytes = words[top_at], 0
        if top != initial:
            top_bytes = (space.word(top + 8) or 0) & -8
            if space.word(address + layout.top) != top:
                continue  # the size read may be that of a chunk split off the top meanwhile
        break
    if not is_main and space.word(address - layout.heap_header) != address:
        return None
    heads: tuple[int, ...] = ()
    if layout.fastbins is not None:
        heads = tuple(words[layout.fastbins // 8 : layout.fastbins // 8 + FASTBINS])
        if any(head % 16 or head >= _HIGHEST for head in heads):
            return None
    arena = Arena(
        address=address,
        top=0 if top == initial else top,
        top_bytes=top_bytes,
        system_bytes=words[layout.system_mem // 8],
        fastbins=tuple(filter(None, heads)),
    )
    return arena, words[layout.next // 8]


def _is_arena(words: memoryview, layout: Layout, initial: int) -> bool:
    top, system_bytes, most = (
        words[at // 8] for at in (layout.top, layout.system_mem, layout.system_mem + MAX_SYSTEM_MEM)
    )
    # sysmalloc raises system_mem before max_system_mem, and its thread may wait for a processor in between
    if not 0 < top < _HIGHEST or system_bytes > most + _MOST_GROWN_BYTES or most > _HIGHEST or system_bytes % 16:
        return False
    return top == initial or bool(top % 16 == 0 and system_bytes)


def _written(space: Space, module: Module) -> Iterator[tuple[int, bytes]]:
    """(address, bytes) of a module's data, only pages that are in memory; pieces repeat what a structure may span."""
    left = _MOST_DATA_BYTES
    for low, high in module.written:
        pairs = space.resident(low, high)
        for start, end in zip(pairs[::2], pairs[1::2], strict=True):
            for at in range(max(start, low), min(end, high), _PIECE_BYTES):
                raw = space.read(at, min(_PIECE_BYTES + PAGE_BYTES, min(end, high) - at))
                left -= len(raw)
                if len(raw) >= 16:
                    yield at, raw[: len(raw) & -8]
                if left <= 0:
                    return


def _candidates(space: Space, module: Module, layout: Layout) -> Iterator[int]:
    """Where main_arena would begin if a pair of self-links were its n-th bin, for every n that fits."""
    seen: set[int] = set()
    for address, raw in _written(space, module):
        words = memoryview(raw).cast("Q")
        before = 0
        for index, word in enumerate(words):
            if word == before and word == address + 8 * index - 24:
                at = word + 16
                for bin_index in range(BINS):
                    base = at - layout.bins - 16 * bin_index
                    if base not in seen:
                        seen.add(base)
                        if base > 0:
                            yield base
            before = word


def _find_counted(space: Space, module: Module, layout: Layout, main: Arena) -> Counted | None:
    where = layout.parameters
    found: list[Counted] = []
    for address, raw in _written(space, module):
        words = memoryview(raw).cast("Q")
        for index in range(max(0, len(words) - where.size // 8 + 1)):
            if not 0 < words[index + 3] <= 1 << 20:  # arena_test: few words pass, and only those are looked at closely
                continue
            counted = _as_counted(raw, 8 * index, address, layout, main)
            if counted is not None and counted.address not in {one.address for one in found}:
                found.append(counted)
    return found[0] if len(found) == 1 else None


def _as_counted(raw: bytes, at: int, address: int, layout: Layout, main: Arena) -> Counted | None:
    where = layout.parameters

    def word(offset: int, size: int = 8) -> int:
        return int.from_bytes(raw[at + offset : at + offset + size], "little")

    count, most, most_seen, fixed = (word(where.n_mmaps + 4 * i, 4) for i in range(4))
    size, size_seen = word(where.mmapped_mem), word(where.mmapped_mem + 8)
    base, huge = word(where.sbrk_base), word(where.hp_pagesize) if where.hp_pagesize is not None else 0
    bins, tcache_most, tcache_count = (word(where.tcache_count - 8 * i) for i in (2, 1, 0))
    plausible = (
        count <= most_seen
        and most >= count
        and most < 1 << 31
        and fixed in (0, 1)
        and size <= size_seen < _HIGHEST
        and size % 16 == 0
        and size >= count * PAGE_BYTES
        and (count == 0) == (size == 0)
        and (main.top == 0) == (base == 0)
        and base < _HIGHEST
        and huge & (huge - 1 if huge else 0) == 0
        and 0 < bins <= 128
        and tcache_count <= 65535
        and (tcache_most == 0 or 16 * bins - 8 <= tcache_most < 1 << 31)
        and all(word(offset) < _HIGHEST for offset in (0, 8, 16, 32))
    )
    if not plausible:
        return None
    return Counted(
        address=address + at,
        mmapped_count=count,
        mmapped_bytes=size,
        sbrk_base=base,
        tcache_count=tcache_count,
        hp_pagesize=huge,
    )


def _heap_max(space: Space, arenas: Sequence[Arena], counted: Counted | None, layout: Layout) -> int:
    """How heaps are aligned: 64 MiB, but four huge pages under glibc.malloc.hugetlb=2. 0 where nothing fits."""
    tries = [_USUAL_HEAP_MAX] + [1 << power for power in range(20, 41)]
    if counted is not None and counted.hp_pagesize:
        tries.insert(0, 4 * counted.hp_pagesize)
    for size in tries:
        if all(_top_is_inside(space, arena, size, layout) for arena in arenas[1:]):
            return size
    return 0


def _top_is_inside(space: Space, arena: Arena, heap_max: int, layout: Layout) -> bool:
    heap = arena.top & -heap_max
    words = space.words(heap, 3)
    if not arena.top or len(words) < 3:
        return False
    # a living heap may have shrunk since its top was read
    return words[0] == arena.address and words[2] <= heap_max and heap + layout.heap_header <= arena.top
