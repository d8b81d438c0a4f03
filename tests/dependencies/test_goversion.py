"""Versions are ordered as Go orders them, and a range says whether a version lies in it, or that it cannot say."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.dependencies.goversion import compare, parse_range, parse_version

PAIRS = Path(__file__).parents[1] / "evidence" / "dependencies" / "versions" / "pairs.tsv"


def test_three_thousand_pairs_are_ordered_as_gos_own_libraries_order_them() -> None:
    rows = [line.split("\t") for line in PAIRS.read_text().splitlines()]
    wrong = [
        (one, other, said, compare(one, other)) for _, one, other, said in rows if compare(one, other) != int(said)
    ]
    assert (len(rows), wrong) == (3000, [])


@pytest.mark.parametrize(
    "rising",
    [
        ["v1.2.3-alpha", "v1.2.3-alpha.1", "v1.2.3-alpha.beta", "v1.2.3-beta.2", "v1.2.3-beta.11", "v1.2.3-rc.1", "v1.2.3"],
        ["v0.0.0-20180208164821-e533885ce6a0", "v0.0.0-20200203173156-8c6c6df0dd92", "v0.0.1-0.20200101000000-0123456789ab", "v0.0.1"],
        ["v1.9.0", "v1.10.0", "v2.0.0+incompatible", "v10.0.0"],
        ["go1.20rc1", "go1.20", "go1.20.1", "go1.21", "go1.21rc2", "go1.21.0", "go1.21.13", "go1.22"],
        ["1.1.1", "1.1.1a", "1.1.1k", "1.2rc1", "1.2", "1.2.1", "1.10"],
    ],
)  # fmt: skip
def test_the_order_is_the_one_that_is_meant(rising: list[str]) -> None:
    assert [compare(one, other) for one, other in pairwise(rising)] == [-1] * (len(rising) - 1)


def test_what_stands_behind_a_plus_or_a_toolchains_name_orders_nothing() -> None:
    assert compare("v2.0.0+incompatible", "v2.0.0") == 0
    assert compare("go1.21.3-custom", "go1.21.3") == 0
    assert compare("go1.26.8 X:boringcrypto", "go1.26.8") == 0
    assert compare("2.36-9+deb12u4", "2.36") == 0


def test_versions_of_two_kinds_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"v1\.21\.0 is a module version and go1\.21 a go version"):
        compare("v1.21.0", "go1.21")


@pytest.mark.parametrize(
    ("text", "version", "holds"),
    [
        (">=v1.2.0, <v1.4.1", "v1.2.0", True),
        (">=v1.2.0, <v1.4.1", "v1.4.0", True),
        (">=v1.2.0, <v1.4.1", "v1.4.1-rc.1", True),
        (">=v1.2.0, <v1.4.1", "v1.4.1", False),
        (">=v1.2.0, <v1.4.1", "v1.1.9", False),
        ("<v1.2.0 || >=v2.0.0, <v2.1.0", "v2.0.5", True),
        ("<v1.2.0 || >=v2.0.0, <v2.1.0", "v1.3.0", False),
        ("v8.1.0", "v8.1.0", True),
        ("v8.1.0", "v8.1.1", False),
        ("all", "v0.0.0-20200203173156-8c6c6df0dd92", True),
        (">=go1.21.0, <go1.21.4", "go1.21.3-custom", True),
        ("<8.9.1", "8.9.0", True),
        ("<v1.2.3", "(devel)", None),
        ("<v1.2.3", "", None),
        ("<v1.2.3", "go1.21.3", None),
    ],
)
def test_a_range_holds_a_version_or_not_or_cannot_say(text: str, version: str, holds: bool | None) -> None:
    assert parse_range(text).holds(version) is holds


def test_a_commit_after_the_fix_has_it_and_one_before_it_may_have_it_by_another_branch() -> None:
    fixed_in_1_2_3 = parse_range("<v1.2.3")
    assert fixed_in_1_2_3.holds("v1.2.4-0.20240101000000-0123456789ab") is False
    assert fixed_in_1_2_3.holds("v1.2.3-0.20240101000000-0123456789ab") is None
    assert fixed_in_1_2_3.holds("v0.0.0-20240101000000-0123456789ab") is None


def test_commits_are_ordered_among_each_other_by_their_time() -> None:
    fixed = parse_range("<v0.0.0-20180208164821-e533885ce6a0")
    assert fixed.holds("v0.0.0-20170101000000-0123456789ab") is True
    assert fixed.holds("v0.0.0-20190101000000-0123456789ab") is False


@pytest.mark.parametrize("text", ["", "v1.2.3 to v1.4", "<", "before 2020", "all (cgo)", ">=v1.2.0,", "<1.2.x.y z"])
def test_words_are_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="is no bound"):
        parse_range(text)


versions = st.from_regex(r"v(0|[1-9][0-9]{0,30})(\.(0|[1-9][0-9]?)){0,2}(-[a-z0-9.]{1,8})?", fullmatch=True)


@given(one=versions, two=versions, three=versions)
def test_the_order_is_an_order(one: str, two: str, three: str) -> None:
    assert compare(one, one) == 0
    assert compare(one, two) == -compare(two, one)
    if compare(one, two) <= 0 and compare(two, three) <= 0:
        assert compare(one, three) <= 0


@given(st.text(max_size=40))
def test_any_text_is_a_version_or_none_and_a_range_or_a_value_error(text: str) -> None:
    version = parse_version(text)
    assert version is None or version == parse_version(text)
    try:
        assert parse_range(text).holds("v1.2.3") in (True, False, None)
    except ValueError as error:
        assert "is no bound" in str(error)
