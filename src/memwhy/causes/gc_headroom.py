"""The collector's pacing, no leak: the heap swings up to NextGC, which GOGC and the memory limit set.

What grows       HeapAlloc between collections; the heap's pages up to NextGC once, then no more.
Speaks for       The live heap is flat while HeapInuse or the heap's pages rise toward NextGC; GOGC is large or off.
Speaks against   The live heap itself rises; Go's memory is flat, or grows by more than the headroom there is.
Remedy           A smaller GOGC or a GOMEMLIMIT, if the headroom costs too much.
References       go.dev/doc/gc-guide; runtime/mgcpacer.go.
"""

import math
from collections.abc import Iterator

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.gosettings import gogc_percent
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

NAME = "gc-headroom"
PILES = ("process.descriptors_count", "go.goroutines_count", "process.threads_count")
ROOMY = 1.25
"""Spans that are not full make the heap larger than its goal by some; pacing makes it no larger than that."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    held = weigh.part(case, "layer.go_heap_bytes") or weigh.part(case, "derived.go_held_bytes")
    live = weigh.part(case, "derived.go_live_bytes")
    growing = weigh.grows(case)
    if growing is False or (growing and held is not None and held.minor):
        follows = f"Go's own memory does not follow the growth: {weigh.said(held)}" if held is not None else ""
        text = "nothing grows" if growing is False else follows
        bound = held.at_most if held is not None else None
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=bound, against=(text,))
    if held is None or live is None or "go.next_gc_bytes" not in case.series:
        native = case.target.runtime == "native"
        return Finding(
            cause=NAME,
            verdict=Verdict.REFUTED if native else Verdict.CANNOT_SAY,
            probability=0.01 if native else 0.06,
            because=() if native else ("NextGC was not read",),
            confirm_with=None if native else "NextGC and HeapInuse from MemStats or /debug/pprof/heap?debug=1",
        )
    headroom = max(0, case.series["go.next_gc_bytes"].last - live.series.last)
    room = ROOMY * headroom + MIB
    onward = _onward(case, held)
    other = onward or _stacks_explain(case) or _idle(case) or _at_least(case)
    other = other or any(counted.root(case, one) for one in PILES)
    if growing and held.main and _level(case, live) and held.change <= room and not other:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.65,
            headline="The Go heap rises toward its next collection; the live heap is flat.",
            bytes=headroom,
            bytes_per_s=weigh.explained_per_s(held),
            because=(
                f"the live heap is flat: {weigh.said(live)}",
                f"the next collection starts at {human_bytes(case.series['go.next_gc_bytes'].last)} (GOGC={case.facts.get('env.GOGC', '100')})",
            ),
            remedy=("lower GOGC, or set GOMEMLIMIT to bound the headroom",),
            confirm_with="memwhy watch PID   over two or more collections (GODEBUG=gctrace=1 prints them)",
        )
    text = f"live heap: {weigh.said(live)}; headroom to the next collection {human_bytes(headroom)}"
    against = (f"{onward}: a heap that is only paced is as large as it gets after one",) if onward else ()
    return Finding(
        cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.05, bytes=headroom, because=(text,), against=against
    )


def _level(case: Case, live: weigh.Part) -> bool:
    """The live heap has a course of its own, and it explains little."""
    return (
        isinstance(live.series.course, Trend)
        and not live.series.growing
        and live.minor
        and (_collected(case) or _mostly_garbage(case))
    )


COLLECTED = 2
"""Collections during the watch that a flat live heap takes: what one of them found is one reading, however often it is
read again until the next."""


def _collected(case: Case) -> bool:
    """Collections measured the live heap again and again; also where nobody counted them."""
    count = case.series.get("go.gc_count")
    return count is None or count.last - count.first >= COLLECTED


ROUNDS = 3
"""Counted collections between which two whole cycles lie: the first had begun before, and a count may be read late."""


def _onward(case: Case, held: weigh.Part) -> str:
    """More than half of the growth came after whole cycles. Each of them went all the way to the goal, so their pages were
    there; what comes then is something else: a large array that is walked through becomes resident page by page."""
    count = case.series.get("go.gc_count")
    if count is None or count.clock != held.series.clock:
        return ""
    since = next((x for x, value in count.points if value >= count.first + ROUNDS), math.inf)
    after = [value for x, value in held.series.points if x >= since]
    rose = held.series.last - after[0] if after else 0
    if rose <= 0 or 2 * rose <= held.series.last - held.series.first:
        return ""
    return f"{human_bytes(rose)} came after {ROUNDS} collections and more"


def _mostly_garbage(case: Case) -> bool:
    """Far more collections than a heap takes that keeps all it allocates: it has 1 + GOGC/100 times as much at each
    (runtime/mgcpacer.go), from the smallest goal up to the present one."""
    count, goal = case.series["go.gc_count"].last, case.series["go.next_gc_bytes"].last
    least = weigh.smallest_goal_bytes(case)
    if not least or goal <= least:
        return False
    return count >= 2 * (1 + math.log(goal / least, 1 + least / weigh.FIRST_COLLECTION_BYTES))


def _at_least(case: Case) -> bool:
    """The goal is the smallest there is: what lives below is not told by it."""
    least = weigh.smallest_goal_bytes(case)
    return least is not None and case.series["go.next_gc_bytes"].most <= least


def _idle(case: Case) -> bool:
    """The heap in use does not follow: what grows is idle, and pacing fills before it frees."""
    inuse = weigh.part(case, "go.heap_inuse_bytes")
    return inuse is not None and inuse.minor


def _stacks_explain(case: Case) -> bool:
    """Goroutine stacks lie in the same arenas, and grow with their number, not with the collector's pacing."""
    stacks = weigh.part(case, "go.stack_inuse_bytes")
    return stacks is not None and not stacks.minor


HALF = 1.7
"""RSS over what is live, from which on about half of it is no object."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings, trials and words say."""
    live, rss = levels.live(case), levels.resident(case)
    if rss is None:  # what pacing makes of the heap shows best at its highest
        rss = levels.level(case, "process.rss_peak_bytes")
    if live is not None and rss is not None:
        yield from _by_ratio(case, live, rss)
    yield from _by_collections(case)
    yield from _by_settings(case)
    if rss is not None and rss.rose and rss.last >= 1.5 * rss.first:
        yield from against(FAIR, f"pacing follows the live heap, and this goes on rising: {rss.said}")
    if live is not None and live.rose:
        yield from against(STRONG, f"what is allocated rose: {live.said}")
    yield from denied(FAIR, levels.said(case, "grows", "heap"))


def _by_ratio(case: Case, live: levels.Level, rss: levels.Level) -> Iterator[Clue]:
    """RSS beside what is live, the goal of the next collection, and the bound of the heap."""
    retained = levels.level(case, "derived.go_retained_bytes")
    idle = retained is not None and retained.last >= 0.4 * rss.last
    limit = levels.level(case, "runtime.heap_limit_bytes")
    if not live.rose and not idle:
        ratio = rss.last / max(1, live.last)
        roomy = limit is not None and limit.last >= 0.7 * rss.last  # its heap may be as large as that
        text = f"{rss.said} is {ratio:.1f} times what is live ({human_bytes(live.last)}): the collector runs when the heap has doubled"
        if 1.4 <= ratio <= 2.6 and live.last >= 64 * MIB and case.target.runtime in ("go", "unknown"):
            yield from for_(STRONG if ratio >= HALF else FAIR, text)
        elif ratio > 4 and not roomy:
            yield from against(STRONG, f"{rss.said} is {ratio:.0f} times what is live: more than pacing makes of it")
    goal = levels.level(case, "go.next_gc_bytes")
    if goal is not None and goal.last >= 0.6 * rss.last and live.metric == "derived.go_live_bytes":
        yield from for_(FAIR, f"{goal.said}, {rss.said}")
    if limit is not None and live.last <= 0.5 * limit.last <= 0.6 * rss.last and not live.rose:
        yield from for_(FAIR, f"{limit.said} may be used before it has to collect; {live.said}")


def _by_collections(case: Case) -> Iterator[Clue]:
    """How far the heap goes between collections, and what they leave."""
    peak = levels.level(case, "go.heap_alloc_bytes")
    low = levels.level(case, "derived.go_live_bytes", "runtime.heap_after_gc_bytes")
    if peak is not None and low is not None and low.n > 1 and low.flat and peak.most >= 1.6 * low.most:
        text = f"every collection ends at {human_bytes(low.last)}, and the heap reaches {human_bytes(peak.most)} before the next"
        yield from for_(DECISIVE, text)
    after = levels.level(case, "runtime.heap_after_gc_bytes")
    used = levels.level(case, "runtime.heap_used_bytes", "runtime.heap_committed_bytes")
    if after is not None and after.n > 2 and after.flat and used is not None and used.most >= 1.5 * after.most:
        yield from for_(STRONG, f"after each collection it is back: {after.said}")
    yield from believed(STRONG, case.facts.get("said.sawtooth"))
    full, left = (case.facts.get(f"trial.forced_gc.heap_{side}_bytes", "") for side in ("before", "after"))
    if full.isdigit() and left.isdigit() and int(left) <= 0.6 * int(full):
        text = f"one collection left {human_bytes(int(left))} of {human_bytes(int(full))} on the heap: the rest was garbage"
        yield from for_(DECISIVE, text)


def _by_settings(case: Case) -> Iterator[Clue]:
    """What the pacing is set to, and what came of setting it otherwise."""
    gogc = case.facts.get("env.GOGC", "")
    percent = gogc_percent(gogc)
    if percent is None or percent > 150:
        yield from for_(STRONG, f"GOGC={gogc}")
    trial = levels.outcome(case, "gogc", "memory_limit")
    if trial is not None:
        yield from for_(STRONG, trial[2]) if trial[1] == "fell" else against(FAIR, trial[2])
