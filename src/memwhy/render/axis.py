"""Axes: where ticks stand, and what they say."""

import math
from dataclasses import dataclass

from memwhy.model.units import GIB, KIB, MIB

_TIMES_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000,
)  # fmt: skip
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Tick:
    """Where it stands, in the axis' own unit, and its words."""

    at: float
    text: str


def size_ticks(most_bytes: float, count: int) -> tuple[Tick, ...]:
    """Round binary sizes from 0 to the first that is not below the most; about `count` of them."""
    most_bytes = max(most_bytes, 1.0)
    width, unit = next(
        ((width, unit) for width, unit in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")) if most_bytes >= width), (1, "B")
    )
    step = _round_step(most_bytes / width / max(1, count))
    digits = max(0, -math.floor(math.log10(step)))
    ends = math.ceil(most_bytes / width / step - 1e-9)
    return tuple(Tick(i * step * width, f"{i * step:,.{digits}f} {unit}" if i else "0") for i in range(ends + 1))


def count_ticks(most: float, count: int) -> tuple[Tick, ...]:
    """Round whole numbers from 0 to the first that is not below the most."""
    step = max(1.0, _round_step(max(most, 1.0) / max(1, count)))
    return tuple(Tick(i * step, f"{i * step:,.0f}") for i in range(math.ceil(most / step - 1e-9) + 1))


def time_ticks(first_s: float, last_s: float, count: int) -> tuple[Tick, ...]:
    """Round times between two, about `count` of them: `10 s`, `2 min`, `1 h 30 min`, all of one unit where that is round."""
    span = max(last_s - first_s, 1e-9)
    step = next((step for step in _TIMES_S if span / step <= count), 0) or _round_step(span / 86400 / count) * 86400
    begin = math.ceil(first_s / step - 0.02)  # a first reading that comes a moment after the beginning stands at 0
    return tuple(Tick(i * step, time_text(i * step)) for i in range(begin, math.floor(last_s / step + 1e-9) + 1))


def time_text(seconds: float) -> str:
    """`0`, `45 s`, `2 min`, `1 h 30 min`, `3 d`: exact for round times."""
    left = round(seconds)
    if left == 0:
        return "0"
    parts = []
    for width, unit in _UNITS:
        if left >= width:
            parts.append(f"{left // width} {unit}")
            left %= width
    return " ".join(parts[:2])


def order_ticks(first: float, last: float, count: int) -> tuple[Tick, ...]:
    """Numbers of readings, the first one being 1."""
    step = max(1, math.ceil((last - first) / max(1, count)))
    return tuple(Tick(i, f"{i + 1}") for i in range(math.ceil(first), math.floor(last) + 1, step))


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, 20 …"""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
