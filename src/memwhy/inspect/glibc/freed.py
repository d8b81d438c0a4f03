"""Chunks that are free but look in use: in the tcaches of threads and in the fastbins of arenas.

mallinfo2 counts a tcache's chunks as in use and a fastbin's as free; for "lost or held" both are free.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.inspect.glibc.arenas import Arena, State
from memwhy.inspect.glibc.heaps import Walked
from memwhy.inspect.glibc.loops import Chain, Loops
from memwhy.inspect.glibc.tables import Layout, Tcache
from memwhy.memory.space import Space

_MOST_PICKED = 1 << 20
_BATCH = 1 << 14
_MOST_CHAIN = 1 << 40
_USER = 16
_USUAL_COUNT = 7


@dataclass(slots=True, kw_only=True)
class Maps:
    """The bits of all walked heaps, one behind the other: what is free in fastbins, and in tcaches."""

    heaps: list[tuple[int, int, int]]
    starts: bytearray
    used: bytearray
    fast: bytearray
    cached: bytearray


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """Bytes and chunks. tcaches: how many were found; torn: lists that ended at something that is no free chunk."""

    fastbin_bytes: int = 0
    fastbin_count: int = 0
    tcache_bytes: int = 0
    tcache_count: int = 0
    tcaches: int = 0
    torn: int = 0


def join_maps(walks: Sequence[Walked]) -> Maps:
    """The bit maps of all walks in address order, each beginning at a byte of its own."""
    heaps: list[tuple[int, int, int]] = []
    starts, used = bytearray(), bytearray()
    for walked in walks:
        size = ((walked.stop - walked.heap.first) // 16 + 7) // 8
        heaps.append((walked.heap.first, walked.stop, len(starts)))
        del walked.starts[size:], walked.used[size:]
        if starts:
            starts += walked.starts
            used += walked.used
        else:  # the first is often the largest by far: taken over, not copied
            starts, used = walked.starts, walked.used
        walked.starts, walked.used = bytearray(), bytearray()
    return Maps(heaps=heaps, starts=starts, used=used, fast=bytearray(len(starts)), cached=bytearray(len(starts)))


def mark_freed(space: Space, loops: Loops, state: State, arenas: Sequence[Arena], maps: Maps) -> Freed:
    """Mark what fastbins and tcaches hold; it loses its bit in `maps.used`."""
    fast = loops.follow(space, _fast_chains(arenas, state.layout), maps.heaps, (maps.starts, maps.used, maps.fast))
    count = state.counted.tcache_count if state.counted is not None else _USUAL_COUNT
    tcaches = _tcaches(space, loops, state.layout.tcache, count, maps) if count else []
    chains = [chain for tcache in tcaches for chain in tcache]
    cached = loops.follow(space, chains, maps.heaps, (maps.starts, maps.used, maps.cached))
    short = sum(1 for chain, found in zip(chains, cached, strict=True) if found.count < chain.most)
    return Freed(
        fastbin_bytes=sum(one.bytes for one in fast),
        fastbin_count=sum(one.count for one in fast),
        tcache_bytes=sum(one.bytes for one in cached),
        tcache_count=sum(one.count for one in cached),
        tcaches=len(tcaches),
        torn=short + sum(1 for one in fast if not one.whole),
    )


def _fast_chains(arenas: Sequence[Arena], layout: Layout) -> list[Chain]:
    return [
        Chain(head=head, size=0, adjust=0, most=_MOST_CHAIN, mangled=layout.tcache.mangled)
        for arena in arenas
        for head in arena.fastbins
    ]


def _tcaches(space: Space, loops: Loops, layout: Tcache, most: int, maps: Maps) -> list[list[Chain]]:
    """The chains of every chunk that is a thread's tcache: counters and list heads that agree, leading to chunks in use."""
    found: list[list[Chain]] = []
    size = layout.bins * (layout.width + 8)
    # malloc gives 16 bytes more where they are too few for a chunk of their own
    for start, end, at in maps.heaps:
        room = ((end - start) // 16 + 7) // 8
        window = memoryview(maps.starts)[at : at + room], memoryview(maps.used)[at : at + room]
        picked = loops.pick(start, end, window, (layout.chunk_bytes, layout.chunk_bytes + 16), _MOST_PICKED)
        for first in range(0, len(picked), _BATCH):
            batch = picked[first : first + _BATCH]
            raw = space.gather(array("Q", [address + _USER for address in batch]), size)
            for index in range(len(batch)):
                chains = _as_tcache(raw[index * size : (index + 1) * size], layout, most, maps)
                if chains:
                    found.append(chains)
    return found


def _as_tcache(raw: bytes, layout: Tcache, most: int, maps: Maps) -> list[Chain]:
    """The lists of what may be a tcache; none where it is not one, or is empty."""
    counters = memoryview(raw[: layout.bins * layout.width]).cast("B" if layout.width == 1 else "H")
    heads = memoryview(raw[layout.bins * layout.width :]).cast("Q")
    if max(counters) > most:
        return []
    chains: list[Chain] = []
    for index, (counter, head) in enumerate(zip(counters, heads, strict=True)):
        count = most - counter if layout.counts_left else counter
        if not head:
            if not layout.counts_left and count:
                return []
            continue
        if not count or head % 16 or not _is_used(head - _USER, maps):
            return []
        size = 32 + 16 * index if index < layout.exact_bins else 0
        chains.append(Chain(head=head - _USER, size=size, adjust=_USER, most=count, mangled=layout.mangled))
    return chains


def _is_used(address: int, maps: Maps) -> bool:
    index = bisect_right(maps.heaps, address, key=lambda heap: heap[0]) - 1
    if index < 0 or address >= maps.heaps[index][1]:
        return False
    start, _, at = maps.heaps[index]
    bit = (address - start) // 16
    return bool(maps.starts[at + bit // 8] & maps.used[at + bit // 8] & 1 << bit % 8)
