"""How much work two runs did: as it was counted, else by what follows the work closest of what was measured."""

from itertools import pairwise

from memwhy.model.case import Case
from memwhy.model.pieces import plural
from memwhy.model.proof import Load
from memwhy.proof.side import Side

PROXIES = (("go.mallocs_count", "Go objects allocated"), ("process.cpu_ns", "CPU time used, ns"))
"""Counters that grow with the work. A fix hardly changes how many objects a request allocates; CPU time is coarser."""
LEAST_STEPS = 40
"""A counter that went on by fewer of its steps (CPU time: hundredths of a second) cannot tell a busy run from one that did a twentieth of its work."""


def load_of(before: Side, after: Side) -> Load | None:
    """The work of each run per second; None where it was neither counted nor can be estimated."""
    if before.work is not None and after.work is not None and before.work.unit == after.work.unit:
        rates = before.work_per_s, after.work_per_s
        if rates[0] and rates[1] is not None:
            return Load(what=plural(before.work.unit), before_per_s=rates[0], after_per_s=rates[1], given=True)
    for metric, what in PROXIES:
        rates = _rate_per_s(before.case, metric, LEAST_STEPS), _rate_per_s(after.case, metric, 0)
        if rates[0] and rates[1] is not None:
            return Load(what=what, before_per_s=rates[0], after_per_s=rates[1], given=False)
    return None


def _rate_per_s(case: Case, metric: str, steps: int) -> float | None:
    """A counter's rate over all of its time; None where it began anew meanwhile, was read once, or rose by fewer steps."""
    series = case.series.get(metric)
    if series is None or series.clock == "order" or len(series.points) < 2:
        return None
    values = [value for _, value in series.points]
    span_s = series.points[-1][0] - series.points[0][0]
    if (
        span_s <= 0
        or values[-1] - values[0] < steps * series.quantum
        or any(after < before for before, after in pairwise(values))
    ):
        return None
    return (values[-1] - values[0]) / span_s
