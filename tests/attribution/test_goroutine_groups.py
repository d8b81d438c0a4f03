"""Groups of goroutines: same stack, what they wait for, who started them, what their stacks take."""

from pathlib import Path

import pytest
from build_case import line
from build_profiles import of, seen

from memwhy.attribution import attribute
from memwhy.attribution.goroutines import goroutine_groups, groups, stack_bytes_each
from memwhy.diagnose import case_of
from memwhy.model.profile import Waiting
from memwhy.model.report import Finding, Holder, Verdict
from memwhy.model.units import KIB, MIB

EVIDENCE = Path(__file__).parents[1] / "evidence" / "go-leak"
WAITS = ("runtime.gopark", "runtime.chanrecv1", "main.awaitAnswer")
BARE = ("main.awaitAnswer",)
IDLE = ("main.serve",)


def test_a_group_that_grows_has_its_number_interval_state_creator_and_exact_stacks() -> None:
    counts = [seen("goroutine", 10.0 * i, {WAITS: 100 + 400 * i, IDLE: 9}) for i in range(5)]
    told = Waiting(state="chan receive", created_by="main.ask", waiting_s=41.0, stack_bytes=1500 * 8 * KIB)
    look = seen("goroutine", 35.0, {BARE: 1500, IDLE: 9}, waiting={BARE: told})
    (holder,) = goroutine_groups(of(*counts, look))
    assert (holder.function, holder.stack, holder.method) == ("main.awaitAnswer", BARE, "goroutines")
    assert holder.count == pytest.approx(1600, abs=2)
    assert holder.count_per_s == pytest.approx(40.0, rel=0.01)
    assert holder.low_count is not None
    assert holder.high_count is not None
    assert holder.low_count <= 1600 <= holder.high_count
    assert holder.bytes == holder.count * 8 * KIB
    assert holder.note == (
        "1,700 now, in chan receive, the longest for 41 s at least; started by main.ask; 8.0 KiB of stack each, as allocated"
    )


def test_without_exact_stacks_they_are_reckoned_from_what_stack_in_use_grew_by_and_that_is_said() -> None:
    series = {"go.stack_inuse_bytes": line(MIB, 400 * KIB), "go.goroutines_count": line(50, 100)}
    assert stack_bytes_each(of(**{"series": series})) == (  # type: ignore[arg-type]
        4 * KIB,
        "as StackInuse grew with the number of goroutines",
    )
    assert stack_bytes_each(of()) == (2 * KIB, "the smallest that Go has: StackInuse was not read")


def test_the_live_heap_that_their_own_code_allocated_is_said_beside_the_stacks() -> None:
    counts = [seen("goroutine", 10.0 * i, {WAITS: 100 * i + 1}) for i in range(5)]
    heap = [seen("inuse_space", 10.0 * i, {("main.buffer", *BARE): 40 * MIB * i + MIB}) for i in range(5)]
    (holder,) = goroutine_groups(of(*counts, *heap))
    assert "what goroutines that begin in main.awaitAnswer allocated and is alive grew by 160.0 MiB" in holder.note
    assert holder.note.endswith("409.6 KiB each)")


def test_a_group_that_came_and_went_is_not_said_to_grow() -> None:
    counts = [seen("goroutine", 10.0 * i, {WAITS: value}) for i, value in enumerate((5, 40, 3, 38, 6, 41))]
    (group,) = groups(of(*counts))
    assert not group.growth.grows
    (holder,) = goroutine_groups(of(*counts))
    assert holder.count_per_s is None
    assert "it does not grow steadily" in holder.note


def test_one_listing_names_the_largest_groups() -> None:
    found = goroutine_groups(of(seen("goroutine", 0, {WAITS: 30, IDLE: 10})))
    assert [(holder.function, holder.count, holder.low_count, holder.share) for holder in found] == [
        ("main.awaitAnswer", 30, None, 0.75),
        ("main.serve", 10, None, 0.25),
    ]


@pytest.mark.parametrize("version", ["1.26", "1.27"])
@pytest.mark.parametrize("form", ["txt", "pb.gz", "dump"])
def test_what_the_collector_found_leaked_is_named_and_what_may_still_be_woken_is_not(version: str, form: str) -> None:
    case = case_of([str(EVIDENCE / f"goroutineleak-{version}.{form}")])
    undecided = Finding(cause="steady", verdict=Verdict.CANNOT_SAY, probability=0.3)
    (holder,) = attribute(case, (undecided,))
    assert (holder.function, holder.count, holder.share) == ("main.askAndForget.func1", 40, 1.0)
    assert holder.note.startswith("leaked for certain: the collector found nothing that could ever wake them")
    assert case.facts["go.leaked_goroutines"] == "40"


def test_a_group_that_grows_and_is_found_leaked_is_one_row() -> None:
    counts = [seen("goroutine", 10.0 * i, {WAITS: 100 * i + 1}) for i in range(5)]
    leak = seen("goroutineleak", 45.0, {WAITS: 380, ("main.other",): 2})
    found = goroutine_groups(of(*counts, leak))
    assert [(holder.function, holder.count) for holder in found] == [("main.awaitAnswer", 400), ("main.other", 2)]
    assert "380 leaked for certain" in found[0].note


def test_nothing_is_named_without_a_listing() -> None:
    nobody: tuple[Holder, ...] = ()
    assert goroutine_groups(of()) == nobody
