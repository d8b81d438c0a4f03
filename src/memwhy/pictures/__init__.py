"""What every view draws, reckoned once: the layers over time and stacks as trees, of a case that has been judged."""

from memwhy.model.case import Case
from memwhy.model.pictures import Pictures
from memwhy.model.report import Report
from memwhy.pictures.flames import flames
from memwhy.pictures.timeline import MOST_POINTS, timeline

__all__ = ["MOST_POINTS", "picture"]


def picture(case: Case, report: Report, *, most: int = MOST_POINTS) -> Pictures:
    """All that can be drawn of a case and the report on it. most: moments of the timeline."""
    return Pictures(timeline=timeline(case, report, most=most), flames=flames(case))
