"""A recording as typed objects: its target, its snapshots, every series with its course, and frames of them."""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from memwhy.diagnose import Casebook, load
from memwhy.exports.ticks import TIME, columns
from memwhy.library.frame import Frame
from memwhy.model import case
from memwhy.model.case import Case, Target
from memwhy.model.evidence import Snapshot
from memwhy.model.metrics import LAYERS, REGISTRY
from memwhy.model.trend import Course
from memwhy.model.units import NS_PER_S
from memwhy.recording import open_recording

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric over time. points: (seconds since the recording began, value in `unit`), at most some 4,096 of them.

    course: its trend, with `slope`, `low` and `high` in `unit` per second, or `NotEnough` with the reason why there is none.
    """

    metric: str
    label: str
    unit: Literal["bytes", "count"]
    points: tuple[tuple[float, int], ...]
    course: Course

    def __repr__(self) -> str:
        return f"<Series {self.metric}: {len(self.points)} points, {getattr(self.course, 'shape', 'no trend')}>"

    @property
    def growing(self) -> bool:
        """Whether growth is shown: the whole series long, and its interval excludes zero."""
        return bool(getattr(self.course, "growing", False))


class SeriesByMetric(Mapping[str, Series]):
    """The series of a case, each with its trend reckoned when it is first asked for."""

    def __init__(self, found: Mapping[str, case.Series]) -> None:
        self._found = found

    def __getitem__(self, metric: str) -> Series:
        if metric not in self._found:
            near = difflib.get_close_matches(metric, self._found, n=3)
            raise KeyError(f"{metric} was not recorded" + (f"; near it: {', '.join(near)}" if near else ""))
        one, known = self._found[metric], REGISTRY[metric]
        return Series(metric=metric, label=known.label, unit=known.unit, points=one.points, course=one.course)

    def __contains__(self, metric: object) -> bool:
        return metric in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<{len(self)} series: {', '.join(self)}>"


class Recording:
    """A recording that was opened: its evidence is read when it is first asked for, and then as it stood at that moment.

    >>> recording = memwhy.open("leaking.memwhy")
    >>> recording
    <Recording leaking.memwhy of crawler: 60.0 s>
    >>> recording.target.runtime_version
    'go1.26.8'
    >>> rss = recording.series["process.rss_bytes"]
    >>> rss.unit, rss.growing, round(rss.course.slope / 2**20, 1)
    ('bytes', True, 1.6)
    >>> [name for name in recording.layers if name.startswith("layer.native")]
    ['layer.native_heap_bytes', 'layer.native_arenas_bytes']
    >>> next(recording.snapshots()).evidence[0].source
    'proc/status'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Raises RecordingError where there is none, or it is no recording."""
        self.path = os.fspath(path)
        with open_recording(self.path) as opened:
            self.meta: Mapping[str, str] = dict(opened.meta)

    def __repr__(self) -> str:
        return f"<Recording {os.path.basename(self.path)} of {self.target.command or 'a process'}: {self.span_s:.1f} s>"

    @cached_property
    def book(self) -> Casebook:
        """All evidence, parsed: what `memwhy.diagnose` judges."""
        book = Casebook(live=True)
        load(book, self.path)
        return book

    @cached_property
    def _case(self) -> Case:
        return self.book.case()

    @property
    def target(self) -> Target:
        """Whom it is about: pid, command, runtime, runtime_version."""
        return self._case.target

    @property
    def ended(self) -> str | None:
        """How the target ended while it was watched; None where it did not."""
        return self._case.ended

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened meanwhile, and what of the recording is damaged and was skipped."""
        return self._case.notes

    @cached_property
    def series(self) -> Mapping[str, Series]:
        """Every metric that was read, by its name in the registry, such as "process.rss_bytes"."""
        return SeriesByMetric(self._case.series)

    @property
    def span_s(self) -> float:
        """Seconds from the first tick to the last."""
        return (self._ticks[-1][0] - self._ticks[0][0]) / NS_PER_S if self._ticks else 0.0

    def snapshots(self) -> Iterator[Snapshot]:
        """Every tick with its raw evidence, byte for byte as it was read."""
        with open_recording(self.path) as opened:
            yield from opened.snapshots()

    @cached_property
    def layers(self) -> Frame:
        """The layers in bytes at each tick in which they were reckoned: disjoint shares that sum to the RSS of that moment."""
        wanted = [metric for metric in LAYERS if metric in self.series]
        return self._frame(wanted, every_tick=False)

    def frame(self) -> Frame:
        """Every series at every tick: a column for each metric, None where it was not read in that tick."""
        return self._frame(list(self.series), every_tick=True)

    def to_dataframe(self) -> "pandas.DataFrame":
        """`frame()` as a pandas.DataFrame. Raises PandasMissing where pandas is not installed."""
        return self.frame().to_dataframe()

    @cached_property
    def _ticks(self) -> tuple[tuple[int, int], ...]:
        """(monotonic, wall) of every tick, in ns."""
        with open_recording(self.path) as opened:
            return tuple((row.monotonic_ns, row.wall_ns) for row in opened.ticks())

    def _frame(self, metrics: list[str], *, every_tick: bool) -> Frame:
        """One row a tick; unless every_tick, without those in which none of these was read."""
        origin_ns = self.book.timeline.origin.get("monotonic", 0)
        points = {metric: self.series[metric].points for metric in metrics}
        return Frame(columns(self._ticks, origin_ns, points, every_tick=every_tick), index=TIME)
