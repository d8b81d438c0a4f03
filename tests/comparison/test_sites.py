"""Profiles of two runs: what differs beyond the sampling's own error, and what cannot be compared."""

import math
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from build_case import case
from drawn_blocks import PERIOD, drawn
from hypothesis import given as tried
from hypothesis import strategies as st

from memwhy.comparison import Given, compare
from memwhy.comparison.sites import chance_of
from memwhy.diagnose import book_of_paths
from memwhy.model.case import SeenProfile
from memwhy.model.comparison import Caution, ProfileGap
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Where
from memwhy.model.units import KIB, MIB

EVIDENCE = Path(__file__).parents[1] / "evidence" / "go-1.26"


def side(name: str, *profiles: Profile) -> Given:
    """A run of which only profiles are there."""
    seen = tuple(SeenProfile(profile=one, subject="", where=Where(file=name), x=1.0) for one in profiles)
    return Given(name=name, case=case(profiles=seen))


def heap(values: dict[str, tuple[int, float]], period: int = PERIOD, **more: Any) -> Profile:
    """Sites with their values and variances."""
    stacks = tuple(
        StackSample(frames=(name, "main.main"), value=value, variance=variance)
        for name, (value, variance) in values.items()
    )
    total = sum(value for value, _ in values.values())
    rows = tuple(ProfileRow(function=name, flat=value, cum=value) for name, (value, _) in values.items())
    return Profile(
        kind="inuse_space", unit="bytes", total=total, rows=rows, stacks=stacks, sampling_period_bytes=period, **more
    )


def only(found: Given, other: Given) -> ProfileGap:
    gaps = compare(found, other).profiles
    assert len(gaps) == 1
    return gaps[0]


def refused(a: Given, b: Given) -> list[Caution]:
    return [one for one in compare(a, b).cautions if one.about == "profiles"]


@pytest.mark.parametrize("size", [96, 16 * KIB, 300 * KIB])
def test_two_draws_of_the_same_heap_differ_in_one_comparison_of_twenty_at_most(size: int) -> None:
    """Ten sites that hold the same on both sides: a family of ten must not accuse one more often than 5 % of the time."""
    random, wrong, rounds = Random(7), 0, 150
    blocks = max(1, 4 * MIB // size)
    for _ in range(rounds):
        sides = [heap({f"main.f{i}": drawn(blocks, size, random) for i in range(10)}) for _ in range(2)]
        wrong += only(side("a", sides[0]), side("b", sides[1])).proven > 0
    # 0.05 of 150 is 7.5; 15 or more would come by chance once in a hundred such tests
    assert wrong <= 14


def test_a_site_of_24_mib_is_told_from_one_of_8_mib_and_both_intervals_hold_the_truth() -> None:
    random, rounds, held, proven = Random(11), 60, 0, 0
    for _ in range(rounds):
        a, b = (heap({"main.cache": drawn(count, 8 * KIB, random)}) for count in (3072, 1024))
        gap = only(side("a", a), side("b", b))
        site = gap.sites[0]
        held += site.gap.low <= 16 * MIB <= site.gap.high
        proven += site.proven
    assert proven >= 0.8 * rounds
    assert held >= 0.9 * rounds


def test_two_samples_against_none_are_no_difference_and_twenty_are() -> None:
    few, many = (heap({"main.f": (n * PERIOD, float(n * PERIOD * PERIOD))}) for n in (2, 20))
    none = heap({"main.other": (50 * PERIOD, 50.0 * PERIOD * PERIOD)})
    by_name = {one.name: one for one in only(side("a", few), side("b", none)).sites}
    assert not by_name["main.f"].proven and by_name["main.f"].chance == pytest.approx(0.5)
    by_name = {one.name: one for one in only(side("a", many), side("b", none)).sites}
    assert by_name["main.f"].proven and by_name["main.f"].gap.low > 0


@tried(st.integers(0, 400), st.integers(0, 400), st.floats(0.25, 4))
def test_the_chance_is_the_binomial_tests_and_the_same_from_both_sides(a: int, b: int, ratio: float) -> None:
    weights = 1000.0, 1000.0 * ratio
    chance = chance_of(a * weights[0], weights[0], b * weights[1], weights[1])
    assert chance == pytest.approx(chance_of(b * weights[1], weights[1], a * weights[0], weights[0]), abs=1e-9)
    if a * weights[0] == b * weights[1]:
        assert chance == 1.0
        return
    n, r = a + b, weights[1] / sum(weights)
    tail = [math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(r) + (n - k) * math.log1p(-r))
            for k in range(n + 1)]  # fmt: skip
    exact = min(1.0, 2 * min(sum(tail[a:]), sum(tail[: a + 1])))
    assert chance == pytest.approx(exact, abs=1e-6)


def test_exact_counts_differ_by_any_amount() -> None:
    assert chance_of(10.0, 0.0, 11.0, 0.0) == 0.0
    assert chance_of(10.0, 0.0, 10.0, 0.0) == 1.0


def test_sites_without_names_are_refused() -> None:
    stripped = heap({"0x4a31c0": (9 * MIB, 1.0), "main.f": (MIB, 1.0)})
    a, b = side("a", stripped), side("b", heap({"main.f": (MIB, 1.0)}))
    assert compare(a, b).profiles == ()
    assert [(one.weight, one.text) for one in refused(a, b)] == [
        (
            "refused",
            "Go heap in use, by allocation site: the sites of A have no names, only addresses (a stripped binary?)",
        )
    ]


def test_what_is_in_use_is_not_compared_with_what_was_ever_allocated() -> None:
    used = heap({"main.f": (MIB, 1.0)})
    ever = Profile(
        kind="alloc_space", unit="bytes", total=MIB, rows=(ProfileRow(function="main.f", flat=MIB, cum=MIB),)
    )
    a, b = side("a", used), side("b", ever)
    assert compare(a, b).profiles == ()
    assert refused(a, b)[0].text.startswith("A's profile is of inuse_space, B's of alloc_space")


def test_other_periods_are_said_and_allowed_for() -> None:
    a = heap({"main.f": (8 * MIB, 8.0 * MIB * PERIOD)})
    b = heap({"main.f": (8 * MIB, 8.0 * MIB * 4096)}, period=4096)
    assert refused(side("a", a), side("b", b))[0].text.endswith(
        "one block in 524,288 bytes is drawn in A, one in 4,096 in B; intervals allow for it"
    )
    gap = only(side("a", a), side("b", b))
    assert (gap.a_period_bytes, gap.b_period_bytes, gap.proven) == (PERIOD, 4096, 0)


def test_text_tables_are_compared_by_the_function_that_allocates_itself() -> None:
    table = Profile(
        kind="inuse_space",
        unit="bytes",
        total=40 * MIB,
        rows=(ProfileRow(function="main.f", flat=40 * MIB, cum=40 * MIB),),
    )
    stacks = heap({"main.f": (2 * MIB, 2.0 * MIB * PERIOD)})
    gap = only(side("a", table), side("b", stacks))
    assert [(one.name, one.a, one.b, one.proven) for one in gap.sites] == [("main.f", 40 * MIB, 2 * MIB, True)]


def test_where_only_the_largest_stacks_are_kept_the_rows_of_all_are_compared() -> None:
    whole = heap({"main.f": (9 * MIB, 9.0 * MIB * PERIOD), "main.g": (9 * MIB, 9.0 * MIB * PERIOD)})
    cut = replace(whole, stacks=whole.stacks[:1])
    assert {one.name: one.gap.value for one in only(side("a", whole), side("b", cut)).sites} == {
        "main.f": 0,
        "main.g": 0,
    }


def test_one_heap_as_a_file_and_as_text_is_the_same_heap() -> None:
    books = [book_of_paths([str(EVIDENCE / name)], stdin=None, progress=None) for name in ("heap.pb.gz", "heap.txt")]
    found = compare(*(Given(name=str(index), case=book.case()) for index, book in enumerate(books)))
    space = next(one for one in found.profiles if one.kind == "inuse_space")
    assert space.proven == 0
    assert all(one.gap.low <= 0 <= one.gap.high for one in space.sites)


def test_what_was_counted_at_one_moment_is_told_without_a_judgement() -> None:
    def census(kept: int) -> Profile:
        rows = (ProfileRow(function="blocks of 128 bytes", flat=kept, cum=kept),)
        return Profile(kind="malloc_in_use", unit="bytes", total=kept, rows=rows)

    site = only(side("a", census(50 * MIB)), side("b", census(MIB))).sites[0]
    assert (site.gap.value, site.gap.low, site.gap.high) == (49 * MIB, 49 * MIB, 49 * MIB)
    assert (site.chance, site.proven) == (None, False)


def test_goroutine_groups_are_compared_by_number() -> None:
    def group(waiting: int) -> Profile:
        stack = StackSample(frames=("runtime.gopark", "main.wait"), value=waiting, variance=0.0)
        return Profile(kind="goroutine", unit="count", total=waiting, stacks=(stack,))

    gap = only(side("a", group(400)), side("b", group(40)))
    assert [(one.name, one.gap.value, one.proven) for one in gap.sites] == [("main.wait", 360, True)]
    assert only(side("a", group(41)), side("b", group(40))).proven == 0
