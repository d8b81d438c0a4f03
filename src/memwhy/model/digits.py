"""Whole numbers as they stand in environments and facts: short, in ASCII, or none."""

import re

_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
"""`str.isdigit` also takes `²`, of which int() makes nothing; int() itself refuses thousands of digits."""


def whole_number(text: str) -> int | None:
    """The number that a text is, of 18 digits at most; None where it is none."""
    return int(text) if _DIGITS.fullmatch(text) else None
