"""Exact properties of the fitted line and its interval, and of trend() on any input."""

import math
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memwhy.model.trend import NotEnough
from memwhy.trend import trend
from memwhy.trend.noise import autocorrelation, tame, weighted_variance
from memwhy.trend.slope import fit, least_squares

values = st.lists(st.integers(-1000, 1000), min_size=4, max_size=60)
lasting = st.lists(st.integers(10_000, 15_000), min_size=4, max_size=150)


def line_of(ys: list[float], quantum: float = 1.0):  # type: ignore[no-untyped-def]
    return fit([i / (len(ys) - 1) for i in range(len(ys))], ys, quantum)


def close(a: float, b: float, scale: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6 * scale)


@given(values, st.integers(1, 50), st.integers(-(10**6), 10**6))
def test_slope_and_interval_scale_with_the_values_and_ignore_their_level(ys: list[int], a: int, b: int) -> None:
    line, moved = line_of([float(y) for y in ys]), line_of([float(a * y + b) for y in ys], float(a))
    assert close(moved.slope, a * line.slope, a * 1000)
    assert close(moved.half_width, a * line.half_width, a * 1000)


@given(values)
def test_slope_and_interval_flip_with_the_sign_of_the_values(ys: list[int]) -> None:
    line, flipped = line_of([float(y) for y in ys]), line_of([float(-y) for y in ys])
    assert close(flipped.slope, -line.slope, 1000)
    assert close(flipped.low, -line.high, 1000)


@given(values)
def test_slope_and_interval_flip_when_time_runs_backwards(ys: list[int]) -> None:
    line, back = line_of([float(y) for y in ys]), line_of([float(y) for y in reversed(ys)])
    assert close(back.slope, -line.slope, 1000)
    assert close(back.half_width, line.half_width, 1000)


@given(lasting, st.integers(0, 2**40))
def test_a_trend_ignores_when_the_clock_began(ys: list[int], begin: int) -> None:
    course = trend([(float(i), y) for i, y in enumerate(ys)])
    shifted = trend([(float(begin + i), y) for i, y in enumerate(ys)])
    assert shifted == course


@given(lasting, st.randoms(use_true_random=False))
def test_a_trend_ignores_the_order_of_the_points(ys: list[int], random: object) -> None:
    points = [(float(i), y) for i, y in enumerate(ys)]
    course = trend(points)
    random.shuffle(points)  # type: ignore[attr-defined]
    mixed = trend(points)
    if isinstance(course, NotEnough) or isinstance(mixed, NotEnough):
        assert mixed == course
    else:
        assert (mixed.slope, mixed.low, mixed.high, mixed.shape) == (
            course.slope,
            course.low,
            course.high,
            course.shape,
        )


@given(st.integers(-(10**6), 10**6), st.integers(4, 60))
def test_an_exact_line_has_its_own_slope_and_only_rounding_as_error(a: int, n: int) -> None:
    line = line_of([a * float(i) for i in range(n)])
    assert close(line.slope, a * (n - 1), abs(a) + 1)
    assert close(line.half_width, line.rounding, abs(a) * n + 1)
    assert line.half_width > 0


@given(
    st.lists(st.tuples(st.floats(), st.one_of(st.integers(), st.floats())), max_size=80),
    st.integers(1, 2**40),
    st.sampled_from(("s", "sample")),
)
def test_any_points_give_an_ordered_finite_trend_or_a_reason(points: list, quantum: int, per: str) -> None:  # type: ignore[type-arg]
    course = trend(points, quantum=quantum, per=per)  # type: ignore[arg-type]
    if isinstance(course, NotEnough):
        assert course.reason
        assert course.needed is None or course.needed > 0
        return
    assert course.low < course.slope < course.high or course.high - course.low < 1e-9 * abs(course.slope)
    assert math.isfinite(course.low) and math.isfinite(course.high) and math.isfinite(course.detectable)
    assert course.shape != "flat" or course.low <= 0 <= course.high
    assert not course.growing or course.low > 0


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20), st.floats(0, 0.96))
def test_the_variance_of_a_weighted_sum_is_that_of_the_full_matrix(weights: list[float], phi: float) -> None:
    n = len(weights)
    full = math.fsum(weights[i] * weights[j] * phi ** abs(i - j) for i in range(n) for j in range(n))
    assert weighted_variance(weights, [0.0] + [phi] * (n - 1)) == pytest.approx(full, rel=1e-9, abs=1e-6)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
def test_correlation_stays_between_none_and_nearly_all(residuals: list[float]) -> None:
    assert 0 <= autocorrelation(residuals) <= 0.96


def test_a_lone_spike_is_tamed_and_a_step_is_not() -> None:
    step = [0.0, 1.0] * 5 + [50.0, 51.0] * 5
    assert tame(step, 1.0) == step
    spiked = [0.0, 1.0] * 10
    spiked[9] = 500.0
    assert max(tame(spiked, 1.0)) < 20


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40, unique=True))
def test_the_least_squares_level_is_the_mean(xs: list[int]) -> None:
    assume(max(xs) > min(xs))
    slope, level = least_squares([float(x) for x in xs], [3.0 * x for x in xs])
    assert slope == pytest.approx(3.0)
    assert level == pytest.approx(3 * fmean(xs))
