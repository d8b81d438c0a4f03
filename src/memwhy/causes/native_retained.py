"""Native memory was freed, but the allocator keeps it: arenas, fragmentation, an untrimmed top.

What grows       Resident pages of malloc's free chunks, caches and tops, counted in the process's memory; without that
                 look layers native heap and native arenas, up to the high-water mark of what was in use at once.
Speaks for       Free chunks take the growth, or are half of RSS. Growth that slows down and ends; many arenas; bursts.
Speaks against   Blocks in use take the growth; a straight line that goes on far beyond any burst; flat native layers.
Remedy           MALLOC_ARENA_MAX=2, malloc_trim(0) after bursts, or another allocator.
References       mallopt(3) M_ARENA_MAX, M_TRIM_THRESHOLD; malloc_trim(3); glibc counts the host's CPUs for its arenas.
"""

from collections.abc import Iterator

from memwhy.causes import stacked
from memwhy.causes.cgo import no_c_heap
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.causes.outside import outside_runtime
from memwhy.model import inside, levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

NAME = "native-retained"
REMEDY = (
    "start with MALLOC_ARENA_MAX=2 in the environment (fewer arenas), or call malloc_trim(0) after bursts",
    "if it helps: retained, not leaked; if the line goes on: a leak",
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    native = weigh.part(case, "derived.native_bytes")
    growing = weigh.grows(case)
    if no_c_heap(case):
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=("no C heap in this process",)
        )
    if (looked := _by_free_chunks(case, growing)) is not None and looked.verdict is not Verdict.CANNOT_SAY:
        return looked
    if (flat := _by_stacks(case, native)) is not None:
        return flat
    if looked is not None:
        return looked
    if native is None:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY if growing is not False else Verdict.REFUTED,
            probability=0.05 if growing is not False else 0.02,
            because=("the native layers were not read (smaps)",),
            confirm_with="memwhy watch PID --for 10m",
        )
    if growing is False:
        return _not_growing(case, native)
    if growing and native.minor:
        text = f"the native layers explain at most {weigh.percent(native.high)} of the growth: {weigh.said(native)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.at_most, against=(text,))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.12 if growing else 0.08,
        bytes=native.series.last,
        bytes_per_s=weigh.explained_per_s(native),
        because=("malloc's arenas hold the memory; how much of it is free inside them was not looked at",),
        against=("the growth shows no sign of ending",) if growing else (),
        remedy=REMEDY,
        confirm_with=f"restart once with MALLOC_ARENA_MAX=1 and watch {case.target.command or 'it'} again: retained memory shrinks, a leak does not",
    )


def _by_free_chunks(case: Case, growing: bool | None) -> Finding | None:
    """By what malloc has free, counted from outside; None when nobody looked, or when nothing grows and most is in use."""
    kept, share = inside.change(case, inside.KEPT), inside.share_of_rss(case, inside.KEPT)
    if share is None or (growing is False and not _stays_free(case)):
        return None
    now = inside.level(case, inside.KEPT) or 0
    free = f"free chunks, caches and tops hold {human_bytes(now)}, {weigh.percent(share)} of RSS"
    if (trimmable := inside.level(case, "malloc.trimmable_bytes")) is not None:
        free += f"; malloc_trim could give back {human_bytes(trimmable)} at most"
    if growing and kept is not None and kept.main and kept.change > weigh.SLIGHT_LEAST_BYTES:
        return _kept(now, 0.88 if kept.looks >= 4 else 0.8, (f"{weigh.percent(kept.share)} of the growth is freed memory: {kept.said}", free))  # fmt: skip
    if not growing and share >= inside.MUCH:
        return _kept(now, 0.75, (free,))
    if growing and kept is not None and kept.minor:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=now, against=(f"freed memory does not follow the growth: {kept.said}", free))  # fmt: skip
    texts = (free,) if kept is None else (kept.said, free)
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.06 if share < inside.SOME else 0.2, bytes=now, because=texts, remedy=REMEDY)  # fmt: skip


def _stays_free(case: Case) -> bool:
    """Half of RSS is free, and of three looks or more it was so at the one before: between two requests a heap is free for a
    moment, what a burst has left stays."""
    kept, rss = case.series[inside.KEPT], dict(case.series[inside.RSS].points)
    newest = kept.points[-2:] if len(kept.points) > 2 else kept.points[-1:]
    return all(x in rss and value >= inside.MUCH * rss[x] for x, value in newest)


def _by_stacks(case: Case, native: weigh.Part | None) -> Finding | None:
    """The native layers grow, and what malloc gave out does not; None where nobody sampled, or it does."""
    stacks = stacked.told(case)
    most = stacked.at_most_share(case, stacks, "malloc") if stacks is not None else None
    if stacks is None or native is None or most is None or not native.main or most >= weigh.MINOR:
        return None
    because = (f"the native layers grow: {weigh.said(native)}", stacked.flat_said(stacks, most))
    return _kept(native.series.last, 0.75 if stacks.last.life_s >= 60 else 0.65, because)


def _kept(now: int, sure: float, because: tuple[str, ...]) -> Finding:
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=sure,
        headline="malloc keeps memory that was freed: free chunks and arena tops hold it.",
        bytes=now,
        because=because,
        remedy=REMEDY,
        confirm_with="malloc_trim(0) once: RSS must fall; or restart once with MALLOC_ARENA_MAX=1 and watch again",
    )


def _not_growing(case: Case, native: weigh.Part) -> Finding:
    whole = weigh.total(case)
    course = native.series.course
    settled = isinstance(course, Trend) and course.shape in ("warm-up", "step")
    if settled and whole is not None and native.change > 0.2 * whole.last:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.15,
            bytes=native.series.last,
            because=(f"the native layers rose and stopped: {weigh.said(native)}",),
            remedy=REMEDY,
        )
    text = f"nothing grows now; the native layers hold {weigh.change_said(native.series)}"
    return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.series.last, against=(text,))


OF_ARENAS = 0.4
"""Free in what malloc obtained: fragmentation of a tenth or two is usual."""
MATTERS = 0.2
"""What an allocator keeps explains a size of which it is at least so much."""


def free_in_arenas(case: Case) -> float:
    """The share of what malloc obtained that is free there, where both are told and it is much; else 0. malloc_trim gives back
    whole pages alone: where blocks in use stand on every page, nothing falls (malloc_trim(3))."""
    used, whole = levels.level(case, "malloc.in_use_bytes"), levels.level(case, "malloc.system_bytes")
    part = 0.0 if used is None or whole is None or not whole.last else 1.0 - used.last / whole.last
    return part if part >= OF_ARENAS else 0.0


def clues(case: Case) -> Iterator[Clue]:
    """What single readings, tools, trials and words say."""
    if no_c_heap(case):
        yield from against(DECISIVE, "there is no C heap in this process")
    yield from denied(STRONG, case.facts.get("said.no_cgo"))
    for name in ("malloc_trim", "arena_max", "other_allocator"):
        trial = levels.outcome(case, name)
        if trial is not None and not (trial[0] == "malloc_trim" and trial[1] != "fell" and free_in_arenas(case)):
            weight = STRONG if name == "other_allocator" else DECISIVE + FAIR
            yield from for_(weight, trial[2]) if trial[1] == "fell" else against(STRONG, trial[2])
    rss = levels.resident(case)
    arenas = levels.level(case, "process.arena_like_count", "malloc.arenas_count")
    arena_bytes = levels.level(case, "process.arena_like_bytes")
    if arenas is not None and arenas.last >= 8:
        much = (levels.share(arena_bytes, rss) or 0) >= 0.3
        weight = STRONG + HINT if (levels.share(arena_bytes, rss) or 0) >= 0.6 else STRONG if much else FAIR
        yield from for_(weight, arena_bytes.said if much and arena_bytes else arenas.said)
    free, whole = levels.level(case, "malloc.free_bytes"), levels.level(case, "malloc.system_bytes")
    part = levels.share(free, whole) if whole is not None else levels.share(free, rss)
    if free is not None and part is not None:
        yield from (
            for_(DECISIVE, f"{free.said}: {weigh.percent(part)}")
            if part >= 0.5
            else against(FAIR if part > 0.25 else STRONG, free.said)
        )
    used, kept = (
        levels.level(case, "malloc.in_use_bytes"),
        levels.level(case, "malloc.resident_bytes", "malloc.active_bytes"),
    )
    if free is None and used is not None and whole is not None and whole.last:
        idle_part = max(0, whole.last - used.last) / whole.last
        text = f"{whole.said}, {used.said}: {weigh.percent(idle_part)} of it is free"
        yield from (
            for_(DECISIVE if idle_part >= 0.5 else STRONG, text) if idle_part >= OF_ARENAS else against(FAIR, text)
        )
    if used is not None and kept is not None:
        text = f"{used.said}, {kept.said}"
        idle = kept.last >= 1.6 * used.last
        matters = rss is None or kept.last - used.last >= MATTERS * rss.last
        yield from (
            for_(STRONG, text)
            if idle and matters
            else against(FAIR, text if not idle else f"{text}, of {rss.said}" if rss else None)
        )
    elif used is not None and rss is not None and rss.last >= 1.8 * used.last and rss.last - used.last >= 64 * MIB:
        other = levels.held(case) or levels.live(case)
        if other is None or other.last + used.last < 0.5 * rss.last:
            # a server that counts its own memory leaves no other owner
            whole_known = levels.level(case, "cache.held_bytes") is not None
            yield from for_(STRONG + HINT if whole_known else STRONG, f"{used.said}, but {rss.said}")
    ended = levels.outcome(case, "load_stopped")
    if ended is not None and ended[1] == "same":
        yield from for_(HINT, ended[2])
    if levels.said(case, "flat", "heap"):  # it jumped, did not come back, and is nothing that the runtime knows
        yield from believed(STRONG, levels.not_returned(case))
    elif case.facts.get("page.calls-collector") and _names_native(case):  # the runtime's own is given back already
        yield from believed(STRONG + HINT, levels.not_returned(case))
    yield from outside_runtime(case, HINT)


def _names_native(case: Case) -> bool:
    return any(name.startswith("prose.") and not name.startswith("prose.suggests") for name in case.facts)
