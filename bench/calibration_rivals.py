"""The field's methods, each answering "does it grow?" of one series: True, False, or None for "cannot say".

Where a method is public code it is done here as that code does it, and tests hold it to what that code answers
(tests/evidence/calibration). Where only a description is public, what was made of it is said. Tests are two-sided at
5 %, and growth is a rise. Their names are the columns of docs/calibration.md.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from calibration_shapes import HOUR, MIB, MINUTE, Random, Values
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from memwhy.trend.significance import student_quantile

Z_975 = 1.959964

Method = Callable[[Values, Values, Values], bool | None]
"""(seconds, bytes, load) to an answer."""


def line(ts: Values, ys: Values) -> tuple[float, float]:
    """Slope and value at the mean time of the least-squares line."""
    centred = ts - ts.mean()
    return float(centred @ ys / (centred @ centred)), float(ys.mean())


def ols(ts: Values, ys: Values, load: Values) -> bool:
    """Student's t of the least-squares slope, readings taken for independent."""
    slope, level = line(ts, ys)
    centred = ts - ts.mean()
    rest = ys - level - slope * centred
    error = math.sqrt(rest @ rest / (len(ts) - 2) / (centred @ centred))
    return slope > student_quantile(0.975, len(ts) - 2) * error


@lru_cache(maxsize=64)
def pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Values]:
    """The first and the second of all pairs of n readings, and how far they lie apart."""
    a, b = np.triu_indices(n, 1)
    return a, b, (b - a).astype(float)


def sen_slope(ys: Values) -> float:
    """The median of all slopes between two readings, one apart each (Sen 1968)."""
    a, b, apart = pairs(len(ys))
    return float(np.median((ys[b] - ys[a]) / apart))


def low_quantile(piece: Values, share: float) -> float:
    """np.quantile, as it interpolates unless told, without its cost for small pieces."""
    ordered, at = np.sort(piece), share * (len(piece) - 1)
    low = int(at)
    return float(ordered[low] + (at - low) * (ordered[min(low + 1, len(piece) - 1)] - ordered[low]))


def ranks(ys: Values) -> Values:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(ys, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Values = (ends - (counts - 1) / 2)[inverse]
    return shared


def hamed_rao(ys: Values) -> float:
    """z of Mann-Kendall with Hamed and Rao's (1998) variance, all significant lags, as pymannkendall 1.4.3 has it.

    That is: detrended by Sen's slope, autocorrelation of the ranks, ties in the variance; NaN where it becomes negative.
    """
    n = len(ys)
    earlier, later, _ = pairs(n)
    s = float(np.sign(ys[later] - ys[earlier]).sum())
    ties = np.unique(ys, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    rank = ranks(ys - np.arange(1, n + 1) * sen_slope(ys))
    away = rank - rank.mean()
    power = np.correlate(away, away, "full")[n - 1 :]
    if power[0] <= 0:
        return 0.0
    acf, lags = power[1:] / power[0], np.arange(1, n)
    heavy = (n - lags) * (n - lags - 1) * (n - lags - 2) * acf
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * float(heavy[np.abs(acf) > Z_975 / math.sqrt(n)].sum())
    if variance * factor <= 0:
        return math.nan
    return (s - math.copysign(1, s)) / math.sqrt(variance * factor) if s else 0.0


def mann_kendall(ts: Values, ys: Values, load: Values) -> bool:
    return hamed_rao(ys) > Z_975


def newey_west(ts: Values, ys: Values, lags: int | None = None) -> float:
    """t of the slope with Newey and West's (1987) error, Bartlett weights; lags by Andrews (1991) unless told.

    Andrews' bandwidth from the AR(1) of the scores: 1.1447 (4 rho² / ((1 - rho)² (1 + rho)²) n)^(1/3). No correction for
    small samples.
    """
    slope, level = line(ts, ys)
    centred = ts - ts.mean()
    scores = centred * (ys - level - slope * centred)
    n, power = len(ts), float(scores @ scores)
    if power <= 0:
        return math.copysign(math.inf, slope) if slope else 0.0
    if lags is None:
        rho = min(max(float(scores[1:] @ scores[:-1]) / power, -0.97), 0.97)
        lags = min(int(1.1447 * (4 * rho**2 / ((1 - rho) ** 2 * (1 + rho) ** 2) * n) ** (1 / 3)), n - 1)
    long_run = power + 2 * sum((1 - k / (lags + 1)) * float(scores[k:] @ scores[:-k]) for k in range(1, lags + 1))
    return slope / (math.sqrt(max(long_run, 1e-300)) / float(centred @ centred))


def hac(ts: Values, ys: Values, load: Values) -> bool:
    return newey_west(ts, ys) > Z_975


def blocks(ts: Values, ys: Values, count: int) -> list[Values]:
    """The values of each of `count` equal stretches of time; those without a reading left out."""
    cuts = np.searchsorted(ts, np.linspace(ts[0], ts[-1], count + 1)[1:-1])
    return [piece for piece in np.split(ys, cuts) if len(piece)]


def theil_sen(ts: Values, ys: Values, load: Values) -> bool:
    """Theil-Sen on the means of 36 stretches; its 95 % interval by a moving-block bootstrap of the residuals.

    199 drawings (Künsch 1989) with blocks of six stretches. Growth where its lower end lies above zero.
    """
    means = np.array([piece.mean() for piece in blocks(ts, ys, 36)])
    n, slope = len(means), sen_slope(means)
    rest = means - slope * np.arange(n)
    long = min(6, n)
    windows = sliding_window_view(rest - rest.mean(), long)
    random = Random(np.random.PCG64(n))
    picks = random.integers(0, len(windows), (199, math.ceil(n / long)))
    drawn = windows[picks].reshape(199, -1)[:, :n]
    a, b, apart = pairs(n)
    slopes = np.median((drawn[:, b] - drawn[:, a]) / apart, axis=1)
    return slope - float(np.quantile(slopes, 0.975)) > 0


def precog(ts: Values, ys: Values, load: Values) -> bool:
    """After Precog (Jindal et al. 2021): a rising line over all readings that explains more than 0.8 of their variance.

    A simplification: the paper trains on earlier windows and asks when memory would be full, which needs a size.
    """
    slope, level = line(ts, ys)
    away = ys - level
    rest = away - slope * (ts - ts.mean())
    total = float(away @ away)
    return slope > 0 and total > 0 and 1 - float(rest @ rest) / total > 0.8


def resin(ts: Values, ys: Values, load: Values) -> bool:
    """After RESIN (Lou et al., OSDI 2022), for one process: usage in buckets of 5 % of its first level, time in twelve.

    Growth where the bucket of the stretches' medians rises by two at least, rises in the second half too, and falls
    back once at most. The paper's scheme counts the hosts in each bucket over a fleet; one process has none.
    """
    medians = np.array([float(np.median(piece)) for piece in blocks(ts, ys, 12)])
    bucket = np.floor(medians / (0.05 * max(medians[0], 1)))
    falls = int((np.diff(bucket) < 0).sum())
    return bool(bucket[-1] - bucket[0] >= 2 and bucket[-1] > bucket[len(bucket) // 2] and falls <= 1)


def coroot(ts: Values, ys: Values, load: Values) -> bool:
    """The memory-leak check of Coroot (auditor/memory.go, MemoryGrowthPct, August 2026) without a memory limit.

    The longest stretch between falls by half is kept; ten readings at least, and a third of all. Its least-squares line
    has to rise, the last quarter (15 minutes at least) at 0.3 of its pace, by 50 MiB over the last hour, and by more
    than 10 % of where the line was an hour ago (model/check.go: DefaultThreshold). Less than an hour is extrapolated.
    """
    cuts = np.flatnonzero((ys[1:] < ys[:-1] * 0.5) & (ys[:-1] > 0)) + 1
    pieces = list(zip(np.split(ts, cuts), np.split(ys, cuts), strict=True))
    xs, vs = max(pieces, key=lambda piece: len(piece[0]))
    if len(xs) < 10 or len(xs) < len(ts) // 3:
        return False
    slope, level = line(xs, vs)
    tail = len(xs) - len(xs) // 4
    while tail > 0 and xs[-1] - xs[tail] < 15 * MINUTE:
        tail -= 1
    if slope <= 0 or len(xs) - tail < 5 or line(xs[tail:], vs[tail:])[0] < max(slope * 0.3, 1e-12):
        return False
    now = level + slope * (ts[-1] - xs.mean())
    before = now - slope * HOUR
    return bool(now > 0 and now - before >= 50 * MIB and (now - before) / (before if before > 0 else now) > 0.1)


def guarded(ts: Values, ys: Values) -> bool:
    """A robust floor with guards: the 10 % quantile of 36 stretches, Theil-Sen with an error for AR(1), z above 2.8.

    Growth of 1 % of the level at least; each third at more than 0.25 of the whole's pace; 0.35 of it left without the
    largest jump; the second half at more than 0.4 of the first.
    """
    floor = np.array([low_quantile(piece, 0.1) for piece in blocks(ts, ys, 36)])
    n, slope = len(floor), sen_slope(floor)
    if n < 9 or slope * (n - 1) < 0.01 * float(np.median(floor)):
        return False
    at = np.arange(n)
    rest = floor - slope * at
    rest -= np.median(rest)
    power = float(rest @ rest)
    phi = min(max(float(rest[1:] @ rest[:-1]) / power if power > 0 else 0.0, 0.0), 0.95)
    spread = float(((at - at.mean()) ** 2).sum())
    if slope <= 2.8 * math.sqrt(power / (n - 2) / spread * (1 + phi) / (1 - phi)):
        return False
    if min(sen_slope(part) for part in np.array_split(floor, 3)) <= 0.25 * slope:
        return False
    jumps = np.diff(floor)
    largest = int(np.argmax(jumps))
    if sen_slope(floor - (at > largest) * (jumps[largest] - slope)) <= 0.35 * slope:
        return False
    return sen_slope(floor[n // 2 :]) > 0.4 * sen_slope(floor[: n // 2])


def robust(ts: Values, ys: Values, load: Values) -> bool:
    return guarded(ts, ys)


def robust_with_load(ts: Values, ys: Values, load: Values) -> bool | None:
    """The same with the load taken out where it correlates by more than 0.5; undecided where the load itself rose."""
    rho = float(np.corrcoef(ys, load)[0, 1]) if ys.std() > 0 and load.std() > 0 else 0.0
    if abs(rho) <= 0.5:
        return guarded(ts, ys)
    share, _ = line(load, ys)
    grows = guarded(ts, ys - share * (load - load.mean()))
    return None if grows and guarded(ts, load * ys.mean() / load.mean()) else grows


RIVALS: dict[str, Method] = {
    "OLS t-test": ols,
    "Mann-Kendall, Hamed-Rao": mann_kendall,
    "Theil-Sen, block bootstrap": theil_sen,
    "HAC (Newey-West, Andrews)": hac,
    "Precog-like": precog,
    "RESIN-like": resin,
    "Coroot's rule": coroot,
    "robust floor + guards": robust,
    "robust + guards + load": robust_with_load,
}
