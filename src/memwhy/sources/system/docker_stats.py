"""docker stats, podman stats, ctop, crictl stats: what a container uses against its limit.

What MEM USAGE counts depends on the version. Docker's client before 1.13 printed the cgroup's usage, page cache
included, with a blank before the unit; since 17.06 it takes the cache off (docker/cli, command/container/stats_helpers.go:
v1 cache, from 20.10 total_inactive_file; v2 inactive_file), and prints no blank. Podman prints the cgroup's usage, on
cgroup v2 from 4.0 to 5.5 its anonymous memory alone, and since then docker's figure (containers/common#870 and #2455).
crictl prints the working set that the runtime reports, docker's units, no percent sign, and of an id the first thirteen
digits (cri-tools, cmd/crictl/stats.go).
kB, MB and GB of docker are decimal (docker/go-units, HumanSize), KiB, MiB and GiB binary.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted.amounts import exact_bytes, unit_bytes
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.pasted.stamps import Stamp, read_stamp
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain
from memwhy.sources.system.commands import Command, command_in

NAME = "system/docker_stats"
TRIGGERS = (b"mem usage", b"mem %", b"mib /", b"gib /", b"crictl", b"inodes")

_UNIT = r"(?:[KkMGT]i?B|[KMGT]|B)"
_PAIR = re.compile(
    rf"(?<![\w.])(\d{{1,9}}(?:[.,]\d{{1,3}})?)( ?)({_UNIT}) ?/ ?(\d{{1,9}}(?:[.,]\d{{1,3}})?) ?({_UNIT})(?![\w/])"
)
_SINGLE = re.compile(rf"(?<![\w.])(\d{{1,9}}(?:[.,]\d{{1,3}})?)( ?)({_UNIT})(?![\w/])")
_HEADER = re.compile(
    r"(?:^|[ |])(?:MEM USAGE(?: ?/ ?LIMIT)?|MEM(?= (?:NET|DISK|IO|INODES|SWAP))|MEMORY USAGE)(?= |$|\|)"
)
_SHAPE = re.compile(
    rf"^(?:[0-9a-f]{{12}} )?(\S{{1,128}}) \d{{1,5}}(?:[.,]\d{{1,3}})?% \d{{1,9}}(?:[.,]\d{{1,3}})? ?{_UNIT} ?/ ?\d{{1,9}}(?:[.,]\d{{1,3}})? ?{_UNIT} \d{{1,3}}(?:[.,]\d{{1,3}})?%"
)
_CRICTL = re.compile(
    r"^[0-9a-f]{13} (?:([a-z0-9][\w.-]{0,127}) )?\d{1,5}\.\d{2} (?=(\d{1,4}(?:\.\d{1,3})?[kMGT]?B) \d{1,4}(?:\.\d{1,3})?[kMGT]?B \d{1,9}(?: \d{1,4}(?:\.\d{1,3})?[kMGT]?B)?$)"
)
_TWO = re.compile(
    r"^([A-Za-z0-9][\w.-]{0,127}):? (?:[:|-] )?(\d{1,4}(?:\.\d{1,3})?[KMG]iB)(?: ?/ ?(\d{1,4}(?:\.\d{1,3})?[KMGT]iB))?$"
)
_ID = re.compile(r"[0-9a-f]{12}(?:[0-9a-f]{52})?")
_NAME = re.compile(r"[\w./:@-]{1,128}…?")
_PIDS = re.compile(r" (\d{1,7})$")
_COMMANDS = ("docker", "podman", "docker-compose", "nerdctl", "ctop", "crictl")
_GAP_LINES = 3
CACHE_COUNTS = "this version of docker counts the page cache as the container's memory"
MAY_COUNT_CACHE = "docker 1.13 to 17.05 print the same columns and count the page cache; later ones take it off"
PODMAN_COUNTS = (
    "podman stats prints the cgroup's usage with its page cache; on cgroup v2 podman 4.0 to 5.5 print anonymous memory "
    "alone, and later ones take inactive file pages off"
)
ACTIVE_COUNTS = "docker's figure is usage without inactive file pages; active file pages are counted in"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One container. crictl: by the shape of crictl's row."""

    line: int
    name: str
    used: tuple[int, int]
    limit: tuple[int, int] | None
    blank: bool
    pids: int | None
    stamp: Stamp | None
    crictl: bool = False


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based. header: "" without one. pair: which of the row's `A / B` pairs is memory."""

    first: int
    last: int
    header: str = ""
    pair: int = 0
    command: Command | None = None
    rows: list[_Row] = field(default_factory=list)


def _amount(number: str, unit: str) -> tuple[int, int]:
    width = unit_bytes(unit, decimal=unit.lower().endswith("b") and "i" not in unit)
    return exact_bytes(number.replace(",", "."), width or 1)


def _row(text: str, line: int, block: _Block | None) -> _Row | None:
    """The container in a plain line: crictl's row, under a header, by the shape of docker's row, or name and amount alone."""
    crictl = _CRICTL.match(text)
    if crictl is not None:
        row = _made(text, line, _SINGLE.match(text, crictl.end()), crictl[1] or text[:13])
        return replace(row, crictl=True) if row is not None else None
    if block is not None and block.header:
        return _row_under(text, line, block)
    stats = block is not None and block.command is not None
    shape = _SHAPE.match(text)
    if shape is not None:
        return _made(text, line, _PAIR.search(text), shape[1])
    two = _TWO.match(text)
    if two is None or (not stats and two[3] is None and not _has_unit_after_four_digits(two[2])):
        return None
    single = _PAIR.search(text) or _SINGLE.search(text)
    return _made(text, line, single, two[1])


def _has_unit_after_four_digits(amount: str) -> bool:
    """`79.49MiB`, `256MiB`, `7.316GiB`: docker prints four digits at most (go-units, BytesSize)."""
    digits = amount.rstrip("KMGTiB").replace(".", "")
    return len(digits) <= 4


def _row_under(text: str, line: int, block: _Block) -> _Row | None:
    words = text.split(" ")
    if len(words) < 2 or text.startswith(("--", "TOTAL")):
        return None
    pairs = list(_PAIR.finditer(text))
    amount = pairs[block.pair] if len(pairs) > block.pair else None
    if amount is None and "LIMIT" not in block.header and "/" not in block.header.split("MEM")[1][:12]:
        amount = _SINGLE.search(text)
    if amount is None:
        return None
    names = [word for word in text[: amount.start()].split(" ") if _NAME.fullmatch(word) and "%" not in word]
    if block.header.startswith("CONTAINER ID") or block.header.startswith("ID ") or "NAME" in block.header:
        plain_names = [word for word in names if not _ID.fullmatch(word)]
        names = plain_names or names
    return _made(text, line, amount, names[0]) if names else None


def _made(text: str, line: int, amount: re.Match[str] | None, name: str) -> _Row | None:
    if amount is None:
        return None
    used = _amount(amount[1], amount[3])
    limit = _amount(amount[4], amount[5]) if amount.re is _PAIR else None
    if used[0] >= 1 << 56 or (limit is not None and limit[0] and used[0] > 2 * limit[0] + used[1]):
        return None
    pids = _PIDS.search(text)
    return _Row(
        line=line,
        name=name.strip("/:"),
        used=used,
        limit=limit if limit is not None and limit[0] else None,
        blank=amount[2] == " ",
        pids=int(pids[1]) if pids else None,
        stamp=None,
    )


def _header(text: str) -> bool:
    return (
        text[:1].isalpha()
        and ("MEM" in text)
        and len(text) < 240
        and text.upper() == text
        and _HEADER.search(text) is not None
    )


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 2000:
            continue
        if block is not None and i - block.last > _GAP_LINES:
            yield from _closed(block)
            block = None
        has_digit = "B" in raw or "M" in raw or "K" in raw or "G" in raw
        text = plain(raw) if has_digit or block is not None or "ctop" in raw else ""
        command = command_in(raw, _COMMANDS) if "stats" in raw or "ctop" in raw else None
        header = has_digit and _header(text)
        if command is not None or header:
            if block is not None and (block.rows or command is not None):
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.last = i
            block.command = command or block.command
            if header:
                block.header = text
                before = text[: match.start() + 1] if (match := _HEADER.search(text)) else ""
                block.pair = before.count("I/O") + before.count(" IO")
            continue
        row = _row(text, i, block) if has_digit else None
        if row is not None:
            block = block or _Block(i, i)
            block.rows.append(row)
            block.last = i
        elif (
            block is not None and text and not is_neutral(text) and read_prompt(raw) is None and read_stamp(raw) is None
        ) and "--" not in text:  # a container that has stopped
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    """The block if it is docker's for sure: one lone `name 5MiB` could be anything."""
    if not block.rows:
        return
    first = block.rows[0]
    if block.header or block.command is not None or len(block.rows) >= 2 or first.limit is not None or first.crictl:
        block.last = block.rows[-1].line
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Tables of containers, with or without their header; lists of names and amounts."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _meaning(block: _Block, row: _Row) -> tuple[str, str]:
    """(metric, note) of the figure, by what the version that printed these columns counts."""
    command = block.command.text if block.command is not None else ""
    header = block.header
    if "podman" in command or header.startswith("ID "):
        return "cgroup.current_bytes", PODMAN_COUNTS
    if row.crictl or "ctop" in command or "RX/TX" in header or "INODES" in header:
        return "cgroup.working_set_bytes", ""
    if row.blank or "MEM USAGE/LIMIT" in header:
        return "cgroup.current_bytes", CACHE_COUNTS
    if header.startswith("CONTAINER CPU"):
        return "cgroup.working_set_bytes", MAY_COUNT_CACHE
    return "cgroup.working_set_bytes", ACTIVE_COUNTS


def _readings(block: _Block) -> Iterator[Reading]:
    noted = False
    for row in block.rows:
        metric, note = _meaning(block, row)
        metrics, quanta = {metric: row.used[0]}, {metric: row.used[1]}
        if row.limit is not None:
            metrics["cgroup.limit_bytes"], quanta["cgroup.limit_bytes"] = row.limit
        if row.pids and "PIDS" in block.header:
            metrics["process.threads_count"] = row.pids  # pids.current: tasks, so threads of all its processes
        yield Reading(
            metrics=metrics,
            quanta=quanta,
            subject=f"container {row.name}",
            notes=(note,) if note and not noted else (),
            line=row.line + 1,
            last_line=row.line + 1,
        )
        noted = True


def parse(text: str) -> tuple[Reading, ...]:
    """One reading a container and output, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of docker stats")
    return readings
