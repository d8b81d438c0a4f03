"""The shape of a course: does growth go on through the whole series, or was it a step, a warm-up, nothing?

A step, a warm-up and a plateau are trends to every classical test (least squares and Mann-Kendall call most of these
growing at any length); so an interval above zero is only the first of these guards, in this order:

1. two levels explain the series clearly better than the line does: "step";
2. the second half grows clearly slower than the first (by the halves' own errors, or because a curve that slows
   down explains the series twice as well as the line): "warm-up" when it has nearly stopped, else "unclear";
3. the last quarter grows clearly slower than half the pace: "unclear";
4. growth that set in late, or that sits in one to three jumps: "unclear" ("step" for one).

The guards err towards silence. A warm-up seen only in its early, straight
part passes all of them: "growing" says that growth went on without slowing while we looked, no more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from memwhy.model.trend import Shape
from memwhy.trend.curve import best_curve
from memwhy.trend.jumps import MOST, best_step, jumps, without
from memwhy.trend.significance import student_quantile
from memwhy.trend.slope import Line, fit, least_squares

TWO_LEVELS = 0.7
SLOWER = 0.75
STOPPED = 0.25
BENT = 0.5
REMAINS = 0.35
FEW, PORTIONS = 8, 0.8
"""Of fewer readings than eight, two changes may not make more than 80 % of the growth (on a line: 67 % of four)."""

HALVES_FROM = 10
"""From so many points on each half has an error of its own; below, the whole line's error stands in."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Slopes of the two halves of the time and the standard error of their difference."""

    first: float
    second: float
    error: float
    freedom: int
    first_error: float
    second_error: float

    @property
    def ratio(self) -> float:
        """Second slope by the first; infinite when the first half stands still, below zero when it turns."""
        return self.second / self.first if self.first else math.inf

    @property
    def slower(self) -> bool:
        """The second half grows clearly slower, and by a quarter at least."""
        gap = abs(self.first) * (1 - max(self.ratio, 0.0)) if self.first else 0.0
        return self.ratio < SLOWER and gap > student_quantile(0.975, self.freedom) * self.error

    @property
    def text(self) -> str:
        """One check line: the ratio with its 95 % range, where the first half has a clear slope."""
        reach = student_quantile(0.975, self.freedom)
        if abs(self.first) <= reach * self.first_error:
            return "the halves cannot be compared: the first shows no clear slope of its own"
        ratio = self.ratio
        wide = reach * math.hypot(self.second_error, ratio * self.first_error) / abs(self.first)
        return f"second half grows {ratio:.2f}x as fast as the first ({ratio - wide:.2f} to {ratio + wide:.2f})"


def compare_halves(xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float) -> Halves:
    """The two halves of the points against each other."""
    cut = len(xs) // 2
    if len(xs) >= HALVES_FROM:
        a, b = fit(xs[:cut], ys[:cut], quantum), fit(xs[cut:], ys[cut:], quantum)
        one, two = math.hypot(a.error, a.rounding / 2), math.hypot(b.error, b.rounding / 2)
        return Halves(a.slope, b.slope, math.hypot(one, two), a.freedom + b.freedom, one, two)
    odd = len(xs) % 2  # the middle point belongs to both halves
    first, _ = least_squares(xs[: cut + odd], ys[: cut + odd])
    second, _ = least_squares(xs[cut:], ys[cut:])
    half = 2 * math.sqrt(2) * math.hypot(line.error, line.rounding / 2)
    return Halves(first, second, half * math.sqrt(2), line.freedom, half, half)


def tell_shape(xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float) -> tuple[Shape, list[str]]:
    """The shape of gathered points about their line, and the checks that led to it."""
    halves = compare_halves(xs, ys, line, quantum)
    checks = [halves.text]
    moves = line.low > 0 or line.high < 0
    step = best_step(ys)
    noise = math.sqrt(step.unexplained / max(len(ys) - 3, 1))
    if (
        step.unexplained < TWO_LEVELS * _power(line)
        and abs(step.size) > 1.5 * quantum
        and abs(step.size) > 4 * noise * math.sqrt(1 / step.at + 1 / (len(ys) - step.at))
        and _stands_out(ys, step.at, step.size)
    ):
        gap = xs[step.at] - xs[step.at - 1]
        if gap > (xs[-1] - xs[0]) / 4 and len(xs) > 5:
            return "unclear", [*checks, "all of the change lies in a gap without readings"]
        return "step", [*checks, f"two levels {step.size:+.4g} apart explain it better than a line"]
    bends = _bends(xs, ys, line, quantum)
    if (halves.slower and (moves or bends)) or (bends and halves.ratio < SLOWER):
        if halves.ratio < STOPPED and halves.first > 0:
            return "warm-up", [*checks, "growth has nearly ended within the series"]
        return "unclear", [*checks, "it slows down: a course that will end, or that pauses"]
    if not moves:
        mirrored = [1 - x for x in reversed(xs)], [-y for y in reversed(ys)]
        if _bends(*mirrored, line, quantum) and abs(halves.ratio) > 1 / SLOWER:
            return "unclear", [*checks, "it moves only towards the end"]
        return "flat", checks
    return _guard(xs, ys, line, halves, quantum, checks)


def _guard(
    xs: Sequence[float], ys: Sequence[float], line: Line, halves: Halves, quantum: float, checks: list[str]
) -> tuple[Shape, list[str]]:
    """Growing or falling, unless the end, the beginning or a few jumps speak against it."""
    last = len(xs) - max(3, len(xs) // 4)
    tail, _ = least_squares(xs[last:], ys[last:])
    middle = math.fsum(xs[last:]) / (len(xs) - last)
    scatter = math.sqrt(_power(line) / (len(xs) - 2) / math.fsum((x - middle) ** 2 for x in xs[last:]))
    sign = 1 if line.slope > 0 else -1
    if len(xs) >= HALVES_FROM and sign * tail + 1.5 * (scatter + line.rounding) < 0.5 * abs(line.slope):
        return "unclear", [*checks, "the last quarter hardly goes on with it"]
    late = sign * halves.first < REMAINS * abs(line.slope) and abs(halves.second - halves.first) > halves.error
    if late:
        return "unclear", [*checks, "it began only in the second half"]
    if len(xs) < FEW and _in_portions(xs, [sign * y for y in ys], quantum):
        return "unclear", [*checks, f"two of {len(xs) - 1} changes make most of it"]
    taken = [jump for jump in jumps(xs, ys, quantum) if jump[1] * sign > 0][:MOST]
    for count in range(1, len(taken) + 1):
        left, _ = least_squares(xs, without(ys, taken[:count]))
        if sign * left < REMAINS * abs(line.slope):
            share = f"{min(1 - left / line.slope, 1):.0%} of the change"
            if count == 1:
                return "step", [*checks, f"one jump makes {share}"]
            return "unclear", [*checks, f"{count} jumps make {share}"]
    return "growing" if sign > 0 else "falling", checks


def _in_portions(xs: Sequence[float], ys: Sequence[float], quantum: float) -> bool:
    """Two of the few changes make most of the rise, and far more than their time alone would give them."""
    rise, span = ys[-1] - ys[0], xs[-1] - xs[0]
    changes = sorted(
        ((d - c - quantum, b - a) for (a, b), (c, d) in zip(pairwise(xs), pairwise(ys), strict=True)), reverse=True
    )
    share, share_of_time = (sum(values[:2]) for values in zip(*changes, strict=True))
    usual = 2 / len(changes)
    return rise <= 0 or share / rise - max(usual, share_of_time / span) > PORTIONS - usual


def _bends(xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float) -> bool:
    """A curve that slows down explains the series clearly better than the line, and rises far above the rest.

    Never where rounding alone explains why the readings leave the line.
    """
    if line.explained_by_rounding:
        return False
    rise, left_over = best_curve(xs, ys)
    noise = math.sqrt(left_over / (len(xs) - 3))
    return left_over < BENT * _power(line) and abs(rise) > 4 * noise + 1.5 * quantum


def _power(line: Line) -> float:
    return math.fsum(r * r for r in line.residuals)


def _stands_out(ys: Sequence[float], at: int, size: float) -> bool:
    """Half of the step at least is made within three points: a steady climb is not."""
    around = ys[max(at - 2, 0) : at + 2]
    return (max(around) - min(around)) > abs(size) / 2
