"""glibc's malloc, read from outside: find its state, walk its heaps, count.

The order matters for a process that goes on allocating: arenas first, then each arena's heaps in one go, again where it
changed meanwhile and that is cheap, then the free lists.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from memwhy.inspect.blocks import Blocks, MappedBlock, Share
from memwhy.inspect.glibc.anonymous import Range, anonymous_ranges, range_of, without
from memwhy.inspect.glibc.arenas import Arena, State, find_state, read_arenas
from memwhy.inspect.glibc.census import blocks_of, count_heaps, malloc_of, share_mapped, unread_share
from memwhy.inspect.glibc.freed import Maps, join_maps, mark_freed
from memwhy.inspect.glibc.heaps import Heap, Walked, end_of, heaps_of, walk_heap, walk_main
from memwhy.inspect.glibc.loops import Loops, choose
from memwhy.inspect.glibc.mapped import find_mapped
from memwhy.inspect.glibc.stillness import Stillness
from memwhy.inspect.glibc.tables import DISTINCT, LAYOUTS, MEASURED, version_text
from memwhy.inspect.glibc.version import libc_modules, libc_version, other_allocators
from memwhy.memory.space import Module, Space
from memwhy.model.inspection import Malloc

_MOST_LOOKS = 100
_MOST_GROWN_BYTES = 1 << 30
_WAITS_S = (0, 0, 0.001, 0.002, 0.004, 0.008)
"""Before another look at a place that goes on making no sense: a thread that lost its processor amid malloc gets it back."""
_MOST_WAITED_S = 1.0
"""For all heaps together: damage does not go away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MallocHeap:
    """malloc's heap in one look. own_ranges: its structures outside its heaps (main_arena in the library's data).

    list_blocks: where they are, laid out when first asked for: 10 ms and 16 MB for each GiB of heap.
    """

    census: Malloc
    list_blocks: Callable[[], Blocks] = field(compare=False, repr=False)
    shares: tuple[Share, ...]
    notes: tuple[str, ...] = ()
    own_ranges: tuple[tuple[int, int], ...] = ()
    misses_mapped: bool = False
    """Blocks that malloc maps one by one are missing: they moved or grew while they were looked for."""

    @property
    def blocks(self) -> Blocks:
        """All blocks, as `list_blocks` gives them."""
        return self.list_blocks()


@dataclass(frozen=True, slots=True)
class NoMalloc:
    """No census of malloc: why, in words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MallocBlocks:
    """malloc's blocks without a census. shares: the ranges it owns; of their bytes only what could not be walked is told."""

    blocks: Blocks
    shares: tuple[Share, ...]
    own_ranges: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True, kw_only=True)
class _Look:
    """One walk through everything, before anything is counted."""

    version: str
    state: State
    loops: Loops
    walks: list[Walked]
    maps: Maps
    mapped: tuple[MappedBlock, ...]
    missing: list[str]
    notes: list[str]

    @property
    def own_ranges(self) -> tuple[tuple[int, int], ...]:
        main = self.state.main.address
        return ((main, main + self.state.layout.size),)

    def list_blocks(self) -> Blocks:
        """Once: the maps are let go of, they are as large as what is made of them."""
        heaps, self.maps = blocks_of(self.walks, self.maps), join_maps(())
        return Blocks(heaps=heaps, mapped=self.mapped)


def read_malloc(space: Space, *, taken: Sequence[tuple[int, int]] = ()) -> MallocHeap | NoMalloc:
    """Read glibc's malloc. taken: ranges that a language runtime owns, never malloc's.

    Arenas are walked one after another: figures of a process that goes on allocating are of no single moment. Those of an
    arena that stood still meanwhile are exact, each for its own moment; a note counts the arenas that did not.
    """
    look = _look(space, taken)
    if isinstance(look, NoMalloc):
        return look
    counts, shares = count_heaps(look.loops, look.walks, look.maps)
    mapped_shares = share_mapped(space, look.mapped)
    whole = not look.missing and not any(one.why for one in look.walks)
    census = malloc_of(look.version, look.state, look.walks, counts, (look.mapped, mapped_shares), whole=whole)
    return MallocHeap(
        census=replace(census, approximate=(*look.missing, *census.approximate)),
        list_blocks=cache(look.list_blocks),
        shares=tuple(sorted(shares + mapped_shares, key=lambda share: share.start)),
        notes=tuple(look.notes),
        own_ranges=look.own_ranges,
        misses_mapped=look.state.counted is not None and len(look.mapped) < look.state.counted.mmapped_count,
    )


def read_blocks(space: Space, *, taken: Sequence[tuple[int, int]] = ()) -> MallocBlocks | NoMalloc:
    """Only where blocks are and whether they are in use: for a look soon after another one, without its census."""
    look = _look(space, taken)
    if isinstance(look, NoMalloc):
        return look
    shares = [unread_share(walked) for walked in look.walks]
    shares += [Share(start=one.start, end=one.end, bytes={}, virtual_bytes={}) for one in look.mapped]
    return MallocBlocks(
        blocks=look.list_blocks(),
        shares=tuple(sorted(shares, key=lambda share: share.start)),
        own_ranges=look.own_ranges,
    )


def _look(space: Space, taken: Sequence[tuple[int, int]]) -> _Look | NoMalloc:
    modules = space.modules()
    found = _find(space, modules)
    if isinstance(found, NoMalloc):
        return found
    version, state, notes = found
    loops = choose()
    ranges = anonymous_ranges(space.mappings)
    free = without(ranges, sorted(taken))
    missing: list[str] = []
    walks = _walk_all(space, loops, state, ranges, free, missing, notes)
    state = replace(state, arenas=_again(space, state))
    free = without(
        free, sorted((one.heap.base, one.heap.end if one.why or not one.heap.is_main else end_of(one)) for one in walks)
    )
    maps = join_maps(walks)
    freed = mark_freed(space, loops, state, state.arenas, maps)
    mapped, complaint = find_mapped(space, state.layout, state.counted, free)
    if complaint is not None:
        notes.append(complaint)
    if freed.torn and space.pid is None:
        notes.append(f"{freed.torn} free lists are damaged: what follows the damage counts as in use")
    return _Look(
        version=version, state=state, loops=loops, walks=walks, maps=maps, mapped=mapped, missing=missing, notes=notes
    )


def _find(space: Space, modules: Sequence[Module]) -> tuple[str, State, list[str]] | NoMalloc:
    """malloc's version and state, and what has to be said about them."""
    others = other_allocators(modules)
    libraries = libc_modules(modules)
    notes: list[str] = []
    if others:
        notes.append(f"{others} is in this process: what it holds is not in malloc's figures, these are glibc's part")
    for module in libraries:
        version = libc_version(space, module)
        layout = LAYOUTS.get(version) if version is not None else None
        if layout is not None and version is not None:
            state = find_state(space, module, layout)
            if state is not None:
                if version not in MEASURED:
                    notes.append(
                        f"glibc {version_text(version)} was never measured here; its neighbours were, and its structures fit"
                    )
                return version_text(version), state, notes
        elif version is not None and version < min(LAYOUTS):
            return NoMalloc(
                f"glibc {version_text(version)} is older than {version_text(min(LAYOUTS))} and cannot be read"
            )
        else:
            state = _try_all(space, module)
            if state is not None:
                name = version_text(version) if version is not None else "of an unknown version"
                notes.append(f"glibc {name} is not in the table; its structures fit a known layout")
                return name, state, notes
            known = f"glibc {version_text(version)}" if version is not None else "this glibc"
            return NoMalloc(f"{known} lays out its malloc in a way that is not known: no arenas were found")
    if libraries:
        return NoMalloc(_unused(str(others)))
    for module in modules:
        if module.is_program:
            state = _try_all(space, module)
            if state is not None:
                notes.append(
                    "glibc is linked into the program, its version is not known; its structures fit a known layout"
                )
                return "static", state, notes
    if others:
        return NoMalloc(f"the allocator is {others}, which cannot be read")
    return NoMalloc("no C allocator was found: neither glibc nor another that is known")


def _unused(others: str) -> str:
    if others:
        return f"the allocator is {others}, which cannot be read, and glibc's malloc holds nothing"
    return "glibc's malloc holds nothing: it was never used, or its data could not be read"


def _try_all(space: Space, module: Module) -> State | None:
    for layout in DISTINCT:
        state = find_state(space, module, layout)
        if state is not None:
            return state
    return None


def _walk_all(
    space: Space,
    loops: Loops,
    state: State,
    ranges: Sequence[Range],
    free: Sequence[Range],
    missing: list[str],
    notes: list[str],
) -> list[Walked]:
    """Every heap of every arena, in address order; what could not be found of them goes to `missing`."""
    walks: list[Walked] = []
    left_s = _MOST_WAITED_S

    def renew(heap: Heap, same: int) -> Heap:
        nonlocal left_s
        wait_s = min(left_s, _WAITS_S[min(same, len(_WAITS_S) - 1)])
        if wait_s:
            time.sleep(wait_s)
            left_s -= wait_s
        return _renewed(space, state, heap)

    def walk_other(arena: Arena) -> tuple[list[Walked], str | None]:
        heaps, complaint = heaps_of(space, state, arena)
        return [walk_heap(space, loops, heap, renew) for heap in heaps], complaint

    def walk_first(arena: Arena) -> tuple[list[Walked], str | None]:
        others = sorted((one.heap.base, one.heap.end) for one in walks)
        return walk_main(
            space, loops, replace(state, arenas=(arena, *state.arenas[1:])), ranges, without(free, others), renew
        )

    stillness = Stillness(space=space, state=state)
    for arena in (*state.arenas[1:], state.main):
        found, complaint = stillness.walk(arena, walk_first if arena is state.main else walk_other)
        if complaint is not None:
            missing.append(complaint)
        walks += found
    if (note := stillness.note()) is not None:
        notes.append(note)
    return sorted(walks, key=lambda one: one.heap.first)


def _renewed(space: Space, state: State, heap: Heap) -> Heap:
    """The heap with its top and size as they are at one moment: read until the top stands still meanwhile."""
    top_at = heap.arena + state.layout.top
    end, top_end = heap.end, heap.top_end
    for _ in range(_MOST_LOOKS):
        top = space.word(top_at) or 0
        if heap.is_main:
            top_end = top + ((space.word(top + 8) or 0) & -8)
            end = max(heap.end, top_end) if heap.first <= top < top_end <= heap.end + _MOST_GROWN_BYTES else heap.end
        else:
            end = heap.base + (space.word(heap.base + 16) or 0)
        if top == space.word(top_at) and heap.first <= end:
            break  # else the size read may be that of a chunk split off the top meanwhile
    if not heap.is_main and not heap.first <= end <= heap.base + state.heap_max:
        end = heap.end
    known = range_of(anonymous_ranges(space.mappings), heap.base)
    if known is None or end > known[1]:
        space.refresh()  # pages of a mapping that was not there at the last look are not seen
    return replace(heap, end=end, top_end=top_end, top=top if heap.first <= top < end else 0)


def _again(space: Space, state: State) -> tuple[Arena, ...]:
    """The arenas as they stand after the walk, for their free lists; as before where the ring is torn."""
    return read_arenas(space, state.main.address, state.layout) or state.arenas
