"""Limits as people write them: per time, per piece of work, per many pieces."""

import pytest

from memwhy.model.errors import UsageError
from memwhy.model.pieces import plural, singular
from memwhy.model.proof import Limit, rate_said, scale_of
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
        ("1MiB/minute", Limit(bytes=MIB / 60)),
        ("1MiB/MIN", Limit(bytes=MIB / 60)),
        ("1MiB/seconds", Limit(bytes=MIB)),
        ("1MiB/Hours", Limit(bytes=MIB / 3600)),
        ("1MiB / days", Limit(bytes=MIB / 86400)),
        ("64B/reqs", Limit(bytes=64, per="work", unit="request")),
    ],
)
def test_a_limit_is_bytes_for_a_second_or_for_a_piece_of_work(text: str, limit: Limit):
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    "text",
    ["1MiB", "1MiB/", "/request", "0/request", "1MiB/0 calls", "1MiB/10 min", "x/y z!", "1MiB/week", "1MiB/ms", "1MiB/Weeks", "1MiB/10 minutes", "1MiB/year"],
)  # fmt: skip
def test_what_is_no_limit_is_refused(text: str):
    with pytest.raises(UsageError):
        parse_limit(text)


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("requests", "request"), ("Reqs", "request"), ("req", "request"), ("msgs", "message"), ("ops", "operation"),
        ("queries", "query"), ("batches", "batch"), ("processes", "process"), ("process", "process"), ("caches", "cache"),
        ("series", "series"), ("status", "status"), ("statuses", "status"), ("boxes", "box"), ("responses", "response"),
        ("http_requests", "http request"), ("unit of work", "unit of work"), ("days", "day"), ("", ""),
    ],
)  # fmt: skip
def test_a_word_for_many_is_told_as_the_word_for_one(many: str, one: str):
    assert singular(many) == one
    assert singular(plural(one)) == one or not one


def test_growth_is_told_per_so_much_work_that_the_figure_has_digits():
    assert rate_said(64.0, "work", "request") == "+64 B/request"
    assert rate_said(0.5, "work", "request") == "+500 B/1,000 requests"
    assert rate_said(0.00002, "work", "query") == "+20 B/1,000,000 queries"
    assert (scale_of(0.0), scale_of(2000.0, 0.5)) == (1000, 1)
    assert [plural(unit) for unit in ("request", "query", "unit of work")] == ["requests", "queries", "units of work"]
