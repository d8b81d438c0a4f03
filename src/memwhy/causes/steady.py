"""Nothing grows: warm-up, a saw-tooth, one step, load that swings, or a misread metric.

What grows       Nothing, or nothing any more.
Speaks for       The total's interval holds zero, or the growth was one jump or has ended; and a leak of 1 MiB a
                 minute would have been seen. Before that it is undetermined, and said how long the rest takes.
Speaks against   Growth that goes on through the whole series, of a layer or beside the process too.
Remedy           None. What these data could not have seen is said with the verdict.
References       go.dev/doc/gc-guide, "the heap's saw-tooth".
"""

import re
from collections.abc import Iterator, Sequence

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.causes.kernel_memory import own_grows
from memwhy.causes.other_process import child_grows
from memwhy.causes.unseen import matters_per_s, unseen_per_s
from memwhy.causes.virtual_only import address_space_grows
from memwhy.model import inside, levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import flag_duration, human_bytes, human_duration, human_rate

NAME = "steady"
LONG_S = 600
"""A shorter watch is never `high`: many a leak waits for the next burst."""

WORDS = {
    "flat": "no growth that these data could show",
    "falling": "it falls",
    "step": "one step, and level before and after",
    "warm-up": "it rose and has levelled off",
    "growing": "",
    "unclear": "",
}
SHORT_S = 15.0
"""A shorter watch acquits nobody."""
CHARGED = ("cgroup.current_bytes", "cgroup.working_set_bytes")
COUNTS = {
    "process.descriptors_count": "descriptors",
    "process.threads_count": "threads",
    "go.goroutines_count": "goroutines",
}


SELDOM = {
    "process.children_rss_bytes": "the children's RSS",
    "process.sockets_queued_bytes": "what waits in the sockets' queues",
}
"""Beside RSS, and read every few seconds only."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    whole = weigh.total(case)
    if whole is None or not isinstance(whole.course, Trend):
        reason = "no total was read" if whole is None else getattr(whole.course, "reason", "too few readings")
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.1, because=(reason,))
    slight = weigh.slight(whole, weigh.left_by_us(case))
    if whole.growing and not slight:
        text = f"it grows: {weigh.change_said(whole)}, {weigh.slope_said(whole.course)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.03, against=(text,))
    if (aside := _aside(case)) is not None:
        text = f"{label(whole.metric)}: {weigh.change_said(whole)}"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.1, because=(text,), against=(aside,))
    pacing = weigh.toward_collection(case) if whole.growing else None
    unclear = _slightly(case, whole, whole.course) if whole.growing and pacing is None else None
    if not whole.growing:
        unclear = _undecided(case, whole, whole.course, slight=slight) or _between_collections(case, whole)
    return unclear or _too_early(case, whole) or _rest(case, whole, whole.course, pacing, slight=slight)


def _slightly(case: Case, whole: Series, course: Trend) -> Finding:
    """It grows, but by so little that it may be nothing."""
    seconds = weigh.SLIGHT_MOST_BYTES / course.slope * 1.5 if course.slope > 0 else 300.0
    text = f"{weigh.change_said(whole)}, {weigh.slope_said(course)}: so little that warm-up and our own requests may be all of it"
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.45,
        because=(text,),
        confirm_with=_longer(case, seconds),
    )


def _undecided(case: Case, whole: Series, course: Trend, *, slight: bool) -> Finding | None:
    """What does not grow clearly, and is no rest either."""
    changed = weigh.change_said(whole)
    if course.per == "sample" and max(course.detectable, course.high) > whole.last:
        text = f"{changed}: the readings lie so far apart that they could hide it doubling from one to the next"
    elif course.per == "sample" and not slight and _only_rises(whole.points):
        text = f"{changed}: it never fell, in too few readings to call that rest"
    elif course.shape == "unclear" and not slight:
        text = f"{changed}, {weigh.slope_said(course)}: the parts of the series disagree"
        return Finding(
            cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, because=(text,), confirm_with=_longer(case)
        )
    else:
        return None
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, because=(text,))


def _between_collections(case: Case, whole: Series) -> Finding | None:
    """See `weigh.between_collections`."""
    text = weigh.between_collections(case)
    if text is None:
        return None
    span_s = whole.points[-1][0] - whole.points[0][0]
    longer = flag_duration(min((weigh.FEW_COLLECTIONS + 2) * span_s, MOST_MORE_S))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.3,
        because=(f"{label(whole.metric)}: {weigh.change_said(whole)}", text),
        confirm_with=f"memwhy watch PID --for {longer}   (over {weigh.FEW_COLLECTIONS + 1} more collections or so)",
    )


def _too_early(case: Case, whole: Series) -> Finding | None:
    """Nothing was seen to grow, by a watch that could not have seen a leak that matters."""
    unseen, matters = unseen_per_s(case), matters_per_s(case)
    if not case.live or unseen is None or unseen < matters:
        return None
    more_s = _more_s(whole, unseen / matters)
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=EARLY,
        headline=f"Nothing grows by more than {human_rate(unseen, 's')} so far; {human_duration(more_s)} more show whether it grows by {human_rate(matters, 's')}.",
        because=(
            f"{label(whole.metric)}: {weigh.change_said(whole)}",
            f"growth slower than {human_rate(unseen, 's')} could have been missed",
        ),
        confirm_with=_longer(case, whole.points[-1][0] - whole.points[0][0] + more_s),
    )


def _more_s(whole: Series, loose: float) -> float:
    """How much longer, where the bound is so many times too loose: a bound tightens with the time at least."""
    span = whole.points[-1][0] - whole.points[0][0]
    return min(max(span * (loose - 1), 30.0), MOST_MORE_S)


def _rest(case: Case, whole: Series, course: Trend, pacing: str | None, *, slight: bool) -> Finding:
    """It is steady, with what these data could not have seen."""
    if pacing is not None:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=PACED,
            headline="Steady, as far as this can tell: what moved may all be garbage up to the next collection.",
            bytes=0,
            because=(f"{label(whole.metric)}: {weigh.change_said(whole)}, {weigh.slope_said(course)}", pacing),
            confirm_with=_longer(case, _until_collected_s(case)),
        )
    said = (
        WORDS[course.shape] if not slight or course.shape == "flat" else "what moved is too little to tell from noise"
    )
    missed = max(course.detectable, course.high)
    unseen = unseen_per_s(case) if case.live else None
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=_sure(course, whole.last, slight=slight) - (0.0 if _layered(case) else UNLAYERED),
        headline=f"Steady: {said}.",
        bytes=0,
        because=(
            f"{label(whole.metric)}: {weigh.change_said(whole)}, {weigh.slope_said(course)}",
            f"growth slower than {human_rate(missed if unseen is None else unseen, course.per)} could have been missed",
        ),
        confirm_with=_longer(case),
    )


UNLAYERED = 0.05
"""Without layers one part may grow while another falls."""


def _layered(case: Case) -> bool:
    return not case.live or (case.account is not None and case.account.fine)


EARLY = 0.45
"""Steady as far as it was seen: most processes are, and this one was not watched for long enough."""
MOST_MORE_S = 3600.0
PACED = 0.62


def _until_collected_s(case: Case) -> float:
    """Until the heap reaches the goal of its next collection, and a little more."""
    alloc, goal = case.series["go.heap_alloc_bytes"], case.series["go.next_gc_bytes"]
    pace = alloc.course.slope if isinstance(alloc.course, Trend) else 0.0
    return 1.2 * (goal.last - alloc.last) / pace if pace > 0 else 300.0


FEW = 10
ROSE = 0.2


def _only_rises(points: Sequence[tuple[float, int]]) -> bool:
    """No reading lies below the one before, and the last is well above the first, of FEW at most."""
    values = [value for _, value in points]
    return len(values) <= FEW and values == sorted(values) and values[-1] - values[0] >= ROSE * max(values[0], 1)


def _aside(case: Case) -> str | None:
    """What rises while the total does not."""
    for metric, noun in COUNTS.items():
        series = counted.count(case, metric)
        if series is not None and counted.rising(series):
            return counted.told(series, noun)
    if (lost := inside.lost(case)) is not None and lost.of_rss >= inside.MUCH and lost.dominates:
        return lost.said
    if (layer := weigh.hidden(case)) is not None:
        return f"{label(layer.metric)} grow while something else is given back: {weigh.change_said(layer)}"
    swap = case.series.get("process.swap_bytes")
    if swap is not None and swap.growing and swap.last - swap.first > weigh.SLIGHT_MOST_BYTES:
        return f"what is resident goes to swap: {weigh.change_said(swap)}"
    children, virtual = child_grows(case), address_space_grows(case)
    if children is not None:
        return f"the children's RSS grows: {weigh.change_said(children)}"
    if (beneath := _beneath(case)) is not None:
        return f"{label(beneath.metric)} grow beneath a total that moves otherwise: {weigh.change_said(beneath)}"
    for metric, noun in SELDOM.items():
        few = case.series.get(metric)
        if few is not None and few.last - few.first > weigh.SLIGHT_LEAST_BYTES and _may_rise(few):
            return f"{noun} rose, in too few readings to judge: {weigh.change_said(few)}"
    if not case.live and (beyond := _charged_beyond(case)) is not None:
        return beyond
    if virtual is not None:
        return f"address space grows: {weigh.change_said(virtual)}"
    if (kernels := own_grows(case)) is not None:
        return f"{kernels[0].told}: {weigh.change_said(kernels[1])}"
    return None


def _beneath(case: Case) -> Series | None:
    """A layer that grows clearly, though the total, of which something was given back, does not."""
    spare = weigh.left_by_us(case)
    if case.total != "process.rss_bytes" or case.account is None:
        return None
    layers = (case.series.get(layer.metric) for layer in case.account.layers)
    return next((one for one in layers if one is not None and one.growing and not weigh.slight(one, spare)), None)


def _may_rise(series: Series) -> bool:
    """It has no clear shape yet, and its slope is above zero as far as one can be told."""
    course = series.course
    return not isinstance(course, Trend) or (course.shape == "unclear" and course.low > 0)


def _charged_beyond(case: Case) -> str | None:
    """The container is charged for twice what its process has: that the process stays says nothing of the rest."""
    own, charged = levels.level(case, "process.rss_bytes"), levels.level(case, *CHARGED)
    if own is None or charged is None or charged.last < 2 * own.last:
        return None
    return f"the container is charged for more than its process has: {charged.said}, {own.said}"


def _sure(course: Trend, level: int, *, slight: bool) -> float:
    """The longer the watch and the smaller the growth it could have missed (against the level, by the hour), the surer."""
    sure = 0.62
    if course.per == "s":
        sure += 0.06 * sum(course.span >= limit for limit in (30, 60, 300, 1800, 6 * 3600))
        missed_an_hour = max(course.detectable, course.high) * 3600 / max(level, 1)
        sure += 0.05 * sum(missed_an_hour <= limit for limit in (1.0, 0.1))
    if course.shape in ("step", "warm-up") and course.slope > 0 and not slight:
        sure -= 0.08  # it may rise again
    if course.per == "s" and course.span < SHORT_S:
        sure -= 0.2  # growth in bursts, and what has not begun yet, take longer to show
    return min(0.95 if course.per == "s" and course.span >= LONG_S else 0.89, sure)


def _longer(case: Case, least_s: float = 300.0) -> str | None:
    if not case.live:
        return None
    whole = weigh.total(case)
    span = whole.course.span if whole is not None and isinstance(whole.course, Trend) else 60.0
    size = human_bytes(whole.last) if whole is not None else "it"
    return f"memwhy watch {case.target.pid or 'PID'} --for {flag_duration(max(least_s, span * 2, 60.0))}   (to see slower growth of {size})"


AGAIN = re.compile(
    r"\bagain\b|\bsecond (?:run|round|time|pass)\b|\bsame instance\b|\b(?:each|every) (?:time|run|round)\b",
    re.IGNORECASE,
)
"""The same load was put on once more, and it came to rest at the same level."""


def _piled(case: Case) -> bool:
    return any(
        (one := levels.level(case, metric)) is not None and one.last >= many for metric, many in levels.PILES.items()
    )


FELL = 0.7
"""So much of it is left."""


def _fell(case: Case) -> str | None:
    """From its first reading it only went down, and nothing was changed or stopped meanwhile that would tell why."""
    if any(name.startswith("trial.") for name in case.facts):
        return None
    if "page.worded" in case.facts:
        return None  # figures of sentences may be of several processes
    read = [one for metric in (*levels.RESIDENT, *levels.LIVE) if (one := levels.level(case, metric)) is not None]
    down = [one for one in read if one.n > 1 and one.first == one.most and one.last == one.least]
    fell = [one for one in down if one.last <= FELL * one.first and one.metric in levels.RESIDENT]
    if not fell or any(one.rose for one in read):
        return None
    return f"it falls by itself: {label(fell[0].metric)} {human_bytes(fell[0].first)}, then {human_bytes(fell[0].last)}"


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    peak, rss = levels.level(case, "process.rss_peak_bytes"), levels.resident(case)
    yield from believed(DECISIVE if rss is not None else STRONG, case.facts.get("said.peak"))
    if peak is not None and rss is not None and rss.last < 0.6 * peak.last:
        yield from for_(FAIR, f"{peak.said} is a high-water mark; now it is {rss.said}")
    beyond = _charged_beyond(case)
    if rss is not None and rss.n > 2 and rss.flat and beyond is not None:
        yield from against(FAIR, beyond)
    elif rss is not None and rss.n > 2 and rss.flat:
        yield from for_(STRONG, f"it stays: {rss.said} in {rss.n} readings")
    fell = _fell(case)
    yield from for_(STRONG, fell)
    if fell is None and rss is not None and rss.n > 2 and rss.most > rss.first and rss.last < 0.7 * rss.most:
        yield from for_(FAIR, f"it came back by itself: {rss.said}, at most {human_bytes(rss.most)}")
    for count in ("process.threads_count", "go.goroutines_count", "process.descriptors_count"):
        yield from for_(STRONG + HINT, levels.settled(case, count))
    settled = levels.said(case, "plateau", "total", "rss", "heap")
    complaint = levels.not_returned(case) is not None
    rest = FAIR if _piled(case) else STRONG
    weight = STRONG + HINT if settled and AGAIN.search(settled) else HINT if complaint else rest
    yield from believed(weight, settled)
    yield from believed(STRONG, case.facts.get("said.cumulative"))
    kinds = {seen.profile.kind for seen in case.profiles}
    if "alloc_space" in kinds and "inuse_space" not in kinds:
        only = rss is None and not levels.complains_of_growth(case)
        yield from for_(STRONG if only else FAIR, "alloc_space is all that was ever allocated, not what is held")
    yield from believed(FAIR, case.facts.get("said.sawtooth"))
    falls = levels.said(case, "falls", "total", "rss")
    yield from believed(
        STRONG if falls and not levels.complains_of_growth(case) else FAIR,
        levels.said(case, "flat", "total", "rss") or falls,
    )
    yield from believed(STRONG, case.facts.get("said.misaccounted"))
    yield from denied(
        0.5 * HINT if settled else FAIR, levels.said(case, "grows", "total", "rss", "host", "native")
    )  # it rose, and stays
    yield from denied(HINT if fell else STRONG, case.facts.get("said.oom"))
    for one in levels.risen(case, (*levels.RESIDENT, "host.used_bytes")):
        yield from against(FAIR, one.said)
