"""The Docker API's statistics of a container, as JSON in any state: whole, cut off, with commas too many.

memory_stats.usage is the cgroup's usage, page cache included; stats are the rows of memory.stat, v1 or v2. The figures
are looked up by name and not through a JSON parser, because what people paste is seldom valid.
Source: Docker Engine API, ContainerStats.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span

NAME = "system/docker_api"
TRIGGERS = (b"memory_stats",)

_START = re.compile(r"[\"']?memory_stats[\"']?\s{0,20}:\s{0,20}\{?")
_FIELD = re.compile(r"[\"']?\b([a-z_]{3,32})\b[\"']?\s{0,20}:\s{0,20}(\d{1,20})(?![\d.]|[\"']?\s{0,3}:)")
_NAMED = re.compile(r"[\"']name[\"']\s{0,20}:\s{0,20}[\"']/?([\w.-]{1,128})[\"']")
_ID = re.compile(r"[\"']id[\"']\s{0,20}:\s{0,20}[\"']([0-9a-f]{12})[0-9a-f]{0,52}[\"']")
_READ = re.compile(r"[\"']read[\"']\s{0,20}:\s{0,20}[\"']([0-9T:.Z+-]{10,40})[\"']")
_PIDS = re.compile(r"[\"']pids_stats[\"']\s{0,20}:\s{0,20}\{\s{0,20}[\"']current[\"']\s{0,20}:\s{0,20}(\d{1,9})")
_MOST_LINES = 400
_AROUND_LINES = 150
_UNLIMITED_BYTES = 1 << 62
_PLAIN = {
    "usage": "cgroup.current_bytes", "limit": "cgroup.limit_bytes", "anon": "cgroup.anon_bytes", "file": "cgroup.file_bytes",
    "shmem": "cgroup.shmem_bytes", "slab": "cgroup.slab_bytes", "sock": "cgroup.sock_bytes", "kernel": "cgroup.kernel_bytes",
    "slab_reclaimable": "cgroup.slab_reclaimable_bytes", "file_mapped": "cgroup.mapped_file_bytes",
    "inactive_file": "cgroup.inactive_file_bytes", "active_file": "cgroup.active_file_bytes",
}  # fmt: skip
_V1 = {
    "rss": "cgroup.anon_bytes", "cache": "cgroup.file_bytes", "inactive_file": "cgroup.inactive_file_bytes",
    "active_file": "cgroup.active_file_bytes", "mapped_file": "cgroup.mapped_file_bytes", "shmem": "cgroup.shmem_bytes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Block:
    """One container's statistics; line indices are 0-based. at: where memory_stats begins in its first line."""

    first: int
    last: int
    figures: tuple[tuple[str, int], ...]


def _figures(lines: Sequence[str], first: int, column: int) -> _Block | None:
    """The fields of the object that begins at a place, to its closing brace or the text's end."""
    depth, last = 0, first
    found: list[tuple[str, int]] = []
    for i in range(first, min(len(lines), first + _MOST_LINES)):
        text = lines[i][column if i == first else 0 :][:20_000]
        end = len(text)
        for brace in re.finditer(r"[{}]", text):
            depth += 1 if brace[0] == "{" else -1
            if depth <= 0:
                end = brace.end()
                break
        found += [(name, int(number)) for name, number in _FIELD.findall(text[:end])]
        last = i if found or end < len(text) else last
        if depth <= 0 and (i > first or end < len(text) or "}" in text):
            break
    return _Block(first, last, tuple(found)) if any(name in ("usage", "rss", "anon") for name, _ in found) else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    floor = 0
    for i, line in enumerate(lines):
        if i < floor or "memory_stats" not in line:
            continue
        start = _START.search(line[:100_000])
        block = (
            _figures(lines, i, start.end() - 1 if start and start[0].endswith("{") else start.end()) if start else None
        )
        if block is not None:
            yield block
            floor = block.last + 1


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Objects with memory_stats and a figure in them; the container's name is looked for around them."""
    for block in _blocks(lines):
        if _reading(lines, block).metrics:
            yield Span(first=block.first, last=block.last, subject=_owner(lines, block))


def _owner(lines: Sequence[str], block: _Block) -> str | None:
    """The container that the object names, or the lines round it as far as the next object of the kind."""
    named = _named(lines[block.first : block.last + 1])
    if named is not None:
        return named
    first, end = block.first, block.last + 1
    while first > max(0, block.first - _AROUND_LINES) and "memory_stats" not in lines[first - 1]:
        first -= 1
    while end < min(len(lines), block.last + 1 + _AROUND_LINES) and "memory_stats" not in lines[end]:
        end += 1
    return _named(lines[first:end])


def _named(lines: Sequence[str]) -> str | None:
    """The one container that lines name."""
    text = "\n".join(line[:20_000] for line in lines)
    found = _NAMED.search(text) or _ID.search(text)
    return f"container {found[1]}" if found and text.count("memory_stats") == 1 else None


def _reading(lines: Sequence[str], block: _Block) -> Reading:
    rows: dict[str, int] = {}
    for name, value in block.figures:
        rows.setdefault(name, value)
    metrics = {metric: rows[name] for name, metric in _PLAIN.items() if name in rows}
    if "anon" not in rows:
        metrics |= {metric: rows.get(f"total_{name}", rows.get(name, -1)) for name, metric in _V1.items()}
    if metrics.get("cgroup.limit_bytes", 0) >= _UNLIMITED_BYTES:
        del metrics["cgroup.limit_bytes"]
    usage, inactive = metrics.get("cgroup.current_bytes"), metrics.get("cgroup.inactive_file_bytes", -1)
    if usage is not None and 0 <= inactive <= usage:
        metrics["cgroup.working_set_bytes"] = usage - inactive
    text = "\n".join(line[:20_000] for line in lines[block.first : block.last + 1])
    if (pids := _PIDS.search(text)) is not None:
        metrics["process.threads_count"] = int(pids[1])
    moment = _READ.search(text)
    stamp = read_stamp(moment[1]) if moment else None
    return Reading(
        metrics={name: value for name, value in metrics.items() if 0 <= value < 1 << 56},
        wall_ns=stamp.wall_ns if stamp is not None else None,
        subject=_named(lines[block.first : block.last + 1]),
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an object, in order. ParseError when there is none."""
    lines = text.split("\n")
    readings = tuple(reading for block in _blocks(lines) if (reading := _reading(lines, block)).metrics)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no memory_stats of the Docker API")
    return readings
