"""The gate: a limit on growth is exceeded, kept, or cannot be told, and each only when the data say so."""

import pytest
from build_case import Points, case, flat, line, step, ticks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memwhy.model.proof import Limit
from memwhy.model.units import KIB, MIB
from memwhy.proof import gate

LIMIT = Limit(bytes=MIB / 60)


def outcome(points: Points, *, limit: Limit = LIMIT, after_s: float = 0.0, **more: object) -> str:
    return gate(
        case(total="process.rss_bytes", series={"process.rss_bytes": points}, **more), limit, after_s=after_s
    ).outcome


def test_growth_far_above_the_limit_is_shown():
    assert outcome(line(100 * MIB, MIB, noise=64 * KIB)) == "exceeded"


def test_a_level_with_little_noise_keeps_the_limit():
    assert outcome(flat(100 * MIB, noise=16 * KIB)) == "within"


def test_noise_as_large_as_the_limit_decides_nothing_and_a_longer_time_is_named():
    found = gate(case(total="process.rss_bytes", series={"process.rss_bytes": flat(100 * MIB, noise=8 * MIB)}), LIMIT)
    assert found.outcome == "undecided"
    assert found.needed_s is not None and found.needed_s > 60
    assert found.next_step is not None


def test_one_step_up_is_judged_by_what_came_after_it():
    found = gate(
        case(
            total="process.rss_bytes", series={"process.rss_bytes": step(100 * MIB, 150 * MIB, at=0.2, noise=16 * KIB)}
        ),
        LIMIT,
    )
    assert (found.outcome, found.pace.part if found.pace else None) == ("within", "later half")


def test_a_warm_up_that_has_ended_is_no_growth():
    warming = ticks(lambda x: 100 * MIB + 40 * MIB * min(x, 15) / 15)
    assert outcome(warming) == "within"
    assert outcome(warming, after_s=20) == "within"


def test_three_readings_decide_nothing():
    assert outcome(Points(((0.0, 100 * MIB), (30.0, 110 * MIB), (60.0, 120 * MIB)))) == "undecided"


def test_without_times_there_is_no_rate():
    points = Points(tuple((float(i), 100 * MIB + i * MIB) for i in range(20)), clock="order")
    found = gate(case(total="process.rss_bytes", series={"process.rss_bytes": points}), LIMIT)
    assert (found.outcome, found.headline) == (
        "undecided",
        "The evidence has no times: growth per time cannot be told.",
    )


def test_without_figures_nothing_is_decided():
    assert gate(case(), LIMIT).headline == "There are no figures of the process's memory over time."


@pytest.mark.parametrize("seed", range(40))
def test_level_noise_is_never_called_growth(seed: int):
    assert outcome(flat(200 * MIB, noise=MIB, seed=seed)) != "exceeded"


# a trend takes milliseconds, on a busy machine more
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    slope=st.integers(0, 4 * MIB),
    noise=st.integers(0, 2 * MIB),
    seed=st.integers(0, 1000),
    limit=st.floats(1.0, 4.0 * MIB),
)
def test_an_outcome_always_agrees_with_its_own_interval(slope: int, noise: int, seed: int, limit: float):
    found = gate(
        case(total="process.rss_bytes", series={"process.rss_bytes": line(50 * MIB, slope, noise=noise, seed=seed)}),
        Limit(bytes=limit),
    )
    pace = found.pace
    assert pace is not None
    if found.outcome == "within":
        assert pace.high is not None and pace.high < limit
    if found.outcome == "exceeded":
        assert pace.low is not None and pace.low > limit
