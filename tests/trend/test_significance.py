"""Distributions against printed tables and against sums that need no library."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.trend.significance import (
    Z_975,
    beta_share,
    holm,
    more_by_chance,
    student_point,
    student_quantile,
    student_sf,
)


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.706), (2, 4.303), (3, 3.182), (10, 2.228), (30, 2.042), (120, 1.980), (math.inf, 1.960)]
)
def test_students_t_is_that_of_every_table(freedom: float, t: float) -> None:
    assert student_quantile(0.975, freedom) == pytest.approx(t, abs=6e-4)
    assert student_sf(t, freedom) == pytest.approx(0.025, abs=2e-5)
    assert student_sf(-t, freedom) == pytest.approx(0.975, abs=2e-5)


@pytest.mark.parametrize(
    ("z", "freedom", "point"), [(Z_975, 3, 3.1824), (2.4264, 6, 3.359), (3.0103, 6, 4.938), (3.0103, 1, 243.9)]
)
def test_a_point_of_students_t_is_as_rare_as_that_of_the_normal_distribution(
    z: float, freedom: int, point: float
) -> None:
    assert student_point(z, freedom) == pytest.approx(point, rel=1e-3)
    assert student_sf(student_point(z, freedom), freedom) == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)), rel=1e-6)


@given(st.integers(1, 200), st.integers(0, 200))
def test_the_binomial_tail_is_the_sum_of_its_terms(last: int, first: int) -> None:
    whole = first + last
    terms = math.fsum(math.comb(whole, k) * 0.5**whole for k in range(last, whole + 1))
    assert more_by_chance(first, last) == pytest.approx(terms, rel=1e-9, abs=1e-15)


def test_very_many_blocks_are_judged_by_the_normal_distribution() -> None:
    assert more_by_chance(1e8, 1e8) == pytest.approx(0.5)
    assert more_by_chance(1e8, 1.001e8) < 1e-9
    assert more_by_chance(5, 0) == 1.0


@given(st.floats(0.1, 500), st.floats(0.1, 500), st.floats(0.001, 0.999))
def test_the_beta_function_mirrors(a: float, b: float, x: float) -> None:
    assert 0 <= beta_share(a, b, x) <= 1
    assert beta_share(a, b, x) + beta_share(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


def test_holm_stops_at_the_first_that_is_not_beyond_chance() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.01]) == [True]
    assert holm([0.01], looked_at=6) == [False]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20), st.integers(0, 40))
def test_more_looking_never_proves_more(chances: list[float], more: int) -> None:
    few, many = holm(chances), holm(chances, looked_at=len(chances) + more)
    assert all(a or not b for a, b in zip(few, many, strict=True))
    assert all(chance <= 0.05 for chance, kept in zip(chances, few, strict=True) if kept)
