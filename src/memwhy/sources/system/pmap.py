"""pmap in every layout (plain, -x, -X, -d), its totals alone, and one total cut out of it by awk.

Kbytes and Size are address space; RSS is resident; `writeable/private` of -d is address space too, all of it that the
process alone may write. An anonymous mapping of 64 MiB, whole or in its two parts, is a heap of glibc's malloc
(arena.c: HEAP_MAX_SIZE on 64-bit systems). Source: pmap(1), procps' src/pmap.c.

Facts of a list that is not whole, in bytes as decimal numbers: mappings.listed_bytes, what its rows have resident, and
mappings.listed_file_bytes, what of it lies in mapped files; rows left out as `(40 more like these)` count as those above;
and mappings.heap_virtual_bytes, of a list without resident sizes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, MIB, NS_PER_S
from memwhy.sources.pasted.prompts import read_prompt
from memwhy.sources.proc.mapping_groups import is_whole, many_alike
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain, program_of
from memwhy.sources.system.commands import Command, command_in, subjects_of

NAME = "system/pmap"
TRIGGERS = (b"kbytes", b"writeable/private", b"total kb", b"pmap ")

ARENA_BYTES = 64 * MIB
_LIBRARIES_FROM = 0x7000_0000_0000  # x86-64 and arm64 map libraries, mmap and stacks above

_MODE = r"([r-][w-][x-][sS-]?[R-]?)"
_NAME = r"(?: (\S.{0,400}))?"
_ROW_X = re.compile(rf"([0-9a-f]{{8,16}}) (\d{{1,13}}) (\d{{1,13}}|-)((?: (?:\d{{1,13}}|-)){{1,3}}) {_MODE}{_NAME}$")
_ROW_D = re.compile(
    rf"([0-9a-f]{{8,16}}) (\d{{1,13}}) {_MODE} [0-9a-f]{{8,16}} [0-9a-f]{{1,5}}:[0-9a-f]{{1,5}}{_NAME}$"
)
_ROW = re.compile(rf"([0-9a-f]{{8,16}}) (\d{{1,13}})K {_MODE}{_NAME}$")
_ROW_FULL = re.compile(
    r"([0-9a-f]{6,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16}) ([0-9a-f]{1,4}:[0-9a-f]{1,4}) (\d{1,20})((?: \d{1,13}){3,30})(?: (\D.{0,400}))?$"
)
_TOTAL_X = re.compile(r"total kB (\d{1,13})((?: (?:\d{1,13}|-)){1,4})$")
_TOTAL = re.compile(r"total (\d{1,13})K$")
_TOTAL_D = re.compile(r"mapped: (\d{1,13})K writeable/private: (\d{1,13})K shared: (\d{1,13})K")
_PRIVATE = re.compile(r"writeable/private: (\d{1,13})K")
_TOTAL_FULL = re.compile(r"((?:\d{1,13} ){3,30})KB$")
_PROCESS = re.compile(r"(\d{1,10}): (\S.{0,1000})$")
_VALUE = re.compile(r"(\d{1,13}) ?[Kk]?(?:[Bb])?$")
_COLUMNS = {
    "Rss": "process.rss_bytes", "Pss": "process.pss_bytes", "LazyFree": "process.lazy_free_bytes", "Swap": "process.swap_bytes",
    "AnonHugePages": "process.anon_huge_bytes", "Locked": "process.locked_bytes",
}  # fmt: skip
_PARTS = {
    "Rss": "rss_bytes", "Pss": "pss_bytes", "Anonymous": "anonymous_bytes", "LazyFree": "lazy_free_bytes",
    "AnonHugePages": "anon_huge_bytes", "Swap": "swap_bytes", "Private_Dirty": "private_dirty_bytes",
    "Private_Clean": "private_clean_bytes", "Shared_Clean": "shared_clean_bytes", "Shared_Dirty": "shared_dirty_bytes",
}  # fmt: skip
_AWK = {
    "d": {2: "process.virtual_bytes", 4: "process.private_virtual_bytes"},
    "x": {3: "process.virtual_bytes", 4: "process.rss_bytes"},
    "": {2: "process.virtual_bytes"},
}
_MORE = re.compile(
    r"^[(\[.… ]{0,6}(?:and |\+ ?)?(?:about |~ ?)?(\d{1,5}) (?:more|other|others|further)\b.{0,20}?\b(?:like|of|such|similar|alike|same)\b.{0,40}$",
    re.IGNORECASE,
)
_NO_FILES = ("[", "/dev/shm/", "/SYSV", "/memfd:", "memfd:", "/dev/zero", "anon_inode:", "socket:")
"""Shared memory and what the kernel provides has a name too."""
_GAP_LINES = 2
_LARGE_HEAP = 64 * MIB


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based. columns: the numbers of a -X header. totals: what the last row says."""

    first: int
    last: int
    command: Command | None = None
    pid: int | None = None
    comm: str = ""
    columns: tuple[str, ...] = ()
    mappings: list[Mapping] = field(default_factory=list)
    totals: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    more: int = 0  # rows that somebody left out, like the last one

    @property
    def says(self) -> bool:
        return (
            bool(self.totals)
            or len(self.mappings) >= 2
            or (bool(self.mappings) and self.mappings[0].rss_bytes is not None)
        )


def _mapping(text: str, columns: Sequence[str]) -> Mapping | None:
    """The mapping of a plain row; sizes that its layout does not tell are absent."""
    if (row := _ROW_X.match(text)) is not None:
        rss = None if row[3] == "-" else int(row[3]) * KIB
        written = row[4].split()[0]  # Dirty, Anon before procps 3.3: pages of the process's own
        return _made(row[1], row[2], row[5], row[6], rss, {"written": int(written) * KIB} if written != "-" else {})
    if (row := _ROW_D.match(text)) is not None or (row := _ROW.match(text)) is not None:
        return _made(row[1], row[2], row[3], row[4], None, {})
    if (row := _ROW_FULL.match(text)) is None or not columns or "Size" not in columns:
        return None
    figures = dict(zip(columns, map(int, row[6].split()), strict=False))
    if len(figures) < len(columns):
        return None
    parts = {_PARTS[name]: kib * KIB for name, kib in figures.items() if name in _PARTS and name != "Rss"}
    rss = figures["Rss"] * KIB if "Rss" in figures else None
    return _made(row[1], str(figures["Size"]), row[2], row[7], rss, parts)


def _made(
    address: str, kib: str, mode: str, name: str | None, rss: int | None, parts: dict[str, int]
) -> Mapping | None:
    start, size = int(address, 16), int(kib) * KIB
    if start + size > 1 << 64 or (rss is not None and rss > size):
        return None
    path = (name or "").strip()
    path = {"[ anon ]": "", "[ stack ]": "[stack]", "[anon]": ""}.get(path, path)
    shared = mode[3:4] in ("s", "S")
    perms = mode[:3] + ("s" if shared else "p")
    mapping = Mapping(start=start, end=start + size, perms=perms, path=path, rss_bytes=rss)
    written = parts.pop("written", 0)
    if rss is not None and "pss_bytes" not in parts and not shared:
        parts = {"anonymous_bytes": min(written, rss) if path and path != "[stack]" else rss}
    return replace(mapping, **parts)  # type: ignore[arg-type]  # the keys are fields of sizes


def _totals(text: str, columns: Sequence[str], started: bool) -> dict[str, int] | None:
    """The metrics of a row of totals, None for any other line."""
    if (row := _TOTAL_X.match(text)) is not None:
        found = {"process.virtual_bytes": int(row[1]) * KIB}
        rss = row[2].split()[0]
        return found | ({"process.rss_bytes": int(rss) * KIB} if rss != "-" else {})
    if (row := _TOTAL_D.search(text)) is not None:
        return {"process.virtual_bytes": int(row[1]) * KIB, "process.private_virtual_bytes": int(row[2]) * KIB}
    if (row := _PRIVATE.search(text)) is not None:
        return {"process.private_virtual_bytes": int(row[1]) * KIB}
    if started and (row := _TOTAL.match(text)) is not None:
        return {"process.virtual_bytes": int(row[1]) * KIB}
    if started and columns and (row := _TOTAL_FULL.match(text)) is not None:
        figures = dict(zip(columns, map(int, row[1].split()), strict=False))
        if len(figures) == len(columns):
            known = {_COLUMNS[name]: kib * KIB for name, kib in figures.items() if name in _COLUMNS}
            return known | {"process.virtual_bytes": figures["Size"] * KIB}
    return None


def _header(text: str) -> tuple[str, ...] | None:
    """Names of the number columns of a -X header, () for the other layouts' headers, None for other lines."""
    if not text.startswith("Address "):
        return None
    words = text.split(" ")
    if "Inode" in words and "Size" in words:
        names = words[words.index("Inode") + 1 :]
        return tuple(names[:-1] if names[-1:] == ["Mapping"] else names)
    return () if "Kbytes" in words else None


def _by_awk(command: Command, text: str) -> dict[str, int] | None:
    """The one figure that awk cut out of a total."""
    value = _VALUE.match(text)
    column = command.column
    if value is None or column is None:
        return None
    flags = "".join(re.findall(r"pmap -(\w{1,4})", command.text))
    layout = "d" if "d" in flags else "x" if "x" in flags else ""
    metric = _AWK[layout].get(column) if "tail" in command.text or "grep" in command.text else None
    return {metric: int(value[1]) * KIB} if metric else None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 2000:
            continue
        if block is not None and i - block.last > _GAP_LINES:
            yield from _closed(block)
            block = None
        text = plain(raw)
        command = command_in(raw, ("pmap",)) if "pmap" in raw else None
        columns = _header(text)
        process = _PROCESS.match(text)
        if command is not None or columns is not None or process is not None:
            if block is not None and (block.says or command is not None):
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.last = i
            block.command, block.columns = command or block.command, columns or ()
            if process is not None:
                block.pid, block.comm = int(process[1]), program_of(process[2])
            continue
        mapping = (
            _mapping(text, block.columns if block and not block.totals else ())
            if text[:1] in "0123456789abcdef"
            else None
        )
        if mapping is not None:
            if block is not None and block.totals:
                yield from _closed(block)
                block = None
            block = block or _Block(i, i)
            block.mappings.append(mapping)
            block.last = i
            continue
        if block is not None and block.mappings and (more := _MORE.match(text)) is not None:
            block.more, block.last = int(more[1]), i
            continue
        started = block is not None and (bool(block.mappings) or block.command is not None)
        totals = _totals(text, block.columns if block else (), started)
        if totals is None and block is not None and block.command is not None:
            totals = _by_awk(block.command, text)
        if totals is not None:
            block = block or _Block(i, i)
            block.totals.append((i, totals))
            block.last = i
        elif block is not None and not is_neutral(text) and read_prompt(raw) is None and set(text) > set("- ="):
            yield from _closed(block)
            block = None
    if block is not None:
        yield from _closed(block)


def _closed(block: _Block) -> Iterator[_Block]:
    if block.says:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs of pmap, whole or a few rows, and its totals."""
    blocks = list(_blocks(lines))
    for block, subject in zip(blocks, subjects_of([block.command for block in blocks]), strict=True):
        yield Span(first=block.first, last=block.last, subject=subject)


def arenas_in(mappings: Sequence[Mapping]) -> tuple[int, int]:
    """(count, resident bytes) of malloc's heaps: 64 MiB of anonymous memory from one multiple of 64 MiB to the next.

    malloc reserves them whole and makes the first part writable; a list that kept only the reserved rest still shows one.
    """
    parts: dict[int, list[Mapping]] = {}
    for mapping in mappings:
        if not mapping.path and mapping.start // ARENA_BYTES == (mapping.end - 1) // ARENA_BYTES:
            parts.setdefault(mapping.start // ARENA_BYTES, []).append(mapping)
    count = resident = 0
    for number, found in parts.items():
        found.sort(key=lambda mapping: mapping.start)
        ends = found[-1].end == (number + 1) * ARENA_BYTES
        whole = found[0].start == number * ARENA_BYTES and sum(m.size_bytes for m in found) == ARENA_BYTES
        reserved = len(found) == 1 and found[0].perms.startswith("---") and found[0].size_bytes > ARENA_BYTES // 2
        if ends and (whole or reserved):
            count += 1
            resident += sum(mapping.rss_bytes or 0 for mapping in found)
    return count, resident


def _with_heap(mappings: Sequence[Mapping]) -> list[Mapping]:
    """The mappings with the heap named, which -x prints as `[ anon ]`: it follows the program's own, behind a gap."""
    named = list(mappings)
    if len(named) < 3 or not named[0].path or named[0].path.startswith("["):
        return named
    at = 1
    while at < len(named) and (named[at].path == named[0].path or named[at].start == named[at - 1].end):
        at += 1
    if at < len(named) and not named[at].path and named[at].perms == "rw-p" and named[at].start < _LIBRARIES_FROM:
        named[at] = replace(named[at], path="[heap]")
    return named


def _heap_size(mappings: Sequence[Mapping]) -> dict[str, str]:
    """Fact mappings.heap_virtual_bytes: the address space of malloc's heap in a list that has no resident sizes."""
    heap = next((mapping for mapping in _with_heap(mappings) if mapping.path == "[heap]"), None)
    return {"mappings.heap_virtual_bytes": str(heap.size_bytes)} if heap and heap.size_bytes >= _LARGE_HEAP else {}


def _is_file(mapping: Mapping) -> bool:
    return bool(mapping.path) and not mapping.path.startswith(_NO_FILES)


def _listed(block: _Block) -> dict[str, str]:
    """What the rows of a part of a list have resident, as facts; {} for less than three rows, or none of a file."""
    rows = [mapping for mapping in block.mappings if mapping.rss_bytes]
    if len(rows) < 3 or not any(map(_is_file, rows)):
        return {}
    resident = sum(mapping.rss_bytes or 0 for mapping in rows)
    in_files = sum((mapping.rss_bytes or 0) - mapping.anonymous_bytes for mapping in rows if _is_file(mapping))
    alike = sorted(mapping.rss_bytes or 0 for mapping in rows if _is_file(mapping) == _is_file(rows[-1]))
    left_out = block.more * alike[len(alike) // 2]
    return {
        "mappings.listed_bytes": str(resident + left_out),
        "mappings.listed_file_bytes": str(in_files + (left_out if _is_file(rows[-1]) else 0)),
    }


def _readings(block: _Block) -> Iterator[Reading]:
    subject = f"pid {block.pid}" if block.pid is not None else None
    facts = {"process.comm": block.comm} if block.comm else {}
    if not block.mappings:
        period_s = block.command.period_s if block.command is not None else None
        for turn, (line, totals) in enumerate(block.totals):
            yield Reading(
                metrics=totals,
                quanta=dict.fromkeys(totals, KIB),
                facts=facts,
                subject=subject,
                elapsed_ns=round(turn * period_s * NS_PER_S) if period_s and len(block.totals) > 1 else None,
                line=line + 1,
                last_line=line + 1,
            )
        return
    metrics = dict(block.totals[0][1]) if block.totals else {}
    count, resident = arenas_in(block.mappings)
    if count:
        metrics["process.arena_like_count"] = count
        if resident:
            metrics["process.arena_like_bytes"] = resident
    sized = all(mapping.rss_bytes is not None for mapping in block.mappings)
    mapped = sum(mapping.size_bytes for mapping in block.mappings)
    notes: tuple[str, ...] = ()
    whole = bool(block.totals) and mapped >= metrics.get("process.virtual_bytes", 0) and is_whole(block.mappings)
    if not whole:
        notes = (f"{len(block.mappings)} rows of pmap, not all of the process: what they sum to is a part of it",)
    quanta: dict[str, int] = dict.fromkeys((name for name in metrics if name.endswith("_bytes")), KIB)
    yield Reading(
        metrics=metrics,
        quanta=quanta,
        facts=facts
        | ({"mappings.many": alike} if (alike := many_alike(block.mappings)) else {})
        | (_listed(block) if sized and not whole else {})
        | ({} if sized else _heap_size(block.mappings)),
        mappings=tuple(_with_heap(block.mappings)) if sized and whole else (),
        subject=subject,
        notes=notes,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """Every output in the text, in order. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no output of pmap")
    return readings
