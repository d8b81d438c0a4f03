"""A leak under something that settles is growth; what settles alone is none; and many readings need clear growth."""

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.trend import Trend
from memwhy.trend import trend
from memwhy.trend.beside import LEAST
from memwhy.trend.slope import fit

MIB, PAGE, DAY_S = 1 << 20, 4096, 86400.0

SETTLES: dict[str, Callable[[float], float]] = {
    "a step": lambda u: 100.0 * (u > 0.4),
    "a rise that ended": lambda u: 150 * min(u / 0.4, 1.0),
    "a warm-up": lambda u: 150 * (1 - math.exp(-u / 0.1)),
    "growth that slows down": lambda u: 25 * math.log1p(u / 0.02),
}


def seen(shape: Callable[[float], float], leak: float, seed: int, n: int = 360) -> Trend:
    """A day of a process of 500 MiB with 2 MiB of noise; shape and leak in MiB over the whole."""
    random = Random(seed)
    values = [500 + shape(i / n) + leak * i / n + random.gauss(0, 2) for i in range(n)]
    course = trend([(i * DAY_S / n, round(v * MIB / PAGE) * PAGE) for i, v in enumerate(values)], quantum=PAGE)
    assert isinstance(course, Trend)
    return course


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", SETTLES)
def test_a_leak_beside_what_settles_is_seen_at_its_own_pace(name: str, seed: int) -> None:
    course = seen(SETTLES[name], 72, seed)
    assert course.shape == "growing"
    assert 0 < course.low * DAY_S <= 72 * MIB <= course.high * DAY_S
    assert course.checks[-1] == f"beside {name} it goes on growing"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", SETTLES)
def test_what_settles_alone_is_no_growth(name: str, seed: int) -> None:
    assert seen(SETTLES[name], 0, seed).shape in ("step", "warm-up", "unclear", "flat")


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_is_seen_beside_two_steps(seed: int) -> None:
    course = seen(lambda u: 150.0 * (u > 0.5) - 30.0 * (u > 0.8), 200, seed)
    assert course.shape == "growing"
    assert course.low * DAY_S <= 200 * MIB <= course.high * DAY_S
    assert course.checks[-1] == "beside a step and a step it goes on growing"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_left_of_a_step_has_to_be_a_tenth_of_it(seed: int) -> None:
    assert seen(lambda u: 400.0 * (u > 0.4), 25, seed).shape == "step"


def test_few_points_are_judged_as_they_were() -> None:
    random = Random(1)
    n = LEAST - 1
    points = [(float(i), round((50 * (i > 8) + i + random.gauss(0, 0.05)) * MIB)) for i in range(n)]
    course = trend(points, quantum=PAGE)
    assert isinstance(course, Trend)
    assert course.shape == "step"


def test_growth_far_below_the_noise_of_many_readings_is_left_open() -> None:
    random = Random(4)
    shapes = []
    for _ in range(60):
        points = [(float(i), round((500 + random.gauss(0, 5)) * MIB)) for i in range(3000)]
        course = trend(points, quantum=PAGE)
        assert isinstance(course, Trend)
        shapes.append(course.shape)
    assert shapes.count("growing") == 0


def test_a_wiggle_at_either_end_is_no_fall_of_a_saw() -> None:
    course = seen(lambda u: 100.0 * (u > 0.4), 0, 2)
    assert not any("saw" in check for check in course.checks)


def test_the_reach_is_the_interval_for_few_readings_and_grows_with_their_number() -> None:
    random = Random(5)
    line = fit([i / 39 for i in range(40)], [i + random.gauss(0, 1) for i in range(40)], 0.0)
    assert line.reach(40) == pytest.approx(line.half_width)
    assert line.reach(46) == pytest.approx(line.half_width)
    assert line.half_width < line.reach(360) < line.reach(8640) < 3 * line.half_width


@given(st.lists(st.integers(0, 10**9), min_size=LEAST, max_size=80), st.sampled_from((1, PAGE, MIB)))
def test_growth_is_said_only_where_the_whole_interval_lies_above_zero(values: list[int], quantum: int) -> None:
    course = trend([(float(i), v) for i, v in enumerate(values)], quantum=quantum)
    if isinstance(course, Trend):
        assert course.low <= course.slope <= course.high
        if course.growing:
            assert course.low > 0
