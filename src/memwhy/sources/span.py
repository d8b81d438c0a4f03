"""A span is where a reader found a block of its own in a free-form page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Lines first..last of the page, 0-based and inclusive. subject: whose figures, if the block's surroundings tell."""

    first: int
    last: int
    subject: str | None = None
