"""Lines of styled text in any number of columns; all text of the target's is cleaned before it gets here."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from memwhy.render.plain import clean, elide, pad, width, wrap


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line. style: words such as "bold red", of the terminal's own sixteen colours; "" is its default."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
EMPTY: Line = ()


def line(text: str, columns: int, style: str = "") -> Line:
    """One line, its middle left out where it is too long."""
    return (Span(elide(text, columns), style),)


def columns_of(spans: Line) -> int:
    """How many columns the line takes."""
    return sum(_width(span.text) for span in spans)


def is_narrow(spans: Line) -> bool:
    """Whether each character takes one column: then columns are indices."""
    return all(_narrow(span.text) for span in spans)


@lru_cache(4096)
def _narrow(text: str) -> bool:
    return text.isascii() or all(width(char) == 1 for char in text)


@lru_cache(4096)
def _width(text: str) -> int:
    """As width(); a screen has the same texts again and again."""
    return width(text)


def fitted(spans: Line, columns: int) -> Line:
    """The line cut at the right edge."""
    out: list[Span] = []
    room = columns
    for span in spans:
        if room <= 0:
            break
        size = _width(span.text)
        out.append(span if size <= room else Span(elide(span.text, room), span.style))
        room -= size
    return tuple(out)


def apart(left: Line, right: Line, columns: int) -> Line:
    """One part at each edge; of two that do not fit the right one goes."""
    gap = columns - columns_of(left) - columns_of(right)
    if gap < 2:
        return fitted(left, columns)
    return (*left, Span(" " * gap), *right)


def wrapped(text: str, columns: int, *, style: str = "", indent: int = 0, hanging: int | None = None) -> list[Line]:
    """A text of the outside in lines: `indent` blanks before the first, `hanging` before the others."""
    more = indent if hanging is None else hanging
    first, *rest = wrap(clean(text), max(2, columns - max(indent, more)))
    return [(Span(" " * indent), Span(first, style)), *((Span(" " * more), Span(part, style)) for part in rest)]


def titled(title: str, texts: Iterable[str], columns: int, *, style: str = "bold") -> list[Line]:
    """A title with its sentences below it, and an empty line behind; nothing where there are no sentences."""
    body = [row for text in texts if text for row in wrapped(text, columns, indent=2, hanging=4)]
    return [(Span(title, style),), *body, EMPTY] if body else []


def beside(left: list[Line], right: list[Line], columns: int) -> list[Line]:
    """Two blocks next to each other, the right one from that column on."""
    rows = max(len(left), len(right))
    out = []
    for number in range(rows):
        one = fitted(left[number], columns) if number < len(left) else EMPTY
        two = right[number] if number < len(right) else EMPTY
        out.append((*one, Span(" " * (columns - columns_of(one))), *two) if two else one)
    return out


def table(rows: list[tuple[tuple[str, str], ...]], columns: int) -> list[Line]:
    """Rows of (text, style): the first cell takes what the others leave, the others stand right. Columns that are empty, and
    from the right those for which there is no room, are left out."""
    if not rows:
        return []
    count = len(rows[0])
    wanted = [index for index in range(1, count) if any(row[index][0] for row in rows[1:])]
    sizes = {index: max(width(row[index][0]) for row in rows) for index in wanted}
    longest = max(width(row[0][0]) for row in rows)
    while wanted and columns - sum(sizes[index] + 2 for index in wanted) < min(longest, 18):
        wanted.pop()
    label = min(longest, columns - sum(sizes[index] + 2 for index in wanted))
    out: list[Line] = []
    for row in rows:
        spans = [Span(pad(elide(row[0][0], label), label), row[0][1])]
        spans += [Span("  " + pad(row[index][0], sizes[index], right=True), row[index][1]) for index in wanted]
        out.append(tuple(spans))
    return out
