"""Does a fix work? Only where the growth was there before, could have been seen after, and is not: under a like load."""

from dataclasses import dataclass

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.proof import Load, Pace, Pair, Reason, Verification
from memwhy.model.units import human_duration, human_rate
from memwhy.proof.load import load_of
from memwhy.proof.pace import SETTLING, later_half, longer, pace_of

RESIDUE = 0.1
"""A fix is proven when at most this share of the growth can still be there."""
IDLE = 0.05
"""A run that did less than this share of the other's work shows nothing."""
UNLIKE = 0.5
"""Below this share of the work, growth per unit of work is what is compared, and that is said."""
CONDITIONS = (
    ("host.kernel", "the kernel"),
    ("thp.enabled", "transparent huge pages"),
    ("env.GOGC", "GOGC"),
    ("env.GOMEMLIMIT", "GOMEMLIMIT"),
    ("env.GODEBUG", "GODEBUG"),
    ("env.MALLOC_ARENA_MAX", "MALLOC_ARENA_MAX"),
)
"""Facts that change how memory grows by themselves, and what to call them."""


@dataclass(slots=True)
class _Run:
    """What both runs say, on the way to an answer. series: the total of the run after the fix."""

    total: Pair
    series: Series
    layers: tuple[Pair, ...]
    load: Load | None
    warnings: list[str]
    residue: float

    def answer(self, reason: Reason, headline: str, **more: object) -> Verification:
        pair = self.total
        because = [f"{name}: {_said(pace)}" for name, pace in (("before", pair.before), ("after", pair.after))]
        if pair.after.detectable is not None:
            because.append(
                f"growth above {human_rate(pair.after.detectable, pair.after.per)} would have been seen after the fix"
            )
        if self.load is not None:
            because.append(f"the run after the fix did {self.load.ratio:.0%} of the work ({self.load.what})")
        return Verification(
            outcome="proven" if reason == "stopped" else "not-proven",
            reason=reason,
            headline=headline,
            total=pair,
            layers=self.layers,
            load=self.load,
            would_have_seen=pair.after.detectable,
            because=tuple(because),
            warnings=tuple(self.warnings),
            **more,  # type: ignore[arg-type]
        )


def verify(
    before: Case, after: Case, *, work: tuple[float, float] | None = None, residue: float = RESIDUE
) -> Verification:
    """Hold the run after a fix against the one before it. work: units of work done in each, where they are known."""
    warnings = _alike(before, after)
    totals = _totals(before, after)
    if isinstance(totals, str):
        return Verification(
            outcome="not-proven",
            reason="not-comparable",
            headline=f"The two cannot be compared: {totals}.",
            total=None,
            warnings=tuple(warnings),
        )
    old, new = totals
    run = _Run(
        total=Pair(label=label(old.metric), before=pace_of(old), after=_settled(new)),
        series=new,
        layers=_layers(before, after),
        load=load_of(before, after, work),
        warnings=warnings,
        residue=residue,
    )
    return _before_first(run)


def _before_first(run: _Run) -> Verification:
    old = run.total.before
    if old.slope is None:
        return run.answer("too-short", f"The run before the fix has no trend: {old.reason}.", needed_s=_more(old, 0.0))
    if old.low is None or old.low <= 0 or old.shape in ("flat", "falling", "warm-up", "step"):
        return run.answer(
            "nothing-to-fix",
            "Growth is not shown in the run before the fix: there is nothing that a fix could have stopped.",
            next_step="record the old build for longer, or under the load that makes it grow",
        )
    return _load_next(run)


def _load_next(run: _Run) -> Verification:
    load = run.load
    if load is None:
        run.warnings.append("how much work each run did is not known: memwhy verify --work N M tells it")
        return _after_last(run, 1.0)
    if load.ratio < IDLE:
        return run.answer(
            "load-unlike",
            f"The run after the fix did next to nothing ({load.ratio:.1%} of the work): it proves nothing.",
            next_step="record the new build under the load that made the old one grow",
        )
    if load.ratio < UNLIKE or load.given:
        if not load.given:
            run.warnings.append(
                f"the run after the fix did {load.ratio:.0%} of the work ({load.what}): so much less growth was expected of it"
            )
        return _after_last(run, load.ratio)
    return _after_last(run, min(1.0, load.ratio))


def _after_last(run: _Run, ratio: float) -> Verification:
    """ratio: how much of the old growth the new run would show if nothing had been fixed."""
    old, new = run.total.before, run.total.after
    if new.slope is None or new.high is None or new.low is None or old.low is None or old.slope is None:
        return run.answer("too-short", f"The run after the fix has no trend: {new.reason}.", needed_s=_more(new, 0.0))
    expected = old.low * ratio
    left = max(0.0, new.high) / expected
    if left <= run.residue:
        if new.shape == "growing" and not weigh.slight(run.series):
            run.warnings.append(
                f"it still grows by {human_rate(new.slope, new.per)}: a start-up that goes on, or a second, smaller leak"
            )
        return run.answer(
            "stopped",
            f"The fix works: {_at_most(left)} of the growth can be left.",
            left_at_most=left,
        )
    allowed = run.residue * expected
    if new.low > allowed and new.shape not in ("flat", "falling"):
        headline = (
            "It still grows as before."
            if new.high >= old.low * ratio
            else f"It still grows, at {_percent(new.slope / (old.slope * ratio))} of the old pace."
        )
        step = "memwhy explain AFTER   (what holds the rest)"
        return run.answer("still-grows", headline, left_at_most=left, next_step=step)
    needed = _more(new, allowed)
    return run.answer(
        "not-excluded",
        f"Not proven: {_at_most(left)} of the growth can still be there.",
        left_at_most=left,
        needed_s=needed,
        next_step=f"record the new build for {human_duration(needed + new.span)}"
        if needed and new.per == "s"
        else None,
    )


def _more(pace: Pace, limit: float) -> float | None:
    return longer(pace, limit) if pace.per == "s" else None


def _totals(before: Case, after: Case) -> tuple[Series, Series] | str:
    """The total of both, in the same metric and on the same kind of clock; or why there is none."""
    old, new = weigh.total(before), weigh.total(after)
    if old is None or new is None:
        return f"the run {'before' if old is None else 'after'} the fix has no figures of memory over time"
    if old.metric != new.metric:
        shared = [
            one for one in ("process.rss_bytes", old.metric, new.metric) if one in before.series and one in after.series
        ]
        if not shared:
            return f"one tells {label(old.metric)}, the other {label(new.metric)}"
        old, new = before.series[shared[0]], after.series[shared[0]]
    if old.course.per != new.course.per:
        return "only one of them has times"
    return old, new


def _settled(series: Series) -> Pace:
    """The pace; that of the later half where the first one holds a start or a step."""
    whole = pace_of(series)
    if whole.shape not in SETTLING:
        return whole
    later = later_half(series)
    return later if later.slope is not None and later.shape not in SETTLING else whole


def _layers(before: Case, after: Case) -> tuple[Pair, ...]:
    """Layers that grew before the fix, by pace, beside what they do after it."""
    pairs = [
        Pair(label=label(name), before=pace_of(series), after=_settled(after.series[name]))
        for name, series in before.series.items()
        if name.startswith("layer.") and name in after.series and series.growing
    ]
    return tuple(sorted(pairs, key=lambda pair: -(pair.before.slope or 0.0)))


def _alike(before: Case, after: Case) -> list[str]:
    """What differs between the two and may itself change how memory grows."""
    warnings = []
    old, new = before.target, after.target
    if old.command and new.command and old.command != new.command:
        warnings.append(f"the runs are of different programs: {old.command} and {new.command}")
    if (old.runtime, old.runtime_version) != (new.runtime, new.runtime_version) and "unknown" not in (
        old.runtime,
        new.runtime,
    ):
        names = [" ".join(part for part in (one.runtime, one.runtime_version) if part) for one in (old, new)]
        warnings.append(f"the runtime changed as well: {names[0]}, then {names[1]}")
    for name, what in CONDITIONS:
        pair = before.facts.get(name), after.facts.get(name)
        if pair[0] != pair[1] and (None not in pair or name.startswith("env.")):
            warnings.append(f"{what} differs: {pair[0] or 'unset'}, then {pair[1] or 'unset'}")
    if after.ended is not None and "OOM" in after.ended:
        warnings.append(f"the run after the fix {after.ended}")
    return warnings


def _said(pace: Pace) -> str:
    if pace.slope is None or pace.low is None or pace.high is None:
        return f"no trend ({pace.reason})"
    rate = human_rate(pace.slope, pace.per)
    rest = f"{human_rate(pace.low, pace.per)} to {human_rate(pace.high, pace.per)}"
    span = human_duration(pace.span) if pace.per == "s" else f"{pace.n} readings"
    part = ", later half" if pace.part == "later half" else ""
    return f"{rate} ({rest}; {span}{part}; {pace.shape})"


def _at_most(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"at most {_percent(share)}"


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
