"""file-cache: file pages inside the total, never those of somewhere else."""

from dataclasses import replace

import pytest
from build_case import MIB, case, flat, line, readings
from scenarios import scene, scene_without, verdict

from memwhy.causes.file_cache import judge
from memwhy.model.report import Finding, Verdict


def test_a_mapped_file_that_is_read_through_is_file_cache() -> None:
    found = judge(scene("mapped file read through"))
    assert replace(found, bytes_per_s=None, remedy=(), confirm_with=None) == Finding(
        cause="file-cache",
        verdict=Verdict.SUPPORTED,
        probability=0.85,
        headline="The growth is file pages: mapped files or page cache, which the kernel can take back.",
        bytes=47707378,
        because=(
            "100 % of the growth is file pages: mapped files 0.5 to 45.5 MiB, +45.0 MiB/min (+45.0 MiB to +45.0 MiB)",
        ),
    )


def test_status_alone_tells_it_too() -> None:
    assert verdict(scene_without("mapped file read through", "smaps")).cause == "file-cache"


def test_page_cache_of_a_cgroup_is_in_the_cgroups_memory() -> None:
    group = case(
        total="cgroup.current_bytes",
        series={"cgroup.current_bytes": line(300 * MIB, MIB), "cgroup.file_bytes": line(60 * MIB, 0.95 * MIB)},
    )
    assert judge(group).verdict is Verdict.SUPPORTED


def test_page_cache_of_the_host_is_not_in_a_processs_rss() -> None:
    process = case(
        total="process.rss_bytes",
        series={"process.rss_bytes": line(60 * MIB, MIB), "host.buff_cache_bytes": line(900 * MIB, MIB)},
    )
    assert (judge(process).verdict, judge(process).because) == (Verdict.CANNOT_SAY, ("not read: file pages",))


def test_used_memory_leaves_the_page_cache_out() -> None:
    host = case(
        total="host.used_bytes",
        series={"host.used_bytes": line(500 * MIB, MIB), "host.buff_cache_bytes": line(900 * MIB, MIB)},
    )
    found = judge(host)
    assert (found.verdict, found.bytes) == (Verdict.REFUTED, 0)
    assert found.against[0].startswith("`used` leaves buff/cache out; buff/cache 900.0 to 960.0 MiB")


def test_one_look_at_mostly_file_pages_supports_it() -> None:
    look = case(
        total="cgroup.current_bytes",
        series={"cgroup.current_bytes": readings(500 * MIB), "cgroup.file_bytes": readings(450 * MIB)},
    )
    assert judge(look).because == ("90 % of the total is file pages at this moment",)


@pytest.mark.parametrize("name", ["cgo leak in arenas", "map that only grows", "segments that stay mapped", "nothing"])
def test_flat_file_pages_acquit_it(name: str) -> None:
    assert judge(scene(name)).verdict is Verdict.REFUTED
    assert (
        judge(case(total="process.rss_bytes", series={"process.rss_bytes": flat(9 * MIB)})).verdict is Verdict.REFUTED
    )
