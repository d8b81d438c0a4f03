"""The pasted page of tests/evidence, from its text to the views: what `memwhy explain` says of such a post."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from memwhy.diagnose import explain
from memwhy.model.report import Report, Verdict
from memwhy.model.units import MIB
from memwhy.render import json, markdown, text

EVIDENCE = Path(__file__).parent / "evidence" / "pasted"


@pytest.fixture(scope="module")
def report() -> Report:
    before = Path.cwd()
    os.chdir(EVIDENCE)  # so that the views name the page alone
    try:
        return explain(["odds-page.txt"])
    finally:
        os.chdir(before)


def test_the_page_s_views_are_the_golden_ones(report: Report, golden: Callable[[str, str], None]) -> None:
    golden("explain-odds-page.text", text.render(report))
    golden("explain-odds-page.json", json.render(report))
    golden("explain-odds-page.markdown", markdown.render(report))


def test_the_page_is_called_a_native_leak_as_surely_as_it_allows(report: Report) -> None:
    conclusion = report.conclusion
    assert (conclusion.cause, conclusion.confidence) == ("native-leak", "medium")


def test_the_page_s_common_guesses_are_refuted_each_with_a_bound(report: Report) -> None:
    assert [(one.name, one.verdict) for one in report.suggestions] == [
        ("FreeOSMemory", Verdict.REFUTED),
        ("a memory limit", Verdict.REFUTED),
        ("recursion", Verdict.REFUTED),
        ("a goroutine leak", Verdict.REFUTED),
        ("unclosed response bodies", Verdict.REFUTED),
        ("connection pools", Verdict.REFUTED),
        ("gzip readers", Verdict.REFUTED),
    ]
    assert all(one.could_explain_bytes is not None and one.could_explain_bytes < 16 * MIB for one in report.suggestions)


def test_the_second_host_stands_beside_the_first_for_comparison(report: Report) -> None:
    assert report.total is not None
    assert report.total.metric == "host.used_bytes"
    assert [row.metric for row in report.controls] == ["host.used_bytes"]
    assert [row.series.growing for row in report.controls if row.series] == [False]


def test_what_the_page_lacks_is_said(report: Report) -> None:
    assert report.missing == ("no RSS of the process", "no times: rates are per reading", "no goroutine count")


def test_profiles_of_two_builds_are_called_not_comparable(report: Report) -> None:
    assert any("not comparable" in warning and "profile server's own work" in warning for warning in report.warnings)
