"""The stacked area: heights are bytes, what grows is solid and on top, peaks stand, and any timeline fits any terminal."""

from hypothesis import example, given
from hypothesis import strategies as st
from seen import text_of

from memwhy.live.chart import AXIS, draw, paints, shows_gain, span_of
from memwhy.live.lines import columns_of
from memwhy.live.tail import Moment, Tail, extended
from memwhy.model.pictures import REMAINDER, Band, Line, Timeline
from memwhy.model.trend import NotEnough, Trend
from memwhy.model.units import MIB

UNKNOWN = NotEnough(reason="made up", n=0)


def growing(slope: float) -> Trend:
    return Trend(
        n=9, span=9.0, per="s", first=0.0, last=9.0, slope=slope, low=slope, high=slope, shape="growing", detectable=0.0
    )


def band(metric: str, *values: int, grows: float = 0.0) -> Band:
    return Band(
        metric=metric, label=metric, bytes=values, growing=bool(grows), course=growing(grows) if grows else UNKNOWN
    )


def timeline(*bands: Band, x_s: tuple[float, ...] | None = None, lines: tuple[Line, ...] = ()) -> Timeline:
    count = len(bands[0].bytes)
    return Timeline(
        metric="process.rss_bytes",
        label="RSS",
        x_s=tuple(map(float, range(count))) if x_s is None else x_s,
        clock="monotonic",
        begun_wall_ns=None,
        total=tuple(sum(one.bytes[i] for one in bands) for i in range(count)),
        bands=bands,
        lines=lines,
        marks=(),
        kept=count,
        of=count,
    )


EXPECTED = """\
         RSS, by layer
   15 MiB┤                ▁▃
         │          ▁▃▄▅▇███
         │    ▁▃▄▅▇█████████
         │ ▅▇███████████████
        0┤▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
         └0─────────5 s───10 s
"""


def test_what_grows_lies_solid_on_what_rests():
    rising = timeline(band("a", *[4 * MIB] * 10), band("b", *(i * MIB for i in range(10)), grows=MIB))
    assert text_of(draw(rising, AXIS + 21, 7, for_s=10.0)) == EXPECTED


def test_the_fastest_is_red_and_none_of_the_others_is():
    found = paints(timeline(band("slow", 9, 9, grows=1.0), band("fast", 1, 1, grows=9.0), band("big", 99, 99)))
    assert {name: paint.style for name, paint in found.items()} == {
        "fast": "red", "slow": "magenta", "big": "blue", REMAINDER: "bright_black",
    }  # fmt: skip


def test_growth_that_would_be_a_line_at_the_top_is_drawn_as_gain():
    much = band("rest", *[1000 * MIB] * 5)
    assert shows_gain(timeline(much, band("b", 0, 1, 2, 3, 4, grows=1.0)))
    assert not shows_gain(timeline(much, band("b", 0, 1, 2, 3, 4)))
    assert not shows_gain(timeline(band("b", 0, 1, 2, 3, 4, grows=1.0)))
    assert "gained since the beginning" in text_of(
        draw(timeline(much, band("b", 0, 1, 2, 3, 4, grows=1.0)), 80, 9, for_s=0)
    )


def test_a_peak_between_two_columns_stands():
    values = [MIB] * 100
    values[37] = 10 * MIB
    rows = text_of(draw(timeline(band("a", *values)), AXIS + 11, 12, for_s=0.0)).splitlines()
    assert rows[1].count("▒") == 1


def test_the_axis_of_time_is_as_long_as_the_watch_is_meant_to_be():
    assert (span_of(3.0, 60.0), span_of(61.0, 60.0), span_of(3.0, 0.0), span_of(4000.0, 86400.0)) == (60, 120, 15, 7200)


def test_moments_after_the_verdict_lie_behind_its_timeline():
    before = timeline(
        band("a", 5, 6), band(REMAINDER, 0, 1), lines=(Line(metric="l", label="l", bytes=(1, None), note=""),)
    )
    later = [
        Moment(monotonic_ns=1_000_000_000, values={}),
        Moment(monotonic_ns=3_000_000_000, values={"process.rss_bytes": 9}),
        Moment(monotonic_ns=4_000_000_000, values={"process.rss_bytes": 9, "a": 8, "l": 4}),
    ]
    after = extended(before, later, origin_ns=0)
    assert (after.x_s, after.total) == ((0.0, 1.0, 3.0, 4.0), (5, 7, 9, 9))
    assert [one.bytes for one in after.bands] == [(5, 6, 6, 8), (0, 1, 3, 1)]
    assert after.lines[0].bytes == (1, None, None, 4)


def test_of_many_moments_since_the_verdict_every_second_goes():
    tail = Tail()
    tail.add(1, {"a": 1})
    assert tail.moments == []  # before the first verdict there is nothing to go on from
    tail.begin(timeline(band("a", 5, 6)), 0)
    for number in range(10_000):
        tail.add(number, {"a": number, "b": 1})
    assert len(tail.moments) <= 600
    assert (tail.moments[0], tail.moments[-1]) == (
        Moment(monotonic_ns=0, values={"a": 0}),
        Moment(monotonic_ns=9999, values={"a": 9999}),
    )


SOME = st.integers(2, 40)


@st.composite
def timelines(draw_one: st.DrawFn) -> Timeline:
    count, layers = draw_one(SOME), draw_one(st.integers(1, 14))
    values = st.lists(st.integers(0, 1 << 45), min_size=count, max_size=count)
    bands = [band(f"layer {i}", *draw_one(values), grows=draw_one(st.sampled_from((0.0, 1.0)))) for i in range(layers)]
    rest = draw_one(st.lists(st.integers(-(1 << 30), 1 << 30), min_size=count, max_size=count))
    steps = draw_one(st.lists(st.floats(0.001, 1e6), min_size=count, max_size=count))
    said = draw_one(st.lists(st.none() | st.integers(0, 1 << 50), min_size=count, max_size=count))
    return timeline(
        *bands,
        band(REMAINDER, *rest),
        x_s=tuple(sum(steps[: i + 1]) for i in range(count)),
        lines=(Line(metric="said", label="said", bytes=tuple(said), note=""),),
    )


LATE = (1.0, 2.0, 3.683048088569194, 592003.0319964386, 2592001.6581651624)
"""Rounding puts the newest of them behind the last column."""


@example(
    one=timeline(
        band("a", 0, 0, 0, 0, 0), x_s=LATE, lines=(Line(metric="l", label="l", bytes=(None, None, None, 0, 0), note=""),)
    ),
    columns=67, rows=4, for_s=0.0, gain=None,
)  # fmt: skip
@given(
    one=timelines(),
    columns=st.integers(0, 210),
    rows=st.integers(0, 70),
    for_s=st.sampled_from((0.0, 60.0, 1e7)),
    gain=st.sampled_from((None, True, False)),
)
def test_any_timeline_fits_any_terminal(one, columns, rows, for_s, gain):
    drawn = draw(one, columns, rows, for_s=for_s, gain=gain)
    assert len(drawn) in (0, rows)
    assert all(columns_of(row) <= max(columns, 0) for row in drawn)
