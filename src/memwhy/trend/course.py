"""The course of one series: trend() puts points through gathering, line, teeth and shape."""

from collections.abc import Sequence
from typing import Literal

from memwhy.model.trend import Course, Shape, Trend
from memwhy.trend import beside
from memwhy.trend.enough import LEAST, in_clumps, too_few, too_few_teeth
from memwhy.trend.noise import tame
from memwhy.trend.points import BLOCKS, FINE, RAW, Points, gather, last_life, tidy
from memwhy.trend.shape import tell_shape
from memwhy.trend.slope import Line, fit
from memwhy.trend.teeth import find_teeth, judge_floor

SETTLING: tuple[Shape, ...] = ("step", "warm-up", "unclear")


def trend(
    points: Sequence[tuple[float, int]],
    *,
    quantum: int = 1,
    per: Literal["s", "sample"] = "s",
    restarts: bool = True,
) -> Course:
    """The slope of (x, value) points with a 95 % interval and a shape, or why there is none.

    x: seconds, or 0, 1, 2 … for "sample"; in any order, with gaps and repetitions. quantum: the resolution of the
    values (`free -m`: 1 MiB); a change of one quantum is never growth. restarts: whether a fall by more than half may
    mean that the process began anew, so that only what follows counts; False where that is known not to be so, or
    where the figure may fall by itself. Raises nothing.
    """
    life = last_life(tidy(points)) if restarts else tidy(points)
    few = too_few(life, per)
    if few is not None:
        return few
    span = life.span
    moments, values = gather(life.xs, life.ys, FINE) if len(life.xs) > FINE else (life.xs, life.ys)
    xs = [(x - life.xs[0]) / span for x in moments]
    ys = [y - life.ys[0] for y in values]
    ys = tame(ys, quantum)
    teeth, first = find_teeth(xs, ys, quantum), ys[0]
    if len(xs) > RAW:
        xs, ys = gather(xs, ys, BLOCKS)
        ys = tame(ys, quantum)
    if len(xs) < LEAST:
        return in_clumps(life, len(xs), per)
    line = fit(xs, ys, quantum)
    few = too_few_teeth(teeth, first, line, life, per)
    if few is not None:
        return few
    shape, checks = tell_shape(xs, ys, line, quantum)
    if teeth is not None:
        shape, floor_checks = judge_floor(teeth, line, shape)
        checks += floor_checks
    elif shape in SETTLING and len(xs) >= beside.LEAST:
        left = beside.goes_on(xs, ys, line, quantum, len(life.xs))
        if left is not None:
            (line, said), shape = left, "growing"
            checks.append(said)
    if shape == "growing" and line.slope < line.reach(len(life.xs)):
        shape = "unclear"
        checks.append("so little growth in so many readings may be chance")
    return _describe(life, per, line, shape, [*life.checks, *_caveats(life, line, per), *checks])


def _describe(life: Points, per: Literal["s", "sample"], line: Line, shape: Shape, checks: list[str]) -> Trend:
    """The trend in units of `per` (the line's x runs from 0 to 1)."""
    span = life.span
    return Trend(
        n=len(life.xs),
        span=span,
        per=per,
        first=life.ys[0],
        last=life.ys[-1],
        slope=line.slope / span,
        low=line.low / span,
        high=line.high / span,
        shape=shape,
        detectable=line.detectable(len(life.xs)) / span,
        checks=tuple(checks),
    )


def _caveats(life: Points, line: Line, per: Literal["s", "sample"]) -> list[str]:
    """What in the sampling or in the noise made the interval wider or the answer weaker."""
    caveats = []
    widest = life.widest
    if widest > life.span / 10 and widest > 4 * life.step:
        unit = "s" if per == "s" else "readings"
        caveats.append(f"no readings for {widest:.3g} {unit} ({widest / life.span:.0%} of the span)")
    if line.correlation >= 0.3:
        caveats.append(f"neighbours hang together (correlation {line.correlation:.2f}): the interval allows for it")
    return caveats
