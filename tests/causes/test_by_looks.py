"""What looks inside decide: leak or kept, malloc's large blocks or direct mappings, lost whatever the trend."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from build_case import CGO, KIB, Points, series, step, ticks, watched
from scenarios import PACE, SCENARIOS, judged, scene, verdict

from memwhy.causes import judge_all, native_cache, native_leak
from memwhy.conclude.report import conclude
from memwhy.model.case import Case
from memwhy.model.report import Finding, Report, Verdict
from memwhy.model.units import MIB, human_bytes

LEVELS = {
    "derived.malloc_bytes": 18.0,
    "derived.malloc_kept_bytes": 2.0,
    "ledger.malloc_mapped_bytes": 1.0,
    "ledger.anonymous_bytes": 0.1,
    "ledger.heap_idle_bytes": 4.0,
}
"""MiB at the first look."""


def looked(
    case: Case, changes: Mapping[str, float], *, at: tuple[float, ...] = (0.0, 60.0), searches: int = 2, **facts: str
) -> Case:
    """The case with looks at these seconds; changes: MiB from the first look to the last, by metric, in a straight line."""
    rss = case.series["process.rss_bytes"]

    def points(first: float, change: float) -> Points:
        span = at[-1] - at[0] or 1.0
        return Points(tuple((x, round((first + change * (x - at[0]) / span) * MIB)) for x in at))

    grown = (rss.last - rss.first) / MIB
    found = {"ledger.rss_bytes": points(rss.first / MIB, grown)}
    found |= {metric: points(LEVELS[metric], changes.get(metric, 0.0)) for metric in LEVELS}
    found |= {metric: points(0.0, change) for metric, change in changes.items() if metric not in LEVELS}
    if "malloc.lost_bytes" in found:
        found["malloc.lost_bytes"] = Points(found["malloc.lost_bytes"].pairs[-searches:])
        found["malloc.lost_certain_bytes"] = found["malloc.lost_bytes"]
    made = {metric: series(metric, values) for metric, values in found.items()}
    return replace(case, series={**case.series, **made}, facts={**case.facts, **facts})


def report(case: Case) -> Report:
    return conclude(case, judge_all(case), (), evidence=(), overhead=None)


GROWN = 0.98 * PACE * 60 / MIB


def test_growth_of_blocks_in_use_is_a_leak_and_acquits_the_allocator() -> None:
    found = judged(looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN}))
    leak, kept = found["native-leak"], found["native-retained"]
    assert (leak.verdict, leak.probability) == (Verdict.SUPPORTED, 0.836)
    assert leak.because[0].startswith(
        "98 % of the growth is in blocks that are in use: malloc in use +44.1 MiB of RSS's +44.9 MiB between two looks 60 s apart"
    )
    assert leak.bytes_per_s == pytest.approx(0.98 * PACE, rel=0.001)
    assert (kept.verdict, kept.against[0]) == (
        Verdict.REFUTED,
        "freed memory does not follow the growth: malloc freed but kept +0 B of RSS's +44.9 MiB between two looks 60 s apart",
    )


def test_blocks_in_use_that_grow_in_a_line_are_a_leak_also_while_the_heap_is_given_back() -> None:
    returned = step(30 * MIB, 27 * MIB, noise=20_000, seconds=300)
    seen = watched(grows={"layer.native_arenas_bytes": 18 * KIB}, seconds=300, given={"layer.go_heap_bytes": returned})
    at = tuple(float(second) for second in range(0, 300, 15))
    found = judged(looked(seen, {"derived.malloc_bytes": 18 * 285 / 1024}, at=at))["native-leak"]
    assert found.verdict is Verdict.SUPPORTED
    assert found.because[0].startswith(
        "blocks in use grow in a line, while something else was given back: malloc in use +5.0 MiB of RSS's +2.2 MiB in 20 looks"
    )
    still = judged(looked(seen, {}, at=at))["native-leak"]
    assert still.verdict is Verdict.CANNOT_SAY


def test_growth_of_freed_memory_is_the_allocator_s_and_acquits_the_leak() -> None:
    case = looked(
        scene("cgo leak in arenas"), {"derived.malloc_kept_bytes": GROWN, "malloc.trimmable_bytes": 0.9 * GROWN}
    )
    found = judged(case)
    assert verdict(case).cause == "native-retained"
    assert found["native-retained"].probability == 0.8
    assert "malloc_trim could give back 39.7 MiB at most" in found["native-retained"].because[1]
    assert found["native-leak"].verdict is Verdict.REFUTED
    assert found["native-cache"].verdict is Verdict.REFUTED


def test_half_in_use_and_half_kept_is_left_open() -> None:
    half = {"derived.malloc_bytes": 0.4 * GROWN, "derived.malloc_kept_bytes": 0.45 * GROWN}
    case = looked(scene("cgo leak in arenas"), half)
    assert verdict(case).cause == "undetermined"
    assert verdict(case).headline.startswith("RSS is held by") is False
    assert report(case).conclusion.headline.startswith("RSS is held by malloc in use ")


def test_growth_that_is_lost_is_a_leak_with_high_confidence() -> None:
    case = looked(
        scene("cgo leak in arenas"),
        {"derived.malloc_bytes": GROWN, "malloc.lost_bytes": 0.9 * GROWN},
        **{"lost.graphs": "48,935 × _xmlDoc (257 blocks, 30,768 bytes each) in libxml2.so.2"},
    )
    found = judged(case)
    assert (verdict(case).cause, verdict(case).confidence) == ("native-leak", "high")
    assert found["native-leak"].because[0].startswith("39.7 MiB is lost (")
    assert found["native-leak"].because[1] == ("lost: 48,935 × _xmlDoc (257 blocks, 30,768 bytes each) in libxml2.so.2")
    assert found["native-cache"].verdict is Verdict.REFUTED


def test_growth_that_is_held_is_said_to_be_held_and_is_less_sure() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN, "malloc.lost_bytes": 0.5})
    found = judged(case)
    assert found["native-leak"].probability == 0.75
    assert found["native-leak"].against == (
        "only 512.0 KiB of it is lost: the rest is still held by something, on purpose or not",
    )
    assert found["native-cache"].verdict is Verdict.CANNOT_SAY
    assert found["native-cache"].because[1] == "all but 512.0 KiB of malloc's blocks are still held by something"


def test_what_only_stale_words_lead_to_is_neither_called_lost_nor_held() -> None:
    case = looked(
        scene("cgo leak in arenas"),
        {"derived.malloc_bytes": GROWN, "malloc.lost_bytes": 5.0, "malloc.lost_maybe_bytes": 30.0},
        **{"lost.caveats": "the registers of 2 threads were not read"},
    )
    found = judged(case)
    assert found["native-leak"].against == (
        "5.0 MiB is lost for certain; to 30.0 MiB only a register, stale or interior words may lead",
    )
    assert found["native-cache"].because == (found["native-cache"].because[0],)


def test_one_graph_that_a_register_could_hold_is_not_lost_for_certain() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN, "malloc.lost_bytes": GROWN})
    nothing = series("malloc.lost_certain_bytes", Points(((60.0, 0),)))
    found = judged(replace(case, series={**case.series, "malloc.lost_certain_bytes": nothing}))
    assert found["native-leak"].probability < 0.9
    assert found["native-leak"].against[0].startswith("0 B is lost for certain; to 44.1 MiB only a register, stale")


def test_what_was_lost_before_the_watch_does_not_explain_its_growth() -> None:
    """30 or 8 MiB lost, found by one search, beside 9 MiB of growth: whether it grew was not seen."""
    case = watched(grows={"layer.native_arenas_bytes": PACE / 5, "layer.file_mapped_bytes": 0.0})
    for lost in (30.0, 8.0):
        grown = {"derived.malloc_bytes": GROWN / 5, "malloc.lost_bytes": lost}
        found = judged(looked(case, grown, searches=1))
        assert found["native-leak"].probability < 0.9


@pytest.mark.parametrize("name", ["nothing", "one burst"])
def test_lost_memory_that_is_half_of_rss_is_the_answer_though_nothing_grows(name: str) -> None:
    case = scene(name)
    most = case.series["process.rss_bytes"].last / MIB
    lost = looked(case, {"derived.malloc_bytes": 0.0, "malloc.lost_bytes": 0.7 * most}, searches=1)
    in_use = series("derived.malloc_bytes", Points(((0.0, round(0.8 * most * MIB)), (60.0, round(0.8 * most * MIB)))))
    lost = replace(lost, series={**lost.series, "derived.malloc_bytes": in_use})
    assert (verdict(lost).cause, verdict(lost).confidence) == ("native-leak", "medium")
    assert "encoded or paged out, cannot be seen" in judged(lost)["native-leak"].against[-1]
    assert judged(lost)["steady"].verdict is Verdict.CANNOT_SAY


def test_a_little_lost_memory_accuses_nobody() -> None:
    lost = looked(scene("nothing"), {"derived.malloc_bytes": 0.0, "malloc.lost_bytes": 3.0})
    assert verdict(lost).cause == "steady"
    assert judged(lost)["native-leak"].verdict is Verdict.REFUTED


def test_large_blocks_of_malloc_are_told_from_direct_mappings() -> None:
    case = scene("mmap beside a C heap")
    direct = looked(case, {"ledger.anonymous_bytes": GROWN})
    assert verdict(direct).cause == "mmap-leak"
    assert judged(direct)["mmap-leak"].probability > 0.8
    assert judged(direct)["mmap-leak"].against == ()
    assert judged(direct)["native-leak"].verdict is Verdict.REFUTED
    blocks = looked(case, {"ledger.malloc_mapped_bytes": GROWN, "derived.malloc_bytes": GROWN})
    assert verdict(blocks).cause == "native-leak"
    assert judged(blocks)["mmap-leak"].verdict is Verdict.REFUTED


def test_looks_too_close_together_leave_the_verdict_to_the_layers() -> None:
    case = scene("cgo leak in arenas")
    early = looked(case, {"derived.malloc_bytes": 0.2 * GROWN}, at=(0.0, 12.0))
    assert native_leak.judge(early) == native_leak.judge(case)


def test_looks_that_come_unevenly_still_say_what_grows() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN}, at=(0.0, 45.0, 56.0, 60.0))
    assert case.series["derived.malloc_bytes"].growing
    assert verdict(case).cause == "native-leak"
    assert judged(case)["native-leak"].because[0].startswith("98 % of the growth is in blocks that are in use")


def test_four_looks_need_a_course_of_their_own() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN}, at=(0.0, 15.0, 30.0, 45.0, 60.0))
    found = judged(case)["native-leak"]
    assert "in 5 looks, +44.1 MiB/min" in found.because[0]


@pytest.mark.parametrize("name", [name for name, (cause, _) in SCENARIOS.items() if not cause.startswith("native")])
def test_flat_malloc_changes_no_verdict_that_is_not_about_it(name: str) -> None:
    case = scene(name)
    mapped = "layer.anonymous_bytes" in SCENARIOS[name][1].get("grows", {})
    flat = looked(case, {"ledger.anonymous_bytes": GROWN} if mapped else {})
    assert verdict(flat).cause == SCENARIOS[name][0] == verdict(case).cause or name.startswith(("cache", "one burst"))


def single(shares: Mapping[str, float], **facts: str) -> Case:
    """One look at a process of 1 GiB, and nothing else; shares of its RSS by metric."""
    found = {"ledger.rss_bytes": 1024.0, "process.rss_bytes": 1024.0}
    found |= {metric: 1024.0 * share for metric, share in shares.items()}
    if "malloc.lost_bytes" in found:
        found["malloc.lost_certain_bytes"] = found["malloc.lost_bytes"]
    made = {metric: series(metric, Points(((0.0, round(size * MIB)),))) for metric, size in found.items()}
    empty = watched(grows={}, without=("layer.", "go.", "process.", "cgroup.", "host.", "derived."))
    return replace(empty, total="process.rss_bytes", series=made, facts={**CGO, **facts}, account=None)


def test_one_look_at_lost_memory_is_enough() -> None:
    found = verdict(single({"derived.malloc_bytes": 0.9, "malloc.lost_bytes": 0.8}))
    assert (found.cause, found.confidence) == ("native-leak", "medium")


def test_what_is_likely_lost_weighs_beside_what_is_lost_and_never_makes_it_more_than_an_answer() -> None:
    """By itself it says nothing; much of it beside a little that is lost is an answer, as if a quarter of RSS were lost."""

    def leak(lost: float, likely: float) -> Finding:
        shares = {"derived.malloc_bytes": 0.9, "malloc.lost_bytes": lost, "malloc.lost_likely_bytes": likely}
        return judged(single(shares))["native-leak"]

    for lost, likely, probability in ((0.4, 0.0, 0.511), (0.1, 0.3, 0.511), (0.1, 0.6, 0.511), (0.6, 0.3, 0.85)):
        found = leak(lost, likely)
        assert (found.verdict, found.probability) == (Verdict.SUPPORTED, probability)
        said = f"; {human_bytes(round(likely * 1024 * MIB))} more is likely lost"
        assert found.because[0].endswith(said) == (likely > 0)
    assert [leak(0.1, 0.1).verdict, leak(0.0, 0.8).verdict] == [Verdict.CANNOT_SAY] * 2


def test_one_look_says_what_is_kept_but_not_what_grows() -> None:
    kept = verdict(single({"derived.malloc_bytes": 0.1, "derived.malloc_kept_bytes": 0.8}))
    assert (kept.cause, kept.confidence) == ("native-retained", "medium")
    held = single({"derived.malloc_bytes": 0.9, "malloc.lost_bytes": 0.0, "derived.malloc_kept_bytes": 0.01})
    assert verdict(held).cause == "undetermined"
    assert report(held).conclusion.headline.startswith("RSS is held by malloc in use 90 %. The evidence cannot decide")


def test_one_look_at_an_idle_runtime_heap_says_so() -> None:
    case = single({"ledger.heap_idle_bytes": 0.6})
    retained = series("derived.go_retained_bytes", Points(((0.0, 640 * MIB),)))
    case = replace(case, series={**case.series, "derived.go_retained_bytes": retained})
    assert verdict(case).cause == "heap-retained"


def test_what_was_denied_is_proposed_with_the_right_to_do_it() -> None:
    leak = scene("cgo leak in arenas")
    denied = replace(leak, facts={**leak.facts, "look.error": "not permitted: pid 4711 belongs to another user"})
    said = report(denied)
    assert [step.do for step in said.next_steps if "inspect" in step.do] == ["sudo memwhy inspect PID"]
    assert said.missing[-1].startswith("malloc's blocks were not counted (not permitted: ")
    assert [step.do for step in report(leak).next_steps if "inspect" in step.do] == ["memwhy inspect PID"]


def test_what_was_looked_at_is_not_proposed_again() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN, "malloc.lost_bytes": GROWN})
    steps = [step.do for step in report(case).next_steps]
    assert not any(step == "memwhy inspect PID" for step in steps)


def test_rows_show_malloc_beside_the_layers_and_the_layers_still_sum() -> None:
    case = looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN})
    said = report(case)
    assert [(row.metric, row.label) for row in said.malloc_rows] == [
        ("derived.malloc_bytes", "malloc in use, +44.1 MiB in 60 s"),
        ("derived.malloc_kept_bytes", "malloc freed but kept, +0 B in 60 s"),
    ]
    assert said.total is not None and said.unaccounted_bytes is not None
    assert sum(row.bytes for row in said.layers) + said.unaccounted_bytes == said.total.bytes


def test_a_little_that_is_lost_beside_another_growth_is_not_its_cause() -> None:
    """malloc's 9 MiB of growth are all lost, but RSS grew by 90 MiB of mappings: a fifth of a tenth."""
    case = watched(grows={"layer.anonymous_bytes": PACE, "layer.native_arenas_bytes": PACE / 10})
    lost = {"derived.malloc_bytes": GROWN / 10, "malloc.lost_bytes": GROWN / 10, "ledger.anonymous_bytes": GROWN}
    found = judged(looked(case, lost))
    assert found["native-leak"].verdict is not Verdict.SUPPORTED
    assert verdict(looked(case, lost)).cause in ("mmap-leak", "undetermined")


def test_lost_blocks_that_are_not_resident_are_no_share_of_rss() -> None:
    lost = {"derived.malloc_bytes": 0.9, "malloc.lost_bytes": 0.8, "malloc.lost_resident_bytes": 0.01}
    assert verdict(single(lost)).cause == "undetermined"


def test_what_is_resident_of_lost_blocks_is_said_and_shown() -> None:
    lost = {"derived.malloc_bytes": 0.9, "malloc.lost_bytes": 0.8, "malloc.lost_resident_bytes": 0.6}
    case = single(lost)
    assert verdict(case).cause == "native-leak"
    assert (
        " of it resident, 60 % of RSS): nothing that can be read points to it" in judged(case)["native-leak"].because[0]
    )
    assert [row.metric for row in report(case).malloc_rows] == ["derived.malloc_bytes", "malloc.lost_resident_bytes"]


def test_lost_blocks_that_nobody_touched_are_no_share_of_the_growth() -> None:
    lost = {"malloc.lost_bytes": 0.9 * GROWN, "malloc.lost_resident_bytes": 0.01 * GROWN}
    found = judged(looked(scene("cgo leak in arenas"), {"derived.malloc_bytes": GROWN, **lost}))
    assert "is lost (" not in found["native-leak"].because[0]


LEFT = Points(((0.0, 2 * MIB), (30.0, 80 * MIB), (60.0, 80 * MIB)))
"""What malloc has free, before a burst and after it."""


def after_a_burst(free: Points) -> Case:
    """One burst of 78 MiB in a process of 70 MiB, and three looks at what malloc has free."""
    case = looked(scene("one burst"), {}, at=(0.0, 30.0, 60.0))
    rss = Points(((0.0, 70 * MIB), (30.0, 148 * MIB), (60.0, 148 * MIB)))
    made = {"ledger.rss_bytes": series("ledger.rss_bytes", rss)}
    made["derived.malloc_kept_bytes"] = series("derived.malloc_kept_bytes", free)
    return replace(case, series={**case.series, **made})


def test_what_a_burst_has_left_is_the_answer_though_nothing_grows_any_more() -> None:
    left = after_a_burst(LEFT)
    found = judged(left)
    assert (verdict(left).cause, verdict(left).probability) == ("native-retained", 0.75)
    assert found["native-retained"].because == ("free chunks, caches and tops hold 80.0 MiB, 54 % of RSS",)
    assert (found["steady"].verdict, found["steady"].probability) == (Verdict.SUPPORTED, 0.168)


@pytest.mark.parametrize(
    "free", [((0.0, 2 * MIB), (30.0, 2 * MIB), (60.0, 80 * MIB)), ((0.0, 2 * MIB), (30.0, 30 * MIB), (60.0, 30 * MIB))]
)
def test_blocks_that_are_free_for_a_moment_or_are_few_hold_nothing(free: tuple[tuple[float, int], ...]) -> None:
    used = after_a_burst(Points(free))
    assert (verdict(used).cause, judged(used)["native-retained"].verdict) == ("steady", Verdict.CANNOT_SAY)


def test_one_look_that_found_malloc_s_large_blocks_leaves_the_growth_open() -> None:
    case = scene("mmap beside a C heap")
    malloc_s = looked(case, {}, at=(0.0,))
    assert verdict(malloc_s).cause == "undetermined"
    assert judged(malloc_s)["mmap-leak"].against == (
        "malloc had 1.0 MiB in such mappings when it was looked at, nobody known 102.4 KiB: whose the growth is, a second look tells",
    )
    nobody_s = {"ledger.malloc_mapped_bytes": Points(((0.0, 0),)), "ledger.anonymous_bytes": Points(((0.0, 6 * MIB),))}
    direct = replace(malloc_s, series={**malloc_s.series, **{one: series(one, at) for one, at in nobody_s.items()}})
    assert verdict(direct).cause == "mmap-leak"


def filling(*held: float, rate: float = 0.1) -> Case:
    """A cache that fills within 15 s, beside freed memory that goes on creeping; held: MiB in use, at a look every 15 s."""
    native = ticks(lambda x: 12 * MIB + 30 * MIB * min(x / 15, 1.0) + rate * MIB * x)
    case = watched(given={"layer.native_arenas_bytes": native}, facts=CGO)
    rss = dict(case.series["process.rss_bytes"].points)
    found = {
        "derived.malloc_bytes": Points(tuple((15.0 * i, round(value * MIB)) for i, value in enumerate(held))),
        "ledger.rss_bytes": Points(tuple((15.0 * i, rss[15.0 * i]) for i in range(len(held)))),
    }
    return replace(case, series={**case.series, **{metric: series(metric, points) for metric, points in found.items()}})


def test_blocks_that_rose_and_then_stood_still_are_a_cache_that_is_full() -> None:
    found = native_cache.judge(filling(10, 40, 40.1, 39.9, 40))
    assert (found.verdict, found.probability, found.because) == (
        Verdict.SUPPORTED,
        0.55,
        ("malloc's blocks in use rose by 30.0 MiB in 15 s and then stood still for 45 s, in 4 looks",),
    )
    for still_rises in ((10, 40, 41, 42, 43), (10, 20, 30, 40, 40), (10, 10.2, 10, 10, 10)):
        assert judged(filling(*still_rises, rate=0.3))["native-cache"].verdict is not Verdict.SUPPORTED


def test_half_a_mebibyte_that_was_freed_is_no_cause() -> None:
    case = watched(
        grows={"layer.native_arenas_bytes": 0.02 * MIB, "layer.file_code_bytes": 0.012 * MIB}, noise=0, facts=CGO
    )
    found = judged(looked(case, {"derived.malloc_kept_bytes": 0.45}))["native-retained"]
    assert found.verdict is Verdict.CANNOT_SAY
    assert found.because[0].startswith("malloc freed but kept +460.8 KiB of RSS's +1.9 MiB")


def test_idle_pages_that_the_next_cycle_is_about_to_use_are_not_kept() -> None:
    """Just after a collection of a heap that grows, half of RSS's growth may be idle for a moment."""
    told = {"layer.go_heap_bytes": PACE, "go.heap_sys_bytes": PACE, "go.sys_bytes": PACE}
    late, early = (
        judged(looked(watched(grows={**told, "go.next_gc_bytes": goal}), {"ledger.heap_idle_bytes": 0.7 * GROWN}))
        for goal in (PACE, 0.0)
    )
    assert late["heap-retained"].verdict is Verdict.REFUTED
    assert early["heap-retained"].verdict is Verdict.SUPPORTED
