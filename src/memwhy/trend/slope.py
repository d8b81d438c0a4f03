"""The slope of a line with an interval that allows for autocorrelation and for rounding.

Neither the usual regression error (it takes readings for independent) nor Theil-Sen's (so does it) holds for
memory series. Here the error is read off the noise's own slow waves: residuals are projected on the few slowest
cosines orthogonal to the line (Müller 2007; Lazarus, Lewis, Stock and Watson 2018), each weighed by the power
which an AR(1) process of the measured correlation has there (prewhitening, Andrews and Monahan 1992). For white
Gaussian noise the interval is exact at every n, by construction Student's t. Coverage in bench/calibration.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import mul

from memwhy.trend.middle import fmean, median
from memwhy.trend.noise import autocorrelation, weighted_variance
from memwhy.trend.significance import Z_975, student_point, student_quantile

WAVES = 6
"""Most cosines. Twelve would narrow the interval of 72 points by 8 %, but hold the slope under AR(1) 0.9 plus white
noise in 76 instead of 85 of 100 series (measured)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line. error: the slope's standard error; freedom: its degrees; rounding: the most that the
    readings' resolution can have bent it; grain: the standard error that rounding alone gives it. correlation: of neighbours.
    explained_by_rounding: no reading is further from the line than half a quantum.
    bounds: the interval where more is unknown than the line itself, else None.
    """

    slope: float
    error: float
    freedom: int
    rounding: float
    grain: float
    correlation: float
    explained_by_rounding: bool
    residuals: tuple[float, ...]
    bounds: tuple[float, float] | None = None

    @property
    def half_width(self) -> float:
        return math.hypot(student_quantile(0.975, self.freedom) * self.error, self.rounding)

    @property
    def low(self) -> float:
        return self.bounds[0] if self.bounds else self.slope - self.half_width

    @property
    def high(self) -> float:
        return self.bounds[1] if self.bounds else self.slope + self.half_width

    def reach(self, readings: int, error: float = 0.0) -> float:
        """How far from zero the slope has to lie to be taken for growth: the more readings, the further.

        One more unknown pays from z² above ln n on (Schwarz 1978); 1.96 is that of 47 readings, and fewer are held to it. In a
        hundred thousand readings the slightest misfit of the noise is significant. error: another than the line's own.
        """
        z = max(math.sqrt(math.log(readings)), Z_975)
        own = math.hypot(student_point(z, self.freedom) * (error or self.error), self.rounding)
        return max(own, self.slope - self.bounds[0]) if self.bounds else own

    def detectable(self, readings: int) -> float:
        """The slope that would be called growing about nine times in ten.

        One t of 90 % puts zero outside of the reach so often; the guards of the shape cost two more (measured).
        """
        error = max(self.error, self.grain)
        return self.reach(readings, error) + 3 * student_quantile(0.9, self.freedom) * error + self.rounding


def fit(xs: Sequence[float], ys: Sequence[float], quantum: float) -> Line:
    """The line through at least four points of rising x."""
    slope, level = least_squares(xs, ys)
    middle = fmean(xs)
    residuals = [y - level - slope * (x - middle) for x, y in zip(xs, ys, strict=True)]
    spread = math.fsum((x - middle) ** 2 for x in xs)
    rounded = max(map(abs, residuals)) <= quantum / 2 * (1 + 1e-9)
    phi = 0.0 if rounded else autocorrelation(residuals)
    waves = min(len(xs) - 2, WAVES, max(3, len(xs) // 5))
    variance, freedom = _variance(xs, residuals, phi, waves)
    rounding = quantum / 2 * math.fsum(abs(x - middle) for x in xs) / spread
    grain = quantum / math.sqrt(12 * spread)
    return Line(slope, math.sqrt(variance / spread), freedom, rounding, grain, phi, rounded, tuple(residuals))


def least_squares(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Slope and level (y at the mean x) of the ordinary least-squares line."""
    middle, level = fmean(xs), fmean(ys)
    centred = [x - middle for x in xs]
    spread = math.fsum(map(mul, centred, centred))
    return math.fsum(c * (y - level) for c, y in zip(centred, ys, strict=True)) / spread, level


def _variance(xs: Sequence[float], residuals: Sequence[float], phi: float, waves: int) -> tuple[float, int]:
    """The variance of the residuals along the (unit) direction of the slope, and how many waves told it."""
    usual = median([b - a for a, b in pairwise(xs)])
    decays = [0.0, *(phi ** min((b - a) / usual, 1e3) if phi else 0.0 for a, b in pairwise(xs))]
    along, *others = _directions(xs, waves)
    if not others:
        return math.fsum(map(mul, residuals, residuals)), 1
    noise = [math.fsum(map(mul, d, residuals)) ** 2 / weighted_variance(d, decays) for d in others]
    return fmean(noise) * weighted_variance(along, decays), len(others)


def _directions(xs: Sequence[float], waves: int) -> list[list[float]]:
    """Orthonormal directions: the line's own, then the slowest waves, all orthogonal to a constant and the line.

    Fewer than asked for where the points lie so badly (a few tight clusters) that waves coincide on them.
    """
    span = xs[-1] - xs[0]
    phases = [(x - xs[0]) / span * math.pi for x in xs]
    flat = [1 / math.sqrt(len(xs))] * len(xs)
    basis = [flat, _unit(phases, [flat])]
    for order in range(1, 4 * len(xs)):
        if len(basis) == waves + 2:
            break
        wave = _unit([math.cos(order * p) for p in phases], basis)
        if wave:
            basis.append(wave)
    return basis[1:]


def _unit(raw: list[float], known: list[list[float]]) -> list[float]:
    """What of raw is orthogonal to all known directions, at length 1; empty when nearly nothing is."""
    left = raw
    for _ in range(2):  # twice is enough for orthogonality at machine precision (Giraud 2005)
        for direction in known:
            share = math.fsum(map(mul, left, direction))
            left = [v - share * d for v, d in zip(left, direction, strict=True)]
    size = math.sqrt(math.fsum(map(mul, left, left)))
    return [v / size for v in left] if size > 1e-6 * math.sqrt(len(raw)) else []
