"""shared-memory: segments inside the total."""

from dataclasses import replace

import pytest
from build_case import CGO, MIB, case, line, watched
from scenarios import scene, scene_without, verdict

from memwhy.causes.shared_memory import judge
from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Where
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


def spooled(pace: float = MIB, *, facts: dict[str, str] | None = None, opened: str = "", memfds: float = 0.0) -> Case:
    """A flat process on a host whose shared memory, and its cgroup's, grow; what it has open, and how many memfds."""
    given = {
        "host.shared_bytes": line(40 * MIB, pace),
        "cgroup.shmem_bytes": line(2 * MIB, pace),
        "process.memfds_count": line(1, memfds),
    }
    made = watched(given=given, facts={**CGO, **(facts or {})})
    stacks = (StackSample(frames=("file", opened), value=1),) if opened else ()
    held = Profile(kind="descriptors", unit="count", total=len(stacks), rows=(), stacks=stacks)
    seen = SeenProfile(profile=held, subject="target", where=Where(file="x"), x=50.0)
    return replace(made, profiles=(seen,))


def test_files_in_a_tmpfs_beside_a_flat_process_are_told_and_accuse_nobody() -> None:
    found = judge(spooled(opened="/dev/shm/spool-#/part-#"))
    assert (found.verdict, found.probability) == (Verdict.CANNOT_SAY, 0.2)
    assert found.because == (
        "the host's shared memory grows, which is in no RSS: 40.0 to 100.0 MiB",
        "its cgroup is charged for it: 2.0 to 62.0 MiB",
        "it has /dev/shm/spool-#/part-# open",
    )
    assert found.against == ("whose it is was not seen: any process of this host may write there",)
    assert found.confirm_with is not None and "wchar /proc/PID/io" in found.confirm_with
    assert verdict(spooled(opened="/dev/shm/spool-#/part-#")).cause == "steady"
    assert judge(spooled(opened="/var/log/shm/app.log")).probability == 0.04


def test_memfds_that_become_more_and_a_container_of_its_own_tell_whose_it_is() -> None:
    for its_own in (spooled(memfds=1.0), spooled(facts={"process.nspid": "40212 1"})):
        found = judge(its_own)
        assert (found.verdict, found.probability, found.against) == (Verdict.SUPPORTED, 0.8, ())
        assert found.bytes_per_s == pytest.approx(MIB, rel=0.01)


def test_shared_memory_of_a_host_that_stays_is_no_suspect() -> None:
    assert judge(spooled(0.0)).verdict is Verdict.REFUTED
