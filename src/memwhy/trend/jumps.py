"""Jumps: change that happens at once, between two neighbouring readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from memwhy.trend.middle import fmean, median

MOST = 3
"""So many jumps are taken away before growth is believed: growth in big portions is known from the fifth on."""


@dataclass(frozen=True, slots=True)
class Step:
    """Two levels that explain the series. at: index of the first point of the second level."""

    at: int
    size: float
    unexplained: float


def best_step(ys: Sequence[float]) -> Step:
    """The split of ys into two levels with the least sum of squares left over.

    From eight points on, the point at the split may lie anywhere (a stretch's mean may straddle the step).
    """
    n = len(ys)
    base = fmean(ys)
    sums = [0.0, *accumulate(y - base for y in ys)]
    squares = [0.0, *accumulate((y - base) ** 2 for y in ys)]
    best: Step | None = None
    for at in range(1, n):
        for skip in (0, 1) if n >= 8 and at < n - 1 else (0,):
            right = at + skip
            before, after = sums[at] / at, (sums[n] - sums[right]) / (n - right)
            left_over = (squares[at] - at * before**2) + (squares[n] - squares[right] - (n - right) * after**2)
            if best is None or left_over < best.unexplained:
                best = Step(right, after - before, max(left_over, 0.0))
    assert best is not None
    return best


def jumps(xs: Sequence[float], ys: Sequence[float], quantum: float) -> list[tuple[int, float]]:
    """(index of the point after it, size) of the changes that stand out from the series' usual pace, largest first.

    Standing out: more than four times the usual spread of the changes, and than one quantum.
    """
    pace = median([(d - c) / (b - a) for (a, b), (c, d) in zip(pairwise(xs), pairwise(ys), strict=True)])
    extra = [(d - c) - pace * (b - a) for (a, b), (c, d) in zip(pairwise(xs), pairwise(ys), strict=True)]
    least = 4 * 1.4826 * median(map(abs, extra)) + quantum
    out = [(i, e) for i, e in enumerate(extra, start=1) if abs(e) > least]
    return sorted(out, key=lambda jump: -abs(jump[1]))


def without(ys: Sequence[float], taken: Sequence[tuple[int, float]]) -> list[float]:
    """ys with these jumps taken away from all that follows them."""
    lowered = list(ys)
    for at, size in taken:
        lowered[at:] = [y - size for y in lowered[at:]]
    return lowered
