"""What the memory of an innocent process looks like over minutes to days: generated, with known truth.

Eleven shapes in real time (seconds), each drawn anew for every series from wide ranges that were set once, before the
first run, and not touched since; and four ways to see any of them badly. A value is a share of the level. `load` is what a
counter of requests would say, for the methods that ask for one; where the shape is driven by the load it is that, else it
is steady. Two shapes are drawn by the window and not by the clock (a step, a filling cache): they are meant to lie in it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 500 << 20
PAGE, MIB = 4096, 1 << 20
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

Values = NDArray[np.float64]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Innocent:
    """Shares of the level without any leak, at these times; the leak starts anew at each of `lives`."""

    shares: Values
    load: Values
    lives: tuple[float, ...] = (0.0,)


Shape = Callable[[Random, Values], tuple[Values, Values | None]]


def between(random: Random, low: float, high: float) -> float:
    """Drawn evenly on a logarithmic scale."""
    return math.exp(random.uniform(math.log(low), math.log(high)))


def wander(random: Random, ts: Values, time_s: float) -> Values:
    """A stationary process of unit variance whose correlation decays with `time_s` (Ornstein and Uhlenbeck 1930)."""
    keep = np.exp(-np.diff(ts, prepend=ts[0]) / time_s)
    push = np.sqrt(1 - keep**2) * random.standard_normal(len(ts))
    at, out = random.standard_normal(), np.empty(len(ts))
    for i, (k, p) in enumerate(zip(keep.tolist(), push.tolist(), strict=True)):
        at = k * at + p
        out[i] = at
    return out


def noise(random: Random, ts: Values) -> tuple[Values, None]:
    return wander(random, ts, between(random, 30, 600)) * between(random, 0.005, 0.02), None


def collector(random: Random, ts: Values) -> tuple[Values, None]:
    """Rises and sharp falls; no two teeth are quite alike."""
    period, height = between(random, 20, 1200), random.uniform(0.05, 0.4)
    ends = np.cumsum(period * random.uniform(0.7, 1.3, int(ts[-1] / period / 0.7) + 3)) - period * random.random()
    tooth = np.searchsorted(ends, ts)
    begin, end = np.concatenate(([-period], ends))[tooth], ends[np.minimum(tooth, len(ends) - 1)]
    tops = height * random.uniform(0.8, 1.2, len(ends) + 1)
    return tops[tooth] * (ts - begin) / (end - begin), None


def step(random: Random, ts: Values) -> tuple[Values, None]:
    return random.uniform(0.05, 0.3) * (ts >= ts[-1] * random.uniform(0.1, 0.9)), None


def warm_up(random: Random, ts: Values) -> tuple[Values, None]:
    return random.uniform(0.1, 0.6) * (1 - np.exp(-ts / between(random, 2 * MINUTE, 40 * MINUTE))), None


def diurnal(random: Random, ts: Values) -> tuple[Values, Values]:
    day = np.sin(2 * math.pi * (ts / DAY + random.random()))
    return random.uniform(0.05, 0.2) * day, 1 + 0.6 * day


def load_walk(random: Random, ts: Values) -> tuple[Values, Values]:
    walk = wander(random, ts, between(random, 10 * MINUTE, 3 * HOUR))
    return random.uniform(0.02, 0.06) * walk, 1 + 0.25 * walk


def plateau(random: Random, ts: Values) -> tuple[Values, None]:
    return random.uniform(0.1, 0.5) * np.minimum(ts / (ts[-1] * random.uniform(0.1, 0.7)), 1), None


def steps(random: Random, ts: Values) -> tuple[Values, None]:
    out = np.zeros(len(ts))
    for _ in range(int(random.integers(2, 5))):
        out += random.uniform(0.03, 0.15) * (ts >= ts[-1] * random.random())
    return out, None


def logarithm(random: Random, ts: Values) -> tuple[Values, None]:
    return between(random, 0.01, 0.06) * np.log1p(ts / between(random, MINUTE, 20 * MINUTE)), None


def batch(random: Random, ts: Values) -> tuple[Values, None]:
    """A job that comes again: a burst of memory, given back at its end."""
    period = between(random, 20 * MINUTE, 12 * HOUR)
    at = (ts / period + random.random()) % 1
    return random.uniform(0.05, 0.3) * (at < random.uniform(0.1, 0.5)), None


def heavy_tail(random: Random, ts: Values) -> tuple[Values, None]:
    """Short requests that now and then are large: Student's t of two degrees, upwards."""
    return 0.005 * np.abs(random.standard_t(2, len(ts))), None


SHAPES: dict[str, Shape] = {
    "AR noise": noise,
    "GC saw-tooth": collector,
    "step": step,
    "warm-up": warm_up,
    "diurnal": diurnal,
    "load walk": load_walk,
    "cache plateau": plateau,
    "multi-step": steps,
    "log growth": logarithm,
    "batch": batch,
    "heavy tail": heavy_tail,
}


def times(random: Random, span_s: float, n: int, way: str) -> Values:
    """The moments of n readings over the span. Irregular: at random; with gaps: a tenth to a half is missing in the middle."""
    even = np.linspace(0, span_s, n)
    if way == "irregular":
        return np.sort(np.concatenate(([0.0, span_s], random.uniform(0, span_s, n - 2))))
    if way == "gaps":
        kept = np.ones(n, bool)
        for _ in range(int(random.integers(1, 4))):
            begin, width = random.uniform(0.05, 0.7), random.uniform(0.05, 0.2)
            kept[int(n * begin) : int(n * (begin + width))] = False
        return even[kept]
    return even


def innocent(random: Random, ts: Values, shape: Shape, way: str = "") -> Innocent:
    """One series of the shape with noise of its own; `restarts`: one to three lives, each beginning anew at its base."""
    lives: tuple[float, ...] = (0.0,)
    if way == "restarts":
        cuts = np.sort(random.uniform(0.1, 0.9, int(random.integers(1, 3)))) * ts[-1]
        lives = (0.0, *cuts.tolist())
    shares, load = np.zeros(len(ts)), np.ones(len(ts))
    for begin, end in zip(lives, (*lives[1:], math.inf), strict=True):
        here = (ts >= begin) & (ts < end)
        if here.sum() > 1:
            own, driven = shape(random, ts[here] - begin)
            shares[here] = own
            load[here] = 1.0 if driven is None else driven
    shares += wander(random, ts, between(random, 5, 180)) * between(random, 0.002, 0.01)
    return Innocent(shares, load * (1 + 0.03 * random.standard_normal(len(ts))), lives)


def readings(series: Innocent, ts: Values, share_per_min: float, quantum: int) -> Values:
    """Bytes at these times with a leak of this share of the level a minute, rounded to the quantum.

    In a life that is not the first the process is small for three readings: it has just begun.
    """
    leaked = np.zeros(len(ts))
    starting = np.ones(len(ts))
    for begin in series.lives:
        here = ts >= begin
        leaked[here] = (ts[here] - begin) / MINUTE * share_per_min
        if begin > 0:
            first = int(np.argmax(here))
            starting[first : first + 3] = 0.2
    values = LEVEL * (1 + series.shares + leaked) * starting
    return np.round(np.maximum(values, 0) / quantum) * quantum


WAYS = {"rounded to 1 MiB": MIB, "irregular": PAGE, "gaps": PAGE, "restarts": PAGE}
"""How any of the shapes may be seen, and what the readings are rounded to."""
