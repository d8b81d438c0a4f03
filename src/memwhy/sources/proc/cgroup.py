"""The memory files of the process's cgroup, v1 or v2, as one composite.

Parts: `cgroup` (the process's own line), then `memory.current`, `memory.stat` … of the nearest cgroup that
accounts memory, then the limits of those above it as `../memory.max`, `../../memory.max`. So do
`tail -n +1 memory.current …` in the cgroup's directory. Source: Documentation/admin-guide/cgroup-v2.rst
and cgroup-v1/memory.rst.
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.cgroup_pasted import find_files, tidy
from memwhy.sources.proc.cgroup_path import CURRENT, STAT, find_place, levels, memberships
from memwhy.sources.proc.files import Parts, decode, join, optional, printable, process_path, read_file, split
from memwhy.sources.span import Span

NAME = "proc/cgroup"

_FILES = {
    1: (
        CURRENT[1], "memory.limit_in_bytes", "memory.max_usage_in_bytes", STAT, "memory.oom_control", "memory.failcnt",
        "memory.kmem.usage_in_bytes", "memory.kmem.tcp.usage_in_bytes",
    ),
    2: (
        CURRENT[2], "memory.max", "memory.high", "memory.peak", STAT, "memory.events", "memory.swap.current",
        "memory.swap.max",
    ),
}  # fmt: skip
_LIMIT = {1: "memory.limit_in_bytes", 2: "memory.max"}
_STAT_V2 = {
    "anon": "cgroup.anon_bytes",
    "file": "cgroup.file_bytes",
    "inactive_file": "cgroup.inactive_file_bytes",
    "active_file": "cgroup.active_file_bytes",
    "file_mapped": "cgroup.mapped_file_bytes",
    "shmem": "cgroup.shmem_bytes",
    "kernel": "cgroup.kernel_bytes",
    "slab": "cgroup.slab_bytes",
    "slab_reclaimable": "cgroup.slab_reclaimable_bytes",
    "sock": "cgroup.sock_bytes",
}
_ONLY_V2 = frozenset(
    ("anon", "file", "kernel_stack", "slab", "slab_reclaimable", "slab_unreclaimable", "file_mapped", "sock")
)
_KERNEL_PARTS_V2 = ("kernel_stack", "pagetables", "percpu", "slab", "vmalloc")
_STAT_V1 = {
    "rss": "cgroup.anon_bytes",
    "cache": "cgroup.file_bytes",
    "inactive_file": "cgroup.inactive_file_bytes",
    "active_file": "cgroup.active_file_bytes",
    "mapped_file": "cgroup.mapped_file_bytes",
    "shmem": "cgroup.shmem_bytes",
}
_CURRENT_METRICS = {
    CURRENT[2]: "cgroup.current_bytes",
    CURRENT[1]: "cgroup.current_bytes",
    "memory.kmem.usage_in_bytes": "cgroup.kernel_bytes",
    "memory.kmem.tcp.usage_in_bytes": "cgroup.sock_bytes",
}
_WORD_FACTS = {"memory.high": "cgroup.high", "memory.swap.max": "cgroup.swap_limit", "memory.peak": "cgroup.peak"}
_UNLIMITED_BYTES = 1 << 62
"""v1 prints LONG_MAX rounded down to a page for "no limit"; no machine has an eighth of it."""

_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
_STAT_ROW = re.compile(r"([a-z_0-9]{2,40})\s+(\d{1,20})")


def read(root: str, pid: int) -> bytes:
    """The composite; only the part `cgroup` where no memory controller can be seen."""
    own = read_file(process_path(root, pid, "cgroup"))
    parts: Parts = [("cgroup", own)]
    place = find_place(root, pid, decode(own))
    if place is None:
        return join(parts)
    ups = ""
    accounted = False
    for level in levels(place.directory, place.top):
        names = (_LIMIT[place.version],) if accounted else _FILES[place.version]
        found = [(ups + name, content) for name in names if (content := optional(f"{level}/{name}")) is not None]
        parts += found
        accounted = accounted or bool(found)
        ups += "../"
    return join(parts)


def parse(raw: bytes) -> Reading:
    """What the cgroup holds, its tightest limit on the way up, its OOM kills.

    Facts cgroup.path, cgroup.version ("1", "2"), cgroup.limit_from (the file), cgroup.high, cgroup.swap_limit,
    cgroup.anon_listed_bytes.
    """
    parts = split(raw) or tidy(raw)
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    notes: list[str] = []
    limits: list[tuple[int, str]] = []
    nearest = min((name.count("../") for name, _ in parts if name != "cgroup"), default=0)
    for name, content in parts:
        text = decode(content).strip()
        base = name.rpartition("/")[2]
        if base in _LIMIT.values():
            limits += [(limit, name)] if (limit := _number(name, text)) is not None else []
        elif name == "cgroup":
            facts |= _membership(text)
        elif name.count("../") > nearest:
            continue
        elif base in _CURRENT_METRICS:
            if (value := _number(name, text)) is not None:
                metrics[_CURRENT_METRICS[base]] = value
        elif base == STAT:
            metrics |= _stat(text, limits)
            facts |= _anon_listed(text)
        elif base in ("memory.events", "memory.oom_control"):
            if (kills := _rows(text).get("oom_kill")) is not None:
                metrics["cgroup.oom_kills_count"] = kills
        elif base in _WORD_FACTS:
            facts[_WORD_FACTS[base]] = printable(text[:40])
    if not metrics and not facts and not limits:
        raise ParseError(NAME, None, raw[:80], "has no file of a memory cgroup" if raw else "is empty")
    if limits:
        metrics["cgroup.limit_bytes"], facts["cgroup.limit_from"] = min(limits)
    if nearest:
        notes.append(
            f"the process's own cgroup accounts no memory: these figures are those of a cgroup {nearest} above it"
        )
    if facts and not metrics:
        notes.append("no memory controller can be seen for this cgroup")
    return Reading(metrics=metrics, facts=facts, notes=tuple(notes))


def _number(name: str, text: str) -> int | None:
    """A file's single number; None for "max" and for v1's huge value that means the same."""
    if text == "max":
        return None
    if not _NUMBER.fullmatch(text):
        raise ParseError(f"{NAME} {printable(name)}", 1, text, "neither a number nor max")
    value = int(text)
    return value if value < _UNLIMITED_BYTES else None


def _rows(text: str) -> dict[str, int]:
    """`key N` per line; other lines are passed over."""
    matches = (_STAT_ROW.fullmatch(line.strip(" \t\r>|│")) for line in text.split("\n"))
    return {match[1]: int(match[2]) for match in matches if match}


def _stat(text: str, limits: list[tuple[int, str]]) -> dict[str, int]:
    """memory.stat of either version; v1's hierarchical limit joins the limits.

    v1: the total_ rows count the cgroups below too, as v2's rows do; file and cache include shmem in both.
    """
    rows = _rows(text)
    if rows.keys() & _ONLY_V2:
        metrics = {metric: rows[key] for key, metric in _STAT_V2.items() if key in rows}
        if "kernel" not in rows and "kernel_stack" in rows:  # before Linux 5.18
            metrics["cgroup.kernel_bytes"] = sum(rows.get(key, 0) for key in _KERNEL_PARTS_V2)
        return metrics
    hierarchical = rows.get("hierarchical_memory_limit", _UNLIMITED_BYTES)
    if hierarchical < _UNLIMITED_BYTES:
        limits.append((hierarchical, "memory.stat hierarchical_memory_limit"))
    totals = {metric: rows.get(f"total_{key}", rows.get(key)) for key, metric in _STAT_V1.items()}
    return {metric: value for metric, value in totals.items() if value is not None}


def _anon_listed(text: str) -> dict[str, str]:
    """Fact cgroup.anon_listed_bytes: what stands on the lists of anonymous pages, of v1 where it is more than twice what
    is mapped (rss) and what is cache together: parts of huge pages that were given up wait there until they are split
    (mm/huge_memory.c, deferred_split_huge_page)."""
    rows = _rows(text)
    prefix = "total_" if "total_rss" in rows else ""
    names = [prefix + name for name in ("inactive_anon", "active_anon", "rss", "cache")]
    if not set(names) <= rows.keys() and not set(names[:1] + names[2:]) <= rows.keys():
        return {}
    listed = sum(rows.get(name, 0) for name in names[:2])
    return {"cgroup.anon_listed_bytes": str(listed)} if listed > 2 * (rows[names[2]] + rows[names[3]]) else {}


def _membership(text: str) -> dict[str, str]:
    """Path and version from /proc/PID/cgroup."""
    found = memberships(text)
    if not found:
        return {}
    return {"cgroup.path": printable(found[0].path), "cgroup.version": str(found[0].version)}


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Memory files of a cgroup in a page: under `tail` heads, behind the command that prints them, or memory.stat bare."""
    return find_files(lines)
