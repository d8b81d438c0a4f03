"""Go's arenas by shape, place and count: never by a well-known address.

Go runtime, 64-bit Linux, read in 1.21 to 1.27: the heap is reserved PROT_NONE in whole arenas of 64 MiB,
aligned to 64 MiB (malloc.go heapArenaBytes, (*mheap).sysAlloc), at addresses that the runtime chooses far from
where the kernel places mappings (malloc.go, the arena hints; random since 1.26). It is made writable in whole
chunks of 4 MiB (mheap.go (*mheap).grow, pallocChunkBytes); since 1.26 from a random chunk of the first
arena on. MAP_NORESERVE is never used. What was made writable is counted:

    writable bytes of all arenas = HeapSys + StackInuse + GC work buffers

(mstats.go readmemstats_m; the work buffers are a part of GCSys, the random padding counts as released).
Before 1.17 HeapSys held the stacks as well; these versions are out of scope.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from typing import NamedTuple

from memwhy.account.claims import GO_HEAP, Claim, Claims
from memwhy.account.native import ARENA_BYTES, has_flag, is_apart, is_plain
from memwhy.model.mapping import Mapping
from memwhy.model.units import KIB, MIB

CHUNK_BYTES = 4 * MIB
_PAGE_BYTES = 8 * KIB
_MOST_CANDIDATES = 10  # for the search over all combinations: 2**10 sums


class Region(NamedTuple):
    """Adjacent mappings shaped like Go arenas.

    apart: where the kernel would not have put them by itself. holed: written in pages, not in chunks, as
    GODEBUG=harddecommit=1 leaves them (mem_linux.go sysUnusedOS).
    """

    indices: range
    writable_bytes: int
    apart: bool
    holed: bool


class HeapFound(NamedTuple):
    """The claims on the heap, their virtual size, and what was expected of it (None: not known)."""

    claims: Claims
    writable_bytes: int
    low_bytes: int | None
    high_bytes: int | None

    @property
    def agrees(self) -> bool | None:
        """Within one chunk and a sixteenth: the heap may have grown between the two readings."""
        if self.low_bytes is None or self.high_bytes is None:
            return None
        drift = self.high_bytes // 16
        return self.low_bytes - drift <= self.writable_bytes <= self.high_bytes + drift


def runs(mappings: Sequence[Mapping], taken: Claims) -> Iterator[range]:
    """Stretches of adjacent plain anonymous mappings that nothing has claimed and that are no MAP_NORESERVE."""
    first: int | None = None
    for index, mapping in enumerate(mappings):
        fits = index not in taken and is_plain(mapping) and not has_flag(mapping, "nr")
        joins = first is not None and fits and mapping.start == mappings[index - 1].end
        if not joins:
            if first is not None:
                yield range(first, index)
            first = index if fits else None
    if first is not None:
        yield range(first, len(mappings))


def find_heap(mappings: Sequence[Mapping], taken: Claims, go: Map[str, int] | None, named_bytes: int) -> HeapFound:
    """Claim Go's arenas; named_bytes: what the kernel's names already gave to the heap.

    With MemStats the arenas are those whose sizes add up to Go's own count; without, those that stand apart.
    """
    regions = [region for run in runs(mappings, taken) if (region := _region(mappings, run)) is not None]
    apart = [region for region in regions if region.apart]
    low, high = _expected(go, any(region.holed for region in apart))
    chosen, rule, weak = apart, "64 MiB-aligned reservations apart from all else, written in chunks of 4 MiB", False
    if low is not None and high is not None:
        count = "HeapSys + StackInuse"
        if named_bytes and low <= named_bytes <= high:
            chosen = []
        elif low - low // 16 <= named_bytes + sum(region.writable_bytes for region in apart) <= high + high // 16:
            rule += f"; virtual size equals {count}"
        elif (some := _subset(regions, low - named_bytes, high - named_bytes)) is not None:
            chosen, rule = some, f"64 MiB-aligned reservations whose virtual sizes add up to {count}"
        else:
            rule, weak = f"{rule}; virtual size differs from {count}", True
    elif not apart and not named_bytes:
        tailed = [region for region in regions if len(region.indices) > 1]
        chosen, rule, weak = tailed, "64 MiB-aligned reservations written in chunks of 4 MiB, by shape alone", True
    claim = Claim(GO_HEAP, rule, weak)
    claims = {index: claim for region in chosen for index in region.indices}
    return HeapFound(claims, named_bytes + sum(region.writable_bytes for region in chosen), low, high)


def _expected(go: Map[str, int] | None, holed: bool) -> tuple[int | None, int | None]:
    """The least and the most that the arenas may have writable, by MemStats.

    One chunk of slack each way: the heap may have grown or the stacks moved between the two readings.
    """
    if not go or "go.heap_sys_bytes" not in go:
        return None, None
    low = go["go.heap_sys_bytes"] + go.get("go.stack_inuse_bytes", 0)
    given_back = go.get("go.heap_released_bytes", 0) if holed else 0
    return low - given_back - CHUNK_BYTES, low + go.get("go.gc_sys_bytes", 0) + CHUNK_BYTES


def _region(mappings: Sequence[Mapping], run: range) -> Region | None:
    """The part of a run that is shaped like arenas: aligned at both ends, written in whole chunks.

    Where it lies apart, holes of whole Go pages are let pass.
    """
    first = next((i for i in run if mappings[i].start % ARENA_BYTES == 0), None)
    last = next((i for i in reversed(run) if mappings[i].end % ARENA_BYTES == 0), None)
    if first is None or last is None or last < first:
        return None
    apart = is_apart(mappings, first, last)
    writable = 0
    edges = 0  # the low bits of all edges together
    for index in range(first, last + 1):
        here = mappings[index]
        if here.perms != "rw-p":
            continue
        writable += here.size_bytes
        # Huge-page hints may split a mapping anywhere: only the edges of a whole written stretch count.
        if index == first or mappings[index - 1].perms != "rw-p":
            edges |= here.start
        if index == last or mappings[index + 1].perms != "rw-p":
            edges |= here.end
    holed = edges % CHUNK_BYTES != 0
    if not writable or edges % _PAGE_BYTES or (holed and not apart):
        return None
    return Region(range(first, last + 1), writable, apart, holed)


def _subset(regions: Sequence[Region], low: int, high: int) -> list[Region] | None:
    """The only combination of regions whose sizes add up to low…high; None when there is none, or more."""
    if len(regions) > _MOST_CANDIDATES:
        return None
    found: list[list[Region]] = []
    for bits in range(1, 1 << len(regions)):
        some = [region for i, region in enumerate(regions) if bits >> i & 1]
        if low <= sum(region.writable_bytes for region in some) <= high:
            found.append(some)
            if len(found) > 1:
                return None
    return found[0] if found else None
