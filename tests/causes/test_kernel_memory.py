"""kernel-memory: in a host's or a cgroup's total, never in a process's RSS."""

import pytest
from build_case import KIB, MIB, case, line, readings, step, watched
from scenarios import judged, scene, verdict

from memwhy.causes import judge_all
from memwhy.causes.kernel_memory import judge
from memwhy.model.report import Verdict


@pytest.mark.parametrize(
    ("total", "part"), [("host.used_bytes", "derived.kernel_bytes"), ("cgroup.current_bytes", "cgroup.kernel_bytes")]
)
def test_slab_that_carries_the_growth_is_kernel_memory(total: str, part: str) -> None:
    grown = case(total=total, series={total: line(500 * MIB, MIB), part: line(90 * MIB, 0.98 * MIB)})
    found = judge(grown)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.85)
    assert found.because[0].startswith("98 % of the growth is kernel memory: ")
    assert verdict(grown).cause == "kernel-memory"


def test_a_processs_rss_holds_no_kernel_memory() -> None:
    found = judge(scene("cgo leak in arenas"))
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, 0)
    assert found.against[0].startswith("what grows is the process's own RSS, in which no kernel memory is")


def test_a_host_whose_slab_was_not_read_leaves_it_open() -> None:
    host = case(total="host.used_bytes", series={"host.used_bytes": line(500 * MIB, MIB)})
    assert (judge(host).verdict, judge(host).because) == (Verdict.CANNOT_SAY, ("not read: kernel memory",))


def test_flat_slab_beside_a_growing_host_is_acquitted() -> None:
    host = case(
        total="host.used_bytes",
        series={"host.used_bytes": line(500 * MIB, MIB), "derived.kernel_bytes": line(90 * MIB, 0)},
    )
    assert judge(host).verdict is Verdict.REFUTED


def test_one_look_says_how_large_it_is() -> None:
    look = case(
        total="host.used_bytes",
        series={"host.used_bytes": readings(900 * MIB), "derived.kernel_bytes": readings(800 * MIB)},
    )
    assert judge(look).because == ("89 % of the total is kernel memory at this moment",)


def test_page_tables_that_grow_beside_a_flat_process_are_the_answer() -> None:
    grown = watched(grows={"process.page_tables_bytes": MIB})
    found = judge(grown)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.85)
    assert found.because[0].startswith("page tables (VmPTE) grow: ")
    assert (found.bytes_per_s is not None and found.bytes_per_s) == pytest.approx(MIB, rel=0.02)
    assert (verdict(grown).cause, judged(grown)["steady"].verdict) == ("kernel-memory", Verdict.CANNOT_SAY)


def test_queues_of_sockets_that_fill_beside_a_flat_process_are_the_answer() -> None:
    grown = watched(grows={"process.sockets_queued_bytes": MIB})
    found = judge(grown)
    assert (found.verdict, found.probability) == (Verdict.SUPPORTED, 0.85)
    assert found.because[0].startswith(
        "what waits in the process's own sockets, unread or not yet taken by the peer, grows: "
    )
    assert found.confirm_with is not None and found.confirm_with.startswith("ss -tmp")
    assert (verdict(grown).cause, judged(grown)["steady"].verdict) == ("kernel-memory", Verdict.CANNOT_SAY)


def test_queues_that_take_many_times_what_the_process_gains_are_the_answer() -> None:
    grown = watched(grows={"process.sockets_queued_bytes": MIB, "layer.go_heap_bytes": 100 * KIB})
    found = judge(grown)
    assert (found.verdict, found.probability, found.against) == (Verdict.SUPPORTED, 0.85, ())
    assert verdict(grown).cause == "kernel-memory"


def test_queues_that_grow_beside_a_process_that_grows_as_well_are_not() -> None:
    grown = watched(grows={"process.sockets_queued_bytes": MIB, "layer.go_heap_bytes": 300 * KIB})
    found = judge(grown)
    assert (found.verdict, found.against) == (Verdict.CANNOT_SAY, ("the process's own RSS grows too",))


def test_queues_of_ever_more_sockets_follow_the_descriptors() -> None:
    grown = watched(grows={"process.sockets_queued_bytes": MIB, "process.descriptors_count": 30})
    found = judge(grown)
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.1)
    assert found.against[0].startswith("each of them has a queue: descriptors ")
    assert verdict(grown).cause == "descriptor-leak"


def test_page_tables_of_memory_that_is_mapped_and_used_follow_it_and_are_acquitted() -> None:
    grown = watched(grows={"layer.anonymous_bytes": MIB, "process.page_tables_bytes": MIB / 512})
    assert judge(grown).verdict is Verdict.REFUTED
    assert verdict(grown).cause == "mmap-leak"


def test_page_tables_that_outgrow_the_memory_they_map_are_told_beside_it() -> None:
    grown = watched(grows={"layer.anonymous_bytes": MIB / 4, "process.page_tables_bytes": MIB})
    found = judge(grown)
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.1)
    assert verdict(grown).cause == "mmap-leak"


def test_page_tables_that_a_large_process_gains_at_once_are_no_course() -> None:
    once = watched(given={"process.page_tables_bytes": step(2 * MIB, 2 * MIB + 96 * KIB, noise=1)})
    assert (judge(once).verdict, verdict(once).cause) == (Verdict.REFUTED, "steady")


def test_most_of_the_used_memory_in_no_line_of_meminfo_is_a_drivers_or_a_balloons() -> None:
    series = {"host.used_bytes": readings(12_000 * MIB), "host.uncounted_bytes": readings(9_000 * MIB)}
    best = max(judge_all(case(series=series)), key=lambda finding: finding.probability)
    assert (best.cause, best.verdict) == ("kernel-memory", Verdict.SUPPORTED)
    assert best.because[0] == (
        "8.8 GiB of used memory 11.7 GiB are in no line of meminfo: pages that a driver took, "
        "or that a balloon gave back to the machine below"
    )


def test_a_small_part_in_no_line_of_meminfo_says_nothing() -> None:
    series = {"host.used_bytes": readings(12_000 * MIB), "host.uncounted_bytes": readings(900 * MIB)}
    finding = next(finding for finding in judge_all(case(series=series)) if finding.cause == "kernel-memory")
    assert (finding.verdict, round(finding.probability, 2)) == (Verdict.CANNOT_SAY, 0.05)
