"""The sampler's integer arithmetic against 60 decimal digits: P = 1 - exp(-s/T), gaps and weights."""

import random
import subprocess
from collections.abc import Iterable
from decimal import Decimal, getcontext

from native_programs import built

getcontext().prec = 60
ONE = 1 << 62


def answers(questions: Iterable[str]) -> list[int]:
    asked = "\n".join(questions)
    done = subprocess.run([built("chances", "-DMW_PRELOAD")], input=asked, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def sizes(seed: int) -> list[tuple[int, int]]:
    """(bytes, period), from one byte to 256 TiB, from 1 to 2^46."""
    draw = random.Random(seed)
    found = [(round(2 ** draw.uniform(0, 47)), round(2 ** draw.uniform(0, 46))) for _ in range(3000)]
    found += [(round(period * draw.uniform(0.0001, 45)) + 1, period) for _, period in found[:2000]]
    return [*found, (1, 1), (43, 1), (44, 1), (45, 1), (1, 1 << 46), (1 << 47, 1)]


def test_probabilities_are_right_to_nine_digits_or_one_part_in_2_to_the_55() -> None:
    asked = sizes(1)
    for (size, period), got in zip(asked, answers(f"probability {s} {t}" for s, t in asked), strict=True):
        exact = 1 - (-Decimal(size) / Decimal(period)).exp()
        assert abs(Decimal(got) / ONE - exact) <= max(exact * Decimal("1e-9"), Decimal(1) / (1 << 55)), (size, period)


def test_gaps_are_exponential_in_every_draw() -> None:
    draw = random.Random(2)
    edges = [0, 1, 2, 3, (1 << 64) - 1, (1 << 64) - 2, 1 << 63, (1 << 63) - 1]
    randoms = edges + [draw.getrandbits(64) >> draw.randrange(0, 60) for _ in range(3000)]
    asked = [(each, round(2 ** draw.uniform(0, 46))) for each in randoms]
    for (each, period), got in zip(asked, answers(f"gap {r} {t}" for r, t in asked), strict=True):
        exact = -(Decimal(each | 1) / (1 << 64)).ln() * period
        assert abs(got - exact - Decimal("0.5")) <= Decimal("0.5") + exact * Decimal("1e-12") + Decimal(period) / (
            1 << 52
        )


def test_weights_are_the_inverse_of_the_chance_on_the_mean() -> None:
    draw = random.Random(3)
    asked = sizes(4)
    chances = answers(f"probability {s} {t}" for s, t in asked)
    randoms = [draw.getrandbits(64) for _ in asked]
    rows = [(s, p, r) for (s, _), p, r in zip(asked, chances, randoms, strict=True)]
    for (size, chance, each), got in zip(rows, answers(f"weight {s} {p} {r}" for s, p, r in rows), strict=True):
        exact = Decimal(size) * ONE / chance
        assert got == int(exact + Decimal(each) / (1 << 64)) or abs(got - exact) < Decimal("1e-9")


def test_the_mean_of_many_gaps_is_the_period() -> None:
    draw = random.Random(5)
    period = 65536
    gaps = answers(f"gap {draw.getrandbits(64)} {period}" for _ in range(100_000))
    assert abs(sum(gaps) / len(gaps) / period - 1) < 5 / len(gaps) ** 0.5
    within = sum(gap <= 1000 for gap in gaps) / len(gaps)
    assert abs(within - 0.015143) < 5 * (0.0151 / len(gaps)) ** 0.5
