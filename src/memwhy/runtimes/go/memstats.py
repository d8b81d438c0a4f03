"""runtime.MemStats read from outside, as ReadMemStats would fill it, without its stop of the world.

The sums and the flush of the per-P caches follow readmemstats_m (runtime/mstats.go) and mcache.releaseAll
(runtime/mcache.go), the goal follows gcControllerState.heapGoal (runtime/mgcpacer.go); all the same from Go 1.19 to 1.27
but for what is marked here.
"""

from array import array
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.structs import WORD_BYTES, Struct, address_of, gather_fields
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_MEMORY_LIMIT_OFF = (1 << 63) - 1
_NEVER = (1 << 64) - 1
_MIN_RUNWAY_BYTES = 64 << 10
_LIMIT_HEADROOM_BYTES = 1 << 20
_LIMIT_HEADROOM_PERCENT = 3
_MOST_PROCESSORS = 1 << 16
_BY_SIZE_ROWS = 61
"""Length of MemStats.BySize; fixed by Go's compatibility promise."""
_LOOKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MemStats:
    """What ReadMemStats would have told. fields: every integer of runtime.MemStats by its name, and NumGoroutine.

    by_size: (object bytes, mallocs, frees). pause_ns, pause_end_ns: circular, the newest at (NumGC + 255) % 256.
    gc_percent: GOGC, -1 for off. memory_limit_bytes: GOMEMLIMIT, None without one.
    """

    fields: Map[str, int]
    gc_cpu_fraction: float
    by_size: tuple[tuple[int, int, int], ...]
    pause_ns: tuple[int, ...]
    pause_end_ns: tuple[int, ...]
    gc_percent: int
    memory_limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class _Counts:
    """The allocator's counts: what is summed in memstats.heapStats and what the caches hold back."""

    sums: Map[str, int]
    mallocs: tuple[int, ...]
    frees: tuple[int, ...]
    cached_bytes: int
    total_alloc: int


def read_memstats(runtime: "GoRuntime") -> MemStats:
    """The numbers of this moment. Raises Unsupported where the runtime's variables cannot be read.

    The caches are read a moment after the sums: where a cache was flushed in between, its objects are missing from both.
    So the counts are read twice and the larger total is believed.
    """
    space, layout = runtime.space, runtime.layout
    counts = _steady_counts(runtime)
    stats = Struct.read(space, layout, "mstats", address_of(runtime, "memstats"))
    pacer = Struct.read(space, layout, "gcControllerState", address_of(runtime, "gcController"))
    fields = _fields(counts, stats, pacer)
    heap = Struct.read(space, layout, "mheap", address_of(runtime, "mheap_"), "spanalloc", "cachealloc")
    fields["MSpanInuse"] = heap.integer("spanalloc.inuse")
    fields["MCacheInuse"] = heap.integer("cachealloc.inuse")
    if runtime.globals.allgs is not None and runtime.globals.sched is not None:
        fields["NumGoroutine"] = _count_goroutines(runtime, runtime.globals.allgs, runtime.globals.sched)
    limit = pacer.signed("memoryLimit")
    return MemStats(
        fields=fields,
        gc_cpu_fraction=stats.floating("gc_cpu_fraction"),
        by_size=tuple(zip(layout.size_classes, counts.mallocs, counts.frees, strict=False))[:_BY_SIZE_ROWS],
        pause_ns=stats.words("pause_ns"),
        pause_end_ns=stats.words("pause_end"),
        gc_percent=pacer.signed("gcPercent"),
        memory_limit_bytes=None if limit >= _MEMORY_LIMIT_OFF else limit,
    )


def processors(runtime: "GoRuntime") -> tuple[int, ...]:
    """Addresses of the runtime's Ps, as many as GOMAXPROCS. Raises Unsupported."""
    space, allp = runtime.space, address_of(runtime, "allp")
    header = space.words(allp, 3)
    if len(header) < 3 or not 0 < header[1] <= min(header[2], _MOST_PROCESSORS):
        raise Unsupported(f"runtime.allp at {allp:#x} is no list of processors")
    return tuple(p for p in space.words(header[0], header[1]) if p)


def _steady_counts(runtime: "GoRuntime") -> _Counts:
    caches = _caches(runtime)
    best: _Counts | None = None
    steady = 0
    for _ in range(_LOOKS):
        generation = _generation(runtime)
        counts = _read_counts(runtime, caches)
        if generation != _generation(runtime):
            continue  # consistentHeapStats.read was merging: a count may have stood in two generations
        steady += 1
        if best is None or counts.total_alloc > best.total_alloc:
            best = counts
        if steady == 2:
            break
    return best or counts


def _generation(runtime: "GoRuntime") -> int | None:
    offset, size, _, _ = runtime.layout.field("mstats", "heapStats.gen")
    raw = runtime.space.read(address_of(runtime, "memstats") + offset, size)
    return int.from_bytes(raw, "little") if raw else None


def _read_counts(runtime: "GoRuntime", caches: "array[int]") -> _Counts:
    space, layout, address = runtime.space, runtime.layout, address_of(runtime, "memstats")
    name = "heapStatsDelta"
    size = layout.size(name)
    # One right after the other: the less happens between them, the fewer objects are missed.
    raw = space.read(address + layout.offset("mstats", "heapStats.stats"), 3 * size)
    cached = space.gather(caches, layout.size("mcache"))
    if len(raw) < 3 * size:
        raise Unsupported(f"runtime.memstats at {address:#x} cannot be read in {space.name}")
    counts, tiny = _cached(runtime, caches, cached)
    parts = [Struct(layout, name, 0, raw[i * size : (i + 1) * size]) for i in range(3)]
    sums = {
        path: sum(part.integer(path) for part in parts) & _NEVER
        for path, spec in layout.fields[name].items()
        if spec[1] == WORD_BYTES
    }
    mallocs = [sum(column) & _NEVER for column in zip(*(p.words("smallAllocCount") for p in parts), strict=True)]
    frees = [sum(column) & _NEVER for column in zip(*(p.words("smallFreeCount") for p in parts), strict=True)]
    cached_bytes = 0
    for i, count in enumerate(counts):
        mallocs[i] += count
        cached_bytes += count * layout.size_classes[i]
    sums["tinyAllocCount"] += tiny
    total = sums["largeAlloc"] + _bytes(layout, mallocs)
    return _Counts(sums, tuple(mallocs), tuple(frees), cached_bytes, total)


def _bytes(layout: Layout, counts: list[int] | tuple[int, ...]) -> int:
    return sum(count * size for count, size in zip(counts, layout.size_classes, strict=True))


def _caches(runtime: "GoRuntime") -> "array[int]":
    """Addresses of the Ps' mcaches; a P without one was taken out of use."""
    offset = runtime.layout.offset("p", "mcache")
    raw = gather_fields(runtime.space, processors(runtime), offset, WORD_BYTES)
    return array("Q", (cache for cache in memoryview(raw).cast("Q") if cache))


def _cached(runtime: "GoRuntime", caches: "array[int]", raw: bytes) -> tuple[list[int], int]:
    """(objects by size class, tiny objects) that the Ps' caches handed out and did not report yet. raw: the caches."""
    space, layout = runtime.space, runtime.layout
    size = layout.size("mcache")
    rows = [Struct(layout, "mcache", cache, raw[i * size : (i + 1) * size]) for i, cache in enumerate(caches)]
    spans = [span for row in rows for span in row.words("alloc")]
    used, before = layout.offset("mspan", "allocCount"), layout.offset("mspan", "allocCountBeforeCache")
    start, width = min(used, before), abs(used - before) + 2
    found = memoryview(gather_fields(space, spans, start, width)).cast("H")
    now, then = found[(used - start) // 2 :: width // 2], found[(before - start) // 2 :: width // 2]
    counts = [0] * len(layout.size_classes)
    classes = 2 * len(counts)
    for i in range(len(spans)):
        counts[i % classes // 2] += now[i] - then[i]
    return counts, sum(row.integer("tinyAllocs") for row in rows)


def _fields(counts: _Counts, stats: Struct, pacer: Struct) -> dict[str, int]:
    sums = counts.sums

    total_free = sums["largeFree"] + _bytes(stats.layout, counts.frees)
    mallocs = sums["largeAllocCount"] + sum(counts.mallocs) + sums["tinyAllocCount"]
    frees = sums["largeFreeCount"] + sum(counts.frees) + sums["tinyAllocCount"]
    in_use, free, released = (pacer.integer(name) for name in ("heapInUse", "heapFree", "heapReleased"))
    work_buffers = sums["inWorkBufs"] + sums.get("inPtrScalarBits", 0)  # the latter up to Go 1.24
    names = ("stacks_sys", "mspan_sys", "mcache_sys", "buckhash_sys", "gcMiscSys", "other_sys")
    system = {name: stats.integer(name) for name in names}
    live = counts.total_alloc - total_free
    return {
        "Alloc": live,
        "TotalAlloc": counts.total_alloc,
        "Sys": in_use + free + released + sum(system.values()) + sums["inStacks"] + work_buffers,
        "Lookups": 0,
        "Mallocs": mallocs,
        "Frees": frees,
        "HeapAlloc": live,
        "HeapSys": in_use + free + released,
        "HeapIdle": free + released,
        "HeapInuse": in_use,
        "HeapReleased": released,
        "HeapObjects": mallocs - frees,
        "StackInuse": sums["inStacks"],
        "StackSys": sums["inStacks"] + system["stacks_sys"],
        "MSpanSys": system["mspan_sys"],
        "MCacheSys": system["mcache_sys"],
        "BuckHashSys": system["buckhash_sys"],
        "GCSys": system["gcMiscSys"] + work_buffers,
        "OtherSys": system["other_sys"],
        "NextGC": _heap_goal(pacer, counts.cached_bytes),
        "LastGC": stats.integer("last_gc_unix"),
        "PauseTotalNs": stats.integer("pause_total_ns"),
        "NumGC": stats.integer("numgc"),
        "NumForcedGC": stats.integer("numforcedgc"),
    }


def _heap_goal(pacer: Struct, cached_bytes: int) -> int:
    goal = pacer.integer("gcPercentHeapGoal")
    limited = _memory_limit_goal(pacer, cached_bytes)
    if limited < goal:
        return limited
    goal = max(goal, pacer.integer("sweepDistMinTrigger"))
    triggered = pacer.integer("triggered")
    return goal if triggered == _NEVER else max(goal, triggered + _MIN_RUNWAY_BYTES)


def _memory_limit_goal(pacer: Struct, cached_bytes: int) -> int:
    """cached_bytes: what ReadMemStats would flush into totalAlloc before it asks for the goal."""
    limit = pacer.integer("memoryLimit")
    free, marked, ready = (pacer.integer(name) for name in ("heapFree", "heapMarked", "mappedReady"))
    live = pacer.integer("totalAlloc") + cached_bytes - pacer.integer("totalFree")
    other = max(ready - free - live, 0)
    overage = max(ready - limit, 0)
    if other + overage >= limit:
        return marked
    goal = limit - other - overage
    headroom = _LIMIT_HEADROOM_BYTES
    if pacer.layout.version not in ("1.19", "1.20"):
        headroom = max(goal // 100 * _LIMIT_HEADROOM_PERCENT, headroom)
    return max(headroom if goal < 2 * headroom else goal - headroom, marked)


def _count_goroutines(runtime: "GoRuntime", allgs: int, scheduler: int) -> int:
    """As runtime.gcount: all ever made, but for the dead ones kept for reuse and the runtime's own.

    Up to Go 1.24 the free lists carry n, from 1.25 on their size.
    """
    space, layout = runtime.space, runtime.layout
    header = space.words(allgs, 3)
    if len(header) < 3:
        raise Unsupported(f"runtime.allgs at {allgs:#x} cannot be read in {space.name}")
    sched = Struct.read(space, layout, "schedt", scheduler, "ngsys", "gFree")
    free = ("gFree.n",) if sched.has("gFree.n") else ("gFree.stack.size", "gFree.noStack.size")
    count = header[1] - sched.signed("ngsys") - sum(sched.signed(path) for path in free)
    offset, size, _, _ = layout.field("p", "gFree.n" if layout.has("p", "gFree.n") else "gFree.size")
    raw = gather_fields(space, processors(runtime), offset, size)
    return max(count - sum(int.from_bytes(raw[i : i + size], "little") for i in range(0, len(raw), size)), 1)
