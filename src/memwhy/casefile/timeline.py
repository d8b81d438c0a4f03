"""The timeline: one growing list of points for each metric of each subject and witness."""

from array import array
from dataclasses import dataclass, field

from memwhy.model.reading import Where

MOST_POINTS = 4096
"""Above this, every second point is dropped and the stride doubles: a day at 1 Hz stays small."""


@dataclass(slots=True)
class Track:
    """Points of one (subject, metric, source). Times in ns of `clock`, values in the metric's unit."""

    clock: str
    times: array = field(default_factory=lambda: array("q"))  # type: ignore[type-arg]
    values: array = field(default_factory=lambda: array("q"))  # type: ignore[type-arg]
    quantum: int = 1
    where: list[Where] = field(default_factory=list)
    stride: int = 1
    skipped: int = 0
    newest: tuple[int, int] | None = None

    def add(self, time: int, value: int) -> None:
        """Append a point; the newest point is always kept, whatever the stride."""
        self.newest = (time, value)
        self.skipped += 1
        if self.skipped < self.stride:
            return
        self.skipped = 0
        self.times.append(time)
        self.values.append(value)
        if len(self.times) > MOST_POINTS:
            self.times, self.values = self.times[::2], self.values[::2]
            self.stride *= 2

    def points(self, origin: int) -> tuple[tuple[float, int], ...]:
        """(x, value): seconds since origin, or the order's own numbers."""
        scale = 1.0 if self.clock == "order" else 1e-9
        pairs = [((time - origin) * scale, value) for time, value in zip(self.times, self.values, strict=True)]
        if self.newest is not None and (not pairs or self.times[-1] != self.newest[0]):
            pairs.append(((self.newest[0] - origin) * scale, self.newest[1]))
        return tuple(pairs)


FEW = 4
"""Witnesses with fewer readings than a trend needs are put together: one tool before, another after."""
ALIKE = 0.1
"""Two tools' figures of one moment differ by less."""


def _merged(tracks: list[Track]) -> Track | None:
    """The readings of several witnesses in the order of the page; None where lines or orders do not tell it."""
    if any(track.clock != "order" or len(track.where) != len(track.values) for track in tracks):
        return None
    rows = [
        (where.file, where.first_line, value)
        for track in tracks
        for where, value in zip(track.where, track.values, strict=True)
    ]
    if len({file for file, _, _ in rows}) != 1 or any(line is None for _, line, _ in rows):
        return None
    merged = Track(clock="order", quantum=max(track.quantum for track in tracks))
    for row in sorted((line, value) for _, line, value in rows if line is not None):
        value = row[1]
        if merged.values and abs(value - merged.values[-1]) <= ALIKE * max(value, merged.values[-1]):
            continue
        merged.add(len(merged.values), value)
    merged.where = sorted((where for track in tracks for where in track.where), key=lambda one: one.first_line or 0)
    return merged


Key = tuple[str, str, str]
"""(subject, metric, source)"""


class Timeline:
    """All tracks of a run. may_restart: whether they may span several lives of the program."""

    def __init__(self, *, may_restart: bool = True) -> None:
        self.may_restart = may_restart
        self.tracks: dict[Key, Track] = {}
        self.origin: dict[str, int] = {}

    def add(self, key: Key, clock: str, time: int, value: int, *, quantum: int = 1, where: Where | None = None) -> None:
        """Put one sample on its track. A track keeps the clock of its first sample; others are refused."""
        track = self.tracks.get(key)
        if track is None:
            track = self.tracks[key] = Track(clock=clock)
        elif track.clock != clock:
            # stamped and unstamped readings of one thing: order alone is what they share
            time = len(track.times) if track.clock == "order" else time
            if track.clock != "order":
                return
        origin = self.origin.get(track.clock)
        self.origin[track.clock] = time if origin is None else min(origin, time)
        track.quantum = max(track.quantum, quantum)
        if where is not None and len(track.where) < 256:
            track.where.append(where)
        track.add(time, value)

    def best(self, subject: str, metric: str) -> tuple[str, Track] | None:
        """The witness with the most points of one metric, by source name when equal."""
        found = [
            (len(track.times), source, track)
            for (its_subject, its_metric, source), track in self.tracks.items()
            if its_subject == subject and its_metric == metric
        ]
        if not found:
            return None
        most, source, track = max(found, key=lambda row: (row[0], row[1]))
        if len(found) > 1 and most < FEW and self.may_restart:
            return source, _merged([one for _, _, one in found]) or track
        return source, track

    def subjects(self, metric: str) -> list[str]:
        """Subjects that have this metric, in order of appearance."""
        return list(dict.fromkeys(subject for (subject, name, _) in self.tracks if name == metric))

    def metrics(self) -> list[str]:
        """All metrics seen, in order of appearance."""
        return list(dict.fromkeys(metric for (_, metric, _) in self.tracks))
