"""What a page holds and nobody read: rows of figures and pictures are listed, prose and code are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.sources.documents import read_evidence
from memwhy.sources.unread import MOST, find_leftovers

VM = "VmRSS:\t  485788 kB\nThreads:\t17\n"
ZONES = "Zone      Total   Used  Free\nnormal   100 MB  20 MB 80 MB\nhigh     200 MB  30 MB 170 MB\n"


def unread(page: str) -> list[tuple[int | None, int | None, str]]:
    found = read_evidence(["-"], stdin=page.encode()).unread
    return [(one.where.first_line, one.where.last_line, one.format) for one in found]


def test_a_table_that_no_reader_knows_is_listed_with_its_lines() -> None:
    assert unread(f"{VM}\nMemory by zone:\n{ZONES}") == [(6, 7, "figures")]


@pytest.mark.parametrize(
    "line",
    ["![graph](https://x.example/a.png)", '<img width="900" src="https://x.example/a">', "[screenshot]", "https://x.example/mem.png", "截图"],
)  # fmt: skip
def test_a_picture_is_listed(line: str) -> None:
    assert unread(f"{VM}\n{line}\n") == [(4, 4, "an image")]


@pytest.mark.parametrize(
    "text",
    [
        "It has 16 GB, 8 cores and runs since 3 weeks; 2 of 5 users see 1.2 GB more memory.",
        "[![Build](https://travis-ci.org/x.png)](https://x.example)",
        "func main() { a[1] = 2; b[3] = 4 }\nfunc mem() { a[1] = 2; b[3] = 4 }",
        "2026/01/02 10:11:12 GET /a 200 12 340\n2026/01/02 10:11:13 GET /b 200 13 350",
        "1. upgrade 1.2 to 1.3\n2. upgrade 1.3 to 1.4",
    ],
)
def test_prose_code_and_other_logs_are_no_unread_evidence(text: str) -> None:
    assert unread(f"{VM}\n{text}\n") == []


def test_figures_that_were_read_are_not_listed_again() -> None:
    assert unread(VM) == []


def test_a_page_lists_no_more_than_a_few() -> None:
    assert len(unread(f"{VM}\n" + f"memory\n{ZONES}\n\n" * 100)) == MOST


def test_a_page_of_nothing_but_pictures_says_so() -> None:
    from memwhy.model.errors import NothingReadable

    with pytest.raises(NothingReadable, match="an image: its figures cannot be read"):
        read_evidence(["-"], stdin=b"![a](https://x.example/a.png)\n")


@given(st.lists(st.text(alphabet="01. MGiB|%[]()!httpmemx\t", max_size=60), max_size=20))
def test_any_lines_give_leftovers_within_them(lines: list[str]) -> None:
    for left in find_leftovers(lines, lines):
        assert 0 <= left.first <= left.last < len(lines)


@pytest.mark.parametrize("line", ["1 MB " * 200, "![" * 500, "<img " * 200, "[" * 1000, "1" * 1000, "https://a." * 100])
def test_malice_takes_bounded_time(line: str) -> None:
    began = time.process_time()
    lines = [line] * 5000
    list(find_leftovers(lines, lines))
    assert time.process_time() - began < 5
