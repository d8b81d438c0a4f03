"""Teeth: the slow rises and sharp falls of a garbage collector, and the floor they fall to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from memwhy.model.trend import Shape
from memwhy.trend.middle import median
from memwhy.trend.slope import Line, least_squares

DEEP = 0.35
"""A fall counts from this share of the range about the line: smaller ones are noise on the teeth."""

SHARP = 0.34
"""Falls take at most this share of a rise's time; waves (day and night) fall as slowly as they rise."""

QUANTA = 3
ENOUGH = 3
FOLLOWS = 0.4


@dataclass(frozen=True, slots=True)
class Teeth:
    """Falls of a saw. floor: (x, y) of the least reading after each fall; apart: usual time between falls;
    height: usual depth of a fall; range: greatest minus least reading."""

    floor: tuple[tuple[float, float], ...]
    apart: float
    height: float
    range: float


def find_teeth(xs: Sequence[float], ys: Sequence[float], quantum: float) -> Teeth | None:
    """The teeth of a series, or None when it does not rise slowly and fall sharply."""
    slope, _ = least_squares(xs, ys)
    about = [y - slope * x for x, y in zip(xs, ys, strict=True)]
    deep = max(DEEP * (max(about) - min(about)), QUANTA * quantum)
    turns = _turns(ys, deep)
    if len(turns) < 3:
        return None
    legs = list(pairwise(turns))
    falls = [(a, b) for a, b in legs if ys[a] - ys[b] >= deep]  # the first and the last leg may be a wiggle
    rises = [(a, b) for a, b in legs if ys[b] > ys[a]]
    if not falls or not rises:
        return None
    fall_time = median([xs[b] - xs[a] for a, b in falls])
    rise_time = median([xs[b] - xs[a] for a, b in rises])
    if fall_time > SHARP * rise_time:
        return None
    height = median([ys[a] - ys[b] for a, b in falls])
    return Teeth(tuple((xs[b], ys[b]) for _, b in falls), fall_time + rise_time, height, max(ys) - min(ys))


def judge_floor(teeth: Teeth, line: Line, shape: Shape) -> tuple[Shape, list[str]]:
    """The shape corrected by the floor, from three falls on: what grows lifts its floor too.

    With a bounded floor, growth is denied ("flat" when zero lies in the interval, else "unclear"); teeth also
    make steps and halves meaningless, so only growth itself survives them.
    """
    if len(teeth.floor) < ENOUGH:
        return shape, []
    lift, _ = least_squares(*zip(*teeth.floor, strict=True))
    said = f"saw-tooth with {len(teeth.floor)} falls; its floor "
    if line.low <= 0 <= line.high:
        return "flat", [said + "and its mean stay within the noise"]
    share = lift / line.slope
    if share < FOLLOWS:
        return "unclear", [said + f"moves only {share:.2f}x as fast as its mean"]
    return shape, [said + f"moves {share:.2f}x as fast as its mean"]


def _turns(ys: Sequence[float], deep: float) -> list[int]:
    """Where the series turns, ignoring wiggles of less than `deep`; the first and last reading included."""
    if deep <= 0:
        return []
    turns = [0]
    top = bottom = 0
    direction = 0
    for i, y in enumerate(ys):
        if y > ys[top]:
            top = i
        if y < ys[bottom]:
            bottom = i
        if direction >= 0 and ys[top] - y >= deep:
            turns.append(top)
            direction, bottom, top = -1, i, i
        elif direction <= 0 and y - ys[bottom] >= deep:
            turns.append(bottom)
            direction, bottom, top = 1, i, i
    turns.append(top if direction > 0 else bottom)
    if turns[-1] != len(ys) - 1 and direction:
        turns.append(len(ys) - 1)
    return [t for k, t in enumerate(turns) if k == 0 or t != turns[k - 1]]
