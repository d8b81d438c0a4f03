"""Runs beside each other: each from its own beginning, no extreme lost, times never mixed with mere orders."""

from build_case import case, line, readings, sawtooth
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.beside import Beside, Trace
from memwhy.model.units import MIB
from memwhy.pictures.beside import beside

RSS = "process.rss_bytes"


def rss(points: object) -> object:
    return case(series={RSS: points})


def test_each_run_begins_at_its_own_first_reading() -> None:
    runs = [("A", rss(line(10 * MIB, MIB, seconds=4))), ("B", rss(line(20 * MIB, 0, seconds=2)))]
    assert beside(runs, [RSS]) == (
        Beside(
            metric=RSS,
            label="RSS",
            unit="bytes",
            timed=True,
            traces=(
                Trace(name="A", x_s=(0, 1, 2, 3, 4), values=tuple(n * MIB for n in (10, 11, 12, 13, 14)), kept=5, of=5),
                Trace(name="B", x_s=(0, 1, 2), values=(20 * MIB,) * 3, kept=3, of=3),
            ),
        ),
    )


def test_a_long_course_keeps_its_extremes() -> None:
    whole = rss(sawtooth(50 * MIB, 90 * MIB, teeth=300, seconds=86_400, every=10.0))
    (found,) = beside([("A", whole)], [RSS], most=200)
    (trace,) = found.traces
    values = [value for _, value in whole.series[RSS].points]
    assert (min(trace.values), max(trace.values)) == (min(values), max(values))
    assert trace.kept == len(trace.values) <= 200 < trace.of == len(values)


def test_readings_without_times_are_drawn_only_where_none_has_times() -> None:
    timed, ordered = rss(line(MIB, 10, seconds=3)), rss(readings(1, 2, 3))
    assert [trace.name for trace in beside([("A", timed), ("B", ordered)], [RSS])[0].traces] == ["A"]
    (both,) = beside([("A", ordered), ("B", ordered)], [RSS], settle_s=5)
    assert (both.timed, both.settle_s, [trace.x_s for trace in both.traces]) == (False, 0, [(0, 1, 2), (0, 1, 2)])


def test_what_nobody_read_twice_is_no_picture() -> None:
    assert beside([("A", rss(readings(5)))], [RSS, "go.sys_bytes"]) == ()


@given(st.lists(st.integers(0, 1 << 40), min_size=2, max_size=80), st.integers(2, 40))
def test_reduced_courses_keep_first_last_least_and_most(values: list[int], most: int) -> None:
    (found,) = beside([("A", rss(readings(*values)))], [RSS], most=max(most, 4))
    kept = found.traces[0].values
    assert (kept[0], kept[-1], min(kept), max(kept)) == (values[0], values[-1], min(values), max(values))
    assert len(kept) <= max(most, 4, 2)
