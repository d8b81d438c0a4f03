"""A timeline as SVG: well formed, whole, harmless, and told in words as well."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.pictures import REMAINDER, Band, Line, Mark, Timeline
from memwhy.model.trend import NotEnough
from memwhy.model.units import MIB
from memwhy.render import svg
from memwhy.render.axis import count_ticks, order_ticks, size_ticks, time_ticks
from memwhy.render.palette import STRONG, colours

SVG = "{http://www.w3.org/2000/svg}"
NONE = NotEnough(reason="made up", n=0)


def band(metric: str, *values: int, growing: bool = False, label: str = "") -> Band:
    return Band(metric=metric, label=label or metric, bytes=values, growing=growing, course=NONE)


def made(**more: object) -> Timeline:
    fields: dict[str, object] = {
        "metric": "process.rss_bytes",
        "label": "RSS",
        "x_s": (0.0, 30.0, 60.0),
        "clock": "monotonic",
        "begun_wall_ns": None,
        "total": (30 * MIB, 40 * MIB, 50 * MIB),
        "bands": (
            band("layer.go_heap_bytes", 20 * MIB, 20 * MIB, 20 * MIB, label="Go heap"),
            band("layer.native_arenas_bytes", 10 * MIB, 20 * MIB, 31 * MIB, growing=True, label="native arenas"),
            band(REMAINDER, 0, 0, -MIB),
        ),
        "lines": (
            Line(metric="derived.go_held_bytes", label="held by Go", bytes=(21 * MIB, None, 22 * MIB), note="virtual"),
        ),
        "marks": (Mark(x_s=30.0, text="experiment gc begins"),),
        "kept": 3,
        "of": 3,
    }
    return Timeline(**(fields | more))  # type: ignore[arg-type]


def texts(drawn: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def test_it_shows_the_layers_the_total_and_the_gap() -> None:
    found = texts(svg.draw(made(), standalone=True))
    assert [text for text in found if not text[0].isdigit()] == [
        "outside Go, at least 28.0 MiB",
        "experiment gc begins",
        "RSS 50.0 MiB",
        "▲ native arenas 31.0 MiB",
        "held by Go 22.0 MiB",
        "Go heap 20.0 MiB",
    ]


def test_it_says_the_picture_in_words() -> None:
    assert svg.said(made()) == (
        "RSS from 30.0 MiB to 50.0 MiB in 1 min. native arenas grows from 10.0 MiB to 31.0 MiB. held by Go ends at 22.0 MiB."
    )


@pytest.mark.parametrize("width", [200, 380, 960, 2000])
@pytest.mark.parametrize("font_px", [9.0, 13.0, 22.0])
def test_no_figure_lies_outside_the_picture(width: int, font_px: float) -> None:
    root = ElementTree.fromstring(svg.draw(made(), width=width, height=500, font_px=font_px, standalone=True))
    for shape in root.iter():
        for point in (shape.get("points") or "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= 500


def test_names_beside_the_picture_do_not_overlap() -> None:
    bands = tuple(band(f"layer.{i}", *([4 * MIB] * 3), label=f"layer {i}") for i in range(12))
    root = ElementTree.fromstring(svg.draw(made(bands=bands), standalone=True))
    right = [
        float(t.get("y", 0))
        for t in root.iter(f"{SVG}text")
        if (t.text or "").endswith("MiB") and t.get("text-anchor") is None
    ]
    right.sort()
    assert all(b - a >= 13 for a, b in pairwise(right))


def test_names_from_outside_are_only_text() -> None:
    evil = made(
        bands=(band("x", 1, 2, 3, label='</svg><script>alert("1")</script>'), band("y", 9 * MIB, 1, MIB, label="<b>"))
    )
    root = ElementTree.fromstring(svg.draw(evil, title='"><script>', standalone=True))
    assert {one.tag for one in root.iter()} <= {
        f"{SVG}{name}"
        for name in ("svg", "title", "desc", "style", "rect", "line", "text", "polygon", "polyline", "path")
    }


def test_an_order_of_readings_has_numbers_and_no_times() -> None:
    found = texts(svg.draw(made(clock="order", x_s=(0.0, 1.0, 2.0), marks=()), standalone=True))
    assert {"1", "2", "3", "readings, in their order"} <= set(found)


def test_without_layers_the_total_alone_is_drawn() -> None:
    drawn = svg.draw(made(bands=(band("host.used_bytes", 1, 2, 3),), lines=()), standalone=True)
    assert drawn.count("<polygon") == 1


def test_what_grows_most_has_the_strongest_colour() -> None:
    found = colours([band("layer.go_heap_bytes", 1), band("a", 1, growing=True), band("b", 1, growing=True)])
    assert (found["b"], found["a"]) == STRONG[:2]


def test_ticks_are_round_and_reach_beyond_the_most() -> None:
    assert [tick.text for tick in size_ticks(134 * MIB, 4)] == ["0", "50 MiB", "100 MiB", "150 MiB"]
    assert [tick.text for tick in size_ticks(0.7 * MIB, 4)] == ["0", "200 KiB", "400 KiB", "600 KiB", "800 KiB"]
    assert [tick.text for tick in time_ticks(0.0, 120.0, 5)] == ["0", "30 s", "1 min", "1 min 30 s", "2 min"]
    assert [tick.text for tick in time_ticks(0.0, 86400.0, 4)] == ["0", "6 h", "12 h", "18 h", "1 d"]
    assert [tick.text for tick in order_ticks(0.0, 4.0, 9)] == ["1", "2", "3", "4", "5"]
    assert [tick.text for tick in count_ticks(7, 4)] == ["0", "2", "4", "6", "8"]


@given(most=st.floats(1, 1e15), count=st.integers(1, 12))
def test_sizes_are_always_reached_by_few_ticks(most: float, count: int) -> None:
    ticks = size_ticks(most, count)
    assert ticks[-1].at >= most * (1 - 1e-9)
    assert len(ticks) <= count + 2


@given(first=st.floats(-1e6, 1e9), span=st.floats(0.001, 1e9), count=st.integers(1, 20))
def test_times_are_few_and_within_their_span(first: float, span: float, count: int) -> None:
    assert len(time_ticks(first, first + span, count)) <= count + 2


@given(
    values=st.lists(st.tuples(st.integers(0, 1 << 50), st.integers(0, 1 << 50)), min_size=2, max_size=40),
    label=st.text(max_size=30),
    width=st.integers(200, 1500),
)
def test_any_timeline_makes_well_formed_xml(values: list[tuple[int, int]], label: str, width: int) -> None:
    bands = (
        band("layer.go_heap_bytes", *(a for a, _ in values)),
        band("layer.anonymous_bytes", *(b for _, b in values), label=label),
    )
    total = tuple(a + b for a, b in values)
    drawn = svg.draw(
        made(x_s=tuple(map(float, range(len(values)))), total=total, bands=bands, lines=(), marks=()),
        width=width,
        title=label,
        standalone=True,
    )
    ElementTree.fromstring(drawn)
