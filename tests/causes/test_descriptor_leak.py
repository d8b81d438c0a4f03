"""descriptor-leak: a count that rises by dozens, unless the memory's growth is somewhere else."""

from dataclasses import replace

import pytest
from build_case import Points, case, readings, watched
from scenarios import PACE, scene, verdict

from memwhy.causes.descriptor_leak import judge
from memwhy.causes.goroutine_leak import judge as goroutines
from memwhy.model.report import Finding, Verdict


def test_sockets_that_pile_up_with_the_heap_are_a_descriptor_leak() -> None:
    found = judge(scene("bodies that are not closed"))
    assert replace(found, remedy=(), confirm_with=None) == Finding(
        cause="descriptor-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.9,
        headline="Descriptors pile up: files or connections are opened and not closed.",
        because=(
            "descriptors rise: 30 to 330, +300.0 descriptors/min (+298.5 to +301.5)",
            "most of them are sockets: 20 to 320",
        ),
    )


def test_they_are_the_verdict_while_memory_does_not_grow_yet() -> None:
    conclusion = verdict(scene("files that are not closed, at no cost in memory"))
    assert (conclusion.cause, conclusion.confidence) == ("descriptor-leak", "medium")


def test_a_handful_more_are_a_weak_suspicion() -> None:
    found = judge(watched(grows={"process.descriptors_count": 0.15}))
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.55)


@pytest.mark.parametrize("layer", ["layer.native_arenas_bytes", "layer.anonymous_bytes", "layer.shared_memory_bytes"])
@pytest.mark.parametrize("without", [(), ("layer.",)])
def test_beside_growth_outside_go_they_are_a_second_problem(layer: str, without: tuple[str, ...]) -> None:
    found = judge(watched(grows={layer: PACE, "process.descriptors_count": 5.0}, without=without))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.1)


def test_in_a_c_program_their_buffers_are_in_malloc() -> None:
    program = watched(grows={"layer.native_heap_bytes": PACE, "process.descriptors_count": 10.0}, runtime="native")
    assert verdict(program).cause == "descriptor-leak"


@pytest.mark.parametrize("name", ["cgo leak in arenas", "map that only grows", "threads with arenas", "nothing"])
def test_an_unchanged_count_acquits_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_two_readings_cannot_tell_and_none_is_said() -> None:
    found = judge(case(series={"process.descriptors_count": readings(10, 18)}))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("descriptors: 10 to 18: too few readings",))
    assert judge(case()).because == ("the descriptors were not counted",)


def test_a_count_that_is_dear_to_take_and_so_read_seldom_rises_by_its_few_readings() -> None:
    """Four readings in a line are no clear shape for a trend; a pool that has filled is told by readings that stay."""
    rises, fills = readings(508, 840, 1_154, 2_314), readings(10, 60, 60, 60)
    assert judge(case(series={"process.descriptors_count": rises})).verdict is Verdict.SUPPORTED
    assert judge(case(series={"process.descriptors_count": fills})).verdict is Verdict.REFUTED


def test_descriptors_that_were_read_for_half_the_time_are_the_root_of_goroutines_all_the_same() -> None:
    series = {
        "process.descriptors_count": Points(((0.0, 508), (8.0, 840), (16.0, 1_154))),
        "go.goroutines_count": Points(tuple((4.0 * n, 1_600 + 290 * n) for n in range(10))),
    }
    found = goroutines(case(series=series))
    assert (found.verdict, found.against) == (
        Verdict.CANNOT_SAY,
        ("descriptors pile up as fast: each open connection keeps its goroutines, so they are the root",),
    )
