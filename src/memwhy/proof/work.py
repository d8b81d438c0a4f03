"""Growth per piece of work: the same series over what was done instead of over time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from memwhy.model.case import Case, Series
from memwhy.model.errors import UsageError
from memwhy.model.pieces import plural
from memwhy.model.proof import Work, WorkLog
from memwhy.trend import trend

COUNTERS = {"work.requests_count": "request", "work.messages_count": "message", "work.jobs_count": "job"}
"""What an endpoint counts, and what one piece of it is called."""
UNNAMED = "unit of work"
LEAST_COVERED = 0.5
"""A log of work that covers less of the run than this says too little about it."""


def work_of(case: Case, unit: str = "") -> Work | None:
    """What the target's own endpoint counted; None where it counts nothing, or not this unit."""
    for metric, name in COUNTERS.items():
        series = case.series.get(metric)
        if series is None or series.clock == "order" or unit not in ("", name) or len(series.points) < 2:
            continue
        points = rising(series.points)
        if points[-1][1] > 0:
            return Work(unit=name, source=case.facts.get(metric.replace("_count", ""), "its endpoint"), points=points)
    return None


def rising(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """A counter's readings as what was counted since the first one. A fall is a new beginning: what stands there was
    counted since, as Prometheus' increase() has it."""
    done, out = 0.0, [(points[0][0], 0.0)]
    for (_, before), (x, now) in pairwise(points):
        done += now - before if now >= before else now
        out.append((x, done))
    return tuple(out)


def placed(log: WorkLog, series: Series, *, begun_s: float | None, unit: str = "") -> Work:
    """A file's counts on the run's own clock. begun_s: the wall clock, in seconds since 1970, at the run's second 0.

    Raises UsageError where the two do not lie in the same time.
    """
    if log.unit and unit and log.unit != unit:
        raise UsageError(
            f"{log.source} counts {plural(log.unit)}, and the limit is per {unit}",
            help=f"write the limit per {log.unit}",
        )
    name = log.unit or unit or UNNAMED
    first_s, last_s = series.points[0][0], series.points[-1][0]
    if log.total is not None:
        return Work(unit=name, source=log.source, points=((first_s, 0.0), (last_s, log.total)), even=True)
    if series.clock == "order":
        raise UsageError(
            f"{log.source} has times and the evidence has none", help="give a plain count of the work: --work 120000"
        )
    if log.clock == "wall" and begun_s is None:
        raise UsageError(f"{log.source}: when the run began is not known", help="write seconds since its beginning")
    shift_s = begun_s if log.clock == "wall" and begun_s is not None else 0.0
    points = tuple((x - shift_s, count) for x, count in log.points)
    covered_s = min(points[-1][0], last_s) - max(points[0][0], first_s)
    if covered_s < LEAST_COVERED * (last_s - first_s):
        raise UsageError(
            f"{log.source} covers {_covered(points, first_s, last_s)} of the {last_s - first_s:.0f} s of the run",
            help="write UTC or a zone (2026-11-22T10:00:00Z), one line before the run and one after it at least",
        )
    return Work(
        unit=name, source=log.source, points=rising(points), notes=tuple(f"{log.source}: {note}" for note in log.notes)
    )


def _covered(points: Sequence[tuple[float, float]], first_s: float, last_s: float) -> str:
    if points[-1][0] < first_s:
        return f"none (it ends {first_s - points[-1][0]:,.0f} s too early)"
    if points[0][0] > last_s:
        return f"none (it begins {points[0][0] - last_s:,.0f} s too late)"
    return f"only {max(0.0, min(points[-1][0], last_s) - max(points[0][0], first_s)):,.0f} s"


def over_work(series: Series, work: Work) -> Series:
    """The same values over the work done; readings outside the counted time are left out, and its clock is "work".

    Between two counts the work is taken to have gone on evenly. The course has `per` "s" as all but orders have: a
    "second" of it is one piece of work.
    """
    xs = [x for x, _ in work.points]
    points = tuple((_at(work, xs, x), value) for x, value in series.points if xs[0] <= x <= xs[-1])
    course = trend(points, quantum=series.quantum, per="s", restarts=False)
    return replace(series, points=points or series.points[:1], clock="work", course=course)


def _at(work: Work, xs: Sequence[float], x: float) -> float:
    index = min(max(bisect_right(xs, x), 1), len(xs) - 1)
    (x0, y0), (x1, y1) = work.points[index - 1], work.points[index]
    return y1 if x1 <= x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def rate_per_s(work: Work, series: Series) -> float | None:
    """Pieces a second while the series was read; None where the counting does not cover it."""
    xs = [x for x, _ in work.points]
    first_s, last_s = max(series.points[0][0], xs[0]), min(series.points[-1][0], xs[-1])
    if last_s <= first_s:
        return None
    return (_at(work, xs, last_s) - _at(work, xs, first_s)) / (last_s - first_s)
