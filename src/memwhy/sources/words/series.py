"""Series that programs and people log in a form of their own: `rss=0.60GB`, `@65.1s rss: 3760.1 MiB`, logfmt, JSON lines.

A block is at least two lines in which the same name has a figure. Times are a stamp, or seconds since a beginning
(`[  30.0s]`, `@65.1s`, `t=30s`); a line that is a name and a figure needs none. Figures without a unit are bytes where RSS
is a multiple of a page, which KiB hardly ever are. Of `rss=0.60GB -> 0.54GB` the second figure is what is left, and it is taken.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span
from memwhy.sources.words.moments import read_duration
from memwhy.sources.words.quantities import MOST, flatten, read_number, unit_power
from memwhy.sources.words.units import split_unit
from memwhy.sources.words.vocabulary import MEMSTATS_FIELDS, Noun, name_of

NAME = "words/series"
TRIGGERS = (b"rss", b"resident", b"heap", b"mem=", b"working set", b"workingset")
_QUICK = re.compile(r"working ?set|rss|resident|mem|virt|vsz|heap|thread|gorout|fds?\b|uss|pss", re.IGNORECASE)
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,5}(?![\d.])|\d{1,20}(?:[.,]\d{1,15})?)"
_UNIT = r"[KMGTkmgt]i?[Bb](?:ytes)?|[KMG]i|[KMGkmg](?![A-Za-z0-9])|[Bb]ytes|B(?![A-Za-z0-9])"
_PAIR = re.compile(
    rf"(?P<key>[A-Za-z_][A-Za-z0-9_. \-/()]{{0,40}}?)[\"'`*]{{0,2}}[ \t]{{0,8}}[:=]+>?[ \t]{{0,12}}[\"'`*~≈]{{0,3}}(?P<number>{_NUMBER})[ \t]?(?P<unit>{_UNIT})?"
    rf"(?![A-Za-z0-9_%.:/-]\w)(?![%:])(?:[ \t]*(?:->|→|=>)[ \t]*(?P<second>{_NUMBER})[ \t]?(?P<unit2>{_UNIT})(?![A-Za-z0-9]))?"
)
_ALONE = re.compile(
    rf"^[ \t>*+-]{{0,8}}[A-Za-z][\w .()-]{{0,30}}[\"'`*]{{0,2}}:[ \t]{{0,20}}[~≈]?{_NUMBER}[ \t]?(?:{_UNIT})?(?:[ \t]{{1,12}}(?:<|#|//|--|\().{{0,80}})?[ \t]{{0,8}}$"
)
"""A name and a figure, and what somebody noted behind them."""
_PAGE_BYTES = 4096
_IN_PAGES = ("process.rss_bytes", "cgroup.working_set_bytes")
_SINCE = re.compile(
    r"(?:@|\[\s{0,12}|^\s*(?:\(\s*)?|\b(?:t|time|elapsed|uptime|after|ts)\s?[=:]\s?[\"']?)\s{0,8}\+?(?P<time>\d{1,9}(?:[.,]\d{1,6})?\s?(?:s|sec|seconds|ms|min|m|h|hours?))(?=[\s\]),;:\"'|]|$)",
    re.IGNORECASE,
)
_MS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s?ms", re.IGNORECASE)
_GAP_LINES = 12
_LONGEST_LINE = 4000
_BLOCK_LINES = 4000


@dataclass(frozen=True, slots=True)
class _Figure:
    spelled: str
    metric: str
    value: int
    quantum: int
    sure: bool = True


@dataclass(slots=True)
class _Line:
    """The figures of one line of a log; index 0-based."""

    index: int
    figures: tuple[_Figure, ...]


@dataclass(slots=True)
class _Block:
    lines: list[_Line] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.lines[-1].index


@lru_cache(maxsize=4096)
def _name(key: str) -> tuple[str, Noun, int | None] | None:
    """(as spelled, what it names, 1024's power of its unit) of the longest known name that ends a key."""
    words = re.split(r"[ (/]+", key.strip(" )"))[-4:]
    for start in range(len(words)):
        spelled = " ".join(words[start:])
        for candidate in dict.fromkeys((spelled, spelled.rpartition(".")[2])):
            bare, power = split_unit(candidate)
            noun = name_of(bare)
            if noun is not None and noun.start == 0 and noun.end >= len(bare.replace("`", "").strip(" :*_")):
                return spelled, noun, 0 if power is None and bare.lower() in MEMSTATS_FIELDS else power
    return None


@lru_cache(maxsize=8192)
def _figures(line: str) -> tuple[_Figure, ...]:
    """The figures of a line, the first of each metric. Remembered, for find and parse ask the same."""
    if len(line) > _LONGEST_LINE or not _QUICK.search(line) or "|" in line:
        return ()
    if not ("=" in line or "{" in line or _ALONE.match(line) or _SINCE.search(line[:200]) or read_stamp(line[:200])):
        return ()  # a sentence: what stands round it matters
    found: dict[str, _Figure] = {}
    for match in _PAIR.finditer(flatten(line)):
        named = _name(match["key"])
        if named is None:
            continue
        spelled, noun, power = named
        number, unit = (match["second"], match["unit2"]) if match["second"] else (match["number"], match["unit"])
        figure = _measure(spelled, noun, power, number, unit)
        if figure is not None:
            found.setdefault(figure.metric, figure)
    return tuple(found.values())


def _measure(spelled: str, noun: Noun, power: int | None, number: str, unit: str | None) -> _Figure | None:
    if unit:
        power = unit_power(unit)
    counted = noun.count is not None and noun.size is None
    if counted and spelled.lower() in ("fd", "thread", "goroutine", "tid"):
        return None  # which one it is
    sure = power is not None or counted
    if (power is None or noun.size is None) and not (counted and unit is None) and (noun.size is None or noun.generic):
        return None
    read = read_number(number, comma=False, count=counted or not sure)
    if read is not None and not sure and (read[1] or read[0] < _PAGE_BYTES):
        return None
    width = 1 if counted else 1024 ** (power or 0)
    if read is None or read[0] * width >= MOST or (counted and read[1]):
        return None
    metric = (noun.count if counted else noun.size) or ""
    return _Figure(spelled, metric, round(read[0] * width), max(1, width // 10 ** min(read[1], 40)), sure)


def _settled(block: _Block) -> _Block:
    """Without figures of which no unit is known, unless RSS among them counts whole pages in bytes."""
    bare = [figure for line in block.lines for figure in line.figures if not figure.sure]
    rss = [figure.value for figure in bare if figure.metric in _IN_PAGES]
    if not bare or (rss and max(rss) >= 1 << 20 and not any(value % _PAGE_BYTES for value in rss)):
        return block
    kept = [_Line(line.index, tuple(figure for figure in line.figures if figure.sure)) for line in block.lines]
    return _Block([line for line in kept if line.figures])


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Lines with figures, few other lines between them, in which one name comes at least twice."""
    block = _Block()
    for i, line in enumerate(lines):
        figures = _figures(line) if line else ()
        if not figures:
            continue
        if block.lines and (i - block.last > _GAP_LINES or len(block.lines) >= _BLOCK_LINES):
            if _repeats(block := _settled(block)):
                yield block
            block = _Block()
        block.lines.append(_Line(i, figures))
    if block.lines and _repeats(block := _settled(block)):
        yield block


def _repeats(block: _Block) -> bool:
    """One name comes again in the same spelling, in lines that are no sentences."""
    seen: dict[str, int] = {}
    for line in block.lines:
        for figure in line.figures:
            seen[figure.spelled] = seen.get(figure.spelled, 0) + 1
    return max(seen.values(), default=0) >= 2


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of a log with a figure that comes again."""
    for block in _blocks(lines):
        yield Span(first=block.lines[0].index, last=block.last)


def _elapsed(line: str) -> int | None:
    """Nanoseconds since a beginning that a line tells before its figures."""
    match = _SINCE.search(line[:200])
    if match is None:
        return None
    short = _MS.fullmatch(match["time"].strip())
    return round(float(short[1]) * 1e6) if short else read_duration(match["time"])


def _moments(block: _Block, lines: Sequence[str]) -> Iterator[tuple[dict[str, _Figure], int, int]]:
    """(figures, first line, last line) of each moment: it ends where a name comes again."""
    figures: dict[str, _Figure] = {}
    first = last = 0
    for line in block.lines:
        if figures and any(figure.metric in figures for figure in line.figures):
            yield figures, first, last
            figures = {}
        if not figures:
            first = line.index
        last = line.index
        figures.update({figure.metric: figure for figure in line.figures})
    if figures:
        yield figures, first, last


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment, in order. ParseError when no name has figures in two lines."""
    lines = text.split("\n")
    readings: list[Reading] = []
    for block in _blocks(lines):
        for figures, first, last in _moments(block, lines):
            stamp: Stamp | None = read_stamp(lines[first][:400])
            go = any(metric.startswith("go.") for metric in figures)
            named = {_of_go(metric) if go else metric: figure for metric, figure in figures.items()}
            readings.append(
                Reading(
                    metrics={metric: figure.value for metric, figure in named.items()},
                    quanta={metric: figure.quantum for metric, figure in named.items()},
                    wall_ns=stamp.wall_ns if stamp else None,
                    elapsed_ns=None if stamp else _elapsed(lines[first]),
                    line=first + 1,
                    last_line=last + 1,
                )
            )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no series of memory figures")
    return tuple(readings)


def _of_go(metric: str) -> str:
    return "go.heap_alloc_bytes" if metric == "runtime.heap_used_bytes" else metric
