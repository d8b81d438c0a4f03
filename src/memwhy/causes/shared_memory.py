"""Shared memory: tmpfs, memfd, SysV or POSIX segments, which stay until they are removed.

What grows       RssShmem, layer shared memory, the host's Shmem, files in /dev/shm or a tmpfs.
Speaks for       Shared pages explain the growth. Beside a flat process, whose pages nobody has mapped: its memfds become more, or
                 it is the first of its container, and that is charged for them.
Speaks against   The shared part is flat. The host's Shmem alone tells nothing of whose it is.
Remedy           Remove segments and files (shm_unlink, ipcrm, closing memfds); bound what is written to tmpfs.
References       proc_meminfo(5) Shmem; memfd_create(2); tmpfs(5).
"""

from collections.abc import Iterator

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, STRONG, Clue, against, believed, for_
from memwhy.causes.elsewhere import judge_parts
from memwhy.causes.other_process import first_of_container
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

NAME = "shared-memory"
PARTS = ("layer.shared_memory_bytes", "process.rss_shmem_bytes", "cgroup.shmem_bytes", "host.shared_bytes")

ALONE_BYTES = 1 << 30
"""Desktops and databases of a usual size have some hundred MiB."""

REMEDY = ("remove what is done with: shm_unlink, ipcrm, close memfds; look into /dev/shm and other tmpfs mounts",)
MOUNT = "/dev/shm/"


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return _unmapped(case) or judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="shared memory",
        headline="Shared memory grows: tmpfs, memfd or SysV segments.",
        remedy=REMEDY,
        confirm_with="grep Shmem /proc/meminfo; ls -l /dev/shm; ls -l /proc/PID/fd | grep memfd",
    )


def _unmapped(case: Case) -> Finding | None:
    """The host's shared memory grows and the process does not: files in a tmpfs that nobody has mapped are in no RSS, stay when
    their writer ends, and are charged to the cgroup that first touched them (tmpfs(5); cgroup-v2.rst, "Memory Ownership")."""
    shared = case.series.get("host.shared_bytes")
    if case.total != "process.rss_bytes" or weigh.grows(case) or shared is None:
        return None
    if not shared.growing or shared.last - shared.first <= weigh.SLIGHT_MOST_BYTES:
        return None
    memfds, charged = case.series.get("process.memfds_count"), case.series.get("cgroup.shmem_bytes")
    because = [f"the host's shared memory grows, which is in no RSS: {weigh.change_said(shared)}"]
    its_own = memfds is not None and counted.rising(memfds)
    if memfds is not None and its_own:
        because.append(counted.told(memfds, "memfds"))
    if charged is not None and charged.growing and 2 * (charged.last - charged.first) >= shared.last - shared.first:
        because.append(f"its cgroup is charged for it: {weigh.change_said(charged)}")
        its_own = its_own or first_of_container(case)
    if (opened := _opened(case)) is not None:
        because.append(f"it has {opened} open")
    pid = case.target.pid or "PID"
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED if its_own else Verdict.CANNOT_SAY,
        probability=0.8 if its_own else 0.2 if opened else 0.04,
        headline="Shared memory grows that no process has mapped: files in a tmpfs, or memfds.",
        bytes=max(0, shared.last - shared.first),
        bytes_per_s=shared.course.slope if isinstance(shared.course, Trend) and shared.course.per == "s" else None,
        because=tuple(because),
        against=() if its_own else ("whose it is was not seen: any process of this host may write there",),
        remedy=REMEDY,
        confirm_with=f"ls -lt /dev/shm | head; grep wchar /proc/{pid}/io; grep Shmem: /proc/meminfo   twice: it writes as much as Shmem rises?",
    )


def _opened(case: Case) -> str | None:
    """A file of this process in the tmpfs that every Linux has, as its descriptors name it."""
    seen = [one.profile for one in case.profiles if one.profile.kind == "descriptors"]
    paths = (stack.frames[-1] for stack in seen[-1].stacks) if seen else iter(())
    return next((path for path in paths if path.startswith(MOUNT)), None)


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    pairs = (
        ("process.rss_shmem_bytes", ("process.rss_bytes",)),
        ("cgroup.shmem_bytes", ("cgroup.current_bytes", "cgroup.working_set_bytes", "cgroup.file_bytes")),
        ("host.shared_bytes", ("host.used_bytes",)),
    )
    for metric, wholes in pairs:
        one, whole = levels.level(case, metric), levels.level(case, *wholes)
        part = levels.share(one, whole)
        if one is None or part is None:
            continue
        others = max((one.last for one in (levels.level(case, "host.anon_pages_bytes"),) if one is not None), default=0)
        text = f"{one.said} beside {whole.said}" if whole else None
        if part >= 0.5 and one.last >= others:
            yield from for_(DECISIVE, text)
        elif one.rose and whole is not None and one.last - one.first >= 0.5 * (whole.last - whole.first):
            yield from for_(STRONG, text)
        elif part < 0.2:
            yield from against(FAIR, text)
    yield from _alone(case)
    yield from _in_page_cache(case)
    shared, rss = levels.level(case, "process.shared_bytes"), levels.level(case, "process.rss_bytes")
    many = [one for one in case.controls if one.metric == "process.rss_bytes"]
    if shared is not None and (levels.share(shared, rss) or 0) >= 0.5 and len(many) > 1:
        yield from for_(STRONG, f"{shared.said}, counted in each of {len(many) + 1} processes")
        if "shared" in case.facts.get("said.held", ""):
            yield from believed(FAIR, case.facts["said.held"])
    tmpfs, whole = (
        levels.level(case, "host.tmpfs_used_bytes"),
        levels.level(case, "cgroup.current_bytes", "host.used_bytes"),
    )
    part = levels.share(tmpfs, whole)
    if tmpfs is not None and (part is None or part >= 0.4) and tmpfs.last >= 256 * MIB:
        yield from for_(DECISIVE if part is not None else STRONG, tmpfs.said + (f" of {whole.said}" if whole else ""))
    off_lists, cache = levels.tmpfs_of_cgroup(case), levels.level(case, "cgroup.file_bytes")
    if off_lists is not None and cache is not None and off_lists >= max(64 * MIB, cache.last // 2):
        yield from for_(
            DECISIVE, f"{human_bytes(off_lists)} of {cache.said} lie on no file list: tmpfs or shared memory"
        )
    ended = levels.outcome(case, "process_ended")
    if tmpfs is not None and ended is not None and ended[1] != "fell":
        yield from for_(FAIR, ended[2])
    yield from believed(STRONG, levels.said(case, "grows", "shared"))


def _alone(case: Case) -> Iterator[Clue]:
    """Nothing but the host's shared memory was read: its name is Shmem, and the kernel counts nothing else in it."""
    shared = levels.level(case, "host.shared_bytes")
    beside = levels.level(case, "host.used_bytes", "host.buff_cache_bytes", "host.anon_pages_bytes", *levels.RESIDENT)
    if shared is not None and beside is None and shared.last >= ALONE_BYTES:
        yield from for_(STRONG, shared.said)


def _in_page_cache(case: Case) -> Iterator[Clue]:
    """The host's cache is shared memory all but a little, and more than its processes have: a root file system in
    memory, files in a tmpfs. Shmem is counted in Cached (proc_meminfo(5)), and nothing of it can be dropped."""
    shared, cache = levels.level(case, "host.shared_bytes"), levels.level(case, "host.buff_cache_bytes")
    anon = levels.level(case, "host.anon_pages_bytes")
    if shared is None or cache is None or anon is None or shared.last < 64 * MIB or shared.last < 2 * anon.last:
        return
    if shared.last >= 0.8 * cache.last:
        yield from for_(STRONG, f"{cache.said} is {shared.said} all but a little: tmpfs, which cannot be dropped")
