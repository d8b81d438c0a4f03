"""Noise: how strongly neighbouring readings hang together, and what is a lone wild one."""

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

from memwhy.trend.middle import median

MOST_CORRELATED = 0.96


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
