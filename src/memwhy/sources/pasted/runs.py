"""Runs: lines of one kind that a program writes among others, as spans that leave the others alone and share a subject."""

from collections.abc import Callable, Iterator, Sequence

from memwhy.sources.pasted.sections import place_above
from memwhy.sources.span import Span

_ONE_LOG_LINES = 400
"""Lines of one kind that are no farther apart are of one log, whose place is told above its first one."""


def runs(lines: Sequence[str], belongs: Callable[[str], bool]) -> Iterator[Span]:
    """Stretches of lines that belong, nothing else within; those of one log have the place above the log as subject."""
    first, last, place = -1, -_ONE_LOG_LINES - 1, None
    for index, line in enumerate(lines):
        if not belongs(line):
            continue
        if first >= 0 and index == last + 1:
            last = index
            continue
        if first >= 0:
            yield Span(first=first, last=last, subject=place)
        if index - last > _ONE_LOG_LINES:
            place = place_above(lines, index)
        first = last = index
    if first >= 0:
        yield Span(first=first, last=last, subject=place)
