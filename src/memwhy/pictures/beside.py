"""One metric of several runs over the same axes, each run from its own beginning."""

from collections.abc import Iterable, Sequence

from memwhy.model.beside import Beside, Trace
from memwhy.model.case import Case, Series
from memwhy.model.metrics import REGISTRY, label
from memwhy.pictures.timeline import reduced

MOST_POINTS = 600
"""Of one course: more than half a screen has columns."""


def beside(
    runs: Sequence[tuple[str, Case]], metrics: Iterable[str], *, settle_s: float = 0.0, most: int = MOST_POINTS
) -> tuple[Beside, ...]:
    """What can be drawn of these metrics: those that one run at least read at two moments. Where some have times and others
    only an order, those with times are drawn.
    """
    found = []
    for metric in metrics:
        known = [(name, case, case.series[metric]) for name, case in runs if metric in case.series]
        known = [one for one in known if len(one[2].points) > 1]
        timed = [one for one in known if one[2].clock != "order"]
        traces = [_trace(name, series, _begin(case, series), most) for name, case, series in timed or known]
        if traces:
            found.append(
                Beside(
                    metric=metric,
                    label=label(metric),
                    unit=REGISTRY[metric].unit,
                    timed=bool(timed),
                    traces=tuple(traces),
                    settle_s=settle_s if timed else 0.0,
                )
            )
    return tuple(found)


def _begin(case: Case, series: Series) -> float:
    """The run's own beginning, by this series' clock."""
    total = case.series[case.total] if case.total is not None else series
    return total.points[0][0] if total.clock == series.clock else series.points[0][0]


def _trace(name: str, series: Series, begin: float, most: int) -> Trace:
    points = sorted(dict(series.points).items())
    kept = reduced([[value for _, value in points]], len(points), most)
    return Trace(
        name=name,
        x_s=tuple(round(points[i][0] - begin, 3) for i in kept),
        values=tuple(points[i][1] for i in kept),
        kept=len(kept),
        of=len(points),
    )
