"""What the sampler in the process makes of native causes: who asked for memory that stays."""

from dataclasses import replace

import pytest
from build_case import watched
from build_stacks import GO, Habit, own, readings
from scenarios import PACE, verdict

from memwhy.attribution import attribute
from memwhy.causes import judge_all
from memwhy.conclude.sampler import sampled
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import MIB
from memwhy.trend.stacks import grow

LEAK = Habit(GO, lambda _: PACE)
CHURN = Habit(own("come_and_go", "main"), lambda _: 8 * MIB, lambda _: 0.05)
CACHE = Habit(own("fill_cache", "main"), lambda t: 2 * MIB if t < 4 else 0.0)


def with_stacks(case: Case, *habits: Habit, seconds: float = 60.0) -> Case:
    return replace(case, stacks=grow(readings(habits, seconds=seconds)), live=True)


def leaking(seconds: int = 60) -> Case:
    return watched(grows={"layer.native_arenas_bytes": PACE}, seconds=seconds, every=seconds / 60)


def found(case: Case, cause: str) -> Finding:
    return next(one for one in judge_all(case) if one.cause == cause)


def test_a_call_site_that_carries_the_growth_is_a_native_leak_named_with_its_go_function_and_what_frees_it() -> None:
    case = with_stacks(leaking(), LEAK, CHURN)
    leak = found(case, "native-leak")
    assert leak.verdict is Verdict.SUPPORTED
    assert leak.headline == "Native memory is allocated and not freed: feeds.Parse calls htmlReadMemory."
    assert leak.bytes_per_s == pytest.approx(PACE, rel=0.2)
    assert leak.because[1].startswith("allocated and not freed within 8 s, in ")
    assert leak.remedy[0] == "feeds.Parse: every result of htmlReadMemory needs its xmlFreeDoc, on every way out"
    assert verdict(case).cause == "native-leak"


def test_its_stack_goes_from_malloc_to_the_goroutine() -> None:
    case = with_stacks(leaking(), LEAK, CHURN)
    holder = attribute(case, judge_all(case))[0]
    assert (holder.method, holder.function, holder.module) == (
        "native-stacks",
        "feeds.Parse",
        "example.com/feeds@v0.3.0",
    )
    assert holder.stack == ("malloc", *(frame.function for frame in GO))
    assert holder.modules[1] == "libxml2.so.2@2.9.14"
    assert holder.low_bytes is not None and holder.high_bytes is not None
    assert holder.low_bytes < holder.bytes < holder.high_bytes


def test_a_straight_line_alone_is_never_high_within_the_first_minute() -> None:
    for seconds in (15, 30, 59):
        case = with_stacks(leaking(seconds), LEAK, seconds=seconds)
        assert 0.7 <= found(case, "native-leak").probability < 0.9


def test_a_cache_that_is_full_beside_growth_of_go_accuses_nobody() -> None:
    case = with_stacks(watched(grows={"layer.go_heap_bytes": PACE}), CACHE, CHURN)
    assert found(case, "native-leak").verdict is not Verdict.SUPPORTED
    assert all(holder.method != "native-stacks" for holder in attribute(case, judge_all(case)))


def test_where_arenas_grow_and_what_malloc_gave_out_does_not_the_memory_is_retained() -> None:
    case = with_stacks(leaking(), CHURN, CACHE)
    assert found(case, "native-leak").verdict is Verdict.REFUTED
    retained = found(case, "native-retained")
    assert retained.verdict is Verdict.SUPPORTED
    assert "what malloc gave out since the sampler came explains at most" in retained.because[1]


def test_blocks_that_stay_in_a_process_that_does_not_grow_are_told_and_not_judged() -> None:
    case = with_stacks(watched(grows={}), LEAK, CHURN)
    leak = found(case, "native-leak")
    assert leak.verdict is Verdict.CANNOT_SAY
    assert leak.because[0].startswith("allocated and not freed within")


def test_mappings_that_stay_are_an_mmap_leak() -> None:
    mapped = Habit(own("map_pages", "main"), lambda _: PACE, kind="mmap")
    case = with_stacks(watched(grows={"layer.anonymous_bytes": PACE}, runtime="native"), mapped, CHURN)
    leak = found(case, "mmap-leak")
    assert leak.verdict is Verdict.SUPPORTED
    assert leak.headline == "Memory is mapped and not unmapped: map_pages."
    assert leak.remedy[0] == "map_pages: every result of mmap needs its munmap, on every way out"
    assert attribute(case, judge_all(case))[0].stack[0] == "mmap"


def test_what_the_sampler_saw_is_said_in_sentences() -> None:
    text = " ".join(sampled(with_stacks(leaking(), LEAK, CHURN, CACHE)))
    assert "60 s since it was attached: older blocks are not counted" in text
    assert "one sample for each 64.0 KiB allocated" in text
    assert "not growing: fill_cache" in text
    assert "0.01 s of the target's CPU time" in text
    assert sampled(leaking()) == ()
