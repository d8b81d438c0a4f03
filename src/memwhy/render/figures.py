"""Figures as a table shows them: amounts, rates with their interval in one unit, shares, durations."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from memwhy.model.metrics import REGISTRY
from memwhy.model.report import Report, Row
from memwhy.model.trend import Course, NotEnough, Trend
from memwhy.model.units import GIB, KIB, MIB, human_bytes, human_duration

NONE = "–"
_SCALES = ((1, "B"), (KIB, "KiB"), (MIB, "MiB"), (GIB, "GiB"), (1, ""))
_COUNT = 4
_ABSURD = 10**24
_HUGE_BYTES = GIB * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What rates of a report are given per, and in which unit.

    times: slopes are multiplied by it. index: the unit of all rates in bytes, the one that suits the total.
    rated: whether there is any rate at all.
    """

    per: Literal["s", "sample"]
    header: str
    suffix: str
    times: float
    index: int = 0
    rated: bool = False


_SECOND = Pace(per="s", header="per second", suffix="/s", times=1.0)
_MINUTE = Pace(per="s", header="per minute", suffix="/min", times=60.0)
_HOUR = Pace(per="s", header="per hour", suffix="/h", times=3600.0)
_DAY = Pace(per="s", header="per day", suffix="/d", times=86400.0)
_READING = Pace(per="sample", header="a reading", suffix=" a reading", times=1.0)


def rows_of(report: Report) -> tuple[Row, ...]:
    """All rows of the table, in its order."""
    total = () if report.total is None else (report.total,)
    return (*total, *report.layers, *report.runtime_rows, *report.beside, *report.controls)


def pace_of(report: Report) -> Pace:
    """The pace and unit that make the total's growth readable."""
    rows = rows_of(report)
    rated = [row for row in rows if isinstance(row.course, Trend)]
    first = next((row.course for row in rated if unit_of(row.metric) == "bytes"), None)
    if not isinstance(first, Trend):
        per = rows[0].course.per if rows else "s"
        return replace(_READING if per == "sample" else _MINUTE, index=2, rated=bool(rated))
    pace = _READING if first.per == "sample" else _time(abs(first.slope), report.span_s or 0.0)
    bounds = [abs(value) * pace.times for value in (first.slope, first.low, first.high) if math.isfinite(value)]
    most = max(bounds, default=0.0)
    # what does not grow needs no third digit: -0.3 to 0.5 MiB, not -307.2 to 512.0 KiB
    return replace(pace, index=2 if not first.growing and MIB / 10 <= most < MIB else _scale(most), rated=True)


def _time(slope: float, span_s: float) -> Pace:
    """Minutes, unless growth is very fast, or slow and watched long enough to speak of hours or days."""
    if slope >= GIB:
        return _SECOND
    if not slope * 60 < 100 * KIB or span_s < 600:
        return _MINUTE
    return _HOUR if slope * 3600 >= 100 * KIB or span_s < 6 * 3600 else _DAY


def unit_of(metric: str) -> Literal["bytes", "count"]:
    """The registered unit of a metric; bytes when memwhy does not know it."""
    known = REGISTRY.get(metric)
    return known.unit if known else "bytes"


def amount(value: int | float | None, unit: str = "bytes", *, whole: bool = True) -> str:
    """`612.4 MiB` or a plain count; with `whole`, `12 MiB` for 12.0."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    if abs(value) > _ABSURD:
        return f"over {_ABSURD:.0e}"
    if unit == "count":
        return f"{value:.0f}" if abs(value) < 1e9 else f"{value:.2e}"
    if abs(value) >= _HUGE_BYTES:
        return f"{value / GIB:.2e} GiB"
    if value == 0:
        return "0"
    if MIB / 10 <= abs(value) < MIB:  # beside so many MiB, 0.3 MiB reads better than 307.2 KiB
        return f"{value / MIB:.1f} MiB"
    return human_bytes(value).replace(".0 ", " ") if whole else human_bytes(value)


def now_of(row: Row, pace: Pace) -> str:
    """What the row holds; where nothing but an order of readings is known, from the first to the last of them."""
    unit = unit_of(row.metric)
    ends = _ends(row) if pace.per == "sample" else None
    if ends is None or ends[0] == ends[1] or not all(abs(end) <= _ABSURD for end in ends):
        return amount(row.bytes, unit, whole=pace.per == "sample")
    first, last = ends
    if unit == "count":
        return f"{amount(first, unit)} → {amount(last, unit)}"
    index = _scale(max(abs(first), abs(last)))
    while index and _number(first, index) == _number(last, index):
        index -= 1  # 4386 → 4387 MiB, not 4.3 → 4.3 GiB
    texts = [_number(value, index) for value in ends]
    if all(text.endswith(".0") for text in texts):
        texts = [text[:-2] for text in texts]
    return f"{texts[0]} → {texts[1]} {_SCALES[index][1]}"


def now_header(rows: Iterable[Row], pace: Pace) -> str:
    """Heads the column of now_of."""
    return "first → last" if any("→" in now_of(row, pace) for row in rows) else "now"


def _ends(row: Row) -> tuple[float, float] | None:
    if row.series is not None and row.series.points:
        return row.series.first, row.series.last
    return (row.course.first, row.course.last) if isinstance(row.course, Trend) else None


def rate_of(course: Course, unit: str, pace: Pace) -> tuple[str, str]:
    """Growth and its 95 % interval, both in the unit that the growth names: `+45.1 MiB`, `44.0 to 46.2`."""
    if isinstance(course, NotEnough):
        return "no rate" if pace.rated else "", ""
    own = pace if course.per == pace.per else (_READING if course.per == "sample" else _MINUTE)
    slope, low, high = (value * own.times for value in (course.slope, course.low, course.high))
    if not math.isfinite(slope):
        return NONE, ""
    finite = [abs(value) for value in (slope, low, high) if math.isfinite(value)]
    index = _COUNT if unit == "count" else pace.index if own is pace else _scale(max(finite))
    if course.growing and unit == "bytes" and not _number(slope, index).strip("0."):
        index = _scale(max(finite))
    text = _number(slope, index)
    sign = "+" if slope > 0 and text.strip("0.") else ""
    rate = f"{sign}{text} {_SCALES[index][1]}".rstrip() + ("" if own is pace else own.suffix)
    if not (math.isfinite(low) and math.isfinite(high)):
        return rate, ""
    return rate, f"{_number(low, index)} to {_number(high, index)}"


def share_of(share: float | None) -> str:
    """`99 %`; nothing for no share."""
    if share is None or not math.isfinite(share):
        return ""
    percent = 100 * share
    if percent > 999:
        return "> 999 %"
    if percent < -999:
        return "< -999 %"
    if 0 < percent < 0.5:
        return "< 1 %"
    return f"{percent:.0f} %".replace("-0 %", "0 %")


def duration(seconds: float) -> str:
    """A time span for people; a dash for none that is finite."""
    return human_duration(max(0.0, seconds)) if math.isfinite(seconds) and seconds < 1e12 else NONE


def _scale(size: float) -> int:
    """Index of the unit that human_bytes would take."""
    if size < KIB:
        return 0
    return 1 if size < KIB * 1000 else 2 if size < MIB * 1000 else 3


def _number(value: float, index: int) -> str:
    value /= _SCALES[index][0]
    if abs(value) >= 1e6:
        return f"{value:.2e}"
    if index == _COUNT and 0 < abs(value) < 0.1:
        return f"{value:.1g}"
    text = f"{value:.0f}" if index == 0 else f"{value:.1f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
