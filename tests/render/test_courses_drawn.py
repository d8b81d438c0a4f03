"""Courses and ranges as pictures: nothing leaves its place, whatever the figures are."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.beside import Beside, Trace
from memwhy.model.units import KIB, MIB
from memwhy.render.courses import draw, said
from memwhy.render.html.ranges import Range, axis, bar, between, pacing, scale_for, track

VALUES = st.lists(st.integers(0, 1 << 45), min_size=2, max_size=30)
RATES = st.floats(-1e12, 1e12)


def beside(*courses: list[int], unit: str = "bytes", timed: bool = True) -> Beside:
    traces = [
        Trace(name=f"run {n}", x_s=tuple(float(x) for x in range(len(values))), values=tuple(values), kept=len(values), of=len(values))
        for n, values in enumerate(courses)
    ]  # fmt: skip
    return Beside(metric="process.rss_bytes", label="RSS", unit=unit, timed=timed, traces=tuple(traces))


@pytest.mark.parametrize("width", [420, 900])
@given(courses=st.lists(VALUES, min_size=1, max_size=3), unit=st.sampled_from(["bytes", "count"]), timed=st.booleans(), since_first=st.booleans())  # fmt: skip
def test_every_line_and_every_word_begins_inside_the_picture(
    width: int, courses: list[list[int]], unit: str, timed: bool, since_first: bool
) -> None:
    picture = ElementTree.fromstring(
        draw(beside(*courses, unit=unit, timed=timed), width=width, height=300, key="k", since_first=since_first)
    )
    points = [
        tuple(map(float, point.split(","))) for line in picture.iter("polyline") for point in line.get("points").split()
    ]
    words = [(float(text.get("x")), float(text.get("y"))) for text in picture.iter("text")]
    assert all(-0.1 <= x <= width + 0.1 and -0.1 <= y <= 300.1 for x, y in points + words)
    assert len(list(picture.iter("polyline"))) == len(courses)


def test_the_picture_says_itself_in_words() -> None:
    assert (
        said(beside([MIB, 3 * MIB], [MIB, MIB]))
        == "run 0: 1.0 MiB to 3.0 MiB in 1 s. run 1: 1.0 MiB to 1.0 MiB in 1 s."
    )


def test_a_name_is_text() -> None:
    evil = '"><script>x</script>'
    trace = Trace(name=evil, x_s=(0, 1), values=(1, 2), kept=2, of=2)
    picture = draw(Beside(metric="m", label=evil, unit="count", timed=True, traces=(trace,)), key="k")
    assert [one.tag for one in ElementTree.fromstring(picture).iter() if one.tag == "script"] == []


@given(st.lists(st.tuples(RATES, RATES, RATES), min_size=1, max_size=8), st.none() | RATES)
def test_marks_of_all_rows_stand_within_their_row_and_in_the_order_of_their_values(
    rows: list[tuple[float, float, float]], limit: float | None
) -> None:
    ranges = [Range(low=low, at=at, high=high) for low, at, high in map(sorted, rows)]
    scale = scale_for(ranges, "bytes", limit=limit)
    assert scale is not None
    for row in ranges:
        low, at, high = (scale.share(value) for value in (row.low, row.at, row.high))
        assert 0 <= low <= at <= high <= 100
        drawn = track(scale, row)
        assert all(0 <= float(share) <= 100 for share in re.findall(r'x[12]?="([\d.-]+)%"', drawn))
        assert ("◂" in drawn, "▸" in drawn) == (row.low < scale.first, row.high > scale.last)


@given(st.lists(RATES, min_size=1, max_size=5), st.sampled_from(["bytes", "count"]))
def test_words_of_an_axis_do_not_overlap(rates: list[float], unit: str) -> None:
    scale = scale_for([Range(at=rate, low=rate, high=rate) for rate in rates], unit)
    places = sorted(float(share) for share in re.findall(r'<text x="([\d.]+)%"', axis(scale)))
    assert places
    assert all(after - before >= 23.9 for before, after in pairwise(places))


def test_an_interval_without_an_end_is_an_arrow_and_is_said() -> None:
    endless = Range(at=1.0, low=-math.inf, high=math.inf)
    scale = scale_for([endless], "bytes")
    assert {"◂", "▸"} <= set(track(scale, endless))
    assert between(-math.inf, math.inf, "bytes", 1) == "not bounded"


def test_rates_are_told_in_the_unit_that_suits() -> None:
    assert pacing("s", "", 10 * KIB).words == "a minute"
    assert pacing("s", "", 1.0).words == "an hour"
    assert pacing("sample", "", 5.0).words == "a reading"
    assert pacing("work", "request", 64.0).words == "per request"
    assert pacing("work", "request", 0.05).words == "per 1,000 requests"
    assert between(88.4 * KIB, 91.2 * KIB, "bytes", 1) == "88.4 to 91.2 KiB"


@given(st.floats(-10, 10))
def test_a_bar_is_no_longer_than_its_row(share: float) -> None:
    (width,) = re.findall(r'class="fill" width="([\d.]+)%"', bar(share))
    assert 0 <= float(width) <= 100
