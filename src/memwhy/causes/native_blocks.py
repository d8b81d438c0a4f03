"""Native blocks: what malloc's own blocks, counted in the process's memory, say of a native leak."""

from memwhy.causes import counted, stacked
from memwhy.causes.cgo import remedies, words_on_cgo
from memwhy.model import inside, weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes

NAME = "native-leak"
SHORT_S = 15.0
ELSEWHERE = 0.5
"""Half of RSS is lost, but something else grows."""
HIDDEN = "pointers that the kernel keeps, or that are encoded or paged out, cannot be seen; that more is lost as RSS grows was not"


def by_lost(case: Case) -> Finding | None:
    """What nothing points to is a leak, whatever the trend; None when there is little of it or nobody looked."""
    lost = inside.lost(case)
    if lost is None or not (lost.dominates or lost.matters):
        return None
    held = inside.change(case, inside.HELD)
    elsewhere = not lost.carries and bool(weigh.grows(case)) and held is not None and not held.main
    if elsewhere and lost.of_rss < inside.MUCH:
        return None  # what grows now is something else
    because = [lost.said, *inside.graphs(case)]
    stacks = stacked.told(case)
    sites = stacked.kept_sites(stacks, "malloc") if stacks is not None else ()
    swapped = stacked.replaced(case, sites)
    if stacks is not None:
        because += stacked.leak_said(stacks, sites)
    if held is not None and weigh.grows(case):
        because.append(held.said)
    against = [f"not sure to the byte: {one}" for one in case.facts.get("lost.caveats", "").splitlines()[:2]]
    if elsewhere:
        against.insert(0, "what grows now is not what malloc gave out: two things may be wrong")
    if swapped is not None:
        against.append(swapped)
    if not lost.carries:
        against.append(HIDDEN)
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=ELSEWHERE if elsewhere else lost.sure,
        headline="Native memory is lost: malloc'ed blocks that nothing points to any more"
        + (f"; {stacked.headline_of(sites, is_open=swapped is not None)}." if sites else "."),
        bytes=lost.bytes,
        bytes_per_s=_pace(held),
        because=(*because, *words_on_cgo(case)),
        against=tuple(against),
        remedy=(swapped is None and stacked.releases(sites)) or remedies(case),
        confirm_with=stacked.find_out(case)
        if swapped is not None
        else f"{_inspect(case)}   (again after the fix: what is lost must stay)",
    )


def by_blocks(case: Case) -> Finding | None:
    """By malloc's blocks in use, counted from outside; None when that cannot be held against the growth."""
    held, kept = inside.change(case, inside.HELD), inside.change(case, inside.KEPT)
    growing = weigh.grows(case)
    if growing is None and held is not None and _beneath(case, held):
        return _in_use(case, held, beneath=True)
    if not growing:
        return _by_level(case, held) if growing is None else None
    if held is None or held.share is None:
        return None
    if held.main:
        return _in_use(case, held)
    texts = [one.said for one in (held, kept) if one is not None]
    if held.minor:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=max(0, held.change),
                       against=("malloc's blocks in use do not follow: " + texts[0], *texts[1:]))  # fmt: skip
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, bytes=level_bytes(case),
                   bytes_per_s=_pace(held), because=tuple(texts), confirm_with=longer(case))  # fmt: skip


def _beneath(case: Case, held: inside.Change) -> bool:
    """Blocks in use grow in a line, as the native layers do, beneath an RSS of which something else was given back."""
    layer = weigh.hidden(case)
    if layer is None or layer.metric != "derived.native_bytes" or not held.series.growing:
        return False
    return held.change >= weigh.MAIN * (layer.last - layer.first)


def _in_use(case: Case, held: inside.Change, *, beneath: bool = False) -> Finding:
    """Blocks in use carry the growth: freed and kept memory is no longer in question, what holds the blocks is."""
    runtime, piles, lost = case.target.runtime, piles_of(case), inside.lost(case)
    ours = runtime in ("go", "native")
    because = [f"{weigh.percent(held.share)} of the growth is in blocks that are in use: {held.said}"]
    if beneath:
        because = [f"blocks in use grow in a line, while something else was given back: {held.said}"]
    if (kept := inside.change(case, inside.KEPT)) is not None and kept.minor:
        because.append(f"what malloc keeps free does not follow: {kept.said}")
    against = []
    still = lost is not None and lost.bytes + lost.maybe_bytes < inside.MUCH * held.change
    if still and lost is not None:
        against.append(
            f"only {human_bytes(lost.bytes)} of it is lost: the rest is still held by something, on purpose or not"
        )
    elif lost is not None:
        against.append(
            f"{human_bytes(lost.bytes)} is lost for certain; to {human_bytes(lost.maybe_bytes)} only a register, stale or interior words may lead"
        )
    else:
        against.append("whether anything still points to these blocks was not looked at")
    if case.facts.get("malloc.approximate"):
        against.append("some of malloc's heaps could not be walked to their end: their blocks are missing in the count")
    if not ours:
        against.append(f"a {runtime} runtime keeps its own objects in malloc too: its numbers were not read")
    if piles:
        against.append(piles)
    whole = None if beneath else weigh.total(case)
    sure = straightness(case, whole or held.series) + (0.0 if still else 0.1)
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED if ours and not piles else Verdict.CANNOT_SAY,
        probability=0.12 if piles else min(sure, 0.88) if ours else 0.4,
        headline="Native memory that is in use grows: malloc'ed blocks are not freed.",
        bytes=level_bytes(case),
        bytes_per_s=_pace(held),
        because=(*because, *words_on_cgo(case)),
        against=tuple(against),
        remedy=remedies(case),
        confirm_with=f"{_inspect(case)}   (which blocks nothing points to any more)" if lost is None else longer(case),
    )


def _by_level(case: Case, held: inside.Change | None) -> Finding | None:
    """One look, or too few for a trend: what is in use now. Growth between two looks alone accuses nobody."""
    share = inside.share_of_rss(case, inside.HELD)
    if share is None:
        return None
    because = [f"malloc's blocks in use are {weigh.percent(share)} of RSS: {human_bytes(level_bytes(case) or 0)}"]
    if held is not None and held.change > weigh.SLIGHT_MOST_BYTES:
        because.append(f"they grew: {held.said}")
    elif held is None:
        because.append("whether they grow cannot be said from one look")
    much = share >= inside.MUCH or (held is not None and held.main)
    lost = inside.lost(case)
    against = [f"{human_bytes(lost.bytes)} is lost, the rest is held by something"] if lost is not None else []
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.35 if much else 0.08, bytes=level_bytes(case),
                   because=tuple(because), against=tuple(against), confirm_with=longer(case))  # fmt: skip


def level_bytes(case: Case) -> int | None:
    """Resident bytes of blocks in use at the newest look."""
    return inside.level(case, inside.HELD)


def _pace(held: inside.Change | None) -> float | None:
    """Bytes a second of the blocks in use, when they grow."""
    if held is None or held.change <= 0:
        return None
    course = held.series.course
    return course.slope if isinstance(course, Trend) else held.change / held.span_s


def _inspect(case: Case) -> str:
    return f"memwhy inspect {case.target.pid if case.target.pid is not None else 'PID'}"


def piles_of(case: Case) -> str | None:
    """What piles up and brings native memory of its own: a thread an arena, in a program without a managed runtime
    a connection its buffers."""
    if counted.root(case, "process.threads_count"):
        return "threads pile up too: each has a malloc arena and what it allocates there"
    if case.target.runtime == "native" and counted.root(case, "process.descriptors_count"):
        return "descriptors pile up too: what belongs to each is part of this"
    return None


def straightness(case: Case, series: Series) -> float:
    """How sure steady growth of a native layer is a leak: it grows with the time watched and with how far the layer
    has grown, for caches and arenas end and leaks do not. Never `high` from shape alone within minutes."""
    course = series.course
    if not isinstance(course, Trend):
        return 0.5
    sure = 0.70
    if course.per == "s" and course.span < SHORT_S:
        sure -= 0.1  # a start-up that is still filling its pools and caches looks the same
    if course.per == "s":
        sure += 0.05 * sum(course.span >= limit for limit in (120, 600, 3600, 6 * 3600))
    if series.first > 0 and series.last >= 1.5 * series.first:
        sure += 0.05
    age_s = case.facts.get("process.age_s", "")
    if age_s.isdigit() and int(age_s) >= 3600:
        sure += 0.05
    return min(sure, 0.93)


def longer(case: Case) -> str:
    """The longer watch that tells a leak from what levels off."""
    pid = case.target.pid if case.target.pid is not None else "PID"
    return f"memwhy watch {pid} --for 10m   (a leak goes on in a straight line; caches and malloc's arenas level off)"
