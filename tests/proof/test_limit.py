"""Limits as people write them: per time, per piece of work, per many pieces."""

import pytest

from memwhy.model.errors import UsageError
from memwhy.model.proof import Limit, plural, rate_said, scale_of
from memwhy.model.units import KIB, MIB
from memwhy.proof import parse_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1MiB/min", Limit(bytes=MIB / 60)),
        ("64k/s", Limit(bytes=64 * KIB)),
        ("64B/request", Limit(bytes=64, per="work", unit="request")),
        ("1MiB/1000 calls", Limit(bytes=MIB / 1000, per="work", unit="call")),
        ("1 MiB / 1,000 requests", Limit(bytes=MIB / 1000, per="work", unit="request")),
        ("1MiB/10k queries", Limit(bytes=MIB / 10_000, per="work", unit="query")),
        ("2k/batch", Limit(bytes=2048, per="work", unit="batch")),
        ("2k/unit of work", Limit(bytes=2048, per="work", unit="unit of work")),
    ],
)
def test_a_limit_is_bytes_for_a_second_or_for_a_piece_of_work(text: str, limit: Limit):
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["1MiB", "1MiB/", "/request", "0/request", "1MiB/0 calls", "1MiB/10 min", "x/y z!"])
def test_what_is_no_limit_is_refused(text: str):
    with pytest.raises(UsageError):
        parse_limit(text)


def test_growth_is_told_per_so_much_work_that_the_figure_has_digits():
    assert rate_said(64.0, "work", "request") == "+64 B/request"
    assert rate_said(0.5, "work", "request") == "+500 B/1,000 requests"
    assert rate_said(0.00002, "work", "query") == "+20 B/1,000,000 queries"
    assert (scale_of(0.0), scale_of(2000.0, 0.5)) == (1000, 1)
    assert [plural(unit) for unit in ("request", "query", "unit of work")] == ["requests", "queries", "units of work"]
