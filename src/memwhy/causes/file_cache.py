"""Mapped files or the page cache are counted in; the kernel takes them back when it is short.

What grows       RssFile, layer mapped files; in a cgroup or on a host the file part or buff/cache.
Speaks for       File pages explain the growth, or most of the size.
Speaks against   File pages are flat; anonymous memory grows.
Remedy           None needed as a rule: alarm on anonymous memory or the working set; drop mappings that are read once.
References       proc_pid_status(5) RssFile; cgroup-v2.rst memory.stat file, inactive_file.
"""

from collections.abc import Iterator
from dataclasses import replace

from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, for_
from memwhy.causes.elsewhere import judge_parts
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding
from memwhy.model.units import human_bytes

NAME = "file-cache"
PARTS = (
    "layer.file_mapped_bytes",
    "process.rss_file_bytes",
    "cgroup.file_bytes",
    "host.buff_cache_bytes",
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    return judge_parts(
        case,
        cause=NAME,
        metrics=PARTS,
        noun="file pages",
        headline="The growth is file pages: mapped files or page cache, which the kernel can take back.",
        remedy=("alarm on anonymous memory (RssAnon, memory.stat anon) instead of RSS or memory.current",),
        confirm_with="grep -E 'RssAnon|RssFile' /proc/PID/status; memory.stat of the cgroup",
    )


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    yield from _of_process(case)
    yield from _listed(case, levels.level(case, "process.rss_bytes"))
    yield from _of_cgroup(case)
    yield from _of_host(case)
    yield from _written(case)
    yield from believed(
        STRONG,
        case.facts.get("said.cache") or levels.said(case, "grows", "cache") or levels.said(case, "plateau", "cache"),
    )
    yield from believed(STRONG, case.facts.get("said.mapped"))
    yield from believed(STRONG, levels.said(case, "grows", "container"))  # its own memory is flat beside it
    trial = levels.outcome(case, "drop_caches")
    if trial is not None:
        yield from (for_ if trial[1] == "fell" else against)(DECISIVE, trial[2])


AS_MUCH = 0.1


def _written(case: Case) -> Iterator[Clue]:
    """A file was written, and what is counted as used rose by its size: it is in the page cache (cgroup-v2.rst, memory.stat
    file), whether or not the tool that counts knows that."""
    wrote = case.facts.get("written.file_bytes", "")
    for metric in ("host.used_bytes", "host.buff_cache_bytes", "cgroup.current_bytes"):
        one = levels.level(case, metric)
        if one is None or not wrote.isdigit() or not int(wrote) or not one.rose:
            continue
        if abs(one.last - one.first - int(wrote)) <= AS_MUCH * int(wrote):
            yield from for_(STRONG, f"{human_bytes(int(wrote))} were written to a file, and with it {one.said}")
            return


def _of_process(case: Case) -> Iterator[Clue]:
    rss, anon = levels.level(case, "process.rss_bytes"), levels.level(case, "process.rss_anon_bytes")
    shared = levels.level(case, "process.rss_file_bytes", "process.shared_bytes")
    part = levels.share(shared, rss)
    several = len([one for one in case.controls if one.metric == "process.rss_bytes"]) > 1
    mixed = (
        shared is not None and shared.metric == "process.shared_bytes" and several
    )  # segments or a file, and many have it
    if shared is not None and part is not None and part >= 0.5:
        yield from for_(
            FAIR if mixed else DECISIVE,
            f"{shared.said} of {human_bytes(rss.last)} RSS ({weigh.percent(part)})" if rss else None,
        )
    elif shared is not None and part is not None and not _around(case, rss):
        yield from against(STRONG if part < 0.2 else FAIR, f"only {weigh.percent(part)} of RSS is {shared.said}")
    if anon is not None and shared is not None and anon.last > 2 * shared.last and not _around(case, rss or anon):
        yield from against(STRONG, f"{anon.said}, {shared.said}")


def _listed(case: Case, rss: levels.Level | None) -> Iterator[Clue]:
    """A part of the list of mappings, as a rule the largest: how much of it lies in files."""
    files, listed = (int(case.facts.get(f"mappings.listed_{name}bytes", "0")) for name in ("file_", ""))
    if rss is not None and rss.last and files >= 0.5 * rss.last:
        yield from for_(DECISIVE, f"the mappings of files that are listed have {human_bytes(files)} of {rss.said}")
    elif listed and files >= 0.75 * listed:
        yield from for_(
            FAIR, f"of {human_bytes(listed)} in the mappings that are listed {human_bytes(files)} are files"
        )


def _around(case: Case, own: levels.Level | None) -> bool:
    """What is in question lies around the process: its cgroup, with cache counted in, has twice what it has itself."""
    whole = levels.level(case, "cgroup.current_bytes")
    return own is not None and whole is not None and whole.last >= 2 * own.last


def _of_cgroup(case: Case) -> Iterator[Clue]:
    whole, file = (
        levels.level(case, "cgroup.current_bytes", "cgroup.working_set_bytes"),
        levels.level(case, "cgroup.file_bytes"),
    )
    if file is None:
        file = _larger(levels.level(case, "cgroup.active_file_bytes"), levels.level(case, "cgroup.inactive_file_bytes"))
    anon = levels.level(case, "cgroup.anon_bytes")
    shmem = levels.level(case, "cgroup.shmem_bytes")
    if file is None:
        own = levels.level(case, "process.rss_bytes", "process.rss_anon_bytes")
        used = levels.level(case, "host.used_bytes")
        if whole is not None and whole.metric == "cgroup.current_bytes":
            kernel = levels.level(case, "cgroup.kernel_bytes")
            left = whole.last - (kernel.last if kernel is not None else 0)
            smaller = next((one for one in (own, used) if one is not None and one.last < 0.75 * left), None)
            if kernel is not None and left < 0.5 * whole.last:
                return  # the kernel's own part is known, and it is the most of it
            alone = (
                not any(one.metric == "process.rss_bytes" for one in case.controls)
                and "process.children_count" not in case.series
            )
            text = f"{whole.said}, page cache counted in, but {smaller.said}" if smaller else None
            yield from for_(STRONG if alone else HINT, text)
        return
    off_lists = levels.tmpfs_of_cgroup(case) if file.metric == "cgroup.file_bytes" else None
    cached = (
        file.last - off_lists
        if off_lists
        else file.last - (shmem.last if shmem is not None and file.metric == "cgroup.file_bytes" else 0)
    )
    others = (anon, levels.level(case, "cgroup.kernel_bytes"), levels.level(case, "cgroup.sock_bytes"))
    size = max(whole.last if whole is not None else 0, file.last + sum(one.last for one in others if one is not None))
    part = cached / size if size else 0.0
    text = f"{file.said} of {human_bytes(size)} ({weigh.percent(part)})"
    yield from for_(DECISIVE, text) if part >= 0.5 else against(FAIR if part > 0.3 else STRONG, text)


def _larger(one: levels.Level | None, other: levels.Level | None) -> levels.Level | None:
    return max((found for found in (one, other) if found is not None), key=lambda found: found.last, default=None)


def _without_slab(case: Case) -> levels.Level | None:
    """buff/cache without the slab that free counts in: dentries and inodes are no pages of files."""
    cache, slab = levels.level(case, "host.buff_cache_bytes"), levels.level(case, "host.slab_reclaimable_bytes")
    if cache is None or slab is None or slab.last < 0.5 * cache.last:
        return cache
    rest = cache.last - slab.last
    return replace(cache, first=rest, last=rest, least=rest, most=rest, n=1, second=None)


def _of_host(case: Case) -> Iterator[Clue]:
    cache, size = _without_slab(case), levels.level(case, "host.total_bytes")
    used, free = levels.level(case, "host.used_bytes"), levels.level(case, "host.available_bytes")
    part = levels.share(cache, size)
    if cache is None or part is None or any(m in case.series for m in ("process.rss_bytes", "process.rss_anon_bytes")):
        return
    room = levels.share(free, size)
    if part >= 0.4 and (used is None or used.last < cache.last) and (room is None or room >= 0.3):
        yield from for_(
            STRONG, f"{cache.said} is {weigh.percent(part)} of the host's memory, and the kernel can take it back"
        )
    elif part < 0.2 and not any(_written(case)):  # else it is counted elsewhere
        yield from against(STRONG, f"only {weigh.percent(part)} of the host's memory is {cache.said}")
