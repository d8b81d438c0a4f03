"""kernel-memory: in a host's or a cgroup's total, never in a process's RSS."""

import pytest
from build_case import MIB, case, line, readings
from scenarios import scene, verdict

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
