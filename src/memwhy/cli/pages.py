"""Pages of what holds several runs against each other: the answer, with the runs' courses over the same axes."""

from collections.abc import Iterable, Sequence

from memwhy.comparison import Given, compare
from memwhy.diagnose import Casebook
from memwhy.model.case import Case
from memwhy.model.comparison import Comparison, Figure
from memwhy.model.proof import Gate, Verification
from memwhy.pictures.beside import beside
from memwhy.render.html.comparing import render_comparison
from memwhy.render.html.verifying import render_gate, render_verification

MOST_LAYERS = 6
"""Pictures beside the total's: more are a wall."""


def given_of(name: str, book: Casebook, case: Case) -> Given:
    """One side, as it is compared."""
    return Given(name=name, case=case, sources=frozenset(row.source for row in book.evidence() if row.samples))


def comparison_page(found: Comparison, sides: Sequence[Given]) -> str:
    """`compare`, as a page: the levels of what both sides have, and of the layers that are apart."""
    totals = (
        [found.total.metric]
        if found.total is not None
        else sorted({side.case.total for side in sides if side.case.total})
    )
    layers = [one.metric for one in sorted(found.layers, key=_by_gap) if _differs(one)][:MOST_LAYERS]
    runs = [(letter, side.case) for letter, side in zip("AB", sides, strict=True)]
    return render_comparison(found, beside(runs, totals), beside(runs, layers))


def _differs(one: Figure) -> bool:
    return one.apart or (one.pace_gap is not None and one.pace_gap.sure)


def _by_gap(one: Figure) -> int:
    return -abs(one.gap)


def verification_page(found: Verification, sides: Sequence[Given], *, settle_s: float) -> str:
    """`verify`, as a page. sides: before, after, and the control where there is one."""
    runs = list(zip(("before", "after", "unfixed, beside it"), (side.case for side in sides), strict=False))
    total = [found.total.before.metric] if found.total is not None else _totals(sides)
    layers = [pair.before.metric for pair in found.layers][:MOST_LAYERS]
    courses = beside(runs, [*total, *layers], settle_s=settle_s)
    return render_verification(found, compare(*sides[:2]), courses)


def gate_page(found: Gate, case: Case, *, settle_s: float) -> str:
    """`check`, as a page."""
    metric = found.pace.metric if found.pace is not None else case.total
    return render_gate(found, beside([("this run", case)], [metric] if metric else [], settle_s=settle_s))


def _totals(sides: Iterable[Given]) -> list[str]:
    """What stands for the whole, where both have the same."""
    names = {side.case.total for side in sides}
    return [name for name in names if name] if len(names) == 1 else []
