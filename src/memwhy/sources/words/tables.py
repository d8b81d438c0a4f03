"""Tables typed by hand: names of figures along one side, moments, stages or whose they are along the other.

No unit is guessed: it stands in the cell, in the name of the column or row, or in a sentence right above or below the
table; a field of Go's MemStats is bytes by definition. Changes, rates, bounds and shares are no levels and are left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span
from memwhy.sources.words.arms import names_of, read_arms
from memwhy.sources.words.grids import Grid, find_columns, find_pipes
from memwhy.sources.words.moments import clock_ns, is_stage, read_duration, read_moments
from memwhy.sources.words.quantities import (
    COMMA_LANGUAGES,
    MOST,
    Language,
    duration_ns,
    flatten,
    read_number,
    read_quantities,
    tell_language,
    unit_power,
)
from memwhy.sources.words.trials import ONCE
from memwhy.sources.words.units import split_unit, unit_beside
from memwhy.sources.words.vocabulary import MEMSTATS_FIELDS, Noun, name_of

NAME = "words/table"
SHARES = True
MOST_BYTES = 4 << 20
_TOOLS = re.compile(
    r"\bPID\b|%CPU|%MEM|\bTTY\b|\bCOMMAND\b|\bKbytes\b|\bCPU ?%|MEM ?%|\bflat%|\bOBJS\b|\bCONTAINER ID\b|buff/cache|\bused\s+free\b|pgtables|\bswpd\b|\bLine #|\bLWP\b"
)
"""Columns of tools that have readers of their own."""
CAPTION = re.compile(
    r"(?i:\b(?:in|all|units?(?: are| is)?:?|alle(?: Werte| Angaben)? in|Einheit:?|en|em|tout en|todo en|tudo em|в|все в|единицы:?)|单位\s?(?:是|为)?:?|單位:?|単位:?|단위:?)"
    r"\s?\(?(?P<unit>[KMGkmg]i?[Bb]|[KMG]i|bytes|mebibytes|megabytes|kilobytes|kibibytes|gigabytes|gibibytes|[КМГ][Бб])\)?(?![A-Za-zА-Яа-я/])"
)
_NOTHING = re.compile(r"(?:[-–—?.…/ ]|n/?a|none|null|nil|unknown|xx+)*", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:→|->|=>|➜|⟶|-->|——>|\.\.\.)\s*")
_RANGE = re.compile(r"\d\s?(?:-|–|—|\.\.|~|to|bis)\s?\d")
TIME_NAME = re.compile(
    r"^(?:elapsed|uptime|time|t|at|when|after|age|duration|running|时间|運行|运行时间|時間|経過|시간|경과|Zeit|Laufzeit|temps|durée|tiempo|tempo|время)?[ _]?[\[(/,]?\s?"
    r"(?P<unit>s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?|d|days?|秒|分钟?|分|小时|小時|天|日|Minuten?|Min|Stunden?|Tage?|minutos?|horas?|d[ií]as?|heures?|jours?|мин|часы?|ч|дни|день)?\.?\s?[\])]?$",
    re.IGNORECASE,
)
_WHOSE = {
    "pid": "pid", "process": "process", "processes": "process", "command": "process", "comm": "process", "program": "process",
    "version": "version", "build": "version", "release": "version", "revision": "version", "branch": "version", "commit": "version", "版本": "version",
    "container": "container", "pod": "container", "host": "host", "server": "host", "node": "host", "machine": "host",
    "进程": "process", "容器": "container", "prozess": "process", "processus": "process", "proceso": "process", "processo": "process", "процесс": "process",
}  # fmt: skip
_OWN = {"container": "cgroup.current_bytes", "host": "host.used_bytes"}
"""What `memory` is of whom."""
_PLAIN_VALUE = re.compile(
    r"(?:values?|sizes?|figures?|amount|measured|now|current|bytes|值|数值|大小|wert|valeur|valor|значение|)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Moment:
    """The figures of one moment, growing. lines: 0-based."""

    first: int
    last: int
    metrics: dict[str, int] = field(default_factory=dict)
    quanta: dict[str, int] = field(default_factory=dict)
    elapsed_ns: int | None = None
    wall_ns: int | None = None
    subject: str | None = None
    label: str = ""
    facts: dict[str, str] = field(default_factory=dict)


_Figure = tuple[str, int, int]  # metric, value, quantum


def read_cell(
    cell: str, noun: Noun, power: int | None, language: Language, field_name: str = ""
) -> list[list[_Figure]]:
    """The figures of a cell; one list for each stage, several where arrows part them."""
    if _NOTHING.fullmatch(cell):
        return []
    parts = _ARROW.split(cell)[:12]
    if len(parts) > 1 and power is None:
        last = [q for q in read_quantities(parts[-1], language) if q.size is not None]
        tail = re.search(r"([KMGTkmgt]i?[Bb]|[KMG]i?|bytes)\s*(?:\(.*\))?$", parts[-1].strip())
        power = unit_power(tail[1]) if last and tail else None
    if power is None and field_name.lower().replace("_", "").replace(" ", "") in MEMSTATS_FIELDS:
        power = 0
    return [figures for part in parts if (figures := _figures(part, noun, power, language))]


def _figures(text: str, noun: Noun, power: int | None, language: Language) -> list[_Figure]:
    text = text.strip().lstrip("~≈ ")
    if text[:1] in "+-<>≤≥±" or "%" in text.split("(")[0] or _RANGE.search(text.split("(")[0]):
        return []
    found: list[_Figure] = []
    bare = re.match(r"(\d[\d.,']*)(?=\s*(?:$|\(|\[))", text)
    if bare is not None and noun.size and power is not None:
        read = read_number(bare[1], comma=language in COMMA_LANGUAGES, count=False, large_unit=power > 2)
        width = 1024**power
        if read is not None and read[0] * width < MOST:
            return [(noun.size, round(read[0] * width), max(1, width // 10 ** min(40, read[1])))]
        return []
    for quantity in read_quantities(text, language)[:3]:
        if (
            quantity.delta
            or quantity.bound
            or quantity.per_ns is not None
            or text[quantity.end : quantity.end + 1] == "%"
        ):
            continue
        known = {metric for metric, _, _ in found}
        if quantity.size is not None and noun.size and noun.size not in known:
            found.append((noun.size, quantity.size, quantity.size_quantum))
        elif quantity.count is not None and _counts(noun, quantity.bare) and noun.count not in known:
            found.append((noun.count or "", quantity.count, quantity.count_quantum))
        if not found:
            break  # the first number is another thing's
    return found


def _counts(noun: Noun, bare: bool) -> bool:
    """A plain number may be how many there are; of objects only where the name could not be an amount."""
    return noun.count is not None and (noun.size is None or (bare and noun.count != "runtime.objects_count"))


def known_names(cells: Sequence[str]) -> list[Noun | None]:
    return [name_of(split_unit(cell)[0]) if len(cell) < 80 else None for cell in cells]


def _readings(grid: Grid, power: int | None, language: Language, caption: str = "") -> list[_Moment]:
    """Which side the names stand on, and what the other side tells."""
    head = grid.rows[: grid.ruled] if 0 < grid.ruled < len(grid.rows) else grid.rows[:1]
    body = grid.rows[len(head) :]
    names = max((known_names(cells) for _, cells in head), key=lambda nouns: sum(noun is not None for noun in nouns))
    header = max((cells for _, cells in head), key=lambda cells: sum(noun is not None for noun in known_names(cells)))
    figures = any(any(c.isdigit() for c in cell) and read_quantities(cell, language) for cell, noun in zip(header, names, strict=False) if noun is None and read_duration(cell) is None)  # fmt: skip
    columns = sum(noun is not None for noun in names)
    side = [(row, noun) for row in (grid.rows if not grid.ruled else body) for noun in known_names(row[1][:1]) if noun]
    if columns and columns >= len(side) and not (figures and side):
        moments = _by_columns(header, names, body, power, language)
    elif side and grid.kind == "pipes":
        moments = _by_rows(header if head[0] not in [row for row, _ in side] else [], side, power, language)
    elif side and len(header) >= 3:
        moments = _by_rows(header, [(r, n) for r, n in side if not n.generic], power, language)
    else:
        return []
    moments = _without_changed([moment for moment in moments if moment.metrics], caption)
    if any(metric.startswith("go.") for moment in moments for metric in moment.metrics):
        for moment in moments:
            for figures_of in (moment.metrics, moment.quanta):
                if "runtime.heap_used_bytes" in figures_of:
                    value = figures_of.pop("runtime.heap_used_bytes")
                    figures_of.setdefault("go.heap_alloc_bytes", value)
    return moments


def _without_changed(moments: list[_Moment], caption: str) -> list[_Moment]:
    """What was measured after a change is a trial and no level of what ran before."""
    facts, changed = read_arms([m.label for m in moments], [m.metrics for m in moments], caption)
    kept = [moment for i, moment in enumerate(moments) if i not in changed]
    if facts:
        kept[0].facts = facts
        for moment in kept if len(kept) == 1 else ():
            moment.subject = None
    return kept


def _put(moments: list[_Moment], figures: Sequence[Sequence[_Figure]], at: int, line: int) -> None:
    """Put a cell's stages into moments from index `at` on, making those that are not there."""
    for offset, stage in enumerate(figures):
        while len(moments) <= at + offset:
            moments.append(_Moment(line, line))
        moment = moments[at + offset]
        moment.first, moment.last = min(moment.first, line), max(moment.last, line)
        for metric, value, quantum in stage:
            if metric not in moment.metrics:
                moment.metrics[metric], moment.quanta[metric] = value, quantum


def _by_columns(header: Sequence[str], names: Sequence[Noun | None], body: Sequence[tuple[int, list[str]]], power: int | None, language: Language) -> list[_Moment]:  # fmt: skip
    """Every row is a moment, or several where a name comes again (`RSS before`, `RSS after`) or arrows part its cells."""
    out: list[_Moment] = []
    units = [split_unit(cell)[1] for cell in header]
    whose = _whose_column(header, names, body)
    clocks = [clock_ns(cells[0]) for _, cells in body if cells]
    begin = (
        clocks[0]
        if clocks and all(c is not None for c in clocks) and clocks == sorted(c or 0 for c in clocks)
        else None
    )
    for i, noun in enumerate(names):
        if noun is not None and noun.size and units[i] is None and power is None:
            units[i] = unit_beside([cells[i] for _, cells in body if i < len(cells)])
    for line, cells in body:
        moments: list[_Moment] = []
        seen: dict[str, int] = {}
        for i, noun in enumerate(names):
            if noun is None or i >= len(cells):
                continue
            unit = units[i] if units[i] is not None else power
            figures = read_cell(cells[i], noun, unit, language, split_unit(header[i])[0])
            if noun.generic and whose is not None:
                figures = [[(_OWN.get(whose[1], metric), v, q) for metric, v, q in stage] for stage in figures]
            key = noun.size or noun.count or ""
            _put(moments, figures, seen.get(key, 0), line)
            seen[key] = seen.get(key, 0) + max(1, len(figures))
        for moment in moments:
            moment.label = next((cell for i, cell in enumerate(cells) if i >= len(names) or names[i] is None), "") if len(moments) == 1 else ""  # fmt: skip
            _place(moment, header, names, cells, whose, len(moments) == 1)
            if begin is not None and moment.elapsed_ns is None and len(moments) == 1:
                moment.elapsed_ns = (clock_ns(cells[0]) or 0) - begin
        out += moments
    return out


def _place(moment: _Moment, header: Sequence[str], names: Sequence[Noun | None], cells: Sequence[str], whose: tuple[int, str] | None, alone: bool) -> None:  # fmt: skip
    """When and whose a row is, from its cells that hold no figures."""
    for i, cell in enumerate(cells):
        if (i < len(names) and names[i] is not None) or i >= len(header):
            continue
        if whose is not None and whose[0] == i and cell:
            moment.subject = f"{whose[1]} {cell}".strip()
            continue
        stamp = read_stamp(cell)
        if stamp is not None and alone:
            moment.wall_ns = stamp.wall_ns
        elif alone and moment.elapsed_ns is None:
            moment.elapsed_ns = _elapsed(header[i], cell)


def _elapsed(header: str, cell: str) -> int | None:
    """Nanoseconds of a cell in a column of times: `10` under `min`, `after 2 h`, `start`."""
    named = TIME_NAME.match(header.strip())
    if re.fullmatch(r"\d{1,9}(?:[.,]\d{1,6})?", cell):
        unit = named["unit"] if named else None
        return duration_ns(cell, "min" if unit == "m" else unit) if unit else None
    plain = read_duration(cell)
    if plain is not None:
        return plain
    moments = read_moments(cell)
    return moments[0].elapsed_ns if len(moments) == 1 else None


def _whose_column(header: Sequence[str], names: Sequence[Noun | None], body: Sequence[tuple[int, list[str]]]) -> tuple[int, str] | None:  # fmt: skip
    """(index, kind) of the column that tells whose a row is; kind "" for variants of one thing."""
    free = [i for i in range(len(header)) if i >= len(names) or names[i] is None]
    for i in free:
        kind = _WHOSE.get(header[i].lower().strip())
        if kind is not None:
            return i, kind
    if not free or len(body) < 2:
        return None
    i = free[0]
    labels = [cells[i] for _, cells in body if i < len(cells)]
    if any(is_stage(label) or any(name in ONCE for name in names_of(label)) for label in labels[1:]):
        return None  # steps in the course of one thing
    if all(not label or is_stage(label) or read_moments(label) or read_stamp(label) or clock_ns(label) is not None or re.match(r"[~≈+<>-]?\d", label) for label in labels):  # fmt: skip
        return None
    return i, ""


def _by_rows(header: Sequence[str], side: Sequence[tuple[tuple[int, list[str]], Noun]], power: int | None, language: Language) -> list[_Moment]:  # fmt: skip
    """Every column of values is a moment; a row that comes again, or arrows in cells, make further ones."""
    width = max(len(cells) for (_, cells), _ in side)
    column_unit = [split_unit(cell)[1] for cell in header] if header else []
    unit_column = next((i for i, cell in enumerate(header) if re.fullmatch(r"units?|单位|Einheit|unité|unidad", cell, re.IGNORECASE)), None)  # fmt: skip
    labels = [header[i] if i < len(header) else "" for i in range(width)]
    values = [i for i in range(1, width) if i != unit_column and _is_value(labels[i])]
    staged = any(is_stage(labels[i]) or read_moments(labels[i]) for i in values)
    out: list[_Moment] = []
    for i in values:
        moments: list[_Moment] = []
        seen: dict[str, int] = {}
        for (line, cells), noun in side:
            if i >= len(cells):
                continue
            name, unit = split_unit(cells[0])
            if unit is None and unit_column is not None and unit_column < len(cells):
                unit = unit_power(cells[unit_column])
            if unit is None and i < len(column_unit):
                unit = column_unit[i]
            figures = read_cell(cells[i], noun, unit if unit is not None else power, language, name)
            key = noun.size or noun.count or ""
            _put(moments, figures, seen.get(key, 0), line)
            if figures and key in seen:
                told = read_moments(name)
                moments[seen[key]].elapsed_ns = told[0].elapsed_ns if len(told) == 1 else None
            seen[key] = seen.get(key, 0) + max(1, len(figures))
        for moment in moments:
            if len(moments) == 1:
                moment.elapsed_ns = _elapsed("", labels[i]) if labels[i] else None
                moment.label = labels[i]
            if len(values) > 1 and labels[i] and moment.elapsed_ns is None and not staged and not _PLAIN_VALUE.fullmatch(labels[i]):  # fmt: skip
                moment.subject = labels[i]
        out += moments
    return out


def _is_value(label: str) -> bool:
    return not re.search(r"Δ|delta|diff|change|growth|increase|%|ratio|factor|note|comment|source|description|meaning|limit|变化|增长|说明|备注|Änderung|Bemerkung|прирост", label, re.IGNORECASE)  # fmt: skip


def find_grids(lines: Sequence[str]) -> list[Grid]:
    """Every table of a page, also those that name nothing of ours. Remembered for the page that was asked for last."""
    return _grids_of(tuple(lines))


@lru_cache(maxsize=1)
def _grids_of(lines: tuple[str, ...]) -> list[Grid]:
    return _grids(lines)


def _grids(lines: Sequence[str]) -> list[Grid]:
    pipes = [grid for grid in find_pipes(lines) if len(grid.rows) >= 2]
    taken = {i for grid in pipes for i in range(grid.first, grid.last + 1)}
    others = find_columns([("" if i in taken else line) for i, line in enumerate(lines)])
    return sorted([*pipes, *others], key=lambda grid: grid.first)


def _caption(lines: Sequence[str], grid: Grid) -> tuple[int, int | None]:
    """(line, power) of the sentence near a table that says its unit; up to three lines with words on either side."""
    for step, start in ((-1, grid.first - 1), (1, grid.last + 1)):
        seen = 0
        i = start
        while 0 <= i < len(lines) and seen < 3 and abs(i - start) < 7:
            line = flatten(lines[i][:400])
            if line.strip():
                seen += 1
                match = CAPTION.search(line)
                if "|" in line:
                    break
                if match is not None:
                    return i, unit_power(match["unit"])
            i += step
    return grid.first, None


def _read(lines: Sequence[str], grid: Grid) -> tuple[list[_Moment], int, int]:
    """(moments, first line, last line) of a table with its caption."""
    if _TOOLS.search(" ".join(grid.rows[0][1])) and grid.kind != "commas":
        return [], grid.first, grid.last
    line, power = _caption(lines, grid)
    named, caption = _naming(lines, grid)
    language = tell_language(" ".join(cell for _, cells in grid.rows[:20] for cell in cells) + " " + lines[line][:400])
    moments = _readings(grid, power, language, caption)
    told = any(moment.facts for moment in moments)
    return moments, min(line, named if told else grid.first, grid.first), max(line, grid.last)


def _naming(lines: Sequence[str], grid: Grid) -> tuple[int, str]:
    """(line, text) of the sentence right above a table, which may name the change that its arms differ in."""
    for i in range(grid.first - 1, max(-1, grid.first - 5), -1):
        if lines[i].strip() and "|" not in lines[i]:
            return i, flatten(lines[i][:2000])
    return grid.first, ""


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables with a figure that is known, with the sentence that tells their unit."""
    for grid in find_grids(lines):
        moments, first, last = _read(lines, grid)
        if moments:
            yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment. ParseError when no table in the text says anything."""
    lines = text.split("\n")
    readings = [
        Reading(
            metrics=moment.metrics,
            quanta=moment.quanta,
            elapsed_ns=moment.elapsed_ns,
            wall_ns=moment.wall_ns,
            subject=moment.subject,
            facts=moment.facts,
            line=moment.first + 1,
            last_line=moment.last + 1,
        )
        for grid in _grids(lines)
        for moment in _read(lines, grid)[0]
    ]
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of memory figures")
    return tuple(readings)
