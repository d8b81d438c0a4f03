"""/proc/cgroups: how many memory cgroups the kernel keeps.

num_cgroups counts removed ones too, as long as a page or a kernel object charged to them is left: each keeps kernel memory,
and of cgroup v1 there can be 65,535 in all (mm/memcontrol.c, MEM_CGROUP_ID_MAX). Source: cgroups(7).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain

NAME = "system/cgroups"
TRIGGERS = (b"num_cgroups", b"/proc/cgroups")

METRIC = "host.memory_cgroups_count"
_HEAD = re.compile(r"subsys_name hierarchy num_cgroups enabled|/proc/cgroups(?![\w/])")
_ROW = re.compile(r"([a-z][a-z_]{1,15}) (\d{1,4}) (\d{1,8}) [01]$")
_LONGEST_LINE = 1000


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(first line, line of the memory controller, its number); indices are 0-based."""
    head: int | None = None
    last = 0
    for i, line in enumerate(lines):
        if "cgroups" in line and _HEAD.search(" ".join(line[:_LONGEST_LINE].split())):
            head, last = (i if head is None or i - last > 2 else head), i
        elif head is not None:
            text = plain(line[:_LONGEST_LINE])
            row = _ROW.match(text)
            if row is not None:
                last = i
                if row[1] == "memory":
                    yield head, i, int(row[3])
                    head = None
            elif not is_neutral(text) or i - last > 3:
                head = None


def find(lines: Sequence[str]) -> Iterable[Span]:
    """The table, or its row grepped out, from its heading or command to the memory controller."""
    for first, last, _ in _blocks(lines):
        yield Span(first=first, last=last)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a table. ParseError when there is none."""
    readings = tuple(
        Reading(metrics={METRIC: count}, line=line + 1, last_line=line + 1)
        for _, line, count in _blocks(text.split("\n"))
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no memory controller of /proc/cgroups")
    return readings
