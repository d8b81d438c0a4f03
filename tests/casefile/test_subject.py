"""Whom the case is about."""

from memwhy.casefile import Casebook
from memwhy.casefile.subject import SubjectSeries, choose_total, controls_of
from memwhy.casefile.timeline import Timeline
from memwhy.model.reading import Moment, Observation, Reading, Where
from memwhy.model.units import MIB


def book_of(*rows: tuple[str, dict[str, list[int]]]) -> Casebook:
    """A casebook of (subject, metric → values in MiB), without times."""
    book = Casebook()
    for subject, metrics in rows:
        for metric, values in metrics.items():
            for i, value in enumerate(values):
                book.add(
                    Observation(
                        source="pasted/made",
                        subject=subject,
                        moment=Moment(clock="order", value=i),
                        where=Where(file="page.txt", first_line=i + 1, last_line=i + 1),
                        reading=Reading(metrics={metric: value * MIB}, quanta={metric: MIB}),
                    )
                )
    return book


RISES, RESTS = [505, 506, 507, 508, 510, 510, 511, 513, 514, 516], [4386, 4386, 4386, 4386, 4387, 4387]


def test_of_two_hosts_the_one_that_grows_is_the_subject_and_the_other_a_control() -> None:
    for order in (("a", "b"), ("b", "a")):
        values = {"a": RISES, "b": RESTS}
        case = book_of(*((f"host {name}", {"host.used_bytes": values[name]}) for name in order)).case()
        assert (case.total, case.series["host.used_bytes"].subject) == ("host.used_bytes", "host a")
        assert [(one.subject, one.last) for one in case.controls] == [("host b", 4387 * MIB)]


def test_a_process_stands_before_its_cgroup_and_a_cgroup_before_the_host() -> None:
    values = {"process.rss_bytes": RESTS, "cgroup.current_bytes": RISES, "host.used_bytes": RISES}
    assert book_of(("", values)).case().total == "process.rss_bytes"
    del values["process.rss_bytes"]
    assert book_of(("", values)).case().total == "cgroup.current_bytes"


def test_a_total_with_a_course_stands_before_a_single_reading() -> None:
    assert book_of(("", {"process.rss_bytes": [60], "host.used_bytes": RISES})).case().total == "host.used_bytes"


def test_address_space_is_a_total_of_last_resort() -> None:
    assert book_of(("", {"process.virtual_bytes": RISES, "host.used_bytes": [9]})).case().total == "host.used_bytes"
    assert book_of(("", {"process.virtual_bytes": RISES})).case().total == "process.virtual_bytes"


def test_figures_without_a_subject_fill_in_but_never_another_hosts() -> None:
    case = book_of(
        ("host a", {"host.used_bytes": RISES}),
        ("host b", {"host.used_bytes": RESTS, "host.shared_bytes": [3, 3, 3, 3]}),
        ("", {"go.sys_bytes": [23, 24, 24]}),
        ("section local", {"go.heap_inuse_bytes": [8, 9, 9]}),
    ).case()
    assert sorted(case.series) == ["derived.go_held_bytes", "go.heap_inuse_bytes", "go.sys_bytes", "host.used_bytes"]
    assert case.target.runtime == "go"


def test_nothing_at_all_has_no_total() -> None:
    case = Casebook().case()
    assert (case.total, dict(case.series), case.controls, case.account) == (None, {}, (), None)


def test_a_course_told_in_words_is_the_one_of_the_process_that_a_table_shows() -> None:
    timeline = Timeline()
    for value in (1200, 3900):
        timeline.add(("", "process.rss_bytes", "words/figure"), "order", value, value * MIB)
    timeline.add(("pid 4711", "process.rss_bytes", "system/ps"), "order", 0, 3950 * MIB)
    timeline.add(("pid 812", "process.rss_bytes", "system/ps"), "order", 0, 40 * MIB)
    assert choose_total(timeline) == ("process.rss_bytes", "pid 4711")
    series = SubjectSeries(timeline, "pid 4711")["process.rss_bytes"]
    assert [value for _, value in series.points] == [1200 * MIB, 3900 * MIB]
    assert [one.subject for one in controls_of(timeline, "process.rss_bytes", "pid 4711")] == ["pid 812"]
