"""Who holds the heap, put to the causes: the holder is named with what fits it; what is no leak is not called one; two looks prove little."""

from dataclasses import replace

import pytest
from build_case import flat, sawtooth, watched
from build_case import line as course
from build_held import cache, holders, line, table
from scenarios import HEAP, PACE, scene

from memwhy.causes import judge_all
from memwhy.causes.held_by import course_of, line_said
from memwhy.causes.held_shapes import shape_of
from memwhy.model.case import Case, SeenHolders, Target
from memwhy.model.holders import HeldGrowth, HeldLine, Holders, Holding
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB
from memwhy.trend.holding import follow

STEP_S = 20.0
HELD = 0.9 * PACE * STEP_S / MIB
"""MiB that the scenario's heap gains between two looks."""


def looked_at(case: Case, *looks: Holders, step_s: float = STEP_S) -> Case:
    """The case with looks at so many seconds."""
    seen = [(step_s * number, look) for number, look in enumerate(looks)]
    return replace(case, holders=tuple(SeenHolders(holders=one, x=x) for x, one in seen), held=follow(seen))


def found(case: Case, cause: str) -> Finding:
    return next(one for one in judge_all(case) if one.cause == cause)


def caching(*mebibytes: float) -> list[Holders]:
    return [holders(cache(size), table(30)) for size in mebibytes]


def held(case: Case) -> tuple[HeldGrowth, HeldLine]:
    assert case.held is not None
    return case.held, case.held.lines[0]


def test_a_map_that_only_grows_is_named_with_its_entries_and_share_and_two_looks_prove_no_bound() -> None:
    one = found(looked_at(scene("map that only grows"), *caching(10, 10 + 2 * HELD), step_s=2 * STEP_S), "heap-leak")
    assert one.verdict is Verdict.SUPPORTED
    assert one.headline == "The Go heap itself grows: 100 % of that is kept by main.cache map[string]*main.Entry."
    assert one.because[1] == (
        "main.cache map[string]*main.Entry +27.0 MiB (+27,648 entries), 100 % of what more is reachable:"
        " a map to which entries come"
    )
    assert one.because[2] == (
        "filling up to a bound, or never emptied, cannot be told of main.cache map[string]*main.Entry from two looks:"
        " look again after 80 s"
    )
    assert one.remedy[0].startswith("main.cache map[string]*main.Entry: bound it: ")
    assert one.confirm_with is not None
    assert one.confirm_with.startswith("memwhy inspect PID --holders --for 60s ")


def test_three_looks_at_one_pace_make_it_surer() -> None:
    case = scene("map that only grows")
    without = found(case, "heap-leak")
    one = found(looked_at(case, *caching(10, 10 + HELD, 10 + 2 * HELD)), "heap-leak")
    assert one.probability > without.probability
    assert "at the same pace (+40.5 MiB/min, then +40.5 MiB/min) and gave nothing back in 3 looks" in one.because[-1]


def test_what_slows_down_may_be_a_cache_that_fills_and_is_not_made_surer() -> None:
    case = scene("map that only grows")
    one = found(looked_at(case, *caching(10, 10 + HELD, 10 + 1.5 * HELD)), "heap-leak")
    assert one.probability <= found(case, "heap-leak").probability
    assert "grows more slowly" in one.against[-1]


def test_a_cache_that_warms_up_is_never_made_surer_though_it_is_far_from_full() -> None:
    """Keys drawn at random: of 16,384, 189 a second, kept until half of them are there, as the twin of warming-cache does."""
    full = 48.0

    def size(seconds: float) -> float:
        return 2 * full * (1 - 2.718281828 ** (-189 * seconds / 16384))

    case = scene("map that only grows")
    one = found(looked_at(case, *caching(size(8), size(28), size(48))), "heap-leak")
    assert one.probability <= found(case, "heap-leak").probability


def test_what_has_come_to_rest_is_no_leak_by_these_looks() -> None:
    one = found(looked_at(scene("map that only grows"), *caching(10, 10 + HELD, 10 + HELD)), "heap-leak")
    assert one.verdict is Verdict.CANNOT_SAY
    assert "has come to rest" in one.against[-1]


def test_what_gives_back_between_two_looks_is_said_to() -> None:
    case = looked_at(scene("map that only grows"), *caching(10, 40, 30))
    assert course_of(case, *held(case)).kind == "gives back"


def test_growth_that_nothing_keeps_is_garbage_and_speaks_against_a_leak() -> None:
    case = scene("map that only grows")
    one = found(looked_at(case, *caching(10, 10, 10.1)), "heap-leak")
    assert one.verdict is Verdict.CANNOT_SAY
    assert one.against[-1] == (
        "the total grew by 30.0 MiB between the looks at who holds the heap, what is reachable by 102.4 KiB:"
        " the rest is garbage that waits for a collection, or room"
    )


def test_looks_at_a_heap_that_moved_meanwhile_acquit_nobody() -> None:
    looks = caching(10, 10, 10.1)
    looks[-1] = replace(looks[-1], notes=("unstable: 8 % of the heap's spans were new when it had been read",))
    assert found(looked_at(scene("map that only grows"), *looks), "heap-leak").verdict is Verdict.SUPPORTED


def test_before_any_collection_reachable_objects_are_no_garbage() -> None:
    young = watched(
        grows={
            "layer.go_heap_bytes": PACE,
            "go.heap_alloc_bytes": PACE,
            "go.heap_inuse_bytes": PACE,
            "go.sys_bytes": PACE,
        }
    )
    before = found(young, "heap-leak")
    assert before.verdict is not Verdict.SUPPORTED
    one = found(looked_at(young, *caching(10, 10 + HELD, 10 + 2 * HELD)), "heap-leak")
    assert (one.verdict, "main.cache" in one.headline) == (Verdict.SUPPORTED, True)


def test_without_growth_of_the_whole_looks_change_nothing() -> None:
    case = watched()
    assert judge_all(looked_at(case, *caching(10, 10, 10))) == judge_all(case)


def test_a_look_seconds_after_another_changes_nothing() -> None:
    case = scene("map that only grows")
    assert judge_all(looked_at(case, *caching(10, 12), step_s=5.0)) == judge_all(case)


def test_growth_is_held_against_work_where_that_was_counted() -> None:
    work = watched(grows={**HEAP, "go.next_gc_bytes": 1.8 * PACE}, given={"work.requests_count": course(0, 100)})
    case = looked_at(work, *caching(10, 10 + HELD, 10 + 2 * HELD))
    one = found(case, "heap-leak")
    assert "6.9 main.Entry for each request (4,000 requests)" in one.because
    assert "for each request" in one.because[-1]


def goroutine(count: int, size: int) -> Holding:
    return line(
        "goroutine", "main.refresh", "", 0, 0, line("field", "", "[]uint8", count, count * size), goroutines=count
    )


def test_what_goroutines_pin_is_put_to_their_leak_and_not_to_the_heaps() -> None:
    case = looked_at(
        scene("goroutines that wait for ever"), *(holders(goroutine(count, 8192)) for count in (100, 1200, 2300))
    )
    assert shape_of(held(case)[1], case).root == "goroutine-leak"
    one = found(case, "goroutine-leak")
    assert any(text.startswith("stack of main.refresh +17.2 MiB (+2,200 uint8)") for text in one.because)
    assert found(case, "heap-leak").verdict is Verdict.CANNOT_SAY


VERSIONS = {
    "go1.22.1": "before Go 1.23 a timer stays",
    "go1.26.8": "since Go 1.23 one to which nothing refers goes by itself",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_timers_that_were_not_stopped_are_told_by_version(version: str) -> None:
    lines = [line("global", "timer of main.main.func1", "runtime.timer", count, count * 600) for count in (100, 9000)]
    case = looked_at(scene("map that only grows"), *(holders(one) for one in lines))
    case = replace(case, target=Target(runtime="go", runtime_version=version))
    shape = shape_of(held(case)[1], case)
    assert (shape.name, shape.remedy[0].startswith(VERSIONS[version])) == ("timers", True)


def more_of(kind: str, name: str, type_: str, *below: tuple[str, str], own: int = 96, **more: object) -> list[Holders]:
    """Two looks: a line of that type, and below it so much more of these."""

    def look(count: int) -> Holders:
        children = [line("field", label, inner, count, count * 1000, **more) for label, inner in below]
        return holders(line(kind, name, type_, 1, own, *children))

    return [look(100), look(20_000)]


SHAPES = {
    "map": more_of("global", "main.m", "map[int]main.T", ("[value]", "main.T")),
    "slice": more_of("global", "main.s", "[]*main.T", ("", "main.T")),
    "list": more_of("global", "main.l", "list.List", (".root.next", "list.Element")),
    "queue": more_of("global", "main.jobs", "chan *main.T", ("", "main.T")),
    "contexts": more_of("global", "main.root", "context.cancelCtx", (".children", "context.cancelCtx")),
    "pool": more_of("global", "main.buffers", "sync.Pool", (".local", "[]uint8")),
    "handles": more_of("global", "runtime/cgo.handles", "sync.Map", ("", "main.T")),
    "finalizer": more_of("finalizer", "finalizer of main.T", "", ("", "main.T")),
    "substrings": more_of("global", "main.lines", "[]string", ("", "string bytes"), idle_bytes=19_000_000),
    "sub-slices": more_of("global", "main.parts", "[][]uint8", ("", "[]uint8"), idle_bytes=19_000_000),
    "other": more_of("global", "main.x", "main.X", (".y", "main.T")),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_told_and_has_a_remedy_of_its_own(name: str) -> None:
    case = looked_at(scene("map that only grows"), *SHAPES[name])
    shape = shape_of(held(case)[1], case)
    assert (shape.name, bool(shape.remedy)) == (name, True)


def test_a_map_that_kept_its_room_is_told_from_one_that_is_full() -> None:
    def look(size: int, idle: int) -> Holders:
        return holders(line("global", "main.m", "map[int]int", 1, size, elements=12, idle_bytes=idle))

    case = looked_at(scene("map that only grows"), look(MIB, 0), look(40 * MIB, 39 * MIB))
    assert shape_of(held(case)[1], case).name == "empty map"
    case = looked_at(scene("map that only grows"), look(MIB, 0), look(40 * MIB, 2 * MIB))
    assert shape_of(held(case)[1], case).name == "map"


def test_pacing_that_is_garbage_is_said_to_be_and_pacing_that_is_kept_is_not_believed() -> None:
    heap = {"layer.go_heap_bytes": PACE, "go.heap_inuse_bytes": PACE, "go.sys_bytes": PACE}
    given = {
        "go.heap_alloc_bytes": sawtooth(12 * MIB, 60 * MIB, teeth=1),
        "go.next_gc_bytes": flat(120 * MIB),
        "derived.go_live_bytes": flat(12 * MIB),
    }
    case = watched(grows={**heap, "go.gc_count": 0.05}, given=given)
    kept = found(looked_at(case, *caching(10, 10 + HELD, 10 + 2 * HELD)), "gc-headroom")
    garbage = found(looked_at(case, *caching(10, 10, 10)), "gc-headroom")
    assert found(case, "gc-headroom").verdict is garbage.verdict is Verdict.SUPPORTED
    assert "garbage that waits for a collection" in garbage.because[-1]
    assert kept.verdict is Verdict.CANNOT_SAY


def test_a_line_says_holder_growth_pieces_and_share() -> None:
    case = looked_at(scene("map that only grows"), *caching(10, 20))
    growth, one = held(case)
    assert line_said(one, growth, case).startswith(
        "main.cache map[string]*main.Entry +10.0 MiB (+10,240 entries), 100 % of what"
    )
