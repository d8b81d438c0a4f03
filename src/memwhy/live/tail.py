"""What was read since the last verdict, behind the timeline that came with it: the picture moves with every look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from memwhy.model.pictures import REMAINDER, Band, Timeline
from memwhy.model.trend import NotEnough
from memwhy.model.units import NS_PER_S

Value = TypeVar("Value", int, int | None)
UNJUDGED = NotEnough(reason="not judged yet", n=0)

MOST = 600
"""Moments kept between two verdicts; of more, every second one is dropped."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One look: its time in nanoseconds, and the newest values of what is drawn."""

    monotonic_ns: int
    values: Mapping[str, int]


@dataclass(slots=True)
class Tail:
    """A timeline and what came after it. origin_ns: of its axis of time."""

    timeline: Timeline | None = None
    origin_ns: int = 0
    moments: list[Moment] = field(default_factory=list)

    def begin(self, timeline: Timeline | None, origin_ns: int) -> None:
        """A new verdict came with this timeline."""
        self.timeline, self.origin_ns = timeline, origin_ns
        self.moments.clear()

    def add(self, monotonic_ns: int, values: Mapping[str, int]) -> None:
        """One more look; of its values those are kept that are drawn."""
        if self.timeline is None:
            return
        layers, lines = self.timeline.bands, self.timeline.lines
        drawn = (self.timeline.metric, *(one.metric for one in layers), *(one.metric for one in lines))
        kept = {name: values[name] for name in drawn if name in values}
        self.moments.append(Moment(monotonic_ns=monotonic_ns, values=kept))
        if len(self.moments) > MOST:
            del self.moments[1:-1:2]


def extended(timeline: Timeline, moments: Sequence[Moment], origin_ns: int) -> Timeline:
    """The timeline with these moments behind it. Layers are read less often than the total: what a new total is beyond the
    last layers nobody claims yet, so that bands still sum to it."""
    later = [one for one in moments if _x_s(one, origin_ns) > timeline.x_s[-1] and timeline.metric in one.values]
    if not later:
        return timeline
    count = len(timeline.x_s)
    total = tuple(one.values[timeline.metric] for one in later)
    layers = [band for band in timeline.bands if band.metric != REMAINDER]
    grown = [replace(band, bytes=(*band.bytes, *_values(band.metric, band.bytes[-1], later))) for band in layers]
    before = next((band.bytes for band in timeline.bands if band.metric == REMAINDER), (0,) * count)
    rest = tuple(whole - sum(band.bytes[count + i] for band in grown) for i, whole in enumerate(total))
    if any(before) or any(rest):
        grown.append(Band(metric=REMAINDER, label=REMAINDER, bytes=before + rest, growing=False, course=UNJUDGED))
    return replace(
        timeline,
        x_s=(*timeline.x_s, *(_x_s(one, origin_ns) for one in later)),
        total=timeline.total + total,
        bands=tuple(grown),
        lines=tuple(
            replace(one, bytes=(*one.bytes, *_values(one.metric, one.bytes[-1], later))) for one in timeline.lines
        ),
        kept=timeline.kept + len(later),
        of=timeline.of + len(later),
    )


def _x_s(moment: Moment, origin_ns: int) -> float:
    return (moment.monotonic_ns - origin_ns) / NS_PER_S


def _values(metric: str, last: Value, moments: list[Moment]) -> list[int | Value]:
    return [moment.values.get(metric, last) for moment in moments]
