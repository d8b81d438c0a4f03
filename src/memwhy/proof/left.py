"""What is left: layers and code that still grow after a fix, and those that do no more."""

from collections.abc import Iterator

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.native import CallSite
from memwhy.model.proof import Left, Pace, Pair
from memwhy.model.trend import Trend
from memwhy.proof.pace import grows, leaking, settled
from memwhy.proof.side import Side


def layers(before: Case, after: Case) -> tuple[Pair, ...]:
    """Layers that grew before the fix or grow after it, by their pace before, beside what they do after it."""
    pairs = [
        Pair(label=label(name), before=leaking(series), after=settled(after.series[name]))
        for name, series in before.series.items()
        if name.startswith("layer.") and name in after.series and (series.growing or after.series[name].growing)
    ]
    return tuple(sorted(pairs, key=lambda pair: -(pair.before.slope or 0.0)))


def left(before: Side, after: Side) -> tuple[Left, ...]:
    """What still grows, by layer, then by the code that a sampler names; the fastest first."""
    found = [
        Left(kind="layer", what=label(name), before=_old(before.case, name), after=settled(series))
        for name, series in after.case.series.items()
        if name.startswith("layer.") and _goes_on(series)
    ]
    sites = [Left(kind="site", what=_named(site), before=None, after=_paced(site)) for site in _kept(after.case)]
    return tuple(sorted(found, key=_fastest) + sorted(sites, key=_fastest))


def gone(before: Side, after: Side, residue: float) -> tuple[str, ...]:
    """What grew before and of which at most the residue can be left; by layer, then by code that a sampler names."""
    stopped = [
        label(name)
        for name, series in before.case.series.items()
        if name.startswith("layer.")
        and name in after.case.series
        and _stopped(series, after.case.series[name], residue)
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


def _fastest(one: Left) -> float:
    return -(one.after.slope or 0.0)
