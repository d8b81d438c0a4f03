"""Processes of one kind, counted and sized in sentences."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.pasted import crowd
from memwhy.sources.pasted.crowd import TOGETHER

WORDS = st.sampled_from(
    [
        "40",
        "8",
        "to",
        "60",
        "workers",
        "processes",
        "child",
        "from",
        "of",
        "with",
        "each",
        "90",
        "1.2",
        "MB",
        "GB",
        "RSS",
        ",",
        "the",
        "12345678",
        "worker",
        "should",
    ]
)


@pytest.mark.parametrize(
    ("line", "count", "size"),
    [
        ("there are 40 workers of 90 MB each by the evening", 40, 90 * MIB),
        ("We see 12 php worker processes at ~150 MB RSS each.", 12, 150 * MIB),
        ("> 30 child processes, each using about 1.5 GB", 30, round(1.5 * GIB)),
        ("with **6 uwsgi workers** taking 300 MiB each", 6, 300 * MIB),
    ],
)
def test_number_and_size_give_what_they_have_together(line: str, count: int, size: int) -> None:
    (reading,) = crowd.parse(line)
    assert dict(reading.metrics) == {"process.children_count": count, "process.children_rss_bytes": count * size}
    assert (reading.line, reading.subject) == (None, None)


def test_the_note_says_how_it_was_reckoned() -> None:
    (reading,) = crowd.parse("40 workers of 90 MB each")
    assert reading == Reading(
        metrics={"process.children_count": 40, "process.children_rss_bytes": 3600 * MIB},
        quanta={"process.children_rss_bytes": 40 * MIB},
        notes=(TOGETHER.format(40, "90 MB"),),
    )


@pytest.mark.parametrize(
    "line",
    [
        "the number of worker processes rises from the default 8 to over 60",
        "Worker-processes went from 8 to 60 overnight".replace("-", " "),
    ],
)
def test_a_course_is_two_readings(line: str) -> None:
    assert [dict(r.metrics) for r in crowd.parse(line)] == [
        {"process.children_count": 8},
        {"process.children_count": 60},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "you should run 4 workers of 512 MB each",
        "we have 4 workers with 2 GB",
        "40 worker threads of 8 MB each",
        "12 worker nodes with 64 GB each",
        "workers took from 8 to 60 MB",
        "1 process of 90 MB each",
        "processes 40 jobs of 90 MB each",
    ],
)
def test_advice_machines_threads_and_ranges_of_size_are_no_crowd(line: str) -> None:
    assert list(crowd.find([line])) == []
    with pytest.raises(ParseError):
        crowd.parse(line)


@given(st.lists(WORDS, max_size=20).map(" ".join) | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        found = crowd.parse(text)
    except ParseError:
        assert not list(crowd.find(text.split("\n")))
        return
    assert all(0 <= value < 1 << 56 for reading in found for value in reading.metrics.values())


@pytest.mark.parametrize("line", ["40 a b c " * 200, "workers from " * 150, "40 workers each " * 120, "1" * 1900])
def test_megabytes_of_hostile_lines_are_read_in_bounded_time(line: str) -> None:
    lines = [line] * (2_000_000 // len(line))
    began = time.process_time()
    assert all(span.first == span.last for span in crowd.find(lines))
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    ("line", "course"),
    [
        ("After boot there are 10-20 `shop-helper` processes, after a week it builds up to about 800", [20, 800]),
        ("we start with 3 ffmpeg processes and by noon there are 240 of them", [3, 240]),
        ("First 7 convert processes; it grew to 90 processes overnight", [7, 90]),
        ("2 zombie git processes, then they pile up to over 4000", [2, 4000]),
        ("the number of `git` processes climbs from 10 to 900", [10, 900]),
    ],
)
def test_processes_that_multiply_are_told_first_and_last(line: str, course: list[int]) -> None:
    assert [reading.metrics for reading in crowd.parse(line)] == [{"process.children_count": n} for n in course]


@pytest.mark.parametrize(
    "line",
    [
        "there are 4 processes and memory builds up to 800",
        "it has 4 shop processes and grows to 90%",
        "it has 4 shop processes and grows to 90 MB",
        "10 shop processes, there are 12 of them at night",
        "4 shop processes serve a load that goes up to 800",
        "8 shop processes, there are 300 requests waiting",
    ],
)
def test_what_grows_beside_processes_is_not_their_number(line: str) -> None:
    assert list(crowd.find([line])) == []
