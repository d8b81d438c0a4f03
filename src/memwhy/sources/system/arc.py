"""ZFS's adaptive replacement cache: `arcstats` as the kernel and FreeBSD's sysctl print it, and arc_summary's size.

On Linux the ARC lies in pages of the ZFS modules: free counts it as used, and neither as buff/cache nor in any process
(zfs(4), module parameter zfs_arc_max). `size` is what it has, `c_max` what it may have; rows are name, type, value (kstat).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, LONGEST, bare, measure
from memwhy.sources.span import Span

NAME = "system/arc"
TRIGGERS = (b"arcstats", b"demand_data_hits", b"mru_ghost_hits", b"arc size", b"arc_summary")

_ROW = re.compile(r"^(?P<name>[a-z][a-z0-9_]{0,40})\s{1,60}(?P<type>[0-9])\s{1,60}(?P<value>\d{1,20})$")
_SYSCTL = re.compile(
    r"^(?:kstat\.zfs\.misc\.)?arcstats\.(?P<name>[a-z][a-z0-9_]{0,40})\s?[:=]\s{0,20}(?P<value>\d{1,20})$"
)
_SUMMARY = re.compile(
    rf"^(?:ARC size \(current\)|ARC Size|Current ARC size)\s?:\s{{0,60}}(?:<\s?)?(?:\d{{1,3}}(?:\.\d{{1,2}})?\s?%\s{{1,60}})?(?P<number>{DECIMAL})\s{{0,4}}(?P<unit>[KMGT]i?B|Bytes|bytes)(?:\s|$)",
    re.IGNORECASE,
)
_TELLING = frozenset(
    (
        "demand_data_hits", "demand_data_misses", "demand_metadata_hits", "demand_metadata_misses", "prefetch_data_hits",
        "prefetch_data_misses", "prefetch_metadata_hits", "mru_hits", "mru_ghost_hits", "mfu_hits", "mfu_ghost_hits",
        "mutex_miss", "recycle_miss", "evict_skip", "hash_elements", "c_max", "c_min", "arc_meta_used", "l2_hits",
    )
)  # fmt: skip
LEAST = 3
"""Rows that no other kstat has."""
_GAP_LINES = 3


@dataclass(slots=True)
class _Block:
    """One printing; line indices are 0-based. telling: how many of its names are arcstats' alone."""

    first: int
    last: int
    names: set[str]
    telling: int = 0
    size: tuple[int, int] | None = None

    @property
    def says(self) -> bool:
        return self.telling >= LEAST


def _line(raw: str) -> tuple[str, tuple[int, int] | None, bool] | None:
    """(name, (bytes, quantum), whether the line alone tells whose it is) of a line."""
    line = bare(raw)
    if match := _SUMMARY.match(line):
        return "size", measure(match["number"], match["unit"]), True
    match = _SYSCTL.match(line)
    sure = match is not None
    match = match or _ROW.match(line)
    return (match["name"], (int(match["value"]), 1), sure) if match else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        found = _line(raw) if raw and len(raw) <= LONGEST and any(map(str.isdigit, raw[-40:])) else None
        if found is None:
            continue
        name, figure, sure = found
        if block is not None and (i - block.last > _GAP_LINES or name in block.names):
            if block.says:
                yield block
            block = None
        block = block or _Block(i, i, set())
        block.last = i
        block.names.add(name)
        block.telling += LEAST if sure else name in _TELLING
        if name == "size":
            block.size = figure
    if block is not None and block.says:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Printings of arcstats, and of arc_summary's size."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each printing; where it is cut before its size the fact zfs.arc alone. ParseError when there is none."""
    readings = tuple(
        Reading(
            metrics={} if block.size is None or block.size[0] >= 1 << 60 else {"host.arc_bytes": block.size[0]},
            quanta={"host.arc_bytes": block.size[1]} if block.size is not None and 1 < block.size[1] < 1 << 60 else {},
            facts={"zfs.arc": "arcstats"},
            line=block.first + 1,
            last_line=block.last + 1,
        )
        for block in _blocks(text.split("\n"))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no statistics of ZFS's ARC")
    return readings
