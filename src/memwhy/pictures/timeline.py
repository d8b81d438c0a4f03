"""The layers over time: bands that sum to the total at every moment, the runtime's own numbers and limits over them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from memwhy.model.case import Case, Series
from memwhy.model.metrics import LAYERS, REGISTRY, label
from memwhy.model.pictures import REMAINDER, Band, Line, Mark, Timeline
from memwhy.model.report import Report
from memwhy.model.trend import Trend
from memwhy.trend import trend
from memwhy.trend.points import last_life, tidy

MOST_POINTS = 1200
"""More than a screen has columns, few enough for a page that opens at once."""
TOTAL = "process.rss_bytes"
BESIDE_LAYERS = "derived.layers_total_bytes"
"""The total that was read in one breath with the layers: status is read more often, at other moments."""
SAYS = (
    "derived.go_held_bytes", "go.heap_alloc_bytes",
    "runtime.heap_committed_bytes", "runtime.heap_used_bytes", "runtime.native_committed_bytes",
)  # fmt: skip
"""What runtimes say of themselves; drawn over the total the difference is what they know nothing of."""
LIMITS = ("cgroup.limit_bytes", "go.memory_limit_bytes", "runtime.heap_limit_bytes", "host.total_bytes")
NEAR_S = 0.5
"""Half of the shortest tick: readings so close together are of one look."""
SELDOM = 2
"""Layers that are read less often than every second reading of the total leave moments between them."""

Points = Sequence[tuple[float, int]]


def timeline(case: Case, report: Report, *, most: int = MOST_POINTS) -> Timeline | None:
    """The total and its layers at up to `most` moments; None where nothing was read at two moments."""
    if case.total is None:
        return None
    whole = case.series[case.total]
    layers = sorted(_layers(case, report, whole), key=_lowest_first)
    beside = case.series.get(BESIDE_LAYERS) if layers else None
    moments = _moments(whole, beside)
    if len(moments) < 2:
        return None
    xs = [x for x, _ in moments]
    total = [value for _, value in moments]
    columns = [_between(series.points, xs, 0) for series in layers]
    rest = [value - sum(parts) for value, *parts in zip(total, *columns, strict=True)] if layers else []
    lines = [(series, _known(series, xs)) for series in _lines(case, whole)]
    kept = reduced([total, *columns, rest, *(values for _, values in lines)], len(xs), most)
    bands = [
        _band(series, [round(column[i]) for i in kept]) for series, column in zip(layers, columns, strict=True)
    ] or [_band(whole, [total[i] for i in kept])]
    if layers:
        bands.append(_remainder([xs[i] for i in kept], [total[i] for i in kept], bands, whole))
    return Timeline(
        metric=whole.metric,
        label=label(whole.metric),
        x_s=tuple(round(xs[i], 3) for i in kept),
        clock=whole.clock,
        begun_wall_ns=case.begun_wall_ns,
        total=tuple(total[i] for i in kept),
        bands=tuple(band for band in bands if any(band.bytes)),
        lines=tuple(_line(series, [values[i] for i in kept]) for series, values in lines),
        marks=_marks(case, whole),
        kept=len(kept),
        of=len(xs),
    )


def thinned(whole: Timeline, most: int) -> Timeline:
    """The same at up to `most` of its moments."""
    series = [whole.total, *(band.bytes for band in whole.bands), *(line.bytes for line in whole.lines)]
    kept = reduced(series, len(whole.x_s), most)
    return replace(
        whole,
        x_s=tuple(whole.x_s[i] for i in kept),
        total=tuple(whole.total[i] for i in kept),
        bands=tuple(replace(band, bytes=tuple(band.bytes[i] for i in kept)) for band in whole.bands),
        lines=tuple(replace(line, bytes=tuple(line.bytes[i] for i in kept)) for line in whole.lines),
        kept=len(kept),
    )


def _layers(case: Case, report: Report, whole: Series) -> list[Series]:
    """The layers of which the total is the sum, as the table has them; none where what stands beside a total overlaps."""
    if case.account is None or case.total != TOTAL:
        return []
    rows = [row.series for row in report.layers if row.metric in LAYERS and row.series is not None]
    return [series for series in rows if series.clock == whole.clock]


def _lowest_first(series: Series) -> tuple[bool, int]:
    """What stays lies below, as the tables order it, and what grows on top, the more the higher: its course is seen at once."""
    return series.growing, series.last - series.first if series.growing else 0


def _moments(whole: Series, beside: Series | None) -> list[tuple[float, int]]:
    """(x, total) of every look at the layers and, where these are few, of what was read of the total between them."""
    if beside is None or beside.clock != whole.clock:
        return sorted(dict(whole.points).items())
    looks = sorted(dict(beside.points).items())
    if len(looks) * SELDOM >= len(whole.points):
        return looks
    xs = [x for x, _ in looks]
    between = [(x, value) for x, value in whole.points if x > xs[0] and _distance(xs, x) > NEAR_S]
    return sorted(looks + between)


def _distance(xs: Sequence[float], x: float) -> float:
    """To the nearest of the rising xs."""
    after = bisect_left(xs, x)
    return min(abs(x - near) for near in xs[max(0, after - 1) : after + 1])


def _between(points: Points, xs: Sequence[float], before: int) -> list[float]:
    """A series at these moments, straight from one reading to the next; `before` the first, as it was after the last."""
    ordered = sorted(dict(points).items())
    known, values = [x for x, _ in ordered], [value for _, value in ordered]
    out: list[float] = []
    for x in xs:
        after = bisect_right(known, x)
        if after == 0:
            out.append(before if x < known[0] - NEAR_S else values[0])
        elif after == len(known):
            out.append(values[-1])
        else:
            share = (x - known[after - 1]) / (known[after] - known[after - 1])
            out.append(values[after - 1] + share * (values[after] - values[after - 1]))
    return out


def _known(series: Series, xs: Sequence[float]) -> list[int | None]:
    """A series at these moments; None where it was read neither before nor after."""
    first, last = series.points[0][0], series.points[-1][0]
    reach = (xs[-1] - xs[0]) / max(1, len(series.points) - 1) + NEAR_S
    values = _between(series.points, xs, 0)
    return [round(y) if first - reach <= x <= last + reach else None for x, y in zip(xs, values, strict=True)]


def _lines(case: Case, whole: Series) -> list[Series]:
    """What is drawn over the bands: of one clock with the total; of a mere order only what was read as often. A limit is
    drawn where the total comes near enough to be seen below it."""
    found = []
    for name in (*SAYS, *LIMITS):
        series = case.series.get(name)
        if series is None or series.clock != whole.clock:
            continue
        if series.clock == "order" and len(series.points) != len(whole.points):
            continue
        if name in LIMITS and not 0 < series.last <= LIMIT_NEAR * whole.most:
            continue
        found.append(series)
    return found


LIMIT_NEAR = 2
"""A limit of more than so many times the most that was resident would press all else to the ground."""


def reduced(columns: Sequence[Sequence[float | None]], count: int, most: int) -> list[int]:
    """Indices to keep, at most `most`: the ends, and of as many equal stretches as that allows each column's least and most."""
    if count <= max(2, most):
        return list(range(count))
    stretches = most // 2
    while stretches > 1:
        kept = {0, count - 1}
        for number in range(stretches):
            kept.update(_extremes(columns, number * count // stretches, (number + 1) * count // stretches))
        if len(kept) <= most:
            return sorted(kept)
        stretches = stretches * 3 // 4
    ends = dict.fromkeys((0, count - 1, *_extremes(columns[:1], 0, count)))
    return sorted(list(ends)[: max(2, most)])


def _extremes(columns: Sequence[Sequence[float | None]], begin: int, end: int) -> list[int]:
    out = []
    for column in columns:
        stretch = [(value, i) for i, value in enumerate(column[begin:end], start=begin) if value is not None]
        if stretch:
            out += [min(stretch)[1], max(stretch)[1]]
    return out


def _band(series: Series, values: list[int]) -> Band:
    return Band(
        metric=series.metric,
        label=label(series.metric),
        bytes=tuple(values),
        growing=series.growing,
        course=series.course,
    )


def _remainder(xs: list[float], total: list[int], bands: list[Band], whole: Series) -> Band:
    """What the layers leave of the total, so that all bands sum to it; between two looks, how far it left the straight line."""
    values = [value - sum(parts) for value, *parts in zip(total, *(band.bytes for band in bands), strict=True)]
    course = trend(
        list(zip(xs, values, strict=True)),
        quantum=whole.quantum,
        per="sample" if whole.clock == "order" else "s",
        restarts=False,
    )
    growing = isinstance(course, Trend) and course.growing
    return Band(metric=REMAINDER, label=REMAINDER, bytes=tuple(values), growing=growing, course=course)


def _line(series: Series, values: list[int | None]) -> Line:
    whose = " of the host" if series.metric.startswith("host.") else ""
    return Line(
        metric=series.metric,
        label=label(series.metric) + whose,
        bytes=tuple(values),
        note=REGISTRY[series.metric].source,
    )


def _marks(case: Case, whole: Series) -> tuple[Mark, ...]:
    marks = [Mark(x_s=round(x, 3), text=text) for x, text in case.moments]
    if not case.live and whole.clock != "order":
        first = tidy(whole.points)
        life = last_life(first)
        if life.xs and life.xs[0] > first.xs[0]:
            marks.append(Mark(x_s=round(life.xs[0], 3), text="restart"))
    if case.ended is not None:
        marks.append(Mark(x_s=round(whole.points[-1][0], 3), text=f"the target {case.ended}"))
    return tuple(sorted(marks, key=lambda mark: (mark.x_s, mark.text)))
