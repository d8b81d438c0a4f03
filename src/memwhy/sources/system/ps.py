"""ps: rows in any order of columns, under their header, under the command line with its -o list, or by the shape of `ps aux`.

RSS and VSZ are KiB (ps(1)), in BusyBox with m or g. One process printed again and again is a series. SZ counts pages
and SIZE what swapping out would take; neither is memory in use, so both are passed over. smem's table is read as well.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.commands import Command, command_in, subjects_of
from memwhy.sources.system.processes import Row, Table, readings_of, row_of, split_cells, split_tables

NAME = "system/ps"
TRIGGERS = (b"%cpu", b" rss")

_COLUMNS = {
    "PID": "pid", "TGID": "pid", "USER": "user", "UID": "user", "USERNAME": "user", "EUSER": "user", "RUSER": "user", "UNAME": "user",
    "PPID": "number", "PGID": "number", "PGRP": "number", "SID": "number", "SESS": "number", "LWP": "number", "SPID": "number", "TID": "number",
    "JID": "number", "NLWP": "threads", "THCNT": "threads", "THR": "threads", "%CPU": "cpu", "%MEM": "mem", "CPU": "cpu", "C": "", "VSZ": "virtual",
    "VSIZE": "virtual", "VIRT": "virtual", "RSS": "rss", "RSZ": "rss", "RSSIZE": "rss", "PSS": "pss", "USS": "uss", "SWAP": "swap", "SIZE": "", "SZ": "",
    "TTY": "", "TT": "", "STAT": "state", "S": "state", "STATE": "state", "START": "start", "STARTED": "start", "STIME": "start", "TIME": "time",
    "ELAPSED": "", "ETIMES": "", "NI": "number", "PRI": "number", "PR": "number", "CLS": "", "PSR": "", "WCHAN": "", "ADDR": "", "F": "", "MAJFL": "",
    "MAJFLT": "", "MINFL": "", "MINFLT": "", "TRS": "", "DRS": "", "TSIZ": "", "LIM": "", "RLIN": "", "COMMAND": "command", "CMD": "command", "ARGS": "command", "COMM": "command",
    "NAME": "command", "CGROUP": "", "LABEL": "", "GROUP": "", "OOMADJ": "", "OOM": "", "RTPRIO": "", "STACKP": "", "ESP": "", "EIP": "", "WARN": "",
}  # fmt: skip
_MEMORY = ("rss", "virtual", "pss", "uss", "threads", "swap")
_FORMAT_WORDS = {
    "rss": "rss", "rssize": "rss", "rsz": "rss", "vsz": "virtual", "vsize": "virtual", "pid": "pid", "tgid": "pid", "user": "user", "euser": "user",
    "ruser": "user", "uname": "user", "uid": "user", "nlwp": "threads", "thcount": "threads", "pcpu": "cpu", "%cpu": "cpu", "pmem": "mem", "%mem": "mem",
    "comm": "command", "cmd": "command", "args": "command", "command": "command", "ucmd": "command", "ucomm": "command", "stat": "state", "s": "state",
    "state": "state", "time": "time", "cputime": "time", "lstart": "start", "start": "start", "pss": "pss", "uss": "uss", "ppid": "number",
    "start_time": "", "stime": "", "bsdstart": "start",
}  # fmt: skip
_AUX = ("user", "pid", "cpu", "mem", "virtual", "rss", "", "state", "start", "time", "command")
_LIST = re.compile(
    r"(?:^|\s)(?:-{0,2}[a-zA-Z]{0,5}[oO]|--format)[ =]?['\"]?([a-zA-Z_%]{1,12}(?::\d{1,3})?=?(?:,[a-zA-Z_%]{1,12}(?::\d{1,3})?=?){0,20})['\"]?(?=\s|$|[|;)`])"
)
_PS = re.compile(r"(?:^|(?<=[\s|;&(`/]))ps(?=\s)")
_IS_AUX = re.compile(r"(?:^|[\s|;&(`])ps (?:-?(?:aux\w{0,3}|axu\w{0,3}|waux|uax|auwx|u)\b|-p? ?\d{1,9} -?u)")
_BUSYBOX_SHAPE = re.compile(
    r"(\d{1,7}) ([A-Za-z_][\w-]{0,31}) (\d{1,6}(?:\.\d)?[mg]) (\d{1,6}(?:\.\d)?[mg]) (\S.{0,400})"
)
_BUSYBOX_ROW = re.compile(
    r"(\d{1,7}) ([A-Za-z_][\w-]{0,31}) (\d{1,6}m|\d{1,3}(?:\.\d)?g|\d{4,8}) ([RSDTZW][<NLl]?|[RSDTZW] [<NLl]) ([A-Za-z/{\[(.-]\S{0,200}(?: .{0,400})?)"
)
"""PID USER VSZ STAT COMMAND, BusyBox's columns (procps/ps.c): sizes of address space, in KiB without a letter."""
_AUX_SHAPE = re.compile(
    r"(?:^| )(\S{1,40}) (\d{1,10}|\*{2,9}|x{2,9}|<\w{1,20}>) (\d{1,4}[.,]\d{1,2}) (\d{1,3}[.,]\d{1,2}) (\d{1,14}) (\d{1,13}) "
    r"(?:\?{1,2}|-|pts/\d{1,5}|tty\w{1,8}|con\w{0,4}|s\d{3}|p\d|v\d|ttys\d{1,3}|\d{1,2}) ([RSDZTtIUWXEO][A-Za-z0-9<+>]{0,6}) "
    r"([A-Za-z]{3} ?\d{1,2}|[A-Za-z]{3}\d{1,2}[AP]M|\d{1,2}:\d\d(?:[AP]M|:\d\d)?|\d{4}|\d{1,2}[A-Za-z]{3}\d{2}) (\d{1,7}:\d\d(?:[.,:]\d\d)?)(?: (.{1,1000}))?$"
)  # fmt: skip
_HINT = re.compile(
    r"\bps\s|RSS|RSZ|VSZ|PSS|USS|LWP|THCNT|THR|VSIZE|VIRT|SWAP|\d[.,]\d\**\s{1,30}\d{1,14}\**\s{1,30}\d|\d[mg]\s{1,9}\d|\d[mg]?\s{1,9}[RSDTZW][<NLl]?\s"
)
"""Stands in every line that a block can begin with."""
_GAP_LINES = 3


@dataclass(slots=True)
class _Block:
    """Rows that one command printed, perhaps again and again; line indices are 0-based."""

    first: int
    last: int
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    command: Command | None = None
    filtered: bool = False
    stamp: Stamp | None = None


def header_of(text: str) -> tuple[str, ...] | None:
    """Canonical names of the columns of a ps header, None for any other line."""
    words = text.split()
    if not 2 <= len(words) <= 40 or len(text) > 300:
        return None
    if {"PID", "USS", "PSS"} <= set(words):  # smem
        words = [word.upper() for word in words]
    known = [word for word in words if word in _COLUMNS]
    if (
        len(known) < 2
        or len(known) < len(words) - len(words) // 4
        or {"RES", "%VSZ"} & set(words)
        or not (text.isupper() or {"PID", "USS", "PSS"} <= set(words))
    ):
        return None
    names = [_COLUMNS.get(word, "") for word in words]
    told = {name for name in names if name in _MEMORY}
    if not told or (told == {"threads"} and {"LWP", "SPID", "TID"} & set(words)):
        return None  # a row for every thread is not a row for every process
    for name in ("command", "pid"):
        while names.count(name) > 1:
            names[names.index(name)] = ""
    named = [name for name in names if name not in ("", "number", "start", "user")]
    return tuple(names) if len(set(named)) == len(named) else None


def columns_of(command: Command) -> tuple[str, ...]:
    """The columns that a ps command prints, () where its words do not tell or none is memory."""
    names: list[str] = []
    at = _PS.search(command.text)
    own = re.split(r"[|;)`]", command.text[at.start() :] if at else "")[0]
    for group in _LIST.findall(own):
        names += [_FORMAT_WORDS.get(word.split(":")[0].rstrip("=").lower(), "") for word in group.split(",")]
    if not names and _IS_AUX.search(command.text):
        names = list(_AUX)
    column = command.column
    if column is not None:
        names = names[column - 1 : column]
    return tuple(names) if any(name in _MEMORY for name in names) else ()


def _row(text: str, line: int, block: _Block | None) -> Row | None:
    """The row in a plain line: by the columns known, else by the shape of `ps aux`."""
    if block is not None and block.columns:
        cells = split_cells(block.columns, text)
        row = row_of(cells, line) if cells is not None else None
        if row is not None:
            return row
    shape = _AUX_SHAPE.search(text) if ":" in text else None
    if shape is not None:
        cells = {"pid": shape[2], "virtual": shape[5], "rss": shape[6], "command": shape[10] or ""}
        row = row_of(cells, line)
        stamp = read_stamp(text[: shape.start() + 1]) if row is not None and shape.start() > 8 else None
        return replace(row, wall_ns=stamp.wall_ns) if row is not None and stamp is not None else row
    short = _BUSYBOX_SHAPE.fullmatch(text) if "m" in text or "g" in text else None
    if short is None:
        plain_row = _BUSYBOX_ROW.fullmatch(text)
        if plain_row is None:
            return None
        return row_of({"pid": plain_row[1], "virtual": plain_row[3], "command": plain_row[5]}, line)
    row = row_of({"pid": short[1], "rss": short[3], "virtual": short[4], "command": short[5]}, line)
    # which of the two columns is which is told by the larger one
    return row or row_of({"pid": short[1], "rss": short[4], "virtual": short[3], "command": short[5]}, line)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    stamp: tuple[int, Stamp] | None = None
    stamped: set[str] = set()  # whose rows have had this stamp: the next ones are of another time
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 4000:
            continue
        if block is not None and i - block.last > _GAP_LINES:
            yield from _closed(block)
            block = None
        if block is None and _HINT.search(raw) is None:
            found = read_stamp(raw) if len(raw) < 80 and ":" in raw else None
            stamp = (i, found) if found is not None else stamp
            continue
        text = plain(raw)
        command = command_in(raw, ("ps",)) if "ps" in raw else None
        columns = header_of(text)
        if command is not None or columns is not None:
            if block is not None and (block.rows or command is not None):
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.last = i
            if command is not None:
                block.command, block.columns = command, columns_of(command)
                block.filtered = any(
                    word in command.text for word in ("grep", "-p", "-C", "pgrep", "pidof", "head", "tail")
                )
            if columns is not None:
                block.columns = columns
            if stamp is not None and i - stamp[0] <= 2:
                block.first, block.stamp = stamp
            continue
        row = _row(text, i, block) if any(map(str.isdigit, text[:200])) else None
        found = None if row is not None else read_stamp(raw) if len(raw) < 80 and ":" in raw else None
        if row is not None:
            if block is None:
                block = _Block(stamp[0] if stamp is not None and i - stamp[0] <= 2 else i, i)
            if stamp is not None and stamp[0] >= block.first and row.key not in stamped and row.wall_ns is None:
                row = replace(row, wall_ns=stamp[1].wall_ns)
                stamped.add(row.key)
            block.rows.append(row)
            block.last = i
        elif found is not None:
            stamp, stamped = (i, found), set()
        elif block is not None and not is_neutral(text) and read_prompt(raw) is None:
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    if block.rows:
        block.last = block.rows[-1].line
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Rows of ps, with the header or the command line that says what they are."""
    blocks = list(_blocks(lines))
    for block, subject in zip(blocks, subjects_of([block.command for block in blocks]), strict=True):
        yield Span(first=block.first, last=block.last, subject=subject)


def _readings(block: _Block) -> Iterator[Reading]:
    tables = list(split_tables(block.rows))
    period_s = block.command.period_s if block.command is not None else None
    for turn, rows in enumerate(tables):
        if period_s is not None and len(tables) > 1:
            rows = [replace(row, elapsed_ns=round(turn * period_s * NS_PER_S)) for row in rows]
        yield from readings_of(Table(rows, not block.filtered and _every_row_is_a_process(block)))


def _every_row_is_a_process(block: _Block) -> bool:
    """Not a row for each thread, as with -L and -T."""
    return (
        "number" not in block.columns or block.command is None or not re.search(r" -\w{0,4}[LTm]\b", block.command.text)
    )


def parse(text: str) -> tuple[Reading, ...]:
    """The rows that matter of every output in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of ps")
    return readings
