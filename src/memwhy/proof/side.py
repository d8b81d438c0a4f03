"""One side of a proof: a run's case, the series that is judged, and the work that was done in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.errors import UsageError
from memwhy.model.metrics import label
from memwhy.model.pieces import plural
from memwhy.model.proof import Pace, Work
from memwhy.proof.lives import longest_life
from memwhy.proof.pace import leaking, pace_of, settled, since
from memwhy.proof.work import over_work, rate_per_s, work_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a person gives for one side. work: what was done, where a person or a file says so."""

    case: Case
    work: Work | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A run made ready: the total of its longest life, without its first seconds; notes: what had to be done for that."""

    case: Case
    series: Series
    work: Work | None
    notes: tuple[str, ...] = ()

    @property
    def leaking(self) -> Pace:
        """The pace of a run that is said to leak."""
        return leaking(self.series)

    @property
    def settled(self) -> Pace:
        """The pace of a run that is said to be mended: after its start-up."""
        return settled(self.series)

    @property
    def work_per_s(self) -> float | None:
        return None if self.work is None else rate_per_s(self.work, self.series)

    def by_work(self, *, mended: bool) -> Pace | None:
        """Growth per piece of work; None where nobody counted it."""
        if self.work is None or not self.work_per_s:
            return None
        series = over_work(self.series, self.work)
        return settled(series, self.work.unit) if mended else leaking(series, self.work.unit)

    def first(self, span_s: float) -> Pace:
        """The pace of the first so many seconds alone."""
        whole = self.series
        end = whole.points[0][0] + span_s
        early = since(whole, 0.0, until_s=end)
        return pace_of(early)


def sides(runs: Sequence[Run], after_s: float) -> tuple[Side, ...] | str:
    """The runs in the same metric and on the same kind of clock; or why they cannot be compared. Raises UsageError where
    work of different kinds is given."""
    names = ("before the fix", "after the fix", "of the control")
    totals = [weigh.total(run.case) for run in runs]
    for name, total in zip(names, totals, strict=False):
        if total is None:
            return f"the run {name} has no figures of memory over time"
    metrics = [total.metric for total in totals if total is not None]
    shared = next((one for one in ("process.rss_bytes", *metrics) if all(one in run.case.series for run in runs)), None)
    if len(set(metrics)) > 1 and shared is None:
        return f"one tells {label(metrics[0])}, the other {label(next(one for one in metrics if one != metrics[0]))}"
    metric = metrics[0] if len(set(metrics)) == 1 or shared is None else shared
    found = [run.case.series[metric] for run in runs]
    if len({one.course.per for one in found}) > 1:
        return "only one of them has times"
    units = _units(runs)
    return tuple(
        _side(run, series, after_s, units, name) for run, series, name in zip(runs, found, names, strict=False)
    )


def _units(runs: Sequence[Run]) -> set[str]:
    """Of the work that is given: one at most. Raises UsageError, for what a person counted is never dropped in silence."""
    given = {run.work.unit: run.work.source for run in runs if run.work is not None}
    if len(given) > 1:
        said = ", ".join(f"{source} counts {plural(unit)}" for unit, source in given.items())
        raise UsageError(f"the work of the runs is not of one kind: {said}", help="count the same in each run")
    return set(given)


def _side(run: Run, series: Series, after_s: float, units: set[str], name: str) -> Side:
    """units: of the work that is given for any side; what an endpoint counts serves where it counts the same."""
    series, life = longest_life(run.case, series)
    if after_s:
        series = since(series, after_s)
    unit = next(iter(units)) if len(units) == 1 else ""
    work = run.work or (work_of(run.case, unit) if series.clock != "order" else None)
    notes = (*([life] if life else []), *(work.notes if work is not None else ()))
    return Side(case=run.case, series=series, work=work, notes=tuple(f"the run {name}: {note}" for note in notes))
