"""One figure at several moments is read where words above name it, and not where nothing does."""

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.words import courses

MINUTE = 60 * 10**9
DAY = 1440 * MINUTE
RSS = "process.rss_bytes"


def read(page: str) -> list[Reading]:
    lines = page.split("\n")
    return [r for span in courses.find(lines) for r in courses.parse("\n".join(lines[span.first : span.last + 1]))]


COURSES = [
    ("RSS in MB, every ten minutes:\n\n10:00 rss=100 gc=4\n10:10 rss=120 gc=5\n10:20 rss=101 gc=7", [100 * MIB, 120 * MIB, 101 * MIB], [0, 10, 20]),
    ("Resident memory of the worker:\n23:30 2.0 GB\n23:50 2.5\n00:10 3.0", [2 * GIB, 5 * GIB // 2, 3 * GIB], [0, 20, 40]),
    ("memory (MB):\nday 1: 300\nday 2: 350\nday 3: 410", [300 * MIB, 350 * MIB, 410 * MIB], [1440, 2880, 4320]),
    ("$ ps -o rss= -p 711 >> out\n2048\n4096\n8192", [2 * MIB, 4 * MIB, 8 * MIB], [None] * 3),
    ("RSS\nat start: 20480 kB\nafter 2 hours: 40960 kB", [20 * MIB, 40 * MIB], [0, 120]),
    ("after start: 2048 kB\nthree hours: 4096 kB (ps -o rss)", [2 * MIB, 4 * MIB], [0, 180]),
    ("VmRSS in kB, one line a day\nMon 1024\nTue 2048\nWed 3072", [MIB, 2 * MIB, 3 * MIB], [None] * 3),
    ("Speicher (MB)\r\n10:00 1.024\r\n11:00 2.048\r\n12:00 3.072".replace("1.024", "1024").replace("2.048", "2048").replace("3.072", "3072"), [1024 * MIB, 2048 * MIB, 3072 * MIB], [0, 60, 120]),
    ("RSS in MB after that many requests:\n1000: 20\n2000: 40\n3000: 60", [20 * MIB, 40 * MIB, 60 * MIB], [None] * 3),
    ("at 09:00 / 12:00 / 15:00\nprocess_resident_memory_bytes 1.048576e+06 / 2097152 / 4194304", [MIB, 2 * MIB, 4 * MIB], [0, 180, 360]),
    ("RSS: 10 / 20 / 30 MB", [10 * MIB, 20 * MIB, 30 * MIB], [None] * 3),
]  # fmt: skip

TRAPS = [
    "10:00 100\n10:10 120\n10:20 101",
    "RSS of the process\n10:00 100\n10:10 120\n10:20 101",
    "Requests per second in MB:\n10:00 100\n10:10 120",
    "RSS in MB:\nnginx 100\nworker 120\ncron 101",
    "heap in KB\n1: 10\n2: 20\n3: 30",
    "RSS in MB:\n1. 20 MB of code\n2. 30 MB of data",
    "memory in MB\n\n\n\n\n\n\n\n10:00 100\n10:10 120\n10:20 101",
    "RSS limit in MB / soft / hard\nlimit 10 / 20 / 30",
    "load average: 1.0 / 2.0 / 3.0",
    "goroutine 18 / 19 / 20 MB",
    "container limit in MB:\n10:00 100\n10:10 100\n10:20 100",
]


@pytest.mark.parametrize(("page", "values", "minutes"), COURSES)
def test_a_course_takes_its_name_and_unit_from_the_words_above(
    page: str, values: list[int], minutes: list[int | None]
) -> None:
    readings = read(page)
    assert [dict(r.metrics) for r in readings] == [{RSS: value} for value in values]
    assert [r.elapsed_ns for r in readings] == [None if m is None else m * MINUTE for m in minutes]


@pytest.mark.parametrize("page", TRAPS)
def test_rows_without_a_name_a_unit_or_a_moment_are_left_alone(page: str) -> None:
    assert read(page) == []


def test_dates_are_wall_time() -> None:
    readings = read("RSS in MB\n1970-01-02 10\n1970-01-03 20\n1970-01-04 30")
    assert [r.wall_ns for r in readings] == [DAY, 2 * DAY, 3 * DAY]


def test_moments_side_by_side_of_several_names_are_read_together() -> None:
    readings = read("go_goroutines 10 / 20 / 30\nopen fds 5 / 5 / 6\nRSS 1 MB / 2 MB / 3 MB")
    assert [dict(r.metrics) for r in readings] == [
        {"go.goroutines_count": 10 * n, "process.descriptors_count": fds, RSS: n * MIB}
        for n, fds in ((1, 5), (2, 5), (3, 6))
    ]


def test_figures_carry_the_step_they_were_rounded_to() -> None:
    assert [r.quanta for r in read("RSS in MB\n10:00 1.5\n11:00 2\n12:00 2.25")] == [
        {RSS: MIB // 10},
        {RSS: MIB},
        {RSS: MIB // 100},
    ]


CAPTURES = sorted(
    path
    for path in (Path(__file__).parents[2] / "evidence").rglob("*")
    if path.is_file()
    and path.suffix not in (".md", ".go", ".py", ".sh", ".c", ".html")
    and path.stat().st_size < 50_000
)


def test_captures_of_tools_are_not_taken_for_courses() -> None:
    claimed = []
    for path in CAPTURES:
        raw = path.read_bytes()
        if b"\0" not in raw and list(courses.find(raw.decode("utf-8", "replace").split("\n"))):
            claimed.append(path.name)
    assert claimed == []


@given(st.text(max_size=300) | st.text(alphabet="RSS MB in:/.0123456789\n", max_size=300))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    for _ in courses.find(text.split("\n")):
        pass
    try:
        readings = courses.parse(text)
    except ParseError:
        return
    assert all(set(r.metrics) <= set(REGISTRY) and r.metrics for r in readings)


@given(
    st.sampled_from([page for page, _, _ in COURSES]),
    st.randoms(use_true_random=False),
    st.sampled_from(["", "> ", "    "]),
)
def test_a_course_shuffled_cut_and_quoted_gives_no_figure_that_is_not_in_it(
    page: str, chance: random.Random, prefix: str
) -> None:
    lines = page.split("\n")
    chance.shuffle(lines)
    cut = "\n".join(prefix + line for line in lines)[: chance.randrange(len(page) + 1)]
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?(?:e\+\d+)?", cut)]
    numbers += [float(n) for n in re.findall(r"\d+(?:\.\d+)?", cut)]
    for reading in read(cut):
        for value in reading.metrics.values():
            assert any(abs(value - n * w) <= 1 for n in numbers for w in (1, KIB, MIB, GIB))


@pytest.mark.parametrize(
    "piece", ["10:00 1\n", "RSS in MB\n1\n", "1 / 2 / 3 ", "RSS 1 / 2 / 3\n", "a=1 ", "1\n\n", "10:00 "]
)
def test_half_a_megabyte_of_malice_takes_seconds_at_most(piece: str) -> None:
    page = (piece * (1 << 19))[: 1 << 19]
    start = time.process_time()
    read(page)
    assert time.process_time() - start < 10
