"""How much work two runs did: as the user says, else by what follows the work closest of what was measured."""

from itertools import pairwise

from memwhy.model.case import Case
from memwhy.model.proof import Load

PROXIES = (("go.mallocs_count", "Go objects allocated"), ("process.cpu_ns", "CPU time used, ns"))
"""Counters that grow with the work. A fix hardly changes how many objects a request allocates; CPU time is coarser."""


def load_of(before: Case, after: Case, work: tuple[float, float] | None) -> Load | None:
    """The work of each run per second; None where neither was told nor can be estimated. work: units done in each run."""
    if work is not None:
        spans = _span_s(before), _span_s(after)
        if spans[0] is None or spans[1] is None or work[0] <= 0:
            return None
        return Load(what="units of work", before_per_s=work[0] / spans[0], after_per_s=work[1] / spans[1], given=True)
    for metric, what in PROXIES:
        rates = _rate_per_s(before, metric), _rate_per_s(after, metric)
        if rates[0] and rates[1] is not None:
            return Load(what=what, before_per_s=rates[0], after_per_s=rates[1], given=False)
    return None


def _span_s(case: Case) -> float | None:
    series = case.series.get(case.total or "")
    if series is None or series.clock == "order":
        return None
    return (series.points[-1][0] - series.points[0][0]) or None


def _rate_per_s(case: Case, metric: str) -> float | None:
    """A counter's rate over all of its time; None where it began anew meanwhile, or was read once."""
    series = case.series.get(metric)
    if series is None or series.clock == "order" or len(series.points) < 2:
        return None
    values = [value for _, value in series.points]
    span_s = series.points[-1][0] - series.points[0][0]
    if span_s <= 0 or any(after < before for before, after in pairwise(values)):
        return None
    return (values[-1] - values[0]) / span_s
