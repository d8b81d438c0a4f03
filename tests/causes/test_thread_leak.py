"""thread-leak: the count of OS threads, and the memory that so many can bring."""

from dataclasses import replace

import pytest
from build_case import case, line, readings, watched
from scenarios import HEAP, PACE, judged, scene, verdict

from memwhy.causes.thread_leak import judge
from memwhy.model.report import Finding, Verdict


def test_threads_that_rise_with_the_memory_are_a_thread_leak() -> None:
    found = judge(scene("threads with arenas"))
    assert replace(found, bytes_per_s=None, remedy=(), confirm_with=None) == Finding(
        cause="thread-leak",
        verdict=Verdict.SUPPORTED,
        probability=0.8,
        headline="Threads pile up, each with a stack of its own.",
        bytes=4013914,
        because=(
            "threads rise: 14 to 194, +180.0 threads/min (+178.5 to +181.5)",
            "thread stacks 0.3 to 3.8 MiB, +3.5 MiB/min (+3.5 MiB to +3.5 MiB) (20,470 bytes for each new thread)",
        ),
    )


def test_threads_that_pile_up_at_no_cost_yet_are_the_verdict_all_the_same() -> None:
    assert verdict(watched(grows={"process.threads_count": 1.0})).cause == "thread-leak"


@pytest.mark.parametrize("layer", ["layer.file_mapped_bytes", "layer.shared_memory_bytes"])
def test_files_and_shared_memory_do_not_grow_because_of_threads(layer: str) -> None:
    found = judge(watched(grows={layer: PACE, "process.threads_count": 2.0}))
    assert found.verdict is Verdict.CANNOT_SAY
    assert found.against[0].startswith("what grows is no anonymous memory: RSS, anonymous ")


def test_six_threads_do_not_hold_forty_five_mebibytes() -> None:
    found = judge(scene("C leak beside a few more threads"))
    assert (found.verdict, found.against) == (
        Verdict.CANNOT_SAY,
        ("each would have to hold 7.5 MiB: the growth has another reason, and this stands beside it",),
    )


@pytest.mark.parametrize(
    "name", ["cgo leak in arenas", "goroutines that wait for ever", "address space that grows", "nothing"]
)
def test_an_unchanged_count_acquits_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_two_readings_that_differ_a_little_cannot_tell() -> None:
    found = judge(case(series={"process.threads_count": readings(10, 18)}))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("threads: 10 to 18: too few readings",))


def test_uncounted_threads_are_said_to_be() -> None:
    found = judge(case(total="process.rss_bytes", series={"process.rss_bytes": line(9e6, 9e5)}))
    assert (found.verdict, found.because) == (Verdict.CANNOT_SAY, ("the thread count was not read",))


BLOCKED = {**HEAP, "go.next_gc_bytes": PACE, "go.stack_inuse_bytes": 0.4 * PACE}


def test_goroutines_with_a_thread_each_have_their_root_in_the_threads() -> None:
    blocked = watched(grows={**BLOCKED, "go.goroutines_count": 25.0, "process.threads_count": 25.0})
    found = judged(blocked)
    assert verdict(blocked).cause == "thread-leak"
    assert (found["goroutine-leak"].verdict, found["goroutine-leak"].against) == (
        Verdict.CANNOT_SAY,
        (
            "threads pile up as fast: each goroutine has one of its own, as in a blocked system call, so they are the root",
        ),
    )


def test_goroutines_far_beyond_the_threads_have_their_root_in_themselves() -> None:
    waiting = watched(grows={**BLOCKED, "go.goroutines_count": 60.0, "process.threads_count": 2.0})
    found = judged(waiting)
    assert verdict(waiting).cause == "goroutine-leak"
    assert (found["thread-leak"].verdict, found["thread-leak"].against) == (
        Verdict.CANNOT_SAY,
        ("goroutines rise faster, and most have no thread of their own: 40 to 3,640",),
    )
