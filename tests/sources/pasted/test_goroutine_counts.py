"""Counts of goroutines where no profile is."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import goroutine_counts
from memwhy.sources.span import Span

INDEX = "Count\tProfile\n5\tallocs\n0\tblock\n0\tcmdline\n5474\tgoroutine\n5\theap\n12\tthreadcreate\nfull goroutine stack dump"
COUNTS = {"go.goroutines_count": 5474, "go.os_threads_count": 12}


@pytest.mark.parametrize(
    "page", [INDEX, INDEX.replace("\t", "    "), INDEX.replace("\t", " | "), INDEX.replace("\t", "\n\n")]
)
def test_the_index_page_of_pprof_is_read(page: str) -> None:
    (reading,) = goroutine_counts.parse(page)
    assert reading.metrics == COUNTS


def test_it_is_found_where_it_stands() -> None:
    assert list(goroutine_counts.find(["see", *INDEX.split("\n")])) == [Span(first=2, last=7)]


@pytest.mark.parametrize(
    "line", ["<summary>goroutine (count 5474)</summary>", "**Goroutines** (5474)", "goroutines (total: 5474)"]
)
def test_a_count_in_a_heading_is_read(line: str) -> None:
    assert goroutine_counts.parse(line) == (Reading(metrics={"go.goroutines_count": 5474}, line=1, last_line=1),)


def test_other_lists_are_left_alone() -> None:
    lines = ["5 heap", "12 trace", "3 goroutine", "goroutine (see 12)", "goroutines: 5"]
    assert list(goroutine_counts.find(lines[:2] + lines[3:])) == []
    with pytest.raises(ParseError):
        goroutine_counts.parse("3 goroutine")
