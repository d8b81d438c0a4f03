"""Grids: tables as people type them, with pipes, box drawings, aligned columns, commas or tabs → rows of cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from memwhy.sources.words.quantities import flatten

Kind = Literal["pipes", "aligned", "commas"]
_LONGEST_LINE = 2000
_MOST_CELLS = 64
_MOST_ROWS = 5000
_PREFIX = re.compile(r"^(?:\s{0,8}>\s?){0,4}\s*(?:[-*+] (?=\|))?(?:<[^>]{1,40}>)?")
_BOX = str.maketrans(dict.fromkeys("│┃║¦｜", "|"))
_RULE = re.compile(r"[\s|:+\-=_.─━┄┼├┤┌┐└┘┬┴╞╪╡╔╗╚╝╠╣═╬╦╩╭╮╰╯┏┓┗┛┣┫┳┻╋╟╢╤╧╫]{3,}")
_DASHES = re.compile(r"[-=─━═]{2,}|:-|-:|\|\s?-")
_TAG = re.compile(r"</?[a-z]{1,10}(?: [^>]{0,80})?/?>", re.IGNORECASE)


@dataclass(slots=True)
class Grid:
    """Rows of cells with their lines (0-based). ruled: how many rows stand above the first rule, 0 without one."""

    kind: Kind
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    ruled: int = 0
    last: int = 0

    @property
    def first(self) -> int:
        return self.rows[0][0]


def clean_cell(cell: str) -> str:
    """A cell's text without markdown, tags and backticks."""
    return _TAG.sub(" ", cell).replace("**", "").replace("__", "").replace("`", "").strip(" *\t\"'").replace("\\_", "_")


def is_rule(line: str) -> bool:
    """`|---|:-:|`, `+-----+`, `├──┼──┤`, `====  ====`."""
    return _RULE.fullmatch(line) is not None and _DASHES.search(line) is not None


def _pipe_cells(line: str) -> list[str] | None:
    text = line.translate(_BOX).replace("\\|", "/").strip()
    if "|" not in text:
        return None
    cells = text.removeprefix("|").removesuffix("|").split("|")
    return [clean_cell(cell) for cell in cells] if 2 <= len(cells) <= _MOST_CELLS else None


def _aligned_cells(line: str) -> list[str] | None:
    cells = re.split(r" {2,}", line.strip())
    return [clean_cell(cell) for cell in cells] if 2 <= len(cells) <= _MOST_CELLS else None


def _comma_cells(line: str) -> list[str] | None:
    for sign in (",", ";"):
        if line.count(sign) and '","' not in line:
            cells = line.split(sign)
            if 2 <= len(cells) <= _MOST_CELLS:
                return [clean_cell(cell) for cell in cells]
    quoted = line.split('","')
    return [clean_cell(cell) for cell in quoted] if 2 <= len(quoted) <= _MOST_CELLS else None


def find_pipes(lines: Sequence[str]) -> Iterator[Grid]:
    """Tables with upright strokes. Lines taken by other readers are blank: up to three of them do not end a table."""
    grid: Grid | None = None
    for i, line in enumerate(lines):
        plain = ("|" in line or any(c in line for c in "│┃║｜─━═")) and len(line) <= _LONGEST_LINE
        text = _PREFIX.sub("", flatten(line), count=1) if plain else ""
        if plain and is_rule(text.translate(_BOX)):
            if grid is not None:
                grid.ruled = grid.ruled or len(grid.rows)
                grid.last = i
            continue
        cells = _pipe_cells(text) if plain else None
        if cells is None:
            if grid is not None and (line.strip(" >\t") or i - grid.last > 3):
                yield grid
                grid = None
            continue
        if grid is not None and (
            len(grid.rows) >= _MOST_ROWS or (i - grid.last > 1 and len(cells) != len(grid.rows[0][1]))
        ):
            yield grid
            grid = None
        if grid is None:
            grid = Grid("pipes")
        grid.rows.append((i, cells))
        grid.last = i
    if grid is not None:
        yield grid


def find_columns(lines: Sequence[str]) -> Iterator[Grid]:
    """Headers with rows of as many cells below them: columns parted by two blanks, by one where all rows are numbers, by commas."""
    i, count = 0, len(lines)
    while i < count:
        header = _header(lines[i])
        if header is None:
            i += 1
            continue
        best: Grid | None = None
        for kind, cells in header:
            grid = _below(lines, i, kind, cells)
            if grid is not None and (best is None or len(grid.rows) > len(best.rows)):
                best = grid
        if best is None:
            i += 1
            continue
        yield best
        i = best.last + 1


_COLUMN = re.compile(r"(?:[^\W\d][\w .%/:-]{0,30}(?:[(\[][\w/%]{1,8}[)\]])?|#|%|[(\[][\w/%]{1,8}[)\]])?")
"""What the name of a column looks like; numbers, code and log prefixes do not."""


def _header(line: str) -> list[tuple[Kind, list[str]]] | None:
    """The ways in which a line could be the names of columns; most lines are none."""
    if len(line) > _LONGEST_LINE or len(line) < 5 or not _NAMES.search(line):
        return None
    text = _PREFIX.sub("", flatten(line), count=1)
    ways: list[tuple[Kind, list[str]]] = []
    commas = _comma_cells(text)
    if commas is not None and all(_COLUMN.fullmatch(cell) for cell in commas):
        ways.append(("commas", commas))
    if "=" not in text and "|" not in text:
        aligned = _aligned_cells(text) if "\t" not in line else [clean_cell(c) for c in re.split(r"\t+", line.strip())]
        if aligned is not None and 2 <= len(aligned) <= _MOST_CELLS and all(map(_COLUMN.fullmatch, aligned)):
            ways.append(("aligned", aligned))
        tokens = [clean_cell(token) for token in text.split()]
        if (
            2 <= len(tokens) <= 24
            and all(map(_COLUMN.fullmatch, tokens))
            and (not aligned or len(tokens) != len(aligned))
        ):
            ways.append(("aligned", tokens))
    return ways or None


_NAMES = re.compile(
    r"^[\s>]{0,8}(?:time|hours?|days?|date|elapsed|uptime|minutes?|min|Zeit|Stunden?|Tag|heure|jour|hora|d[ií]a|время|час|день|时间|時間|日期)\b|before|vorher|avant|antes|до |之前|启动|rss|res\b|resident|heap|mem|virt|vsz|sys|thread|goroutin|fds?\b|descriptor|内存|线程|speicher|памят|メモリ|메모리|mémoire",
    re.IGNORECASE,
)


def _below(lines: Sequence[str], at: int, kind: Kind, header: list[str]) -> Grid | None:
    """The grid under a header, when at least two rows with figures follow it."""
    grid = Grid(kind, [(at, header)], ruled=1, last=at)
    for i in range(at + 1, min(len(lines), at + _MOST_ROWS)):
        if len(lines[i]) > _LONGEST_LINE:
            break
        text = _PREFIX.sub("", flatten(lines[i]), count=1)
        if is_rule(text) and i == at + 1:
            continue
        cells = _row(lines[i], text, kind, len(header))
        if cells is None:
            break
        grid.rows.append((i, cells))
        grid.last = i
    return grid if len(grid.rows) >= 3 else None


def _row(line: str, text: str, kind: Kind, width: int) -> list[str] | None:
    if not any(c.isdigit() for c in text):
        return None
    if kind == "commas":
        cells = _comma_cells(text)
        return cells if cells is not None and len(cells) == width else None
    if "\t" in line.strip():
        cells = [clean_cell(cell) for cell in re.split(r"\t+", line.strip())]
        if len(cells) == width:
            return cells
    cells = _aligned_cells(text)
    if cells is not None and len(cells) == width:
        return cells
    tokens = text.split()
    joined = re.sub(r"(?<=\d) (?=(?:[KMG]i?B|[kmg]b|bytes)\b)", "", text.strip()).split()
    for cells in (tokens, joined):
        if len(cells) == width and sum(c[:1].isdigit() or c[:1] in "~-" for c in cells) >= width - 1:
            return [clean_cell(cell) for cell in cells]
    return None
