"""Trends: one series' slope with a 95 % interval and a shape, or a reason why there is none."""

from memwhy.trend.course import trend
from memwhy.trend.forecast import forecast

__all__ = ["forecast", "trend"]
