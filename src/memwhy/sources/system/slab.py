"""The kernel's slab caches: slabtop, /proc/slabinfo, `vmstat -m`, and what awk made of them.

A cache's size is its slabs' pages where the text tells them, else objects times their size. Only a whole table gives
a sum. Source: slabinfo(5), slabtop(1); pages are taken as 4 KiB.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.commands import Command, command_in

NAME = "system/slab"
TRIGGERS = (b"slabdata", b"cache size", b"slabinfo", b"slabtop")

_PAGE_BYTES = 4096
_WHOLE_ROWS = 40
"""A kernel has a hundred caches and more; a cut of the largest has fewer rows."""

_CACHE = r"([A-Za-z_:][\w:.()/+\[\]-]{1,63})"
_TOP = re.compile(
    rf"(\d{{1,12}}) (\d{{1,12}}) (\d{{1,3}})% (\d{{1,6}}[.,]\d\d)K (\d{{1,10}}) (\d{{1,7}}) (\d{{1,12}})K {_CACHE}$"
)
_TOTAL = re.compile(r"Active / Total Size \(% used\) ?: (\d{1,12}[.,]\d\d)K / (\d{1,12}[.,]\d\d)K")
_SUMMARY = re.compile(
    r"(?:Active / Total|Minimum / Average / Maximum|OBJS ACTIVE USE|# ?name <active_objs>|slabinfo - version|name <active_objs>)"
)
_INFO = re.compile(
    rf"{_CACHE} (\d{{1,12}}) (\d{{1,12}}) (\d{{1,9}}) (\d{{1,7}}) (\d{{1,4}})(?: : tunables \d{{1,7}} \d{{1,7}} \d{{1,7}} : slabdata \d{{1,10}} (\d{{1,10}}) \d{{1,10}})?$"
)
_MACHINE = re.compile(rf"{_CACHE} (\d{{1,12}}) (\d{{1,12}}) (\d{{1,9}}) (\d{{1,7}})$")
_AWK = re.compile(rf"(\d{{1,15}}) (\d{{1,9}}(?:\.\d{{1,6}})?) ?MB {_CACHE}$")
_NAMED = re.compile(rf"{_CACHE}:? (\d{{1,13}}(?:\.\d{{1,6}})?) ?([KkMG]i?B|[KMG]|bytes|[Bb])$")
_LED = re.compile(rf"(\d{{1,13}}(?:\.\d{{1,6}})?) ?([KkMG]i?B|[KMG]|bytes) {_CACHE}$")
_UNITS = {"k": KIB, "m": MIB, "g": MIB * KIB, "b": 1}
_GAP_LINES = 3


@dataclass(slots=True)
class _Block:
    """One table; line indices are 0-based. caches: bytes by name."""

    first: int
    last: int
    caches: dict[str, int] = field(default_factory=dict)
    total: tuple[int, int] | None = None
    quantum: int = 1
    command: Command | None = None
    machine: bool = False
    sure: bool = False


def _cache(text: str, block: _Block | None) -> tuple[str, int, int, bool] | None:
    """(name, bytes, quantum, whether only slabs look so) of a plain row."""
    if (row := _TOP.match(text)) is not None:
        return row[8], int(row[7]) * KIB, KIB, True
    if (row := _INFO.match(text)) is not None:
        if row[7]:
            return row[1], int(row[7]) * int(row[6]) * _PAGE_BYTES, _PAGE_BYTES, True
        return row[1], int(row[3]) * int(row[4]), int(row[4]) or 1, False
    if block is not None and block.machine and (row := _MACHINE.match(text)) is not None:
        return row[1], int(row[3]) * int(row[4]), int(row[4]) or 1, True
    if (row := _AWK.match(text)) is not None and abs(int(row[1]) / MIB - float(row[2])) <= 0.01 + int(
        row[1]
    ) / MIB / 1000:
        return row[3], int(row[1]), 1, True
    if block is not None and block.command is not None:
        if (row := _NAMED.match(text)) is not None:
            return _measured(row[1], row[2], row[3])
        if (row := _LED.match(text)) is not None:
            return _measured(row[3], row[1], row[2])
    return None


def _measured(name: str, number: str, unit: str) -> tuple[str, int, int, bool]:
    width = _UNITS[unit[0].lower()]
    decimals = len(number.partition(".")[2])
    return name, round(float(number) * width), max(1, width // 10**decimals), True


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 1000:
            continue
        if block is not None and i - block.last > _GAP_LINES:
            yield from _closed(block)
            block = None
        text = plain(raw)
        command = (
            command_in(raw, ("slabtop", "slabinfo", "/proc/slabinfo", "memory.kmem.slabinfo"))
            if "slab" in raw
            else None
        )
        heading = _SUMMARY.match(text) is not None or text == "Cache Num Total Size Pages"
        if command is not None or heading:
            page_on = block is not None and block.machine and text.startswith("Cache Num") and i - block.last == 1
            if block is not None and block.caches and not page_on:  # vmstat -m heads every screenful anew
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.last, block.command = i, command or block.command
            block.sure = block.sure or heading
            block.machine = block.machine or text.startswith("Cache Num")
            if (total := _TOTAL.match(text)) is not None:
                kib = total[2].replace(",", ".")
                block.total = round(float(kib) * KIB), KIB // 100
            continue
        row = _cache(text, block) if text[-1:].isalnum() or text[-1:] in "_)]" else None
        if row is not None and block is not None and row[0] in block.caches:
            yield from _closed(block)
            block = _Block(i, i, command=block.command, machine=block.machine)
        if row is not None:
            block = block or _Block(i, i)
            block.caches[row[0]] = row[1]
            block.quantum = max(block.quantum, row[2])
            block.sure = block.sure or row[3]
            block.last = i
        elif block is not None and not is_neutral(text) and read_prompt(raw) is None:
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    if block.sure and (block.caches or block.total is not None):
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of slab caches, with or without their headings."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _reading(block: _Block) -> Reading:
    metrics: dict[str, int] = {}
    quanta: dict[str, int] = {}
    facts: dict[str, str] = {}
    if block.total is not None:
        metrics["host.slab_bytes"], quanta["host.slab_bytes"] = block.total
    elif len(block.caches) >= _WHOLE_ROWS:
        metrics["host.slab_bytes"] = sum(block.caches.values())
        quanta["host.slab_bytes"] = block.quantum
    if block.caches:
        name, size = max(block.caches.items(), key=lambda item: (item[1], item[0]))
        metrics["host.slab_top_bytes"], quanta["host.slab_top_bytes"] = size, block.quantum
        facts["slab.top"] = name
    return Reading(metrics=metrics, quanta=quanta, facts=facts, line=block.first + 1, last_line=block.last + 1)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a table, in order. ParseError when there is none."""
    readings = tuple(_reading(block) for block in _blocks(text.split("\n")))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no slab caches")
    return readings
