"""Does a fix work? Only where the growth was there before, could have been seen after, and is not: under a like load."""

from dataclasses import dataclass, field

from memwhy.model import weigh
from memwhy.model.metrics import label
from memwhy.model.proof import Left, Load, Pace, Pair, Reason, Verification, rate_said, scale_of
from memwhy.model.units import human_duration
from memwhy.proof import left
from memwhy.proof.alike import differences, too_short
from memwhy.proof.load import load_of
from memwhy.proof.pace import grows, longer
from memwhy.proof.side import Run, Side, sides

RESIDUE = 0.1
"""A fix is proven when at most this share of the growth can still be there."""
IDLE = 0.05
"""A run that did less than this share of the other's work shows nothing."""
UNLIKE = 0.5
"""Below this share of the work, growth per unit of work is what is compared, and that is said."""


_NOTHING = "Not proven: all of the growth can still be there."


@dataclass(slots=True)
class _Trial:
    """What all runs say, on the way to an answer. by_work: only where both runs counted it and the old growth follows it.

    load: of the run after the fix, against the one before; beside: against the control.
    """

    before: Side
    after: Side
    control: Side | None
    residue: float
    total: Pair
    by_work: Pair | None
    load: Load | None
    beside: Load | None
    warnings: list[str] = field(default_factory=list)

    def answer(self, reason: Reason, headline: str, **more: object) -> Verification:
        pair = self.total
        return Verification(
            outcome="proven" if reason == "stopped" else "not-proven",
            reason=reason,
            headline=headline,
            total=pair,
            by_work=self.by_work,
            control=self.control.leaking if self.control else None,
            layers=left.layers(self.before.case, self.after.case),
            load=self.load,
            would_have_seen=pair.after.detectable,
            because=tuple(_because(self)),
            warnings=tuple(self.warnings),
            **more,  # type: ignore[arg-type]
        )


def verify(
    before: Run, after: Run, *, control: Run | None = None, residue: float = RESIDUE, after_s: float = 0.0
) -> Verification:
    """Hold the run after a fix against the one before it.

    control: the unfixed build, run again beside the fixed one: it must still leak. after_s: what to leave out at the begin
    of each run.
    """
    runs = [before, after] if control is None else [before, after, control]
    found = sides(runs, after_s)
    warnings = differences(before.case, after.case)
    if isinstance(found, str):
        return Verification(
            outcome="not-proven",
            reason="not-comparable",
            headline=f"The two cannot be compared: {found}.",
            total=None,
            warnings=tuple(warnings),
        )
    old, new, *third = found
    name = label(old.series.metric)
    trial = _Trial(
        before=old,
        after=new,
        control=third[0] if third else None,
        residue=residue,
        total=Pair(label=name, before=old.leaking, after=new.settled),
        by_work=_by_work(name, old, new),
        load=load_of(old, new),
        beside=load_of(third[0], new) if third else None,
        warnings=[*warnings, *(note for side in found for note in side.notes)],
    )
    return _before_first(trial)


def _by_work(name: str, old: Side, new: Side) -> Pair | None:
    if old.work is None or new.work is None or old.work.unit != new.work.unit:
        return None
    pair = old.by_work(mended=False), new.by_work(mended=True)
    return None if pair[0] is None or pair[1] is None else Pair(label=name, before=pair[0], after=pair[1])


def _before_first(trial: _Trial) -> Verification:
    old = trial.total.before
    if old.slope is None:
        return trial.answer(
            "too-short", f"The run before the fix has no trend: {old.reason}.", needed_s=_more(old, 0.0)
        )
    if not grows(old):
        return trial.answer(
            "nothing-to-fix",
            "Growth is not shown in the run before the fix: there is nothing that a fix could have stopped.",
            next_step="record the old build for longer, or under the load that makes it grow",
        )
    return _control_next(trial)


def _control_next(trial: _Trial) -> Verification:
    if trial.control is None:
        return _load_next(trial)
    pace = trial.control.leaking
    if not grows(pace):
        why = f" ({pace.reason})" if pace.slope is None else ""
        return trial.answer(
            "trigger-absent",
            f"The unfixed build does not leak beside the fix either{why}: the leak's trigger was absent.",
            next_step="run both builds again at the same time, under the load that made the old one grow",
        )
    return _load_next(trial)


def _load_next(trial: _Trial) -> Verification:
    if trial.load is None:
        trial.warnings.append("how much work each run did is not known: memwhy verify --work N M tells it")
    known = [(one, whose) for one, whose in ((trial.load, "work"), (trial.beside, "control's work")) if one is not None]
    load, whose = min(known, key=lambda one: one[0].ratio, default=(None, ""))
    if load is None:
        return _length_next(trial)
    if load.ratio < IDLE:
        return trial.answer(
            "load-unlike",
            f"The run after the fix did next to nothing ({load.ratio:.1%} of the {whose}): it proves nothing.",
            next_step="record the new build under the load that made the old one grow",
        )
    if load.ratio < UNLIKE:
        trial.warnings.append(
            f"the run after the fix did {load.ratio:.0%} of the {whose} ({load.what}): so much less growth was expected of it"
        )
    return _length_next(trial)


def _length_next(trial: _Trial) -> Verification:
    new = trial.total.after
    if new.slope is None:
        return trial.answer("too-short", f"The run after the fix has no trend: {new.reason}.", needed_s=_more(new, 0.0))
    still = grows(new) and not weigh.slight(trial.after.series)
    if not still and (why := too_short(trial.before, trial.after)) is not None:
        whole = trial.before.series.points
        needed = whole[-1][0] - whole[0][0] - new.span
        return trial.answer(
            "too-short", why, needed_s=needed, next_step="record the new build for as long as the old one"
        )
    return _after_last(trial)


def _after_last(trial: _Trial) -> Verification:
    """What was expected of an unfixed build is the old pace, scaled down to the work done; never up: growth need not follow it."""
    new = trial.total.after
    expected = _expected(trial)
    share = _share_left(trial, expected)
    assert new.slope is not None and new.low is not None
    rest = left.left(trial.before, trial.after)
    gone = left.gone(trial.before, trial.after, trial.residue)
    if share <= trial.residue:
        if grows(new) and not weigh.slight(trial.after.series):
            trial.warnings.append(
                f"it still grows by {rate_said(new.slope, new.per)}: a start-up that goes on, or a second, smaller leak"
            )
        return trial.answer(
            "stopped", f"The fix works: {_at_most(share)} of the growth can be left.", left_at_most=share, left=rest
        )
    allowed = trial.residue * expected
    if new.low > allowed and new.shape not in ("flat", "falling"):
        return _still(trial, share, expected, rest, gone)
    needed = _more(new, allowed)
    return trial.answer(
        "not-excluded",
        f"Not proven: {_at_most(share)} of the growth can still be there." if share < 1 else _NOTHING,
        left_at_most=share,
        left=rest,
        gone=gone,
        needed_s=needed,
        next_step=f"record the new build for {human_duration(needed + new.span)}"
        if needed and new.per == "s"
        else None,
    )


def _still(trial: _Trial, share: float, expected: float, rest: tuple[Left, ...], gone: tuple[str, ...]) -> Verification:
    """It grows on: as before, slower, or by another leak than the one that was mended."""
    old, new = trial.total.before, trial.total.after
    assert old.slope is not None and old.low is not None and new.slope is not None and new.high is not None
    as_before = new.high >= expected
    pace = new.slope / (expected * old.slope / old.low)
    step = "memwhy explain AFTER   (what holds the rest)"
    if gone:
        names = f" What is left: {', '.join(dict.fromkeys(one.what for one in rest))}." if rest else ""
        headline = (
            f"One leak of several is gone ({', '.join(gone)}), and it still grows, at {_percent(pace)} of the old pace."
        )
        return trial.answer("partly", headline + names, left_at_most=share, left=rest, gone=gone, next_step=step)
    headline = "It still grows as before." if as_before else f"It still grows, at {_percent(pace)} of the old pace."
    return trial.answer("still-grows", headline, left_at_most=share, left=rest, next_step=step)


def _expected(trial: _Trial) -> float:
    """The least growth per `per` that the run after the fix would have shown without it."""
    old = trial.total.before
    assert old.low is not None
    least = old.low * (min(1.0, trial.load.ratio) if trial.load is not None else 1.0)
    if trial.control is None:
        return least
    beside = trial.control.leaking
    assert beside.low is not None
    return min(least, beside.low * (min(1.0, trial.beside.ratio) if trial.beside is not None else 1.0))


def _share_left(trial: _Trial, expected: float) -> float:
    """How much of the growth can be left at most: per time, and per piece of work where it was counted; the greater."""
    new = trial.total.after
    assert new.high is not None
    share = max(0.0, new.high) / expected
    if trial.by_work is None:
        return share
    lows = [trial.by_work.before.low]
    beside = trial.control.by_work(mended=False) if trial.control is not None else None
    if beside is not None and beside.unit == trial.by_work.before.unit:
        lows.append(beside.low)
    if any(low is None or low <= 0 for low in lows):
        trial.warnings.append(
            "the old growth does not follow the work that was counted: growth per time is what is compared"
        )
        return share
    if trial.by_work.after.high is None:
        return share
    return max(share, max(0.0, trial.by_work.after.high) / min(low for low in lows if low is not None))


def _because(trial: _Trial) -> list[str]:
    pairs = [("before", trial.total.before), ("after", trial.total.after)]
    if trial.control is not None:
        pairs.append(("control, the unfixed build beside it", trial.control.leaking))
    texts = [f"{name}: {_said(pace)}" for name, pace in pairs]
    seen = [rate_said(trial.total.after.detectable, trial.total.after.per)] if trial.total.after.detectable else []
    if trial.by_work is not None:
        texts += [
            f"{name}: {_said(pace)}"
            for name, pace in (("before", trial.by_work.before), ("after", trial.by_work.after))
        ]
        if trial.by_work.after.detectable:
            seen.append(rate_said(trial.by_work.after.detectable, "work", trial.by_work.after.unit))
    if seen:
        texts.append(f"growth above {' or '.join(seen)} would have been seen after the fix, nine times in ten")
    if trial.load is not None:
        texts.append(f"the run after the fix did {trial.load.ratio:.0%} of the work ({trial.load.what})")
    if trial.before.work is not None and trial.before.work.even:
        texts.append("only the sum of the work is known: it is taken to have been done evenly")
    return texts


def _more(pace: Pace, limit: float) -> float | None:
    return longer(pace, limit) if pace.per == "s" else None


def _said(pace: Pace) -> str:
    if pace.slope is None or pace.low is None or pace.high is None:
        return f"no trend ({pace.reason})"
    scale = scale_of(pace.slope, pace.low, pace.high)
    rate, low, high = (rate_said(one, pace.per, pace.unit, scale=scale) for one in (pace.slope, pace.low, pace.high))
    span = human_duration(pace.span) if pace.per == "s" else f"{pace.n} readings"
    part = ", later half" if pace.part == "later half" else ""
    return f"{rate} ({low} to {high}; {span}{part}; {pace.shape})"


def _at_most(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"at most {_percent(share)}"


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
