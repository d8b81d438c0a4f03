"""The gate: is growth above a limit shown, excluded, or can these data not tell?"""

from dataclasses import replace

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.pieces import plural
from memwhy.model.proof import Gate, GateOutcome, Limit, Pace, Work, rate_said, scale_of
from memwhy.model.units import human_duration
from memwhy.proof.lives import longest_life
from memwhy.proof.pace import SETTLING, later_half, longer, pace_of, since
from memwhy.proof.work import over_work, work_of


def gate(case: Case, limit: Limit, *, after_s: float = 0.0, work: Work | None = None) -> Gate:
    """Hold the growth of the case's total against a limit. after_s: how much of the begin to leave out. work: what was
    done, where that is known better than by the target's own endpoint.

    "exceeded" only when the whole interval lies above the limit and the growth goes on: a start or a step that is over
    is judged by what came after it. "within" only when the whole interval lies below.
    """
    total = weigh.total(case)
    if total is None:
        return _undecided(limit, None, "There are no figures of the process's memory over time.")
    total, life = longest_life(case, total)
    if after_s:
        total = since(total, after_s)
    if total.clock == "order":
        return _undecided(limit, pace_of(total), "The evidence has no times: growth per time cannot be told.")
    if case.ended is not None and "OOM" in case.ended and (pace_of(total).slope or 0) > 0:
        headline = "The process was killed for want of memory while it grew."
        return _answer("exceeded", limit, pace_of(total), headline, (f"it {case.ended}",))
    if limit.per == "work":
        work = work or work_of(case, limit.unit)
        if work is None:
            return _no_work(case, limit, pace_of(total))
        total = over_work(total, work)
    found = hold(total, limit)
    notes = (*([life] if life else []), *(work.notes if work is not None else ()))
    return replace(found, because=(*found.because, *notes))


def hold(series: Series, limit: Limit) -> Gate:
    """Hold one series against a limit; over work where its clock is "work", else over time."""
    whole = pace_of(series, limit.unit)
    if whole.shape not in SETTLING or (whole.high is not None and whole.high < limit.bytes):
        return _by(limit, whole)
    later = later_half(series, limit.unit)
    over = {"warm-up": "growth that died out", "step": "one step up"}.get(whole.shape)
    if whole.slope is None:
        return _by(limit, whole)
    if over is None or later.slope is None or later.shape in SETTLING:
        return _undecided(limit, whole, "It grew, but not evenly: that it goes on is not shown.")
    found = _by(limit, later)
    return replace(found, because=(f"the first half holds {over}; judged is what came after it", *found.because))


def _no_work(case: Case, limit: Limit, pace: Pace) -> Gate:
    other = work_of(case)
    many = plural(limit.unit)
    known = f": its endpoint counts {plural(other.unit)}" if other is not None else ""
    return replace(
        _undecided(limit, pace, f"How many {many} were done is not known{known}."),
        needed_s=None,
        next_step=f"give the count: --work FILE (lines `time count`) or --work N; or an endpoint that counts {many}",
    )


def _by(limit: Limit, pace: Pace) -> Gate:
    if pace.low is None or pace.high is None or pace.slope is None:
        return _undecided(limit, pace, f"There is no trend: {pace.reason}.")
    scale = scale_of(limit.bytes)
    slope, low, high = (rate_said(one, pace.per, pace.unit, scale=scale) for one in (pace.slope, pace.low, pace.high))
    found = f"{label(pace.metric)}: {slope}, surely between {low} and {high} ({pace.n} readings in {_span(pace)})"
    if pace.high < limit.bytes:
        return _answer("within", limit, pace, f"Growth above {limit_said(limit)} is excluded.", (found,))
    if pace.low > limit.bytes:
        return _answer("exceeded", limit, pace, f"Growth above {limit_said(limit)} is shown.", (found,))
    return _undecided(
        limit, pace, f"The limit of {limit_said(limit)} lies inside the interval: these data cannot decide.", found
    )


def limit_said(limit: Limit) -> str:
    """`+1.0 MiB/min`, `+64 B/request`."""
    return rate_said(limit.bytes, limit.per, limit.unit)


def _span(pace: Pace) -> str:
    return f"{pace.span:,.0f} {plural(pace.unit)}" if pace.per == "work" else human_duration(pace.span)


def _answer(outcome: GateOutcome, limit: Limit, pace: Pace | None, headline: str, because: tuple[str, ...]) -> Gate:
    per_s = limit.bytes if limit.per == "s" else None
    return Gate(outcome=outcome, headline=headline, limit=limit, limit_per_s=per_s, pace=pace, because=because)


def _undecided(limit: Limit, pace: Pace | None, headline: str, *because: str) -> Gate:
    found = _answer("undecided", limit, pace, headline, because)
    if pace is None or pace.per != limit.per:
        return found
    needed = longer(pace, limit.bytes)
    if pace.per == "work":
        step = (
            f"do {needed + pace.span:,.0f} {plural(pace.unit)} instead of {pace.span:,.0f}"
            if needed
            else f"do many more {plural(pace.unit)}, or set the limit further from what was seen"
        )
        return replace(found, needed_work=needed, next_step=step)
    step = (
        f"watch {human_duration(needed + pace.span)} instead of {human_duration(pace.span)}"
        if needed
        else "watch much longer, or set the limit further from what was seen"
    )
    return replace(found, needed_s=needed, next_step=step)
