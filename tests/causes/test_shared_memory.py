"""shared-memory: segments inside the total."""

from dataclasses import replace

import pytest
from build_case import MIB, case, line
from scenarios import scene, scene_without, verdict

from memwhy.causes.shared_memory import judge
from memwhy.model.report import Finding, Verdict


def test_segments_that_stay_mapped_are_shared_memory() -> None:
    found = judge(scene("segments that stay mapped"))
    assert replace(found, bytes_per_s=None, remedy=(), confirm_with=None) == Finding(
        cause="shared-memory",
        verdict=Verdict.SUPPORTED,
        probability=0.85,
        headline="Shared memory grows: tmpfs, memfd or SysV segments.",
        bytes=45 * MIB,
        because=(found.because[0],),
    )
    assert found.because[0].startswith("100 % of the growth is shared memory: shared memory ")


def test_status_alone_and_a_host_alone_tell_it_too() -> None:
    assert verdict(scene_without("segments that stay mapped", "smaps")).cause == "shared-memory"
    host = case(
        total="host.used_bytes",
        series={"host.used_bytes": line(500 * MIB, MIB), "host.shared_bytes": line(40 * MIB, MIB)},
    )
    assert judge(host).verdict is Verdict.SUPPORTED


def test_tmpfs_of_the_host_is_not_in_a_processs_rss() -> None:
    process = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": line(60 * MIB, MIB), "host.shared_bytes": line(40 * MIB, MIB)},
    )
    assert judge(process).verdict is Verdict.CANNOT_SAY


@pytest.mark.parametrize("name", ["cgo leak in arenas", "mmap beside a C heap", "mapped file read through", "nothing"])
def test_flat_shared_pages_acquit_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED
