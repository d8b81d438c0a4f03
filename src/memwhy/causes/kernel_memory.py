"""Kernel memory: slab, socket buffers, page tables, kernel stacks; no process owns it in its RSS.

What grows       SUnreclaim, KernelStack, PageTables, Percpu on the host; kernel, slab, sock in the cgroup; VmPTE.
Speaks for       The kernel's part explains the growth. Page tables alone are a process's own: they grow faster than its RSS
                 where pages of zeros or of shared memory are mapped thinly, or are given back and their tables stay.
                 So are the queues of its sockets: what is sent and not read, by the peer or here, waits in the kernel.
Speaks against   It is flat; the process's own RSS explains the growth: memory that is used needs a 512th of it in tables.
Remedy           Follow the growing slab cache (slabtop), the sockets' queues (ss -m), or the mappings behind the page tables.
References       proc_meminfo(5); cgroup-v2.rst memory.stat; slabinfo(5).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, for_
from memwhy.causes.elsewhere import judge_parts
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

NAME = "kernel-memory"
SHORT_S = 15.0
"""A program that starts fills its tables in less."""
OUTGROWS = 5.0
"""So many times RSS's growth, by both intervals: then RSS gains something with it, and is not what fills the memory."""
PARTS = (
    "cgroup.kernel_bytes", "cgroup.sock_bytes", "derived.kernel_bytes", "process.page_tables_bytes", "process.sockets_queued_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """Kernel memory of one process, in no RSS. told: what grows, as a sentence begins; remedy and confirm_with as in a Finding."""

    metric: str
    told: str
    headline: str
    remedy: str
    confirm_with: str


OWN = (
    Own(
        "process.page_tables_bytes",
        "page tables (VmPTE) grow",
        "Page tables grow, not the memory they map: each table is 4 KiB of the kernel's.",
        "map no more than is used, close together: a page table maps 2 MiB, and stays until its range is unmapped",
        "grep -E 'VmPTE|VmRSS' /proc/PID/status   twice, some minutes apart",
    ),
    Own(
        "process.sockets_queued_bytes",
        "what waits in the process's own sockets, unread or not yet taken by the peer, grows",
        "The sockets' queues grow: data waits in the kernel until it is read here, or by the peer.",
        "find the side that does not read (Recv-Q: this process, Send-Q: the peer), and bound what may wait for it: "
        "a deadline for writing, smaller SO_SNDBUF and SO_RCVBUF, or drop slow peers",
        "ss -tmp   (Recv-Q, Send-Q and skmem of the process's sockets), twice, some minutes apart",
    ),
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return _by_own(case) or judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="kernel memory",
        headline="The kernel's own memory grows: slab, sockets, page tables or per-cpu data.",
        remedy=("find the cache: slabtop -s c; sockets' queues: ss -tm; then the program that makes them",),
        confirm_with="grep -E 'SUnreclaim|KernelStack|PageTables|Percpu' /proc/meminfo   twice, some minutes apart",
    )


def own_grows(case: Case) -> tuple[Own, Series] | None:
    """What of the kernel's memory is the process's own and in no RSS, when it grows, by more than a start takes, and faster
    than its RSS: page tables (what is resident needs 8 bytes of them for each page of 4 KiB, Documentation/mm/page_tables.rst)
    and the queues of its sockets."""
    resident = case.series.get("process.rss_bytes")
    if resident is None or case.total != resident.metric:
        return None
    for own in OWN:
        series = case.series.get(own.metric)
        if series is None or not series.growing or series.last - series.first <= weigh.SLIGHT_LEAST_BYTES:
            continue
        if series.last - series.first > resident.most - resident.first:
            return own, series
    return None


def _by_own(case: Case) -> Finding | None:
    """The kernel memory of one process, which its RSS leaves out; None where it does not outgrow it."""
    found = own_grows(case)
    if found is None:
        return None
    own, series = found
    course = series.course
    if not isinstance(course, Trend):
        return None
    beside = _grows_beside(case, own)
    text = f"{own.told}: {weigh.change_said(series)}, {weigh.slope_said(course)}; in no RSS"
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if beside else Verdict.SUPPORTED,
        probability=0.1 if beside else 0.85 if course.span >= SHORT_S else 0.65,
        headline=own.headline,
        bytes=series.last,
        bytes_per_s=course.slope if course.per == "s" else None,
        because=(text,),
        against=(beside,) if beside else (),
        remedy=(own.remedy,),
        confirm_with=own.confirm_with,
    )


def _outgrows(series: Series, resident: Series) -> bool:
    """Is what RSS gains small beside it, as far as both courses are known?"""
    own, rss = series.course, resident.course
    return isinstance(own, Trend) and isinstance(rss, Trend) and own.per == rss.per and own.low >= OUTGROWS * rss.high


def _grows_beside(case: Case, own: Own) -> str | None:
    """What else grows, which this would follow: the process's RSS, or the number of what has the queues."""
    if weigh.grows(case) is True and not _outgrows(case.series[own.metric], case.series["process.rss_bytes"]):
        return "the process's own RSS grows too"
    descriptors = counted.count(case, "process.descriptors_count")
    if own.metric == "process.sockets_queued_bytes" and descriptors is not None and counted.rising(descriptors):
        return f"each of them has a queue: {counted.told(descriptors, 'descriptors')}"
    return None


CGROUP = ("anon", "file", "sock", "slab", "kernel")
"""Parts of a cgroup's memory; kernel holds slab where both are told, so that their sum is the most it can be."""
OF_USED = 0.4
"""Kernel memory beyond its usual tenth or fifth of what a host uses."""
MANY_CGROUPS = 10_000
"""A host has some per container and unit, hundreds as a rule; of v1 there can be 65,535 (mm/memcontrol.c)."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    used, size = levels.level(case, "host.used_bytes"), levels.level(case, "host.total_bytes")
    drivers = uncounted(case, used)
    yield from for_(STRONG, drivers)
    kernel, anon = levels.level(case, "derived.kernel_bytes"), levels.level(case, "host.anon_pages_bytes")
    slab = levels.level(case, "host.slab_bytes", "host.slab_top_bytes", "host.slab_reclaimable_bytes")
    for one in (kernel, slab, levels.level(case, "host.wired_bytes"), levels.level(case, "host.arc_bytes")):
        against_anon = anon is None or one is None or one.last > anon.last
        part = levels.share(one, used) or levels.share(one, size)
        if one is not None and one.rose and part is None:
            yield from for_(STRONG, one.said)
        if one is None or part is None:
            continue
        text = f"{one.said} is {weigh.percent(part)} of what the host uses"
        if part >= OF_USED and against_anon:
            yield from for_(DECISIVE, text)
        elif one.rose:
            yield from for_(STRONG, one.said)
        elif part < 0.15 and drivers is None:
            yield from against(FAIR, text)
    sockets = levels.level(case, "host.sockets_bytes")
    if sockets is not None and (levels.share(sockets, used) or 0) >= OF_USED:
        yield from for_(DECISIVE, f"{sockets.said} of {used.said}" if used else None)
    elif sockets is not None and used is None and size is None and sockets.last >= 512 * MIB:
        yield from for_(STRONG, sockets.said)
    tables = levels.level(case, "host.page_tables_bytes")
    if tables is not None and (levels.share(tables, size) or 0) >= 0.1:
        # a page of 4 KiB takes 8 bytes in every table that maps it: so much is hundreds of processes that map one segment
        yield from for_(DECISIVE, f"{tables.said} of {size.said}" if size else None)
    if slab is not None and (used is None and size is None) and slab.last >= 512 * MIB:
        yield from for_(STRONG, slab.said)
    parts = [one.last for name in CGROUP if (one := levels.level(case, f"cgroup.{name}_bytes")) is not None]
    whole = levels.level(case, "cgroup.current_bytes", "cgroup.working_set_bytes")
    around = max(whole.last if whole is not None else 0, sum(parts))
    for metric in ("cgroup.kernel_bytes", "cgroup.slab_bytes", "cgroup.sock_bytes", "cgroup.slab_reclaimable_bytes"):
        one = levels.level(case, metric)
        if one is not None and around and one.last >= OF_USED * around:
            yield from for_(DECISIVE, f"{one.said} of {human_bytes(around)}")
    yield from _uncounted_in_cgroup(case)
    yield from _nobody_s(case, used)
    yield from for_(STRONG, case.facts.get("kernel.exhausted"))
    groups = levels.level(case, "host.memory_cgroups_count")
    if groups is not None and groups.last >= MANY_CGROUPS:
        yield from for_(STRONG, f"{groups.said}: those that were removed are kept by kernel memory charged to them")
    yield from believed(STRONG, levels.said(case, "grows", "kernel"))
    if levels.level(case, "cgroup.file_bytes", "process.rss_bytes") is None:
        yield from believed(HINT, levels.said(case, "grows", "container"))


def uncounted(case: Case, used: levels.Level | None) -> str | None:
    """Most of what the host uses is neither free, cache, anonymous nor slab: pages that drivers took, or a balloon."""
    rest = levels.level(case, "host.uncounted_bytes")
    if rest is None or used is None or rest.last < max(512 * MIB, OF_USED * used.last):
        return None
    return (
        f"{human_bytes(rest.last)} of {used.said} are in no line of meminfo: "
        "pages that a driver took, or that a balloon gave back to the machine below"
    )


def _nobody_s(case: Case, used: levels.Level | None) -> Iterator[Clue]:
    """Memory in use that no process has."""
    theirs = levels.level(case, "host.processes_rss_bytes")
    if used is not None and theirs is not None and theirs.last < 0.6 * used.last:
        yield from for_(STRONG, f"{used.said}, but all processes together have {human_bytes(theirs.last)}")
    ended = levels.outcome(case, "process_ended")
    host = used is not None or theirs is not None or levels.said(case, "grows", "host", "kernel") is not None
    if ended is not None and host and "host.tmpfs_used_bytes" not in case.series:
        yield from (for_ if ended[1] != "fell" else against)(STRONG, ended[2])
    rss = levels.level(case, "process.rss_bytes", "process.rss_anon_bytes")
    if _unsized_arc(case, used):
        yield from for_(STRONG, f"ZFS's ARC is asked about, which counts as used: {used.said}" if used else None)
        if rss is not None and rss.quantum * ROUND >= rss.last:
            return  # `memory usage is at 15G` is the host's
    whole = used or levels.level(case, "cgroup.current_bytes", "cgroup.working_set_bytes")
    if rss is not None and (whole is None or rss.last >= 0.5 * whole.last):
        yield from against(STRONG, f"a process has it: {rss.said}")


ROUND = 16


def _unsized_arc(case: Case, used: levels.Level | None) -> bool:
    """ZFS' statistics are shown without a size, most of the host's memory is used, little of it is page cache, and no
    processes are listed: what drop_caches leaves of the ARC stays in use (zfs(4), zfs_arc_max)."""
    size, cache = levels.level(case, "host.total_bytes"), levels.level(case, "host.buff_cache_bytes")
    if "zfs.arc" not in case.facts or "host.arc_bytes" in case.series or "host.processes_rss_bytes" in case.series:
        return False
    little = cache is None or used is None or cache.last < 0.2 * used.last
    return used is not None and (levels.share(used, size) or 0) >= 0.5 and little and not case.controls


def _uncounted_in_cgroup(case: Case) -> Iterator[Clue]:
    """A cgroup is charged with more than its anonymous pages and its cache, both read: the rest is the kernel's."""
    whole, anon, file = (levels.level(case, f"cgroup.{name}_bytes") for name in ("current", "anon", "file"))
    if whole is None or anon is None or file is None or "cgroup.kernel_bytes" in case.series:
        return
    rest = whole.last - anon.last - file.last
    if rest < max(8 * MIB, OF_USED * whole.last):
        return
    listed = int(case.facts.get("cgroup.anon_listed_bytes", "0"))
    if listed < anon.last + 0.5 * rest:  # else they are pages of programs, which no process maps any more
        yield from for_(
            STRONG, f"{whole.said}, of which {anon.said} and {file.said}: {human_bytes(rest)} are the kernel's"
        )
