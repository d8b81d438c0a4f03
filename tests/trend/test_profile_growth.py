"""Growth by site over several profiles whose truth is known: blocks are drawn as Go draws them."""

import math
from random import Random

import pytest
from drawn_blocks import PERIOD, drawn
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.units import KIB, MIB
from memwhy.trend.profiles import Growth, State, grow

RUNS = 120


def kept(per_s: float, size: int, times: list[float], random: Random) -> list[tuple[int, float]]:
    """A site that only keeps: the drawn blocks of one reading are among those of the next."""
    value, variance, held, before = 0, 0.0, [], 0
    for time in times:
        blocks = int(per_s * time / size)
        more, its_variance = drawn(blocks - before, size, random)
        value, variance, before = value + more, variance + its_variance, blocks
        held.append((value, variance))
    return held


def turned_over(level: float, size: int, times: list[float], random: Random) -> list[tuple[int, float]]:
    """A site whose blocks are all new at each reading."""
    return [drawn(round(level / size), size, random) for _ in times]


def states(times: list[float], **sites: list[tuple[int, float]]) -> list[State[str]]:
    return [State(time, {name: values[i] for name, values in sites.items()}) for i, time in enumerate(times)]


def share(truth: float, found: list[Growth]) -> float:
    return sum(one.low <= truth <= one.high for one in found) / len(found)


@pytest.mark.parametrize("count", [2, 3, 4, 6, 12])
@pytest.mark.parametrize("size", [64, 4 * KIB, 200 * KIB, 4 * MIB])
def test_the_interval_holds_the_truth_in_nine_of_ten_profiles(count: int, size: int) -> None:
    times = [16.0 + 96 * i / (count - 1) for i in range(count)]
    leaks, steady = [], []
    for seed in range(RUNS):
        random = Random(seed * 1000 + count)
        found = grow(
            states(
                times,
                leak=kept(0.5 * MIB, size, times, random),
                steady=turned_over(20 * MIB, size, times, random),
            ),
            period=PERIOD,
        )
        leaks.append(found["leak"])
        steady.append(found["steady"])
    assert share(48 * MIB, leaks) >= 0.9
    assert share(0, steady) >= 0.9


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_of_fifty_sites_that_stand_still_none_is_accused_in_nineteen_of_twenty_runs(count: int) -> None:
    times = [float(10 * i) for i in range(count)]
    accused = 0
    for seed in range(RUNS):
        random = Random(seed)
        sites = {f"site{i}": turned_over((1 + i % 7) * MIB, 2 * KIB, times, random) for i in range(50)}
        accused += any(one.grows for one in grow(states(times, **sites), period=PERIOD).values())
    assert accused <= 0.05 * RUNS


def test_a_leak_among_fifty_sites_is_named() -> None:
    times = [float(10 * i) for i in range(7)]
    random = Random(3)
    sites = {f"site{i}": turned_over((1 + i % 7) * MIB, 2 * KIB, times, random) for i in range(50)}
    found = grow(states(times, leak=kept(0.5 * MIB, KIB, times, random), **sites), period=PERIOD)
    assert next(iter(found)) == "leak"
    assert [key for key, one in found.items() if one.grows] == ["leak"]
    assert found["leak"].low_per < 0.5 * MIB < found["leak"].high_per


def test_a_leak_is_named_though_a_hundred_sites_are_larger() -> None:
    still = {f"site{i}": (1000 + i, 0.0) for i in range(100)}
    found = grow([State(10.0 * i, {**still, "leak": (5 + 40 * i, 0.0)}) for i in range(6)])
    assert [key for key, one in found.items() if one.grows] == ["leak"]


def test_counts_have_no_error_of_drawing() -> None:
    found = grow([State(10.0 * i, {"a": (100 + 40 * i, 0.0), "b": (7, 0.0)}) for i in range(5)])
    assert (found["a"].change, found["a"].per, found["a"].grows) == (160, pytest.approx(4.0), True)
    assert found["a"].high - found["a"].low <= 2
    assert (found["b"].change, found["b"].grows) == (0, False)


def test_two_counts_grow_when_the_second_is_clearly_more() -> None:
    found = grow([State(0.0, {"a": (5, 0.0), "b": (5, 0.0)}), State(10.0, {"a": (7, 0.0), "b": (90, 0.0)})])
    assert {key: (one.change, one.low, one.high, one.grows) for key, one in found.items()} == {
        "b": (85, 85, 85, True),
        "a": (2, 2, 2, False),
    }


def test_a_warm_up_that_has_ended_does_not_grow() -> None:
    level = [round(40 * MIB * (1 - math.exp(-i / 4))) for i in range(20)]
    found = grow([State(float(i), {"a": (value, 0.0)}) for i, value in enumerate(level)])
    assert (found["a"].shape, found["a"].grows) == ("warm-up", False)


def test_two_clumps_of_readings_do_not_make_growth_a_step_and_a_step_seen_on_the_way_is_one() -> None:
    clumps = grow([State(x, {"a": (10 + round(10 * x), 0.0)}) for x in (0.0, 0.3, 20.0, 20.4, 22.0)])
    assert clumps["a"].grows
    step = grow([State(float(i), {"a": (10 if i < 4 else 300, 0.0)}) for i in range(8)])
    assert (step["a"].shape, step["a"].grows) == ("step", False)


def test_one_state_alone_says_nothing_of_growth() -> None:
    assert grow([State(1.0, {"a": (5, 0.0)})]) == {}
    assert grow([]) == {}
    assert grow([State(1.0, {"a": (5, 0.0)}), State(1.0, {"a": (9, 0.0)})]) == {}


VALUES = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.integers(-(1 << 50), 1 << 50), st.floats(0, 1e30)), max_size=4
)


@given(st.lists(VALUES, max_size=8), st.sampled_from([0.0, 1.0, float(PERIOD)]))
def test_any_states_give_intervals_around_their_change(
    values: list[dict[str, tuple[int, float]]], period: float
) -> None:
    found = grow([State(float(i), one) for i, one in enumerate(values)], period=period)
    for one in found.values():
        assert one.low <= one.change <= one.high
        assert 0 <= one.chance <= 1
        assert not one.proven or one.change >= 0
