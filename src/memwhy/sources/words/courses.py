"""Courses: one figure at several moments, whose name, and often its unit, stand only in the words above.

Rows of a moment and a number (`08:50 17.9` under "resident memory, in GB"), what a repeated `ps -o rss=` printed, and lines
with several moments side by side (`goroutines 14403 / 47390 / 80744`). Without a name nothing is read, nor without a unit.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.stamps import read_date, read_stamp, read_time_of_day
from memwhy.sources.span import Span
from memwhy.sources.words import cues
from memwhy.sources.words.moments import is_stage, read_duration, read_moments
from memwhy.sources.words.quantities import MOST, flatten, read_number, unit_power
from memwhy.sources.words.tables import CAPTION
from memwhy.sources.words.units import split_unit
from memwhy.sources.words.vocabulary import Noun, name_of, read_nouns

NAME = "words/course/series"
SHARES = True
MOST_BYTES = 4 << 20
_LONGEST_LINE = 300
_MOST_ROWS = 5000
_DAY_NS = 86400 * 10**9
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,4}(?![\d,])|\d{1,18}(?:[.,]\d{1,6})?(?:[eE]\+?\d{1,2})?)"
_UNIT = r"(?:[KMGTkmgt]i?[Bb](?:ytes)?|[KMG]i|[KMGkmg](?![A-Za-z0-9])|[Bb]ytes|B(?![A-Za-z0-9])|[КМГ]Б)"
_LEAD = r"^[ \t>|*+-]{0,12}"
_ROW = re.compile(
    rf"{_LEAD}(?P<label>[^\s=|][^=|]{{0,40}}?)[ \t]{{0,8}}(?:[:;,=|→]|->|[ \t])[ \t]{{0,8}}[~≈]?(?P<number>{_NUMBER})[ \t]?(?P<unit>{_UNIT})?"
    r"[ \t|]{0,8}(?P<tail>[(,;][^0-9]{0,60})?$"
)
_BARE = re.compile(rf"^[ \t>]{{0,12}}(?P<number>{_NUMBER})[ \t]?(?P<unit>{_UNIT})?[ \t]{{0,8}}$")
_PAIRS = re.compile(
    rf"{_LEAD}(?P<label>[^=|]{{1,40}}?)[ \t:,|]{{1,4}}(?P<pairs>(?:[A-Za-z_]{{2,24}}[=:] ?{_NUMBER}{_UNIT}?[ \t,;]{{0,4}}){{1,8}})$"
)
_PAIR = re.compile(rf"(?P<key>[A-Za-z_]{{2,24}})[=:] ?(?P<number>{_NUMBER})(?P<unit>{_UNIT})?")
_SIDE = re.compile(
    rf"{_LEAD}(?P<name>[A-Za-z][\w .()-]{{1,60}}?)[ \t]{{0,8}}[:=]?[ \t]{{1,12}}(?P<values>{_NUMBER}[ \t]?{_UNIT}?"
    rf"(?:[ \t]{{0,4}}(?:/|→|->|=>)[ \t]{{0,4}}{_NUMBER}[ \t]?{_UNIT}?){{2,11}})[ \t]{{0,8}}$"
)
_VALUE = re.compile(rf"(?P<number>{_NUMBER})[ \t]?(?P<unit>{_UNIT})?")
_TIMES = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?:[ \t]{0,4}(?:/|→|->|=>)[ \t]{0,4}\d{1,2}:\d\d){2,11}(?![\d:])")
_KIB = re.compile(
    r"\bps\b[^|;\n]{0,80}-o[ ]?['\"]?rss=?['\"]?(?![\w,=])|\bps\b[^|;\n]{0,80}-o[ ]?['\"]?rss=(?=\s|$)|VmRSS.{0,60}print ?\$2"
)
_AFTER_NAME = re.compile(r"^\W{0,4}(?:in |, |\(|\[)?\s?\(?(?P<unit>[KMG]i?B|[kmg]b|[KMG]i|bytes|МБ|ГБ|КБ)\b")
_IN_PARENS = re.compile(r"[(\[](?:in |values in )?(?P<unit>[KMG]i?B|[kmg]b|[KMG]i|МБ|ГБ|КБ)[)\]]")
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s*(?:morning|noon|evening|night)?$|^(?:Mo|Di|Mi|Do|Fr|Sa|So)$|^(?:周|星期)[一二三四五六日天]$",
    re.IGNORECASE,
)
_WEEK = re.compile(
    r"^(?P<day>Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\.?,?\s+(?:at )?(?P<time>\d{1,2}:\d\d(?:\s?[ap]m)?)$",
    re.IGNORECASE,
)
_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
TURNS = {"clock": _DAY_NS, "week": 7 * _DAY_NS}
"""After so long a moment's label comes again."""
_NTH = re.compile(
    r"^(?P<unit>day|hour|week|min(?:ute)?|Tag|Stunde|Woche|jour|heure|d[ií]a|hora|день|час)\s?#?(?P<n>\d{1,4})$",
    re.IGNORECASE,
)
_RUNS = re.compile(
    r"\b(?:after|every|each|per|iterations?|runs?|rounds?|requests?|samples?|nach|alle|jede)\b|每|次", re.IGNORECASE
)
_BOUND = (".limit_bytes", "_limit_bytes", "host.total_bytes")


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a course: kind of its moment (wall, clock, elapsed, order, none), when, and its figures by name ("" for the
    one that the caption names)."""

    line: int
    kind: str
    when: int | None
    figures: tuple[tuple[str, str, str | None], ...]
    tail: str


@dataclass(frozen=True, slots=True)
class _Caption:
    """What the words above say: the name, its unit's power of 1024, and where they stand."""

    line: int
    noun: Noun
    power: int | None
    text: str


def tell_moment(label: str) -> tuple[str, int | None] | None:
    """(kind, nanoseconds) of a row's label: wall, clock (of a day), week, elapsed, order, number; None when it is no moment."""
    label = label.strip(" \t:-,.*`[]()")
    weekday = _WEEK.match(label)
    if weekday is not None and (time := read_time_of_day(weekday["time"])) is not None:
        return "week", _DAYS.index(weekday["day"][:2].lower()) * _DAY_NS + time
    stamp = read_stamp(label + " ")
    if stamp is not None:
        return "wall", stamp.wall_ns
    day, clock = read_date(label), read_time_of_day(label)
    if day is not None:
        return "wall", day.wall_ns + (clock or 0)
    if clock is not None:
        return "clock", clock
    nth = _NTH.match(label)
    elapsed = read_duration(f"{nth['n']} {nth['unit']}" if nth else label)
    if elapsed is not None:
        return "elapsed", elapsed
    told = read_moments(label)
    if len(told) == 1 and told[0].end - told[0].start >= len(label) - 12:
        return "elapsed", told[0].elapsed_ns
    if _WEEKDAY.match(label):
        return "order", None
    if re.fullmatch(r"#?\d{1,9}", label):
        return "number", None
    return ("order", None) if len(label) <= 24 and not any(map(str.isdigit, label)) and is_stage(label) else None


def _row(line: str, at: int) -> _Row | None:
    text = flatten(line[: _LONGEST_LINE + 1]).rstrip()
    if not text or len(text) > _LONGEST_LINE or text[-1] in ".?!":
        return None
    bare = _BARE.match(text)
    if bare is not None:
        return _Row(at, "none", None, (("", bare["number"], bare["unit"]),), "")
    match = _PAIRS.match(text) if "=" in text or ":" in text else None
    if match is not None and (told := tell_moment(match["label"])) is not None:
        return _Row(at, *told, tuple((p["key"], p["number"], p["unit"]) for p in _PAIR.finditer(match["pairs"])), "")
    match = _ROW.match(text)
    if match is None or (told := tell_moment(match["label"])) is None:
        return None
    return _Row(at, *told, (("", match["number"], match["unit"]),), match["tail"] or "")


def _blocks(lines: Sequence[str]) -> Iterator[list[_Row]]:
    """Rows of one shape below each other; a blank line may stand between."""
    block: list[_Row] = []
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        row = _row(line, i)
        fits = (
            row is not None and block and i - block[-1].line <= 2 and (row.kind == "none") == (block[-1].kind == "none")
        )
        if block and (not fits or len(block) >= _MOST_ROWS):
            yield block
            block = []
        if row is not None:
            block.append(row)
    if block:
        yield block


def _enough(block: Sequence[_Row], caption: _Caption) -> bool:
    kinds = {row.kind for row in block}
    if "number" in kinds and not _RUNS.search(caption.text):
        return False
    units = all(unit for row in block for _, _, unit in row.figures)
    return len(block) >= 3 or (len(block) == 2 and units and "none" not in kinds)


def _caption(lines: Sequence[str], block: Sequence[_Row]) -> _Caption | None:
    """The name and the unit from the nearest words above that have a name, or from what stands behind the figures."""
    at, seen = block[0].line - 1, 0
    texts = [(block[0].line, row.tail) for row in block if row.tail][:1]
    while at >= 0 and seen < 3 and block[0].line - at < 7:
        if lines[at].strip() and not lines[at].lstrip().startswith(("```", "~~~")):
            texts.append((at, lines[at][:2000]))
            seen += 1
        at -= 1
    for line, text in texts:
        named = name_caption(flatten(text))
        if named is not None:
            return _Caption(line, named[0], named[1], text)
    return None


def name_caption(text: str) -> tuple[Noun, int | None] | None:
    """(name, power of its unit) that a caption gives to the figures below it; None for none, or several that differ."""
    if _KIB.search(text):
        return next(noun for noun in read_nouns("RSS")), 1
    nouns = [noun for noun in read_nouns(text) if noun.size and not noun.size.endswith(_BOUND)]
    for noun in nouns:
        unit = _AFTER_NAME.match(text[noun.end :])
        if unit is not None:
            return noun, unit_power(unit["unit"])
    sure = [noun for noun in nouns if not noun.generic] or nouns
    if len({noun.size for noun in sure}) != 1:
        return None
    stated = CAPTION.search(text) or _IN_PARENS.search(text)
    return sure[-1], unit_power(stated["unit"]) if stated else None


def _metric(caption: _Caption) -> str:
    if caption.noun.generic and cues.BOXED.search(caption.text):
        return "cgroup.current_bytes"
    if caption.noun.generic and cues.WHOLE_HOST.search(caption.text) and not cues.OWN.search(caption.text):
        return "host.used_bytes"
    return caption.noun.size or ""


def measure(number: str, power: int) -> tuple[int, int] | None:
    """(value, quantum)."""
    mantissa, _, exponent = number.lower().partition("e")
    read = read_number(mantissa, comma=False, count=power == 0, large_unit=power > 1)
    width = 1024**power * 10 ** int(exponent or 0)
    if read is None or read[0] * width >= MOST:
        return None
    return round(read[0] * width), max(1, width // 10 ** min(read[1], 40))


def _read_rows(block: Sequence[_Row], caption: _Caption) -> Iterator[Reading]:
    """One reading for each row."""
    own = next((unit_power(unit) for row in block for _, _, unit in row.figures if unit), None)
    named = bool(block[0].figures[0][0])
    day, last = 0, -1
    begin = block[0].when if block[0].kind in TURNS else None
    for row in block:
        if row.kind in TURNS and row.when is not None:
            day += TURNS[row.kind] if row.when < last else 0
            last = row.when
        metrics: dict[str, int] = {}
        quanta: dict[str, int] = {}
        for key, number, unit in row.figures:
            noun = name_of(key) if named else caption.noun
            power = unit_power(unit) if unit else caption.power if caption.power is not None else own
            if noun is None or not noun.size or power is None or (measured := measure(number, power)) is None:
                continue
            metric = noun.size if named else _metric(caption)
            metrics[metric], quanta[metric] = measured
        if not metrics:
            continue
        elapsed = row.when if row.kind == "elapsed" else None
        if begin is not None and row.when is not None and row.kind == block[0].kind:
            elapsed = row.when + day - begin
        yield Reading(metrics=metrics, quanta=quanta, elapsed_ns=elapsed, wall_ns=row.when if row.kind == "wall" else None, line=row.line + 1, last_line=row.line + 1)  # fmt: skip


def _sides(lines: Sequence[str]) -> Iterator[list[tuple[int, str, list[tuple[int, int]]]]]:
    """Groups of lines with as many moments side by side: (line, metric, figures)."""
    group: list[tuple[int, str, list[tuple[int, int]]]] = []
    for i, line in enumerate(lines):
        if ("/" not in line and ">" not in line and "→" not in line) or len(line) > _LONGEST_LINE:
            continue
        match = _SIDE.match(flatten(line).rstrip())
        side = _side(match, i) if match else None
        if side is None:
            continue
        if group and (i - group[-1][0] > 3 or len(side[2]) != len(group[-1][2])):
            yield group
            group = []
        group.append(side)
    if group:
        yield group


@lru_cache(maxsize=1024)
def _side_name(text: str) -> tuple[Noun | None, int | None]:
    bare, power = split_unit(text)
    return name_of(bare) or name_of(text), power


def _side(match: re.Match[str], at: int) -> tuple[int, str, list[tuple[int, int]]] | None:
    noun, power = _side_name(match["name"].strip())
    values = [(value["number"], value["unit"]) for value in _VALUE.finditer(match["values"])]
    if noun is None:
        return None
    last = unit_power(values[-1][1]) if values[-1][1] else power
    counted = noun.size is None or (last is None and noun.count is not None)
    figures = [measure(number, (unit_power(unit) if unit else last) or 0) for number, unit in values]
    if (not counted and last is None) or (counted and any(unit for _, unit in values)):
        return None
    metric = (noun.count if counted else noun.size) or ""
    known = [figure for figure in figures if figure is not None]
    return (at, metric, known) if metric and len(known) == len(values) else None


def _read_sides(lines: Sequence[str], group: Sequence[tuple[int, str, list[tuple[int, int]]]]) -> Iterator[Reading]:
    first, last = group[0][0], group[-1][0]
    times = next((m[0] for i in range(first - 1, max(-1, first - 4), -1) if (m := _TIMES.search(lines[i][:600]))), "")
    clocks = [read_time_of_day(time) for time in re.findall(r"\d{1,2}:\d\d", times)]
    for i in range(len(group[0][2])):
        elapsed = (clocks[i] or 0) - (clocks[0] or 0) if len(clocks) == len(group[0][2]) else None
        yield Reading(
            metrics={metric: figures[i][0] for _, metric, figures in group},
            quanta={metric: figures[i][1] for _, metric, figures in group},
            elapsed_ns=elapsed if elapsed is None or elapsed >= 0 else elapsed + _DAY_NS,
            line=first + 1,
            last_line=last + 1,
        )


def _read(lines: Sequence[str]) -> Iterator[tuple[int, int, list[Reading]]]:
    """(first line with its caption, last line, readings) of every course."""
    for block in _blocks(lines):
        caption = _caption(lines, block) if len(block) >= 2 else None
        if caption is None or not _enough(block, caption):
            continue
        readings = list(_read_rows(block, caption))
        if len(readings) >= 2:
            yield min(caption.line, block[0].line), block[-1].line, readings
    for group in _sides(lines):
        above = max(0, group[0][0] - 3)
        yield above, group[-1][0], list(_read_sides(lines, group))


@lru_cache(maxsize=1)
def _courses_of(lines: tuple[str, ...]) -> list[tuple[int, int, list[Reading]]]:
    return list(_read(lines))


def row_lines(lines: Sequence[str]) -> set[int]:
    """The lines of courses, 0-based, which are no sentences."""
    return {
        i
        for _, _, readings in _courses_of(tuple(lines))
        for reading in readings
        for i in range((reading.line or 1) - 1, reading.last_line or 0)
    }


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Courses with the words above that name them."""
    for first, last, _ in _courses_of(tuple(lines)):
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment. ParseError when there is no course in the text."""
    readings = tuple(reading for _, _, found in _read(text.split("\n")) for reading in found)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no figures in rows under words that name them")
    return readings
