"""vmstat's columns: free memory, buffers and cache, swap in use, line by line.

The columns are KiB unless -S says otherwise (vmstat(8)). The command's interval gives the time between the rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.commands import Command, command_in

NAME = "system/vmstat"
TRIGGERS = (b" swpd ",)

_HEADER = re.compile(r"(?:r b )?swpd free (?:buff cache|inact active) si so bi bo")
_GROUPS = re.compile(r"procs -{3,}memory-{3,}")
_UNIT = re.compile(r"(?:-\w{0,3}S ?|--unit[= ])([kKmM])")
_UNITS = {"k": 1000, "K": KIB, "m": 1000**2, "M": MIB}
_INTERVAL = re.compile(
    r"vmstat(?: -{1,2}\w{1,10}(?: [kKmM](?= ))?)* (\d{1,5})(?: \d{1,9})?(?: -\w{1,3}(?: [kKmM])?)*(?: ?[|>;&].*)?$"
)
_ROW = re.compile(r"\d{1,7}(?: \d{1,13}){11,18}(?: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d)?$")


@dataclass(slots=True)
class _Block:
    """Rows under one header; line indices are 0-based."""

    first: int
    last: int
    columns: tuple[str, ...] = ()
    command: Command | None = None
    rows: list[tuple[int, str]] = field(default_factory=list)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 1000:
            continue
        text = plain(raw) if block is not None or "swpd" in raw or "vmstat" in raw or "procs" in raw else ""
        command = command_in(raw, ("vmstat",)) if "vmstat" in raw else None
        header = _HEADER.match(text) if text else None
        if command is not None or (header is None and _GROUPS.match(text)):
            if block is not None and command is not None:
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.command = command or block.command
        elif header is not None:
            block = block or _Block(i, i)
            block.columns = tuple(text.split(" "))
            block.last = i
        elif block is not None and block.columns and _ROW.match(text):
            block.rows.append((i, text))
            block.last = i
        elif block is not None and text and not is_neutral(text) and read_prompt(raw) is None:
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    if block.rows:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Runs of rows, with their header."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _readings(block: _Block) -> Iterator[Reading]:
    command = block.command.text if block.command is not None else ""
    unit = _UNIT.search(command)
    width = _UNITS[unit[1]] if unit else KIB
    interval = _INTERVAL.search(command)
    for turn, (line, text) in enumerate(block.rows):
        cells = dict(zip(block.columns, text.split(" "), strict=False))
        metrics = {"host.free_bytes": int(cells["free"]) * width, "host.swap_used_bytes": int(cells["swpd"]) * width}
        if "buff" in cells:
            metrics["host.buff_cache_bytes"] = (int(cells["buff"]) + int(cells["cache"])) * width
        stamp = read_stamp(text)
        quanta: dict[str, int] = dict.fromkeys(metrics, width)
        if "buff" in cells:
            quanta["host.buff_cache_bytes"] = 2 * width
        yield Reading(
            metrics=metrics,
            quanta=quanta,
            wall_ns=stamp.wall_ns if stamp is not None else None,
            elapsed_ns=turn * int(interval[1]) * NS_PER_S if interval and len(block.rows) > 1 else None,
            line=line + 1,
            last_line=line + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a row, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no rows of vmstat")
    return readings
