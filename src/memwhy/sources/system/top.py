"""top and htop: a table of processes in any order of columns, with or without its header, and the host's memory above it.

Sizes without a suffix are KiB (top(1)), VIRT is address space, SHR the resident part that could be shared. A headerless
row is read where `VIRT RES SHR S %CPU %MEM TIME` stand in it one after another, which no other tool prints.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.processes import Row, Table, readings_of, row_of, split_cells, split_tables
from memwhy.sources.system.top_summary import Summary

NAME = "system/top"
TRIGGERS = (b"%cpu", b"cpu%", b"%vsz")

_COLUMNS = {
    "PID": "pid", "USER": "user", "USERNAME": "user", "UID": "user", "UNAME": "user", "RUSER": "user", "PPID": "number", "PR": "number",
    "PRI": "number", "NI": "number", "NICE": "number", "THR": "threads", "nTH": "threads", "NTH": "threads", "#TH": "threads",
    "#THR": "threads", "NLWP": "threads", "VIRT": "virtual", "VSZ": "virtual", "VSS": "virtual", "VSIZE": "virtual", "SIZE": "virtual",
    "RES": "rss", "RSS": "rss", "RSIZE": "rss", "RPRVT": "", "RSHRD": "", "MEM": "footprint", "SHR": "shared", "SHARE": "shared", "S": "state",
    "STAT": "state", "STATE": "state", "%CPU": "cpu", "CPU%": "cpu", "WCPU": "cpu", "%MEM": "mem", "MEM%": "mem", "%VSZ": "mem",
    "TIME+": "time", "TIME": "time", "COMMAND": "command", "Command": "command", "CMD": "command", "ARGS": "command", "Name": "command",
    "SWAP": "swap", "P": "", "C": "", "CPU": "", "CODE": "", "DATA": "", "nMaj": "", "nMin": "", "nDRT": "", "WCHAN": "", "Flags": "", "TTY": "",
    "CGROUPS": "", "GROUP": "", "TGID": "", "#WQ": "", "#PORT": "", "#PORTS": "", "#POR": "", "#MREG": "", "PURG": "", "CMPRS": "", "PGRP": "",
    "BOOSTS": "", "PCY": "", "LC": "", "FLAGS": "", "RUID": "", "SUID": "", "USED": "", "nsIPC": "", "OOMa": "", "OOMs": "", "ENVIRON": "",
}  # fmt: skip
_SURE = (
    {"VIRT", "RES"}, {"RES", "SHR"}, {"SIZE", "RES"}, {"SIZE", "RSS", "SHARE"}, {"%VSZ"}, {"MEM", "#TH"}, {"VSS", "RSS", "#THR"},
    {"RSIZE", "#TH"}, {"VIRT", "SHR"}, {"RES", "TIME+"},
)  # fmt: skip
"""Headings that only a top prints together."""

_SORT_MARKS = str.maketrans(dict.fromkeys("▽△▼▲", " "))
_TREE = re.compile(r"[├└│─╰]")
_SIZE = r"(\d{1,12}(?:[.,]\d{1,3})?[kmgtKMGT]?)"
_SHAPE = re.compile(
    rf"(?:^| )(?:(?:(\S{{1,40}}) (\S{{1,40}}) )?(?:-?\d{{1,3}}|rt|RT) -?\d{{1,2}} )?{_SIZE} {_SIZE} {_SIZE} ([RSDZTtIWX]) "
    r"\d{1,5}(?:[.,]\d)? \d{1,3}(?:[.,]\d)? (\d{1,6}(?:[:hd]\d\d){1,2}(?:[.,:]\d\d)?)(?: (.{1,400}))?$"
)
_BUSYBOX = re.compile(
    r"(?:^| )(\d{1,7}) \d{1,7} (\S{1,32}) ([RSDZTWX][<NLW]{0,2}) (\d{1,9}(?:\.\d)?[mg]?) \d{1,5}% (?:\d{1,3} )?\d{1,3}% (\S.{0,400})$"
)
_HINT = re.compile(
    r"[RSDZTtIWX][<NLW]{0,2}\**\s{1,12}\d|RES|VSZ|VIRT|VSS|SIZE|#TH|Mem|Swp\[|Swap ?:|top - |(?:Tasks|Threads):\s{1,9}\d"
)
"""Stands in every line that a block can begin with."""
_GAP_LINES = 3


@dataclass(slots=True)
class _Block:
    """One output of top; line indices are 0-based."""

    first: int
    last: int
    summary: Summary = field(default_factory=Summary)
    rows: list[Row] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    htop: bool = False
    macos: bool = False
    stamp: Stamp | None = None


def header_of(text: str) -> tuple[str, ...] | None:
    """Canonical names of a header's columns, None for any other line."""
    if "E" not in text or len(text) > 400:  # RES, SIZE, MEM, TIME
        return None
    words = text.replace("[%CPU]", " %CPU").translate(_SORT_MARKS).split()
    known = {word for word in words if word in _COLUMNS}
    if len(words) < 3 or len(known) < len(words) - 1 or not any(sure <= known for sure in _SURE):
        return None
    names = [_COLUMNS.get(word, "") for word in words]
    if "rss" not in names:
        names = ["rss" if name == "footprint" else name for name in names]
    named = [name for name in names if name not in ("", "number")]
    return tuple(names) if len(set(named)) == len(named) else None


def _row(text: str, line: int, columns: Sequence[str]) -> Row | None:
    """The row in a plain line, by the header above it or by its shape."""
    if columns:
        cells = split_cells(columns, text)
        row = row_of(cells, line) if cells is not None else None
        if row is not None:
            return row
    shape = _SHAPE.search(text)
    if shape is not None:
        cells = {
            "pid": shape[1] or "-",
            "virtual": shape[3],
            "rss": shape[4],
            "shared": shape[5],
            "command": shape[8] or "",
        }
        cells = cells if cells["pid"].isdigit() else {name: cell for name, cell in cells.items() if name != "pid"}
    elif "%" in text and (shape := _BUSYBOX.search(text)) is not None:
        cells = {"pid": shape[1], "virtual": shape[4], "command": shape[5]}
    else:
        return None
    row = row_of(cells, line)
    stamp = read_stamp(text[: shape.start()]) if row is not None and shape.start() > 8 else None
    return replace(row, wall_ns=stamp.wall_ns) if row is not None and stamp is not None else row


def _may_be_row(line: str) -> bool:
    """Cheap: rows have figures, and a time or a share."""
    return (":" in line or "%" in line or "." in line) and any(c.isdigit() for c in line[:200])


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    stamp: tuple[int, Stamp] | None = None
    for i, raw in enumerate(lines):
        if not raw.strip() or len(raw) > 4000:
            continue
        if block is not None and i - block.last > _GAP_LINES:
            yield from _closed(block)
            block = None
        if block is None and _HINT.search(raw) is None:
            found = read_stamp(raw) if len(raw) < 80 and ":" in raw else None
            stamp = (i, found) if found is not None else stamp
            continue
        text = plain(raw)
        columns = header_of(text)
        summary = Summary()
        is_summary = columns is None and summary.take(text)
        if columns is not None or is_summary:
            again = summary.memory_line and block is not None and block.summary.memory_line
            if block is None or block.rows or again or text.startswith("top - ") or (columns and block.columns):
                if block is not None:
                    yield from _closed(block)
                block = _Block(i, i)
                if stamp is not None and i - stamp[0] <= 2:
                    block.first, block.stamp = stamp
            block.last = i
            if columns is not None:
                block.columns, block.htop, block.macos = columns, "CPU%" in text, "#TH" in text.split()
            else:
                block.summary.take(text)
            continue
        row = _row(text, i, block.columns if block else ()) if _may_be_row(text) else None
        if row is not None:
            if block is None:
                block = _Block(i, i)
                if stamp is not None and i - stamp[0] <= 2:
                    block.first, block.stamp = stamp
            block.rows.append(row)
            block.last = i
            block.htop = block.htop or _TREE.search(text) is not None
            continue
        found = read_stamp(raw) if len(raw) < 80 and ":" in raw else None
        if found is not None:
            stamp = (i, found)
        if block is not None and found is None and not is_neutral(text) and read_prompt(raw) is None:
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    """The block if it says anything; a Mem: line of its own could be free's."""
    if block.rows or (block.summary.memory_line and len(block.summary.parts) >= 2):
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of top, each with the lines above its table; rows without a header too."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _rows_of(block: _Block) -> list[Row]:
    """The block's rows; of threads that show their process's figures one."""
    rows = block.rows
    if block.htop or block.summary.threads:
        seen: dict[tuple[tuple[str, int], ...], Row] = {}
        for row in rows:
            seen.setdefault(tuple(sorted(row.metrics.items())), row)
        rows = list(seen.values())
    return rows


def _complete(block: _Block, rows: Sequence[Row]) -> bool:
    """Whether the rows can be all that matter: not a screenful in the order of CPU use."""
    tasks = block.summary.tasks
    sizes = [row.rss_bytes for row in rows]
    return tasks is None or 2 * len(rows) >= tasks or sizes == sorted(sizes, reverse=True)


def _readings(block: _Block) -> Iterator[Reading]:
    wall_ns = block.stamp.wall_ns if block.stamp else None
    elapsed_ns = block.summary.elapsed_ns
    metrics, quanta = block.summary.figures()
    if metrics:
        yield Reading(
            metrics=metrics,
            quanta=quanta,
            wall_ns=wall_ns,
            elapsed_ns=elapsed_ns,
            line=block.first + 1,
            last_line=block.last + 1,
        )
    notes = ("MEM of macOS's top is the physical footprint, compressed memory included",) if block.macos else ()
    rows = _rows_of(block)
    for table in split_tables(rows):
        timed = [replace(row, wall_ns=row.wall_ns or wall_ns, elapsed_ns=elapsed_ns) for row in table]
        sums = not block.summary.threads and not block.macos and _complete(block, timed)
        yield from readings_of(Table(timed, sums), notes)
        notes = ()


def parse(text: str) -> tuple[Reading, ...]:
    """The host's figures, then the processes', of every output in the text. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of top")
    return readings
