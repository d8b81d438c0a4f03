"""When a growing series reaches a limit."""

from memwhy.model.trend import Course, Trend


def forecast(course: Course, now_value: float, limit: float) -> tuple[float, float, float | None] | None:
    """(soonest, likely, latest) time from now until limit, by the ends of the slope's interval.

    In the course's own unit: seconds, or readings for "sample". latest is None when the slow end of the interval
    does not grow. None where nothing grows steadily: a step, a warm-up or noise has no date. All zero when the
    limit is passed already.
    """
    if not isinstance(course, Trend) or not course.growing or course.slope <= 0:
        return None
    left = limit - now_value
    if left <= 0:
        return 0.0, 0.0, 0.0
    return left / course.high, left / course.slope, left / course.low if course.low > 0 else None
