"""virtual-only: address space that goes on growing while RSS does not."""

import pytest
from build_case import KIB, MIB, case, line, readings, watched
from scenarios import scene, verdict

from memwhy.causes.virtual_only import judge
from memwhy.model import weigh
from memwhy.model.report import Finding, Verdict


def test_address_space_that_grows_over_flat_memory_is_virtual_only() -> None:
    assert judge(scene("address space that grows")) == Finding(
        cause="virtual-only",
        verdict=Verdict.SUPPORTED,
        probability=0.85,
        headline="Only address space grows; resident memory does not.",
        bytes=0,
        because=("address space: 1.6 to 2.1 GiB", "RSS: 69.9 to 69.8 MiB"),
        remedy=("nothing to free: watch RSS instead of VIRT",),
    )


def test_one_arenas_reservation_is_no_course() -> None:
    reserved = watched(grows={"process.virtual_bytes": MIB})
    assert (judge(reserved).verdict, verdict(reserved).cause) == (Verdict.REFUTED, "steady")


@pytest.mark.parametrize("name", ["cgo leak in arenas", "map that only grows", "threads with arenas"])
def test_memory_that_is_resident_is_not_virtual_only(name: str) -> None:
    found = judge(scene(name))
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, 0)


def test_address_space_alone_proves_nothing() -> None:
    top = case(total="process.virtual_bytes", series={"process.virtual_bytes": line(2048 * MIB, 9 * MIB)})
    assert judge(top).because == ("only address space was read: what is resident cannot be said",)
    assert verdict(top).cause == "undetermined"


def test_one_look_cannot_tell() -> None:
    look = case(total="process.rss_bytes", series={"process.rss_bytes": readings(60 * MIB)})
    assert judge(look).verdict is Verdict.CANNOT_SAY


def test_memory_that_moves_as_little_as_in_a_warm_up_leaves_the_address_space_the_answer() -> None:
    reserved = watched(grows={"process.virtual_bytes": 10 * MIB, "layer.anonymous_bytes": 9 * KIB}, noise=0)
    assert weigh.grows(reserved) is None
    assert (judge(reserved).verdict, verdict(reserved).cause) == (Verdict.SUPPORTED, "virtual-only")


def test_address_space_that_grows_no_faster_than_what_is_touched_of_it_proves_nothing() -> None:
    touched = watched(grows={"process.virtual_bytes": 0.88 * MIB, "layer.anonymous_bytes": 11 * KIB}, noise=0)
    assert weigh.grows(touched) is None
    assert judge(touched).verdict is Verdict.CANNOT_SAY
