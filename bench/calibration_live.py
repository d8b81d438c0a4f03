"""Short watches and pasted pages: shapes drawn by the window, whatever its length, at a level of 500 MiB.

Sizes are shares of that level over the whole span, so that one table serves all lengths. "quiet" noise is a few pages,
"lively" is AR(1) with correlation 0.8 between readings and a standard deviation of 0.3 % of the level. Pasted series are
rounded to 1 MiB, live ones to a page.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from calibration_rates import OURS, READINGS, Count, judged
from calibration_rivals import RIVALS
from calibration_shapes import LEVEL, MIB, PAGE

from memwhy.model.trend import Course, Trend
from memwhy.trend import trend

Values = list[float]


@dataclass(frozen=True, slots=True)
class Length:
    """A way of observing: n readings, `every` seconds apart (0: pasted, no times), rounded to quantum."""

    name: str
    n: int
    every: float
    quantum: int

    @property
    def per(self) -> Literal["s", "sample"]:
        return "s" if self.every else "sample"


LENGTHS = (
    Length("4 pasted", 4, 0, MIB),
    Length("6 pasted", 6, 0, MIB),
    Length("10 pasted", 10, 0, MIB),
    Length("20 pasted", 20, 0, MIB),
    Length("20 s", 20, 1, PAGE),
    Length("30 s", 30, 1, PAGE),
    Length("1 min", 60, 1, PAGE),
    Length("5 min", 300, 1, PAGE),
    Length("24 h, 8640 readings", 8640, 10, PAGE),
)
QUICK = tuple(length for length in LENGTHS if length.name in ("6 pasted", "10 pasted", "30 s", "5 min"))
BESIDE = tuple(name for name in RIVALS if "load" not in name)
"""The methods that need no load."""

# Innocent shapes: u runs from 0 to 1 over the span, the result is a share of the level.


def flat(random: Random, us: Values) -> Values:
    return [0.0] * len(us)


def sawtooth(random: Random, us: Values) -> Values:
    period, height, phase = random.uniform(0.04, 0.4), random.uniform(0.05, 0.4), random.random()
    return [height * ((u / period + phase) % 1) for u in us]


def step(random: Random, us: Values) -> Values:
    at, size = random.uniform(0.1, 0.9), random.uniform(0.05, 0.3)
    return [size if u >= at else 0.0 for u in us]


def steps(random: Random, us: Values) -> Values:
    ats = [(random.random(), random.uniform(0.03, 0.15)) for _ in range(random.randint(2, 3))]
    return [sum(size for at, size in ats if u >= at) for u in us]


def warm_up(random: Random, us: Values) -> Values:
    pace, size = random.uniform(0.05, 0.3), random.uniform(0.1, 0.5)
    return [size * (1 - math.exp(-u / pace)) for u in us]


def logarithm(random: Random, us: Values) -> Values:
    pace, size = random.uniform(0.01, 0.1), random.uniform(0.05, 0.2)
    return [size * math.log1p(u / pace) / 3 for u in us]


def plateau(random: Random, us: Values) -> Values:
    end, size = random.uniform(0.3, 0.8), random.uniform(0.1, 0.5)
    return [size * min(u / end, 1) for u in us]


def wave(random: Random, us: Values) -> Values:
    period, size, phase = random.uniform(0.3, 1.0), random.uniform(0.05, 0.2), random.uniform(0, 2 * math.pi)
    return [size * math.sin(2 * math.pi * u / period + phase) for u in us]


def load_walk(random: Random, us: Values) -> Values:
    keep = math.exp(-1 / (0.1 * len(us)))
    at, out = random.gauss(0, 0.03), []
    for _ in us:
        at = keep * at + random.gauss(0, 0.03 * math.sqrt(1 - keep * keep))
        out.append(at)
    return out


def batch(random: Random, us: Values) -> Values:
    begin, last, size = random.random(), random.uniform(0.1, 0.4), random.uniform(0.05, 0.3)
    return [size if begin <= u <= begin + last else 0.0 for u in us]


def heavy_tail(random: Random, us: Values) -> Values:
    return [0.004 * abs(random.gauss(0, 1)) / math.sqrt(random.expovariate(1)) for _ in us]


INNOCENT: tuple[Callable[[Random, Values], Values], ...] = (
    flat, sawtooth, step, steps, warm_up, logarithm, plateau, wave, load_walk, batch, heavy_tail,
)  # fmt: skip


def portions(random: Random, us: Values) -> Values:
    """What growth of 1 looks like when it comes in 8 to 30 equal portions (an allocator's regions)."""
    count, phase = random.randint(8, 30), random.random()
    return [math.floor(u * count + phase) / count - u for u in us]


def noise(random: Random, n: int, kind: str) -> Values:
    if kind == "quiet":
        return [random.gauss(0, 3 * PAGE) for _ in range(n)]
    return [0.003 * LEVEL * value for value in correlated(random, n, 0.8)]


def correlated(random: Random, n: int, phi: float) -> Values:
    """A stationary AR(1) series of unit variance."""
    at, out = random.gauss(0, 1), []
    rest = math.sqrt(1 - phi * phi)
    for _ in range(n):
        out.append(at)
        at = phi * at + rest * random.gauss(0, 1)
    return out


def points(length: Length, values: Values) -> list[tuple[float, int]]:
    every = length.every or 1
    return [(i * every, round(v / length.quantum) * length.quantum) for i, v in enumerate(values)]


def course(length: Length, values: Values) -> Course:
    return trend(points(length, values), quantum=length.quantum, per=length.per)


def tally(case: str, length: Length, count: int, rivals: bool, make: Callable[[], Values]) -> Iterator[Count]:
    """How often each method says that series of one case grow.

    For pasted ones rivals are told one second apart; of long ones they are given every so many, 360 at most.
    """
    every = math.ceil(length.n / READINGS)
    load = np.ones(math.ceil(length.n / every))
    counts = {name: Count(name, case, length.name, 0.0) for name in (OURS, *(BESIDE if rivals else ()))}
    for _ in range(count):
        seen = points(length, make())
        ts, ys = np.array([x for x, _ in seen]), np.array([y for _, y in seen], float)
        for name, one in counts.items():
            if name == OURS:
                one.add(judged(ts, ys, length.quantum, length.per))
            else:
                one.add(RIVALS[name](ts[::every], ys[::every], load))
    return iter(counts.values())


def false_alarms(seed: int, count: int, lengths: tuple[Length, ...], rivals: bool = True) -> list[Count]:
    """How often each innocent shape is called growing, half of the series quiet and half lively."""
    counts: list[Count] = []
    for length in lengths:
        us = [i / (length.n - 1) for i in range(length.n)]
        for shape in INNOCENT:
            random = Random(f"{seed}/{shape.__name__}/{length.name}")

            def make(random: Random = random, us: Values = us, shape: Callable[..., Values] = shape) -> Values:
                rest = noise(random, len(us), random.choice(("quiet", "lively")))
                return [LEVEL * (1 + s) + r for s, r in zip(shape(random, us), rest, strict=True)]

            counts += tally(shape.__name__, length, count, rivals, make)
    return counts


GROWTHS = (0.005, 0.01, 0.03, 0.1, 0.3)
CARRIERS = {"lively": flat, "lively, in portions": portions, "lively, on a saw-tooth": sawtooth}


def power(seed: int, count: int, lengths: tuple[Length, ...]) -> list[Count]:
    """How often a leak is seen that adds this share of the level over the span."""
    counts: list[Count] = []
    for length in lengths:
        us = [i / (length.n - 1) for i in range(length.n)]
        for name, carrier in CARRIERS.items():
            for growth in GROWTHS:
                random = Random(f"{seed}/{name}/{growth}/{length.name}")

                def make(
                    random: Random = random,
                    us: Values = us,
                    growth: float = growth,
                    carrier: Callable[..., Values] = carrier,
                ) -> Values:
                    form, rest = carrier(random, us), noise(random, len(us), "lively")
                    scale = growth if carrier is portions else 1.0
                    bent = zip(us, form, rest, strict=True)
                    return [LEVEL * (1 + growth * u + scale * f) + r for u, f, r in bent]

                counts += tally(f"{name}: +{growth:.1%}", length, count, False, make)
    return counts


NOISES: dict[str, tuple[Callable[[Random, int], Values], int]] = {
    "white": (lambda random, n: [random.gauss(0, 1) for _ in range(n)], 1),
    "AR(1) 0.5": (lambda random, n: correlated(random, n, 0.5), 1),
    "AR(1) 0.9": (lambda random, n: correlated(random, n, 0.9), 1),
    "AR(1) 0.9 + white": (lambda random, n: [a + random.gauss(0, 1) for a in correlated(random, n, 0.9)], 1),
    "heavy tail": (lambda random, n: [random.gauss(0, 1) / math.sqrt(random.expovariate(1)) for _ in range(n)], 1),
    "white, rounded to its size": (lambda random, n: [random.gauss(0, 1) for _ in range(n)], 100),
    "rounding alone": (lambda random, n: [random.gauss(0, 0.01) for _ in range(n)], 100),
}
"""Noise of size 100, and what the readings are rounded to."""

SIZES = (4, 6, 10, 20, 30, 60, 300, 2160)


def coverage(seed: int, count: int, sizes: tuple[int, ...] = SIZES) -> list[Count]:
    """How often the 95 % interval holds the true slope; half of the series have irregular times."""
    counts = []
    for n in sizes:
        for name, (make, grain) in NOISES.items():
            random = Random(f"{seed}/{name}/{n}")
            one = Count(OURS, name, str(n), 0.0)
            for _ in range(count):
                slope = random.uniform(-3, 3) * 100 / n
                gaps = random.random() < 0.5
                xs = sorted(random.uniform(0, n) for _ in range(n)) if gaps else [float(i) for i in range(n)]
                ys = [slope * x + 100 * v for x, v in zip(xs, make(random, n), strict=True)]
                readings = [(x, round(y / grain) * grain + 10**6) for x, y in zip(xs, ys, strict=True)]
                answer = trend(readings, quantum=grain)
                if isinstance(answer, Trend):
                    one.add(answer.low <= slope <= answer.high)
            counts.append(one)
    return counts


def own_detectable(seed: int, count: int, lengths: tuple[Length, ...]) -> list[Count]:
    """How often a leak is called growing that is just as large as the same noise's `detectable`."""
    counts = []
    for length in lengths:
        for kind in ("quiet", "lively"):
            random = Random(f"{seed}/{kind}/{length.name}/detectable")
            one = Count(OURS, kind, length.name, 0.0)
            for _ in range(count):
                rest = noise(random, length.n, kind)
                calm = course(length, [LEVEL + r for r in rest])
                if not isinstance(calm, Trend):
                    one.add(None)
                    continue
                rise = calm.detectable * (length.every or 1)
                leak = course(length, [LEVEL + rise * i + r for i, r in enumerate(rest)])
                one.add(isinstance(leak, Trend) and leak.growing)
            counts.append(one)
    return counts
