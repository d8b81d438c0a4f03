"""Noise: how strongly neighbouring readings hang together, and what is a lone wild one."""

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

from memwhy.trend.middle import median

MOST_CORRELATED = 0.96

_T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
_T_900 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356)


def student_975(freedom: int) -> float:
    """97.5 % point of Student's t for 1 to 12 degrees of freedom (every table of it)."""
    return _T_975[freedom - 1]


def student_900(freedom: int) -> float:
    """90 % point of Student's t for 1 to 12 degrees of freedom."""
    return _T_900[freedom - 1]


def student(z: float, freedom: int) -> float:
    """The point of Student's t that is as rare as z of the normal distribution, for 1 to 12 degrees of freedom.

    By Wallace's (1959) approximation, turned round, as a multiple of the table's 97.5 % point: exact there, above it within
    1 % from three degrees on.
    """
    return student_975(freedom) * _wallace(z, freedom) / _wallace(1.96, freedom)


def _wallace(z: float, freedom: int) -> float:
    near = z * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(near * near / freedom))


def autocorrelation(residuals: Sequence[float]) -> float:
    """The correlation of neighbours about a fitted line, 0 to 0.96, made up for its bias in short series.

    About a line the plain estimate falls short by (2 + 4 phi) / n (Kendall 1954, Marriott and Pope 1954, for a
    linear mean as in Grenander and Rosenblatt 1957). Negative correlation is not used to narrow an interval.
    """
    n = len(residuals)
    power = math.fsum(map(mul, residuals, residuals))
    if n < 6 or power <= 0:
        return 0.0
    phi = math.fsum(a * b for a, b in pairwise(residuals)) / power
    return min(max((n * phi + 2) / (n - 4), 0.0), MOST_CORRELATED)


def weighted_variance(weights: Sequence[float], decays: Sequence[float]) -> float:
    """The variance of sum(w * y) for a unit AR(1) process; decays[i] is the correlation of points i and i + 1."""
    carried = total = 0.0
    previous = 0.0
    for weight, decay in zip(weights, decays, strict=True):
        carried = (carried + previous) * decay
        total += weight * (weight + 2 * carried)
        previous = weight
    return total


def tame(ys: Sequence[float], quantum: float) -> list[float]:
    """Readings with lone excursions (one or two in a row) pulled in to five times the usual roughness.

    Each is compared with the two middle ones of its four neighbours: lines, steps, stairs and slow waves lie between
    these and pass unchanged, a spike does not. The two readings at either end stay, and so do fewer than seven.
    """
    if len(ys) < 7:
        return list(ys)
    inner = [sorted((*ys[i - 2 : i], *ys[i + 1 : i + 3]))[1:3] for i in range(2, len(ys) - 2)]
    away = [abs(y - (low + high) / 2) for y, (low, high) in zip(ys[2:-2], inner, strict=True)]
    reach = 5 * 1.4826 * median(away) + quantum
    calm = [min(max(y, low - reach), high + reach) for y, (low, high) in zip(ys[2:-2], inner, strict=True)]
    return [*ys[:2], *calm, *ys[-2:]]
