"""Rates with their intervals, and amounts, drawn on one scale in the rows of a table.

Every mark stands at a share of its row's width, so that rows of any width line up, without a style of its own; the figures stand
beside it as text.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from markupsafe import Markup

from memwhy.model.pieces import plural
from memwhy.model.proof import Per, counted, scale_of
from memwhy.model.units import GIB, KIB, MIB
from memwhy.render.axis import Tick, count_ticks, size_ticks

WIDEST = 4.0
"""An interval is cut off at so many times the largest rate of its table: one that knows nothing would press all others flat."""
LEAST = 1e-9
"""A scale that spans less has no room for two places: what stands on it is as good as equal."""
ROOM = 0.03
TICK_ROOM = 24
"""Percent of a row between two ticks' words: a narrow column has room for four."""
_UNITS = (("GiB", GIB), ("MiB", MIB), ("KiB", KIB))
Unit = Literal["bytes", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A rate and its interval, in the unit of its scale; None where there is none. mark: a value of its own, such as the least
    that would have been seen."""

    at: float | None
    low: float | None
    high: float | None
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From what to what a table's rows reach; limit: a line through all of them."""

    first: float
    last: float
    ticks: tuple[Tick, ...]
    limit: float | None = None

    def share(self, value: float) -> float:
        """Where a value stands, in percent of the row."""
        inside = min(max(value, self.first), self.last)
        return 100 * (ROOM + (1 - 2 * ROOM) * (inside - self.first) / (self.last - self.first))


@dataclass(frozen=True, slots=True)
class Pacing:
    """The unit in which a table tells its rates: `factor` of them are one that is told, `words` what it is a rate of."""

    factor: float
    words: str


def pacing(per: Per, unit: str, *slopes: float) -> Pacing:
    """A minute, an hour where a minute has less than a KiB, a reading, or so many pieces of work as suit."""
    most = max(map(abs, slopes), default=0.0)
    if per == "sample":
        return Pacing(1, "a reading")
    if per == "work":
        scale = scale_of(most)
        return Pacing(scale, f"per {counted(unit, scale)}" if scale > 1 else f"per {unit or plural('unit')}")
    return Pacing(3600, "an hour") if 0 < most * 60 < KIB else Pacing(60, "a minute")


def scale_for(rows: Iterable[Range], unit: Unit, *, limit: float | None = None) -> Scale | None:
    """A scale that holds 0, all rates, and their intervals as far as they do not dwarf them; None where nothing is to be drawn."""
    rows = [row for row in rows if row.at is not None]
    if not rows:
        return None
    values = [0.0, *([limit] if limit is not None else [])]
    values += [value for row in rows for value in (row.at, row.mark) if value is not None]
    ends = [end for row in rows for end in (row.low, row.high) if end is not None and math.isfinite(end)]
    reach = max(map(abs, values)) * WIDEST or max(map(abs, ends), default=1.0) or 1.0
    values += [min(max(end, -reach), reach) for end in ends]
    least, most = min(values), max(values)
    rounded = size_ticks if unit == "bytes" else count_ticks
    whole = rounded(max(most, -least), 3)
    below = [Tick(-tick.at, f"-{tick.text}") for tick in reversed(whole) if 0 < tick.at <= -least]
    ticks = (*below, *(tick for tick in whole if tick.at <= most))
    first, last = min(least, ticks[0].at), max(most, ticks[-1].at)
    return Scale(first, last if last - first > LEAST else first + 1.0, ticks, limit)


def axis(scale: Scale) -> Markup:
    """The scale's ticks, for the head of the column: 0, and on either side those that have room."""
    kept: list[tuple[float, Tick]] = []
    for tick in sorted(scale.ticks, key=lambda tick: abs(tick.at)):
        share = scale.share(tick.at)
        if all(abs(share - other) >= TICK_ROOM for other, _ in kept):
            kept.append((share, tick))
    parts = []
    for share, tick in kept:
        anchor = "start" if share < 8 else "end" if share > 92 else "middle"
        parts.append(f'<text x="{share:.2f}%" y="11" text-anchor="{anchor}">{escape(tick.text)}</text>')
    return Markup(f'<svg class="track axis" height="14" aria-hidden="true">{"".join(parts)}</svg>')


def track(scale: Scale, row: Range, css: str = "") -> Markup:
    """One row: its interval as a bar with the rate on it, beside 0 and the limit; an end that is cut off is an arrow."""
    parts = [_line(scale.share(tick.at), "zero" if tick.at == 0 else "grid", 0, 20) for tick in scale.ticks]
    if scale.limit is not None:
        parts.append(_line(scale.share(scale.limit), "limit", 0, 20))
    if row.low is not None and row.high is not None:
        low, high = (scale.share(end) for end in (row.low, row.high))
        parts.append(f'<line x1="{low:.2f}%" x2="{high:.2f}%" y1="10" y2="10" class="range"/>')
        parts += [_end(scale, row.low, low), _end(scale, row.high, high)]
    if row.mark is not None:
        parts.append(_line(scale.share(row.mark), "mark", 3, 17))
    if row.at is not None:
        parts.append(f'<circle cx="{scale.share(row.at):.2f}%" cy="10" r="4.5"/>')
    return Markup(f'<svg class="track {css}" height="20" aria-hidden="true">{"".join(parts)}</svg>')


def bar(share: float, css: str = "") -> Markup:
    """A bar over so much of its row: 0 to 1."""
    width = 100 * min(max(0.0, share), 1.0)
    return Markup(
        f'<svg class="amount {css}" height="10" aria-hidden="true"><rect class="rail" width="100%" height="10"/>'
        f'<rect class="fill" width="{width:.2f}%" height="10"/></svg>'
    )


def between(low: float | None, high: float | None, unit: Unit, factor: float) -> str:
    """`88.4 to 91.2 KiB`: an interval in one unit of size."""
    if low is None or high is None:
        return ""
    low, high = low * factor, high * factor
    if not (math.isfinite(low) and math.isfinite(high)):
        return "not bounded"
    if unit == "count":
        return f"{low:,.1f} to {high:,.1f}"
    most = max(abs(low), abs(high))
    name, size = next(((name, size) for name, size in _UNITS if most >= size), ("B", 1))
    return f"{low / size:,.1f} to {high / size:,.1f} {name}"


def _line(share: float, css: str, top: int, bottom: int) -> str:
    return f'<line x1="{share:.2f}%" x2="{share:.2f}%" y1="{top}" y2="{bottom}" class="{css}"/>'


def _end(scale: Scale, value: float, share: float) -> str:
    """A short stroke at an end of an interval, an arrow where it goes on outside."""
    if scale.first <= value <= scale.last:
        return _line(share, "range end", 6, 14)
    sign, anchor = ("▸", "end") if value > scale.last else ("◂", "start")
    return (
        f'<text x="{"100" if value > scale.last else "0"}%" y="15" text-anchor="{anchor}" class="beyond">{sign}</text>'
    )
