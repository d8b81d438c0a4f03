"""Lives: a process that began anew meanwhile is judged by its longest stretch without a restart."""

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise

from memwhy.model.case import Case, Series
from memwhy.model.metrics import REGISTRY
from memwhy.model.trend import Trend
from memwhy.model.units import human_duration
from memwhy.trend import trend

OWN = ("go.", "process.", "work.")
"""Counters of the process itself: they begin at zero with it, and fall for no other reason."""


def longest_life(case: Case, series: Series) -> tuple[Series, str]:
    """The longest life of a series and how that is said; the series as it is, and nothing, where there was one life.

    Restarts are told by counters that fall. Where none was read, the trend's own rule stands (a fall by more than half).
    """
    cuts = [] if series.clock == "order" else _restarts(case, series)
    if not cuts:
        course = series.course
        cut = [text for text in course.checks if text.startswith("restart:")] if isinstance(course, Trend) else []
        return series, cut[0] if cut else ""
    bounds = [0, *cuts, len(series.points)]
    lives = [series.points[a:b] for a, b in pairwise(bounds) if b > a]
    best = max(lives, key=lambda life: life[-1][0] - life[0][0])
    course = trend(best, quantum=series.quantum, per=series.course.per, restarts=False)
    times = "once" if len(cuts) == 1 else f"{len(cuts)} times"
    said = f"the process began anew {times}: judged is its longest life, {human_duration(best[-1][0] - best[0][0])}"
    return replace(series, points=best, course=course), said


def _restarts(case: Case, series: Series) -> list[int]:
    """Where lives begin, as indices of the series' points: at its deepest fall between the two readings of a counter of
    which the second is lower. Counters that are read at other times then find the same place."""
    xs = [x for x, _ in series.points]
    cuts: set[int] = set()
    for metric in list(case.series):
        if not metric.startswith(OWN) or REGISTRY[metric].kind != "counter":
            continue
        one = case.series[metric]
        if one.clock != series.clock:
            continue
        for (since, before), (until, now) in pairwise(one.points):
            inside = range(max(1, bisect_right(xs, since)), min(len(xs), bisect_right(xs, until) + 1))
            if now < before and inside:
                cuts.add(max(inside, key=lambda index: series.points[index - 1][1] - series.points[index][1]))
    return sorted(cuts)
