"""Advice that is computed: the sum behind a GOMEMLIMIT, the time to the limit, and rules that Prometheus takes."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from build_case import MIB, Points, case, flat, line, watched
from memwhy_command import check_answer
from promql import check_rules
from test_suggestions import pasted

from memwhy.causes import judge_all
from memwhy.conclude import conclude
from memwhy.conclude.advice import HORIZON_S, MARGIN, advise
from memwhy.conclude.alerts import WINDOWS_S, window_for
from memwhy.conclude.limits import limit_said
from memwhy.model.case import Case, Target
from memwhy.model.report import Advice
from memwhy.model.trend import Trend
from memwhy.model.units import KIB
from memwhy.render import json as json_view
from memwhy.render import markdown, text
from memwhy.render.plain import clean_row

GIB = 1024 * MIB


def limited(
    limit: float, *, current: float = 424 * MIB, grows: dict[str, float] | None = None, **given: Points
) -> Case:
    """A watched Go process in a cgroup; given: further series, with __ for the dot of their names."""
    around = {"cgroup.limit_bytes": flat(limit), "cgroup.current_bytes": line(current, sum((grows or {}).values()))}
    return watched(grows=grows, given={**around, **{name.replace("__", "."): one for name, one in given.items()}})


def of_kind(kind: str, made: Case) -> Advice:
    return next(one for one in advise(made) if one.kind == kind)


# -- a limit for Go ----------------------------------------------------------------------------------------------------


def test_a_limit_for_go_leaves_out_what_is_outside_go() -> None:
    made = limited(GIB)
    one = of_kind("memory-limit", made)
    rss, go = made.series["process.rss_bytes"].last, made.series["derived.go_resident_bytes"].last
    others = made.series["cgroup.current_bytes"].last - rss
    left = GIB - others - (rss - go) - round(MARGIN * GIB)
    assert one.bytes == left // MIB * MIB
    assert one.text == f"GOMEMLIMIT={left // MIB}MiB keeps Go within the cgroup limit of 1.0 GiB."
    assert [row.split("  ")[-1] for row in one.arithmetic] == [
        "the cgroup limit of 1.0 GiB",
        "of others within it, file pages that can be taken back left out",
        "resident outside Go now",
        "free, 5% of the limit",
        "left for Go",
    ]


def test_where_the_growth_is_outside_go_no_limit_helps() -> None:
    one = of_kind("memory-limit", limited(GIB, grows={"layer.native_arenas_bytes": MIB}))
    assert one.bytes is None
    assert one.text.startswith("No GOMEMLIMIT helps: the growth is outside the Go heap (+60.")
    assert "it can reach the cgroup limit of 1.0 GiB by itself in 9 min." in one.text


def test_slow_growth_outside_go_is_left_room_for_a_day() -> None:
    one = of_kind("memory-limit", limited(64 * GIB, grows={"layer.native_arenas_bytes": 100 * KIB}))
    assert one.bytes is not None
    assert "until it is mended, GOMEMLIMIT=" in one.text
    assert "leaves it room for a day." in one.text
    growth = next(row for row in one.arithmetic if "its growth" in row)
    assert "at most +5." in growth or "at most +6." in growth
    assert 64 * GIB - one.bytes > HORIZON_S * 100 * KIB


def test_a_limit_below_the_live_heap_is_no_advice() -> None:
    one = of_kind("memory-limit", limited(400 * MIB))
    assert one.bytes is None
    assert "No GOMEMLIMIT helps: what is outside the Go heap leaves nothing" in one.text
    tight = of_kind("memory-limit", limited(GIB, derived__go_live_bytes=flat(900 * MIB)))
    assert tight.bytes is None
    assert "the collector would run without end. Raise the cgroup limit of 1.0 GiB to 1." in tight.text


def test_a_limit_in_force_that_forgets_native_memory_is_told() -> None:
    one = of_kind("memory-limit", limited(GIB, go__memory_limit_bytes=flat(900 * MIB)))
    assert "The present 900.0 MiB does not: it leaves out what is outside Go." in one.text


def test_a_leak_of_live_objects_is_not_mended_by_a_limit() -> None:
    grows = {"layer.go_heap_bytes": MIB, "go.heap_inuse_bytes": MIB, "go.sys_bytes": MIB, "go.heap_sys_bytes": MIB,
             "go.heap_alloc_bytes": MIB, "go.next_gc_bytes": 2 * MIB}  # fmt: skip
    made = watched(
        grows=grows, given={"cgroup.limit_bytes": flat(4 * GIB), "cgroup.current_bytes": line(424 * MIB, MIB)}
    )
    one = of_kind("memory-limit", made)
    assert one.bytes is not None
    assert "It does not mend a leak: live objects grow" in one.text


@pytest.mark.parametrize("runtime", ["cpython", "native", "unknown"])
def test_other_runtimes_get_no_limit_for_go(runtime: str) -> None:
    made = watched(
        runtime=runtime,
        grows={"layer.native_arenas_bytes": MIB},
        given={"cgroup.limit_bytes": flat(GIB), "cgroup.current_bytes": line(424 * MIB, MIB)},
    )
    assert [one.kind for one in advise(made)] == ["time-to-limit", "alert"]


def test_without_a_limit_times_or_growth_nothing_is_computed() -> None:
    assert advise(watched()) == ()
    assert advise(pasted()) == ()
    assert advise(case()) == ()


# -- the time to the limit ---------------------------------------------------------------------------------------------


def test_the_time_to_the_limit_has_an_interval_in_order() -> None:
    one = of_kind("time-to-limit", limited(GIB, grows={"layer.native_arenas_bytes": MIB}))
    assert one.soonest_s is not None and one.likely_s is not None and one.latest_s is not None
    assert 500 < one.soonest_s < one.likely_s < one.latest_s < 600
    assert one.text == "The cgroup limit of 1.0 GiB is 540.0 MiB away: 9 min at this rate (9 min to 9 min)."


def test_what_does_not_grow_never_meets_its_limit_and_what_could_not_be_excluded_is_said() -> None:
    one = of_kind("time-to-limit", limited(GIB))
    assert (one.likely_s, one.latest_s) == (None, None)
    assert one.text.startswith("Never at this rate: the cgroup limit of 1.0 GiB is 600.0 MiB away, and nothing grows.")
    assert "cannot exclude" in one.text


def roomy(days: float, **series: Points) -> Case:
    """1 MiB/s on average meets the limit after so many days."""
    around = {"cgroup.limit_bytes": flat(days * 86400 * MIB), "cgroup.current_bytes": flat(0)}
    total = next(iter(series)).replace("__", ".")
    return case(total=total, series={**{name.replace("__", "."): one for name, one in series.items()}, **around})


def test_address_space_meets_no_limit_on_memory() -> None:
    for course in (line(100 * MIB, MIB), flat(100 * MIB)):
        made = roomy(1, process__virtual_bytes=course)
        assert (limit_said(made), [one.kind for one in advise(made)]) == (None, [])


def test_growth_too_slight_to_be_called_growth_is_given_no_time() -> None:
    made = roomy(1, process__rss_bytes=line(100 * MIB, 2 * KIB))
    course = made.series["process.rss_bytes"].course
    assert isinstance(course, Trend) and course.growing
    assert (limit_said(made), [one for one in advise(made) if one.kind == "time-to-limit"]) == (None, [])


def test_not_within_a_year_is_said_only_where_the_soonest_is_later_than_that() -> None:
    late = of_kind("time-to-limit", roomy(9999, process__rss_bytes=line(100 * MIB, MIB)))
    assert late.text.startswith("Not within a year: at this rate the cgroup limit of ")
    noisy = of_kind("time-to-limit", roomy(370, process__rss_bytes=line(100 * MIB, MIB, noise=16 * MIB)))
    assert noisy.soonest_s is not None and noisy.soonest_s < 365 * 86400
    assert ": more than a year at this rate (" in noisy.text and noisy.text.endswith(" at the soonest).")


# -- alert rules -------------------------------------------------------------------------------------------------------


def leaking(**more: object) -> Case:
    made = limited(GIB, grows={"layer.native_arenas_bytes": MIB})
    return replace(made, target=Target(pid=7, command="odds-scraper", runtime="go"), **more)


def test_the_rules_follow_what_was_seen() -> None:
    one = of_kind("alert", leaking())
    assert one.rules.splitlines()[:15] == [
        "groups:",
        '  - name: "memwhy-odds-scraper"',
        "    rules:",
        "      - alert: MemoryOutsideGoGrows",
        "        expr: |",
        "          deriv((",
        '            process_resident_memory_bytes{job="odds-scraper"}',
        '            - (go_memstats_sys_bytes{job="odds-scraper"}',
        '               - go_memstats_heap_released_bytes{job="odds-scraper"})',
        one.rules.splitlines()[9],
        "        for: 5m",
        "        labels:",
        "          severity: warning",
        "        annotations:",
        one.rules.splitlines()[14],
    ]
    threshold = float(one.rules.splitlines()[9].split(">")[1])
    assert one.rules.splitlines()[9].startswith("          )[10m:1m]) > ")
    assert threshold == pytest.approx(MIB / 2, rel=0.02)
    assert '  process_resident_memory_bytes{job="odds-scraper"}[10m], 14400\n          ) > ' in one.rules


def test_the_rule_that_goes_round_is_answered_with_this_process_own_rate() -> None:
    churn = leaking()
    series = {
        **churn.series,
        "go.total_alloc_bytes": watched(given={"go.total_alloc_bytes": line(0, 300 * MIB)}).series[
            "go.total_alloc_bytes"
        ],
    }
    text = of_kind("alert", replace(churn, series=series)).text
    assert (
        "rate(go_memstats_alloc_bytes_total) sees no leak: it tells how fast Go allocates, here 300.0 MiB a second"
        in text
    )


def test_growth_inside_go_is_watched_where_it_is() -> None:
    grows = {"layer.go_heap_bytes": MIB, "go.heap_inuse_bytes": MIB, "go.sys_bytes": MIB, "go.heap_sys_bytes": MIB}
    assert "MemoryHeldByGoGrows" in of_kind("alert", watched(grows=grows)).rules


def test_a_process_that_is_not_gos_is_watched_by_rss_alone() -> None:
    rules = of_kind("alert", watched(runtime="native", grows={"layer.native_arenas_bytes": MIB})).rules
    assert 'deriv(process_resident_memory_bytes{job="JOB"}[10m]) > ' in rules
    assert "go_memstats" not in rules


@pytest.mark.parametrize("name", ['a"b', "a\nb", "ä", "", None, "x" * 200])
def test_a_name_that_is_no_label_is_left_for_the_reader_to_fill_in(name: str | None) -> None:
    one = of_kind("alert", replace(leaking(), target=Target(command=name, runtime="go")))
    assert 'job="JOB"' in one.rules
    assert "Put your own label in the place of JOB." in one.text


def test_more_noise_makes_a_longer_window() -> None:
    def seen(half: float) -> Trend:
        return Trend(n=61, span=60, per="s", first=0, last=1, slope=1000, low=1000 - half, high=1000 + half, shape="growing", detectable=1)  # fmt: skip

    windows = [window_for(seen(half), 400.0) for half in (1.0, 500.0, 5e4, 1e9)]
    assert windows == sorted(windows)
    assert (windows[0], windows[-1]) == (WINDOWS_S[0], WINDOWS_S[-1])


EVERY = {
    "outside": leaking,
    "inside": lambda: watched(grows={"layer.go_heap_bytes": MIB, "go.heap_inuse_bytes": MIB, "go.sys_bytes": MIB}),
    "native": lambda: watched(runtime="native", grows={"layer.native_arenas_bytes": MIB}),
}


@pytest.mark.parametrize("name", EVERY)
def test_the_rules_are_well_formed(name: str) -> None:
    check_rules(of_kind("alert", EVERY[name]()).rules)


PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")


@pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed (Debian: prometheus); the small check above is strict"
)
@pytest.mark.parametrize("name", EVERY)
def test_promtool_takes_the_rules(name: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(of_kind("alert", EVERY[name]()).rules)
    done = subprocess.run([PROMTOOL or "", "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


UNIT_TEST = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 15s
    input_series:
      - series: 'process_resident_memory_bytes{{job="odds-scraper",instance="a"}}'
        values: '{rss}'
      - series: 'go_memstats_sys_bytes{{job="odds-scraper",instance="a"}}'
        values: '40000000x240'
      - series: 'go_memstats_heap_released_bytes{{job="odds-scraper",instance="a"}}'
        values: '9000000x240'
    alert_rule_test:
      - eval_time: 50m
        alertname: MemoryOutsideGoGrows
        exp_alerts: [{expected}]
"""


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize(("rss", "fires"), [("80000000+15728640x240", True), ("80000000+40960x240", False)])
def test_prometheus_itself_fires_on_the_leak_and_not_on_a_level(rss: str, fires: bool, tmp_path: Path) -> None:
    """1 MiB a second, read every 15 s; and 2.7 KiB a second, far below what the rule is about."""
    rules = of_kind("alert", leaking()).rules
    (tmp_path / "rules.yml").write_text(rules)
    summary = next(row for row in rules.splitlines() if "summary" in row).strip()
    labels = f"{{exp_labels: {{severity: warning, job: odds-scraper, instance: a}}, exp_annotations: {{{summary}}}}}"
    (tmp_path / "test.yml").write_text(UNIT_TEST.format(rss=rss, expected=labels if fires else ""))
    done = subprocess.run([PROMTOOL or "", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# -- in the diagnosis --------------------------------------------------------------------------------------------------


def test_the_diagnosis_prints_it_in_every_form() -> None:
    made = leaking()
    report = conclude(made, judge_all(made), (), evidence=(), overhead=None)
    rules = of_kind("alert", made).rules
    shown = text.render(report)
    assert "Advice      No GOMEMLIMIT helps: the growth is outside the Go heap" in shown
    assert [row[2:] for row in shown.splitlines() if row[2:] in rules.splitlines()] == rules.splitlines()
    page = markdown.render(report)
    assert "**Advice**: No GOMEMLIMIT helps" in page
    assert "\n".join(f"    {row}" for row in rules.splitlines()) in page
    answer = json.loads(json_view.render(report))
    check_answer(answer)
    assert [one["kind"] for one in answer["advice"]] == ["memory-limit", "time-to-limit", "alert"]
    assert answer["advice"][2]["rules"] == rules


def test_what_stands_below_the_table_is_not_said_twice() -> None:
    made = leaking()
    report = conclude(made, judge_all(made), (), evidence=(), overhead=None)
    assert text.render(report).count("At this rate the cgroup limit") == 1
    assert "away: 9 min at this rate" not in text.render(report)
    level = limited(GIB)
    assert "Never at this rate" in text.render(conclude(level, judge_all(level), (), evidence=(), overhead=None))


def test_blanks_count_in_a_row_and_nothing_else_acts_on_a_terminal() -> None:
    assert clean_row("    a  - b\x1b[31m\tc") == "    a  - b\\x1b[31m c"
