"""The text page: lines of at most 80 columns, labels in a left margin, tables with one elastic column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from memwhy.render.plain import clean, elide, pad, width, wrap

WIDTH = 80
MARGIN = 12
"""Columns of the labels at the left."""

NAMES = 26
"""Columns of the names in a ledger."""

Style = Literal["", "bold", "dim", "red", "green", "yellow"]
_CODES: dict[str, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line in one style; its text is clean."""

    text: str
    style: Style = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """A table row. The first cell is wrapped, with `indent` blanks before it; the others stand right."""

    label: str
    rest: tuple[str, ...]
    indent: int = 2
    style: Style = ""


def line(text: str, style: Style = "") -> Line:
    """One line of one style, cut if nothing else kept it within the width."""
    return (Span(elide(text, WIDTH), style),)


def paint(lines: Iterable[Line], *, colour: bool) -> str:
    """The page; the same text whether or not it is coloured."""
    return "".join("".join(_paint(span, colour) for span in spans).rstrip(" ") + "\n" for spans in lines)


def _paint(span: Span, colour: bool) -> str:
    if not colour or not span.style or not span.text.strip():
        return span.text
    return f"\x1b[{_CODES[span.style]}m{span.text}\x1b[0m"


def hang(text: str, *, indent: int, hanging: int, style: Style = "") -> list[Line]:
    """A text of the outside wrapped: `indent` blanks before its first line, `hanging` before the others."""
    lines: list[Line] = []
    first, *rest = wrap(clean(text), WIDTH - max(indent, hanging))
    lines.append((Span(" " * indent), Span(first, style)))
    lines += [(Span(" " * hanging), Span(part, style)) for part in rest]
    return lines


def note(label: str, texts: Iterable[str], *, style: Style = "") -> list[Line]:
    """Texts beside a label in the margin, each on its own line; nothing when there are none."""
    lines: list[Line] = []
    for text in texts:
        if not text:
            continue
        body = hang(text, indent=MARGIN, hanging=MARGIN + 2)
        if not lines:
            body[0] = (Span(pad(label, MARGIN), style or "bold"), *body[0][1:])
        lines += body
    return lines


def columns(header: Cells, items: Sequence[Cells | Line]) -> list[Line]:
    """A table whose empty columns are left out; the first column takes what the others leave. Lines among the rows stay."""
    rows = [item for item in items if isinstance(item, Cells)]
    wanted = [index for index in range(len(header.rest)) if any(row.rest[index] for row in rows)]
    widths = [max(width(row.rest[index]) for row in (header, *rows)) for index in wanted]
    room = WIDTH - sum(widths) - 2 * len(widths)
    label_width = max(14, min(room, max([28, *(width(row.label) + row.indent for row in rows)])))
    lines: list[Line] = []
    for item in (header, *items):
        if not isinstance(item, Cells):
            lines.append(item)
            continue
        first, *more = wrap(item.label, label_width - item.indent)
        figures = "".join(
            "  " + pad(item.rest[index], size, right=True) for index, size in zip(wanted, widths, strict=True)
        )
        lines.append(line(pad(" " * item.indent + first, label_width) + figures, item.style))
        lines += [line(" " * (item.indent + 2) + part, item.style) for part in more]
    return lines


def ledger(title: str, right: str, rows: Sequence[tuple[str, str, str]]) -> list[Line]:
    """Name, reason and a short figure at the right, under a title.

    Reasons are wrapped in their own column; below a list of names too long for its column they get lines of their own.
    """
    short = [name for name, _, _ in rows if width(name) <= NAMES]
    name_width = max((width(name) for name in short), default=0)
    figure_width = max(width(figure) for _, _, figure in rows)
    heading = right.rjust(WIDTH - len(title)) if figure_width else ""
    lines: list[Line] = [(Span(title, "bold"), Span(heading, "dim"))]
    for name, reason, figure in rows:
        stacked = width(name) > NAMES
        room = WIDTH - 2 - (0 if stacked else name_width + 2) - (figure_width + 2 if figure_width else 0)
        parts = wrap(name, room) + ["    " + part for part in wrap(reason, room - 4)] if stacked else wrap(reason, room)
        for index, part in enumerate(parts):
            left = "" if stacked else pad(name if index == 0 else "", name_width) + "  "
            end = "  " + pad(figure, figure_width, right=True) if index == 0 and figure else ""
            lines.append(line(f"  {left}{pad(part, room)}{end}"))
    return lines
