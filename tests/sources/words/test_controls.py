"""Tables of one figure, whose name and unit stand above: columns are programs, hosts or settings."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.metrics import REGISTRY
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.words import controls, tables

HOUR = 3600 * 10**9


def read(page: str) -> list[Reading]:
    lines = page.split("\n")
    return [r for span in controls.find(lines) for r in controls.parse("\n".join(lines[span.first : span.last + 1]))]


def course(page: str, subject: str | None) -> list[tuple[int | None, int]]:
    """(hours, MiB) of one subject's RSS."""
    return [
        (None if one.elapsed_ns is None else one.elapsed_ns // HOUR, one.metrics["process.rss_bytes"] // MIB)
        for one in read(page)
        if one.subject == subject
    ]


HOSTS = "Resident memory in MB of both:\n\n| hour | web1 | web2 |\n|---|---|---|\n| 0 | 300 | 310 |\n| 4 | 1,800 | 312 |\n| 8 | 3290 | 309 |"


def test_each_column_is_a_subject_of_its_own() -> None:
    assert course(HOSTS, "section web1") == [(0, 300), (4, 1800), (8, 3290)]
    assert course(HOSTS, "section web2") == [(0, 310), (4, 312), (8, 309)]


@pytest.mark.parametrize("caption", ["RSS of both hosts (MB)", "RSS, all in MB", "RSS [MB]"])
def test_the_unit_may_stand_anywhere_in_the_words_above(caption: str) -> None:
    assert course(HOSTS.replace("Resident memory in MB of both:", caption), "section web2") == [
        (0, 310),
        (4, 312),
        (8, 309),
    ]


def test_the_unit_may_stand_in_some_rows_alone() -> None:
    page = HOSTS.replace("in MB ", "").replace("310 |", "310 MB |").replace("3290", "3290 MB")
    assert course(page, "section web1") == [(0, 300), (4, 1800), (8, 3290)]
    assert course(page, "section web2") == [(0, 310), (4, 312), (8, 309)]


def test_aligned_columns_under_a_time_are_read_too() -> None:
    page = "RSS, all in MB\n\ntime    leaky    control\n0 h     100      98\n1 h     300      99\n2 h     510      98"
    assert course(page, "section leaky") == [(0, 100), (1, 300), (2, 510)]


def test_columns_that_differ_by_one_change_are_a_trial() -> None:
    page = "RSS (MB)\n\n| hour | jemalloc | glibc |\n|---|---|---|\n| 0 | 210 | 212 |\n| 6 | 230 | 900 |\n| 12 | 228 | 1610 |"
    assert course(page, None) == [(0, 212), (6, 900), (12, 1610)]
    assert read(page)[0].facts["trial.other_allocator.outcome"] == "fell"
    page = page.replace("jemalloc", "without thumbnails").replace("glibc", "with thumbnails")
    assert course(page, None) == [(0, 212), (6, 900), (12, 1610)]
    assert read(page)[0].facts["trial.feature_off.outcome"] == "fell"


@pytest.mark.parametrize(
    "page",
    [
        HOSTS.replace("in MB ", ""),
        HOSTS.replace("Resident memory", "Requests"),
        HOSTS.replace("| 4 | 1,800 | 312 |", "| 4 | - | none |"),
        HOSTS.replace("| hour |", "| RSS |"),
        HOSTS.replace("| 0 |", "| a |"),
    ],
    ids=["no unit", "no name", "a gap in both", "names of its own", "a row without a moment"],
)
def test_what_is_not_named_or_has_no_unit_is_not_read(page: str) -> None:
    assert read(page) == []


def test_a_bare_number_has_the_unit_of_its_column_where_it_is_of_the_same_size() -> None:
    page = "| time | RSS |\n|---|---|\n| 1 h | 200 MB |\n| 2 h | {} |\n| 3 h | 633 MB |"
    assert [one.metrics["process.rss_bytes"] // MIB for one in tables.parse(page.format(410))] == [200, 410, 633]
    assert [one.metrics["process.rss_bytes"] // MIB for one in tables.parse(page.format(410000))] == [200, 633]


@given(st.text(max_size=300))
def test_any_text_is_read_as_known_figures_or_refused(text: str) -> None:
    try:
        readings = controls.parse(text)
    except ParseError:
        return
    assert readings
    assert all(name in REGISTRY and 0 <= value < 1 << 63 for one in readings for name, value in one.metrics.items())


def test_many_tables_without_names_are_gone_through_in_time() -> None:
    lines = ("RSS in MB\n| hour | a | b |\n|---|---|---|\n" + "| 1 | 2 | x |\n" * 300 + "\n").split("\n") * 40
    begun = time.process_time()
    list(controls.find(lines))
    assert time.process_time() - begun < 10
