"""One series → slope with interval and shape; or NotEnough(reason)."""

from memwhy.trend.course import trend

__all__ = ["trend"]
