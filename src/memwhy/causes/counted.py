"""Counted: what goroutine, thread and descriptor leaks have in common: a count that rises, and what each one costs."""

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend


def count(case: Case, metric: str) -> Series | None:
    """The series of a count, if it was seen."""
    return case.series.get(metric)


def rising(series: Series) -> bool:
    """The count rises by its trend and by more than a handful; or, with too few readings for a trend, it never
    falls and ends at twice its start and dozens more."""
    more = series.last - series.first
    if isinstance(series.course, Trend):
        return series.growing and more >= 5
    values = [value for _, value in series.points]
    return values == sorted(values) and more >= max(24, series.first)


def refuted(cause: str, series: Series, noun: str, bound: int | None) -> Finding:
    """The count does not rise."""
    course = series.course
    text = f"{noun}: {weigh.change_said(series)}"
    if isinstance(course, Trend):
        text += f", {weigh.slope_said(course, count=noun)}"
    return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.02, bytes=bound, against=(text,))


def few(series: Series) -> bool:
    """Too few readings for a trend, or no clear shape."""
    return not isinstance(series.course, Trend) or series.course.shape == "unclear"


def told(series: Series, noun: str) -> str:
    """`goroutines rise: 40 to 1,779, +3.1 goroutines/min (+2.8 to +3.4)`."""
    text = f"{noun} rise: {weigh.change_said(series)}"
    if isinstance(series.course, Trend):
        return f"{text}, {weigh.slope_said(series.course, count=noun)}"
    return f"{text} in {len(series.points)} readings"


def each_bytes(series: Series, grown_bytes: float) -> str | None:
    """What one costs, when both grow: growth in bytes over growth in number."""
    more = series.last - series.first
    return f"{grown_bytes / more:,.0f} bytes for each" if more > 0 and grown_bytes > 0 else None
