"""The gate: is growth above a limit shown, excluded, or can these data not tell?"""

from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.metrics import label
from memwhy.model.proof import Gate, Pace
from memwhy.model.units import human_duration, human_rate
from memwhy.proof.pace import SETTLING, later_half, longer, pace_of, since


def gate(case: Case, limit_per_s: float, *, after_s: float = 0.0) -> Gate:
    """Hold the growth of the case's total against a limit in bytes per second. after_s: how much of the begin to leave out.

    "exceeded" only when the whole interval lies above the limit and the growth goes on: a start or a step that is over
    is judged by what came after it. "within" only when the whole interval lies below.
    """
    total = weigh.total(case)
    if total is None:
        return _undecided(limit_per_s, None, "There are no figures of the process's memory over time.")
    whole = pace_of(since(total, after_s) if after_s else total)
    if whole.per == "sample":
        return _undecided(limit_per_s, whole, "The evidence has no times: growth per time cannot be told.")
    if case.ended is not None and "OOM" in case.ended and (whole.slope or 0) > 0:
        return Gate(
            outcome="exceeded",
            headline="The process was killed for want of memory while it grew.",
            limit_per_s=limit_per_s,
            pace=whole,
            because=(f"it {case.ended}",),
        )
    if whole.shape in SETTLING and (whole.high is None or whole.high >= limit_per_s):
        return _by_what_came_after(limit_per_s, whole, later_half(since(total, after_s)))
    return _by(limit_per_s, whole)


def _by_what_came_after(limit_per_s: float, whole: Pace, later: Pace) -> Gate:
    over = {"warm-up": "growth that died out", "step": "one step up"}.get(whole.shape)
    if over is None or later.slope is None or later.shape in SETTLING:
        return _undecided(limit_per_s, whole, "It grew, but not evenly: that it goes on is not shown.")
    found = _by(limit_per_s, later)
    words = f"the first half holds {over}; judged is what came after it"
    return Gate(
        outcome=found.outcome,
        headline=found.headline,
        limit_per_s=limit_per_s,
        pace=later,
        because=(words, *found.because),
        needed_s=found.needed_s,
        next_step=found.next_step,
    )


def _by(limit_per_s: float, pace: Pace) -> Gate:
    if pace.low is None or pace.high is None or pace.slope is None:
        return _undecided(limit_per_s, pace, f"There is no trend: {pace.reason}.")
    limit, what = human_rate(limit_per_s, "s"), label(pace.metric)
    found = f"{what}: {human_rate(pace.slope, 's')}, surely between {human_rate(pace.low, 's')} and {human_rate(pace.high, 's')}"
    found += f" ({pace.n} readings in {human_duration(pace.span)})"
    if pace.high < limit_per_s:
        return Gate(
            outcome="within",
            headline=f"Growth above {limit} is excluded.",
            limit_per_s=limit_per_s,
            pace=pace,
            because=(found,),
        )
    if pace.low > limit_per_s:
        return Gate(
            outcome="exceeded",
            headline=f"Growth above {limit} is shown.",
            limit_per_s=limit_per_s,
            pace=pace,
            because=(found,),
        )
    return _undecided(
        limit_per_s, pace, f"The limit of {limit} lies inside the interval: these data cannot decide.", found
    )


def _undecided(limit_per_s: float, pace: Pace | None, headline: str, *because: str) -> Gate:
    needed = longer(pace, limit_per_s) if pace is not None and pace.per == "s" else None
    step = None
    if pace is not None and pace.per == "s":
        step = (
            f"watch {human_duration(needed + pace.span)} instead of {human_duration(pace.span)}"
            if needed
            else "watch much longer, or set the limit further from what was seen"
        )
    return Gate(
        outcome="undecided",
        headline=headline,
        limit_per_s=limit_per_s,
        pace=pace,
        because=because,
        needed_s=needed,
        next_step=step,
    )
