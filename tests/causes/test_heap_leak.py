"""heap-leak: live objects, not garbage between collections, not idle pages, not what goroutines pin."""

import pytest
from build_case import STATIC, case, flat, line, mebibytes, ticks, watched
from scenarios import HEAP, PACE, judged, scene, scene_without, verdict

from memwhy.causes.heap_leak import REMEDY, judge
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import KIB, MIB


def test_a_live_heap_that_rises_with_the_total_is_a_heap_leak() -> None:
    found = judge(scene("map that only grows"))
    assert found == Finding(
        cause="heap-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.8,
        headline="The Go heap itself grows: objects stay reachable.",
        bytes=52914925,
        bytes_per_s=found.bytes_per_s,
        because=(
            "the live heap rises with the total (90 % of its growth): Go heap live 10.0 to 50.5 MiB,"
            " +40.5 MiB/min (+40.5 MiB to +40.5 MiB)",
        ),
        remedy=REMEDY,
        confirm_with="go tool pprof -base first.pb.gz http://HOST/debug/pprof/heap   (the function whose in-use bytes grow)",
    )
    assert found.bytes_per_s == pytest.approx(0.9 * PACE, rel=0.01)


@pytest.mark.parametrize(
    "name", ["cgo leak in arenas", "mmap beside a C heap", "mapped file read through", "segments that stay mapped"]
)
def test_a_flat_heap_is_acquitted_with_the_most_it_could_explain(name: str) -> None:
    found = judge(scene(name))
    assert (found.verdict, found.because) == (Verdict.REFUTED, ())
    assert found.against[0].startswith("Go explains at most 0 % of the growth: Go heap ")


def test_what_goroutines_or_connections_pin_is_theirs() -> None:
    for name in ("goroutines that wait for ever", "bodies that are not closed"):
        found = judge(scene(name))
        assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.08)
        assert "pile up too: what they hold is part of this heap" in found.against[0]


def test_without_memstats_growing_heap_pages_are_a_weak_suspicion() -> None:
    conclusion = verdict(scene_without("map that only grows", "MemStats"))
    assert (conclusion.cause, conclusion.confidence) == ("heap-leak", "low")


def test_allocated_bytes_rise_between_collections_and_prove_nothing() -> None:
    grows = {**HEAP, "go.next_gc_bytes": 0.0}
    cold = watched(grows=grows, facts=STATIC, given={"go.gc_count": flat(0)})
    assert "derived.go_live_bytes" not in cold.series
    found = judge(cold)
    assert (found.verdict, found.because) == (
        Verdict.CANNOT_SAY,
        ("no collection ran in this time: what is allocated counts garbage too",),
    )


def test_a_few_kib_of_garbage_beside_a_total_that_hardly_moves_are_no_leak() -> None:
    total = line(11 * MIB, 14 * KIB, noise=20 * KIB, seconds=25)
    young = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": total, "go.heap_alloc_bytes": line(430 * KIB, 13 * KIB, seconds=25)},
    )
    assert judge(young).verdict is Verdict.CANNOT_SAY
    assert verdict(young).cause != "heap-leak"


def test_without_any_total_a_rising_live_heap_still_speaks() -> None:
    alone = case(series={"derived.go_live_bytes": line(10 * MIB, 0.5 * MIB)})
    found = judge(alone)
    assert (found.verdict, found.against) == (Verdict.SUPPORTED, ("no RSS to hold it against",))


def test_three_log_lines_of_a_flat_heap_beside_a_growing_host_acquit_it() -> None:
    pasted = case(
        total="host.used_bytes",
        series={
            "host.used_bytes": mebibytes(505, 506, 507, 508, 510, 510, 511, 513, 514, 516),
            "derived.go_held_bytes": mebibytes(23, 24, 24),
            "go.heap_alloc_bytes": mebibytes(9, 9, 8),
        },
    )
    assert judged(pasted)["heap-leak"].verdict is Verdict.REFUTED


@pytest.mark.parametrize("runtime", ["cpython", "jvm", "node", "native"])
def test_of_other_runtimes_nothing_is_claimed(runtime: str) -> None:
    grown = watched(grows={"layer.native_heap_bytes": PACE}, runtime=runtime)
    assert judge(grown).verdict is (Verdict.REFUTED if runtime == "native" else Verdict.CANNOT_SAY)


def test_a_live_heap_that_rises_by_stairs_with_the_load_is_a_leak_less_surely() -> None:
    """Its floor rises through many collections, but not in a line; between two collections nobody knows what stays."""
    stairs = ticks(lambda x: 30 * MIB + 24 * MIB * (x // 20))
    given = {"go.heap_alloc_bytes": stairs, "go.next_gc_bytes": ticks(lambda x: 60 * MIB + 48 * MIB * (x // 20))}
    collected, never = line(3, 0.5), flat(3)
    found, once = (
        judge(watched(grows={"layer.go_heap_bytes": 2 * MIB}, given={**given, "go.gc_count": count}))
        for count in (collected, never)
    )
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.6)
    assert (once.verdict, once.probability) == (Verdict.CANNOT_SAY, 0.12)


def test_what_collections_leave_decides_where_the_total_rises_in_stairs() -> None:
    """A table is loaded again and again: RSS stands at last, and nobody can say of it alone whether it goes on."""
    stairs = ticks(lambda x: 24 * MIB + 24 * MIB * (min(x, 47.0) // 8))
    live = {"go.next_gc_bytes": line(20 * MIB, 4 * MIB), "go.heap_alloc_bytes": line(12 * MIB, 2 * MIB)}
    collected, never = line(3, 0.5), flat(3)
    found, once = (
        judge(watched(given={"layer.go_heap_bytes": stairs, **live, "go.gc_count": count}))
        for count in (collected, never)
    )
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.8)
    assert found.because[0].startswith("the live heap rises with the total (82 % of its growth)")
    assert found.against == ("it comes in stairs: 69.8 to 189.8 MiB",)
    assert (once.verdict, once.probability) == (Verdict.CANNOT_SAY, 0.1)


def test_a_second_leak_is_named_beside_the_larger_one() -> None:
    """A quarter of the growth; the goal of the next collection had moved three times, and stood when the watch ended."""
    goal = ticks(lambda x: (4 if x < 10 else 8 if x < 35 else 16) * MIB)
    own = {"layer.go_heap_bytes": 0.25 * MIB, "go.heap_alloc_bytes": 0.25 * MIB, "go.heap_inuse_bytes": 0.25 * MIB}
    given = {"go.next_gc_bytes": goal, "go.gc_count": ticks(lambda x: 5 + (x >= 10) + (x >= 35))}
    both = watched(grows={**own, "layer.native_arenas_bytes": 0.75 * MIB}, given=given)
    found = judge(both)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, pytest.approx(0.2, abs=0.01))
    assert found.headline == "The Go heap grows too: objects stay reachable."
    assert found.against == ("it is 25 % of the growth: most of that is something else",)
    assert verdict(both).cause == "native-leak"
    little = watched(grows={"go.heap_alloc_bytes": 0.1 * MIB, "layer.go_heap_bytes": 0.1 * MIB, "layer.native_arenas_bytes": 0.9 * MIB})  # fmt: skip
    assert judge(little).verdict is Verdict.REFUTED
