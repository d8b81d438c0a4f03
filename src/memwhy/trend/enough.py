"""Enough or not: when a series cannot carry a trend, and how much longer would do."""

from typing import Literal

from memwhy.model.trend import NotEnough
from memwhy.trend.points import Points
from memwhy.trend.slope import Line
from memwhy.trend.teeth import Teeth

LEAST = 4
"""Two points make a line, two more its error (Student's t of 2 degrees: 4.3 errors; of 1: 12.7, hopeless)."""

SHORTEST = 1e-6
"""Readings closer together than a microsecond in all were not taken from a running process."""

TEETH = 3
"""Before the third fall a saw's floor has no course of its own. Most cuts of one or two falls get an interval wide
enough to be flat by itself; of 3000 random ones one in 200 had a clear slope: these are meant here. A cut without any
fall is a plain rise and cannot be told from growth."""


WHOLE = 0.6
"""A bounded saw's falls take this much of its range at least, teeth of uneven height included."""


def too_few(points: Points, per: Literal["s", "sample"]) -> NotEnough | None:
    """Fewer than four distinct moments, or none apart from each other."""
    n = len(points.xs)
    if n >= LEAST:
        if points.span >= SHORTEST:
            return None
        return NotEnough(reason="all readings were taken at practically one moment", n=n, per=per)
    step = 1.0 if per == "sample" else points.step
    what = "no readings" if n == 0 else "one reading" if n == 1 else f"only {n} readings"
    restart = next((f" ({text})" for text in points.checks if text.startswith("restart")), "")
    return NotEnough(
        reason=f"{what} at different times; a slope with an error needs {LEAST}{restart}",
        n=n,
        per=per,
        needed=step * (LEAST - n) if step else None,
    )


def in_clumps(points: Points, clumps: int, per: Literal["s", "sample"]) -> NotEnough:
    """Many readings, but at fewer than four places of the span."""
    reason = f"{len(points.xs)} readings at only {clumps} stretches of the time, with nothing between"
    return NotEnough(reason=reason, n=len(points.xs), per=per)


def too_few_teeth(
    teeth: Teeth | None, first: float, line: Line, points: Points, per: Literal["s", "sample"]
) -> NotEnough | None:
    """A slope that one or two falls of a saw-tooth make up.

    A bounded saw falls through most of its range, back to a floor that no reading undercuts. When the falls are
    small against the range, or the latest floor lies clearly above the first reading, the rise is more than a
    tooth, and the series is judged.
    """
    if teeth is None or len(teeth.floor) >= TEETH or line.low <= 0 <= line.high:
        return None
    if teeth.height < WHOLE * teeth.range or teeth.floor[-1][1] > first + teeth.height / 4:
        return None
    count = len(teeth.floor)
    falls = "one sharp fall" if count == 1 else f"{count} sharp falls"
    return NotEnough(
        reason=f"{falls} only: a saw-tooth cannot be told from growth before {TEETH}",
        n=len(points.xs),
        per=per,
        needed=teeth.apart * points.span * (TEETH - count),
    )
