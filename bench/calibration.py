"""How often is a trend wrong? Generated series with known truth through memwhy's trend() and three rivals.

    python bench/calibration.py [--quick] [--seed N] [--count N]

Prints Markdown: how often each innocent shape is called growing, how often a leak of a given size is seen, how
often the 95 % interval holds the true slope, and what a course costs. Same seed, same tables (but the last).

Series live at a level of 500 MiB. Sizes are shares of that level over the whole span, so that one table serves
all lengths. "quiet" noise is a few pages, "lively" is AR(1) with correlation 0.8 between readings and a standard
deviation of 0.3 % of the level. Pasted series are rounded to 1 MiB, live ones to a page.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from memwhy.model.trend import Course, Trend
from memwhy.trend import trend

LEVEL = 500 << 20
PAGE, MIB = 4096, 1 << 20
Values = list[float]


@dataclass(frozen=True, slots=True)
class Length:
    """A way of observing: n readings, `every` seconds apart (0: pasted, no times), rounded to quantum."""

    name: str
    n: int
    every: float
    quantum: int


LENGTHS = (
    Length("4 pasted", 4, 0, MIB),
    Length("6 pasted", 6, 0, MIB),
    Length("10 pasted", 10, 0, MIB),
    Length("20 pasted", 20, 0, MIB),
    Length("20 s", 20, 1, PAGE),
    Length("30 s", 30, 1, PAGE),
    Length("1 min", 60, 1, PAGE),
    Length("5 min", 300, 1, PAGE),
    Length("1 h", 360, 10, PAGE),
    Length("6 h", 2160, 10, PAGE),
    Length("24 h", 8640, 10, PAGE),
)
QUICK = tuple(length for length in LENGTHS if length.name in ("6 pasted", "10 pasted", "30 s", "5 min"))


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
    per: Literal["s", "sample"] = "s" if length.every else "sample"
    return trend(points(length, values), quantum=length.quantum, per=per)


# The rivals, each answering "is it growing?" at the usual 5 %.


def ols(readings: list[tuple[float, int]]) -> bool:
    """One-sided 2.5 % t-test of the least-squares slope, readings taken for independent."""
    n = len(readings)
    mx, my = sum(x for x, _ in readings) / n, sum(y for _, y in readings) / n
    sxx = sum((x - mx) ** 2 for x, _ in readings)
    slope = sum((x - mx) * (y - my) for x, y in readings) / sxx
    rest = sum((y - my - slope * (x - mx)) ** 2 for x, y in readings)
    t = {2: 4.30, 4: 2.78, 8: 2.31, 18: 2.10, 28: 2.05}.get(n - 2, 1.97)
    return slope > t * math.sqrt(rest / (n - 2) / sxx)


def mann_kendall(readings: list[tuple[float, int]]) -> bool:
    """Mann-Kendall with ties and continuity correction, on at most 120 readings (it is quadratic)."""
    ys = [y for _, y in readings[:: math.ceil(len(readings) / 120)]]
    n = len(ys)
    s = sum((b > a) - (b < a) for i, a in enumerate(ys) for b in ys[i + 1 :])
    ties = [ys.count(y) for y in set(ys)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    return variance > 0 and (s - 1) / math.sqrt(variance) > 1.96


def hourly_rule(readings: list[tuple[float, int]]) -> bool:
    """A threshold as monitoring systems have it: rising, the last quarter too, by 10 % of the level per hour.

    For pasted readings one second apart is assumed, as such a rule would see a scrape.
    """
    tail = readings[-max(len(readings) // 4, 2) :]
    gains = []
    for part in (readings, tail):
        mx, my = sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)
        gains.append(sum((x - mx) * (y - my) for x, y in part) / sum((x - mx) ** 2 for x, _ in part))
    return gains[1] > 0 and gains[0] * 3600 > 0.1 * LEVEL


RIVALS = {"OLS t": ols, "Mann-Kendall": mann_kendall, "hourly rule": hourly_rule}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often: hits of count. method is "memwhy" or a rival."""

    method: str
    case: str
    length: str
    hits: int
    count: int

    @property
    def share(self) -> float:
        return self.hits / self.count


def answers(length: Length, values: Values, rivals: bool) -> dict[str, bool]:
    out = {"memwhy": isinstance(c := course(length, values), Trend) and c.growing}
    if rivals:
        readings = points(length, values)
        out |= {name: rule(readings) for name, rule in RIVALS.items()}
    return out


def tally(case: str, length: Length, count: int, rivals: bool, make: Callable[[], Values]) -> Iterator[Rate]:
    hits = dict.fromkeys(("memwhy", *(RIVALS if rivals else ())), 0)
    for _ in range(count):
        for name, grows in answers(length, make(), rivals).items():
            hits[name] += grows
    return (Rate(name, case, length.name, hit, count) for name, hit in hits.items())


def false_alarms(seed: int, count: int, lengths: tuple[Length, ...], rivals: bool = True) -> list[Rate]:
    """How often each innocent shape is called growing, half of the series quiet and half lively."""
    rates: list[Rate] = []
    for length in lengths:
        us = [i / (length.n - 1) for i in range(length.n)]
        for shape in INNOCENT:
            random = Random(f"{seed}/{shape.__name__}/{length.name}")

            def make(random: Random = random, us: Values = us, shape: Callable[..., Values] = shape) -> Values:
                rest = noise(random, len(us), random.choice(("quiet", "lively")))
                return [LEVEL * (1 + s) + r for s, r in zip(shape(random, us), rest, strict=True)]

            rates += tally(shape.__name__, length, count, rivals, make)
    return rates


GROWTHS = (0.005, 0.01, 0.03, 0.1, 0.3)
CARRIERS = {"lively": flat, "lively, in portions": portions, "lively, on a saw-tooth": sawtooth}


def power(seed: int, count: int, lengths: tuple[Length, ...]) -> list[Rate]:
    """How often a leak is seen that adds this share of the level over the span."""
    rates: list[Rate] = []
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

                rates += tally(f"{name}: +{growth:.1%}", length, count, False, make)
    return rates


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


def coverage(seed: int, count: int, sizes: tuple[int, ...] = SIZES) -> list[Rate]:
    """How often the 95 % interval holds the true slope; half of the series have irregular times."""
    rates = []
    for n in sizes:
        for name, (make, grain) in NOISES.items():
            random = Random(f"{seed}/{name}/{n}")
            hits = seen = 0
            for _ in range(count):
                slope = random.uniform(-3, 3) * 100 / n
                gaps = random.random() < 0.5
                xs = sorted(random.uniform(0, n) for _ in range(n)) if gaps else [float(i) for i in range(n)]
                ys = [slope * x + 100 * v for x, v in zip(xs, make(random, n), strict=True)]
                readings = [(x, round(y / grain) * grain + 10**6) for x, y in zip(xs, ys, strict=True)]
                answer = trend(readings, quantum=grain)
                if isinstance(answer, Trend):
                    seen += 1
                    hits += answer.low <= slope <= answer.high
            rates.append(Rate("memwhy", name, str(n), hits, seen))
    return rates


def own_detectable(seed: int, count: int, lengths: tuple[Length, ...]) -> list[Rate]:
    """How often a leak is called growing that is just as large as the same noise's `detectable`."""
    rates = []
    for length in lengths:
        for kind in ("quiet", "lively"):
            random = Random(f"{seed}/{kind}/{length.name}/detectable")
            hits = 0
            for _ in range(count):
                rest = noise(random, length.n, kind)
                calm = course(length, [LEVEL + r for r in rest])
                if isinstance(calm, Trend):
                    rise = calm.detectable * (length.every or 1)
                    leak = course(length, [LEVEL + rise * i + r for i, r in enumerate(rest)])
                    hits += isinstance(leak, Trend) and leak.growing
            rates.append(Rate("memwhy", kind, length.name, hits, count))
    return rates


def table(title: str, rates: list[Rate], method: str = "memwhy") -> str:
    """A Markdown table, cases down and lengths across, in per cent."""
    rates = [rate for rate in rates if rate.method == method]
    lengths, cases = list(dict.fromkeys(r.length for r in rates)), list(dict.fromkeys(r.case for r in rates))
    shares = {(r.case, r.length): r.share for r in rates}
    lines = [f"### {title}", "", "| | " + " | ".join(lengths) + " |", "|---" * (len(lengths) + 1) + "|"]
    lines += [f"| {case} | " + " | ".join(f"{shares[case, x]:.1%}" for x in lengths) + " |" for case in cases]
    means = [sum(shares[case, x] for case in cases) / len(cases) for x in lengths]
    return "\n".join([*lines, "| *mean* | " + " | ".join(f"{m:.1%}" for m in means) + " |", ""])


def costs() -> str:
    """What one course costs, best of five."""
    random = Random(0)
    lines = ["### Cost of one course", "", "| readings | ms |", "|---|---|"]
    for n in (10, 30, 360, 8640, 100_000):
        readings = [(float(i), LEVEL + round(v)) for i, v in enumerate(noise(random, n, "lively"))]
        best = math.inf
        for _ in range(5):
            begin = time.perf_counter()
            trend(readings)
            best = min(best, time.perf_counter() - begin)
        lines.append(f"| {n} | {best * 1e3:.2f} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="false alarms, power and coverage of memwhy's trends")
    parser.add_argument("--quick", action="store_true", help="four lengths and few series, under a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=0, help="series per cell (default 400, quick 60)")
    wanted = parser.parse_args()
    count = wanted.count or (60 if wanted.quick else 400)
    lengths = QUICK if wanted.quick else LENGTHS
    say = sys.stdout.write
    alarms = false_alarms(wanted.seed, count, lengths)
    say(f"# Calibration of trends (seed {wanted.seed}, {count} series per cell)\n\n")
    for method in ("memwhy", *RIVALS):
        say(table(f"False 'growing': {method}", alarms, method) + "\n")
    say(table("Power: leaks called growing", power(wanted.seed, count, lengths)) + "\n")
    sizes = (6, 10, 30, 300) if wanted.quick else SIZES
    say(table("Coverage of the 95 % interval", coverage(wanted.seed, count, sizes)) + "\n")
    say(
        table("Leaks of exactly the size 'detectable' called growing", own_detectable(wanted.seed, count, lengths))
        + "\n"
    )
    say(costs())


if __name__ == "__main__":
    main()
