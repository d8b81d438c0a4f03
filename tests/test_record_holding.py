"""When a watch looks at who holds the heap: late, seldom, within its budget; and the process that looks ends with whoever asked."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from memwhy_command import IDLE, process_of

from memwhy.model.units import GIB, MIB
from memwhy.record.aside import Looker
from memwhy.record.holding import BETWEEN_S, BUDGET_SHARE, FIRST_S, HolderLooks
from memwhy.sources import held

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import Running, SpecimenFailed, running


def metrics(heap_mib: float, objects: int = 50_000, **more: int) -> dict[str, int]:
    size = round(heap_mib * MIB)
    return {"go.heap_alloc_bytes": size, "go.heap_objects_count": objects, "host.available_bytes": 16 * GIB, **more}


def plan(planned_s: float | None = 60.0) -> HolderLooks:
    looks = HolderLooks("/proc", os.getpid(), planned_s=planned_s, begun_s=0.0)
    assert not looks.due(metrics(10), 0.0)
    return looks


def test_no_look_is_made_at_once_nor_while_nothing_came() -> None:
    looks = plan()
    assert not looks.due(metrics(20), FIRST_S / 2)
    assert not looks.due(metrics(10.5), FIRST_S + 1)
    assert looks.due(metrics(20), FIRST_S + 1)
    assert looks.left_out is None


def test_a_heap_that_is_too_dear_to_read_is_not_read_unasked_and_that_is_said() -> None:
    looks = plan()
    assert not looks.due(metrics(8000, objects=100_000_000), 30.0)
    assert looks.left_out is not None
    assert looks.left_out.startswith("Who holds Go's heap was not looked at: that would have taken about 80.")


def test_the_same_heap_is_read_in_a_watch_that_is_long_enough_for_two_looks() -> None:
    objects = 10_000_000
    needed_s = 2 * 0.8e-6 * objects / BUDGET_SHARE
    assert not plan(needed_s / 2).due(metrics(900, objects), 60.0)
    assert plan(1.2 * needed_s).due(metrics(900, objects), 60.0)
    assert not plan(None).due(metrics(900, objects), needed_s / 2)
    assert plan(None).due(metrics(900, objects), 1.2 * needed_s)


def test_a_heap_that_would_need_more_memory_than_is_free_is_not_read() -> None:
    few = metrics(2000, objects=8_000_000) | {"host.available_bytes": 2 * GIB}
    assert not plan(3600.0).due(few, 600.0)
    confined = metrics(2000, 8_000_000, **{"cgroup.limit_bytes": 4 * GIB, "cgroup.current_bytes": 3 * GIB})
    looks = plan(3600.0)
    assert not looks.due(confined, 600.0)
    assert looks.left_out is not None
    assert "more than a quarter of what is free" in looks.left_out


def test_without_the_runtimes_own_count_of_objects_nothing_is_read() -> None:
    known = metrics(40)
    del known["go.heap_objects_count"]
    assert not plan().due(known, 30.0)


def test_no_closing_look_is_made_where_none_was_made_before() -> None:
    assert not plan().last_due(metrics(40), 60.0)


@pytest.fixture(scope="module")
def cache() -> Iterator[Running]:
    try:
        with running("heap-cache") as specimen:
            yield specimen
    except SpecimenFailed as error:
        pytest.skip(str(error))


def test_looks_are_made_again_when_it_has_grown_and_at_the_end_and_cost_what_they_say(cache: Running) -> None:
    looks = HolderLooks("/proc", cache.pid, planned_s=600.0, begun_s=0.0)
    assert not looks.due(metrics(10), 0.0)
    assert looks.due(metrics(12), 20.0)
    looks.begin(metrics(12), 20.0)
    assert looks.looking
    assert not looks.due(metrics(40), 400.0), "one at a time"
    first = looks.poll(20.0, wait_s=60.0)
    assert first is not None
    assert (first.source, first.error) == (held.NAME, None)
    assert held.parse(first.raw).holders is not None
    assert (looks.made, looks.looking) == (1, False)
    spent_s = looks.cpu_s
    assert 0.0 < spent_s < 10.0
    assert not looks.due(metrics(12.5), 400.0), "it has not grown since"
    assert not looks.due(metrics(40), 20.0 + BETWEEN_S / 2), "too soon"
    assert looks.due(metrics(40), 400.0)
    assert looks.last_due(metrics(40), 600.0)
    looks.begin(metrics(40), 600.0)
    assert looks.poll(600.0, wait_s=60.0) is not None
    assert looks.cpu_s > spent_s
    looks.close()
    looks.close()


def test_a_look_that_takes_more_than_it_may_is_ended_by_the_kernel_and_said(cache: Running) -> None:
    looker = Looker("/proc", cache.pid)
    try:
        looker.ask(0, GIB)  # at once: RLIMIT_CPU of no second at all
        found = looker.poll(60.0)
        assert found is not None
        assert found.evidence is None
        assert found.problem is not None
        assert found.problem.startswith("it was ended after ")
        looker.ask(30, GIB)
        again = looker.poll(60.0)
        assert again is not None
        assert again.problem is None, "the process that asks for looks is none of them"
    finally:
        looker.close()


def test_a_process_without_a_heap_that_can_be_read_is_said_to_have_none_and_not_asked_again() -> None:
    with process_of(IDLE) as target:
        looks = HolderLooks("/proc", target.pid, planned_s=600.0, begun_s=0.0)
        assert not looks.due(metrics(10), 0.0)
        assert looks.due(metrics(12), 20.0)
        looks.begin(metrics(12), 20.0)
        found = looks.poll(20.0, wait_s=60.0)
        assert found is not None
        assert found.error is not None
        assert looks.left_out == f"Who holds Go's heap is not known: {found.error}"
        assert not looks.due(metrics(400), 500.0)
        looks.close()


def test_whoever_stops_asking_ends_the_process_that_looks(cache: Running) -> None:
    looker = Looker("/proc", cache.pid)
    pid = looker._process.pid
    looker.ask(30, GIB)
    looker.close()
    assert not Path(f"/proc/{pid}").exists()


def test_it_is_the_memwhy_that_runs_which_looks_whatever_stands_before_it_on_the_path_by_then(
    cache: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memwhy").mkdir()
    (tmp_path / "memwhy" / "__init__.py").write_text("raise ImportError('another memwhy')")
    monkeypatch.syspath_prepend(tmp_path)
    looker = Looker("/proc", cache.pid)
    try:
        looker.ask(30, GIB)
        found = looker.poll(60.0)
        assert found is not None
        assert found.problem is None
    finally:
        looker.close()
