"""What every view draws, reckoned once: the layers over time and stacks as trees, of a case that has been judged."""

from memwhy.model.case import Case
from memwhy.model.pictures import Pictures
from memwhy.model.report import Report
from memwhy.pictures.flames import flames
from memwhy.pictures.retention import newest, retention
from memwhy.pictures.sizes import sizes
from memwhy.pictures.timeline import MOST_POINTS, thinned, timeline

MOST_OF_A_SKETCH = 240
"""Moments: every fourth column of a picture."""

__all__ = ["MOST_POINTS", "picture"]


def picture(case: Case, report: Report, *, most: int = MOST_POINTS) -> Pictures:
    """All that can be drawn of a case and the report on it. most: moments of the timeline."""
    drawn = timeline(case, report, most=most)
    holders, apart_s = newest(case.holders)
    retained = None if holders is None else retention(holders, apart_s)
    return Pictures(
        timeline=drawn,
        flames=(*(() if retained is None else (retained,)), *flames(case)),
        holders=holders,
        sketch=thinned(drawn, MOST_OF_A_SKETCH) if drawn is not None else None,
        sizes=sizes(case),
    )
