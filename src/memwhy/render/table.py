"""A table with a title, which every view prints in its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """header: the heads of the figures behind the first column. rows: the first cell is words, the others figures. notes: sentences below.

    depths: where the rows are a tree, how deep each lies; the first cells are then names of code, however long. remarks: of each row, ""
    for none; () where no row has one.
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    depths: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
