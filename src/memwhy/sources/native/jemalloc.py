"""jemalloc's malloc_stats_print, as text or JSON, and its `stats.*` figures in logs, metrics and Redis' INFO.

active: pages with at least one block; resident: those, dirty pages and metadata; retained: address space that was given
back and is kept to be used again (jemalloc(3), stats.*).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.native.lines import DECIMAL, bare, measure
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span

NAME = "native/jemalloc"
TRIGGERS = (
    b"jemalloc",
    b"stats.allocated",
    b"stats.resident",
    b"stats.active",
    b"allocator_allocated",
    b", active: ",
    b"stats.retained",
    b'"retained"',
    b'"resident"',
    b"mallctl",
)

_METRICS = {
    "allocated": "malloc.in_use_bytes",
    "active": "malloc.active_bytes",
    "resident": "malloc.resident_bytes",
    "retained": "malloc.retained_virtual_bytes",
}
_KEYS = "allocated|active|resident|retained|mapped|metadata"
_HEAD = re.compile(
    r"^(?:<jemalloc>: )?Allocated: (?P<allocated>\d{1,18}), active: (?P<active>\d{1,18})(?P<rest>,.{0,300})?$"
)
_REST = re.compile(r", (?P<key>resident|mapped|retained|metadata): (?P<number>\d{1,18})(?!\d)")
_NAMED = re.compile(
    rf"(?:jemalloc[._ ](?:stats[._])?|(?<![A-Za-z0-9])stats[._]|(?<![A-Za-z0-9_])allocator_)(?P<key>{_KEYS})(?:[_ ]bytes)?[\"']{{0,2}}(?:\{{[^{{}}]{{0,200}}\}})?"
    rf"(?:\s{{0,10}}[:=|│]\s{{0,20}}|(?<=bytes) )[\"']?(?P<number>{DECIMAL}) ?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9])"
)
_COLUMN = re.compile(
    rf"^(?:\d{{1,3}}\. )?[│|]?\s{{0,4}}jemalloc\.(?P<key>{_KEYS})\s{{1,60}}(?P<number>{DECIMAL}) ?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9])"
)
_JSON = re.compile(rf"\"(?P<key>{_KEYS})\"\s?:\s?(?P<number>\d{{1,18}})(?!\d)")
_JSON_STATS = re.compile(r"\"stats\"\s?:\s?\{(?=\s{0,20}\"allocated\")")
_LOOSE = re.compile(
    rf"(?<![\w.])[\"']?(?P<key>{_KEYS})[\"']?(?:\s{{0,10}}[:=]\s{{0,20}}| (?=\d))[\"']?(?P<number>{DECIMAL}) ?(?P<unit>[KMGT]i?B?|bytes|B)?(?![A-Za-z0-9])"
)
_QUOTED = re.compile(rf"^\{{?\s{{0,20}}[\"'](?:{_KEYS})[\"']\s?:\s?[\"']?\d")
_ALL_KEYS = 4
"""So many of its names on one line or in one object, with nobody named, are jemalloc's and nothing else's."""
_BEGIN = "___ Begin jemalloc statistics ___"
_WORDS = re.compile(
    rf"Allocated: |jemalloc|stats[._](?:{_KEYS})|allocator_|\"allocated\"|mallctl|\"(?:active|mapped|metadata|resident|retained)\"|\bretained\b.{{0,60}}\d"
)
_END = "--- End jemalloc statistics ---"
_LONGEST_LINE = 1 << 20
_LONGEST_DUMP = 6000
_GAP_LINES = 8


@dataclass(slots=True)
class _Moment:
    """One set of figures: key → (number, unit); line indices are 0-based."""

    first: int
    last: int
    stamp: Stamp | None = None
    figures: dict[str, tuple[str, str]] = field(default_factory=dict)
    begun: bool = False

    @property
    def says(self) -> bool:
        return bool(set(self.figures) & set(_METRICS)) and (
            self.begun or len(self.figures) >= 2 or "resident" in self.figures
        )


def _figures(lines: Sequence[str], i: int, line: str) -> tuple[dict[str, tuple[str, str]], int]:
    """Figures by key of a line, or of a JSON object that begins in it; and the last line they take."""
    head = _HEAD.match(line)
    if head is not None:
        found = {"allocated": (head["allocated"], ""), "active": (head["active"], "")}
        found.update({match["key"]: (match["number"], "") for match in _REST.finditer(head["rest"] or "")})
        return found, i
    stats = _JSON_STATS.search(lines[i][:_LONGEST_LINE]) or (
        '"allocated"' in line and '"stats"' in lines[max(0, i - 1)]
    )
    if stats:
        # the object closes at its first nested one, which is where jemalloc's own totals end
        text = "\n".join(lines[i : i + 12])[:_LONGEST_LINE]
        start = stats.end() if isinstance(stats, re.Match) else 0
        nested = text.find("{", start, start + 4000)
        text = text[start : nested if nested >= 0 else start + 4000]
        found = {}
        for match in _JSON.finditer(text):
            found.setdefault(match["key"], (match["number"], ""))
        return found, min(i + text.count("\n"), len(lines) - 1)
    named = {match["key"]: (match["number"], match["unit"] or "") for match in _NAMED.finditer(line)}
    if not named and (column := _COLUMN.match(line)):
        named = {column["key"]: (column["number"], column["unit"] or "")}
    return (named, i) if named else _loose(lines, i, line)


def _loose(lines: Sequence[str], i: int, line: str) -> tuple[dict[str, tuple[str, str]], int]:
    """Its figures by their bare names: two on a line that names it, or an object or a line with nearly all of them."""
    found = {match["key"]: (match["number"], match["unit"] or "") for match in _LOOSE.finditer(line)}
    named = any(
        name in above.lower() for above in (line, *lines[max(0, i - 2) : i]) for name in ("jemalloc", "mallctl")
    )
    last = i
    if _QUOTED.match(line) or (named and not found and line.endswith(("{", ":"))):
        for j in range(i + 1, min(len(lines), i + 10)):
            more = bare(lines[j])
            pairs = {match["key"]: (match["number"], match["unit"] or "") for match in _LOOSE.finditer(more)}
            if not pairs or pairs.keys() & found.keys():
                break
            found, last = {**found, **pairs}, j
    enough = "allocated" in found and len(found) >= (2 if named else _ALL_KEYS)
    return (found, last) if enough else ({}, i)


def _moments(lines: Sequence[str]) -> Iterator[_Moment]:
    moment: _Moment | None = None
    done = -1
    for i, raw in enumerate(lines):
        if i <= done or not raw or not _WORDS.search(raw[:_LONGEST_LINE] if '"stats"' in raw else raw[:2000]):
            continue
        line = bare(raw)
        begins = _BEGIN in line
        found, done = _figures(lines, i, line)
        if not found and not begins:
            continue
        gap = 250 if moment is not None and moment.begun and not moment.figures else _GAP_LINES
        if moment is not None and (begins or i - moment.last > gap or any(key in moment.figures for key in found)):
            yield moment
            moment = None
        moment = moment or _Moment(i, i, read_stamp(line))
        moment.begun = moment.begun or begins
        moment.figures.update(found)
        moment.last = done
    if moment is not None:
        yield moment


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Sets of figures, with the head of the statistics above them where it stands."""
    end = -1
    for moment in _moments(lines):
        if moment.says and moment.first > end:
            end = _end(lines, moment)
            yield Span(first=moment.first, last=end)


def _end(lines: Sequence[str], moment: _Moment) -> int:
    """The last line of a dump, whose tables by arena and size class would only mislead others."""
    if moment.begun:
        for i in range(moment.last, min(len(lines), moment.last + _LONGEST_DUMP)):
            if _END in lines[i]:
                return i
            if i > moment.last and _BEGIN in lines[i]:
                break
    return moment.last


def _reading(moment: _Moment) -> Reading:
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    for key, (number, unit) in moment.figures.items():
        measured = measure(number, unit)
        if key in _METRICS and measured is not None and (unit or "." not in number):
            metrics[_METRICS[key]], quanta[_METRICS[key]] = measured
    return Reading(
        metrics=metrics,
        quanta={metric: quantum for metric, quantum in quanta.items() if quantum > 1},
        facts={"malloc.allocator": "jemalloc"},
        wall_ns=moment.stamp.wall_ns if moment.stamp else None,
        notes=(moment.stamp.note,) if moment.stamp and moment.stamp.note else (),
        line=moment.first + 1,
        last_line=moment.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every set of figures in the text, in order. ParseError when there is none."""
    readings = tuple(_reading(moment) for moment in _moments(text.split("\n")) if moment.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no statistics of jemalloc")
    return readings
