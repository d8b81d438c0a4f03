"""heap-retained: idle Go heap that was not given back."""

from dataclasses import replace

import pytest
from build_case import MIB, case, flat, line, mebibytes, readings, watched
from scenarios import PACE, scene, scene_without, verdict

from memwhy.causes.heap_retained import HUGE, REMEDY, judge
from memwhy.model.report import Finding, Verdict


def test_idle_heap_that_grows_with_the_total_is_retained() -> None:
    found = judge(scene("idle heap that stays"))
    assert replace(found, bytes_per_s=None) == Finding(
        cause="heap-retained",
        verdict=Verdict.SUPPORTED,
        probability=0.75,
        headline="Go's heap is idle but not given back to the OS.",
        bytes=51382596,
        because=(
            "100 % of the growth is idle Go heap: Go heap idle, unreleased 3.9 to 49.0 MiB,"
            " +45.0 MiB/min (+44.9 MiB to +45.1 MiB)",
        ),
        remedy=REMEDY,
        confirm_with="debug.FreeOSMemory() once: RSS must fall by about this much",
    )


def test_one_look_at_mostly_idle_memory_supports_it() -> None:
    look = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": readings(900 * MIB), "derived.go_retained_bytes": readings(700 * MIB)},
    )
    found = judge(look)
    assert (found.verdict, found.because) == (
        Verdict.SUPPORTED,
        ("idle and unreleased Go heap beyond what the next cycle needs is 78 % of the total",),
    )


def test_lazily_freed_pages_that_still_count_support_it() -> None:
    old = watched(given={"process.lazy_free_bytes": flat(40 * MIB)})
    assert judge(old).because == ("57 % of RSS is lazily freed (MADV_FREE): the kernel takes it when short",)


def test_six_mebibytes_beside_eleven_of_growth_are_not_it() -> None:
    pasted = case(
        total="host.used_bytes",
        series={
            "host.used_bytes": mebibytes(505, 506, 507, 508, 510, 510, 511, 513, 514, 516),
            "derived.go_retained_bytes": mebibytes(5, 6, 6),
            "derived.go_held_bytes": mebibytes(23, 24, 24),
        },
    )
    found = judge(pasted)
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, 6 * MIB)


@pytest.mark.parametrize("name", ["cgo leak in arenas", "mmap beside a C heap", "map that only grows", "nothing"])
def test_look_alikes_acquit_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_without_memstats_a_growing_heap_leaves_it_open() -> None:
    found = judge(scene_without("idle heap that stays", "MemStats"))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("HeapIdle and HeapReleased were not read",))


def test_a_program_without_a_runtime_has_none() -> None:
    assert judge(watched(grows={"layer.native_heap_bytes": PACE}, runtime="native")).verdict is Verdict.REFUTED
    assert judge(case(total="process.rss_bytes", series={"process.rss_bytes": line(9 * MIB, MIB)})).verdict is (
        Verdict.CANNOT_SAY
    )


GROWTH = {"layer.go_heap_bytes": PACE}


def test_pages_that_come_back_in_huge_pages_are_the_heap_s_though_go_has_released_them() -> None:
    """Go holds no more than before, and its heap's resident pages grow as the huge pages do."""
    found = judge(watched(grows=GROWTH, given={"process.anon_huge_bytes": line(8 * MIB, PACE)}))
    assert (found.verdict, found.probability, found.remedy) == (Verdict.SUPPORTED, 0.75, HUGE)
    assert found.because[-1] == (
        "100 % of the growth is in huge pages: huge pages 8.0 to 53.0 MiB, +45.0 MiB/min (+45.0 MiB to +45.0 MiB)"
    )


def test_resident_heap_beyond_what_go_holds_is_open_where_huge_pages_do_not_follow() -> None:
    found = judge(watched(grows=GROWTH, given={"process.anon_huge_bytes": flat(8 * MIB)}))
    assert found.verdict is Verdict.REFUTED


def test_nothing_grows_and_most_of_it_is_lazily_freed_is_retained_and_steady_beside_it() -> None:
    """That nothing grows is true as well, and does not say what holds the memory."""
    conclusion = verdict(watched(given={"process.lazy_free_bytes": flat(40 * MIB)}))
    assert (conclusion.cause, conclusion.confidence) == ("heap-retained", "medium")
