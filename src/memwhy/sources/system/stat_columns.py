"""Columns that a database's stat tool prints line by line, with `vsize` and `res` among them: mongostat.

A size has its letter behind it (`4.35G`, binary), as the tool prints it; the header is repeated every ten lines. `used` is
the share of the WiredTiger cache that is filled (mongo-tools, mongostat/status/readers.go).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.span import Span
from memwhy.sources.system.cells import plain

NAME = "system/stat_columns"
TRIGGERS = (b"vsize", b"flushes")

_SIZES = {"vsize": "process.virtual_bytes", "res": "process.rss_bytes"}
_OTHERS = frozenset(("insert", "query", "update", "delete", "getmore", "command", "dirty", "used", "flushes", "qrw", "arw", "qr|qw", "ar|aw", "net_in", "netIn", "conn"))  # fmt: skip
_LEAST_OTHERS = 4
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([KMGTkmgt])")
_LONGEST_LINE = 400


def _header(text: str) -> list[str] | None:
    names = text.split()
    if "res" not in names or len(_OTHERS.intersection(names)) < _LEAST_OTHERS:
        return None
    return names


def _row(names: Sequence[str], text: str) -> dict[str, tuple[int, int]]:
    """(bytes, quantum) by metric, of a row whose cells stand below the header's from the left."""
    cells = text.split()
    found: dict[str, tuple[int, int]] = {}
    for name, cell in zip(names, cells, strict=False):
        if name not in _SIZES:
            continue
        size = _SIZE.fullmatch(cell)
        width = unit_bytes(size[2].upper() + "iB") if size is not None else None
        if size is None or width is None:
            return {}
        found[_SIZES[name]] = exact_bytes(size[1], width)
    return found


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, int, dict[str, tuple[int, int]]]]:
    """(line of the header, line of the row, its sizes); 0-based."""
    names: list[str] | None = None
    head = last = -1
    for i, line in enumerate(lines):
        if len(line) > _LONGEST_LINE:
            names = None
            continue
        if "res" in line and (found := _header(plain(line))) is not None:
            names, head, last = found, i, i
        elif names is not None and line.strip():
            sizes = _row(names, plain(line))
            if sizes:
                yield head, i, sizes
                last = i
            elif i - last > 2:
                names = None


def find(lines: Sequence[str]) -> Iterable[Span]:
    """A header and the rows below it."""
    first = last = -1
    for head, line, _ in _rows(lines):
        if first >= 0 and head > last + 2:
            yield Span(first=first, last=last)
            first = -1
        first, last = (head if first < 0 else first), line
    if first >= 0:
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a row, in order; the first line may be the header. ParseError when there is none."""
    readings = tuple(
        Reading(
            metrics={metric: size for metric, (size, _) in sizes.items()},
            quanta={metric: quantum for metric, (_, quantum) in sizes.items()},
            facts={"process.comm": "mongod"},
            subject="process mongod",
            line=line + 1,
            last_line=line + 1,
        )
        for _, line, sizes in _rows(text.split("\n"))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no columns of a database's stat tool")
    return readings
