"""What a load generator or a log says of the work that was done: a plain count, counts with times, or a log of requests.

Told by themselves: a file with one number; lines `time count` with blanks, commas, semicolons or tabs between them and
perhaps a header; log lines that carry a counter (`requests=1234`, `1234 requests`); and an access log, where each line
with a time is one request. Times: as logs print them (zone-less ones are UTC), seconds or milliseconds since 1970, or
small numbers, which are seconds since the run began.
"""

import math
import os
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal

from memwhy.model.errors import ParseError
from memwhy.model.proof import WorkLog
from memwhy.sources.pasted.stamps import read_stamp

NAME = "work"
MOST_BYTES = 256 << 20
MOST_LINE_BYTES = 64 << 10
MOST_POINTS = 4096
_MILLISECONDS, _SINCE_1970 = 1e11, 1e8
_MOST_COUNT = 1e15
_SHOWN = 60

_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?")
_ROW = re.compile(r"(?P<time>.{1,60}?)(?:\s*[,;]\s*|\s+)(?P<count>[-+0-9.eE]{1,40})")
_CLOCKED = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T _]\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?")
_CLF = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\]")
"""`[22/Nov/2026:10:00:00 +0000]`, the common log format of Apache and nginx."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (
    "requests?|reqs?|messages?|msgs?|jobs?|tasks?|calls?|queries|query|events?|records?|transactions?|operations?|ops"
)
_COUNTED = re.compile(
    rf"\b(?P<unit>{_UNITS})(?:_total|_count)?[\"']?\s*[:=]\s*(?P<count>\d{{1,18}})\b(?!\s*/|\.\d)"
    rf"|(?<![\d.])(?P<count2>\d{{1,18}})\s+(?P<unit2>{_UNITS})\b(?!\s*(?:/|per\b|a second))",
    re.IGNORECASE,
)
"""A counter in a log line; `120 requests/s` is a rate and none."""
_SHORT = {"req": "request", "msg": "message", "op": "operation", "querie": "query", "ops": "operation"}

Point = tuple[float, float]


def read(path: str) -> WorkLog:
    """The file's counts. Raises ParseError for what is no such file, OSError where it cannot be read."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise ParseError(path, None, "", f"larger than {MOST_BYTES >> 20} MiB; a count a second is enough")
        return parse(_lines(file, path), path)


def _lines(file: BinaryIO, path: str) -> Iterator[str]:
    """Lines of bounded length, of a bounded number of bytes: a pipe has no size."""
    left = MOST_BYTES
    while line := file.readline(MOST_LINE_BYTES + 1):
        left -= len(line)
        if left < 0:
            raise ParseError(path, None, "", f"larger than {MOST_BYTES >> 20} MiB; a count a second is enough")
        if len(line) > MOST_LINE_BYTES:
            raise ParseError(
                path, None, line[:_SHOWN], f"a line of more than {MOST_LINE_BYTES >> 10} KiB: no log of work"
            )
        yield line.decode("utf-8-sig", "replace")


def parse(lines: Iterable[str], source: str = NAME) -> WorkLog:
    """The counts of a file's lines; source: its name, for messages. Raises ParseError."""
    reader = _Reader(source)
    for number, line in enumerate(lines, start=1):
        reader.take(number, line.strip())
    return reader.finish()


class _Reader:
    """Takes line by line and keeps at most MOST_POINTS of what it says. The first line that tells decides how all are read."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.unit = ""
        self.kind: Literal["", "single", "table", "counter", "access"] = ""
        self.clock: Literal["wall", "elapsed"] | None = None
        self.points: list[Point] = []
        self.stride, self.newest, self.seen = 1, (0.0, 0.0), 0
        self.skipped = 0
        self.first_skipped: tuple[int, str] | None = None

    def take(self, number: int, line: str) -> None:
        """One line, without its end."""
        if not line or line.startswith("#"):
            return
        point = self._table(line) if self.kind in ("", "single", "table") else None
        if point is None and self.kind in ("", "counter", "access"):
            point = self._log(line)
        if point is None:
            self._skip(number, line)
            return
        if self.points and point[0] < self.newest[0] and self.kind != "access":
            raise ParseError(self.source, number, line[:_SHOWN], "goes back in time")
        self._keep((max(point[0], self.newest[0]), point[1]))

    def _table(self, line: str) -> Point | None:
        row = line.replace('"', "")
        if self.kind in ("", "single") and (count := _number(row)) is not None:
            self.kind = "single"
            return float(self.seen), count
        match = _ROW.fullmatch(row)
        count = _number(match["count"]) if match is not None else None
        when = _time(match["time"]) if match is not None else None
        if when is None or count is None or count < 0:
            return None
        self.kind, self.clock = "table", self.clock or when[1]
        return when[0], count

    def _log(self, line: str) -> Point | None:
        """A counter in the line; else, where no line ever carried one, the line itself is one piece of work."""
        wall_s = _stamped(line)
        if wall_s is None:
            return None
        counted = _COUNTED.search(line) if self.kind != "access" else None
        if self.kind == "counter" and counted is None:
            return None
        self.clock = "wall"
        if counted is None:
            self.kind, self.unit = "access", self.unit or "request"
            return wall_s, self.newest[1] + 1
        self.kind = "counter"
        unit = (counted["unit"] or counted["unit2"]).lower().removesuffix("s")
        self.unit = self.unit or _SHORT.get(unit, unit)
        return wall_s, float(counted["count"] or counted["count2"])

    def _skip(self, number: int, line: str) -> None:
        if not self.seen and not self.skipped and (header := _header(line)) is not None:
            self.unit = header
            return
        self.skipped += 1
        self.first_skipped = self.first_skipped or (number, line)

    def _keep(self, point: Point) -> None:
        self.newest = point
        self.seen += 1
        if (self.seen - 1) % self.stride == 0:
            self.points.append(point)
            if len(self.points) > MOST_POINTS:
                del self.points[1::2]
                self.stride *= 2

    def finish(self) -> WorkLog:
        """All that was read. Raises ParseError when it says nothing of work."""
        number, text = self.first_skipped or (None, "")
        if self.kind == "single" and self.seen == 1 and not self.skipped:
            if self.newest[1] <= 0:
                raise ParseError(self.source, 1, f"{self.newest[1]:g}", "no work was done")
            return WorkLog(source=self.source, unit=self.unit, total=self.newest[1])
        if self.kind in ("", "single") or self.skipped > self.seen:
            raise ParseError(
                self.source, number, text[:_SHOWN], "neither a count, nor lines `time count`, nor a log with times"
            )
        if self.points[-1] != self.newest:
            self.points.append(self.newest)
        if len(self.points) < 2 or self.points[-1][0] <= self.points[0][0]:
            raise ParseError(self.source, None, "", "one moment only: the work between two is what counts")
        notes = (f"{self.skipped} of {self.skipped + self.seen} lines were left out",) if self.skipped else ()
        return WorkLog(
            source=self.source, unit=self.unit, clock=self.clock or "wall", points=tuple(self.points), notes=notes
        )


def _number(text: str) -> float | None:
    """A count; None for what is none, or beyond all counting."""
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) and abs(value) < _MOST_COUNT else None


def _time(text: str) -> tuple[float, Literal["wall", "elapsed"]] | None:
    """A row's first cell: a time as logs print it, or a number."""
    value = _number(text)
    if value is None:
        stamp = read_stamp(text) if _CLOCKED.fullmatch(text) else None
        return None if stamp is None else (stamp.wall_ns / 1e9, "wall")
    if value < 0:
        return None
    if value >= _SINCE_1970:
        return value / 1000 if value >= _MILLISECONDS else value, "wall"
    return value, "elapsed"


def _stamped(line: str) -> float | None:
    """When a log line was written, in seconds since 1970."""
    match = _CLF.search(line[:400])
    if match is not None and match[2] in _MONTHS:
        iso = f"{match[3]}-{_MONTHS.index(match[2]) + 1:02d}-{match[1]}T{match[4]}{match[5]}"
        stamp = read_stamp(iso)
    else:
        stamp = read_stamp(line)
    return None if stamp is None or stamp.since_start else stamp.wall_ns / 1e9


def _header(line: str) -> str | None:
    """The unit that a header gives its last column (`time,requests`), "" where it names none; None where it is no header."""
    cells = [cell.strip('" ') for cell in re.split(r"[,;\t]|\s+", line.strip())]
    if len(cells) != 2 or not all(re.fullmatch(r"[A-Za-z_@][\w.()-]{0,40}", cell) for cell in cells):
        return None
    unit = re.sub(r"_(?:total|count|sum)$", "", cells[1].lower()).replace("_", " ")
    return "" if unit in ("count", "value", "total", "n", "work") else unit.removesuffix("s")
