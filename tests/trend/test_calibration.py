"""The published error rates hold: a fixed seed through the calibration that `make calibration` prints."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def calibration() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCH))
    yield __import__("calibration_live")
    sys.path.remove(str(BENCH))


def mean(rates: list) -> float:  # type: ignore[type-arg]
    return sum(rate.share for rate in rates) / len(rates)


def test_innocent_shapes_are_called_growing_in_under_two_of_a_hundred_cases(calibration: ModuleType) -> None:
    lengths = tuple(length for length in calibration.QUICK if length.name != "6 pasted")
    rates = calibration.false_alarms(seed=1, count=30, lengths=lengths, rivals=False)
    assert mean(rates) < 0.02
    never = {"step", "warm_up", "logarithm", "plateau"}
    assert {rate.case: rate.grows for rate in rates if rate.case in never} == dict.fromkeys(never, 0)


def test_the_rivals_call_most_steps_and_warm_ups_growing(calibration: ModuleType) -> None:
    rates = calibration.false_alarms(seed=1, count=10, lengths=calibration.QUICK[2:3])
    classics = [
        r
        for r in rates
        if r.method in ("OLS t-test", "Mann-Kendall, Hamed-Rao") and r.case in ("step", "warm_up", "plateau")
    ]
    assert mean(classics) > 0.7


def test_a_leak_of_a_tenth_is_seen_in_nine_cases_of_ten(calibration: ModuleType) -> None:
    rates = calibration.power(seed=1, count=15, lengths=calibration.QUICK[1:])
    assert mean([rate for rate in rates if rate.case in ("lively: +10.0%", "lively: +30.0%")]) > 0.9


def test_the_interval_holds_the_true_slope_as_often_as_it_says(calibration: ModuleType) -> None:
    rates = calibration.coverage(seed=1, count=100, sizes=(6, 10, 30, 300))
    worst = {"AR(1) 0.9", "AR(1) 0.9 + white"}
    assert mean([rate for rate in rates if rate.case not in worst]) > 0.93
    assert mean([rate for rate in rates if rate.case in worst]) > 0.83


def test_a_leak_of_the_detectable_size_is_seen_in_five_cases_of_six(calibration: ModuleType) -> None:
    rates = calibration.own_detectable(seed=1, count=40, lengths=calibration.QUICK)
    assert mean(rates) > 0.83
