"""What is left: layers and code that still grow after a fix, and those that do no more."""

from collections.abc import Iterator

from memwhy.attribution.heap import LAYER as GO_HEAP
from memwhy.attribution.heap import heap_sites
from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.native import CallSite
from memwhy.model.proof import Left, Pace, Pair
from memwhy.model.report import Holder
from memwhy.model.trend import Trend
from memwhy.proof.pace import grows, leaking, settled
from memwhy.proof.side import Side

MALLOCS = ("layer.native_heap_bytes", "layer.native_arenas_bytes", "layer.anonymous_bytes")
"""Where malloc takes a block from depends on its size, its thread and what was freed before (mallopt(3), M_MMAP_THRESHOLD):
growth moves between these layers while the leak stays."""
MOVED = 0.5
"""A layer's growth has moved when another one of these took over so much of it."""


def layers(before: Case, after: Case) -> tuple[Pair, ...]:
    """Layers that grew before the fix or grow after it, by their pace before, beside what they do after it."""
    pairs = [
        Pair(label=label(name), before=leaking(series), after=settled(after.series[name]))
        for name, series in before.series.items()
        if name.startswith("layer.") and name in after.series and (series.growing or after.series[name].growing)
    ]
    return tuple(sorted(pairs, key=lambda pair: -(pair.before.slope or 0.0)))


def left(before: Side, after: Side) -> tuple[Left, ...]:
    """What still grows, by layer, then by the code that a sampler or several heap profiles name; the fastest first."""
    found = [
        Left(kind="layer", what=label(name), before=_old(before.case, name), after=settled(series))
        for name, series in after.case.series.items()
        if name.startswith("layer.") and _goes_on(series)
    ]
    sites = [Left(kind="site", what=_named(site), before=None, after=_paced(site)) for site in _kept(after.case)]
    if GO_HEAP in after.case.series and _goes_on(after.case.series[GO_HEAP]) and after.series.course.per == "s":
        sites += [
            Left(kind="site", what=one.function, before=None, after=_pace_of(one)) for one in _growing(after.case)
        ]
    return tuple(sorted(found, key=_fastest) + sorted(sites, key=_fastest))


def gone(before: Side, after: Side, residue: float) -> tuple[str, ...]:
    """What grew before and of which at most the residue can be left; by layer, then by code that a sampler names."""
    stopped = [
        label(name)
        for name, series in before.case.series.items()
        if name.startswith("layer.")
        and name in after.case.series
        and _stopped(series, after.case.series[name], residue)
        and not _moved(name, before.case, after.case)
    ]
    if after.case.stacks is not None and not after.case.stacks.last.problem:
        still = {_named(site) for site in _kept(after.case)}
        stopped += [_named(site) for site in _kept(before.case) if _named(site) not in still]
    return tuple(stopped)


def _old(case: Case, name: str) -> Pace | None:
    return leaking(case.series[name]) if name in case.series else None


def _goes_on(series: Series) -> bool:
    return grows(settled(series)) and not weigh.slight(series)


def _stopped(old: Series, new: Series, residue: float) -> bool:
    before, after = leaking(old), settled(new)
    if not grows(before) or weigh.slight(old) or before.low is None or after.high is None:
        return False
    return after.high <= residue * before.low


def _moved(name: str, before: Case, after: Case) -> bool:
    """Whether another of malloc's layers took over the growth of this one."""
    lost = _slope(before, name)
    others = [other for other in MALLOCS if name in MALLOCS and other != name and other in after.series]
    return any(_slope(after, other) - _slope(before, other) >= MOVED * lost for other in others)


def _slope(case: Case, name: str) -> float:
    return settled(case.series[name]).slope or 0.0 if name in case.series else 0.0


def _kept(case: Case) -> Iterator[CallSite]:
    """Call sites whose blocks stay, as far as a sampler saw."""
    for site in case.stacks.sites if case.stacks is not None else ():
        if site.kept:
            yield site


def _named(site: CallSite) -> str:
    return f"{site.function} ({site.entry})" if site.entry else site.function


def _paced(site: CallSite) -> Pace:
    course = site.course
    assert isinstance(course, Trend)  # what has none is not `kept`
    return Pace(
        metric="tool.outstanding_bytes",
        n=course.n,
        span=course.span,
        per=course.per,
        shape=course.shape,
        slope=course.slope,
        low=course.low,
        high=course.high,
        detectable=course.detectable,
    )


def _growing(case: Case) -> Iterator[Holder]:
    """Allocation sites of Go that grow beyond chance over the heap profiles of a run."""
    for one in heap_sites(case):
        if one.bytes_per_s is not None and one.low_per_s is not None and one.low_per_s > 0:
            yield one


def _pace_of(one: Holder) -> Pace:
    return Pace(
        metric="go.heap_inuse_bytes",
        n=0,
        span=0.0,
        per="s",
        shape="growing",
        slope=one.bytes_per_s,
        low=one.low_per_s,
        high=one.high_per_s,
    )


def _fastest(one: Left) -> float:
    return -(one.after.slope or 0.0)
