"""A fix is proven only where growth was there before, could have been seen after, and is not: under a like load."""

from dataclasses import replace

import pytest
from build_case import Points, case, flat, line, ticks

from memwhy.model.case import Case
from memwhy.model.units import KIB, MIB
from memwhy.proof import verify

NOISE = 32 * KIB


def run(points: Points, *, objects_per_s: float | None = 1000.0, **more: Points) -> Case:
    """A watched run; objects_per_s: how busy it was."""
    series = {"process.rss_bytes": points, **more}
    if objects_per_s is not None:
        series["go.mallocs_count"] = line(0, objects_per_s)
    return case(total="process.rss_bytes", series=series)


LEAKS = run(line(100 * MIB, MIB, noise=NOISE))


def test_a_leak_that_is_gone_is_proven_gone():
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE)))
    assert (found.outcome, found.reason) == ("proven", "stopped")
    assert found.left_at_most is not None and found.left_at_most < 0.02
    assert found.would_have_seen is not None and found.would_have_seen < 10 * KIB


def test_the_same_leak_again_is_not():
    found = verify(LEAKS, run(line(200 * MIB, MIB, noise=NOISE, seed=2)))
    assert (found.outcome, found.reason, found.headline) == ("not-proven", "still-grows", "It still grows as before.")


def test_half_a_fix_is_not_a_fix():
    found = verify(LEAKS, run(line(100 * MIB, MIB / 2, noise=NOISE, seed=2)))
    assert (found.reason, found.headline) == ("still-grows", "It still grows, at 50 % of the old pace.")


def test_noise_that_could_hide_the_leak_proves_nothing_and_a_longer_run_is_named():
    found = verify(LEAKS, run(flat(100 * MIB, noise=12 * MIB)))
    assert (found.outcome, found.reason) == ("not-proven", "not-excluded")
    assert found.needed_s is None or found.needed_s > 0


def test_where_nothing_grew_before_nothing_was_fixed():
    quiet = run(flat(100 * MIB, noise=NOISE))
    assert verify(quiet, run(flat(100 * MIB, noise=NOISE, seed=2))).reason == "nothing-to-fix"


def test_an_idle_run_proves_nothing():
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE), objects_per_s=10.0))
    assert (found.outcome, found.reason) == ("not-proven", "load-unlike")


def test_a_run_with_a_fifth_of_the_work_is_held_against_a_fifth_of_the_growth():
    found = verify(LEAKS, run(line(100 * MIB, MIB / 5, noise=NOISE), objects_per_s=200.0))
    assert (found.outcome, found.reason, found.headline) == ("not-proven", "still-grows", "It still grows as before.")
    assert "20% of the work" in " ".join(found.warnings)


def test_work_that_the_user_counts_comes_before_what_is_estimated():
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE), objects_per_s=1.0), work=(1000, 990))
    assert (found.outcome, found.load.given if found.load else None) == ("proven", True)


def test_an_unknown_load_is_said():
    unknown = run(line(100 * MIB, MIB, noise=NOISE), objects_per_s=None)
    found = verify(unknown, run(flat(100 * MIB, noise=NOISE), objects_per_s=None))
    assert (found.outcome, found.load) == ("proven", None)
    assert "not known" in " ".join(found.warnings)


def test_a_start_up_after_the_fix_is_no_growth_that_goes_on():
    starting = ticks(lambda x: 60 * MIB + 40 * MIB * min(x, 12) / 12)
    found = verify(LEAKS, run(starting))
    assert (found.outcome, found.total.after.part if found.total else None) == ("proven", "later half")


def test_other_metrics_cannot_be_compared():
    other = case(total="host.used_bytes", series={"host.used_bytes": flat(100 * MIB)})
    assert verify(LEAKS, other).reason == "not-comparable"


def test_what_else_changed_is_said():
    after = run(flat(100 * MIB, noise=NOISE))
    after = replace(after, facts={"env.MALLOC_ARENA_MAX": "2"})
    assert "MALLOC_ARENA_MAX differs: unset, then 2" in verify(LEAKS, after).warnings


@pytest.mark.parametrize("seed", range(30))
def test_the_unfixed_program_is_never_proven_fixed(seed: int):
    again = run(line(100 * MIB, MIB, noise=2 * MIB, seed=seed + 100))
    assert verify(run(line(100 * MIB, MIB, noise=2 * MIB, seed=seed)), again).outcome == "not-proven"
