"""Courses as SVG: one metric of several runs over the same axes, each named at its end and told apart by dash as well as by colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from memwhy.model.beside import Beside, Trace
from memwhy.model.units import human_bytes, human_change
from memwhy.render.axis import Tick, count_ticks, order_ticks, size_ticks, time_text, time_ticks
from memwhy.render.palette import LIGHT
from memwhy.render.plain import clean
from memwhy.render.svg import FONT, GLYPH, WIDE, Frame

COLOURS = ("#d55e00", "#0072b2", "#7a6a00")
"""Okabe and Ito's vermilion and blue, and a dark yellow for the third; style sheets make them lighter on a dark ground."""
DASHES = ("", "7 3", "2 3")


@dataclass(frozen=True, slots=True)
class Plot:
    """The place of the lines, and the value at its lower edge."""

    frame: Frame
    lowest: float

    def y(self, value: float) -> float:
        return self.frame.y(value - self.lowest)


def draw(
    beside: Beside, *, width: int = 900, height: int = 320, font_px: float = 13.0, key: str, since_first: bool = False
) -> str:
    """An <svg> element for a page. key: tells its ids from others'. since_first: each run's change since its first reading, not
    its level, so that growth is seen beside a large level.
    """
    courses = [shown(trace, since_first=since_first) for trace in beside.traces]
    names = [_name(beside, trace, since_first=since_first) for trace in beside.traces]
    ticks = _ticks(beside, courses, max(2, int(height / font_px / 5)))
    aside = width >= WIDE
    left = font_px * (GLYPH * max(len(tick.text) for tick in ticks) + 1.2)
    right = font_px * (GLYPH * max(map(len, names)) + 1.4) if aside else font_px
    top = font_px * (0.8 if aside else 0.8 + 1.5 * len(names))
    first, last = min(trace.x_s[0] for trace in beside.traces), max(trace.x_s[-1] for trace in beside.traces)
    lowest, most = min(0, *(min(course) for course in courses)), ticks[-1].at
    plot = Plot(Frame(left, top, width - right, height - font_px * 2.4, first, last, most - lowest), lowest)
    parts = [
        *_axes(beside, ticks, plot, font_px),
        *_settled(beside, plot, font_px),
        *(_line(number, trace, course, plot) for number, (trace, course) in enumerate(zip(beside.traces, courses, strict=True))),
        *(_at_ends if aside else _above)(names, courses, plot, font_px),
    ]  # fmt: skip
    what = "change since the first reading" if since_first else "over time" if beside.timed else "by reading"
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{key}-title {key}-said" font-family="{FONT}" '
        f'font-size="{font_px:g}" class="courses" data-left="{plot.frame.left:.1f}" data-right="{plot.frame.right:.1f}" '
        f'data-top="{plot.frame.top:.1f}" data-bottom="{plot.frame.bottom:.1f}" data-first="{first:g}" data-last="{last:g}">'
        f'<title id="{key}-title">{_text(beside.label)}, {what}, of {_text(" and ".join(t.name for t in beside.traces))}</title>'
        f'<desc id="{key}-said">{_text(said(beside))}</desc>{"".join(parts)}</svg>'
    )


def shown(trace: Trace, *, since_first: bool) -> tuple[int, ...]:
    """What is drawn of a run."""
    return tuple(value - trace.values[0] for value in trace.values) if since_first else trace.values


def said(beside: Beside) -> str:
    """The picture in words."""
    parts = []
    for trace in beside.traces:
        amounts = f"{_amount(beside, trace.values[0])} to {_amount(beside, trace.values[-1])}"
        span = trace.x_s[-1] - trace.x_s[0]
        parts.append(f"{trace.name}: {amounts} in {time_text(span) if beside.timed else f'{trace.of} readings'}.")
    return " ".join(parts)


def _amount(beside: Beside, value: float, *, change: bool = False) -> str:
    if beside.unit == "bytes":
        return human_change(value) if change else human_bytes(value)
    return f"{round(value):+,}" if change else f"{round(value):,}"


def _name(beside: Beside, trace: Trace, *, since_first: bool) -> str:
    value = shown(trace, since_first=since_first)[-1]
    return f"{clean(trace.name)} {_amount(beside, value, change=since_first)}"


def _ticks(beside: Beside, courses: Sequence[Sequence[int]], count: int) -> list[Tick]:
    """Round values from 0 to the first that no course passes, and those below 0 that one reaches."""
    most, least = max(map(max, courses)), min(map(min, courses))
    rise, fall = max(most, 0), max(-least, 0)
    rounded = size_ticks if beside.unit == "bytes" else count_ticks
    whole = rounded(max(rise, fall, 1) * 1.02, count)
    step = whole[1].at
    above = [tick for tick in whole if tick.at - step < rise or tick.at <= step]
    below = [Tick(-tick.at, f"-{tick.text}") for tick in reversed(whole) if 0 < tick.at <= fall]
    return [*below, *above]


def _axes(beside: Beside, ticks: Sequence[Tick], plot: Plot, font_px: float) -> Iterable[str]:
    frame = plot.frame
    for tick in ticks:
        y = plot.y(tick.at)
        strong = ' class="zero"' if tick.at == 0 and plot.lowest < 0 else ' class="mw-grid"'
        yield f'<line x1="{frame.left:.1f}" x2="{frame.right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{LIGHT["grid"]}"{strong}/>'
        yield _words(frame.left - font_px * 0.5, y + font_px * 0.35, tick.text, "end")
    count = max(2, int((frame.right - frame.left) / font_px / 7))
    times = time_ticks if beside.timed else order_ticks
    for tick in times(frame.first, frame.last, count):
        x = frame.x(tick.at)
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.bottom:.1f}" y2="{frame.bottom + font_px * 0.4:.1f}" class="mw-grid" '
            f'stroke="{LIGHT["grid"]}"/>'
        )
        yield _words(x, frame.bottom + font_px * 1.5, tick.text, "middle")


def _settled(beside: Beside, plot: Plot, font_px: float) -> Iterable[str]:
    """A veil over the beginning that was left out of what was judged."""
    frame = plot.frame
    if not frame.first < beside.settle_s < frame.last:
        return
    x = frame.x(beside.settle_s)
    yield (
        f'<rect x="{frame.left:.1f}" y="{frame.top:.1f}" width="{x - frame.left:.1f}" height="{frame.bottom - frame.top:.1f}" '
        'class="mw-veil" fill="#8b949e" fill-opacity="0.14"/>'
    )
    yield _words(frame.left + font_px * 0.4, frame.top + font_px, "left out", "start")


def _line(number: int, trace: Trace, course: Sequence[int], plot: Plot) -> str:
    points = " ".join(f"{plot.frame.x(x):.1f},{plot.y(y):.1f}" for x, y in zip(trace.x_s, course, strict=True))
    dash = f' stroke-dasharray="{DASHES[number % len(DASHES)]}"' if DASHES[number % len(DASHES)] else ""
    colour = COLOURS[number % len(COLOURS)]
    return (
        f'<polyline points="{points}" fill="none" class="trace-{number}" stroke="{colour}" stroke-width="2" '
        f'stroke-linejoin="round"{dash}/>'
    )


def _at_ends(names: Sequence[str], courses: Sequence[Sequence[int]], plot: Plot, font_px: float) -> Iterable[str]:
    """Each name at the height where its course ends, as near as its neighbours and the lower edge let it."""
    pitch = font_px * 1.35
    order = sorted(range(len(names)), key=lambda i: plot.y(courses[i][-1]))
    ys = [plot.y(courses[i][-1]) + font_px * 0.35 for i in order]
    for i in range(1, len(ys)):
        ys[i] = max(ys[i], ys[i - 1] + pitch)
    ys[-1] = min(ys[-1], plot.frame.bottom + font_px * 0.35)
    for i in range(len(ys) - 1, 0, -1):
        ys[i - 1] = min(ys[i - 1], ys[i] - pitch)
    for i, y in zip(order, ys, strict=True):
        yield _words(plot.frame.right + font_px * 0.6, y, names[i], "start", number=i)


def _above(names: Sequence[str], _: Sequence[Sequence[int]], plot: Plot, font_px: float) -> Iterable[str]:
    """Names above the picture, a line each, with a piece of their lines."""
    for i, name in enumerate(names):
        y = font_px * (1.2 + 1.5 * i)
        dash = f' stroke-dasharray="{DASHES[i % len(DASHES)]}"' if DASHES[i % len(DASHES)] else ""
        x = plot.frame.left
        yield (
            f'<line x1="{x:.1f}" x2="{x + font_px * 2:.1f}" y1="{y - font_px * 0.35:.1f}" y2="{y - font_px * 0.35:.1f}" '
            f'class="trace-{i}" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2.5"{dash}/>'
        )
        yield _words(x + font_px * 2.5, y, name, "start", number=i)


def _words(x: float, y: float, text: str, anchor: str, *, number: int | None = None) -> str:
    own = number is not None
    fill = COLOURS[(number or 0) % len(COLOURS)] if own else LIGHT["muted"]
    css = f"name-{number}" if own else "mw-muted"
    weight = ' font-weight="600"' if own else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}" fill="{fill}"{weight}>{_text(text)}</text>'
    )


def _text(text: str) -> str:
    return escape(clean(text))
