"""Layers over time as a stacked area of character cells; the same timeline gives the same cells."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.live.lines import Line, Span, fitted
from memwhy.model.pictures import REMAINDER, Band, Timeline
from memwhy.model.pictures import Line as Figure
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration
from memwhy.render.plain import elide

GROWING = (("█", "red"), ("▓", "magenta"), ("█", "bright_red"), ("▓", "bright_magenta"))
"""Of layers that grow, the fastest first: nothing else is red or solid, and shapes tell them apart where there is no colour."""
OTHERS = (("▒", "blue"), ("░", "cyan"), ("▒", "green"), ("░", "yellow"), ("▒", "bright_blue"))
REST = ("░", "bright_black")
"""Of all layers that are too small for a colour of their own."""
SAID = ("─", "bold")
EIGHTHS = " ▁▂▃▄▅▆▇█"
SPANS_S = (
    15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 345600, 604800, 1209600, 2592000,
)  # fmt: skip
"""Lengths of the axis of time: it jumps seldom, so that only its newest columns change."""
LEAST_GAIN = 0.15
"""Growth of a smaller share of the whole would be a line at the top: then what was gained since the beginning is drawn."""
HIGH = 16
"""Rows from which on there is room for more than one line over the area."""
AXIS = 10
"""Columns of the axis of bytes."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How one layer is drawn."""

    glyph: str
    style: str

    @property
    def span(self) -> Span:
        return Span(self.glyph, self.style)


def paints(timeline: Timeline) -> dict[str, Paint]:
    """The paint of each band, by metric: stable as long as the order of sizes is."""
    growing = sorted((band for band in timeline.bands if band.growing), key=_pace, reverse=True)
    others = sorted(
        (band for band in timeline.bands if not band.growing and band.metric != REMAINDER), key=_size, reverse=True
    )
    found = {band.metric: Paint(*GROWING[min(i, len(GROWING) - 1)]) for i, band in enumerate(growing)}
    found.update({band.metric: Paint(*(OTHERS[i] if i < len(OTHERS) else REST)) for i, band in enumerate(others)})
    return {**found, REMAINDER: Paint(*REST)}


def _pace(band: Band) -> float:
    return band.course.slope if isinstance(band.course, Trend) else 0.0


def _size(band: Band) -> int:
    return max(band.bytes)


def shows_gain(timeline: Timeline) -> bool:
    """Whether growth would hardly be seen above what was there before."""
    most, first = max(timeline.total), timeline.total[0]
    return any(band.growing for band in timeline.bands) and 0 < most - first < LEAST_GAIN * most


def draw(timeline: Timeline, columns: int, rows: int, *, for_s: float, gain: bool | None = None) -> list[Line]:
    """So many rows: a heading, the area, the axis of time. gain: what layers gained since the beginning instead of what they
    hold; None: where growth would not be seen otherwise."""
    gain = shows_gain(timeline) if gain is None else gain
    wide, high = columns - AXIS - 1, rows - 2
    if wide < 8 or high < 2:
        return []
    span_s = span_of(timeline.x_s[-1] - timeline.x_s[0], for_s)
    moments = _moments(timeline, wide, span_s)
    order = sorted(timeline.bands, key=lambda band: (band.metric == REMAINDER, band.growing))
    stacks = _between([None if index is None else _stack(order, index, gain) for index in moments])
    lines = () if gain else timeline.lines if high >= HIGH else timeline.lines[:1]
    said = [_said(one.bytes, moments) for one in lines]
    top = _top(max((stack[-1] for stack in stacks), default=0), [y for row in said for y in row if y is not None])
    looks = paints(timeline)
    glyphs = [looks[band.metric] for band in order]
    area = _area(stacks, glyphs, top, high)
    _draw_lines(area, said, top)
    heading = "gained since the beginning, by layer" if gain else f"{timeline.label}, by layer"
    out: list[Line] = [_heading(lines, heading, columns)]
    for row in range(high):
        out.append((Span(_label(row, high, top), "dim"), *_runs(area[high - 1 - row])))
    return [*out, _axis(wide, span_s, timeline)]


def span_of(seen_s: float, for_s: float) -> float:
    """The length of the axis of time."""
    if for_s and seen_s <= for_s <= 600:
        return for_s
    return next((float(span) for span in SPANS_S if span >= seen_s), seen_s)


def _moments(timeline: Timeline, wide: int, span_s: float) -> list[int | None]:
    """For each column until the newest moment, the one of the largest total in it: peaks are what kills. None where there is none."""
    first_s = timeline.x_s[0]
    found: list[int | None] = []
    begin = 0
    for column in range(wide):
        if begin >= len(timeline.x_s):
            break
        edge_s = first_s + (column + 1) * span_s / wide
        end = bisect_right(timeline.x_s, edge_s) if column < wide - 1 else len(timeline.x_s)
        found.append(max(range(begin, end), key=timeline.total.__getitem__) if end > begin else None)
        begin = end
    return found


def _between(stacks: Sequence[list[int] | None]) -> list[list[int]]:
    """The same with straight lines where nothing was read. The first and the last are known."""
    known = [column for column, stack in enumerate(stacks) if stack is not None]
    out: list[list[int]] = []
    for left, right in zip(known, [*known[1:], None], strict=True):
        begin = stacks[left] or []
        out.append(begin)
        end = begin if right is None else stacks[right] or []
        steps = 0 if right is None else right - left
        for step in range(1, steps):
            out.append([low + (high - low) * step // steps for low, high in zip(begin, end, strict=True)])
    return out


def _stack(bands: Sequence[Band], index: int, gain: bool) -> list[int]:
    """The upper edges of the bands at one moment, lowest first."""
    height, edges = 0, []
    for band in bands:
        height += max(0, band.bytes[index] - (band.bytes[0] if gain else 0))
        edges.append(height)
    return edges


def _said(values: Sequence[int | None], moments: Sequence[int | None]) -> list[int | None]:
    """A line's figure in each column; where nothing was read, the one before."""
    found: list[int | None] = []
    for index in moments:
        found.append(found[-1] if index is None else values[index])
    return found


def _top(most: int, said: Sequence[int]) -> int:
    """A round number of bytes above all that is drawn; of a limit far above the rest nothing is shown."""
    wanted = max([most, *(y for y in said if y <= 2 * most), 1])
    unit = 1
    while unit * 1024 <= wanted:
        unit *= 1024
    for step in (
        1,
        1.5,
        2,
        3,
        4,
        5,
        6,
        8,
        10,
        12,
        15,
        20,
        25,
        30,
        40,
        50,
        60,
        80,
        100,
        120,
        150,
        200,
        250,
        300,
        400,
        500,
        600,
        800,
    ):
        if step * unit >= wanted:
            return round(step * unit)
    return 1024 * unit


Cell = tuple[str, str]


def _area(stacks: Sequence[Sequence[int]], glyphs: Sequence[Paint], top: int, high: int) -> list[list[Cell]]:
    """The cells, lowest row first."""
    area: list[list[Cell]] = []
    for row in range(high):
        cells: list[Cell] = []
        for stack in stacks:
            share = stack[-1] * high / top - row
            if share <= 0.0625:
                cells.append((" ", ""))
                continue
            centre = (row + min(1.0, share) / 2) * top / high
            which = next((i for i, edge in enumerate(stack) if edge > centre), len(stack) - 1)
            paint = glyphs[which]
            if share >= 1 or paint.glyph != "█":
                cells.append((paint.glyph, paint.style) if share >= 0.5 else (" ", ""))
            else:
                cells.append((EIGHTHS[max(1, round(share * 8))], paint.style))
        area.append(cells)
    return area


def _draw_lines(area: list[list[Cell]], said: Sequence[Sequence[int | None]], top: int) -> None:
    """In every second column, so that what is behind a line is seen; not across the upper edge."""
    high = len(area)
    for number, values in enumerate(said):
        for column, value in list(enumerate(values))[number % 2 :: 2]:
            row = -1 if value is None else int(value * high / top)
            if not 0 <= row < high:
                continue
            glyph, style = area[row][column]
            if glyph == EIGHTHS[-1]:
                area[row][column] = (SAID[0], f"{SAID[1]} on {style}")
            elif glyph == " " or glyph not in EIGHTHS:
                area[row][column] = SAID


def _runs(cells: Sequence[Cell]) -> list[Span]:
    """Neighbours of one style in one span."""
    out: list[Span] = []
    for glyph, style in cells:
        if out and out[-1].style == style:
            out[-1] = Span(out[-1].text + glyph, style)
        else:
            out.append(Span(glyph, style))
    return out


def _label(row: int, high: int, top: int) -> str:
    """The figure left of a row: at the top, in the middle and at the foot."""
    named = {0: top, high - 1: 0} if high < 6 else {0: top, high // 2: top * (high - high // 2) // high, high - 1: 0}
    text = (
        ""
        if row not in named
        else "0"
        if row == high - 1
        else elide(human_bytes(named[row]).replace(".0 ", " "), AXIS - 1)
    )
    return f"{text:>{AXIS - 1}}{'┤' if text else '│'}"


def _heading(lines: Sequence[Figure], text: str, columns: int) -> Line:
    """What is drawn, and which lines are drawn over it."""
    spans = [Span(" " * (AXIS - 1)), Span(text, "bold")]
    room = columns - AXIS - len(text)
    for one in lines:
        value = next((value for value in reversed(one.bytes) if value is not None), None)
        said = f"   {SAID[0]} {one.label}" + ("" if value is None else f" {human_bytes(value)}")
        if len(said) > room:
            break
        spans.append(Span(said, "dim"))
        room -= len(said)
    return fitted(tuple(spans), columns)


def _axis(wide: int, span_s: float, timeline: Timeline) -> Line:
    """The axis of time, with a mark where something happened."""
    cells = ["─"] * wide
    free = 0
    for share in (0.0, 0.5, 1.0):
        text = "0" if share == 0 else human_duration(share * span_s)
        at = min(round(share * wide), wide - len(text))
        if at >= free:
            cells[at : at + len(text)] = text
            free = at + len(text) + 1
    for mark in timeline.marks:
        at = int((mark.x_s - timeline.x_s[0]) * wide / span_s)
        if 0 <= at < wide:
            cells[at] = "▲"
    return (Span(" " * (AXIS - 1) + "└" + "".join(cells), "dim"),)
