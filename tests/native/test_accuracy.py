"""Estimates are unbiased, their error is what theory says, and the interval that goes with them holds the truth as often as it promises."""

import math

import pytest
from native_programs import built, sampled

from memwhy.model.drawn import interval
from memwhy.native.header import Settings
from memwhy.native.snapshot import StackCount

ROUNDS = 100
PERIOD = 65536


def holdings(bytes_: int, size: int, settings: Settings, rounds: int = ROUNDS) -> list[StackCount]:
    """What the leaking stack was found to hold, in so many rounds of the same leak."""
    found = []
    with sampled([built("leak"), str(bytes_), str(size), "1"], settings) as running:
        for _ in range(rounds):
            running.tell()
            assert running.line() == b"held\n"
            # beside it are the list of the blocks' addresses, one block, and the churn's 64 of at most 2 KiB
            found.append(max(running.snapshot().stacks, key=lambda stack: stack.outstanding_bytes))
            running.tell()
            assert running.line() == b"freed\n"
        assert running.end() == 0
    return found


@pytest.mark.parametrize(("bytes_", "size"), [(12_582_912, 64), (12_582_912, 8192)])
def test_a_leak_of_12_mib_is_estimated_as_theory_says(bytes_: int, size: int) -> None:
    found = holdings(bytes_, size, Settings(period_bytes=PERIOD, budget=0.0, orphan_s=0.0))
    errors = [stack.outstanding_bytes / bytes_ - 1 for stack in found]
    theory = math.sqrt(size / bytes_ * (1 / -math.expm1(-size / PERIOD) - 1))
    rms = math.sqrt(sum(error * error for error in errors) / ROUNDS)
    assert abs(sum(errors) / ROUNDS) < 4 * theory / math.sqrt(ROUNDS)
    assert rms < theory * (1 + 4 / math.sqrt(2 * ROUNDS))
    covered = sum(low <= bytes_ <= high for low, high in (stack.interval() for stack in found))
    assert covered >= 88  # of 100 at 95 %: fewer than one run in a thousand has so few


def test_thinning_leaves_the_estimate_where_it_was() -> None:
    """A period of 64 bytes makes four times as many samples as there is room for: the level rises, and rises again."""
    settings = Settings(period_bytes=64, budget=0.0, orphan_s=0.0)
    bytes_, size = 25_600_000, 64
    with sampled([built("leak"), str(bytes_), str(size), "0"], settings) as running:
        running.tell()
        assert running.line() == b"held\n"
        found = running.snapshot()
        running.tell()
        assert running.line() == b"freed\n"
        freed = running.snapshot()
        assert running.end() == 0
    stack = max(found.stacks, key=lambda each: each.allocated_count)
    assert found.level in (2, 3)
    assert 25_000 < stack.samples < 65_536
    assert abs(stack.outstanding_bytes - bytes_) < 5 * math.sqrt(stack.variance)
    assert math.sqrt(stack.variance) < 0.01 * bytes_
    assert abs(stack.outstanding_count - bytes_ / size) < 5 * math.sqrt(stack.variance) / size
    after = max(freed.stacks, key=lambda each: each.allocated_count)
    assert after.outstanding_bytes == 0
    assert abs(after.freed_bytes - bytes_) < 5 * math.sqrt(stack.variance)
    assert found.lost_samples == 0


def test_an_estimate_that_rests_on_everything_is_exact() -> None:
    assert interval(1000, 0.0) == (1000, 1000)


def test_the_interval_of_few_samples_is_that_of_a_poisson_count() -> None:
    """One sample that stands for 1000 bytes: 0.025 to 5.572 of it (Garwood 1936); Wilson and Hilferty's quantiles are near."""
    low, high = interval(1000, 1000.0 * 1000)
    assert low <= 60
    assert abs(high - 5572) < 60
    low, high = interval(100_000, 100 * 1000.0**2)
    assert (abs(low - 81_364), abs(high - 121_627)) <= (50, 50)


def test_what_was_seen_is_never_below_the_interval() -> None:
    assert interval(2000, 1000.0 * 1000, surely=900)[0] >= 900
