"""A fix is proven only where growth was there before, could have been seen after, and is not: under a like load."""

from dataclasses import replace

import pytest
from build_case import Points, case, flat, line, ticks
from build_stacks import Habit, own, readings

from memwhy.model.case import SeenProfile
from memwhy.model.errors import UsageError
from memwhy.model.native import StackGrowth
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.proof import Work
from memwhy.model.reading import Where
from memwhy.model.units import KIB, MIB
from memwhy.proof import Run, verify
from memwhy.trend.stacks import grow

NOISE = 32 * KIB


def run(points: Points, *, objects_per_s: float | None = 1000.0, work: Work | None = None, **more: Points) -> Run:
    """A watched run; objects_per_s: how busy it was. more: layers, by their names without `layer.` and `_bytes`."""
    series = {"process.rss_bytes": points, **{f"layer.{name}_bytes": one for name, one in more.items()}}
    if objects_per_s is not None:
        series["go.mallocs_count"] = line(0, objects_per_s, seconds=points.pairs[-1][0])
    return Run(case=case(total="process.rss_bytes", series=series), work=work)


def done(count: float, *, until_s: float = 60.0) -> Work:
    """So many requests, evenly."""
    return Work(unit="request", source="a test", points=((0.0, 0.0), (until_s, count)), even=True)


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
    leaks = replace(LEAKS, work=done(1000))
    found = verify(leaks, run(flat(100 * MIB, noise=NOISE), objects_per_s=1.0, work=done(990)))
    assert (found.outcome, found.load.given if found.load else None) == ("proven", True)
    assert found.by_work is not None and found.by_work.before.slope == pytest.approx(MIB * 60 / 1000, rel=0.01)


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
    assert verify(LEAKS, Run(case=other)).reason == "not-comparable"


def test_what_else_changed_is_said():
    after = run(flat(100 * MIB, noise=NOISE))
    after = replace(after, case=replace(after.case, facts={"env.MALLOC_ARENA_MAX": "2"}))
    assert "MALLOC_ARENA_MAX differs: unset, then 2" in verify(LEAKS, after).warnings


@pytest.mark.parametrize("seed", range(30))
def test_the_unfixed_program_is_never_proven_fixed(seed: int):
    again = run(line(100 * MIB, MIB, noise=2 * MIB, seed=seed + 100))
    assert verify(run(line(100 * MIB, MIB, noise=2 * MIB, seed=seed)), again).outcome == "not-proven"


def test_the_smallest_leak_that_could_have_been_seen_is_said_with_its_power():
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE)))
    assert (found.power, "nine times in ten" in " ".join(found.because)) == (0.9, True)


@pytest.mark.parametrize("noise", [NOISE, 8 * NOISE])
def test_a_leak_of_that_size_is_seen_about_that_often(noise: int):
    quiet = verify(LEAKS, run(flat(100 * MIB, noise=noise)))
    least = quiet.would_have_seen
    assert least is not None
    tries = [line(100 * MIB, least, noise=noise, seed=seed) for seed in range(200, 280)]
    seen = [getattr(run(points).case.series["process.rss_bytes"].course, "growing", False) for points in tries]
    assert sum(seen) >= 0.8 * len(seen)


# -- work ------------------------------------------------------------------------------------------------------------


def test_growth_that_does_not_follow_the_work_is_not_hidden_by_more_of_it():
    """A leak on a timer: thirty times the work must not make it look thirty times smaller."""
    leaks = replace(LEAKS, work=done(1000))
    found = verify(leaks, run(line(100 * MIB, MIB, noise=NOISE, seed=4), work=done(30000)))
    assert (found.outcome, found.reason) == ("not-proven", "still-grows")


def test_less_work_is_expected_to_grow_less_and_a_leak_per_request_is_found_all_the_same():
    leaks = replace(LEAKS, work=done(1000))
    found = verify(leaks, run(line(100 * MIB, MIB / 10, noise=NOISE / 4), work=done(100)))
    assert (found.reason, found.headline) == ("still-grows", "It still grows as before.")


def test_work_of_two_kinds_is_refused_for_no_count_that_was_given_may_be_dropped_in_silence():
    jobs = Work(unit="job", source="jobs.csv", points=((0.0, 0.0), (60.0, 5.0)))
    with pytest.raises(UsageError, match=r"not of one kind: a test counts requests, jobs\.csv counts jobs"):
        verify(replace(LEAKS, work=done(1000)), run(flat(100 * MIB, noise=NOISE), work=jobs))


def test_what_a_file_of_work_left_out_is_said():
    noted = replace(done(1000), notes=("a test: 1 of 3 lines were left out",))
    found = verify(replace(LEAKS, work=noted), run(flat(100 * MIB, noise=NOISE), work=done(1000)))
    assert "the run before the fix: a test: 1 of 3 lines were left out" in found.warnings


# -- the negative control ----------------------------------------------------------------------------------------------


def test_a_fix_is_proven_beside_an_unfixed_build_that_still_leaks():
    beside = run(line(120 * MIB, 0.8 * MIB, noise=NOISE, seed=9))
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE)), control=beside)
    assert (found.outcome, found.reason) == ("proven", "stopped")
    assert found.control is not None and found.control.slope == pytest.approx(0.8 * MIB, rel=0.05)


def test_where_the_unfixed_build_does_not_leak_either_nothing_is_proven():
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE)), control=run(flat(120 * MIB, noise=NOISE, seed=9)))
    assert (found.outcome, found.reason) == ("not-proven", "trigger-absent")
    assert "the leak's trigger was absent" in found.headline


def test_a_control_that_leaks_slower_raises_what_has_to_be_shown():
    after = run(line(100 * MIB, 0.06 * MIB, noise=NOISE / 8))
    assert verify(LEAKS, after).outcome == "proven"
    assert verify(LEAKS, after, control=run(line(120 * MIB, 0.2 * MIB, noise=NOISE, seed=9))).outcome == "not-proven"


def test_a_run_that_idles_beside_a_busy_control_proves_nothing():
    """As little work as in the old recording; the unfixed build beside it did a hundred times as much."""
    before = run(line(100 * MIB, MIB, noise=NOISE), objects_per_s=10.0)
    beside = run(line(120 * MIB, MIB, noise=NOISE, seed=9), objects_per_s=1000.0)
    found = verify(before, run(flat(100 * MIB, noise=NOISE), objects_per_s=10.0), control=beside)
    assert (found.outcome, found.reason) == ("not-proven", "load-unlike")
    assert (
        found.headline == "The run after the fix did next to nothing (1.0% of the control's work): it proves nothing."
    )


def test_half_as_much_work_as_the_controls_is_said():
    beside = run(line(120 * MIB, MIB, noise=NOISE, seed=9), objects_per_s=4000.0)
    found = verify(LEAKS, run(flat(100 * MIB, noise=NOISE)), control=beside)
    assert "did 25% of the control's work" in " ".join(found.warnings)


def test_a_run_without_any_work_beside_a_control_proves_nothing():
    """Nobody knows what the old recording did; after the fix not one object was allocated."""
    before = run(line(100 * MIB, MIB, noise=NOISE), objects_per_s=None)
    beside = run(line(120 * MIB, MIB, noise=NOISE, seed=9))
    found = verify(before, run(flat(100 * MIB, noise=NOISE), objects_per_s=0.0), control=beside)
    assert (found.outcome, found.reason) == ("not-proven", "load-unlike")


def test_a_controls_growth_for_other_work_is_not_held_against_this_work():
    """Its endpoint counts jobs; a job of 10 pieces keeps ten times what one piece does."""
    jobs = line(120 * MIB, MIB, noise=NOISE, seed=9)
    beside = run(jobs)
    counted = {**beside.case.series, **case(total="", series={"work.jobs_count": line(0, 1000)}).series}
    beside = replace(beside, case=replace(beside.case, series=counted))
    before = run(line(100 * MIB, MIB, noise=NOISE))
    requests = case(total="", series={"work.requests_count": line(0, 10)}).series
    sides = [
        replace(one, case=replace(one.case, series={**one.case.series, **requests}))
        for one in (before, run(line(100 * MIB, 0.01 * MIB, noise=NOISE / 8)))
    ]
    found = verify(*sides, control=beside)
    assert (found.outcome, found.reason) == ("proven", "stopped")


# -- what is left ------------------------------------------------------------------------------------------------------


def test_of_two_leaks_the_one_that_is_left_is_named():
    before = run(line(100 * MIB, 1.5 * MIB, noise=NOISE), go_heap=line(30 * MIB, MIB), anonymous=line(9 * MIB, MIB / 2))
    after = run(line(100 * MIB, MIB / 2, noise=NOISE), go_heap=flat(30 * MIB), anonymous=line(9 * MIB, MIB / 2))
    found = verify(before, after)
    assert (found.outcome, found.reason, found.gone) == ("not-proven", "partly", ("Go heap",))
    assert [(one.kind, one.what) for one in found.left] == [("layer", "other anonymous")]
    assert found.headline == (
        "One leak of several is gone (Go heap), and it still grows, at 33 % of the old pace."
        " What is left: other anonymous."
    )


def sampled(rate: float) -> StackGrowth | None:
    """What a sampler saw of a program with two call sites, of which one keeps 256 KiB a second and the other `rate`."""
    habits = [Habit(own("decode", "main"), lambda _: 256 * KIB), Habit(own("index", "main"), lambda _: rate)]
    return grow(readings(habits, seconds=60))


def test_code_that_still_allocates_for_ever_is_named_and_code_that_stopped_as_well():
    before, after = (
        run(line(100 * MIB, per_s, noise=NOISE), native_heap=line(30 * MIB, per_s)) for per_s in (MIB, MIB / 4)
    )
    before = replace(before, case=replace(before.case, stacks=sampled(768 * KIB)))
    after = replace(after, case=replace(after.case, stacks=sampled(0)))
    found = verify(before, after)
    assert (found.reason, found.gone) == ("partly", ("index",))
    assert [(one.kind, one.what) for one in found.left] == [("layer", "native heap [heap]"), ("site", "decode")]


def heap_profiles(per_s: dict[str, float]) -> tuple[SeenProfile, ...]:
    """A heap profile every ten seconds; bytes in use of each function grow by so much a second."""
    return tuple(
        SeenProfile(
            profile=Profile(
                kind="inuse_space",
                unit="bytes",
                total=sum(round(9 * MIB + rate * x) for rate in per_s.values()),
                rows=tuple(ProfileRow(function=name, flat=round(9 * MIB + rate * x), cum=round(9 * MIB + rate * x)) for name, rate in per_s.items()),
            ),
            subject="target",
            where=Where(file="live"),
            x=float(x),
        )
        for x in range(0, 61, 10)
    )  # fmt: skip


def test_go_code_that_still_grows_is_named_by_its_heap_profiles():
    before = run(line(100 * MIB, 2 * MIB, noise=NOISE), go_heap=line(30 * MIB, 2 * MIB))
    after = run(line(100 * MIB, MIB, noise=NOISE), go_heap=line(30 * MIB, MIB))
    after = replace(after, case=replace(after.case, profiles=heap_profiles({"main.index": MIB, "main.read": 0})))
    assert [(one.kind, one.what) for one in verify(before, after).left] == [
        ("layer", "Go heap"),
        ("site", "main.index"),
    ]


def test_growth_that_only_moved_between_mallocs_layers_is_not_gone():
    """What else is allocated decides whether malloc takes a block from its heap or maps it."""
    before = run(line(100 * MIB, MIB, noise=NOISE), native_heap=line(30 * MIB, MIB), anonymous=flat(9 * MIB))
    after = run(line(100 * MIB, MIB / 2, noise=NOISE), native_heap=flat(30 * MIB), anonymous=line(9 * MIB, MIB / 2))
    found = verify(before, after)
    assert (found.reason, found.gone, [one.what for one in found.left]) == ("still-grows", (), ["other anonymous"])


def test_growth_that_is_new_is_told_too():
    before = run(line(100 * MIB, MIB, noise=NOISE), go_heap=line(30 * MIB, MIB), native_heap=flat(9 * MIB))
    after = run(line(100 * MIB, MIB, noise=NOISE), go_heap=flat(30 * MIB), native_heap=line(9 * MIB, MIB))
    assert [one.what for one in verify(before, after).left] == ["native heap [heap]"]


# -- starts, lengths, restarts -----------------------------------------------------------------------------------------


def test_a_start_up_before_a_leak_does_not_count_as_the_leak():
    """40 MiB in the first seconds, then 0.5 MiB a second: what is left is held against the leak alone."""
    starting = ticks(lambda x: 60 * MIB + 40 * MIB * min(x, 6) / 6 + 0.5 * MIB * x)
    found = verify(run(starting), run(line(100 * MIB, 0.5 * MIB, noise=NOISE)))
    assert (found.outcome, found.headline) == ("not-proven", "It still grows as before.")


def test_seconds_at_the_begin_can_be_left_out():
    starting = ticks(lambda x: 60 * MIB + 40 * MIB * min(x, 12) / 12)
    found = verify(LEAKS, run(starting), after_s=15)
    assert (found.outcome, found.total.after.part if found.total else None) == ("proven", "whole")


def test_a_run_too_short_for_the_old_build_to_leak_in_proves_nothing():
    """The leak begins after a minute; the new build was looked at for forty seconds."""
    late = ticks(lambda x: 100 * MIB + max(0, x - 60) * MIB, seconds=300)
    found = verify(run(late), run(flat(100 * MIB, noise=NOISE, seconds=40)))
    assert (found.outcome, found.reason, found.needed_s) == ("not-proven", "too-short", 260)
    assert "the run after the fix is too short" in found.headline


def test_a_shorter_run_in_which_the_old_build_would_have_leaked_is_enough():
    long_leak = run(line(100 * MIB, MIB, noise=NOISE, seconds=300))
    assert verify(long_leak, run(flat(100 * MIB, noise=NOISE, seconds=60))).outcome == "proven"


def test_a_process_that_began_anew_is_judged_by_its_longest_life():
    """Killed and started again at 40, 80 and 120 s: each life leaks, and the whole looks like a saw."""
    lives = ticks(lambda x: 50 * MIB + MIB * (x % 40), seconds=179)
    busy = ticks(lambda x: 1000 * (x % 40), seconds=179)
    restarted = Run(case=case(total="process.rss_bytes", series={"process.rss_bytes": lives, "go.mallocs_count": busy}))
    found = verify(restarted, run(flat(100 * MIB, noise=NOISE)))
    assert (found.outcome, found.total.before.slope if found.total else None) == (
        "proven",
        pytest.approx(MIB, rel=0.01),
    )
    assert "the run before the fix: the process began anew 4 times: judged is its longest life, 39 s" in found.warnings
