"""Significance: how improbable a growth is where nothing grows, and what is left of it when many sites are looked at."""

import math
from collections.abc import Sequence
from functools import lru_cache

ALPHA = 0.05
Z_975 = 1.959963984540054
"""97.5 % point of the normal distribution."""
_STEPS = 300
_TINY = 1e-300
_MANY = 1e6
"""From so many degrees of freedom on Student's t is the normal distribution."""
_NORMAL = 20_000
"""Of so many blocks the binomial distribution is the normal one."""


def student_sf(t: float, freedom: float) -> float:
    """P(T > t) of Student's t; freedom need be no whole number (Welch 1947), infinity is the normal distribution."""
    if freedom > _MANY:
        return 0.5 * math.erfc(t / math.sqrt(2))
    tail = 0.5 * beta_share(freedom / 2, 0.5, freedom / (freedom + t * t))
    return tail if t >= 0 else 1 - tail


@lru_cache(maxsize=1024)
def student_quantile(share: float, freedom: float) -> float:
    """The t that is exceeded with probability 1 - share, for share above a half; by bisection to 1e-9."""
    low, high = 0.0, 1.0
    while student_sf(high, freedom) > 1 - share and high < 1e9:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_sf(middle, freedom) > 1 - share else (low, middle)
    return (low + high) / 2


def student_point(z: float, freedom: float) -> float:
    """The t that is as rare as z of the normal distribution; z above 0."""
    return student_quantile(1 - 0.5 * math.erfc(z / math.sqrt(2)), freedom)


def more_by_chance(first: float, last: float) -> float:
    """P(so many of all drawn blocks at the second of two readings), were both readings of one size: I_½(last, first + 1), the
    binomial test given their sum, for counts that need not be whole. 1 where nothing was drawn at the second."""
    if last <= 0:
        return 1.0
    if first + last > _NORMAL:
        return student_sf((last - first) / math.sqrt(first + last), math.inf)
    return beta_share(last, first + 1, 0.5)


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    size = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return min(1.0, math.exp(size) * _fraction(a, b, x) / a)


def _fraction(a: float, b: float, x: float) -> float:
    value = c = 1.0
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / (d or _TINY)
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / ((1 + step * d) or _TINY)
            c = (1 + step / c) or _TINY
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def holm(chances: Sequence[float], looked_at: int = 0, alpha: float = ALPHA) -> list[bool]:
    """Which of these are beyond chance when that many are looked at (Holm 1979): with probability 1 - alpha none of them is
    wrong, however they hang together. looked_at: at least the number of chances; the others count as 1."""
    tests = max(looked_at, len(chances))
    kept = [False] * len(chances)
    for rank, index in enumerate(sorted(range(len(chances)), key=lambda i: chances[i])):
        if chances[index] > alpha / (tests - rank):
            break
        kept[index] = True
    return kept
