"""What a sum of drawn blocks may be off by: intervals for figures that come of sampling."""

import math

_Z = 1.959964
"""Of the normal distribution, for 95 %."""


def interval(estimate: float, variance: float, surely: int = 0) -> tuple[int, int]:
    """A 95 % interval for a sum of weights, never below what was seen. variance 0: the estimate is exact.

    The samples count as a Poisson number of equal ones (estimate² / variance of them); its exact interval by quantiles
    of chi-square, after Wilson and Hilferty (1931).
    """
    if variance <= 0 or estimate <= 0:
        return round(estimate), round(estimate)
    count = estimate * estimate / variance
    low = estimate / count * _chi_square(2 * count, -_Z) / 2
    high = estimate / count * _chi_square(2 * (count + 1), _Z) / 2
    return max(round(low), surely), max(round(high), surely)


def _chi_square(freedom: float, z: float) -> float:
    spread = 2 / (9 * freedom)
    return freedom * max(0.0, 1 - spread + z * math.sqrt(spread)) ** 3
