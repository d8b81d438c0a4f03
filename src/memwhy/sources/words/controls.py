"""Tables of one figure: rows are moments, columns are programs or settings, and only the words above name the figure.

`RSS of the worker (MB)` above columns `hour`, `jemalloc`, `glibc`; the unit may stand there, in some rows or in all. A column
is a subject of its own, so that the others are its controls; columns that differ by one change are its arms.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.words.arms import read_arms
from memwhy.sources.words.courses import TURNS, measure, name_caption, tell_moment
from memwhy.sources.words.grids import Grid
from memwhy.sources.words.quantities import duration_ns, flatten, unit_power
from memwhy.sources.words.tables import TIME_NAME, find_grids, known_names
from memwhy.sources.words.units import split_unit

NAME = "words/control/table"
SHARES = True
MOST_BYTES = 4 << 20
_LEAST_ROWS = 3
_LOOK_UP = 6
_LONGEST = 600
_CELL = re.compile(
    r"[~≈]?(?P<number>\d{1,3}(?:,\d{3}){1,3}|\d{1,12}(?:\.\d{1,6})?) ?(?P<unit>[KMGTkmgt]i?[Bb]|[KMG]i?|bytes)?"
)
_NO_COLUMN = re.compile(
    r"%|Δ|\b(?:delta|diff\w*|change|ratio|factor|requests?|rps|qps|cpu|load|latency|p\d\d|count|note|comment|limit)\b",
    re.IGNORECASE,
)


def _caption(lines: Sequence[str], grid: Grid) -> tuple[int, str] | None:
    """(line, text) of the nearest words above that name one figure."""
    for i in range(grid.first - 1, max(-1, grid.first - _LOOK_UP), -1):
        text = flatten(lines[i][:_LONGEST])
        if "|" not in text and text.strip() and name_caption(text) is not None:
            return i, text
    return None


def _read(lines: Sequence[str], grid: Grid) -> tuple[int, list[Reading]] | None:
    """(line of the caption, readings) of a table whose columns nothing but the words above name."""
    header, body = grid.rows[0][1], grid.rows[1:]
    if len(header) < 2 or len(body) < _LEAST_ROWS or any(noun is not None for noun in known_names(header)):
        return None
    caption = _caption(lines, grid)
    named = name_caption(caption[1]) if caption else None
    if caption is None or named is None or any(len(cells) != len(header) for _, cells in body):
        return None
    moments = [_moment(header[0], cells[0]) for _, cells in body]
    columns = {
        i: cells
        for i in range(1, len(header))
        if not _NO_COLUMN.search(header[i]) and (cells := _column([row[i] for _, row in body], header[i], named[1]))
    }
    if not columns or any(moment is None for moment in moments):
        return None
    metric = named[0].size or ""
    return caption[0], list(_readings(grid, header, columns, [m for m in moments if m], metric, caption[1]))


def _moment(header: str, cell: str) -> tuple[str, int | None] | None:
    named = TIME_NAME.match(header.strip())
    unit = named["unit"] if named else None
    if unit and re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", cell):
        elapsed = duration_ns(cell, "min" if unit == "m" else unit)
        return None if elapsed is None else ("elapsed", elapsed)
    told = tell_moment(cell)
    return (
        ("order", None)
        if told is not None and told[0] == "number" and named
        else None
        if told is None or told[0] == "number"
        else told
    )


def _column(cells: Sequence[str], name: str, power: int | None) -> list[tuple[int, int]]:
    """(value, quantum) of every cell; empty unless all are figures and a unit is told somewhere."""
    found = [_CELL.fullmatch(flatten(cell).strip()) for cell in cells]
    own = split_unit(name)[1]
    beside = {unit_power(match["unit"]) for match in found if match and match["unit"]}
    unit = own if own is not None else power if power is not None else beside.pop() if len(beside) == 1 else None
    figures = []
    for match in found:
        told = unit_power(match["unit"]) if match and match["unit"] else unit
        figure = measure(match["number"].replace(",", ""), told) if match and told is not None else None
        if figure is None:
            return []
        figures.append(figure)
    return figures


def _readings(
    grid: Grid,
    header: Sequence[str],
    columns: dict[int, list[tuple[int, int]]],
    moments: Sequence[tuple[str, int | None]],
    metric: str,
    caption: str,
) -> Iterator[Reading]:
    """One reading for each cell, row by row; the facts of the arms with the first of those that nothing was changed in."""
    labels = [split_unit(header[i])[0] for i in columns]
    facts, changed = read_arms(labels, [{metric: cells[-1][0]} for cells in columns.values()], caption)
    plain = [i for place, i in enumerate(columns) if place not in changed]
    turned, last = 0, -1
    for row, (kind, when) in enumerate(moments):
        if kind in TURNS and when is not None:
            turned += TURNS[kind] if when < last else 0
            last = when
        start = moments[0][1] or 0
        elapsed = when if kind == "elapsed" else None if when is None or kind not in TURNS else when + turned - start
        line = grid.rows[row + 1][0] + 1
        for place, i in enumerate(columns):
            value, quantum = columns[i][row]
            alone = len(plain) == 1 and i in plain
            if place in changed:
                continue
            yield Reading(
                metrics={metric: value}, quanta={metric: quantum}, elapsed_ns=elapsed, wall_ns=when if kind == "wall" else None,
                subject=None if alone else f"section {labels[place]}", facts=facts if row == 0 and i == plain[0] else {}, line=line, last_line=line,
            )  # fmt: skip


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of figures that the words above name, with these words."""
    for grid in find_grids(lines):
        found = _read(lines, grid)
        if found is not None and found[1]:
            yield Span(first=found[0], last=grid.last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment and column. ParseError when no table's figure is named above it."""
    lines = text.split("\n")
    readings = tuple(one for grid in find_grids(lines) if (found := _read(lines, grid)) is not None for one in found[1])
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of a figure that words above it name")
    return readings
