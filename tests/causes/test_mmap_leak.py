"""mmap-leak: anonymous mappings that neither the runtime nor malloc's arenas claim."""

from dataclasses import replace

import pytest
from build_case import MIB, Points, series, watched
from scenarios import PACE, scene, scene_without

from memwhy.causes.mmap_leak import judge
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict

GROWTH = (
    "100 % of the growth is in other anonymous mappings: other anonymous 6.0 to 51.0 MiB,"
    " +45.0 MiB/min (+45.0 MiB to +45.0 MiB)"
)


def test_without_a_c_heap_nothing_else_is_there() -> None:
    found = judge(scene("mmap without a C heap"))
    assert replace(found, bytes_per_s=None, remedy=()) == Finding(
        cause="mmap-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.8,
        headline="Memory mapped outside the runtime's heap and outside malloc's arenas grows and is not unmapped.",
        bytes=53477315,
        because=(GROWTH,),
        confirm_with="memwhy watch PID --for 10m",
    )


def test_beside_a_c_heap_large_blocks_look_the_same() -> None:
    found = judge(scene("mmap beside a C heap"))
    assert (found.verdict, found.probability, found.because, found.against) == (
        Verdict.SUPPORTED,
        0.55,
        (GROWTH,),
        ("malloc gives each large block a mapping of its own: those would look the same",),
    )


@pytest.mark.parametrize("runtime", ["cpython", "jvm", "node"])
def test_runtimes_that_map_their_own_heap_are_not_accused(runtime: str) -> None:
    found = judge(watched(grows={"layer.anonymous_bytes": PACE}, runtime=runtime))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.2)


@pytest.mark.parametrize(
    "name",
    ["cgo leak in arenas", "map that only grows", "segments that stay mapped", "mapped file read through", "nothing"],
)
def test_a_flat_layer_acquits_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_without_mappings_it_cannot_be_told() -> None:
    found = judge(scene_without("mmap without a C heap", "smaps"))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("mappings were not read (smaps)",))


@pytest.mark.parametrize(
    "facts",
    [
        {"binary.libraries": "libc.so.6\nlibjemalloc.so.2\nlibstdc++.so.6"},
        {"look.notes": "the allocator is jemalloc, which cannot be read"},
        {"look.notes": "a note\njemalloc is in this process: what it holds is not in malloc's figures"},
    ],
)
def test_another_mallocs_heap_is_not_taken_for_direct_mappings(facts: dict[str, str]) -> None:
    found = judge(watched(grows={"layer.anonymous_bytes": PACE}, runtime="native", facts=facts))
    assert (found.verdict, found.against) == (
        Verdict.CANNOT_SAY,
        ("jemalloc's heap lies in such mappings, and it was not read: native blocks that are not freed look the same",),
    )


def seldom(*mib: int) -> Case:
    """A leak of 45 MiB whose mappings a busy machine left to be read three times: 0, 2 and 59 s after the start."""
    points = Points(tuple((x, value * MIB) for x, value in zip((0.0, 2.0, 59.0), mib, strict=True)))
    leak, read = scene("mmap without a C heap"), series("layer.anonymous_bytes", points)
    return replace(leak, series={**leak.series, read.metric: read})


def test_few_readings_that_rise_with_the_total_are_a_leak_and_those_that_fall_are_not() -> None:
    rising = judge(seldom(6, 8, 51))
    assert (rising.verdict, rising.probability) == (Verdict.SUPPORTED, 0.8)
    assert judge(seldom(6, 2, 51)).verdict is Verdict.CANNOT_SAY
