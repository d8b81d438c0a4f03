"""What a load generator or a log says of the work that was done: a plain count, counts with times, or a log of requests.

Told by themselves: a file with one number; lines `time count` with blanks, commas, semicolons or tabs between them and
perhaps a header; log lines that carry a counter (`requests=1234`, `1234 requests`); and, where no line carries one, an access
log, of which each line with a time is one request. Times: as logs print them (zone-less ones are UTC), seconds or milliseconds since 1970, or
small numbers, which are seconds since the run began.
"""

import math
import os
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal

from memwhy.model.errors import ParseError
from memwhy.model.pieces import singular
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
_GROUPED = re.compile(r"\d{1,3}(?:([,_])\d{3})(?:\1\d{3})*")
MOST_FALLS, FALLING = 2, 0.2
"""A service that begins anew lets its counter fall now and then; what falls so often, and at such a share of its steps, is
no running count."""

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


class _Track:
    """Counts over time, at most MOST_POINTS of them kept; falls: how many were lower than the one before."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.stride, self.newest, self.seen, self.falls = 1, (0.0, 0.0), 0, 0

    def keep(self, when_s: float, count: float) -> None:
        """The next one, never before the last."""
        if self.seen and count < self.newest[1]:
            self.falls += 1
        self.newest = (max(when_s, self.newest[0]) if self.seen else when_s, count)
        self.seen += 1
        if (self.seen - 1) % self.stride == 0:
            self.points.append(self.newest)
            if len(self.points) > MOST_POINTS:
                del self.points[1::2]
                self.stride *= 2

    def whole(self) -> tuple[Point, ...]:
        """What was kept, and the end."""
        return tuple(self.points) if self.points[-1] == self.newest else (*self.points, self.newest)


class _Reader:
    """Takes line by line. The first line that tells decides between a plain count, a table and a log; of a log both readings
    are kept to the end, for the first counter may come late: its lines as requests, and the counters in them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.unit = ""
        self.kind: Literal["", "single", "table", "log"] = ""
        self.clock: Literal["wall", "elapsed"] | None = None
        self.counts, self.lines = _Track(), _Track()
        self.first = ""
        self.headed = False
        self.skipped = 0
        self.first_skipped: tuple[int, str] | None = None

    def take(self, number: int, line: str) -> None:
        """One line, without its end."""
        if not line or line.startswith("#"):
            return
        self.first = self.first or line[:_SHOWN]
        point = self._table(line) if self.kind != "log" else None
        if point is None and self.kind in ("", "log") and self._log(number, line):
            return
        if point is None:
            self._skip(number, line)
            return
        self._count(number, line, *point)

    def _count(self, number: int, line: str, when_s: float, count: float) -> None:
        if self.counts.seen and when_s < self.counts.newest[0]:
            raise ParseError(self.source, number, line[:_SHOWN], "goes back in time")
        self.counts.keep(when_s, count)

    def _table(self, line: str) -> Point | None:
        row = line.replace('"', "")
        if self.kind in ("", "single") and (count := _number(row)) is not None:
            self.kind = "single"
            return float(self.counts.seen), count
        match = _ROW.fullmatch(row)
        count = _number(match["count"]) if match is not None else None
        when = _time(match["time"]) if match is not None else None
        if when is None or count is None or count < 0:
            return None
        self.kind, self.clock = "table", self.clock or when[1]
        return when[0], count

    def _log(self, number: int, line: str) -> bool:
        """Whether it is a log's line: one request, and perhaps a counter. In a web server's own format what looks like one
        is part of an address (`GET /?events=5`)."""
        clf = _CLF.search(line[:400])
        wall_s = _stamped(line, clf)
        if wall_s is None:
            return False
        self.kind, self.clock = "log", "wall"
        self.lines.keep(wall_s, self.lines.seen + 1.0)
        counted = _COUNTED.search(line) if clf is None else None
        if counted is not None:
            self.unit = self.unit or singular(counted["unit"] or counted["unit2"])
            self._count(number, line, wall_s, float(counted["count"] or counted["count2"]))
        return True

    def _skip(self, number: int, line: str) -> None:
        seen = self.counts.seen or self.lines.seen
        if not seen and not self.skipped and not self.headed and (header := _header(line)) is not None:
            self.unit, self.headed = header, True
            return
        self.skipped += 1
        self.first_skipped = self.first_skipped or (number, line)

    def finish(self) -> WorkLog:
        """All that was read. Raises ParseError when it says nothing of work."""
        total = self._total()
        if total is not None:
            if total <= 0:
                raise ParseError(self.source, 1, self.first, "no work was done")
            return WorkLog(source=self.source, unit=self.unit, total=total)
        track, skipped = self.counts, self.skipped
        if self.kind == "log" and not self.counts.seen:
            track, self.unit = self.lines, self.unit or "request"
        elif self.kind == "log":
            skipped += self.lines.seen - self.counts.seen
        number, text = self.first_skipped or (None, "")
        if self.kind in ("", "single") or self.skipped > max(self.counts.seen, self.lines.seen):
            raise ParseError(
                self.source, number, text[:_SHOWN], "neither a count, nor lines `time count`, nor a log with times"
            )
        points = track.whole()
        if len(points) < 2 or points[-1][0] <= points[0][0]:
            raise ParseError(self.source, None, "", "one moment only: the work between two is what counts")
        if track.falls >= MOST_FALLS and track.falls > FALLING * (track.seen - 1):
            raise ParseError(
                self.source,
                None,
                "",
                f"falls {track.falls:,} times in {track.seen:,}: a count per interval, or a gauge; give the running sum",
            )
        notes = (f"{skipped:,} of {skipped + track.seen:,} lines were left out",) if skipped else ()
        return WorkLog(source=self.source, unit=self.unit, clock=self.clock or "wall", points=points, notes=notes)

    def _total(self) -> float | None:
        """The number of a file that has nothing else, with the separators that people write (`120,000`)."""
        if self.kind == "single" and self.counts.seen == 1 and not self.skipped:
            return self.counts.newest[1]
        alone = self.counts.seen + self.lines.seen + self.skipped == 1 and not self.headed
        return _grouped(self.first) if alone else None


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


def _grouped(text: str) -> float | None:
    """`120,000`, `1_000_000`."""
    return _number(re.sub("[,_]", "", text)) if _GROUPED.fullmatch(text) else None


def _stamped(line: str, match: re.Match[str] | None) -> float | None:
    """When a log line was written, in seconds since 1970. match: where it stands in the common log format."""
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
    return "" if unit in ("count", "value", "total", "n", "work") else singular(unit)
