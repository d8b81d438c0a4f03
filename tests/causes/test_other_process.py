"""other-process: a child that grows, or a cgroup around a flat process; a busy host alone accuses nobody."""

from dataclasses import replace

import pytest
from build_case import CGO, KIB, MIB, case, flat, line, step, ticks, watched
from scenarios import PACE, judged, scene, verdict

from memwhy.causes.other_process import CONFIRM, judge
from memwhy.model.report import Finding, Verdict


def test_a_child_that_grows_beside_a_flat_process_is_the_one() -> None:
    found = judge(scene("child that grows"))
    assert found.bytes_per_s == pytest.approx(PACE, rel=0.01)
    assert replace(found, bytes_per_s=None) == Finding(
        cause="other-process",
        verdict=Verdict.SUPPORTED,
        probability=0.85,
        headline="A child process grows; the process itself does not.",
        bytes=45 * MIB,
        because=(found.because[0],),
        remedy=("watch the child: memwhy watch CHILD_PID",),
        confirm_with=CONFIRM,
    )
    assert judged(scene("child that grows"))["steady"].verdict is Verdict.CANNOT_SAY


def test_a_child_that_has_just_started_is_no_leak() -> None:
    young = watched(given={"process.children_rss_bytes": line(3 * MIB, 3 * KIB)})
    assert (judge(young).verdict, verdict(young).cause) == (Verdict.REFUTED, "steady")


def test_children_that_multiply_by_jumps_are_the_ones_and_a_pool_that_has_filled_is_not() -> None:
    count = ticks(lambda x: 1 + x // 13)
    resident = ticks(lambda x: 7 * MIB * (1 + x // 13))
    filled = ticks(lambda x: min(4, 1 + x))
    multiply = watched(given={"process.children_count": count, "process.children_rss_bytes": resident})
    pool = {"process.children_count": filled, "process.children_rss_bytes": step(7 * MIB, 28 * MIB, at=0.1)}
    assert judge(multiply).verdict is Verdict.SUPPORTED
    assert judge(watched(given=pool)).verdict is Verdict.REFUTED


def test_a_container_that_grows_around_its_first_process_points_at_another() -> None:
    around = watched(given={"cgroup.anon_bytes": line(110 * MIB, MIB)}, facts={**CGO, "process.nspid": "40212 1"})
    found = judge(around)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.5)
    assert found.headline == "This process is flat; another one around it grows."


@pytest.mark.parametrize("level", [110 * MIB, 900 * MIB])
@pytest.mark.parametrize("pids", [{}, {"process.nspid": "40231"}, {"process.nspid": "40231 21"}])
def test_a_tenant_of_a_cgroup_is_not_doubted_for_its_neighbours(level: int, pids: dict[str, str]) -> None:
    shared = watched(given={"cgroup.anon_bytes": line(level, MIB)}, facts={**CGO, **pids})
    assert (judge(shared).verdict, judge(shared).probability) == (Verdict.CANNOT_SAY, 0.1)
    assert verdict(shared).cause == "steady"


def test_a_host_on_which_something_grows_is_no_reason_to_doubt_a_flat_process() -> None:
    busy = watched(given={"host.anon_pages_bytes": line(2400 * MIB, MIB)})
    assert judge(busy).verdict is Verdict.CANNOT_SAY
    assert (verdict(busy).cause, verdict(busy).confidence) == ("steady", "medium")


def test_a_cgroup_that_hardly_moves_is_no_reason_either() -> None:
    busy = watched(given={"cgroup.anon_bytes": line(4000 * MIB, 200 * KIB)})
    assert judge(busy).verdict is Verdict.REFUTED


@pytest.mark.parametrize("name", ["cgo leak in arenas", "map that only grows", "mapped file read through", "nothing"])
def test_growth_of_its_own_rss_acquits_the_others(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED


def test_a_growing_host_without_any_process_leaves_it_open() -> None:
    host = case(total="host.used_bytes", series={"host.used_bytes": line(500 * MIB, MIB)})
    assert (judge(host).verdict, judge(host).probability) == (Verdict.CANNOT_SAY, 0.1)
    still = case(total="host.used_bytes", series={"host.used_bytes": flat(500 * MIB)})
    assert judge(still).verdict is Verdict.REFUTED
