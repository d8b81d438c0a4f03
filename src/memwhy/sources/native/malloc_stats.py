"""glibc's malloc_stats(3) text, and mallinfo(3) as programs log it: `uordblks=980 MiB`, `arena: 1404928`.

malloc_stats' `Total (incl. mmap)` counts mapped blocks in, the arenas' own rows do not; it counts in 32 bits
(malloc/malloc.c, __malloc_stats), and mallinfo's fields are ints: both wrap where there is more (mallinfo2 does not).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB
from memwhy.sources.native.lines import DECIMAL, measure, with_words
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "native/malloc_stats"
TRIGGERS = (b"uordblks", b"fordblks", b"in use bytes", b"hblkhd", b"total (incl. mmap)")

_WORDS = ("ordblks", "hblk", "system bytes", "in use bytes", "Arena ", "(incl. mmap)", "arena", "max mmap", "keepcost")
_ARENA = re.compile(r"^Arena \d{1,6} ?:")
_STATS = re.compile(
    r"^(?P<key>system bytes|in use bytes|max mmap regions|max mmap bytes)\s{0,20}= {0,20}(?P<value>\d{1,18})(?!\d)"
)
_INFO = re.compile(
    rf"(?<![A-Za-z0-9])(?P<key>uordblks|fordblks|hblkhd|hblks|arena|keepcost)\)?[\"']?\s{{0,8}}[:=|]\s{{0,20}}[\"']?(?P<number>{DECIMAL}) ?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9])"
)
_METRICS = {
    "arena": "malloc.system_bytes",
    "uordblks": "malloc.in_use_bytes",
    "fordblks": "malloc.free_bytes",
    "hblkhd": "malloc.mmapped_bytes",
    "hblks": "malloc.mmapped_count",
}
_SURE = frozenset({"uordblks", "fordblks", "hblkhd", "keepcost"})
_GAP_LINES = 8


@dataclass(slots=True)
class _Moment:
    """One call of malloc_stats (arenas, total) or mallinfo (info); line indices are 0-based."""

    first: int
    last: int
    stamp: Stamp | None = None
    arenas: list[dict[str, int]] = field(default_factory=list)
    total: dict[str, int] | None = None
    info: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def says(self) -> bool:
        if self.info:
            return len(self.info) >= 2 and bool(_SURE & set(self.info))
        return any("in use bytes" in part for part in (*self.arenas, self.total or {}))


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    moment: _Moment | None = None
    for i, line in with_words(lines, _WORDS):
        arena, total = _ARENA.match(line) is not None, line.startswith("Total (incl. mmap)")
        stats = _STATS.match(line)
        infos = list(_INFO.finditer(line)) if not stats else []
        if not (arena or total or stats or infos):
            continue
        again = moment is not None and (
            any(match["key"] in moment.info for match in infos)
            or (moment.total is not None and (arena or total))
            or (bool(infos) != bool(moment.info) and moment.says)
        )
        if moment is not None and (again or i - moment.last > _GAP_LINES):
            yield moment
            moment = None
        moment = moment or _Moment(i, i, read_stamp(line))
        moment.last = i
        for match in infos:
            moment.info.setdefault(match["key"], (match["number"], match["unit"] or ""))
        if arena:
            moment.arenas.append({})
        elif total:
            moment.total = {}
        elif stats:
            part = moment.total if moment.total is not None else moment.arenas[-1] if moment.arenas else None
            if part is None:
                moment.arenas.append(part := {})
            part.setdefault(stats["key"], int(stats["value"]))
    if moment is not None:
        yield moment


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Calls of malloc_stats and mallinfo."""
    for moment in _moments(lines):
        if moment.says:
            yield Span(first=moment.first, last=moment.last)


def _stats_metrics(moment: _Moment) -> tuple[dict[str, int], list[str]]:
    notes: list[str] = []
    metrics: dict[str, int] = {}
    total = moment.total or {}
    if moment.arenas:
        system = sum(arena.get("system bytes", 0) for arena in moment.arenas)
        in_use = sum(arena.get("in use bytes", 0) for arena in moment.arenas)
        metrics = {
            "malloc.system_bytes": system,
            "malloc.in_use_bytes": in_use,
            "malloc.free_bytes": max(0, system - in_use),
            "malloc.arenas_count": len(moment.arenas),
        }
        if total.get("system bytes", -1) >= system:
            metrics["malloc.mmapped_bytes"] = total["system bytes"] - system
    else:
        metrics["malloc.in_use_bytes"] = total["in use bytes"]
        notes.append("the figure counts blocks with a mapping of their own in")
    if max(metrics.values()) > 3 * GIB:
        notes.append("malloc_stats counts in 32 bits: above 4 GiB its figures wrap")
    return metrics, notes


def _reading(moment: _Moment) -> Reading:
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    notes: list[str] = []
    if moment.info:
        for key, (number, unit) in moment.info.items():
            measured = measure(number, unit)
            if key in _METRICS and measured is not None:
                metrics[_METRICS[key]], quanta[_METRICS[key]] = measured
    else:
        metrics, notes = _stats_metrics(moment)
    return Reading(
        metrics=metrics,
        quanta={metric: quantum for metric, quantum in quanta.items() if quantum > 1},
        facts={"malloc.allocator": "glibc", "said.libc": "glibc"},
        wall_ns=moment.stamp.wall_ns if moment.stamp else None,
        notes=(*notes, *([moment.stamp.note] if moment.stamp and moment.stamp.note else [])),
        line=moment.first + 1,
        last_line=moment.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every call in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(moment) for moment in _moments(text.split("\n")) if moment.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures of malloc_stats or mallinfo")
    return readings
