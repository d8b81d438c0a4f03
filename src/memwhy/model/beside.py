"""Runs beside each other: one metric's course in each, over the same axes."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One run's course. name: "A", "before", "control" …; x_s: rising, from the run's own first reading of its total, or 0, 1,
    2 … where there are no times. kept, of: so many of its readings stand here, the extremes among them.
    """

    name: str
    x_s: tuple[float, ...]
    values: tuple[int, ...]
    kept: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One metric of several runs. timed: x is in seconds, not a number of readings. settle_s: what came before it was left out
    of what was judged; 0 where nothing was.
    """

    metric: str
    label: str
    unit: Literal["bytes", "count"]
    timed: bool
    traces: tuple[Trace, ...]
    settle_s: float = 0.0
