"""Courses of several runs as a page shows them: a picture for wide screens and one for narrow ones, figures to point at, a table."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from memwhy.model.beside import Beside, Trace
from memwhy.model.units import human_bytes
from memwhy.render import courses
from memwhy.render.axis import time_text, time_ticks

ROWS = 10
"""Moments in the table that stands for a picture; about so many."""
Row = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture. said: in words; data: for the script that tells the figures below the pointer; rows: (moment, values)."""

    key: str
    label: str
    wide: Markup
    narrow: Markup
    said: str
    data: dict[str, Any]
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str


def drawn(found: Iterable[Beside], *, since_first: bool, small: bool = False) -> tuple[Drawn, ...]:
    """Every metric's picture. small: one of many, a third of a screen wide at the most."""
    return tuple(_drawn(one, since_first=since_first, small=small) for one in found)


def _drawn(beside: Beside, *, since_first: bool, small: bool) -> Drawn:
    key = f"course-{beside.metric.replace('.', '-')}"
    narrow = courses.draw(
        beside, width=420, height=240, font_px=13 if small else 14, key=f"{key}-narrow", since_first=since_first
    )
    wide = narrow if small else courses.draw(beside, width=900, height=330, key=key, since_first=since_first)
    return Drawn(
        key=key,
        label=beside.label,
        wide=Markup(wide),
        narrow=Markup(narrow),
        said=courses.said(beside),
        data={
            "unit": beside.unit,
            "timed": beside.timed,
            "change": since_first,
            "traces": [{"name": trace.name, "x": trace.x_s, "y": trace.values} for trace in beside.traces],
        },
        names=tuple(trace.name for trace in beside.traces),
        rows=_rows(beside),
        note=_note(beside),
    )


def _rows(beside: Beside) -> tuple[Row, ...]:
    """Every run's level at round moments; a dash where it was not watched (any more)."""
    first, last = min(trace.x_s[0] for trace in beside.traces), max(trace.x_s[-1] for trace in beside.traces)
    if beside.timed:
        moments = [tick.at for tick in time_ticks(first, last, ROWS)]
        return tuple(
            (time_text(at) if at else "0 s", tuple(_level(beside, trace, at) for trace in beside.traces))
            for at in moments
        )
    step = max(1, round((last - first) / ROWS))
    return tuple(
        (f"reading {at + 1}", tuple(_level(beside, trace, at) for trace in beside.traces))
        for at in range(round(first), round(last) + 1, step)
    )


def _level(beside: Beside, trace: Trace, at: float) -> str:
    reach = (trace.x_s[-1] - trace.x_s[0]) / max(1, len(trace.x_s) - 1)
    if not trace.x_s[0] - reach <= at <= trace.x_s[-1] + reach:
        return "–"
    value = trace.values[max(0, bisect_right(trace.x_s, at) - 1)]
    return human_bytes(value) if beside.unit == "bytes" else f"{value:,}"


def _note(beside: Beside) -> str:
    """Which readings are drawn, where not all are."""
    thin = [trace for trace in beside.traces if trace.kept < trace.of]
    if not thin:
        return ""
    told = ", ".join(f"{trace.kept:,} of {trace.of:,} readings of {trace.name}" for trace in thin)
    return f"Drawn are {told}, every extreme among them."
