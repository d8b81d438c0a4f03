"""Metrics of both sides side by side: levels, paces, and whether they differ."""

import math
from dataclasses import replace

from memwhy.comparison.given import Given
from memwhy.model.case import Series
from memwhy.model.comparison import Figure, Gap
from memwhy.model.metrics import LAYERS, REGISTRY
from memwhy.model.proof import Pace
from memwhy.model.trend import Trend
from memwhy.proof.pace import pace_of
from memwhy.trend import trend

COARSE = ("process.rss_anon_bytes", "process.rss_file_bytes", "process.rss_shmem_bytes")
"""What stands for the layers where only status was read on one side."""
OTHERS = (
    "derived.malloc_bytes", "derived.malloc_kept_bytes", "malloc.lost_bytes", "malloc.arenas_count",
    "derived.outside_go_bytes", "derived.go_held_bytes", "derived.go_live_bytes", "go.heap_alloc_bytes",
    "go.goroutines_count", "process.threads_count", "process.descriptors_count", "process.anon_huge_bytes",
    "process.lazy_free_bytes", "process.swap_bytes", "process.children_rss_bytes", "process.virtual_bytes",
    "cgroup.current_bytes", "cgroup.limit_bytes",
)  # fmt: skip
"""What is told beside the layers, where both sides have it."""


def figure(a: Series, b: Series) -> Figure:
    """One metric of both."""
    metric = REGISTRY[a.metric]
    paces = pace_of(a), pace_of(b)
    quantum = max(a.quantum, b.quantum)
    apart = abs(a.last - b.last) > (swing(a) + swing(b)) / 2 + quantum
    return Figure(
        metric=a.metric,
        label=metric.label,
        unit=metric.unit,
        a=a.last,
        b=b.last,
        apart=apart,
        a_pace=paces[0],
        b_pace=paces[1],
        per=paces[0].per,
        pace_gap=pace_gap(*paces),
    )


def swing(series: Series) -> float:
    """How far it goes up and down about its own course: between the lowest and the highest of what a straight line leaves."""
    (first_x, first), (last_x, last) = series.points[0], series.points[-1]
    if isinstance(series.course, Trend):
        slope = series.course.slope
    else:
        slope = (last - first) / (last_x - first_x) if last_x > first_x else 0.0
    left = [value - slope * (x - first_x) for x, value in series.points]
    return max(left) - min(left)


def pace_gap(a: Pace, b: Pace) -> Gap | None:
    """The difference of two slopes; its interval from those of both (Zou and Donner 2008: MOVER)."""
    if a.per != b.per or a.slope is None or b.slope is None:
        return None
    assert a.low is not None and a.high is not None and b.low is not None and b.high is not None
    gap = a.slope - b.slope
    return Gap(
        value=gap,
        low=gap - math.hypot(a.slope - a.low, b.high - b.slope),
        high=gap + math.hypot(a.high - a.slope, b.slope - b.low),
    )


def layers(a: Given, b: Given) -> tuple[Figure, ...]:
    """The layers where both sides have fine ones, else what status tells of both; those that differ most first."""
    fine = all(side.case.account is not None and side.case.account.fine for side in (a, b))
    if fine:
        pairs = [pair for name in LAYERS if (pair := _or_nothing(a, b, name)) is not None]
    else:
        pairs = [(a.case.series[name], b.case.series[name]) for name in COARSE if _on_both(a, b, name)]
    found = [figure(*pair) for pair in pairs]
    return tuple(sorted((one for one in found if one.a or one.b), key=lambda one: -abs(one.gap)))


def others(a: Given, b: Given) -> tuple[Figure, ...]:
    """What stands beside the layers and is not nothing on both sides."""
    found = [figure(a.case.series[name], b.case.series[name]) for name in OTHERS if _on_both(a, b, name)]
    return tuple(one for one in found if one.a or one.b)


def _or_nothing(a: Given, b: Given, metric: str) -> tuple[Series, Series] | None:
    """Both sides' series of a layer. Where all was accounted for, a layer that is not there holds nothing: no Go, no Go heap."""
    known = next((side.case.series[metric] for side in (a, b) if metric in side.case.series), None)
    if known is None:
        return None
    return _series(a, metric, known), _series(b, metric, known)


def _series(side: Given, metric: str, known: Series) -> Series:
    found = side.case.series.get(metric)
    if found is not None:
        return found
    nothing = tuple((x, 0) for x, _ in known.points)
    course = trend(nothing, quantum=known.quantum, per=known.course.per, restarts=False)
    return replace(known, subject="", points=nothing, course=course, where=())


def _on_both(a: Given, b: Given, metric: str) -> bool:
    return metric in a.case.series and metric in b.case.series
