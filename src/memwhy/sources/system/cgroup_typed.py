"""memory.stat as people retype it: the kernel's keys with sizes in units, `slab_reclaimable: 192 MB (…)`.

The file itself holds bytes without units and is read as proc/cgroup.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain

NAME = "system/cgroup_typed"
TRIGGERS = (b"slab_reclaimable", b"inactive_file", b"total_cache", b"total_rss", b"kernel_stack")

_METRICS = {
    "anon": "cgroup.anon_bytes", "total_rss": "cgroup.anon_bytes", "rss": "cgroup.anon_bytes", "file": "cgroup.file_bytes",
    "cache": "cgroup.file_bytes", "total_cache": "cgroup.file_bytes", "shmem": "cgroup.shmem_bytes", "kernel": "cgroup.kernel_bytes",
    "slab": "cgroup.slab_bytes", "slab_reclaimable": "cgroup.slab_reclaimable_bytes", "sock": "cgroup.sock_bytes",
    "inactive_file": "cgroup.inactive_file_bytes", "total_inactive_file": "cgroup.inactive_file_bytes",
    "active_file": "cgroup.active_file_bytes", "total_active_file": "cgroup.active_file_bytes",
    "file_mapped": "cgroup.mapped_file_bytes", "mapped_file": "cgroup.mapped_file_bytes",
}  # fmt: skip
_OTHER_KEYS = frozenset(
    ("slab_unreclaimable", "kernel_stack", "pagetables", "percpu", "active_anon", "inactive_anon", "unevictable", "file_dirty", "rss_huge")
)  # fmt: skip
_SURE = frozenset(key for key in (*_METRICS, *_OTHER_KEYS) if "_" in key)
"""No other table has these keys; `file`, `cache` and `rss` stand in many."""
_ROW = re.compile(
    r"`?([a-z_]{2,24})`? ?[:=|] ?~? ?(\d{1,9}(?:[.,]\d{1,3})?) ?((?:[KMG]i?)?B|[KMG]i)(?![\w/])", re.IGNORECASE
)
_LONGEST_LINE = 300


def _row(text: str) -> tuple[str, int, int] | None:
    """(key, bytes, quantum) of a plain row."""
    row = _ROW.match(text)
    if row is None or row[1] not in _METRICS.keys() | _OTHER_KEYS:
        return None
    size, quantum = exact_bytes(row[2].replace(",", "."), unit_bytes(row[3]) or 1)
    return row[1], size, quantum


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, int, dict[str, tuple[int, int]]]]:
    """(first line, last line, sizes by key); indices are 0-based."""
    rows: dict[str, tuple[int, int]] = {}
    first = last = 0
    for i, line in enumerate([*lines, "end of the page"]):
        if not rows and ("B" not in line and "b" not in line and "i" not in line):
            continue
        text = plain(line[:_LONGEST_LINE])
        row = _row(text)
        if row is not None and row[0] not in rows:
            if not rows:
                first = i
            rows[row[0]], last = row[1:], i
            continue
        if rows and (row is not None or not is_neutral(text)):
            if len(rows) >= 2 and rows.keys() & _SURE and rows.keys() & _METRICS.keys():
                yield first, last, rows
            rows = {row[0]: row[1:]} if row is not None else {}
            first = last = i


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lists of at least two keys, one of which stands in no other table."""
    for first, last, _ in _blocks(lines):
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a list. ParseError when there is none."""
    readings = []
    for first, last, rows in _blocks(text.split("\n")):
        known = {_METRICS[key]: size for key, size in rows.items() if key in _METRICS}
        readings.append(
            Reading(
                metrics={metric: size for metric, (size, _) in known.items()},
                quanta={metric: quantum for metric, (_, quantum) in known.items()},
                line=first + 1,
                last_line=last + 1,
            )
        )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no memory.stat")
    return tuple(readings)
