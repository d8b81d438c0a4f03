"""Observations become a case: series by subject, derived sums, the choice of whom it is about."""

from memwhy.casefile.casebook import Casebook

__all__ = ["Casebook"]
