"""gc-headroom: the heap fills up to the next collection, and the live heap stays."""

from dataclasses import replace
from typing import Any

import pytest
from build_case import CGO, MIB, Points, flat, line, watched
from scenarios import SCENARIOS, scene, scene_without

from memwhy.causes.gc_headroom import judge
from memwhy.model.report import Finding, Verdict


def test_pages_that_rise_to_a_far_collection_over_a_flat_live_heap_are_headroom() -> None:
    found = judge(scene("heap that rises to a far collection"))
    assert replace(found, bytes_per_s=None, because=found.because[1:]) == Finding(
        cause="gc-headroom",
        verdict=Verdict.SUPPORTED,
        probability=0.65,
        headline="The Go heap rises toward its next collection; the live heap is flat.",
        bytes=found.bytes,
        because=("the next collection starts at 90.0 MiB (GOGC=800)",),
        remedy=("lower GOGC, or set GOMEMLIMIT to bound the headroom",),
        confirm_with="memwhy watch PID   over two or more collections (GODEBUG=gctrace=1 prints them)",
    )
    assert found.because[0].startswith("the live heap is flat: Go heap live ")


@pytest.mark.parametrize("name", ["map that only grows", "goroutines that wait for ever", "idle heap that stays"])
def test_a_live_heap_stacks_or_idle_pages_that_grow_are_no_pacing(name: str) -> None:
    found = judge(scene(name))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.05)


@pytest.mark.parametrize(
    "name", ["cgo leak in arenas", "mmap beside a C heap", "mapped file read through", "collector's saw", "nothing"]
)
def test_a_heap_that_does_not_carry_the_growth_acquits_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


RISES = SCENARIOS["heap that rises to a far collection"][1]


@pytest.mark.parametrize(
    "more",
    [
        {"given": {"go.next_gc_bytes": flat(32 * MIB)}},
        {"given": {"go.next_gc_bytes": flat(4 * MIB)}, "facts": CGO},
        {"grows": {**RISES["grows"], "process.descriptors_count": 5.0}},
    ],
    ids=["more than the headroom", "the smallest goal, which hides what lives", "connections that pile up"],
)
def test_growth_with_another_reason_is_no_pacing(more: dict[str, Any]) -> None:
    assert judge(watched(**{**RISES, **more})).verdict is Verdict.CANNOT_SAY


def test_without_next_gc_it_cannot_be_told() -> None:
    found = judge(scene_without("heap that rises to a far collection", "MemStats"))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("NextGC was not read",))


YOUNG = {"go.next_gc_bytes": flat(90 * MIB), "go.gc_count": flat(1)}


def test_what_one_collection_found_is_one_reading_and_no_flat_live_heap() -> None:
    """A heap of 90 MiB after one collection kept nearly all that it ever allocated."""
    assert judge(watched(**{**RISES, "given": YOUNG})).verdict is Verdict.CANNOT_SAY


@pytest.mark.parametrize(
    "count", [line(1, 0.05), flat(12)], ids=["three in the watch", "far more than a heap without garbage takes"]
)
def test_collections_that_found_the_same_make_it_level(count: Points) -> None:
    found = judge(watched(**{**RISES, "given": {**YOUNG, "go.gc_count": count}}))
    assert found.verdict is Verdict.SUPPORTED


def test_what_goes_on_coming_after_whole_cycles_is_no_pacing() -> None:
    """A channel's buffer of 8 MiB, allocated at once, is walked through once: its pages come one by one over many collections."""
    found = judge(watched(**{**RISES, "given": {**YOUNG, "go.gc_count": line(10, 0.5)}}))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.05)
    assert found.against == (
        "40.5 MiB came after 3 collections and more: a heap that is only paced is as large as it gets after one",
    )
