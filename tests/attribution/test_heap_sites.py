"""Who holds the Go heap: sites by growth over states of the heap, as the collector publishes them."""

from random import Random

import pytest
from build_profiles import Stack, of, seen
from drawn_blocks import PERIOD, drawn
from hypothesis import given
from hypothesis import strategies as st

from memwhy.attribution.frames import own_frame
from memwhy.attribution.heap import heap_sites
from memwhy.attribution.states import heap_states
from memwhy.model.case import SeenProfile
from memwhy.model.profile import Profile, ProfileRow
from memwhy.model.reading import Where
from memwhy.model.report import Holder
from memwhy.model.units import KIB, MIB

WORK = ("runtime.mallocgc", "main.compute", "main.main")
SERVE = ("io.ReadAll", "net/http.(*Transport).dial", "main.fetch")
UPLOAD = ("io.ReadAll", "example.org/shop/store.Upload", "main.fetch")
FACTS = {
    "go.version": "go1.26.8",
    "go.main_module": "example.org/shop",
    "go.modules": "example.org/shop (devel)\ngolang.org/x/net v0.30.0",
}


def kept(stacks: dict[Stack, float], times: list[float], *, size: int = 4 * KIB, seed: int = 1) -> list[SeenProfile]:
    """Profiles of sites that only keep, at so many bytes a second from 4 MiB on."""
    random = Random(seed)
    held = {stack: drawn(4 * MIB // size, size, random) for stack in stacks}
    found, before = [], times[0]
    for time in times:
        for stack, per_s in stacks.items():
            more, variance = drawn(round(per_s * (time - before) / size), size, random)
            held[stack] = held[stack][0] + more, held[stack][1] + variance
        before = time
        values = {stack: value for stack, (value, _) in held.items()}
        variances = {stack: variance for stack, (_, variance) in held.items()}
        found.append(seen("inuse_space", time, values, variances=variances, sampling_period_bytes=PERIOD))
    return found


def test_the_site_that_grows_is_named_with_its_pace_interval_module_and_what_it_rests_on() -> None:
    profiles = kept({WORK: 1.0 * MIB, SERVE: 0.0}, [10.0 * i for i in range(7)])
    (holder,) = heap_sites(of(*profiles, facts=FACTS))
    assert (holder.function, holder.module, holder.stack, holder.method) == (
        "main.compute",
        "example.org/shop",
        WORK,
        "pprof",
    )
    assert holder.modules == ("std@go1.26.8", "example.org/shop", "example.org/shop")
    assert holder.low_bytes is not None
    assert holder.high_bytes is not None
    assert holder.low_bytes < holder.bytes < holder.high_bytes
    assert holder.low_per_s is not None
    assert holder.high_per_s is not None
    assert holder.low_per_s < MIB < holder.high_per_s
    assert holder.note == "in 7 states of the heap, 60 s"


def test_the_interval_holds_the_truth_in_nine_of_ten_cases() -> None:
    held = 0
    for seed in range(60):
        (holder,) = heap_sites(of(*kept({WORK: 1.0 * MIB}, [8.0 * i for i in range(6)], seed=seed)))
        held += holder.low_bytes is not None and holder.low_bytes <= 40 * MIB <= (holder.high_bytes or 0)
    assert held >= 54


def test_a_site_that_sampling_alone_could_feign_says_so_and_has_no_pace() -> None:
    first = seen("inuse_space", 0, {WORK: 4 * MIB}, sampling_period_bytes=PERIOD)
    (holder,) = heap_sites(of(first, seen("inuse_space", 60, {WORK: 5 * MIB}, sampling_period_bytes=PERIOD)))
    assert (holder.bytes, holder.bytes_per_s) == (MIB, None)
    assert holder.low_bytes is not None
    assert holder.low_bytes < 0
    assert "no more than sampling one in 512.0 KiB and chance can feign" in holder.note


def test_what_shrank_holds_no_growth() -> None:
    old, new = {WORK: 10 * MIB, SERVE: 40 * MIB}, {WORK: 90 * MIB, SERVE: 4 * MIB}
    found = heap_sites(of(seen("inuse_space", 0, old), seen("inuse_space", 60, new)))
    assert [(holder.function, holder.bytes, holder.share) for holder in found] == [("main.compute", 80 * MIB, 1.0)]


def test_of_the_standard_librarys_sites_the_caller_outside_of_it_tells_them_apart() -> None:
    old, new = {SERVE: 10 * MIB, UPLOAD: 10 * MIB}, {SERVE: 10 * MIB, UPLOAD: 90 * MIB}
    (holder,) = heap_sites(of(seen("inuse_space", 0, old), seen("inuse_space", 60, new), facts=FACTS))
    assert (holder.function, holder.module, holder.stack) == ("io.ReadAll", "std@go1.26.8", UPLOAD)


def test_profiles_with_no_collection_between_are_one_state_and_say_nothing_of_growth() -> None:
    same = [
        seen("inuse_space", 5.0 * i, {WORK: 40 * MIB, SERVE: 10 * MIB}, sampling_period_bytes=PERIOD) for i in range(6)
    ]
    found = heap_sites(of(*same))
    assert [(holder.function, holder.bytes, holder.bytes_per_s) for holder in found] == [
        ("main.compute", 40 * MIB, None),
        ("io.ReadAll", 10 * MIB, None),
    ]
    assert found[0].note.startswith("in use; the 6 profiles show one state of the heap only")


def test_what_was_allocated_meanwhile_tells_two_states_apart() -> None:
    heap = [seen("inuse_space", 5.0 * i, {WORK: 40 * MIB}) for i in range(2)]
    churn = [seen("alloc_space", 5.0 * i, {WORK: (40 + 60 * i) * MIB}) for i in range(2)]
    states = heap_states((*heap, *churn))
    assert states is not None
    assert len(states.profiles) == 2


def test_churn_is_kept_apart_from_what_stayed() -> None:
    heap = [seen("inuse_space", 60.0 * i, {WORK: (10 + 50 * i) * MIB}) for i in range(2)]
    churn = [seen("alloc_space", 60.0 * i, {WORK: (100 + 900 * i) * MIB}) for i in range(2)]
    (holder,) = heap_sites(of(*heap, *churn))
    assert holder.note.endswith("of 900.0 MiB allocated 50.0 MiB stayed")


def test_growth_is_by_the_time_of_the_collections_not_by_that_of_the_asking() -> None:
    """The heap of 10 s ago was shown 9 s late: asked every 10 s, told of 1 s apart."""
    profiles = [
        seen("inuse_space", 10.0 * i, {WORK: (10 + 30 * i) * MIB}, collections=5 + i, as_of_wall_ns=10**18 + i * 10**9)
        for i in range(5)
    ]
    (holder,) = heap_sites(of(*profiles))
    assert holder.bytes_per_s == pytest.approx(30 * MIB)


def test_what_is_shown_before_the_second_collection_has_the_garbage_in_it_and_is_left_out() -> None:
    early = [seen("inuse_space", float(i), {WORK: 90 * MIB}, collections=i) for i in range(2)]
    later = [seen("inuse_space", 5.0 + i, {WORK: (10 + i) * MIB}, collections=2 + i) for i in range(3)]
    states = heap_states((*early, *later))
    assert states is not None
    assert [one.x for one in states.profiles] == [5.0, 6.0, 7.0]
    only_early = heap_states(early)
    assert only_early is not None
    assert [one.x for one in only_early.profiles] == [0.0]


def test_profiles_of_another_build_or_process_are_not_subtracted() -> None:
    mixed = of(
        seen("inuse_space", 0, {WORK: 99 * MIB}, build="b0"),
        seen("inuse_space", 1, {WORK: 98 * MIB}, subject="host b"),
        seen("inuse_space", 2, {WORK: 10 * MIB}),
        seen("inuse_space", 3, {WORK: 30 * MIB}),
    )
    assert [holder.bytes for holder in heap_sites(mixed)] == [20 * MIB]


def test_profiles_in_an_order_without_times_are_told_by_the_profile() -> None:
    profiles = [seen("inuse_space", float(i), {WORK: (10 + 30 * i) * MIB}, clock="order") for i in range(5)]
    (holder,) = heap_sites(of(*profiles))
    assert (holder.bytes, holder.note) == (120 * MIB, "in 5 states of the heap, 5 profiles")


@pytest.mark.parametrize("newest_first", [False, True])
def test_an_order_with_the_times_of_the_collections_is_put_into_their_order(newest_first: bool) -> None:
    times = [10**18 + 60 * i * 10**9 for i in range(5)]
    rows = list(zip(times, [(10 + 30 * i) * MIB for i in range(5)], strict=True))
    profiles = [
        seen("inuse_space", float(i), {WORK: value}, clock="order", collections=9, as_of_wall_ns=end)
        for i, (end, value) in enumerate(reversed(rows) if newest_first else rows)
    ]
    (holder,) = heap_sites(of(*profiles))
    assert (holder.bytes, holder.note) == (120 * MIB, "in 5 states of the heap, 4 min")
    assert holder.bytes_per_s == pytest.approx(MIB / 2)


def test_an_order_of_which_not_all_tell_their_time_has_no_pace_by_the_second() -> None:
    profiles = [
        seen(
            "inuse_space",
            float(i),
            {WORK: (10 + 30 * i) * MIB},
            clock="order",
            collections=9,
            as_of_wall_ns=10**18 + i if i else None,
        )
        for i in range(5)
    ]
    (holder,) = heap_sites(of(*profiles))
    assert (holder.bytes, holder.bytes_per_s, holder.low_per_s, holder.high_per_s) == (120 * MIB, None, None, None)
    assert holder.note == "in 5 states of the heap, 5 profiles"


def test_collections_that_fall_against_a_running_clock_are_not_believed() -> None:
    profiles = [
        seen("inuse_space", 60.0 * i, {WORK: (10 + 30 * i) * MIB}, collections=9, as_of_wall_ns=10**18 - i * 10**9)
        for i in range(5)
    ]
    (holder,) = heap_sites(of(*profiles))
    assert holder.bytes_per_s == pytest.approx(MIB / 2)


def test_a_text_table_stands_as_stacks_of_one_frame() -> None:
    table = Profile(kind="inuse_space", unit="bytes", total=9, rows=(ProfileRow(function="main.f", flat=9, cum=9),))
    (holder,) = heap_sites(of(SeenProfile(profile=table, subject="", where=Where(file="x"), x=0.0)))
    assert (holder.function, holder.stack, holder.bytes) == ("main.f", ("main.f",), 9)


FRAMES = st.lists(st.sampled_from(["main.a", "main.b", "runtime.x", "net/http.y", ""]), max_size=4).map(tuple)
STACKS = st.dictionaries(FRAMES, st.integers(-5, 100 * MIB), max_size=12)


@given(st.lists(STACKS, min_size=1, max_size=6))
def test_shares_are_of_the_growth_and_every_interval_is_around_its_figure(states: list[dict[Stack, int]]) -> None:
    found = heap_sites(of(*(seen("inuse_space", float(i), one) for i, one in enumerate(states))))
    assert sum(holder.share for holder in found) <= 1.001
    assert all(holder.bytes > 0 and 0 <= holder.share <= 1 for holder in found)
    assert all((holder.low_bytes or 0) <= holder.bytes <= (holder.high_bytes or 0) for holder in found)
    assert all(holder.function == own_frame(holder.stack) for holder in found)
    told = [isinstance(holder, Holder) and holder.bytes_per_s is not None for holder in found]
    assert told == sorted(told, reverse=True)
