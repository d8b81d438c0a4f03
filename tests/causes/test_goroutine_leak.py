"""goroutine-leak: the count, or the stacks that bound it."""

from dataclasses import replace

import pytest
from build_case import STATIC, Points, case, line, mebibytes, readings, watched
from scenarios import PACE, judged, scene, scene_without

from memwhy.causes.clue import FAIR, HINT, STRONG, against, for_
from memwhy.causes.goroutine_leak import SECOND, clues, judge
from memwhy.model.case import SeenProfile
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Where
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import KIB, MIB


def test_a_rising_count_whose_heap_carries_the_growth_is_a_goroutine_leak() -> None:
    found = judge(scene("goroutines that wait for ever"))
    assert replace(found, bytes_per_s=None, remedy=()) == Finding(
        cause="goroutine-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.8,
        headline="Goroutines pile up: each keeps its stack and what it can reach.",
        bytes=20984427,
        because=(
            "goroutines rise: 40 to 3,640, +3,600.0 goroutines/min (+3,598.5 to +3,601.5)",
            "Go stacks 2.0 to 20.0 MiB, +18.0 MiB/min (+18.0 MiB to +18.0 MiB)",
            "Go's own memory explains 100 % of the growth, 13,102 bytes for each",
        ),
        confirm_with="two goroutine profiles some minutes apart: the group that grows",
    )


def test_a_rising_count_beside_a_native_leak_is_a_second_problem() -> None:
    found = judge(watched(grows={"layer.native_arenas_bytes": PACE, "go.goroutines_count": 3}))
    assert (found.verdict, found.against) == (Verdict.CANNOT_SAY, (SECOND,))


def test_goroutines_of_open_connections_have_their_root_in_descriptors() -> None:
    found = judge(scene("bodies that are not closed"))
    assert (found.verdict, found.against[0][:28]) == (Verdict.CANNOT_SAY, "descriptors pile up as fast:")


def test_a_few_more_goroutines_do_not_hold_megabytes_each() -> None:
    found = judge(scene("map that only grows beside a few more goroutines"))
    assert (found.verdict, found.against) == (
        Verdict.CANNOT_SAY,
        ("each would have to hold 7.5 MiB: the growth has another reason, and this stands beside it",),
    )


def test_three_readings_that_double_are_rising() -> None:
    found = judge(case(series={"go.goroutines_count": readings(40, 90, 200)}))
    assert (found.verdict, found.because) == (Verdict.SUPPORTED, ("goroutines rise: 40 to 200 in 3 readings",))


def test_without_a_count_flat_stacks_and_a_flat_go_refute_it() -> None:
    pasted = case(
        total="host.used_bytes",
        series={
            "host.used_bytes": mebibytes(505, 506, 507, 508, 510, 510, 511, 513, 514, 516),
            "go.stack_inuse_bytes": mebibytes(3, 3, 3),
            "derived.go_held_bytes": mebibytes(23, 24, 24),
        },
    )
    found = judge(pasted)
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, MIB)
    assert found.against[0].startswith("each goroutine costs 2 KiB of stack at least, yet StackInuse stays: Go stacks ")


def test_without_a_count_growing_stacks_may_be_deep_ones() -> None:
    found = judge(scene_without("goroutines that wait for ever", "goroutine profile"))
    assert (found.verdict, found.probability, found.against) == (
        Verdict.SUPPORTED,
        0.5,
        ("the goroutine count was not read: deep stacks look the same",),
    )


@pytest.mark.parametrize("name", ["cgo leak in arenas", "map that only grows", "nothing", "threads with arenas"])
def test_an_unchanged_count_acquits_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("runtime", ["native", "cpython", "jvm", "node"])
def test_other_runtimes_have_no_goroutines(runtime: str) -> None:
    assert judge(watched(grows={"layer.native_heap_bytes": PACE}, runtime=runtime)).verdict is Verdict.REFUTED


def test_a_leak_of_goroutines_is_seen_without_cgo_too() -> None:
    grows = {"layer.go_heap_bytes": PACE, "go.sys_bytes": PACE, "go.goroutines_count": 100.0}
    assert judged(watched(grows=grows, facts=STATIC))["goroutine-leak"].verdict is Verdict.SUPPORTED
    assert judge(case(series={"go.goroutines_count": line(10, 0.01)})).verdict is Verdict.REFUTED


def test_a_handful_of_readings_within_seconds_may_be_load_that_rises() -> None:
    """Ten seconds of a load that swings: as many ran before, and their stacks have not been collected yet."""
    seen = {
        "process.rss_bytes": Points(((0.0, 69 * MIB), (6.0, 73 * MIB), (7.0, 58 * MIB), (8.0, 58 * MIB), (9.0, 67 * MIB))),
        "go.goroutines_count": Points(((0.0, 42), (6.0, 52), (8.0, 103))),
        "go.stack_inuse_bytes": Points(((0.0, 992 * KIB), (6.0, 992 * KIB), (8.0, 960 * KIB))),
    }  # fmt: skip
    found = judge(case(total="process.rss_bytes", series=seen, live=True))
    assert (found.verdict, found.probability, found.because) == (
        Verdict.CANNOT_SAY, 0.2, ("goroutines rise: 42 to 103 in 3 readings",)
    )  # fmt: skip
    assert found.against == ("their stacks were there before: Go stacks 992.0 to 960.0 KiB: load that rises looks the same",)  # fmt: skip
    grown = {"process.rss_bytes": line(60 * MIB, MIB, seconds=8), "go.stack_inuse_bytes": Points(((0.0, MIB), (8.0, 2 * MIB)))}  # fmt: skip
    assert judge(case(total="process.rss_bytes", series={**seen, **grown}, live=True)).verdict is Verdict.SUPPORTED


def _pile(alike: int, others: int) -> SeenProfile:
    """A goroutine profile: alike goroutines with one stack, the others each with its own."""
    stacks = (
        StackSample(frames=("main.wait",), value=alike),
        *(StackSample(frames=(f"main.f{n}",), value=1) for n in range(others)),
    )
    made = Profile(kind="goroutine", unit="count", total=alike + others, stacks=stacks)
    return SeenProfile(profile=made, subject="", where=Where(file="page.txt"), x=0.0)


ALIKE = "80 of 160 goroutines wait in one place"


@pytest.mark.parametrize(
    ("facts", "text", "weight"),
    [({}, ALIKE, FAIR), ({"said.idle": "over night"}, f"{ALIKE}, and it is said: “over night”", STRONG)],
)
def test_half_of_a_small_pile_in_one_place_is_told_and_counts_more_at_idle(
    facts: dict[str, str], text: str, weight: float
) -> None:
    seen = case(series={"go.goroutines_count": readings(160)}, facts=facts, profiles=(_pile(80, 80),))
    assert list(clues(seen)) == [*against(HINT, "goroutines 160: few yet"), *for_(weight, text)]


def test_a_small_pile_in_many_places_is_few() -> None:
    seen = case(series={"go.goroutines_count": readings(160)}, profiles=(_pile(20, 140),))
    assert list(clues(seen)) == [*against(STRONG, "goroutines 160: few")]
