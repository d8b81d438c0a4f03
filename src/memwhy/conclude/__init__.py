"""Findings become the report: the verdict, the table's rows, the common guesses answered, what is missing, what to run next."""

from memwhy.conclude.report import conclude

__all__ = ["conclude"]
