"""A picture for a chat or a ticket, as SVG: the answer in words, and the layers over time below it; 1200 × 675, for half that size."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from html import escape

from memwhy.model.beside import Beside
from memwhy.model.comparison import Comparison
from memwhy.model.pictures import Timeline
from memwhy.model.proof import Verification, rate_said
from memwhy.model.report import Report
from memwhy.model.units import NS_PER_S
from memwhy.render import courses, outline, svg
from memwhy.render.figures import pace_of, rate_of, unit_of
from memwhy.render.palette import LIGHT
from memwhy.render.plain import clean, elide, wrap
from memwhy.render.svg import FONT, GLYPH, style

WIDTH, HEIGHT = 1200, 675
MARGIN = 26
TEXT_PX = 20.0
_SIZES = ((32.0, 1), (28.0, 1), (32.0, 2), (27.0, 2), (24.0, 3))
"""Of the headline, in px, and in how many lines at most: the first in which it fits."""
_ON_DARK = ("#ff9248", "#56b4e9", "#d9c83f")
_BOLD_LINES = (
    ".mw-total{stroke-width:3}.mw-says,.mw-limit{stroke-width:2.4}.mw-grid{stroke-width:1}"
    ".trace-0,.trace-1,.trace-2{stroke-width:4}"
)
"""What a picture shown at half its size wants."""
_TRACES = (
    "@media (prefers-color-scheme:dark){"
    + "".join(f".trace-{i}{{stroke:{colour}}}.name-{i}{{fill:{colour}}}" for i, colour in enumerate(_ON_DARK))
    + "}"
)
"""The courses' colours, lighter on a dark ground."""
BOLD = 1.07
"""How much wider bold letters are."""


def of_report(report: Report, timeline: Timeline) -> str:
    """Headline, verdict, whom it is about and how fast it grows; the layers, the total and the runtime's own numbers."""
    lines = [f"{outline.verdict_of(report)} · {' · '.join(outline.target_of(report))}"]
    if report.total is not None:
        pace = pace_of(report)
        rate, interval = rate_of(report.total.course, unit_of(report.total.metric), pace)
        if interval:
            shape = outline.shape_of(report.total)
            course = f"{rate} {pace.header} (95 %: {interval}){f', {shape}' if shape else ''}"
            lines.append(f"{report.total.label} {course}{_when(timeline)}")
    return _picture(outline.headline_of(report), lines, partial(svg.draw, timeline))


def of_comparison(found: Comparison, beside: Beside) -> str:
    """What differs most, which side is which, and the total's course in both."""
    sides = [
        f"{letter}: {side.name.rpartition('/')[2]}" + (f" · {side.target.command}" if side.target.command else "")
        for letter, side in (("A", found.a), ("B", found.b))
    ]
    return _picture(found.headline, [" · ".join(sides), _runs(beside)], partial(courses.draw, beside))


def of_verification(found: Verification, beside: Beside) -> str:
    """Whether the fix works, how fast memory grew before it at least and can grow after it at most, and both courses."""
    words = [found.outcome.replace("-", " ")]
    if found.total is not None:
        before, after = found.total.before, found.total.after
        words += [f"before at least {rate_said(before.low, before.per)}"] if before.low is not None else []
        words += [f"after at most {rate_said(after.high, after.per)}"] if after.high is not None else []
    return _picture(found.headline, [" · ".join(words), _runs(beside)], partial(courses.draw, beside))


def _runs(beside: Beside) -> str:
    return f"{beside.label}, each run from its own beginning"


def _when(timeline: Timeline) -> str:
    if timeline.begun_wall_ns is None:
        return ""
    return time.strftime(" · %Y-%m-%d %H:%M UTC", time.gmtime(timeline.begun_wall_ns // NS_PER_S))


def _picture(headline: str, lines: Sequence[str], draw: Callable[..., str]) -> str:
    words, y = [], float(MARGIN)
    size, rows = _fitted(clean(headline))
    for row in rows:
        y += size * 1.2
        words.append(_words(MARGIN, y - size * 0.2, row, "ink", size, bold=True))
    y += TEXT_PX * 0.3
    for line in lines:
        y += TEXT_PX * 1.45
        words.append(_words(MARGIN, y - TEXT_PX * 0.3, elide(clean(line), _columns(TEXT_PX)), "muted", TEXT_PX))
    y += TEXT_PX * 0.4
    height = HEIGHT - round(y) - MARGIN // 2
    inner = draw(width=WIDTH - MARGIN, height=height, font_px=TEXT_PX, key="drawn")
    placed = f'<svg x="{MARGIN / 4:g}" y="{round(y)}" width="{WIDTH - MARGIN}" height="{height}" overflow="visible" '
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'font-family="{FONT}"><title>{escape(clean(headline))}</title><style>{style(page=False)}{_BOLD_LINES}{_TRACES}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" class="mw-ground" fill="{LIGHT["surface"]}"/>'
        f"{''.join(words)}{inner.replace('<svg ', placed, 1)}</svg>\n"
    )


def _fitted(headline: str) -> tuple[float, list[str]]:
    """The size at which it fits, and its lines there; what does not fit at the smallest loses its middle."""
    for size, most in _SIZES:
        columns = int((WIDTH - 2 * MARGIN) / (size * GLYPH * BOLD))
        rows = wrap(headline, columns)
        if len(rows) <= most:
            return size, rows
    return size, wrap(elide(headline, columns * most - columns // 3), columns)[:most]


def _columns(size: float) -> int:
    return int((WIDTH - 2 * MARGIN) / (size * GLYPH))


def _words(x: float, y: float, text: str, tone: str, size: float, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="mw-{tone}" fill="{LIGHT[tone]}" font-size="{size:g}"{weight}>{escape(text)}</text>'
