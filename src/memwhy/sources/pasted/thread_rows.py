"""`ps -L`, `ps -T`: a row for every thread, below a header with LWP or SPID, counted by process.

Where a column NLWP stands, it says itself how many there are. Source: ps(1), procps.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.thread_counts import listed
from memwhy.sources.span import Span

NAME = "pasted/thread_rows"
TRIGGERS = (b" lwp ", b" spid ", b" tid ")

_HEADER = re.compile(
    r"^[ \t>|`*]{0,20}(?=(?:\S{1,12}[ \t]{1,12}){0,4}PID\b)(?=.{0,120}\b(?:LWP|SPID|TID)\b)[A-Z%][A-Z% \t]{8,160}$"
)
_MOST_PROCESSES = 10
_LONGEST_LINE = 400


@dataclass(slots=True)
class _Table:
    """Rows by pid; line indices are 0-based."""

    columns: list[str]
    first: int
    last: int
    rows: Counter[str] = field(default_factory=Counter)
    said: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    comms: dict[str, str] = field(default_factory=dict)

    def take(self, words: list[str]) -> bool:
        """Take in a row; whether it was one."""
        last = len(self.columns) - 1
        if len(words) < len(self.columns):
            return False
        cells = dict(zip(self.columns, [*words[:last], " ".join(words[last:])], strict=True))
        pid = cells["PID"]
        thread = next(cells[column] for column in ("LWP", "SPID", "TID") if column in cells)
        if not pid.isdecimal() or not thread.isdecimal():
            return False
        self.rows[pid] += 1
        if cells.get("NLWP", "").isdecimal():
            self.said[pid] = int(cells["NLWP"])
        name = cells[self.columns[last]]
        if "NLWP" in cells:  # the full format prints the command line, which is the process's and not the thread's
            name = name.split(" ")[0].rpartition("/")[2]
        self.names.setdefault(pid, []).append(name[:40])
        if thread == pid or pid not in self.comms:
            self.comms[pid] = name[:40]
        return True


def _words(line: str) -> list[str]:
    return line[:_LONGEST_LINE].strip(" \t>|`*").split()


def _tables(lines: Sequence[str]) -> Iterator[_Table]:
    table: _Table | None = None
    for index, line in enumerate(lines):
        if table is not None and table.take(_words(line)):
            table.last = index
            continue
        if table is not None and table.rows:
            yield table
        table = None
        if "PID" in line and _HEADER.match(line[:_LONGEST_LINE].rstrip()):
            columns = _words(line)
            if columns.count("PID") == 1 and len(columns) == len(set(columns)):
                table = _Table(columns, index, index)
    if table is not None and table.rows:
        yield table


def find(lines: Sequence[str]) -> Iterable[Span]:
    """A header and the rows directly below it."""
    return (Span(first=table.first, last=table.last) for table in _tables(lines))


def _readings(table: _Table) -> Iterator[Reading]:
    for pid, rows in table.rows.most_common(_MOST_PROCESSES):
        yield Reading(
            metrics={"process.threads_count": table.said.get(pid, rows)},
            facts={"process.comm": table.comms[pid], "process.threads": listed(table.names[pid])},
            subject=f"pid {int(pid)}",
            line=table.first + 1,
            last_line=table.last + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each process, the ten with most threads. ParseError when there is no such table."""
    readings = tuple(reading for table in _tables(text.split("\n")) for reading in _readings(table))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no table of threads")
    return readings
