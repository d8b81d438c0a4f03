"""The layers over time: what is drawn sums, keeps its extremes, and says what it is."""

from dataclasses import replace
from random import Random

from build_case import case, flat, line, readings, sawtooth, watched
from hypothesis import given
from hypothesis import strategies as st

from memwhy.attribution import attribute
from memwhy.causes import judge_all
from memwhy.conclude import conclude
from memwhy.model.case import Case
from memwhy.model.pictures import REMAINDER, Mark, Timeline
from memwhy.model.report import Report
from memwhy.model.units import MIB
from memwhy.pictures.timeline import reduced, timeline


def reported(one: Case) -> Report:
    findings = judge_all(one)
    return conclude(one, findings, attribute(one, findings), evidence=(), overhead=None, tested=())


def drawn(one: Case, **options: int) -> Timeline:
    found = timeline(one, reported(one), **options)
    assert found is not None
    return found


def sums(found: Timeline) -> list[int]:
    return [sum(parts) for parts in zip(*(band.bytes for band in found.bands), strict=True)]


def test_at_every_moment_the_bands_sum_to_the_total() -> None:
    found = drawn(watched(given={"layer.native_arenas_bytes": line(40 * MIB, MIB, noise=MIB, seed=3)}))
    assert sums(found) == list(found.total)


def test_what_grows_lies_on_top_and_says_so() -> None:
    found = drawn(watched(grows={"layer.native_arenas_bytes": MIB}))
    growing = [band.metric for band in found.bands if band.growing]
    assert growing == ["layer.native_arenas_bytes"]
    assert [band.metric for band in found.bands if band.metric != REMAINDER][-1] == "layer.native_arenas_bytes"


def test_layers_without_a_byte_have_no_band() -> None:
    assert all(any(band.bytes) for band in drawn(watched()).bands)


def test_the_runtimes_own_numbers_are_lines_over_the_bands() -> None:
    found = drawn(watched())
    assert [line.metric for line in found.lines][:2] == ["derived.go_held_bytes", "go.heap_alloc_bytes"]
    assert all(len(line.bytes) == len(found.x_s) for line in found.lines)


def test_a_total_without_layers_is_one_band() -> None:
    found = drawn(case(total="host.used_bytes", series={"host.used_bytes": line(700 * MIB, MIB)}))
    assert [band.metric for band in found.bands] == ["host.used_bytes"]
    assert sums(found) == list(found.total)


def test_one_reading_is_no_timeline() -> None:
    one = case(total="process.rss_bytes", series={"process.rss_bytes": readings(MIB)})
    assert timeline(one, reported(one)) is None


def test_what_a_line_is_not_read_for_is_none() -> None:
    one = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": flat(90 * MIB, seconds=600), "go.heap_alloc_bytes": flat(2 * MIB, seconds=60)},
    )
    (alloc,) = drawn(one).lines
    assert alloc.bytes[0] == 2 * MIB
    assert alloc.bytes[-1] is None


def test_a_limit_far_above_the_total_is_not_drawn() -> None:
    def limits(limit: int) -> list[str]:
        one = case(
            total="process.rss_bytes",
            series={"process.rss_bytes": flat(90 * MIB), "cgroup.limit_bytes": flat(limit * MIB)},
        )
        return [line.metric for line in drawn(one).lines]

    assert limits(128) == ["cgroup.limit_bytes"]
    assert limits(4096) == []


def test_what_was_done_to_the_target_and_its_end_are_marks() -> None:
    one = replace(watched(), moments=((20.0, "experiment gc begins"),), ended="ended")
    assert drawn(one).marks == (
        Mark(x_s=20.0, text="experiment gc begins"),
        Mark(x_s=60.0, text="the target ended"),
    )


def test_a_day_is_reduced_and_keeps_its_peaks() -> None:
    one = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": sawtooth(50 * MIB, 90 * MIB, teeth=300, seconds=86_400, every=30.0)},
    )
    found = drawn(one, most=200)
    assert found.kept == len(found.x_s) <= 200
    assert found.of == 2881
    assert max(found.total) == one.series["process.rss_bytes"].most
    assert (found.x_s[0], found.x_s[-1]) == (0.0, 86_400.0)


@given(
    columns=st.lists(
        st.lists(st.one_of(st.none(), st.integers(-5, 1 << 40)), min_size=300, max_size=300), min_size=1, max_size=6
    ),
    most=st.integers(2, 400),
)
def test_however_few_points_are_allowed_ends_stay_and_no_more_are_kept(
    columns: list[list[int | None]], most: int
) -> None:
    kept = reduced(columns, 300, most)
    assert kept == sorted(set(kept))
    assert len(kept) <= most
    assert kept[0] == 0
    assert len(kept) < 2 or kept[-1] == 299


def test_every_columns_extremes_are_kept_where_there_is_room() -> None:
    random = Random(4)
    columns = [[random.randrange(1000) for _ in range(5000)] for _ in range(8)]
    kept = reduced(columns, 5000, 400)
    for column in columns:
        assert {min(column), max(column)} <= {column[i] for i in kept}
