"""/proc/PID/limits: what setrlimit(2) allows the process.

Facts only: limit.open_files, limit.stack, limit.address_space …, the soft limit in the resource's own
unit or "unlimited"; limit.X.hard where it differs. Source: proc_pid_limits(5).
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import subject_near
from memwhy.sources.proc.files import decode, process_path, read_file
from memwhy.sources.span import Span

NAME = "proc/limits"

_NAMES = {
    "cpu time": "cpu_time",
    "file size": "file_size",
    "data size": "data",
    "stack size": "stack",
    "core file size": "core",
    "resident set": "resident_set",
    "processes": "processes",
    "open files": "open_files",
    "locked memory": "locked_memory",
    "address space": "address_space",
    "file locks": "file_locks",
    "pending signals": "pending_signals",
    "msgqueue size": "msgqueue",
    "nice priority": "nice",
    "realtime priority": "realtime_priority",
    "realtime timeout": "realtime_timeout",
}
_VALUE = r"(unlimited|\d{1,20})"
_ROW = re.compile(rf"[\s>|│]*Max ({'|'.join(_NAMES)})\s+{_VALUE}\s+{_VALUE}(?:\s+\w+)?\s*")
_HEADER = re.compile(r"[\s>|│]*Limit\s+Soft Limit\s+Hard Limit")


def read(root: str, pid: int) -> bytes:
    """The file, verbatim."""
    return read_file(process_path(root, pid, "limits"))


def parse(raw: bytes) -> Reading:
    """The limits, as far as their rows are there."""
    facts: dict[str, str] = {}
    for line in decode(raw).split("\n"):
        if match := _ROW.fullmatch(line):
            name = f"limit.{_NAMES[match[1]]}"
            facts[name] = match[2]
            if match[3] != match[2]:
                facts[f"{name}.hard"] = match[3]
    if not facts:
        raise ParseError(NAME, None, raw[:80], "has no row of /proc/PID/limits" if raw else "is empty")
    return Reading(facts=facts)


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of `Max …` rows, the column heads included."""
    first = -1
    for index in range(len(lines) + 1):
        if index < len(lines) and _ROW.fullmatch(lines[index]):
            first = index if first < 0 else first
        elif first >= 0:
            start = first - 1 if first and _HEADER.match(lines[first - 1]) else first
            yield Span(first=start, last=index - 1, subject=subject_near(lines, start))
            first = -1
