"""A series within a line is read where words before it name it, each figure at its moment."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.words import inline

HOUR = 3600 * 10**9
RSS = "process.rss_bytes"


def read(page: str) -> list[Reading]:
    lines = page.split("\n")
    return [r for span in inline.find(lines) for r in inline.parse("\n".join(lines[span.first : span.last + 1]))]


SERIES = [
    ("The collector's RSS in MB: Sat 10:00 70, Sun 10:00 180, Mon 9:30 290. The heap is flat.", RSS, [70, 180, 290], [0, 24, 47.5]),
    ("RSS (MB) over the day: 22:00 120, 23:00 240, 01:00 361; heap 40 MB", RSS, [120, 240, 361], [0, 1, 3]),
    ("RSS was 1 GB at 08:00, 2 GB at 10:00, 3 GB at 12:00 and 4 GB at 14:00.", RSS, [1024, 2048, 3072, 4096], [0, 2, 4, 6]),
    ("RSS after 1h 200 MB, 2h 310 MB, 4h 520 MB", RSS, [200, 310, 520], [1, 2, 4]),
    ("> memory of the pod: 10:00 300Mi -> 11:00 420Mi -> 12:00 540Mi", "cgroup.current_bytes", [300, 420, 540], [0, 1, 2]),
    ("RSS in MB:\nMon 10:00 74; Tue 10:00 181; Wed 10:00 1,288", RSS, [74, 181, 1288], [0, 24, 48]),
    ("内存 (MB)：周一 300、周二 520、周三 740", RSS, [300, 520, 740], [None] * 3),
]  # fmt: skip


@pytest.mark.parametrize(("page", "metric", "mib", "hours"), SERIES)
def test_a_series_in_a_line_is_read_with_its_moments(
    page: str, metric: str, mib: list[int], hours: list[float | None]
) -> None:
    found = read(page)
    assert [dict(one.metrics) for one in found] == [{metric: value * MIB} for value in mib]
    assert [one.elapsed_ns for one in found] == [None if hour is None else hour * HOUR for hour in hours]


def test_counts_and_dates_make_series_too() -> None:
    found = read("Goroutines: 2024-03-01 400, 2024-03-02 9000, 2024-03-04 18,100")
    assert [dict(one.metrics) for one in found] == [{"go.goroutines_count": n} for n in (400, 9000, 18100)]
    first = found[0].wall_ns
    assert first is not None
    assert [(one.wall_ns or 0) - first for one in found] == [0, 24 * HOUR, 72 * HOUR]


@pytest.mark.parametrize(
    "page",
    [
        "We released 1.2 at 10:00, 1.3 at 11:00 and 1.4 at 12:00; memory was fine",
        "RSS in MB: 10:00 74, 11:00 181",
        "RSS: 10:00 74, 11:00 181, 12:00 288",
        "Mon 10:00 74, Tue 10:00 181, Wed 10:00 288",
        "| RSS | 10:00 74, | 11:00 181, | 12:00 288 |",
        "Requests: 08:00 120, 10:00 240, 12:00 361",
    ],
)
def test_without_a_name_a_unit_or_a_third_figure_nothing_is_read(page: str) -> None:
    assert read(page) == []


@given(st.lists(st.sampled_from(["RSS in MB", ":", " ", ",", "10:00", "Mon", "74", "1.5 GB", "->", "at", ";", "(", ")", ". ", "day 2", "\n", "goroutines"]), max_size=60))  # fmt: skip
def test_any_words_give_registered_figures_that_stand_on_the_page_or_nothing(words: list[str]) -> None:
    for one in read("".join(words)):
        assert set(one.metrics) <= set(REGISTRY)
        assert set(one.metrics.values()) <= {
            74,
            74 * MIB,
            74 * GIB,
            3 * GIB // 2,
            2,
            10,
            2 * MIB,
            2 * GIB,
            10 * MIB,
            10 * GIB,
        }


@given(st.text(max_size=400))
def test_any_text_is_read_as_known_figures_or_refused(text: str) -> None:
    try:
        readings = inline.parse(text)
    except ParseError:
        return
    assert readings
    assert all(name in REGISTRY and 0 <= value < 1 << 63 for one in readings for name, value in one.metrics.items())


def test_a_megabyte_of_almost_series_is_gone_through_in_time() -> None:
    lines = ["RSS in MB: " + "Mon 10:00 74, " * 60 + "x"] * 600 + ["10:00 1," * 200] * 300
    begun = time.process_time()
    list(inline.find(lines))
    assert time.process_time() - begun < 10
