"""Points: raw readings put in order, cut at restarts, and gathered into few equal stretches of time."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from operator import lt, sub

from memwhy.trend.middle import fmean, median

FINE = 720
"""Most points that are looked at one by one (for teeth); more are averaged into this many stretches."""

BLOCKS = 40
"""Stretches the slope is computed from when there are more than RAW points. Averaging removes most of the
short-range correlation, and 40 leave enough for a spectrum of the rest."""

RAW = 60
FAR, HUGE = 1e15, 1e30
"""No time and no value of a process lies beyond: NaN, infinities and nonsense."""

RESTART = 0.5
RESTARTS_AT_MOST = 2
TOOTH = 0.25
TOUCH = 1e-9


@dataclass(frozen=True, slots=True)
class Points:
    """Cleaned readings, x strictly rising. checks: what had to be done to them."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    checks: tuple[str, ...] = ()

    @property
    def span(self) -> float:
        return self.xs[-1] - self.xs[0] if self.xs else 0.0

    @property
    def step(self) -> float:
        """The usual distance between two readings; 0 when there are fewer than two."""
        return median(map(sub, self.xs[1:], self.xs)) if len(self.xs) > 1 else 0.0

    @property
    def widest(self) -> float:
        """The longest time without a reading."""
        return max(map(sub, self.xs[1:], self.xs), default=0.0)


def tidy(points: Sequence[tuple[float, int]]) -> Points:
    """Points sorted by x, readings of one x averaged, those without a usable x and value left out."""
    if not points:
        return Points((), ())
    xs, ys = [x for x, _ in points], [y for _, y in points]
    if all(map(lt, xs, islice(xs, 1, None))) and xs[0] > -FAR and xs[-1] < FAR and _usable(ys) and not _touch(xs):
        return Points(tuple(map(float, xs)), tuple(map(float, ys)))
    checks = []
    good = [(float(x), float(y)) for x, y in points if -FAR < x < FAR and -HUGE < y < HUGE]
    if len(good) < len(points):
        checks.append(f"{len(points) - len(good)} readings without a usable time or value left out")
    ordered = sorted(good)
    back = sum(b[0] < a[0] for a, b in pairwise(good))
    if back:
        checks.append(f"not in order of time ({back} times backwards): sorted")
    if ordered and _touch([x for x, _ in ordered]):
        before, grain = len(ordered), (ordered[-1][0] - ordered[0][0]) * TOUCH or 1.0
        same = [list(group) for _, group in groupby(ordered, key=lambda p: round((p[0] - ordered[0][0]) / grain / 2))]
        ordered = [(group[0][0], fmean([y for _, y in group])) for group in same]
        checks.append(f"{before - len(ordered)} readings share their time with another: averaged")
    return Points(tuple(x for x, _ in ordered), tuple(y for _, y in ordered), tuple(checks))


def _usable(ys: Sequence[float]) -> bool:
    """Whether all values lie within bounds; a NaN among them makes their sum one."""
    return min(ys) > -HUGE and max(ys) < HUGE and -math.inf < sum(ys) < math.inf


def _touch(xs: Sequence[float]) -> bool:
    """Whether two of the rising xs are one moment for all that matters: within a billionth of the span."""
    return min(map(sub, islice(xs, 1, None), xs), default=math.inf) <= (xs[-1] - xs[0]) * TOUCH


def last_life(points: Points) -> Points:
    """What follows the last fall by more than half: a process that restarted begins anew.

    More than two such falls are teeth of a collector (or of a supervisor) and not cut: each tooth alone would
    look like growth. Nor is a fall cut that only leads back to where the series has been before: to half or a
    quarter (GOGC 100 to 300) and not below its start. The fall has to last for two readings.
    """
    ys = points.ys
    if not ys or min(ys) >= max(ys) * RESTART >= 0:
        return points
    falls = [i for i in range(1, len(ys)) if ys[i] < ys[i - 1] * RESTART and _stays(ys, i)]
    if not falls:
        return points
    if len(falls) > RESTARTS_AT_MOST:
        text = f"falls by more than half {len(falls)} times: taken for teeth, not for restarts"
        return Points(points.xs, ys, (*points.checks, text))
    cut = falls[-1]
    if ys[cut] > ys[cut - 1] * TOOTH and ys[cut] > min(ys[:cut]) * 0.9 and max(ys[cut:]) < ys[cut - 1] * 1.25:
        text = f"falls from {ys[cut - 1]:.0f} to {ys[cut]:.0f}, back to an earlier level: not taken for a restart"
        return Points(points.xs, ys, (*points.checks, text))
    text = f"restart: falls from {ys[cut - 1]:.0f} to {ys[cut]:.0f} after {cut} readings; only what follows is judged"
    return Points(points.xs[cut:], ys[cut:], (*points.checks, text))


def _stays(ys: Sequence[float], fall: int) -> bool:
    return fall + 1 == len(ys) or ys[fall + 1] < ys[fall - 1] * RESTART


def gather(xs: Sequence[float], ys: Sequence[float], most: int) -> tuple[list[float], list[float]]:
    """Means of x and y over `most` equal stretches of time; empty stretches (gaps) are left out.

    A lone wild reading does not move its stretch: within it, readings further from the stretch's median
    than five times the usual spread are pulled in to that distance.
    """
    width = (xs[-1] - xs[0]) / most
    bounds = [0, *(bisect_left(xs, xs[0] + width * k) for k in range(1, most)), len(xs)]
    pieces = [(xs[a:b], ys[a:b]) for a, b in pairwise(bounds) if b > a]
    spread = _spread([piece for _, piece in pieces])
    return [fmean(x) for x, _ in pieces], [_mean(y, spread) for _, y in pieces]


def _spread(pieces: list[Sequence[float]]) -> float:
    """Five times the usual distance of a reading from its stretch's median (Gaussian scale)."""
    away: list[float] = []
    for piece in pieces[:: 1 + len(pieces) // 100]:
        if len(piece) > 2:
            middle = median(piece)
            away += [abs(y - middle) for y in piece]
    return 5 * 1.4826 * median(away) if away else math.inf


def _mean(piece: Sequence[float], spread: float) -> float:
    """The mean of one stretch, its wild readings pulled in to `spread` from the median."""
    if len(piece) < 3 or spread in (0.0, math.inf) or max(piece) - min(piece) <= spread:
        return fmean(piece)
    middle = median(piece)
    low, high = middle - spread, middle + spread
    return fmean([min(max(y, low), high) for y in piece])
