"""The pages of the live screen: drawn from kept recordings as reviewed, and fitted to any terminal, whatever is in the report."""

import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seen import replayed, text_of
from textual.binding import Binding

from memwhy.live import pages
from memwhy.live.app import LiveApp, keys
from memwhy.live.lines import Line, columns_of
from memwhy.live.overview import overview, title
from memwhy.live.sight import Sight

sys.path.insert(0, str(Path(__file__).parents[1] / "render"))
from report_strategies import REPORT

SIZES = ((80, 24), (200, 60))
whole = cache(replayed)
slow_data = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def screen(sight: Sight, columns: int, rows: int) -> list[Line]:
    return [title(sight, columns), *overview(sight, columns, rows - 2)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", ["leaking", "fixed"])
def test_the_overview_is_as_reviewed(name, size, golden):
    golden(f"live-{name}-{size[0]}x{size[1]}.txt", text_of(screen(whole(name), *size)))


def test_the_readme_shows_it_as_it_is():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert text_of(screen(whole("leaking"), 80, 24)) + text_of([keys(80)]) in readme


def test_what_layers_gained_is_as_reviewed(golden):
    sight = whole("leaking")
    golden("live-gained-80x24.txt", text_of(overview(sight, 80, 22, gain=True)))


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_page_is_as_reviewed(page, golden):
    sight = whole("leaking")
    assert sight.report is not None
    golden(f"live-{page}.txt", text_of(pages.PAGES[page](sight, sight.report, 100)))


def test_the_help_names_every_key_that_does_something_and_no_other():
    bound = {one.key.partition(",")[0]: one.description for one in LiveApp.BINDINGS if isinstance(one, Binding)}
    moving = {"up", "down", "pageup", "pagedown", "home", "end", "ctrl+z"}
    named = {"question_mark" if key == "?" else key: name for key, name, _ in pages.KEYS}
    assert {key: name for key, name in bound.items() if key not in moving} == named
    shown = text_of(pages.help_page(80)).splitlines()
    assert [row.split()[:2] for row in shown[1 : shown.index("")] if row[2:3].strip() and row[3:5] == "  "] == [
        [key, name] for key, name, _ in pages.KEYS
    ]


def test_the_help_is_as_reviewed(golden):
    golden("live-help.txt", text_of(pages.help_page(80)))


def test_before_the_first_verdict_it_says_that_it_looks():
    sight = Sight(pid=7, elapsed_s=0.0, for_s=60.0, notes=("The disk is full.",))
    assert text_of(screen(sight, 80, 24)) == (
        "pid 7"
        + " " * 62
        + "0 ms of 60 s\n".rjust(14)
        + "Looking. The first verdict comes after a few readings.\n\nThe disk is full.\n"
    )


def test_the_title_names_the_recording_and_its_size():
    sight = Sight(pid=7, elapsed_s=12.0, for_s=60.0, total_bytes=5 << 20, file="a.memwhy", file_bytes=1 << 20)
    assert text_of([title(sight, 60)]) == "pid 7 · 5.0 MiB              12 s of 60 s · a.memwhy 1.0 MiB\n"
    assert text_of([title(sight, 40)]) == "pid 7 · 5.0 MiB             12 s of 60 s\n"


@given(columns=st.integers(0, 210), rows=st.integers(0, 70), ticks=st.sampled_from((1, 2, 5, 20)))
@slow_data
def test_an_overview_fits_any_terminal(columns, rows, ticks):
    fits(overview(whole("leaking", ticks=ticks), columns, rows), columns, rows)
    fits([title(whole("leaking", ticks=ticks), columns)], columns, 1)


@given(report=REPORT, columns=st.integers(1, 210), rows=st.integers(1, 70))
@slow_data
def test_whatever_a_report_says_fits_and_cannot_move_the_cursor(report, columns, rows):
    sight = Sight(pid=1, elapsed_s=1e9, for_s=0.0, report=report, notes=("\x1b[2J", "x" * 300))
    for drawn in (overview(sight, columns, rows), [title(sight, columns)]):
        fits(drawn, columns, rows)
        harmless(drawn)
    for draw in pages.PAGES.values():
        harmless(draw(sight, report, columns))


def fits(drawn: list[Line], columns: int, rows: int) -> None:
    assert len(drawn) <= rows
    assert [row for row in drawn if columns_of(row) > columns] == []


def harmless(drawn: list[Line]) -> None:
    text = "".join(span.text for row in drawn for span in row)
    assert not any(char < " " or char == "\x7f" for char in text)
