"""One side of a comparison, as it is given: its case, and what was read of it."""

from dataclasses import dataclass

from memwhy.model.case import Case, Series
from memwhy.model.digits import whole_number
from memwhy.model.trend import Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """name: what a person called it. sources: names of the readers that had something to read, so that what is absent can
    be told from what was not looked at."""

    name: str
    case: Case
    sources: frozenset[str] = frozenset()

    @property
    def total(self) -> Series | None:
        return self.case.series[self.case.total] if self.case.total else None

    @property
    def span_s(self) -> float | None:
        """How long it was watched; None without times."""
        total = self.total
        if total is None or total.clock == "order":
            return None
        return total.points[-1][0] - total.points[0][0]

    @property
    def age_s(self) -> float | None:
        """The process's age at the last reading."""
        begun = whole_number(self.case.facts.get("process.age_s", ""))
        return None if begun is None else begun + (self.span_s or 0.0)

    def last(self, metric: str) -> int | None:
        """The last figure of a metric."""
        series = self.case.series.get(metric)
        return series.last if series is not None else None

    def slope_per_s(self, metric: str) -> float | None:
        """The slope of a metric, a second."""
        series = self.case.series.get(metric)
        course = series.course if series is not None else None
        return course.slope if isinstance(course, Trend) and course.per == "s" else None
