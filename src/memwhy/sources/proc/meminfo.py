"""/proc/meminfo: the host's memory.

host.used_bytes is computed as `free` of procps-ng 4 does, MemTotal - MemAvailable (checked against
4.0.2); where the kernel has no MemAvailable (before 3.14) as 3.3 did, MemTotal - MemFree - Buffers -
cache. Source: proc_meminfo(5).
"""

from collections.abc import Iterable, Mapping, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import fields, find_fields, quanta, size_bytes
from memwhy.sources.proc.files import read_file
from memwhy.sources.span import Span

NAME = "proc/meminfo"

_SIZES = {
    "MemTotal": "host.total_bytes",
    "MemFree": "host.free_bytes",
    "MemAvailable": "host.available_bytes",
    "Shmem": "host.shared_bytes",
    "SwapTotal": "host.swap_total_bytes",
    "AnonPages": "host.anon_pages_bytes",
    "Mapped": "host.mapped_bytes",
    "Slab": "host.slab_bytes",
    "SReclaimable": "host.slab_reclaimable_bytes",
    "SUnreclaim": "host.slab_unreclaimable_bytes",
    "KernelStack": "host.kernel_stack_bytes",
    "PageTables": "host.page_tables_bytes",
    "Percpu": "host.percpu_bytes",
    "VmallocUsed": "host.vmalloc_bytes",
}
_PARTS = ("Buffers", "Cached", "SwapFree", "SwapCached", "Zswap", "Hugetlb", "Hugepagesize")
_COUNTED = ("MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "Slab", "KernelStack", "PageTables", "Percpu", "Zswap", "Hugetlb")  # fmt: skip
"""Each page is in one of these at most: Shmem is in Cached, AnonHugePages in AnonPages, SReclaimable in Slab."""
_STRONG = (
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SReclaimable",
    "SUnreclaim",
    "Slab",
    "AnonPages",
    "Percpu",
    "KernelStack",
    "PageTables",
    "VmallocUsed",
    "Committed_AS",
)
_MEMBERS_TEXT = """
    SwapCached Active Inactive Active(anon) Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked
    SwapTotal SwapFree Zswap Zswapped Dirty Writeback Mapped Shmem KReclaimable KernelStack ShadowCallStack
    PageTables SecPageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal
    VmallocUsed VmallocChunk Percpu EarlyMemtestBad HardwareCorrupted AnonHugePages ShmemHugePages
    ShmemPmdMapped FileHugePages FilePmdMapped CmaTotal CmaFree Unaccepted Balloon HugePages_Total
    HugePages_Free HugePages_Rsvd HugePages_Surp Hugepagesize Hugetlb DirectMap4k DirectMap2M DirectMap4M
    DirectMap1G
"""
_MEMBERS = tuple(_MEMBERS_TEXT.split())


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(f"{root.rstrip('/')}/meminfo")


def parse(raw: bytes) -> Reading:
    """The host's sizes, as far as their lines are there."""
    sizes: dict[str, int] = {}
    pages_count: int | None = None
    known = False
    for field in fields(raw):
        if field.key in _SIZES or field.key in _PARTS:
            sizes[field.key] = size_bytes(NAME, field)
        if field.key == "HugePages_Total" and field.value.isdigit():
            pages_count = int(field.value)
        known = known or field.key in _STRONG or field.key in _MEMBERS
    if not known:
        raise ParseError(NAME, None, raw[:80], "has no line of /proc/meminfo" if raw else "is empty")
    metrics = {_SIZES[key]: size for key, size in sizes.items() if key in _SIZES}
    if {"Buffers", "Cached"} <= sizes.keys():
        cache_bytes = sizes["Buffers"] + sizes["Cached"] + sizes.get("SReclaimable", 0)
        metrics["host.buff_cache_bytes"] = cache_bytes
        if {"MemTotal", "MemFree"} <= sizes.keys():
            metrics["host.used_bytes"] = max(sizes["MemTotal"] - sizes["MemFree"] - cache_bytes, 0)
    if {"MemTotal", "MemAvailable"} <= sizes.keys():
        metrics["host.used_bytes"] = max(sizes["MemTotal"] - sizes["MemAvailable"], 0)
    if {"SwapTotal", "SwapFree"} <= sizes.keys():
        metrics["host.swap_used_bytes"] = max(sizes["SwapTotal"] - sizes["SwapFree"], 0)
    if (uncounted_bytes := _uncounted_bytes(sizes, pages_count)) is not None:
        metrics["host.uncounted_bytes"] = uncounted_bytes
    return Reading(metrics=metrics, quanta=quanta(metrics))


def _uncounted_bytes(sizes: Mapping[str, int], pages_count: int | None) -> int | None:
    """In no free page, cache, anonymous page or slab: what drivers and vmalloc took page by page, and what a balloon did
    (Documentation/filesystems/proc.rst). None where a large part was not read; without the pool of huge pages it is with it."""
    if not {"MemTotal", "MemFree", "Cached", "AnonPages", "Slab"} <= sizes.keys():
        return None
    pool_bytes = 0 if "Hugetlb" in sizes else (pages_count or 0) * sizes.get("Hugepagesize", 0)
    return max(sizes["MemTotal"] - sum(sizes.get(key, 0) for key in _COUNTED) - pool_bytes, 0)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Blocks of meminfo lines; one line of a grep is enough."""
    return find_fields(lines, _STRONG, _MEMBERS, "/meminfo")
