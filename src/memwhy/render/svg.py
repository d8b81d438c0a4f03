"""A timeline as SVG: layers stacked, the total and the runtime's own numbers over them, the gap between named.

`draw` makes the inside of a page or a file of its own; the latter brings its style sheet, light and dark. All that must be seen
without one stands in attributes. Names come from outside and are escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from memwhy.model.pictures import REMAINDER, Band, Line, Timeline
from memwhy.model.units import human_bytes
from memwhy.render.axis import Tick, order_ticks, size_ticks, time_text, time_ticks
from memwhy.render.palette import DARK, LIGHT, colours
from memwhy.render.plain import clean, elide

WIDE = 560
"""From this width on names stand at the right of the picture, else below it."""
GLYPH = 0.62
"""Mean width of a letter, of the font's size, in the widest of the fonts."""
LEAST_SHARE = 0.02
"""Bands that are thinner, and do not grow, have no name."""
HELD = "derived.go_held_bytes"
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
_DASHES = {HELD: "", "go.heap_alloc_bytes": "6 3", "runtime.heap_used_bytes": "6 3", "runtime.heap_committed_bytes": ""}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the figures lie in the picture, in px, and what they span."""

    left: float
    top: float
    right: float
    bottom: float
    first: float
    last: float
    most: float

    def x(self, at: float) -> float:
        return self.left + (at - self.first) / max(self.last - self.first, 1e-9) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - value / self.most * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Name:
    """What stands beside the picture: words at a height, with the sample of a band (fill) or of a line (dash)."""

    y: float
    text: str
    colour: str
    is_line: bool = False
    dash: str = ""
    strong: bool = False
    css: str = ""


def draw(
    timeline: Timeline,
    *,
    width: int = 960,
    height: int = 420,
    font_px: float = 13.0,
    title: str = "",
    subtitle: str = "",
    key: str = "timeline",
    standalone: bool = False,
) -> str:
    """An <svg> element. key: tells its ids from those of another on the same page. standalone: a file of its own, with a ground,
    a style sheet and an XML name space.
    """
    tint = colours(timeline.bands)
    names = _names(timeline, tint)
    head = (font_px * 1.9 if title else 0) + (font_px * 1.5 if subtitle else 0) + font_px * 1.4
    ticks = size_ticks(_most(timeline), max(3, int(height / font_px / 6)))
    left = font_px * GLYPH * max(len(tick.text) for tick in ticks) + font_px * 1.4
    beside = width >= WIDE
    right = min(width * 0.38, font_px * (GLYPH * max(len(name.text) for name in names) + 3.2)) if beside else font_px
    rows = [] if beside else _legend_rows(names, width - font_px, font_px)
    foot = font_px * 2.6 + len(rows) * font_px * 1.5
    frame = Frame(left, head, width - right, height - foot, timeline.x_s[0], timeline.x_s[-1], ticks[-1].at)
    names = [_placed(name, frame) for name in names]
    parts = [
        *_heading(title, subtitle, font_px),
        *_size_axis(ticks, frame, font_px),
        *_bands(timeline, tint, frame),
        *_time_axis(timeline, frame, font_px),
        *_lines(timeline, frame),
        *_gap(timeline, frame, font_px),
        *_marks(timeline, frame, font_px),
        *(_beside(names, frame, font_px) if beside else _below(rows, frame.bottom + font_px * 2.9, font_px)),
    ]
    return _wrapped(timeline, parts, width, height, font_px, key, standalone)


def style(*, page: bool) -> str:
    """The style sheet. page: for a page that says in `data-theme` which theme it wants; else as the reader's system has it."""

    def rules(scope: str, theme: dict[str, str]) -> str:
        css = {
            "ink": f"{{fill:{theme['ink']}}}",
            "muted": f"{{fill:{theme['muted']}}}",
            "grid": f"{{stroke:{theme['grid']}}}",
            "edge": f"{{stroke:{theme['surface']}}}",
            "ground": f"{{fill:{theme['surface']}}}",
            "total": f"{{stroke:{theme['ink']}}}",
            "says": f"{{stroke:{theme['ink']}}}",
            "limit": f"{{stroke:{theme['limit']}}}",
            "halo": f"{{stroke:{theme['surface']}}}",
        }
        return "".join(f"{scope}.mw-{name}{rule}" for name, rule in css.items())

    if page:
        light = rules("", LIGHT)
        dark = rules("[data-theme=dark] ", DARK)
        system = rules(":root:not([data-theme=light]) ", DARK)
        return f"{light}{dark}@media screen and (prefers-color-scheme:dark){{{system}}}"
    return f"{rules('', LIGHT)}@media (prefers-color-scheme:dark){{{rules('', DARK)}}}"


def _wrapped(
    timeline: Timeline, parts: Iterable[str], width: int, height: int, font_px: float, key: str, standalone: bool
) -> str:
    space = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    size = f' width="{width}" height="{height}"' if standalone else ""
    sheet = f"<style>{style(page=False)}</style>" if standalone else ""
    ground = (
        f'<rect width="{width}" height="{height}" class="mw-ground" fill="{LIGHT["surface"]}"/>' if standalone else ""
    )
    return (
        f'<svg{space} viewBox="0 0 {width} {height}"{size} role="img" aria-labelledby="{key}-title {key}-said" '
        f'font-family="{FONT}" font-size="{font_px:g}" class="mw-timeline">'
        f'<title id="{key}-title">{_text(timeline.label)} over time, by layers</title>'
        f'<desc id="{key}-said">{_text(said(timeline))}</desc>{sheet}{ground}{"".join(parts)}</svg>'
    )


def said(timeline: Timeline) -> str:
    """The picture in words, for who cannot see it."""
    span = "" if timeline.clock == "order" else f" in {time_text(timeline.x_s[-1] - timeline.x_s[0])}"
    parts = [f"{timeline.label} from {human_bytes(timeline.total[0])} to {human_bytes(timeline.total[-1])}{span}."]
    for band in reversed(timeline.bands):
        if band.growing and band.metric != timeline.metric:
            parts.append(f"{band.label} grows from {human_bytes(band.bytes[0])} to {human_bytes(band.bytes[-1])}.")
    for line in timeline.lines:
        value = _last(line)
        if value is not None:
            parts.append(f"{line.label} ends at {human_bytes(value)}.")
    return " ".join(parts)


def _names(timeline: Timeline, tint: dict[str, str]) -> list[Name]:
    """The total, the bands that can be seen, the lines; heights in bytes, until they are placed."""
    names = [
        Name(
            timeline.total[-1],
            f"{timeline.label} {human_bytes(timeline.total[-1])}",
            LIGHT["ink"],
            True,
            "",
            True,
            "total",
        )
    ]
    below = 0
    for band in timeline.bands:
        last = band.bytes[-1]
        if (band.growing or max(band.bytes) >= LEAST_SHARE * max(timeline.total)) and len(timeline.bands) > 1:
            mark = "▲ " if band.growing and band.metric != REMAINDER else ""
            text = f"{mark}{band.label} {human_bytes(last)}"
            names.append(Name(below + max(0, last) / 2, text, tint[band.metric], strong=bool(mark)))
        below += max(0, last)
    for line in timeline.lines:
        value = _last(line)
        if value is not None:
            css = "limit" if "limit" in line.metric or line.metric == "host.total_bytes" else "says"
            colour = LIGHT["limit"] if css == "limit" else LIGHT["ink"]
            names.append(Name(value, f"{line.label} {human_bytes(value)}", colour, True, _dash(line), css=css))
    return names


def _placed(name: Name, frame: Frame) -> Name:
    return Name(frame.y(name.y), name.text, name.colour, name.is_line, name.dash, name.strong, name.css)


def _last(line: Line) -> int | None:
    return next((value for value in reversed(line.bytes) if value is not None), None)


def _dash(line: Line) -> str:
    return _DASHES.get(line.metric, "2 3")


def _most(timeline: Timeline) -> float:
    stacks = (sum(max(0, value) for value in row) for row in zip(*(band.bytes for band in timeline.bands), strict=True))
    lines = (value for line in timeline.lines for value in line.bytes if value is not None)
    return float(max([1, *timeline.total, *stacks, *lines])) * 1.02


def _heading(title: str, subtitle: str, font_px: float) -> Iterable[str]:
    y = 0.0
    if title:
        y += font_px * 1.9
        yield _words(font_px * 0.8, y, title, "mw-ink", size=font_px * 1.3, weight="600")
    if subtitle:
        y += font_px * 1.5
        yield _words(font_px * 0.8, y, subtitle, "mw-muted")


def _words(
    x: float,
    y: float,
    text: str,
    css: str,
    *,
    anchor: str = "start",
    size: float | None = None,
    weight: str = "",
    most: int = 160,
) -> str:
    fill = LIGHT["ink"] if "mw-ink" in css else LIGHT["limit"] if "mw-limit" in css else LIGHT["muted"]
    more = (f' font-size="{size:g}"' if size else "") + (f' font-weight="{weight}"' if weight else "")
    more += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" fill="{fill}"{more}>{_text(elide(clean(text), most))}</text>'


def _text(text: str) -> str:
    return escape(clean(text))


def _size_axis(ticks: Sequence[Tick], frame: Frame, font_px: float) -> Iterable[str]:
    for tick in ticks:
        y = frame.y(tick.at)
        yield (
            f'<line x1="{frame.left:.1f}" x2="{frame.right:.1f}" y1="{y:.1f}" y2="{y:.1f}" class="mw-grid" '
            f'stroke="{LIGHT["grid"]}"/>'
        )
        yield _words(frame.left - font_px * 0.5, y + font_px * 0.35, tick.text, "mw-muted", anchor="end")


def _time_axis(timeline: Timeline, frame: Frame, font_px: float) -> Iterable[str]:
    count = max(3, int((frame.right - frame.left) / font_px / 6))
    if timeline.clock == "order":
        ticks, unit = order_ticks(frame.first, frame.last, count), "readings, in their order"
    else:
        ticks, unit = time_ticks(frame.first, frame.last, count), ""
    for tick in ticks:
        x = frame.x(tick.at)
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.bottom:.1f}" y2="{frame.bottom + font_px * 0.4:.1f}" '
            f'class="mw-grid" stroke="{LIGHT["grid"]}"/>'
        )
        yield _words(x, frame.bottom + font_px * 1.5, tick.text, "mw-muted", anchor="middle")
    if unit:
        yield _words(frame.right, frame.bottom + font_px * 2.5, unit, "mw-muted", anchor="end")


def _bands(timeline: Timeline, tint: dict[str, str], frame: Frame) -> Iterable[str]:
    xs = [f"{frame.x(x):.1f}" for x in timeline.x_s]
    below = [0] * len(xs)
    for band in timeline.bands:
        above = [base + max(0, value) for base, value in zip(below, band.bytes, strict=True)]
        top = " ".join(f"{x},{frame.y(value):.1f}" for x, value in zip(xs, above, strict=True))
        bottom = " ".join(f"{x},{frame.y(value):.1f}" for x, value in reversed(list(zip(xs, below, strict=True))))
        yield (
            f'<polygon points="{top} {bottom}" fill="{tint[band.metric]}" class="mw-edge" stroke="{LIGHT["surface"]}" '
            f'stroke-width="0.7"><title>{_text(_band_said(band))}</title></polygon>'
        )
        below = above


def _band_said(band: Band) -> str:
    grows = ", grows" if band.growing else ""
    return f"{band.label}: {human_bytes(band.bytes[0])} to {human_bytes(band.bytes[-1])}{grows}"


def _lines(timeline: Timeline, frame: Frame) -> Iterable[str]:
    total = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in zip(timeline.x_s, timeline.total, strict=True))
    yield f'<polyline points="{total}" fill="none" class="mw-total" stroke="{LIGHT["ink"]}" stroke-width="2"/>'
    for line in timeline.lines:
        is_limit = "limit" in line.metric or line.metric == "host.total_bytes"
        css, colour = ("limit", LIGHT["limit"]) if is_limit else ("says", LIGHT["ink"])
        pieces = _pieces(zip(timeline.x_s, line.bytes, strict=True))
        for piece in pieces:
            points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in piece)
            dash = f' stroke-dasharray="{_dash(line)}"' if _dash(line) else ""
            yield (
                f'<polyline points="{points}" fill="none" class="mw-{css}" stroke="{colour}" stroke-width="1.6"{dash}>'
                f"<title>{_text(f'{line.label}: {line.note}')}</title></polyline>"
            )


def _pieces(points: Iterable[tuple[float, int | None]]) -> list[list[tuple[float, int]]]:
    """Stretches without a hole."""
    pieces: list[list[tuple[float, int]]] = [[]]
    for x, value in points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((x, value))
    return [piece for piece in pieces if len(piece) > 1]


def _gap(timeline: Timeline, frame: Frame, font_px: float) -> Iterable[str]:
    """A bracket at the right end, from what the runtime holds at most up to the total."""
    held = next((_last(line) for line in timeline.lines if line.metric == HELD), None)
    if held is None:
        return
    top, bottom = frame.y(timeline.total[-1]), frame.y(held)
    if bottom - top < font_px * 2:
        return
    x = frame.right - font_px * 0.8
    yield (
        f'<path d="M{x - 4:.1f} {top:.1f}h8M{x:.1f} {top:.1f}V{bottom:.1f}M{x - 4:.1f} {bottom:.1f}h8" fill="none" '
        f'class="mw-total" stroke="{LIGHT["ink"]}" stroke-width="1.4"/>'
    )
    text = f"outside Go, at least {human_bytes(timeline.total[-1] - held)}"
    y = (top + bottom) / 2 + font_px * 0.35
    halo = _words(x - font_px * 0.7, y, text, "mw-ink mw-halo", anchor="end", weight="600")
    yield halo.replace(
        "<text ", f'<text stroke="{LIGHT["surface"]}" stroke-width="4" stroke-linejoin="round" paint-order="stroke" '
    )


def _marks(timeline: Timeline, frame: Frame, font_px: float) -> Iterable[str]:
    taken = -1e9
    for mark in timeline.marks:
        if not frame.first <= mark.x_s <= frame.last:
            continue
        x = frame.x(mark.x_s)
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top:.1f}" y2="{frame.bottom:.1f}" class="mw-total" '
            f'stroke="{LIGHT["ink"]}" stroke-dasharray="1 3"><title>{_text(mark.text)}</title></line>'
        )
        length = len(mark.text) * font_px * GLYPH * 0.85
        start = min(max(frame.left, x - length / 2), frame.right - length)
        if start >= taken:
            yield _words(start, frame.top - font_px * 0.4, mark.text, "mw-muted", size=font_px * 0.85)
            taken = start + length + font_px


def _beside(names: Sequence[Name], frame: Frame, font_px: float) -> Iterable[str]:
    """Names at the right, each as near to its height as its neighbours let it."""
    pitch = font_px * 1.35
    ordered = sorted(names, key=lambda name: name.y)
    ys = [name.y for name in ordered]
    for i in range(1, len(ys)):
        ys[i] = max(ys[i], ys[i - 1] + pitch)
    over = ys[-1] - (frame.bottom - font_px * 0.3)
    for i in range(len(ys) - 1, -1, -1):
        limit = frame.bottom - font_px * 0.3 if i == len(ys) - 1 else ys[i + 1] - pitch
        ys[i] = min(ys[i], limit) if over > 0 else ys[i]
    for name, y in zip(ordered, ys, strict=True):
        x = frame.right + font_px * 0.5
        yield (
            f'<path d="M{frame.right:.1f} {name.y:.1f}L{x:.1f} {y:.1f}" class="mw-grid" stroke="{LIGHT["grid"]}" fill="none"/>'
        )
        yield _sample(name, x + 2, y, font_px)
        yield _named(name, x + font_px * 1.7, y + font_px * 0.35)


def _sample(name: Name, x: float, y: float, font_px: float) -> str:
    if not name.is_line:
        size = font_px * 0.8
        return f'<rect x="{x:.1f}" y="{y - size / 2:.1f}" width="{size:.1f}" height="{size:.1f}" rx="1.5" fill="{name.colour}"/>'
    dash = f' stroke-dasharray="{name.dash}"' if name.dash else ""
    wide = 2.4 if name.strong else 1.6
    return (
        f'<line x1="{x:.1f}" x2="{x + font_px * 1.2:.1f}" y1="{y:.1f}" y2="{y:.1f}" class="mw-{name.css}" '
        f'stroke="{name.colour}" stroke-width="{wide}"{dash}/>'
    )


def _named(name: Name, x: float, y: float) -> str:
    return _words(
        x, y, name.text, "mw-ink" if name.strong else "mw-muted", weight="600" if name.strong else "", most=60
    )


def _legend_rows(names: Sequence[Name], width: float, font_px: float) -> list[list[tuple[float, Name]]]:
    """Names in lines below the picture, from the top of the stack downwards."""
    rows: list[list[tuple[float, Name]]] = [[]]
    x = 0.0
    for name in names:
        wide = font_px * (GLYPH * len(name.text) + 2.6)
        if rows[-1] and x + wide > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, name))
        x += wide
    return rows


def _below(rows: Sequence[Sequence[tuple[float, Name]]], top: float, font_px: float) -> Iterable[str]:
    for number, row in enumerate(rows):
        y = top + (number + 0.4) * font_px * 1.5
        for x, name in row:
            yield _sample(name, x + font_px * 0.5, y, font_px)
            yield _named(name, x + font_px * 2.1, y + font_px * 0.35)
