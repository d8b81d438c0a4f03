"""Results change probabilities by how well they were foretold, and by nothing else."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memwhy.model.likelihood import MOST_CERTAIN, UNFORESEEN, likelihood, separation_bits, updated
from memwhy.model.probe import Experiment, Prediction
from memwhy.model.report import CAUSES
from memwhy.model.units import MIB


def foretells(cause: str, low: float, high: float, unseen: float = 0.0) -> Prediction:
    return Prediction(cause=cause, low=low, high=high, because="made", unseen=unseen)


def experiment(*predictions: Prediction, error: float = MIB, widest: float = 300 * MIB) -> Experiment:
    return Experiment(
        name="trim", does=("nothing",), measure="RSS falls by", unit="bytes", error=error, widest=widest,
        predictions=predictions,
    )  # fmt: skip


TRIM = experiment(
    foretells("native-retained", 180 * MIB, 220 * MIB),
    foretells("native-leak", 0, 10 * MIB),
    foretells("native-cache", 0, 10 * MIB),
)
BEFORE = {"native-retained": 0.3, "native-leak": 0.3, "native-cache": 0.1, "mmap-leak": 0.1}


def test_a_result_that_one_hypothesis_foretold_decides_for_it() -> None:
    after = {cause: round(value, 3) for cause, value in updated(TRIM, BEFORE, 200 * MIB).items()}
    assert after == {"native-retained": 0.817, "native-leak": 0.006, "native-cache": 0.002, "mmap-leak": 0.1}


def test_what_two_foretold_alike_keeps_their_ratio() -> None:
    after = updated(TRIM, BEFORE, 1 * MIB)
    assert {cause: round(value, 3) for cause, value in after.items()} == {
        "native-retained": 0.001, "native-leak": 0.66, "native-cache": 0.22, "mmap-leak": 0.1,
    }  # fmt: skip


def test_what_nobody_foretold_makes_no_cause_impossible_and_decides_nothing() -> None:
    after = updated(TRIM, BEFORE, 100 * MIB)
    assert after == pytest.approx(BEFORE)


def test_a_density_is_of_the_interval_with_the_error_and_a_part_for_what_nobody_foresaw() -> None:
    middle = likelihood(TRIM, TRIM.predictions[0], 200 * MIB)
    assert middle == pytest.approx((1 - UNFORESEEN) / (40 * MIB) + UNFORESEEN / (300 * MIB))
    edge = likelihood(TRIM, TRIM.predictions[0], 220 * MIB)
    assert edge == pytest.approx((1 - UNFORESEEN) / (80 * MIB) + UNFORESEEN / (300 * MIB))
    point = experiment(foretells("steady", 5 * MIB, 5 * MIB))
    normal = 1 / (MIB * math.sqrt(2 * math.pi))
    assert likelihood(point, point.predictions[0], 5 * MIB) == pytest.approx(
        (1 - UNFORESEEN) * normal + UNFORESEEN / (300 * MIB)
    )


def test_seeing_nothing_speaks_little_against_what_is_often_unseen() -> None:
    def after_none(unseen: float) -> float:
        profile = experiment(
            foretells("goroutine-leak", 50, 100, unseen), foretells("heap-leak", 0, 10, 0.9), error=1.0, widest=102.0
        )
        return updated(profile, {"goroutine-leak": 0.5, "heap-leak": 0.4}, 0.0)["goroutine-leak"]

    assert (round(after_none(0.0), 2), round(after_none(0.5), 2)) == (0.0, 0.38)


PROBABILITIES = st.dictionaries(st.sampled_from(CAUSES), st.floats(0.0, 1.0), min_size=2).map(
    lambda found: {cause: 0.97 * value / max(1.0, sum(found.values())) for cause, value in found.items()}
)


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    causes = draw(st.lists(st.sampled_from(CAUSES), min_size=1, max_size=5, unique=True))
    size = st.floats(-1e9, 1e9)
    rows = [sorted((draw(size), draw(size))) for _ in causes]
    unseen = [draw(st.sampled_from((0.0, 0.5))) for _ in causes]
    predictions = [
        foretells(cause, low, high, part) for cause, (low, high), part in zip(causes, rows, unseen, strict=True)
    ]
    return experiment(*predictions, error=draw(st.floats(1.0, 1e7)), widest=draw(st.floats(1e3, 4e9)))


@given(experiments(), PROBABILITIES, st.floats(-2e9, 2e9))
def test_probabilities_stay_probabilities_and_with_the_rest_sum_to_one(
    made: Experiment, before: dict[str, float], value: float
) -> None:
    after = updated(made, before, value)
    assert set(after) == set(before)
    assert all(0.0 <= one <= MOST_CERTAIN for one in after.values())
    assert sum(after.values()) <= 1.0 + 1e-9
    untold = set(before) - {one.cause for one in made.predictions}
    assert {cause: after[cause] for cause in untold} == {cause: before[cause] for cause in untold}


@given(experiments(), PROBABILITIES, st.floats(-2e9, 2e9))
def test_a_result_that_all_foretold_equally_well_changes_nothing(
    made: Experiment, before: dict[str, float], value: float
) -> None:
    first = made.predictions[0]
    alike = replace(made, predictions=tuple(replace(first, cause=one.cause) for one in made.predictions))
    assert updated(alike, before, value) == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("others", [0.0, 1.0])
def test_a_probability_as_small_as_a_number_can_be_is_still_updated(others: float) -> None:
    least = 5e-324
    trim = experiment(foretells("native-leak", 0, 0), foretells("native-retained", 0, 0), error=1.0, widest=1000.0)
    before = {"native-leak": 0.0, "native-retained": least, "heap-leak": others}
    assert updated(trim, before, 1.0) == before


@given(experiments(), PROBABILITIES, st.floats(-2e9, 2e9))
def test_of_two_the_one_that_foretold_it_better_gains_on_the_other(
    made: Experiment, before: dict[str, float], value: float
) -> None:
    first, second = made.predictions[0], made.predictions[-1]
    before = {**before, first.cause: 0.1, second.cause: 0.2}
    before = {cause: value / max(1.0, sum(before.values())) for cause, value in before.items()}
    densities = [likelihood(made, one, value) for one in (first, second)]
    after = updated(made, before, value)
    assume(max(after.values()) < MOST_CERTAIN)
    ratio = (after[first.cause] * before[second.cause]) / (before[first.cause] * after[second.cause])
    assert ratio == pytest.approx(densities[0] / densities[1], rel=1e-6)


@given(experiments(), PROBABILITIES)
def test_what_an_experiment_can_teach_of_a_pair_is_between_nothing_and_one_bit(
    made: Experiment, before: dict[str, float]
) -> None:
    told = [one.cause for one in made.predictions]
    assume(len(told) > 1)
    bits = separation_bits(made, before, (told[0], told[1]))
    assert 0.0 <= bits <= 1.0
    first = made.predictions[0]
    alike = replace(made, predictions=(first, replace(first, cause=told[1])))
    assert separation_bits(alike, before, (told[0], told[1])) == pytest.approx(0.0, abs=1e-9)


def test_predictions_that_lie_apart_separate_and_those_of_one_place_do_not() -> None:
    even = {"native-retained": 0.5, "native-leak": 0.5, "native-cache": 0.5}
    assert round(separation_bits(TRIM, even, ("native-retained", "native-leak")), 2) == 0.92
    assert separation_bits(TRIM, even, ("native-leak", "native-cache")) == pytest.approx(0.0, abs=1e-9)
    assert separation_bits(TRIM, even, ("native-leak", "mmap-leak")) == 0.0
