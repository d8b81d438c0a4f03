"""Curves that slow down: an approach to a level, and growth as the logarithm of time."""

import math
from collections.abc import Callable, Sequence
from operator import mul

from memwhy.trend.slope import least_squares

PACES = (0.03, 0.06, 0.12, 0.2, 0.35, 0.6, 1.0)
"""Time constants tried, as shares of the span. Slower ones look straight within it."""


def best_curve(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """(rise, sum of squares left over) of the slowing curve nearest to the points, x from 0 to 1.

    Tried are 1 - exp(-x / t) and log(1 + x / t) for each pace t. rise: last minus first point of the curve.
    """
    return min((_fit(form, pace, xs, ys) for form in (_approach, _logarithm) for pace in PACES), key=lambda r: r[1])


def _approach(x: float, pace: float) -> float:
    return 1 - math.exp(-x / pace)


def _logarithm(x: float, pace: float) -> float:
    return math.log1p(x / pace)


def _fit(
    form: Callable[[float, float], float], pace: float, xs: Sequence[float], ys: Sequence[float]
) -> tuple[float, float]:
    bent = [form(x, pace) for x in xs]
    size, level = least_squares(bent, ys)
    middle = math.fsum(bent) / len(bent)
    left = [y - level - size * (b - middle) for b, y in zip(bent, ys, strict=True)]
    return size * (bent[-1] - bent[0]), math.fsum(map(mul, left, left))
