"""Whom the case is about: the total that stands for the whole, and the series that belong to it."""

from collections.abc import Collection, Iterator, Mapping

from memwhy.casefile.timeline import Timeline, Track
from memwhy.model.case import Series
from memwhy.trend import trend

TOTALS = (
    "process.rss_bytes", "process.rss_anon_bytes", "process.uss_bytes", "cgroup.working_set_bytes", "cgroup.current_bytes",
    "host.used_bytes", "process.virtual_bytes", "process.private_virtual_bytes",
)  # fmt: skip
"""Best first: the closer to the process, the less else is counted in."""

VIRTUAL = ("process.virtual_bytes", "process.private_virtual_bytes")
"""Address space is a total of last resort, whatever its course."""

ALIKE = 0.15
"""Words round: what they say last and what a tool shows are one figure when they differ by less."""
PLACES = ("host ", "section ", "container ")


def choose_total(timeline: Timeline, named: Collection[str] = ()) -> tuple[str | None, str]:
    """The total metric and its subject: one that is named in the complaint before others, a total with a course before
    one without, then the closest to the process, then the subject that grows most of its own noise or, where none has a
    course, the largest; then the first one seen."""
    best: tuple[tuple[bool, int, int, float, int], str, str] | None = None
    for rank, metric in enumerate(TOTALS):
        for subject in timeline.subjects(metric):
            found = timeline.best(subject, metric)
            if found is None:
                continue
            series = series_of(timeline, metric, subject, found[1])
            has_course = 0 if hasattr(series.course, "slope") else 1
            growth = series.course.slope if hasattr(series.course, "slope") and series.growing else 0.0
            key = (
                subject not in named and bool(named),
                has_course + (2 if metric in VIRTUAL else 0),
                rank,
                -growth,
                -series.last if has_course else 0,
            )
            if best is None or key < best[0]:
                best = (key, metric, subject)
    if best is None:
        return None, ""
    return best[1], best[2] or _owner_of(timeline, best[1])


def _owner_of(timeline: Timeline, metric: str) -> str:
    """Whose a figure is that names nobody: the one subject of which a tool shows its end, or the largest of those of which
    a tool shows the same (`each of them has A`, under a table of them), else nobody's."""
    told = timeline.best("", metric)
    if told is None or not timeline.may_restart:
        return ""
    if len(told[1].values) == 1:
        return _largest_like(timeline, metric, told[1].values[0])
    owners = [
        subject
        for subject in timeline.subjects(metric)
        if subject and (shown := timeline.best(subject, metric)) is not None and alike(told[1], shown[1])
    ]
    return owners[0] if len(owners) == 1 else ""


def _largest_like(timeline: Timeline, metric: str, value: int) -> str:
    """The subject whose one reading is the largest of those that are this value, rounded; "" for none."""
    shown = {
        subject: found[1].values[0]
        for subject in timeline.subjects(metric)
        if subject and (found := timeline.best(subject, metric)) is not None and len(found[1].values) == 1
    }
    like = {subject: one for subject, one in shown.items() if abs(value - one) <= ALIKE * max(value, one)}
    return max(like, key=lambda subject: like[subject]) if like else ""


def alike(told: Track, shown: Track) -> bool:
    """The last of what words tell is the one reading that a tool shows, rounded."""
    last, one = told.values[-1], shown.values[0]
    return len(told.values) > 1 and len(shown.values) == 1 and abs(last - one) <= ALIKE * max(last, one)


class SubjectSeries(Mapping[str, Series]):
    """Every metric's series for one subject, each with its trend reckoned when first asked for.

    Figures that name no subject, then other subjects' figures of metrics that this one lacks, fill in
    (a page seldom says whose MemStats it prints); another host's figures never do, unless only one host, or one
    container, is there at all and the subject is none.
    """

    def __init__(self, timeline: Timeline, subject: str) -> None:
        self._timeline = timeline
        self._subject = subject
        self._found: dict[str, Series] = {}
        self._tracks = {metric: track for metric in timeline.metrics() if (track := self._track(metric)) is not None}

    def _track(self, metric: str) -> tuple[str, Track] | None:
        candidates = [self._subject, ""]
        if metric.split(".")[0] not in ("host", "cgroup"):
            # a process of its own, with an RSS of its own, lends nothing to another
            strangers = set(self._timeline.subjects("process.rss_bytes"))
            candidates += [subject for subject in self._timeline.subjects(metric) if subject not in strangers]
        elif not self._subject.startswith(PLACES) and len(around := self._timeline.subjects(metric)) == 1:
            candidates += around
        for candidate in candidates:
            found = self._timeline.best(candidate, metric)
            if found is not None:
                return self._told_better(metric, found[1]) or (candidate, found[1])
        return None

    def _told_better(self, metric: str, track: Track) -> tuple[str, Track] | None:
        """The course that words tell of a figure of which a tool shows the end: `1.2 GB at start, 3.9 GB after two days`
        above one row of ps."""
        told = self._timeline.best("", metric) if self._timeline.may_restart and len(track.values) == 1 else None
        return ("", told[1]) if told is not None and alike(told[1], track) else None

    def __getitem__(self, metric: str) -> Series:
        if metric not in self._found:
            subject, track = self._tracks[metric]
            self._found[metric] = series_of(self._timeline, metric, subject, track)
        return self._found[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tracks)

    def __len__(self) -> int:
        return len(self._tracks)


def controls_of(timeline: Timeline, total: str, subject: str) -> tuple[Series, ...]:
    """The same total of all other subjects: a second host, a neighbour; a figure that names nobody is no neighbour's."""
    out = []
    for other in timeline.subjects(total):
        found = timeline.best(other, total)
        if other not in (subject, "") and found is not None:
            out.append(series_of(timeline, total, other, found[1]))
    return tuple(out)


def series_of(timeline: Timeline, metric: str, subject: str, track: Track) -> Series:
    """One track with its trend. In a paste, a total that halves may be another life of the program; memwhy itself
    watches one process only, and single layers and gauges fall by themselves."""
    may_restart = timeline.may_restart and metric in TOTALS
    points = track.points(timeline.origin.get(track.clock, 0))
    course = trend(points, quantum=track.quantum, per="sample" if track.clock == "order" else "s", restarts=may_restart)
    return Series(
        metric=metric,
        subject=subject,
        clock=track.clock,
        points=points,
        quantum=track.quantum,
        course=course,
        where=tuple(track.where),
    )
