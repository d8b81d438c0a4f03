"""Prose: the paragraphs of a page outside its tables and courses, cut once for all readers that look at sentences."""

from collections.abc import Sequence
from functools import lru_cache

from memwhy.sources.words.courses import row_lines
from memwhy.sources.words.sentences import Paragraph, find_paragraphs
from memwhy.sources.words.tables import find_grids


def paragraphs_of(lines: Sequence[str]) -> tuple[Paragraph, ...]:
    """Runs of lines that may hold sentences; tables are left out."""
    return _paragraphs(tuple(lines))


@lru_cache(maxsize=1)
def _paragraphs(lines: tuple[str, ...]) -> tuple[Paragraph, ...]:
    tables = {i for grid in find_grids(lines) for i in range(grid.first, grid.last + 1)}
    return tuple(find_paragraphs(lines, tables | row_lines(lines)))
