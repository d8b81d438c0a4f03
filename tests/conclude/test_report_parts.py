"""What surrounds the verdict: cautions, limits, what is missing, what to run next."""

from dataclasses import replace

import pytest
from build_case import GO_LEVELS, MIB, case, flat, line, mebibytes, readings, series, watched
from test_suggestions import pasted, profile

from memwhy.causes import judge_all
from memwhy.conclude import conclude
from memwhy.conclude.cautions import cautions
from memwhy.conclude.limits import limit_said
from memwhy.conclude.missing import missing, next_steps
from memwhy.conclude.report import confidence_of, verdict_of
from memwhy.model.case import Case, Target
from memwhy.model.report import Finding, Report, Verdict

PACE = 0.75 * MIB


def report(made: Case) -> Report:
    return conclude(made, judge_all(made), (), evidence=(), overhead=None)


def test_profiles_of_two_builds_are_not_comparable_and_an_idle_one_is_named() -> None:
    busy = profile("alloc_space", 2900 * MIB, {"compress/flate.NewReader": 1100 * MIB, "main.fetch": 9}, "3c4d5e6f7a")
    idle = profile(
        "alloc_space", 6 * MIB, {"compress/flate.NewWriter": 3 * MIB, "runtime/pprof.writeHeap": MIB}, "9a8b7c6d5e"
    )
    (text,) = cautions(case(profiles=(busy, idle)), ())
    assert text == (
        "The two alloc_space profiles are not comparable: builds 3c4d5e6f and 9a8b7c6d differ (2.8 GiB against 6.0 MiB),"
        " and that of 9a8b7c6d holds nothing but the profile server's own work."
        " That the program behaves differently there is not shown by them."
    )


def test_profiles_of_one_build_or_of_no_known_build_raise_no_caution() -> None:
    one = profile("alloc_space", 9, {"main.f": 9}, "aaaa")
    nameless = profile("alloc_space", 5, {"main.f": 5}, "")
    assert cautions(case(profiles=(one, one, nameless)), ()) == ()


def test_readings_without_times_are_said_to_be() -> None:
    assert "The readings carry no times: rates are per reading, not per second." in cautions(pasted(), ())


def test_what_the_paste_lacks_is_listed() -> None:
    assert missing(pasted()) == (
        "no RSS of the process",
        "no times: rates are per reading",
        "no goroutine count",
    )


def test_a_full_watch_lacks_nothing_and_an_empty_case_nearly_everything() -> None:
    assert missing(watched()) == ()
    assert missing(watched(without=("layer.",)))[0].startswith("no layers (smaps)")
    assert missing(case(runtime="unknown"))[-1] == "no total (RSS, cgroup or host memory) over time"


@pytest.mark.parametrize(
    "made",
    [pasted(), watched(), watched(grows={"layer.native_arenas_bytes": PACE}), case(runtime="unknown"),
     watched(grows={"layer.anonymous_bytes": PACE}), watched(seconds=2, without=("go.",))],
)  # fmt: skip
def test_next_steps_are_few_and_each_command_stands_once(made: Case) -> None:
    steps = report(made).next_steps
    commands = [step.do.split("   ")[0] for step in steps]
    assert len(commands) == len(set(commands)) <= 4
    assert all(step.decides for step in steps)


def test_the_paste_is_told_first_to_look_at_the_processs_own_rss() -> None:
    assert report(pasted()).next_steps[0].do == "grep -E 'VmRSS|RssAnon' /proc/PID/status   twice, ten minutes apart"


def test_the_pid_is_put_into_the_commands_when_it_is_known() -> None:
    made = replace(watched(grows={"layer.native_arenas_bytes": PACE}), target=Target(pid=4711, runtime="go"))
    findings = judge_all(made)
    steps = next_steps(made, findings, verdict_of(findings))
    assert steps
    assert not any("PID" in step.do for step in steps)


def test_growth_meets_the_nearest_limit() -> None:
    tight = {"cgroup.limit_bytes": flat(1024 * MIB), "cgroup.current_bytes": line(424 * MIB, MIB)}
    made = watched(grows={"layer.native_arenas_bytes": MIB}, given=tight)
    said = limit_said(made)
    assert said is not None
    assert said.startswith("At this rate the cgroup limit of 1.0 GiB is reached in 9 min (9 min to 9 min).")


def test_file_pages_that_can_be_taken_back_count_as_room() -> None:
    tight = {"cgroup.limit_bytes": flat(1024 * MIB), "cgroup.current_bytes": line(424 * MIB, MIB),
             "cgroup.inactive_file_bytes": flat(540 * MIB)}  # fmt: skip
    said = limit_said(watched(grows={"layer.native_arenas_bytes": MIB}, given=tight))
    assert said is not None and "is reached in 18 min" in said


def test_no_growth_no_times_or_no_limit_meet_nothing() -> None:
    limit = {"cgroup.limit_bytes": flat(1024 * MIB)}
    assert limit_said(watched(given=limit)) is None
    assert limit_said(pasted()) is None
    assert limit_said(watched(grows={"layer.native_arenas_bytes": MIB})) is None


def test_a_verdict_needs_a_supported_cause_that_is_more_likely_than_not() -> None:
    def finding(verdict: Verdict, probability: float) -> Finding:
        return Finding(cause="heap-leak", verdict=verdict, probability=probability, headline="x")

    assert verdict_of((finding(Verdict.SUPPORTED, 0.5),)).cause == "heap-leak"
    assert verdict_of((finding(Verdict.SUPPORTED, 0.49),)).cause == "undetermined"
    assert verdict_of((finding(Verdict.CANNOT_SAY, 0.9),)).cause == "undetermined"


def test_confidence_words_are_the_contracts() -> None:
    assert [confidence_of(p) for p in (0.9, 0.899, 0.6, 0.599, 0.0)] == ["high", "medium", "medium", "low", "low"]


def test_the_report_of_the_paste_is_complete() -> None:
    found = report(pasted())
    assert (found.conclusion.cause, found.span_s, found.unaccounted_bytes, found.limit) == (
        "native-leak",
        None,
        None,
        None,
    )
    assert found.total is not None
    assert (found.total.metric, found.total.bytes, found.total.share_of_growth) == ("host.used_bytes", 1219 * MIB, 1.0)
    assert [row.metric for row in found.runtime_rows][:2] == ["go.sys_bytes", "derived.go_held_bytes"]


def test_a_second_host_is_a_control_row() -> None:
    other = series("host.used_bytes", mebibytes(3120, 3120, 3121, 3120), subject="host klapprechner")
    found = report(replace(pasted(), controls=(other,)))
    assert [(row.label, row.bytes) for row in found.controls] == [("used memory, klapprechner", 3120 * MIB)]


def test_an_ended_target_is_said_and_the_same_case_gives_the_same_report() -> None:
    made = replace(watched(), ended="was killed by the OOM killer")
    assert "The process was killed by the OOM killer; what was seen until then is judged." in report(made).warnings
    assert report(made) == report(made)


def test_one_reading_of_everything_asks_for_more() -> None:
    look = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": readings(60 * MIB)} | {m: readings(round(v)) for m, v in GO_LEVELS.items()},
    )
    found = report(look)
    assert found.conclusion.cause == "undetermined"
    assert "take the same reading several times, with `date` before each" in [step.do for step in found.next_steps]
