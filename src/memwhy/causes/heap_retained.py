"""The runtime's heap is idle, but its pages are not given back to the OS.

What grows       HeapIdle - HeapReleased; it follows the highest heap the program ever had.
Speaks for       Idle and unreleased memory is most of the RSS, or of its growth; resident pages, where a look
                 inside counted them. LazyFree pages (Go 1.12 to 1.15). Huge pages that make resident again
                 what Go had given back.
Speaks against   HeapIdle - HeapReleased is small: it is the most that FreeOSMemory could give back.
Remedy           A memory limit (GOMEMLIMIT), debug.FreeOSMemory after a burst; GODEBUG=madvdontneed=1 before Go 1.16.
References       runtime/mgcscavenge.go; golang/go#42330 (MADV_DONTNEED again from Go 1.16).
"""

from collections.abc import Iterator

from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, for_
from memwhy.model import inside, levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB, human_bytes

NAME = "heap-retained"
REMEDY = (
    "set GOMEMLIMIT (minus what native code holds), or call debug.FreeOSMemory once after the burst",
    "before Go 1.16: GODEBUG=madvdontneed=1, or a newer Go",
)
HUGE = (
    "keep huge pages away from the heap: GODEBUG=disablethp=1 (Go 1.21.6 and newer)",
    "or for the whole host: echo 0 > /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none",
)
"""golang/go#64332; Documentation/admin-guide/mm/transhuge.rst."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    retained, growing = weigh.part(case, "derived.go_retained_bytes"), weigh.grows(case)
    if retained is None:
        return _unread(case, growing)
    most = retained.series.most
    resident = inside.share_of_rss(case, inside.IDLE)
    share = resident if resident is not None else weigh.level_share(case, "derived.go_retained_bytes")
    idle = retained.series.last if resident is None else inside.level(case, inside.IDLE)
    if share is not None and idle:
        share *= max(0, idle - _room(case)) / idle
    lazy = weigh.level_share(case, "process.lazy_free_bytes")
    held = weigh.part(case, "derived.go_held_bytes")
    if growing and (back := _came_back(case, held)) is not None:
        return back
    if growing and (retained.minor or (held is not None and held.minor)):
        text = f"idle and unreleased Go heap is at most {human_bytes(most)} and does not follow: {weigh.said(retained)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=most, against=(text,))
    if growing and retained.main:
        return _supported(
            retained, f"{weigh.percent(retained.mid)} of the growth is idle Go heap: {weigh.said(retained)}", 0.75
        )
    if growing is None and share is not None and share >= 0.5:
        if resident is None:
            text = (
                f"idle and unreleased Go heap beyond what the next cycle needs is {weigh.percent(share)} of the total"
            )
            return _supported(retained, text, 0.65)
        text = f"idle Go heap that is resident, beyond what the next cycle needs, is {weigh.percent(share)} of RSS"
        return _supported(retained, text, 0.75)
    if lazy is not None and lazy >= 0.3:
        return _supported(
            retained, f"{weigh.percent(lazy)} of RSS is lazily freed (MADV_FREE): the kernel takes it when short", 0.7
        )
    if growing is False:
        text = f"nothing grows; idle and unreleased Go heap: {weigh.change_said(retained.series)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.04, bytes=most, against=(text,))
    return Finding(
        cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.06, bytes=most, because=(weigh.said(retained),)
    )


def _came_back(case: Case, held: weigh.Part | None) -> Finding | None:
    """Pages of the heap that Go has given back, or never held, become resident, and more than the next cycle is about to use:
    the kernel fills whole huge pages (khugepaged, MADV_COLLAPSE: Documentation/admin-guide/mm/transhuge.rst; golang/go#8832)."""
    idle, heap = inside.change(case, inside.IDLE), weigh.part(case, "layer.go_heap_bytes")
    huge = weigh.part(case, "process.anon_huge_bytes")
    seen = idle is not None and idle.main and idle.change - _room(case) >= weigh.MAIN * idle.of
    beyond = heap is not None and heap.main and held is not None and held.minor and huge is not None and huge.main
    if not seen and not beyond:
        return None
    because = [idle.said] if idle is not None and seen else []
    if held is not None and held.minor:
        because.append(f"what Go holds does not follow: {weigh.said(held)}")
    if huge is not None and huge.main:
        because.append(f"{weigh.percent(huge.mid)} of the growth is in huge pages: {weigh.said(huge)}")
    part = heap if heap is not None else huge
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=0.8 if seen and huge is not None and huge.main else 0.75,
        headline="Pages of Go's heap that it does not use become resident.",
        bytes=inside.level(case, inside.IDLE) if seen else part.series.last if part is not None else None,
        bytes_per_s=weigh.explained_per_s(part) if part is not None else None,
        because=tuple(because),
        remedy=HUGE if huge is not None and huge.main else REMEDY,
        confirm_with="cat /sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none",
    )


def _room(case: Case) -> int:
    """What the heap may still grow by before the next collection: idle memory that is about to be used is not retained."""
    next_gc, live = case.series.get("go.next_gc_bytes"), case.series.get("go.heap_alloc_bytes")
    return 0 if next_gc is None or live is None else max(0, next_gc.last - live.last)


def _supported(retained: weigh.Part, text: str, sure: float) -> Finding:
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=sure,
        headline="Go's heap is idle but not given back to the OS.",
        bytes=retained.series.last,
        bytes_per_s=weigh.explained_per_s(retained),
        because=(text,),
        remedy=REMEDY,
        confirm_with="debug.FreeOSMemory() once: RSS must fall by about this much",
    )


def _unread(case: Case, growing: bool | None) -> Finding:
    heap = weigh.part(case, "layer.go_heap_bytes") or weigh.part(case, "derived.go_held_bytes")
    for clue in _filled_and_emptied(levels.resident(case), levels.live(case)):  # it has stopped growing, and stays
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, because=(clue.text,), remedy=REMEDY)
    if growing is False or (heap is not None and heap.minor):
        text = "nothing grows" if growing is False else f"Go's heap does not follow the growth: {weigh.said(heap)}"  # type: ignore[arg-type]
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=heap.at_most if heap else None, against=(text,)
        )
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if case.target.runtime != "native" else Verdict.REFUTED,
        probability=0.05 if case.target.runtime != "native" else 0.01,
        because=("HeapIdle and HeapReleased were not read",),
        confirm_with="HeapIdle and HeapReleased from MemStats or /debug/pprof/heap?debug=1",
    )


OF_TOTAL = 0.4


def clues(case: Case) -> Iterator[Clue]:
    """What single readings, trials and words say."""
    rss, live = levels.resident(case), levels.live(case)
    retained = levels.level(case, "derived.go_retained_bytes")
    part = levels.share(retained, rss)
    if part is None:
        part = levels.share(retained, levels.held(case))
    freed = levels.released_and_resident(case)
    if retained is not None and part is not None:
        text = f"{retained.said} is {weigh.percent(part)} of it"
        if part >= OF_TOTAL and retained.last >= 16 * MIB:
            yield from for_(DECISIVE if part >= 0.6 else STRONG, text)
        elif part < 0.2 and freed is None:
            yield from against(STRONG, text)
    if retained is None:
        yield from _unused(case)
        yield from believed(STRONG, case.facts.get("said.heap_idle"))
    listed, mapped = int(case.facts.get("cgroup.anon_listed_bytes", "0")), levels.level(case, "cgroup.anon_bytes")
    if mapped is not None and listed >= 256 * MIB:
        text = f"{human_bytes(listed)} wait on the cgroup's anonymous lists, of which mapped: {mapped.said}; parts of huge pages are freed late"
        yield from for_(STRONG if case.target.runtime == "go" else HINT, text)
    if freed is not None:
        yield from for_(
            DECISIVE,
            f"{human_bytes(freed)} of the heap were given up, and RSS is all that Go obtained: they are still resident",
        )
    yield from _filled_and_emptied(rss, live)
    lazy = levels.level(case, "process.lazy_free_bytes")
    lazy_part = levels.share(lazy, rss)
    if lazy is not None and ((lazy_part or 0) >= 0.3 or (rss is None and lazy.last >= 64 * MIB)):
        yield from for_(DECISIVE, f"{lazy.said}: freed, and the kernel takes it when it is short")
    committed, used = (
        levels.level(case, "runtime.heap_committed_bytes"),
        levels.level(case, "runtime.heap_after_gc_bytes", "runtime.heap_used_bytes"),
    )
    if (
        committed is not None
        and used is not None
        and used.last <= 0.4 * committed.last
        and (levels.share(committed, rss) or 1.0) >= OF_TOTAL
    ):
        yield from for_(STRONG, f"{committed.said}, {used.said}")
    elif committed is not None and used is not None and used.last > 0.75 * committed.last:
        yield from against(FAIR, f"{committed.said}, {used.said}")
    trial = levels.outcome(case, "madvdontneed", "forced_gc")
    if trial is not None:
        weight = DECISIVE if trial[0] == "madvdontneed" else STRONG
        yield from for_(weight, trial[2]) if trial[1] == "fell" else against(STRONG, trial[2])
    if live is not None and live.rose:
        yield from against(FAIR, f"what is allocated rose: {live.said}")


def _filled_and_emptied(rss: levels.Level | None, live: levels.Level | None) -> Iterator[Clue]:
    """The heap made RSS what it was at most, is all but empty now, and RSS stays: the pages are the heap's."""
    if rss is None or live is None or rss.n < 2 or live.n < 2 or live.most < 64 * MIB:
        return
    made, empty = live.most >= 0.7 * rss.most, live.last <= 0.3 * live.most
    if made and empty and rss.last >= 0.5 * rss.most and rss.last >= 2 * live.last:
        text = f"the heap held {human_bytes(live.most)} of {human_bytes(rss.most)} and holds {human_bytes(live.last)} now, but RSS is {human_bytes(rss.last)}"
        yield from for_(DECISIVE, text)


def _unused(case: Case) -> Iterator[Clue]:
    """HeapIdle was not told for this moment: what was obtained for the heap and is neither allocated nor released."""
    obtained, used, released = (levels.level(case, f"go.heap_{name}_bytes") for name in ("sys", "alloc", "released"))
    idle = levels.level(case, "go.heap_idle_bytes")
    if idle is not None and released is None:
        rss = levels.resident(case)
        part = levels.share(idle, rss) if rss is not None else levels.share(idle, levels.held(case))
        if idle.last >= 64 * MIB and OF_TOTAL <= (part or 0) <= 1.0:  # how much of it was given back is not told
            yield from for_(FAIR, f"{idle.said}, {rss.said}" if rss is not None else idle.said)
    if obtained is None or used is None or released is None:
        return
    rest = obtained.last - used.last - released.last
    if rest >= 16 * MIB and rest >= 0.7 * obtained.last:
        yield from for_(
            STRONG,
            f"{obtained.said}, of which allocated {human_bytes(used.last)} and released {human_bytes(released.last)}",
        )
