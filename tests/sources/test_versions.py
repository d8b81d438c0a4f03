"""Figures under the names of two builds are each their own."""

from memwhy.sources.page import read_page
from memwhy.sources.versions import find_versions


def subjects(text: str) -> set[str]:
    return {found.subject for found in read_page(text.split("\n")).found if found.reading.metrics}


def test_figures_under_two_versions_are_of_two_subjects() -> None:
    assert subjects("v1: RSS 900 MB, 400 goroutines\nv2 (rewritten): RSS 210 MB, 60 goroutines") == {
        "version v1",
        "version v2",
    }
    assert subjects("## 1.4.0\n\nRSS 200 MB\n\n## 1.5.0\n\nRSS 6 GB") == {"version 1.4.0", "version 1.5.0"}
    assert subjects("old build:\n- RSS 200 MB\n\nnew build:\n- RSS 300 MB") == {
        "version old build",
        "version new build",
    }


def test_one_version_names_nobody() -> None:
    assert subjects("v2: RSS 900 MB, 400 goroutines") == {""}
    assert find_versions(["go version: 1.22", "1.5: 300 MB", "12:30 300 MB"]) == {}


def test_words_below_a_blank_line_are_of_no_version() -> None:
    found = find_versions(["v1: RSS 1 GB", "", "In the end it grew.", "v2: RSS 2 GB"])
    assert found == {0: "v1", 1: "v1", 3: "v2"}


def test_rows_of_a_table_with_a_column_of_versions_are_of_as_many_subjects() -> None:
    page = "| version | RSS | goroutines |\n|---|---|---|\n| 1.2 | 210 MB | 60 |\n| 1.3 | 900 MB | 4000 |"
    assert subjects(page) == {"version 1.2", "version 1.3"}
