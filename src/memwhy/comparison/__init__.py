"""Comparisons: two runs, or one at two times. What differs, and how many bytes each difference could explain at most."""

from memwhy.comparison.comparison import compare
from memwhy.comparison.given import Given

__all__ = ["Given", "compare"]
