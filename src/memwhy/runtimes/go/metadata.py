"""Where Go's runtime keeps its own books: every area that it mapped outside of the heap's arenas, found by its pointers.

Small things live in chunks of persistentalloc (spans, caches, profile buckets, finalizer blocks …), large ones are
mapped one by one with sysAlloc or sysReserve. Sources: runtime/malloc.go (persistentalloc, sysAlloc), runtime/mheap.go
(heapArena, allspans, gcBitsArenas), runtime/mpagealloc_64bit.go, runtime/mprof.go (buckhash).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.memory.space import PAGE_BYTES
from memwhy.runtimes.go.memstats import processors
from memwhy.runtimes.go.span_table import HIGHEST_ADDRESS, arena_indexes, merge
from memwhy.runtimes.go.structs import WORD_BYTES, Struct, address_of, gather_fields
from memwhy.runtimes.go.trace_buffers import trace_blocks

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_CHUNK_BYTES = 256 << 10
"""persistentChunkSize."""
_BITS_CHUNK_BYTES = 64 << 10
"""gcBitsChunkBytes."""
_BUCKETS = 179_999
"""buckHashSize."""
_ARENA_MAP_BYTES = (1 << 22) * WORD_BYTES
"""One second-level arena map: 1 << arenaL2Bits pointers."""
_CHUNKS_PER_ARENA = 16
"""Chunks of the page allocator (pallocChunkBytes, 4 MiB) in an arena."""
_CHUNKS_L2 = 1 << 13
_SUMMARY_LEVELS = 5
_SUMMARY_BYTES = 8
_QUEUE_WORDS = 7
"""type spanSPMC: list node (previous, next), dead, prev, head and tail, cap, ring."""
_MOST_QUEUE_BYTES = 1 << 32
_MOST_LINKS = 1 << 20


def metadata_ranges(runtime: "GoRuntime") -> list[tuple[int, int]]:
    """Whole pages that the runtime mapped for itself, merged, in address order. Raises Unsupported.

    Left out are the areas whose pointers were not found in a stripped program.
    """
    found = [
        *_persistent_chunks(runtime),
        *_bit_arenas(runtime),
        *_arena_metadata(runtime),
        *_page_allocator(runtime),
        *_tables(runtime),
        *_span_queues(runtime),
        *trace_blocks(runtime),
    ]
    pages = (
        (start & -PAGE_BYTES, end + PAGE_BYTES - 1 & -PAGE_BYTES)
        for start, end in found
        if PAGE_BYTES <= start < end <= HIGHEST_ADDRESS
    )
    return list(merge(iter(sorted(pages))))


def _persistent_chunks(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """The chunks are one list. Its newest is also where some P (or nobody's globalAlloc) takes its next bytes from."""
    layout, space, globals = runtime.layout, runtime.space, runtime.globals
    heads = []
    if globals.persistentChunks is not None:
        heads.append(space.word(globals.persistentChunks))
    if globals.globalAlloc is not None:
        heads.append(space.word(globals.globalAlloc + WORD_BYTES))  # behind its mutex, or the mutex itself: harmless
    offset = layout.offset("p", "palloc.base")
    heads += [space.word(p + offset) for p in processors(runtime)]
    seen: set[int] = set()
    for head in heads:
        while head and head % PAGE_BYTES == 0 and head not in seen and len(seen) < _MOST_LINKS:
            seen.add(head)
            yield head, head + _CHUNK_BYTES
            head = space.word(head)


def _bit_arenas(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """Mark and allocation bits: the four lists of gcBitsArenas behind its lock; an arena's second word is the next."""
    if runtime.globals.gcBitsArenas is None:
        return
    seen: set[int] = set()
    for head in runtime.space.words(runtime.globals.gcBitsArenas + WORD_BYTES, 4):
        arena: int | None = head
        while arena and arena % PAGE_BYTES == 0 and arena not in seen and len(seen) < _MOST_LINKS:
            seen.add(arena)
            yield arena, arena + _BITS_CHUNK_BYTES
            arena = runtime.space.word(arena + WORD_BYTES)


def _arena_metadata(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """The map of arenas, and one heapArena struct for each."""
    layout, space = runtime.layout, runtime.space
    arena_map = space.word(address_of(runtime, "mheap_") + layout.offset("mheap", "arenas"))
    if not arena_map:
        return
    yield arena_map, arena_map + _ARENA_MAP_BYTES
    size = layout.size("heapArena")
    indexes = [index for index in arena_indexes(runtime) if index < _ARENA_MAP_BYTES // WORD_BYTES]
    raw = gather_fields(space, (WORD_BYTES * index for index in indexes), arena_map, WORD_BYTES)
    for address in memoryview(raw).cast("Q"):
        yield address, address + size


def _page_allocator(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """mheap_.pages: the summaries' reservations, the bitmaps of 4 MiB chunks, the scavenger's index."""
    layout, space, heap = runtime.layout, runtime.space, address_of(runtime, "mheap_")
    summaries = space.words(heap + layout.offset("mheap", "pages.summary"), 3 * _SUMMARY_LEVELS)
    for i in range(0, len(summaries) - 2, 3):
        yield summaries[i], summaries[i] + summaries[i + 2] * _SUMMARY_BYTES
    chunks = heap + layout.offset("mheap", "pages.chunks")
    size = layout.size("pallocData") * _CHUNKS_L2
    rows = sorted({index * _CHUNKS_PER_ARENA // _CHUNKS_L2 for index in arena_indexes(runtime)})
    raw = gather_fields(space, (WORD_BYTES * row for row in rows if row < _CHUNKS_L2), chunks, WORD_BYTES)
    for address in memoryview(raw).cast("Q"):
        yield address, address + size
    if layout.has("mheap", "pages.scav.index.chunks"):
        path = "pages.scav.index.chunks"
        pointer, _, capacity = Struct.read(space, layout, "mheap", heap, path).slice(path)
        # A byte for 8 chunks in Go 1.19, a word for each from 1.21 on.
        yield pointer, pointer + capacity * (1 if layout.version == "1.19" else WORD_BYTES)


def _tables(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """The list of spans, the lists of arenas, the hash table of profile buckets."""
    layout, space, heap = runtime.layout, runtime.space, address_of(runtime, "mheap_")
    for name in ("allspans", "heapArenas", "allArenas", "userArenaArenas"):
        if layout.has("mheap", name):
            pointer, _, capacity = Struct.read(space, layout, "mheap", heap, name).slice(name)
            yield pointer, pointer + capacity * WORD_BYTES
    if runtime.globals.buckhash is not None:
        table = space.word(runtime.globals.buckhash) or 0
        yield table, table + _BUCKETS * WORD_BYTES


def _span_queues(runtime: "GoRuntime") -> Iterator[tuple[int, int]]:
    """Rings of the queues of spans to mark, of Go 1.26 on, kept until the sweep frees them (runtime/mgcmark_greenteagc.go)."""
    layout, space = runtime.layout, runtime.space
    if runtime.globals.work is None or not layout.has("workType", "spanSPMCs.list"):
        return
    queue = space.word(runtime.globals.work + layout.offset("workType", "spanSPMCs.list"))
    seen: set[int] = set()
    while queue and queue not in seen and len(seen) < _MOST_LINKS:
        seen.add(queue)
        words = space.words(queue, _QUEUE_WORDS)
        if len(words) < _QUEUE_WORDS:
            return
        size = (words[5] & 0xFFFFFFFF) * WORD_BYTES
        if words[6] % PAGE_BYTES == 0 and size <= _MOST_QUEUE_BYTES:
            yield words[6], words[6] + size
        queue = words[1]
