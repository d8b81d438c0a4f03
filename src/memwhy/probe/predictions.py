"""What each hypothesis expects of an experiment on a running process, from the case's figures alone."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.inspection import Malloc
from memwhy.model.probe import Experiment, Prediction
from memwhy.model.trend import Trend
from memwhy.model.units import KIB, MIB, human_bytes, human_duration, human_range

LEAST_ERROR_BYTES = MIB // 2
ERROR_SHARE = 0.02
"""Of what is measured: readings are of moments, and the target goes on working."""
COLLECTING_S = 0.25
"""What is allocated while a collection runs counts as live (runtime/mgc.go: allocate black)."""
UNSEEN_LEAKED, NONE_LEAKED = 0.5, 0.9
"""A goroutine that leaks is in the leak profile only if nothing reachable could still wake it, which holds for half of the leaks
that are met; a program without such a leak has as a rule none there."""
FEW = 0.1
SPARE = 0.1
"""What was allocated since a collection is known to so much; and so much of a heap may be garbage that was not swept yet."""
S_PER_GIVEN_BYTE = 0.3e-3 / MIB
S_PER_CHUNK = 2e-6
"""Of malloc_trim, measured on glibc 2.36: 50 to 500 MiB in one piece took 0.15 to 0.6 ms for each MiB at a load of 5 on two
processors; 118 MiB in 24,000 pieces took 56 ms."""
UNTIL_DONE_S = 5.0
"""From counting what can be given back to giving it back the program works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """Go's heap at one moment, as its endpoint tells it. total: ever allocated. since_s: since the last collection, None before the first."""

    alloc_bytes: int
    total_bytes: int
    collections: int
    since_s: float | None


def collection(case: Case, heap: Heap, x_s: float) -> Experiment:
    """A forced collection. heap: now, at x_s of the case's clock. What the heap falls by is what was garbage."""
    fresh = float(min(heap.alloc_bytes, max(0, heap.total_bytes - _total_at_last(case, heap, x_s))))
    since_s = heap.since_s if heap.since_s is not None else x_s
    grown = weigh.MAIN * max(0.0, slope_of(case)) * since_s
    error = max(
        LEAST_ERROR_BYTES, ERROR_SHARE * heap.alloc_bytes, COLLECTING_S * rise_per_s(case, "go.total_alloc_bytes")
    )
    ago = f"in the {human_duration(since_s)} since the last collection"
    flat = f"the {human_bytes(fresh)} allocated {ago} are garbage"
    live = f"most of what grew {ago} is live: {human_bytes(2 * grown)} by the pace of the whole"
    most = min(float(heap.alloc_bytes), (1 + SPARE) * fresh + SPARE * heap.alloc_bytes)
    return Experiment(
        name="gc",
        does=(
            "asks its endpoint for /debug/pprof/heap?gc=1: Go runs one full collection (runtime.GC), which takes processor time"
            " in proportion to what is live and stops the program twice for some tens of microseconds",
            "not ruled out: finalizers run that had not run yet; pages go back to the system later, if at all",
        ),
        measure="the Go heap falls by",
        unit="bytes",
        error=error,
        widest=float(max(heap.alloc_bytes, 1)) + 2 * error,
        predictions=(
            *(
                Prediction(cause=one, low=(1 - SPARE) * fresh, high=most, because=flat)
                for one in ("gc-headroom", "steady")
            ),
            Prediction(cause="heap-leak", low=0.0, high=max(0.0, fresh - grown), because=live),
        ),
    )


def trim(case: Case, malloc: Malloc, trimmable: Sequence[int] = ()) -> Experiment:
    """malloc_trim(0). malloc: counted just now; trimmable: in some looks more. What RSS falls by is what malloc kept of freed memory."""
    whole = case.series["process.rss_bytes"]
    grown = weigh.growth_bytes(case) if weigh.grows(case) else 0.0
    asked = grown if grown > 0 else weigh.MAIN * whole.last
    what = f"the growth, {human_bytes(grown)}" if grown > 0 else f"half of RSS, {human_bytes(asked)}"
    before = _kept_at_first(case) if grown > 0 else 0
    seen = (malloc.trimmable_bytes, *trimmable)
    most, tops = float(max(seen)), float(malloc.top_bytes) if malloc.arenas > 1 else 0.0
    low, high = weigh.MAIN * asked, max(asked, most)
    if most >= low:  # the tops of arenas other than the main one are not given back (mtrim in malloc.c)
        drift = max(0.0, slope_of(case)) * UNTIL_DONE_S
        least = (1 - SPARE) * min(seen)
        low, high = max(min(low, least), least - tops), (1 + SPARE) * most + drift
    held = min(before + weigh.MINOR * asked, low)
    error = max(2 * LEAST_ERROR_BYTES, ERROR_SHARE * most, noise_of(case))
    kept = f"freed memory that malloc keeps is most of {what}; whole pages of it: {human_range(min(seen), most)}"
    rest = f"of {what} at most {weigh.percent(weigh.MINOR)} is freed" + (
        f", and {human_bytes(before)} were before" if before else ""
    )
    return Experiment(
        name="trim",
        does=(
            "puts a hook on malloc, free, calloc and realloc, with which one thread of the program calls malloc_trim(0) when no"
            " lock of malloc is taken, and takes it away again: the program is stopped for some milliseconds in all",
            f"malloc_trim is expected to take {short(expected_s(malloc))}; for as long its thread waits, and"
            " others that need the same arena",
            "pages that come back are fetched anew from the kernel when they are used again",
        ),
        measure="RSS falls by",
        unit="bytes",
        error=error,
        widest=float(max(whole.last, 1)) + 2 * error,
        predictions=(
            Prediction(cause="native-retained", low=low, high=max(low, high), because=kept),
            *(Prediction(cause=one, low=0.0, high=held, because=rest) for one in ("native-leak", "native-cache")),
        ),
    )


def expected_s(malloc: Malloc) -> float:
    """How long malloc_trim will hold arenas, if it gets a processor."""
    return malloc.trimmable_bytes * S_PER_GIVEN_BYTE + malloc.free_chunks * S_PER_CHUNK


def goroutine_leak(case: Case, now: int) -> Experiment:
    """A collection that looks for goroutines that nothing can wake. now: how many goroutines there are."""
    series = case.series.get("go.goroutines_count")
    grown = now - series.first if series is not None else 0
    asked = grown if grown >= 10 else now
    what = f"{grown:,} goroutines came in this watch" if grown >= 10 else f"there are {now:,} goroutines"
    most = (1 + SPARE) * now + UNTIL_DONE_S * rise_per_s(case, "go.goroutines_count")
    others = ("heap-leak", "gc-headroom", "heap-retained", "native-leak", "steady")
    return Experiment(
        name="goroutineleak",
        does=(
            "asks its endpoint for /debug/pprof/goroutineleak: Go runs one full collection that looks for goroutines which"
            " nothing can wake any more; it takes processor time in proportion to what is live",
            "not ruled out: leaked goroutines that something reachable could still wake are not in that profile",
        ),
        measure="goroutines found leaked:",
        unit="count",
        error=max(1.0, ERROR_SHARE * now),
        widest=max(most, 1.0) + 2.0,
        predictions=(
            Prediction(
                cause="goroutine-leak",
                low=weigh.MAIN * asked,
                high=max(most, float(asked)),
                because=what,
                unseen=UNSEEN_LEAKED,
            ),
            *(
                Prediction(
                    cause=one, low=0.0, high=FEW * asked, because="goroutines are not what grows", unseen=NONE_LEAKED
                )
                for one in others
            ),
        ),
    )


def short(seconds: float) -> str:
    """`12 ms`, and in words what is less than one."""
    return human_duration(seconds) if seconds >= 0.0005 else "less than 1 ms"


def slope_of(case: Case) -> float:
    """Bytes a second of the whole; 0 without a trend."""
    whole = weigh.total(case)
    course = whole.course if whole is not None else None
    return course.slope if isinstance(course, Trend) and course.per == "s" else 0.0


def noise_of(case: Case) -> float:
    """How far RSS is from one reading to the next beside its growth: the spread of the changes, by their median."""
    series = case.series.get("process.rss_bytes")
    values = [value for _, value in series.points[-60:]] if series is not None else []
    changes = [later - earlier for earlier, later in pairwise(values)]
    if len(changes) < 3:
        return 64.0 * KIB
    middle = statistics.median(changes)
    return 1.4826 * statistics.median(abs(change - middle) for change in changes)


def rise_per_s(case: Case, metric: str) -> float:
    """By how much it rose in a second over the watch; 0 where it did not, or was not read twice."""
    series = case.series.get(metric)
    if series is None or len(series.points) < 2 or series.clock == "order":
        return 0.0
    (first_s, first), (last_s, last) = series.points[0], series.points[-1]
    return max(0.0, (last - first) / (last_s - first_s)) if last_s > first_s else 0.0


def _total_at_last(case: Case, heap: Heap, x_s: float) -> float:
    """What had ever been allocated when the last collection ended: between two readings on the line between them."""
    if heap.since_s is None:
        return 0.0
    series = case.series.get("go.total_alloc_bytes")
    points = (
        [point for point in series.points if point[0] < x_s] if series is not None and series.clock != "order" else []
    )
    at_s = x_s - heap.since_s
    for (early_s, early), (late_s, late) in pairwise([*points, (x_s, heap.total_bytes)]):
        if early_s <= at_s <= late_s and late_s > early_s:
            return early + (late - early) * (at_s - early_s) / (late_s - early_s)
    if points:
        return heap.total_bytes - rise_per_s(case, "go.total_alloc_bytes") * heap.since_s
    return float(heap.total_bytes - heap.alloc_bytes)


def _kept_at_first(case: Case) -> int:
    """What could have been given back when the watch began; it is no part of the growth."""
    series = case.series.get("malloc.trimmable_bytes")
    return series.first if series is not None and len(series.points) > 1 else 0
