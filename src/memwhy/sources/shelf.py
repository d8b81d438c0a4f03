"""The shelf: observations by source and subject, thinned when they grow too many, each given its moment in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from memwhy.model.reading import Moment, Observation, Reading, Where
from memwhy.sources.page import Found

SERIES_WEIGHT = 20_000
"""Plain readings that one series may hold; above that every second one goes, again and again."""

_MOST_SERIES = 2_000
_MOST_FIGURE = 1 << 60
"""No machine has or counts so much; sums of a few such figures fit into 64 bits."""
_MOST_NS = 1 << 63


@dataclass(slots=True)
class _Series:
    """Observations of one source and subject; every stride-th is kept once they weigh too much."""

    kept: list[tuple[int, Observation]]
    seen: int = 0
    weight: int = 0
    stride: int = 1
    last: tuple[int, Observation] | None = None

    def add(self, observation: Observation) -> None:
        index = self.seen
        self.seen += 1
        self.last = (index, observation)
        if index % self.stride:
            return
        self.kept.append(self.last)
        self.weight += _weight(observation.reading)
        while self.weight > SERIES_WEIGHT and len(self.kept) > 2:
            self.kept = self.kept[::2]
            self.stride *= 2
            self.weight = sum(_weight(o.reading) for _, o in self.kept)

    def all(self) -> list[tuple[int, Observation]]:
        tail = [self.last] if self.last is not None and (not self.kept or self.kept[-1][0] != self.last[0]) else []
        return [*self.kept, *tail]


def _weight(reading: Reading) -> int:
    """About how many plain readings' memory this one takes."""
    profiled = sum(len(p.rows) + len(p.stacks) for p in reading.profiles)
    return 1 + (len(reading.mappings) + profiled) // 8


def _of_this_world(reading: Reading) -> Reading:
    """Without figures that no machine has, and without times that 64 bits do not hold."""
    figures = reading.metrics.values()
    outside = bool(figures) and (max(figures) >= _MOST_FIGURE or min(figures) <= -_MOST_FIGURE)
    if outside:
        wild = [name for name, value in reading.metrics.items() if not -_MOST_FIGURE < value < _MOST_FIGURE]
        metrics = {name: value for name, value in reading.metrics.items() if name not in wild}
        notes = tuple(f"a figure of {name} is left out: no machine has so much" for name in wild)
        reading = replace(reading, metrics=metrics, notes=(*reading.notes, *notes))
    wall_ns, elapsed_ns = _time(reading.wall_ns), _time(reading.elapsed_ns)
    if (wall_ns, elapsed_ns) != (reading.wall_ns, reading.elapsed_ns):
        reading = replace(reading, wall_ns=wall_ns, elapsed_ns=elapsed_ns)
    return reading


def _time(told_ns: int | None) -> int | None:
    return told_ns if told_ns is not None and -_MOST_NS <= told_ns < _MOST_NS else None


class Shelf:
    """Where observations are put, by source and subject, and given their moments in the end."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}
        self.refused = 0

    @property
    def observations(self) -> int:
        return sum(series.seen for series in self._series.values())

    def add(self, file: str, found: Found, *, lines: bool) -> None:
        key = (found.source, found.subject)
        if key not in self._series and len(self._series) >= _MOST_SERIES:
            self.refused += 1
            return
        where = Where(file=file, first_line=found.first_line, last_line=found.last_line) if lines else Where(file=file)
        reading = replace(_of_this_world(found.reading), line=None, last_line=None)
        moment = Moment(clock="order", value=0)
        observation = Observation(
            source=found.source, subject=found.subject, moment=moment, where=where, reading=reading
        )
        self._series.setdefault(key, _Series([])).add(observation)

    def in_place(self) -> tuple[Observation, ...]:
        """Every series on one clock: the wall's if all its readings are stamped, the page's own if all tell how long after
        its beginning they are, else the order in which they stand."""
        out: list[Observation] = []
        for series in self._series.values():
            kept = series.all()
            stamped = all(o.reading.wall_ns is not None for _, o in kept)
            told = all(o.reading.elapsed_ns is not None for _, o in kept)
            for index, observation in kept:
                wall_ns, elapsed_ns = observation.reading.wall_ns, observation.reading.elapsed_ns
                if stamped and wall_ns is not None:
                    moment = Moment(clock="wall", value=wall_ns)
                elif told and elapsed_ns is not None:
                    moment = Moment(clock="monotonic", value=elapsed_ns)
                else:
                    moment = Moment(clock="order", value=index)
                out.append(replace(observation, moment=moment))
        return tuple(out)

    def notes(self) -> Iterator[str]:
        for (source, subject), series in self._series.items():
            if series.stride > 1:
                whose = f" of {subject}" if subject else ""
                yield f"{source}{whose}: {series.seen} readings, every {series.stride}th is used"
        if self.refused:
            yield f"{self.refused} readings of more than {_MOST_SERIES} different sources and subjects are not used"
