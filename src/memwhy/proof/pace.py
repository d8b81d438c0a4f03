"""How fast a series moved, at least and at most; and how it moved once a start or a step was over."""

from dataclasses import replace

from memwhy.model.case import Series
from memwhy.model.proof import Pace, Per
from memwhy.model.trend import Course, Trend
from memwhy.trend import trend

SETTLING = ("warm-up", "step", "unclear")
"""Shapes whose slope over the whole time is not a pace that goes on."""
MOST_LONGER = 50.0
"""Nobody waits more than so many times what was watched: then no time is named."""


def pace_of(series: Series, unit: str = "") -> Pace:
    """The whole course. unit: of the work that stands in place of time, if it does."""
    return _pace(series, series.course, "whole", unit)


def settled(series: Series, unit: str = "") -> Pace:
    """The pace; that of the later half where the first one holds a start or a step."""
    whole = pace_of(series, unit)
    if whole.shape not in SETTLING:
        return whole
    later = later_half(series, unit)
    return later if later.slope is not None and later.shape not in SETTLING else whole


def leaking(series: Series, unit: str = "") -> Pace:
    """The pace of what grows and may begin with a start-up: that start-up's growth must not count as the leak's.

    The later half where the whole is no straight course, and where it grows, but surely slower than the whole.
    """
    whole = pace_of(series, unit)
    if whole.slope is None or whole.low is None:
        return whole
    later = later_half(series, unit)
    if later.low is None or later.high is None or later.low <= 0 or later.shape in SETTLING:
        return whole
    return later if whole.shape in SETTLING or later.high < whole.low else whole


def grows(pace: Pace) -> bool:
    """Growth that goes on is shown: no level, and no start or step that is over."""
    return pace.low is not None and pace.low > 0 and pace.shape not in ("flat", "falling", "warm-up", "step")


def since(series: Series, after_s: float, *, until_s: float | None = None) -> Series:
    """The same without its first seconds and, where asked for, without what came after until_s on its own clock; the whole
    where nothing would be left or where there are no times."""
    start = series.points[0][0] + after_s
    points = tuple(point for point in series.points if start <= point[0] and (until_s is None or point[0] <= until_s))
    if not points or len(points) == len(series.points) or series.course.per == "sample":
        return series
    return replace(series, points=points, course=trend(points, quantum=series.quantum, per="s", restarts=False))


def later_half(series: Series, unit: str = "") -> Pace:
    """The course of what came after the middle of the time, alone."""
    middle = (series.points[0][0] + series.points[-1][0]) / 2
    points = [point for point in series.points if point[0] >= middle]
    course = trend(points, quantum=series.quantum, per=series.course.per, restarts=False)
    return _pace(series, course, "later half", unit)


def _pace(series: Series, course: Course, part: str, unit: str) -> Pace:
    per: Per = "work" if series.clock == "work" else course.per
    kept: dict[str, object] = {"metric": series.metric, "n": course.n, "per": per, "part": part, "unit": unit}
    if not isinstance(course, Trend):
        span = series.points[-1][0] - series.points[0][0]
        return Pace(**kept, span=span, shape="unclear", reason=course.reason)  # type: ignore[arg-type]
    return Pace(
        **kept,  # type: ignore[arg-type]
        span=course.span,
        shape=course.shape,
        slope=course.slope,
        low=course.low,
        high=course.high,
        detectable=course.detectable,
    )


def longer(pace: Pace, limit: float) -> float | None:
    """How much longer to watch until the interval leaves the limit out, in `per` units; None when that cannot be said.

    The error of a slope falls with the span to the power of 3/2 when readings come at the same rate: its sum of squares grows
    with the cube. The slope itself is taken to stay where it is.
    """
    if pace.slope is None or pace.low is None or pace.high is None:
        return pace.span if pace.span > 0 else None
    distance = abs(limit - pace.slope)
    half = pace.high - pace.slope if limit > pace.slope else pace.slope - pace.low
    if distance <= 0 or half <= distance:
        return pace.span if half <= distance else None
    factor: float = (half / distance) ** (2 / 3)
    return (factor - 1) * pace.span if factor <= MOST_LONGER else None
