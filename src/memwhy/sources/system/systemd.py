"""`systemctl status`: what a unit's cgroup holds, and which processes are in it; systemd-cgtop: what every unit's holds.

`Memory:` is memory.current (v1: memory.usage_in_bytes) of the whole cgroup: every process of the unit and the page cache
that they made; `Tasks:` counts the threads of all of them. The tree under `CGroup:` lists the processes. Source: systemctl(1),
systemd's src/systemctl/systemctl-show.c; sizes are binary, in tenths (format_bytes).

Fact children.program: the program that most of the unit's other processes run.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span
from memwhy.sources.system.cells import plain, program_of, size_of
from memwhy.sources.system.processes import LARGEST

NAME = "system/systemd"
TRIGGERS = (b"main pid:", b"cgroup: /", b".service -", b"control group")

WHOLE_UNIT = "systemd's Memory is that of the whole unit: every process in its cgroup, and page cache"

_SIZE = r"(\d{1,9}(?:[.,]\d)?[KMGT]?B?)"
_UNIT = re.compile(r"(?:[●○◌×↻*] ?)?([\w@.:\\-]{1,120}\.(?:service|scope|slice))(?: [-–] .{0,200})?$")
_MAIN = re.compile(r"Main PID: (\d{1,10}) \(([^()]{1,64})\)")
_TASKS = re.compile(r"Tasks: (\d{1,7})(?: \(limit: \d{1,9}\))?$")
_MEMORY = re.compile(rf"Memory: {_SIZE}(?: \(([^()]{{0,200}})\))?$")
_LIMIT = re.compile(rf"(?:limit|max): {_SIZE}")
_OTHER = re.compile(
    r"(?:Loaded|Active|Docs|Process|CPU|IO|IP|Drop-In|TriggeredBy|Triggers|Status|Invocation|FD Store|Until|Since|Control):? |CGroup: /\S{0,300}$|/\S{0,200}\.conf$"
)
_TREE = re.compile(r"[│|\s]{0,40}(?:[├└]─|[|`]?-) ?(\d{1,10}) (\S.{0,1000})$")
_TOP_HEADER = re.compile(r"(?:Control Group|CGroup) Tasks %CPU Memory(?: Input/s Output/s)?$", re.IGNORECASE)
_TOP_ROW = re.compile(
    rf"(/\S{{0,300}}) (?:\d{{1,8}}|-) (?:\d{{1,6}}[.,]\d|-) (?:{_SIZE}|-)(?: \S{{1,12}} \S{{1,12}})?$"
)
_HINT = re.compile(r"\.(?:service|scope|slice)\b|Main PID:|Memory: ?\d|CGroup: ?/")
"""Stands in a line that a block can begin with."""
_GAP_LINES = 3
_LONGEST_LINE = 1000


@dataclass(slots=True)
class _Block:
    """One unit; line indices are 0-based. processes: (pid, program) of the tree."""

    first: int
    last: int
    unit: str = ""
    pid: int | None = None
    comm: str = ""
    tasks: int | None = None
    used: tuple[int, int] | None = None
    limit: tuple[int, int] | None = None
    processes: list[tuple[int, str]] = field(default_factory=list)
    evident: bool = False

    @property
    def says(self) -> bool:
        """It has a size, and a line that nothing but systemctl prints."""
        return self.used is not None and self.evident


def _take(block: _Block, text: str) -> bool:
    """Read one plain line of the block; whether it is of one."""
    if (memory := _MEMORY.match(text)) is not None:
        block.used = size_of(memory[1], 1)
        limit = _LIMIT.search(memory[2] or "")
        block.limit = size_of(limit[1], 1) if limit else None
        return block.used is not None
    if (main := _MAIN.match(text)) is not None:
        block.pid, block.comm, block.evident = int(main[1]), program_of(main[2]), True
    elif (tasks := _TASKS.match(text)) is not None:
        block.tasks = int(tasks[1])
    elif (process := _TREE.match(text)) is not None:
        if len(block.processes) < 5000:
            block.processes.append((int(process[1]), program_of(process[2])))
    elif (unit := _UNIT.match(text)) is not None:
        block.unit = unit[1]
    elif _OTHER.match(text) is None:
        return False
    else:
        block.evident = block.evident or text.startswith("CGroup:")
    return True


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 2000:
            continue
        if block is None and _HINT.search(raw) is None:
            continue
        text = plain(raw)
        anew = block is not None and (
            i - block.last > _GAP_LINES
            or (block.used is not None and (_MEMORY.match(text) or _UNIT.match(text) or _MAIN.match(text)))
        )
        if block is not None and anew:
            if block.says:
                yield block
            block = None
        block = block or _Block(i, i)
        if _take(block, text):
            block.last = i
        elif block.first == block.last == i:
            block = None
    if block is not None and block.says:
        yield block


def _tops(lines: Sequence[str]) -> Iterator[tuple[int, list[tuple[int, str, tuple[int, int]]]]]:
    """(line of the header, (line, unit, size) of each unit) of the outputs of systemd-cgtop; indices are 0-based."""
    header: int | None = None
    rows: list[tuple[int, str, tuple[int, int]]] = []
    for i, raw in enumerate([*lines, "end of the page"]):
        if header is None and "roup" not in raw:
            continue
        text = plain(raw[:_LONGEST_LINE])
        row = _TOP_ROW.match(text) if header is not None else None
        unit = row[1].rpartition("/")[2] if row is not None else ""
        if row is not None and row[2] and unit.endswith((".service", ".scope")):
            if (size := size_of(row[2], 1)) is not None and len(rows) < 1000:
                rows.append((i, unit, size))
        elif row is None and text:
            if header is not None and rows:
                yield header, rows
            header, rows = (i if _TOP_HEADER.match(text) else None), []


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Units with the size of their memory; tables of all units."""
    spans = [Span(first=block.first, last=block.last) for block in _blocks(lines)]
    spans += [Span(first=header, last=rows[-1][0]) for header, rows in _tops(lines)]
    spans.sort(key=lambda span: span.first)
    last = -1
    for span in spans:
        if span.first > last:
            yield span
            last = span.last


def _readings(block: _Block) -> Iterator[Reading]:
    assert block.used is not None
    metrics, quanta = {"cgroup.current_bytes": block.used[0]}, {"cgroup.current_bytes": block.used[1]}
    if block.limit is not None and block.limit[0]:
        metrics["cgroup.limit_bytes"], quanta["cgroup.limit_bytes"] = block.limit
    facts = {"process.comm": block.comm} if block.comm else {}
    whole = Reading(
        metrics=metrics,
        quanta=quanta,
        facts=facts,
        subject=f"container {block.unit}" if block.unit else None,
        notes=(WHOLE_UNIT,),
        line=block.first + 1,
        last_line=block.last + 1,
    )
    yield whole
    if block.pid is None:
        return
    main = replace(whole, quanta={}, subject=f"pid {block.pid}", notes=())
    others = Counter(program for pid, program in block.processes if pid != block.pid)
    if others:
        facts = facts | {"children.program": others.most_common(1)[0][0]}
        yield replace(main, metrics={"process.children_count": others.total()}, facts=facts)
    elif block.processes and block.tasks is not None:
        yield replace(main, metrics={"process.threads_count": block.tasks})


def parse(text: str) -> tuple[Reading, ...]:
    """A unit's memory, then the processes that it has beside its main one, or the threads of that one alone; the largest units of a table."""
    lines = text.split("\n")
    readings = tuple(reading for block in _blocks(lines) for reading in _readings(block))
    readings += tuple(
        Reading(
            metrics={"cgroup.current_bytes": size[0]},
            quanta={"cgroup.current_bytes": size[1]},
            subject=f"container {unit}",
            notes=(WHOLE_UNIT,) if at == 0 else (),
            line=line + 1,
            last_line=line + 1,
        )
        for _, rows in _tops(lines)
        for at, (line, unit, size) in enumerate(sorted(rows, key=lambda row: -row[2][0])[:LARGEST])
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no status of a unit")
    return readings
