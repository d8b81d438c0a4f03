"""Growth put down to code: differences of profiles of one build, the runtime's own frames passed over."""

from dataclasses import replace

import pytest
from build_case import MIB, case
from hypothesis import given
from hypothesis import strategies as st

from memwhy.attribution import attribute
from memwhy.attribution.profiles import first_and_last, goroutine_groups, heap_sites, module_of, own_frame
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile, ProfileRow, StackSample
from memwhy.model.reading import Where
from memwhy.model.report import Finding, Holder, Verdict

WORK = ("runtime.mallocgc", "main.compute", "main.main")
SERVE = ("io.ReadAll", "net/http.(*Transport).dial", "main.fetch")


def seen(
    kind: str, x: float, stacks: dict[tuple[str, ...], int], *, build: str = "b1", subject: str = ""
) -> SeenProfile:
    made = Profile(
        kind=kind,
        unit="bytes",
        total=sum(stacks.values()),
        stacks=tuple(StackSample(frames=frames, value=value) for frames, value in stacks.items()),
        build_id=build,
    )
    return SeenProfile(profile=made, subject=subject, where=Where(file="x"), x=x)


def of(*profiles: SeenProfile) -> Case:
    return case(profiles=profiles)


def test_heap_growth_goes_to_the_first_own_frame_of_each_stack() -> None:
    found = heap_sites(
        of(seen("inuse_space", 0, {WORK: 10, SERVE: 40}), seen("inuse_space", 60, {WORK: 100, SERVE: 70}))
    )
    assert found == (
        Holder(layer="layer.go_heap_bytes", function="main.compute", module="main", bytes=90, share=0.75, stack=WORK, method="pprof"),
        Holder(layer="layer.go_heap_bytes", function="io.ReadAll", module="io", bytes=30, share=0.25, stack=SERVE, method="pprof"),
    )  # fmt: skip


def test_what_shrank_holds_no_growth() -> None:
    found = heap_sites(of(seen("inuse_space", 0, {WORK: 10, SERVE: 40}), seen("inuse_space", 60, {WORK: 11, SERVE: 4})))
    assert [(holder.function, holder.bytes, holder.share) for holder in found] == [("main.compute", 1, 1.0)]


def test_one_profile_alone_is_told_by_size() -> None:
    assert [holder.bytes for holder in heap_sites(of(seen("inuse_space", 0, {WORK: 10, SERVE: 40})))] == [40, 10]


def test_profiles_of_another_build_or_process_are_not_subtracted() -> None:
    mixed = of(
        seen("inuse_space", 0, {WORK: 99}, build="b0"),
        seen("inuse_space", 1, {WORK: 98}, subject="host b"),
        seen("inuse_space", 2, {WORK: 10}),
        seen("inuse_space", 3, {WORK: 30}),
    )
    assert [holder.bytes for holder in heap_sites(mixed)] == [20]


def test_goroutines_weigh_their_smallest_stack_each() -> None:
    waits = ("runtime.gopark", "runtime.chanrecv1", "main.awaitAnswer")
    found = goroutine_groups(of(seen("goroutine", 0, {waits: 5}), seen("goroutine", 9, {waits: 105})))
    assert [(holder.function, holder.bytes, holder.method) for holder in found] == [
        ("main.awaitAnswer", 100 * 2048, "goroutines")
    ]


def test_a_text_table_stands_as_stacks_of_one_frame() -> None:
    table = Profile(kind="inuse_space", unit="bytes", total=9, rows=(ProfileRow(function="main.f", flat=9, cum=9),))
    (holder,) = heap_sites(of(SeenProfile(profile=table, subject="", where=Where(file="x"), x=0.0)))
    assert (holder.function, holder.stack) == ("main.f", ("main.f",))


def test_without_profiles_nobody_is_named() -> None:
    assert (heap_sites(of()), goroutine_groups(of()), first_and_last((), "inuse_space")) == ((), (), None)


@pytest.mark.parametrize(
    ("cause", "method"),
    [("heap-leak", "pprof"), ("gc-headroom", "pprof"), ("heap-retained", "pprof"), ("goroutine-leak", "goroutines"),
     ("descriptor-leak", "goroutines"), ("native-leak", None), ("steady", None)],
)  # fmt: skip
def test_only_the_layer_that_the_verdict_blames_is_attributed(cause: str, method: str | None) -> None:
    both = of(seen("inuse_space", 0, {WORK: 1}), seen("goroutine", 0, {WORK: 1}))
    verdict = Finding(cause=cause, verdict=Verdict.SUPPORTED, probability=0.8)
    assert {holder.method for holder in attribute(both, (verdict,))} == ({method} if method else set())
    assert attribute(both, (replace(verdict, verdict=Verdict.CANNOT_SAY),)) == ()


@pytest.mark.parametrize(
    ("function", "module"),
    [("net/http.(*Transport).dial", "net/http"), ("main.main", "main"), ("github.com/a/b.c/d.F", "github.com/a/b.c/d"),
     ("memcpy", None), ("", None)],
)  # fmt: skip
def test_a_functions_package(function: str, module: str | None) -> None:
    assert module_of(function) == module


def test_a_stack_of_the_runtime_alone_is_its_leafs() -> None:
    assert own_frame(("runtime.mallocgc", "runtime.main")) == "runtime.mallocgc"
    assert own_frame(()) == "?"


FRAMES = st.lists(st.sampled_from(["main.a", "main.b", "runtime.x", "net/http.y", ""]), max_size=4).map(tuple)
STACKS = st.dictionaries(FRAMES, st.integers(-5, 100 * MIB), max_size=12)


@given(old=STACKS, new=STACKS)
def test_shares_are_of_the_growth_and_sum_to_at_most_one(
    old: dict[tuple[str, ...], int], new: dict[tuple[str, ...], int]
) -> None:
    found = heap_sites(of(seen("inuse_space", 0, old), seen("inuse_space", 1, new)))
    assert all(holder.bytes > 0 and 0 <= holder.share <= 1 for holder in found)
    assert sum(holder.share for holder in found) <= 1.001
    assert [holder.bytes for holder in found] == sorted((holder.bytes for holder in found), reverse=True)
