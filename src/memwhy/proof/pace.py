"""How fast a series moved, at least and at most; and how it moved once a start or a step was over."""

from dataclasses import replace

from memwhy.model.case import Series
from memwhy.model.proof import Pace
from memwhy.model.trend import Course, Trend
from memwhy.trend import trend

SETTLING = ("warm-up", "step", "unclear")
"""Shapes whose slope over the whole time is not a pace that goes on."""
MOST_LONGER = 50.0
"""Nobody waits more than so many times what was watched: then no time is named."""


def pace_of(series: Series) -> Pace:
    """The whole course."""
    return _pace(series, series.course, "whole")


def since(series: Series, after_s: float) -> Series:
    """The same without its first seconds; the whole where nothing would be left or where there are no times."""
    start = series.points[0][0] + after_s
    points = tuple(point for point in series.points if point[0] >= start)
    if not points or after_s <= 0 or series.course.per == "sample":
        return series
    return replace(series, points=points, course=trend(points, quantum=series.quantum, per="s", restarts=False))


def later_half(series: Series) -> Pace:
    """The course of what came after the middle of the time, alone."""
    middle = (series.points[0][0] + series.points[-1][0]) / 2
    points = [point for point in series.points if point[0] >= middle]
    course = trend(points, quantum=series.quantum, per=series.course.per, restarts=False)
    return _pace(series, course, "later half")


def _pace(series: Series, course: Course, part: str) -> Pace:
    kept: dict[str, object] = {"metric": series.metric, "n": course.n, "per": course.per, "part": part}
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
