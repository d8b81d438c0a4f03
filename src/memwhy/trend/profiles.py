"""What became of each site over several profiles, with the profiles' own sampling error in it.

From four states on a line is laid through them. Its error has two parts: the scatter about the line, of which few points tell
little (Student's t), and what the drawing of blocks alone may feign, which is known. Neighbouring profiles share most of their
blocks, so the latter is that of `trend.stacks.slope_error`. Both together have Welch's and Satterthwaite's degrees of freedom.
Of two or three states only the difference is said, and what drawing alone may feign of it: swings of the load are then not
excluded.
"""

import math
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, Literal, TypeVar

from memwhy.model.drawn import interval
from memwhy.model.trend import Shape, Trend
from memwhy.trend.course import trend
from memwhy.trend.enough import LEAST
from memwhy.trend.significance import holm, more_by_chance, student_quantile, student_sf
from memwhy.trend.slope import fit
from memwhy.trend.stacks import slope_error

MOST_TESTED = 64
"""Sites whose courses are reckoned, those that rose most; the others count as tested without a result."""
CLUMPED = 0.4
"""Readings with nothing between for so much of the time lie in two clumps, where a step and a line look alike."""
_EXACT = 1e-3
"""A block has a byte at least: what weighs less was not drawn but counted."""
_NONE_SEEN = 3.688879
"""The most blocks of which none is drawn, at 97.5 % (Poisson: -ln 0.025)."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class State(Generic[Key]):
    """What one profile says. x: seconds, or an order. values: by site, with the variance of each, which is 0 for counts."""

    x: float
    values: Map[Key, tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One site. change: over the span, low to high with 95 %; per: its pace, and its interval, for one `unit`: a second,
    or from one reading to the next where there are no times. chance: of such a growth where nothing grows. proven: beyond chance, all
    sites considered (Holm). shape: None below four states. last: the value at the newest state.
    """

    change: int
    low: int
    high: int
    per: float
    low_per: float
    high_per: float
    unit: Literal["s", "sample"]
    chance: float
    shape: Shape | None
    states: int
    span: float
    last: int
    proven: bool = False

    @property
    def grows(self) -> bool:
        """Beyond chance, and no step, no warm-up that has ended."""
        return self.proven and self.shape in (None, "growing", "unclear") and self.low > 0

    @property
    def has_pace(self) -> bool:
        """It grows, and by times: of an order there is no rate."""
        return self.grows and self.unit == "s"


def grow(
    states: Sequence[State[Key]], *, period: float = 0.0, per: Literal["s", "sample"] = "s", quantum: int = 1
) -> dict[Key, Growth]:
    """The growth of every site, those with the largest change first; nothing where there are fewer than two states.

    states: in the order of x, each of another moment. period: bytes between two samples on average; 0 for counts.
    """
    if len(states) < 2 or states[-1].x <= states[0].x:
        return {}
    keys = dict.fromkeys(key for state in states for key in state.values)
    tested = sorted(keys, key=lambda key: -_rise(states, key))[:MOST_TESTED]
    found = {key: _growth(states, key, period, per, quantum) for key in tested}
    kept = holm([one.chance for one in found.values()], looked_at=len(keys))
    proven = {key: replace(one, proven=is_kept) for (key, one), is_kept in zip(found.items(), kept, strict=True)}
    return dict(sorted(proven.items(), key=lambda item: -item[1].change))


def _rise(states: Sequence[State[Key]], key: Key) -> int:
    """The later half less the earlier one: one wild state counts no more than the others."""
    half = len(states) // 2
    later, earlier = (
        sum(state.values.get(key, (0, 0.0))[0] for state in part) for part in (states[-half:], states[:half])
    )
    return later - earlier


def _growth(states: Sequence[State[Key]], key: Key, period: float, per: Literal["s", "sample"], quantum: int) -> Growth:
    xs = [state.x for state in states]
    pairs = [state.values.get(key, (0, 0.0)) for state in states]
    values, variances = [value for value, _ in pairs], [variance for _, variance in pairs]
    if len(xs) < LEAST:
        return _difference(xs, values, variances, per, period)
    return _line(xs, values, variances, per, quantum)


def _line(
    xs: Sequence[float], values: Sequence[int], variances: Sequence[float], per: Literal["s", "sample"], quantum: int
) -> Growth:
    span = xs[-1] - xs[0]
    line = fit([(x - xs[0]) / span for x in xs], [float(value) for value in values], quantum)
    drawn = slope_error(xs, variances) * span
    whole = line.error**2 + drawn**2
    freedom = line.freedom * (whole / line.error**2) ** 2 if line.error > 0 else math.inf
    half = math.hypot(student_quantile(0.975, freedom) * math.sqrt(whole), line.rounding) if whole else line.rounding
    beyond = max(0.0, line.slope - line.rounding)
    chance = student_sf(beyond / math.sqrt(whole), freedom) if whole > 0 else 0.0 if beyond > 0 else 1.0
    course = trend(list(zip(xs, values, strict=True)), quantum=quantum, per=per, restarts=False)
    shape: Shape = course.shape if isinstance(course, Trend) else "unclear"
    if shape == "step" and max(b - a for a, b in pairwise(xs)) > CLUMPED * span:
        shape = "unclear"
    return Growth(
        change=round(line.slope),
        low=round(line.slope - half),
        high=round(line.slope + half),
        per=line.slope / span,
        low_per=(line.slope - half) / span,
        high_per=(line.slope + half) / span,
        unit=per,
        chance=chance,
        shape=shape,
        states=len(xs),
        span=span,
        last=values[-1],
    )


def _difference(
    xs: Sequence[float], values: Sequence[int], variances: Sequence[float], per: Literal["s", "sample"], period: float
) -> Growth:
    """The last state less the first; the interval from those of both (Zou and Donner 2008), as if they shared no block."""
    (first, first_variance), (last, last_variance) = (values[0], variances[0]), (values[-1], variances[-1])
    change, span = last - first, xs[-1] - xs[0]
    before, after = _bounds(first, first_variance, period), _bounds(last, last_variance, period)
    low = change - math.hypot(last - after[0], before[1] - first)
    high = change + math.hypot(after[1] - last, first - before[0])
    drawn = (first_variance + last_variance) / (first + last) if period > 0 and first + last > 0 else float(period <= 0)
    if drawn > _EXACT:  # of counts, each is as good as one drawn block
        chance = more_by_chance(max(first, 0) / drawn, max(last, 0) / drawn)
    else:
        chance = 0.0 if change > 0 else 1.0
    return Growth(
        change=change,
        low=round(low),
        high=round(high),
        per=change / span,
        low_per=low / span,
        high_per=high / span,
        unit=per,
        chance=chance,
        shape=None,
        states=len(xs),
        span=span,
        last=last,
    )


def _bounds(value: int, variance: float, period: float) -> tuple[float, float]:
    if period <= 0:
        return value, value
    if value == 0:
        return 0.0, _NONE_SEEN * period
    return interval(value, variance if variance >= 1 else 0.0)
