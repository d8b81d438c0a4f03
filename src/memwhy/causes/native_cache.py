"""Native memory is held on purpose and bounded: block caches, page caches of an embedded database, pools.

What grows       Layers native heap, arenas or other anonymous, up to the cache's bound.
Speaks for       Growth that slows down as the cache fills, and ends.
Speaks against   Most of the growth is lost (nothing points to it) or free inside malloc; a straight line far past any
                 configured bound; flat native layers.
Remedy           Configure the bound (cache size, memory limit of the library) and count it into the host's budget.
References       the library's own cache setting: PRAGMA cache_size (SQLite), memory_limit (DuckDB), block cache (RocksDB).
"""

from collections.abc import Iterator

from memwhy.causes.cgo import no_c_heap
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.causes.outside import outside_runtime
from memwhy.model import inside, levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration

NAME = "native-cache"
REMEDY = (
    "set the cache's bound in the library's own configuration, and watch until it is full: then the growth must end",
)

FULL = 0.8
"""Of its bound a cache holds so much for good: what it counts beside its entries is often left out of one of the two."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    if no_c_heap(case):
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=("no C heap in this process",)
        )
    native = weigh.part(case, "derived.native_bytes")
    growing = weigh.grows(case)
    if (looked := _by_blocks(case)) is not None:
        return looked
    if native is None:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY if growing is not False else Verdict.REFUTED,
            probability=0.04 if growing is not False else 0.02,
            because=("the native layers were not read (smaps)",),
        )
    course = native.series.course
    if isinstance(course, Trend) and course.shape == "warm-up" and growing is not False:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.45,
            headline="Native memory fills up and levels off, as a bounded cache does.",
            bytes=native.series.last,
            because=(f"the native layers rose and level off: {weigh.said(native)}",),
            remedy=REMEDY,
            confirm_with="memwhy watch PID --for 10m   (a cache stays level)",
        )
    if isinstance(course, Trend) and course.shape in ("warm-up", "step") and native.change > weigh.SLIGHT_MOST_BYTES:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.15,
            bytes=native.series.last,
            because=(f"the native layers rose and stopped: {weigh.said(native)}",),
            remedy=REMEDY,
        )
    if growing is False or (growing and native.minor):
        text = f"the native layers do not grow: {weigh.said(native)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.at_most, against=(text,))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.08,
        bytes=native.series.last,
        bytes_per_s=weigh.explained_per_s(native),
        because=("a cache that is still filling grows like a leak until it is full",),
        remedy=REMEDY,
        confirm_with="memwhy watch PID --for 10m   (a cache levels off)",
    )


def _by_blocks(case: Case) -> Finding | None:
    """What a cache holds is in use, and something points to it; None where the looks do not speak against one."""
    lost, held = inside.lost(case), inside.change(case, inside.HELD)
    if lost is not None and lost.dominates:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=inside.level(case, "malloc.held_bytes"),
                       against=(f"no cache: {lost.said}",))  # fmt: skip
    if weigh.grows(case) is False or held is None:
        return None
    if (full := _filled(held)) is not None:
        return Finding(cause=NAME, verdict=Verdict.SUPPORTED, probability=0.55,
                       headline="Native memory filled up and levelled off, as a bounded cache does.",
                       bytes=inside.level(case, inside.HELD), because=(full,), remedy=REMEDY,
                       confirm_with="memwhy watch PID --for 10m   (a cache stays level)")  # fmt: skip
    if not weigh.grows(case):
        return None
    if held.minor:
        text = f"malloc's blocks in use do not follow: {held.said}"
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=max(0, held.change), against=(text,)
        )
    if not held.main:
        return None
    because = [f"a cache that is still filling grows like this: {held.said}"]
    if lost is not None and lost.bytes + lost.maybe_bytes < inside.MUCH * held.change:
        because.append(f"all but {human_bytes(lost.bytes)} of malloc's blocks are still held by something")
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.08 if lost is None else 0.15,
                   bytes=inside.level(case, inside.HELD), because=tuple(because), remedy=REMEDY,
                   confirm_with="memwhy watch PID --for 10m   (a cache levels off)")  # fmt: skip


STOOD = 3
"""Looks at the end that found as much: two may lie between two steps."""


def _filled(held: inside.Change) -> str | None:
    """malloc's blocks in use took most of the growth and then stood still, for so long that at their pace before they had
    grown by half as much again; in words, None where they did not."""
    points = held.series.points
    last_s, last = points[-1]
    rise = last - points[0][1]
    if rise <= weigh.SLIGHT_MOST_BYTES or held.share is None or held.share < weigh.MAIN:
        return None
    moved = [index for index, (_, value) in enumerate(points) if abs(value - last) > STILL * rise]
    since = moved[-1] + 1
    stood_s, rose_s = last_s - points[since][0], points[since][0] - points[0][0]
    if len(points) - since < STOOD or stood_s < weigh.MAIN * rose_s:
        return None
    return (
        f"malloc's blocks in use rose by {human_bytes(rise)} in {human_duration(rose_s)} and then stood still for"
        f" {human_duration(stood_s)}, in {len(points) - since} looks"
    )


STILL = 0.02
"""Of what it rose by: what comes and goes in a full cache."""


def _kept_beyond(case: Case, cache: levels.Level | None, rss: levels.Level | None) -> bool:
    """The cache's own allocator says what is in use, that is the cache, and RSS is nearly twice as much: the rest is kept."""
    used = levels.level(case, "malloc.in_use_bytes")
    if used is None or cache is None or rss is None:
        return False
    return abs(used.last - cache.last) <= 0.1 * used.last and rss.last >= 1.8 * used.last


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    if no_c_heap(case):
        yield from against(DECISIVE, "there is no C heap in this process")
    yield from denied(STRONG, case.facts.get("said.no_cgo"))
    rss, cache, bound = (
        levels.resident(case),
        levels.level(case, "cache.held_bytes"),
        levels.level(case, "cache.limit_bytes"),
    )
    beyond = _kept_beyond(case, cache, rss)
    for one in (cache, bound):
        part = levels.share(one, rss)
        if one is not None and part is not None and 0.4 <= part <= 1.3:
            weight = (FAIR if one is cache else HINT) if beyond else DECISIVE if one is cache else STRONG
            yield from for_(weight, f"{one.said}, {rss.said}" if rss else None)
    if cache is not None and rss is not None and cache.last > 1.3 * rss.last and not rss.rose:
        yield from for_(FAIR, f"{cache.said} at one time, {rss.said} at another")
    if rss is None and cache is not None and not case.facts.get("said.runtime"):
        full = bound is not None and bound.last and cache.last >= FULL * bound.last
        yield from for_(STRONG if full else FAIR, f"{cache.said}, {bound.said}" if full and bound else cache.said)
    trial = levels.outcome(case, "cache_bound")
    if trial is not None:
        yield from for_(DECISIVE, trial[2]) if trial[1] != "same" else against(STRONG, trial[2])
    unbounded = rss is not None and rss.n > 2 and rss.last >= 3 * rss.first and rss.last == rss.most
    yield from believed(HINT if unbounded else FAIR + HINT, case.facts.get("said.held"))
    plateau = levels.said(case, "plateau", "total", "rss", "native")
    if plateau:
        beyond = any(clue.weight > 0 for clue in outside_runtime(case))
        complaint = (
            levels.not_returned(case) is not None
        )  # nobody says that it is kept on purpose, or stays where it is
        yield from believed(
            STRONG if beyond and not complaint else FAIR if case.facts.get("said.held") else HINT, plateau
        )
        if beyond and "prose.rocksdb" in case.facts:
            yield from for_(HINT, "the page names RocksDB, which caches blocks for each database", figure=False)
    trial = levels.outcome(case, "malloc_trim", "arena_max")
    if trial is not None and trial[1] == "fell":
        yield from against(STRONG, trial[2])
    yield from outside_runtime(case, HINT)
