"""dd, as people show what writing a file does to memory: how much it wrote, and where.

Fact written.file_bytes, a decimal number: what went through the page cache into a file of a disk, as dd's last line says it.
Not where it wrote past the cache, into tmpfs or to a device. Source: dd(1); coreutils, src/dd.c (print_xfer_stats).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "system/dd"
TRIGGERS = (b" copied", b"bytes transferred")

_COMMAND = re.compile(r"(?<![\w/.-])(?:/\S{1,40}/)?dd (?=[^|;&]{0,300}?\bof=(\S{1,300}))([^|;&]{1,400})")
_WROTE = re.compile(r"^[\s>|*]{0,12}(\d{1,16}) bytes? (?:\([^()]{1,60}\) copied|transferred in)\b")
_PAST_CACHE = re.compile(r"\boflag=\S{0,40}direct\b")
_NO_DISK = re.compile(r"[\"'`]?(?:/dev/|/run/|/proc/|/sys/|/tmp/|/tmpfs|\S{0,60}tmpfs)")
"""/tmp is a tmpfs on many systems, and a disk on others."""
_WITHIN = 6


def _writings(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(first line, last line, bytes) of each dd whose command and last line stand together."""
    begun: int | None = None
    for i, line in enumerate(lines):
        if len(line) > 1000:
            continue
        command = _COMMAND.search(line) if " of=" in line else None
        if command is not None:
            kept = not (_PAST_CACHE.search(command[2]) or _NO_DISK.match(command[1]))
            begun = i if kept else None
        elif begun is not None and i - begun <= _WITHIN and (wrote := _WROTE.match(line)) is not None:
            yield begun, i, int(wrote[1])
            begun = None


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Commands with what they printed."""
    for first, last, _ in _writings(lines):
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a command, in order. ParseError when there is none."""
    readings = tuple(
        Reading(facts={"written.file_bytes": str(size)}, line=first + 1, last_line=last + 1)
        for first, last, size in _writings(text.split("\n"))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no file that dd wrote")
    return readings
