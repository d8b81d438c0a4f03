"""Growth beside something that settles: a leak under a step, under a ramp that ended, under a warm-up.

The guards of the shape call such a series a step or a warm-up, and so it is; what is left of it without that may go on
growing all the same. One thing at a time is taken away, three at most: two levels, a ramp up to a corner, or a curve that
slows down, each fitted together with a line by least squares. Often several of them explain a series about as well; then
growth is believed only as far as each of these leaves it, and its interval holds them all. Corners and paces are tried at
a few places only: the true one lies between the neighbours of the best, so these belong to it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul
from typing import Literal

from memwhy.trend.jumps import MOST, jumps, without
from memwhy.trend.noise import tame
from memwhy.trend.shape import REMAINS, TWO_LEVELS, tell_shape
from memwhy.trend.slope import Line, fit, least_squares

LEAST = 20
"""Of fewer points something that settles and a line explain nearly anything."""

EDGE = 3
"""So many points lie on either side of a step or a corner at least."""

SHARE = 0.1
"""What is left grows by a tenth of what was taken away at least: nothing settles exactly as a step or a curve does."""

AS_LIKELY = 3.84
"""Half of it is how far below the best one's log likelihood another explanation is still held (95 % of chi squared)."""

WARMING = tuple(0.02 * 2 ** (k / 2) for k in range(12))
SLOWING = tuple(0.0003 * 2**k for k in range(13))
"""Time constants tried, as shares of the span: an approach to a level, and growth as the logarithm of time."""

Name = Literal["a step", "a rise that ended", "a warm-up", "growth that slows down"]


@dataclass(frozen=True, slots=True)
class Settling:
    """One thing that may have settled, of height 1 or nearly. at: where, or how fast; place: which one of its kind that is.

    ones, squares: its sum, and that of its squares; times, rest: its products with the centred times, and with what the
    line left over.
    """

    name: Name
    place: int
    at: float
    ones: float
    squares: float
    times: float
    rest: float


@dataclass(frozen=True, slots=True)
class Without:
    """The series without one of them. stretch: how many times less exactly its slope is known for that; likely: it explains
    the series about as well as the best, and is more than its neighbour."""

    name: Name
    ys: list[float]
    stretch: float
    likely: bool


def goes_on(
    xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float, readings: int
) -> tuple[Line, str] | None:
    """The line beside what settled, and one check line, where what is left grows by all guards; else None.

    xs from 0 to 1; line: that of the points; readings: how many they were made of.
    """
    names: list[Name] = []
    stretch, settled = 1.0, 0.0
    for _ in range(MOST):
        likely, left_over = take_away(xs, ys, line, quantum)
        if left_over > TWO_LEVELS:
            return None
        best = likely[0]
        names.append(best.name)
        settled += abs((ys[-1] - ys[0]) - (best.ys[-1] - best.ys[0]))
        ys, line = best.ys, fit(xs, best.ys, quantum)
        if line.low > 0 and line.slope >= SHARE * settled and _grows(xs, ys, line, quantum):
            bounds = _bounds(xs, likely, quantum, readings, stretch)
            if bounds[0] <= 0:
                return None
            return replace(line, bounds=bounds), f"beside {' and '.join(names)} it goes on growing"
        stretch *= best.stretch
    return None


def take_away(xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float) -> tuple[list[Without], float]:
    """(the series without what explains it best and without each that is as likely, the share of the line's squares left over)."""
    n, middle = len(xs), math.fsum(xs) / len(xs)
    spread = math.fsum((x - middle) ** 2 for x in xs)
    power = math.fsum(map(mul, line.residuals, line.residuals))
    found: list[tuple[float, float, float, Settling]] = []
    for one in _candidates(xs, [x - middle for x in xs], line.residuals):
        whole = one.squares - one.ones**2 / n
        own = whole - one.times**2 / spread  # what of it no line explains
        if own > 1e-6 * whole and (one.rest > 0 or one.name == "a step"):
            found.append((max(power - one.rest**2 / own, 0.0), one.rest / own, math.sqrt(whole / own), one))
    if not found or power <= 0:
        return [], 1.0
    found.sort(key=lambda each: each[0])
    least, best = found[0][0], found[0][3]
    left = [Without(best.name, _left(found[0][1], best, xs, ys, quantum), found[0][2], True)]
    phi = fit(xs, left[0].ys, quantum).correlation
    limit = least * math.exp(AS_LIKELY / max(n * (1 - phi) / (1 + phi), 3.0))
    for left_over, size, stretch, one in found[1:]:
        likely = left_over <= limit
        if likely or (one.name == best.name != "a step" and abs(one.place - best.place) == 1):
            left.append(Without(one.name, _left(size, one, xs, ys, quantum), stretch, likely))
    return left, least / power


def _left(size: float, one: Settling, xs: Sequence[float], ys: Sequence[float], quantum: float) -> list[float]:
    """The series without it; a stretch in which a step lies is left as a lone wild reading, and tamed."""
    return tame([y - size * v for y, v in zip(ys, _values(one.name, one.at, xs), strict=True)], quantum)


def _grows(xs: Sequence[float], ys: Sequence[float], line: Line, quantum: float) -> bool:
    """Growing by all guards, and between the jumps too, however many: what three steps do not explain five might."""
    if tell_shape(xs, ys, line, quantum)[0] != "growing":
        return False
    between, _ = least_squares(xs, without(ys, [jump for jump in jumps(xs, ys, quantum) if jump[1] > 0]))
    return between > REMAINS * line.slope


def _bounds(
    xs: Sequence[float], found: Sequence[Without], quantum: float, readings: int, stretch: float
) -> tuple[float, float]:
    """The least and the greatest slope that any of them leaves; stretch: by what was taken away before.

    A neighbour of the best shows only how far the slope depends on the exact place: its own misfit is none of the noise.
    """
    lows, highs = [], []
    lines = [fit(xs, one.ys, quantum) for one in found]
    for one, line in zip(found, lines, strict=True):
        reach = (line if one.likely else lines[0]).reach(readings)
        reach *= (one.stretch if one.likely else found[0].stretch) * stretch
        lows.append(line.slope - reach)
        highs.append(line.slope + reach)
    return min(lows), max(highs)


def _candidates(xs: Sequence[float], centred: Sequence[float], rest: Sequence[float]) -> Iterator[Settling]:
    """All that may have settled. Sums over what lies before make a step or a corner cost the same at every place."""
    n = len(xs)
    before = [0.0, *accumulate(centred)]
    rest_before = [0.0, *accumulate(rest)]
    ramp = [0.0, *accumulate(xs)]
    ramp_squares = [0.0, *accumulate(map(mul, xs, xs))]
    ramp_times = [0.0, *accumulate(map(mul, xs, centred))]
    ramp_rest = [0.0, *accumulate(map(mul, xs, rest))]
    for k in range(EDGE, n - EDGE + 1):
        at, after = xs[k], n - k
        yield Settling("a step", k, at, after, after, -before[k], -rest_before[k])
        ones, squares = ramp[k] / at + after, ramp_squares[k] / at**2 + after
        times, left = ramp_times[k] / at - before[k], ramp_rest[k] / at - rest_before[k]
        yield Settling("a rise that ended", k, at, ones, squares, times, left)
    curves: tuple[tuple[Name, tuple[float, ...]], ...] = (
        ("a warm-up", WARMING),
        ("growth that slows down", SLOWING),
    )
    for name, paces in curves:
        for place, pace in enumerate(paces):
            values = _values(name, pace, xs)
            products = (math.fsum(map(mul, values, other)) for other in (values, centred, rest))
            yield Settling(name, place, pace, math.fsum(values), *products)


def _values(name: Name, at: float, xs: Sequence[float]) -> list[float]:
    match name:
        case "a step":
            return [float(x >= at) for x in xs]
        case "a rise that ended":
            return [min(x / at, 1.0) for x in xs]
        case "a warm-up":
            return [1 - math.exp(-x / at) for x in xs]
        case "growth that slows down":
            return [math.log1p(x / at) for x in xs]
