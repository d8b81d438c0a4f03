"""Threads by hundreds, children, signals in the middle of a hook: no program is harmed, no block is counted that is not there."""

import pytest
from native_programs import ALL, Sampled, built, sampled

from memwhy.native.header import Settings
from memwhy.native.snapshot import Snapshot

OFTEN = Settings(period_bytes=2000, budget=0.0, orphan_s=0.0)


def after(name: str, count: int, settings: Settings = ALL) -> Snapshot:
    with sampled([built("crowd"), name, str(count)], settings) as running:
        assert running.line() == b"ready\n"
        found = running.snapshot()
        assert running.end() == 0
    assert found.skipped == 0
    return found


def left(found: Snapshot) -> list[tuple[str, int]]:
    """What is outstanding, without what the threads library keeps for threads that it may start again."""
    sizes = [(stack.kind, stack.outstanding_bytes) for stack in found.stacks if stack.samples]
    return sorted(each for each in sizes if each[1] > 4096 or each[0] == "mmap")


@pytest.mark.parametrize("settings", [ALL, OFTEN])
def test_hundreds_of_threads_leave_nothing_behind(settings: Settings) -> None:
    found = after("threads", 300, settings)
    assert left(found) == []
    assert found.missed_regions == 0
    assert found.samples > 100_000
    assert found.samples - found.sampled_frees == sum(stack.samples for stack in found.stacks)


def test_thousands_of_threads_that_come_and_go_leave_nothing_behind() -> None:
    found = after("storm", 6000, OFTEN)
    assert left(found) == []
    assert found.lost_samples == 0


def test_more_threads_than_there_are_records_take_over_each_others() -> None:
    found = after("distinct", 6000, OFTEN)
    assert left(found) == []
    assert found.lost_samples == 0
    assert found.evicted_threads > 1000
    exact = allocated(after("distinct", 6000))
    assert abs(allocated(found) / exact - 1) < 0.005  # 1.5 million samples: 0.1 % is one standard error


def allocated(found: Snapshot) -> int:
    return sum(stack.allocated_bytes for stack in found.stacks if stack.kind == "malloc")


def test_children_do_not_write_into_their_parents_tables() -> None:
    found = after("fork", 40)
    assert left(found) == [("malloc", 12345), ("malloc", 300_000)]
    assert found.samples == 2


def test_children_that_execute_another_program_are_not_watched() -> None:
    found = after("spawn", 40)
    assert left(found) == []


@pytest.mark.parametrize("name", ["signals", "signals_map"])
def test_signals_in_the_middle_of_a_hook_do_no_harm(name: str) -> None:
    found = after(name, 300, OFTEN)
    assert left(found) == []
    assert found.lost_samples == 0


def test_a_process_may_end_while_its_threads_allocate_and_its_tables_can_be_read_then() -> None:
    with sampled([built("crowd"), "end", "20"], OFTEN) as running:
        assert running.line() == b""
        assert running.process.wait() == 0
        found = running.snapshot()
    assert found.samples > 1000
    assert 0 < found.outstanding_bytes < 20 * 16 * 8 * 5100


def test_tables_can_be_read_at_any_time() -> None:
    with sampled([built("churn"), "3", "300000", "0", "wait"], OFTEN) as running:
        looks = _looks_until_ready(running)
        assert running.end() == 0
    assert all(found.skipped == 0 for found in looks)
    assert all(0 <= found.outstanding_bytes < 3 * 64 * 8 * 8192 for found in looks)


def _looks_until_ready(running: Sampled) -> list[Snapshot]:
    import select

    found = []
    while not select.select([running.process.stdout], [], [], 0)[0]:
        found.append(running.snapshot())
    return found
