"""Descriptors counted by what they lead to: `ls -l /proc/PID/fd | awk '{print $NF}' | sort | uniq -c`, and scripts that do the same.

`  4311 socket` above `   955 anon_inode:[eventfd]` above `    95 /dev/null`: a number and a target of a link, as the kernel
names targets (proc_pid_fd(5)); or the targets first. The sum is at least the descriptors there are, for the smallest rows
are often left out; a line that tells the total (`total_fds 265699`) goes before it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/descriptor_tally"
TRIGGERS = (b"anon_inode", b"socket", b"pipe", b"fds", b"fd_count")

_COUNT = r"(?P<count>\d{1,3}(?:,\d{3}){1,3}|\d{1,9})"
_TARGET = r"(?P<target>anon_inode:? ?\[?[a-z_-]{2,24}\]?|anon_inode|sockets?(?:fd)?:?(?:\[\S{0,20}\])?|pipes?:?(?:\[\S{0,20}\])?|memfds?(?::\S{0,60})?|event(?:fd|poll)s?|timerfds?|inotify|(?:/[\w.<>@*-]{1,60}){1,12}/?(?: [\w ]{1,24})?(?: => /\S{1,80})?(?: \(deleted\))?)"
_ROW = re.compile(
    rf"(?:{_COUNT}(?: ?x)? {{1,8}}{_TARGET}|(?:- ?)?{_TARGET.replace('target', 'first')} ?[:=×x] ?{_COUNT.replace('count', 'after')})"
)
_TOTAL = re.compile(
    rf"(?:- ?)?(?:total|open|num|nr|number of)[ _](?:open[ _])?(?:fds?|file[ _]descriptors?)(?:[ _]count)? ?[:=]? ?{_COUNT}",
    re.IGNORECASE,
)
_KINDS = (
    ("process.sockets_count", re.compile(r"socket")),
    ("process.pipes_count", re.compile(r"pipe")),
    ("process.memfds_count", re.compile(r"memfd|/memfd")),
    ("process.anon_inodes_count", re.compile(r"anon_inode|event|timerfd|inotify")),
    ("process.files_count", re.compile(r"/")),
)
_ENOUGH = 3
_NEAR_LINES = 14


@dataclass(slots=True)
class _Tally:
    """Rows that follow each other; line indices are 0-based."""

    first: int
    last: int
    kinds: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    total: int | None = None

    @property
    def says(self) -> bool:
        """Enough rows, of sockets, pipes or the kernel's own things beside files: a list of paths alone counts anything."""
        own = sum(metric != "process.files_count" for metric in self.kinds)
        return self.rows >= _ENOUGH and own >= 1 and len(self.kinds) >= 2


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _tallies(lines: Sequence[str]) -> Iterator[_Tally]:
    tally: _Tally | None = None
    total: tuple[int, int] | None = None
    for i, raw in enumerate(lines):
        if not raw.strip() or len(raw) > 400:
            continue
        line = " ".join(raw.strip(" \t\r>|`*").split())
        if match := _TOTAL.fullmatch(line):
            total = (i, _number(match["count"]))
            continue
        row = _ROW.fullmatch(line)
        if tally is not None and (row is None or i - tally.last > 2):
            yield tally
            tally = None
        if row is None:
            continue
        if tally is None:
            tally = _Tally(i, i)
            if total is not None and i - total[0] <= _NEAR_LINES:
                tally.first, tally.total = total
                total = None
        target, count = row["target"] or row["first"], _number(row["count"] or row["after"])
        kind = next(metric for metric, pattern in _KINDS if pattern.search(target))
        tally.kinds[kind] = tally.kinds.get(kind, 0) + count
        tally.last, tally.rows = i, tally.rows + 1
    if tally is not None:
        yield tally


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Lists of targets with their numbers."""
    for tally in _tallies(lines):
        if tally.says:
            yield Span(first=tally.first, last=tally.last)


def _reading(tally: _Tally) -> Reading:
    whole = max(tally.total or 0, sum(tally.kinds.values()))
    notes = () if tally.total else ("descriptors by what they lead to, of those rows that are shown: at least so many",)
    return Reading(
        metrics={"process.descriptors_count": whole, **tally.kinds},
        notes=notes,
        line=tally.first + 1,
        last_line=tally.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a list, in order. ParseError when there is none."""
    readings = tuple(_reading(tally) for tally in _tallies(text.split("\n")) if tally.says)
    if not readings:
        raise ParseError(NAME, None, text[:80], "no descriptors counted by what they lead to")
    return readings
