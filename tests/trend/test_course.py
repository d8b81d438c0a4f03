"""trend() on series with known shapes, pasted and live."""

import math
from random import Random

import pytest

from memwhy.model.trend import NotEnough, Trend
from memwhy.trend import trend

MIB, PAGE = 1 << 20, 4096


def pasted(*values: int) -> Trend:
    course = trend(list(enumerate(values)), per="sample")
    assert isinstance(course, Trend)
    return course


def live(values: list[float], every: float = 1.0, quantum: int = PAGE) -> Trend | NotEnough:
    return trend([(i * every, round(v / quantum) * quantum) for i, v in enumerate(values)], quantum=quantum)


def shape_of(values: list[float], **how: float) -> str:
    course = live(values, **how)  # type: ignore[arg-type]
    assert isinstance(course, Trend), course
    return course.shape


def test_ten_whole_mebibytes_that_climb_are_growing_by_a_little_over_one_a_reading() -> None:
    course = pasted(505, 506, 507, 508, 510, 510, 510, 513, 514, 516)
    assert (course.n, course.span, course.per, course.first, course.last) == (10, 9.0, "sample", 505.0, 516.0)
    assert course.shape == "growing"
    assert 0.9 < course.slope < 1.5
    assert 0 < course.low < 1.2 < course.high < 2


def test_one_quantum_is_no_growth() -> None:
    course = pasted(4386, 4386, 4386, 4386, 4387, 4387)
    assert course.shape == "flat"
    assert course.low < 0 < course.high


@pytest.mark.parametrize("last", [(500, 502, 504, 505), (500, 501, 503, 505), (500, 503, 506, 509)])
def test_four_readings_that_only_rounding_keeps_from_a_line_are_growing(last: tuple[int, ...]) -> None:
    assert pasted(*last).shape == "growing"


@pytest.mark.parametrize("n", [4, 6, 10, 100, 1000])
@pytest.mark.parametrize("jump", range(1, 4))
def test_one_quantum_is_no_growth_at_any_length(n: int, jump: int) -> None:
    at = n * jump // 4
    course = trend([(float(i), 7 * MIB * (i >= at)) for i in range(n)], quantum=7 * MIB)
    assert isinstance(course, Trend)
    assert course.shape == "flat"


def test_a_constant_series_is_flat_and_says_what_it_could_have_seen() -> None:
    course = live([100.0 * MIB] * 10, quantum=MIB)
    assert isinstance(course, Trend)
    assert (course.shape, course.slope) == ("flat", 0.0)
    assert course.low == -course.high
    assert course.high * course.span == pytest.approx(1.5 * MIB, rel=0.1)
    assert 3 * MIB < course.detectable * course.span < 5 * MIB


@pytest.mark.parametrize(("n", "every"), [(5, 3.0), (10, 2.0), (20, 1.0), (30, 1.0)])
def test_a_plain_leak_is_seen_within_half_a_minute(n: int, every: float) -> None:
    random = Random(n)
    course = live([60 * MIB + MIB * i * every + random.gauss(0, 3 * PAGE) for i in range(n)], every)
    assert isinstance(course, Trend)
    assert course.shape == "growing"
    assert course.low <= MIB <= course.high
    assert course.high - course.low < 0.05 * MIB


SHAPES: dict[str, tuple[str, list[float]]] = {
    "a line": ("growing", [60 * MIB + 0.5 * MIB * i for i in range(40)]),
    "a falling line": ("falling", [90 * MIB - 0.5 * MIB * i for i in range(40)]),
    "an early jump": ("step", [100 * MIB + 50 * MIB * (i >= 10) for i in range(40)]),
    "a late jump": ("step", [100 * MIB + 50 * MIB * (i >= 33) for i in range(40)]),
    "a jump down": ("step", [100 * MIB - 30 * MIB * (i >= 20) for i in range(40)]),
    "an approach that has ended": ("warm-up", [100 * MIB * (1 - math.exp(-i / 6)) for i in range(40)]),
    "an approach that is half way": ("unclear", [100 * MIB * (1 - math.exp(-i / 30)) for i in range(40)]),
    "logarithmic growth": ("unclear", [20 * MIB * math.log1p(i) for i in range(100)]),
    "a cache that fills": ("warm-up", [min(i, 15) * 5.0 * MIB + 50 * MIB for i in range(40)]),
    "small portions": ("growing", [100 * MIB + 4 * MIB * (i // 4) for i in range(40)]),
    "three large portions": ("unclear", [100 * MIB + 40 * MIB * (i // 11) for i in range(40)]),
    "growth that sets in late": ("unclear", [100 * MIB + 2.0 * MIB * max(0, i - 25) for i in range(40)]),
    "six readings that settle": ("warm-up", [x * MIB for x in (0.0, 50.0, 75.0, 87.0, 93.0, 96.0)]),
    "a bounded saw": ("flat", [100 * MIB + 3.0 * MIB * (i % 10) for i in range(60)]),
    "a saw that climbs": ("growing", [100 * MIB + 3.0 * MIB * (i % 10) + 2.0 * MIB * i for i in range(60)]),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_known_shapes_are_told_through_page_noise(name: str, seed: int) -> None:
    random = Random(seed)
    expected, values = SHAPES[name]
    assert shape_of([v + random.gauss(0, 3 * PAGE) for v in values]) == expected


@pytest.mark.parametrize("seed", range(5))
def test_one_wild_reading_changes_neither_slope_nor_shape(seed: int) -> None:
    random = Random(seed)
    values = [60 * MIB + 0.1 * MIB * i + random.gauss(0, 3 * PAGE) for i in range(40)]
    values[random.randrange(3, 37)] += 40 * MIB
    course = live(values)
    assert isinstance(course, Trend)
    assert course.shape == "growing"
    assert course.slope == pytest.approx(0.1 * MIB, rel=0.1)


def test_the_halves_are_compared_in_the_checks() -> None:
    course = live([60 * MIB + MIB * i for i in range(20)])
    assert isinstance(course, Trend)
    assert course.checks == ("second half grows 1.00x as fast as the first (1.00 to 1.00)",)


def test_a_restart_begins_a_new_life() -> None:
    course = live([500.0 * MIB] * 20 + [50 * MIB + MIB * i for i in range(20)])
    assert isinstance(course, Trend)
    assert (course.n, course.shape, course.first) == (20, "growing", 50.0 * MIB)
    assert course.checks[0].startswith("restart: falls from 524288000 to 52428800 after 20 readings")


def test_a_restart_at_the_end_is_not_enough() -> None:
    course = live([500.0 * MIB] * 20 + [50.0 * MIB] * 2)
    assert isinstance(course, NotEnough)
    assert (course.n, course.needed) == (2, 2.0)
    assert "restart" in course.reason


def test_a_fall_back_to_the_start_is_a_tooth_and_no_restart() -> None:
    course = live([4 * MIB + MIB * (i % 20) / 2 for i in range(30)])
    assert not getattr(course, "growing", False)


def test_many_falls_by_half_are_teeth_and_not_restarts() -> None:
    course = live([10 * MIB + 5.0 * MIB * (i % 10) for i in range(60)])
    assert isinstance(course, Trend)
    assert (course.n, course.shape) == (60, "flat")


def test_a_slope_made_of_one_tooth_is_not_enough() -> None:
    course = live([100 * MIB + 3.0 * MIB * (i % 19) for i in range(20)])
    assert isinstance(course, NotEnough)
    assert "saw-tooth" in course.reason
    assert course.needed is not None
    assert 10 < course.needed < 40


@pytest.mark.parametrize(("n", "needed"), [(0, None), (1, None), (2, 2.0), (3, 1.0)])
def test_fewer_than_four_readings_are_not_enough(n: int, needed: float | None) -> None:
    course = live([5.0 * MIB * i for i in range(n)])
    assert isinstance(course, NotEnough)
    assert (course.n, course.needed) == (n, needed)


def test_readings_of_one_moment_are_not_enough() -> None:
    course = trend([(5.0, i) for i in range(10)])
    assert isinstance(course, NotEnough)
    assert course.n == 1


def test_two_clumps_of_readings_far_apart_are_not_enough() -> None:
    course = trend([(i * 0.01, i) for i in range(100)] + [(1e6 + i * 0.01, 100 + i) for i in range(100)])
    assert isinstance(course, NotEnough)
    assert course.reason == "200 readings at only 2 stretches of the time, with nothing between"


def test_a_change_inside_a_gap_is_unclear_and_the_gap_is_said() -> None:
    xs = [float(i) for i in range(10)] + [float(i) for i in range(50, 60)]
    course = trend([(x, round(100 * MIB + 50 * MIB * (x > 30))) for x in xs], quantum=PAGE)
    assert isinstance(course, Trend)
    assert course.shape == "unclear"
    assert course.checks[0] == "no readings for 41 s (69% of the span)"
    assert course.checks[-1] == "all of the change lies in a gap without readings"


def test_disorder_and_repetition_are_mended_and_said() -> None:
    points = [(float(i), 100 * i) for i in range(20)]
    course = trend([*points[10:], *points[:10], points[3]])
    tidy = trend(points)
    assert isinstance(course, Trend)
    assert isinstance(tidy, Trend)
    assert (course.slope, course.low, course.high, course.shape) == (tidy.slope, tidy.low, tidy.high, tidy.shape)
    assert course.checks[:2] == (
        "not in order of time (2 times backwards): sorted",
        "1 readings share their time with another: averaged",
    )


def test_readings_without_a_usable_time_are_left_out_and_said() -> None:
    points = [(float(i), 100 * i) for i in range(20)]
    course = trend([(math.nan, 1), *points, (math.inf, 2), (3.5, 10**400)])
    assert isinstance(course, Trend)
    assert (course.n, course.checks[0]) == (20, "3 readings without a usable time or value left out")


def test_a_long_series_is_gathered_and_keeps_its_slope_and_count() -> None:
    random = Random(1)
    course = trend([(10.0 * i, 10**9 + 1000 * i + random.randrange(10**6)) for i in range(100_000)])
    assert isinstance(course, Trend)
    assert (course.n, course.shape) == (100_000, "growing")
    assert course.low <= 100 <= course.high
    assert course.high - course.low < 0.1


def test_correlated_noise_widens_the_interval_and_is_said() -> None:
    random, at, values = Random(3), 0.0, []
    for _ in range(60):
        at = 0.9 * at + random.gauss(0, 1)
        values.append(100 * MIB + at * MIB)
    wandering, shuffled = live(values), live(random.sample(values, 60))
    assert isinstance(wandering, Trend)
    assert isinstance(shuffled, Trend)
    assert wandering.high - wandering.low > 2 * (shuffled.high - shuffled.low)
    assert any("neighbours hang together" in check for check in wandering.checks)


def test_readings_that_come_unevenly_are_no_portions() -> None:
    """Most of a steady rise lies in the longest pause between two of four readings."""
    steady = trend([(t, round(37e6 + 1e6 * t)) for t in (0.0, 28.6, 30.6, 32.8)], quantum=4096)
    at_once = trend([(0.0, 37_000_000), (11.0, 37_100_000), (22.0, 69_000_000), (33.0, 69_100_000)], quantum=4096)
    assert isinstance(steady, Trend) and isinstance(at_once, Trend)
    assert (steady.shape, at_once.growing) == ("growing", False)
