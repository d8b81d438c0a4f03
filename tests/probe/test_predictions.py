"""What is foretold comes from the case's own figures."""

from dataclasses import replace

import pytest
from build_case import Points, flat, line, watched
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.case import Case
from memwhy.model.inspection import Malloc
from memwhy.model.probe import Experiment, Prediction
from memwhy.model.units import GIB, KIB, MIB
from memwhy.probe import environment, predictions
from memwhy.probe.choose import choose
from memwhy.probe.predictions import Heap


def counted(trimmable: int, *, tops: int = 0, arenas: int = 1, free_chunks: int = 100) -> Malloc:
    """A census of malloc in which only these figures matter."""
    return Malloc(
        version="2.36", system_bytes=GIB, in_use_bytes=GIB // 2, free_bytes=trimmable, fastbin_bytes=0, mmapped_count=0,
        mmapped_bytes=0, arenas=arenas, heaps=arenas, tcache_bytes=0, top_bytes=tops, trimmable_bytes=trimmable,
        in_use_chunks=1000, free_chunks=free_chunks, in_use_resident_bytes=0, free_resident_bytes=trimmable,
        mmapped_resident_bytes=0,
    )  # fmt: skip


def growing(per_s: float = 2 * MIB) -> Case:
    return watched(grows={"layer.native_heap_bytes": per_s}, noise=0)


def interval(experiment: Experiment, cause: str) -> tuple[int, int]:
    """What a cause foretells, in whole MiB."""
    one = experiment.of(cause)
    assert one is not None
    return round(one.low / MIB), round(one.high / MIB)


def test_a_trim_gives_back_what_was_counted_if_malloc_keeps_it_and_little_if_it_is_in_use() -> None:
    stated = predictions.trim(growing(), counted(130 * MIB))
    assert interval(stated, "native-retained") == (117, 153)  # 130 give or take a tenth, and what comes in five seconds
    assert interval(stated, "native-leak") == interval(stated, "native-cache") == (0, 24)
    assert stated.of("heap-leak") is None
    assert stated.error == 2.6 * MIB


def test_where_nearly_nothing_can_be_given_back_retention_has_foretold_more_than_will_come() -> None:
    stated = predictions.trim(growing(), counted(MIB))
    assert interval(stated, "native-retained") == (60, 120)
    assert interval(stated, "native-leak") == (0, 24)
    assert stated.error == MIB


def test_what_was_free_before_the_growth_speaks_for_nobody() -> None:
    case = watched(
        grows={"layer.native_heap_bytes": 2 * MIB},
        given={"malloc.trimmable_bytes": line(20 * MIB, 0)},
        noise=0,
    )
    assert interval(predictions.trim(case, counted(21 * MIB)), "native-leak") == (0, 44)


def test_what_several_looks_saw_bounds_what_is_foretold() -> None:
    stated = predictions.trim(growing(), counted(130 * MIB), [20 * MIB, 90 * MIB])
    assert interval(stated, "native-retained") == (18, 153)


def test_where_nothing_grows_the_level_is_asked_about() -> None:
    case = watched(given={"layer.native_heap_bytes": flat(200 * MIB)}, noise=0)
    whole = case.series["process.rss_bytes"].last
    stated = predictions.trim(case, counted(190 * MIB))
    assert interval(stated, "native-retained") == (171, 209)
    assert interval(stated, "native-leak") == (0, round(0.1 * whole / MIB))


def test_the_time_that_a_trim_takes_follows_from_pages_and_pieces() -> None:
    assert round(predictions.expected_s(counted(500 * MIB, free_chunks=10)), 3) == 0.15
    assert round(predictions.expected_s(counted(0, free_chunks=100_000)), 3) == 0.2


def heap(alloc: float, since_s: float | None, total: float) -> Heap:
    return Heap(alloc_bytes=round(alloc), total_bytes=round(total), collections=9, since_s=since_s)


def leaking_heap() -> Case:
    rises: dict[str, Points] = {"go.total_alloc_bytes": line(100 * MIB, 2 * MIB)}
    return watched(grows={"layer.go_heap_bytes": 2 * MIB}, given=rises, noise=0)


def test_a_collection_gives_back_what_was_allocated_since_the_last_one_unless_it_is_live() -> None:
    stated = predictions.collection(leaking_heap(), heap(40 * MIB, 10.0, 222 * MIB), 61.0)
    assert interval(stated, "gc-headroom") == interval(stated, "steady") == (18, 26)
    assert interval(stated, "heap-leak") == (0, 10)
    assert stated.of("native-leak") is None
    assert stated.error == 0.8 * MIB


def test_before_the_first_collection_all_that_was_ever_allocated_may_be_garbage() -> None:
    stated = predictions.collection(leaking_heap(), heap(30 * MIB, None, 30 * MIB), 61.0)
    assert interval(stated, "gc-headroom") == (27, 30)
    assert interval(stated, "heap-leak") == (0, 0)


def test_just_after_a_collection_there_is_nothing_to_learn() -> None:
    stated = predictions.collection(leaking_heap(), heap(40 * MIB, 0.0, 222 * MIB), 61.0)
    assert (interval(stated, "heap-leak"), interval(stated, "gc-headroom")) == ((0, 0), (0, 4))


def test_leaked_goroutines_are_those_that_came() -> None:
    case = watched(grows={"go.goroutines_count": 5.0})
    stated = predictions.goroutine_leak(case, 340)
    found = stated.of("goroutine-leak"), stated.of("heap-leak")
    assert [(one.low, round(one.high, 6), one.unseen) for one in found if one] == [
        (150.0, 399.0, 0.5),
        (0.0, 30.0, 0.9),
    ]


def test_fewer_arenas_keep_less_if_they_keep_what_was_freed() -> None:
    given_ = {"layer.native_arenas_bytes": flat(80 * MIB), "malloc.arenas_count": line(16, 0)}
    stated = environment.pair(watched(given=given_, noise=0), environment.variable("MALLOC_ARENA_MAX=2"))
    assert interval(stated, "native-retained") == (21, 80)
    assert interval(stated, "native-leak") == interval(stated, "heap-leak") == (-8, 8)
    assert stated.unit == "bytes"


def test_a_tighter_goal_slows_what_the_collector_lets_grow_and_no_leak() -> None:
    stated = environment.pair(leaking_heap(), environment.variable("GOGC=50"))
    headroom, leak = stated.of("gc-headroom"), stated.of("heap-leak")
    assert headroom is not None and leak is not None
    assert stated.unit == "bytes/s"
    assert [round(value / MIB, 1) for value in (headroom.low, headroom.high, leak.low, leak.high)] == [
        1.0,
        2.6,
        -0.6,
        1.1,
    ]
    native = stated.of("native-leak")
    assert native is not None and round(native.high / MIB, 1) == 0.6


def test_the_garbage_beside_a_live_heap_that_grows_shrinks_with_the_goal() -> None:
    stated = environment.pair(leaking_heap(), environment.variable("GOGC=10"))
    leak = stated.of("heap-leak")
    assert leak is not None and round(leak.high / MIB, 1) == 1.5  # 2 * (1 - 110 / 200), and three tenths


def settings_of(**facts: str) -> Case:
    """The leaking heap of a process with this environment."""
    held = {"go.total_alloc_bytes": line(100 * MIB, 2 * MIB), "derived.go_held_bytes": line(100 * MIB, 2 * MIB)}
    named = {"go.version": "go1.26.0", **{f"env.{name}": value for name, value in facts.items()}}
    return watched(grows={"layer.go_heap_bytes": 2 * MIB}, given=held, facts=named, noise=0)


@pytest.mark.parametrize(
    ("value", "now"),
    [
        ("GOGC=400", {}), ("GOGC=off", {}), ("GOGC=100", {}), ("GOGC=50", {"GOGC": "50"}), ("GOGC=²", {}), ("GOGC=-1", {}),
        ("GOMEMLIMIT=1TiB", {}), ("GOMEMLIMIT=200MiB", {}), ("GOMEMLIMIT=off", {}), ("GOMEMLIMIT=120MiB", {"GOMEMLIMIT": "64MiB"}),
        ("GOMEMLIMIT=" + "9" * 5000, {}),
    ],
)  # fmt: skip
def test_a_value_that_holds_nothing_tighter_foretells_nothing(value: str, now: dict[str, str]) -> None:
    stated = environment.pair(settings_of(**now), environment.variable(value))
    assert (stated.unit, stated.predictions) == ("bytes/s", ())


@pytest.mark.parametrize(
    ("value", "now"), [("GOGC=100", {"GOGC": "off"}), ("GOGC=150", {"GOGC": "200"}), ("GOMEMLIMIT=140MiB", {})]
)
def test_a_value_that_is_tighter_than_the_one_in_force_foretells(value: str, now: dict[str, str]) -> None:
    stated = environment.pair(settings_of(**now), environment.variable(value))
    assert stated.of("gc-headroom") is not None and stated.of("heap-leak") is not None


@pytest.mark.parametrize(
    ("value", "now"), [("madvdontneed=0", {}), ("madvdontneed=1", {"GODEBUG": "gctrace=1,madvdontneed=1"}), ("disablethp=0", {})]
)  # fmt: skip
def test_a_godebug_that_changes_nothing_foretells_nothing(value: str, now: dict[str, str]) -> None:
    case = watched(given={"process.lazy_free_bytes": flat(50 * MIB), "process.anon_huge_bytes": flat(50 * MIB)},
                   facts={"go.version": "go1.26.0", **{f"env.{name}": text for name, text in now.items()}})  # fmt: skip
    assert environment.pair(case, environment.variable(f"GODEBUG={value}")).predictions == ()


def test_what_is_set_already_is_no_candidate() -> None:
    pages = {"process.lazy_free_bytes": flat(50 * MIB), "process.anon_huge_bytes": flat(50 * MIB)}
    case = watched(given=pages, noise=0)
    every = ["MALLOC_ARENA_MAX=2", "GOGC=50", "GODEBUG=madvdontneed=1", "GODEBUG=disablethp=1"]
    assert [str(one) for one in environment.candidates(case)] == every
    words = {"env.MALLOC_ARENA_MAX": "1", "env.GOGC": "50", "env.GODEBUG": "madvdontneed=1"}
    assert [str(one) for one in environment.candidates(replace(case, facts=words))] == every[3:]


def test_a_bound_on_arenas_that_is_no_number_foretells_nothing() -> None:
    case = watched(given={"layer.native_arenas_bytes": flat(80 * MIB)}, noise=0)
    for text in ("²", "9" * 5000, "0", ""):
        assert environment.pair(case, environment.variable(f"MALLOC_ARENA_MAX={text}")).predictions == ()


def test_a_variable_of_which_nothing_is_known_is_compared_and_foretells_nothing() -> None:
    stated = environment.pair(growing(), environment.variable("CACHE_SIZE=10"))
    assert (stated.name, stated.predictions) == ("env:CACHE_SIZE=10", ())


def test_a_pair_of_runs_is_compared_by_level_with_the_paces_beside() -> None:
    names = {"MALLOC_ARENA_MAX": "2"}
    first = watched(given={"layer.native_arenas_bytes": flat(80 * MIB), "malloc.arenas_count": line(16, 0)}, noise=0)
    second = watched(given={"layer.native_arenas_bytes": flat(12 * MIB)}, facts=names, noise=0)
    done = environment.compared(environment.pair(first, environment.variable("MALLOC_ARENA_MAX=2")), first, second)
    assert done.result is not None
    assert done.result.value == 68 * MIB
    assert [text.split(":")[0] for text in done.result.said] == [
        "as it is", "with MALLOC_ARENA_MAX=2", "lower at the end by +68.0 MiB (+68.0 MiB to +68.0 MiB)", "with it",
    ]  # fmt: skip
    assert done.result.said[-1] == "with it: native arenas -68.0 MiB"


def test_a_second_run_that_ends_early_is_a_problem_and_no_result() -> None:
    first, second = watched(seconds=60), watched(seconds=20)
    done = environment.compared(environment.pair(first, environment.variable("GOGC=50")), first, second)
    assert done.result is None
    assert done.problem == "the second run ended early, after 20 s of 60 s: the two cannot be compared"
    done = environment.compared(environment.pair(second, environment.variable("GOGC=50")), second, first)
    assert done.result is None
    assert done.problem == "the first run ended early, after 20 s of 60 s: the two cannot be compared"


def test_the_experiment_is_for_the_likeliest_cause_and_the_likeliest_that_it_can_be_told_from() -> None:
    stated = predictions.trim(growing(), counted(130 * MIB))
    found = choose([stated], {"steady": 0.6, "native-retained": 0.15, "native-cache": 0.1, "native-leak": 0.01})
    assert (found.best, found.pair) == (stated, ("native-retained", "native-cache"))
    found = choose([stated], {"native-leak": 0.6, "native-cache": 0.2, "native-retained": 0.004})
    assert (found.best, found.pair) == (stated, ("native-leak", "native-retained"))
    assert found.said[0].startswith("trim 0.")


def test_nothing_is_tried_where_no_open_cause_foretells_anything_or_all_the_same() -> None:
    stated = predictions.trim(growing(), counted(130 * MIB))
    none = choose([stated], {"steady": 0.9, "native-retained": 0.02})
    assert (none.best, none.pair) == (None, None)
    alike = replace(stated, predictions=stated.predictions[1:])
    same = choose([alike], {"native-leak": 0.5, "native-cache": 0.2})
    assert (same.best, same.pair) == (None, ("native-leak", "native-cache"))
    assert choose([], {"native-leak": 0.9}) == choose([environment.pair(growing(), environment.variable("X=1"))], {})


SHORT = tuple(
    watched(grows={"layer.native_heap_bytes": per_s}, seconds=12, noise=4 * KIB)
    for per_s in (-MIB, 0, 64 * KIB, 8 * MIB)
)
LEAKING_SHORT = watched(
    grows={"layer.go_heap_bytes": MIB}, given={"go.total_alloc_bytes": line(MIB, MIB, seconds=12)}, seconds=12
)


def check(rows: tuple[Prediction, ...]) -> None:
    assert all(one.low <= one.high and one.because for one in rows)
    assert len({one.cause for one in rows}) == len(rows)


@settings(deadline=None)
@given(
    case=st.sampled_from(SHORT),
    trimmable=st.lists(st.integers(0, 8 * GIB), min_size=1, max_size=4),
    tops=st.integers(0, GIB),
    arenas=st.integers(1, 64),
)
def test_every_prediction_of_a_trim_is_an_interval(case: Case, trimmable: list[int], tops: int, arenas: int) -> None:
    stated = predictions.trim(case, counted(trimmable[0], tops=tops, arenas=arenas), trimmable[1:])
    check(stated.predictions)
    assert all(one.low >= 0 for one in stated.predictions)


@settings(deadline=None)
@given(alloc=st.integers(0, 8 * GIB), total=st.integers(0, 64 * GIB), since=st.none() | st.floats(0, 1e6))
def test_every_prediction_of_a_collection_is_an_interval_within_the_heap(
    alloc: int, total: int, since: float | None
) -> None:
    stated = predictions.collection(LEAKING_SHORT, heap(alloc, since, total), 13.0)
    check(stated.predictions)
    assert all(one.low >= 0 and one.high <= alloc for one in stated.predictions)
