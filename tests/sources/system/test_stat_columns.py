"""mongostat: sizes below `vsize` and `res`, headers repeated, rows cut; and tables that only look like it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.units import GIB, MIB
from memwhy.sources.system import stat_columns

HEADER = "insert query update delete getmore command dirty  used flushes vsize   res qrw arw net_in net_out conn                time"
ROW = "    *0     9     *0      2       4    51|0  1.1% 79.8%       0 3.50G 1.25G 0|0 1|0  31.0k    512k  210 May  3 10:00:01.071"
LATER = ROW.replace("1.25G", "1.50G")


def sizes(text: str) -> list[dict[str, int]]:
    """The metrics of every row."""
    return [dict(one.metrics) for one in stat_columns.parse(text)]


FIRST = {"process.virtual_bytes": 7 * GIB // 2, "process.rss_bytes": 5 * GIB // 4}
SECOND = FIRST | {"process.rss_bytes": 3 * GIB // 2}


@pytest.mark.parametrize(
    "page",
    [
        f"{HEADER}\n{ROW}\n{LATER}",
        f"> {HEADER}\n> {ROW}\n> {LATER}",
        f"{HEADER}\r\n{ROW}\r\n{LATER}\r",
        f"{HEADER}\n{ROW}\n{HEADER}\n{LATER}",
        f"{HEADER}\n{ROW}\n{LATER[:95]}",
    ],
)
def test_rows_give_what_is_resident_and_what_is_reserved(page: str) -> None:
    assert sizes(page) == [FIRST, SECOND]
    (span,) = stat_columns.find(["words before", *page.split("\n"), "", "words behind"])
    assert (span.first, span.last) == (1, page.count("\n") + 1)


def test_megabytes_have_their_letter() -> None:
    assert sizes(f"{HEADER}\n{ROW.replace('1.25G', '812M')}")[0]["process.rss_bytes"] == 812 * MIB


@pytest.mark.parametrize(
    "page", ["res used\n1.2G 3", "PID USER VIRT RES\n1 root 1g 2g", HEADER, f"{HEADER}\nno rows here"]
)
def test_other_tables_are_left_alone(page: str) -> None:
    assert list(stat_columns.find(page.split("\n"))) == []
    with pytest.raises(ParseError):
        stat_columns.parse(page)


@given(st.text(alphabet="insert res vsize used dirty conn flushes 0123.G\n|", max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    with contextlib.suppress(ParseError):
        assert stat_columns.parse(f"{HEADER}\n{text}")
