"""The median and the mean of some numbers. `statistics` has both, and takes decimal, fractions and random with it: 5 ms."""

from collections.abc import Iterable, Sequence
from math import fsum


def median(numbers: Iterable[float]) -> float:
    """The middle one, or the mean of the two in the middle. Raises ValueError where there are none."""
    ordered = sorted(numbers)
    if not ordered:
        raise ValueError("there is no median of nothing")
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def fmean(numbers: Sequence[float]) -> float:
    """The arithmetic mean. Raises ZeroDivisionError where there are none."""
    return fsum(numbers) / len(numbers)
