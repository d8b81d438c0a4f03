"""Memory that files in tmpfs and System V segments hold: df, du and ls of /dev/shm, ipcs -m.

df counts pages that are there; ipcs prints the sizes asked for, of which only touched pages exist, and `ipcs -mu` tells those.
A listing of a directory is summed by its `total` line, which counts blocks, where it has one: files there may be sparse.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.span import Span
from memwhy.sources.system.cells import is_neutral, plain, size_of
from memwhy.sources.system.commands import command_in

NAME = "system/tmpfs"
TRIGGERS = (b"tmpfs", b"/dev/shm", b"/run/shm", b"nattch", b"pages resident", b"shared memory segments")

_PAGE_BYTES = 4096
_N = r"\d{1,15}(?:[.,]\d{1,2})?[KMGTkmgt]?i?B?"
_DF = re.compile(
    rf"(?P<name>\S{{1,200}}) (?:(?P<type>[a-z][\w.]{{1,20}}) )?(?P<size>{_N}) (?P<used>{_N}) (?P<free>{_N}) (?:\d{{1,3}}%|-) (?P<mount>/\S{{0,300}})$"
)
_DF_HEAD = re.compile(r"Filesystem (?:Type )?(?:(?P<block>\d{1,4}[KMG]?)-blocks|Size) Used Avail")
_TMPFS = ("tmpfs", "shm", "devtmpfs", "ramfs")
_SHM = ("/dev/shm", "/run/shm")
_DU = re.compile(rf"(?P<size>{_N}) (?P<path>/(?:dev|run)/shm(?:/\S{{0,300}})?)/?$")
_LS = re.compile(
    rf"-[rwxsStT-]{{9}}[.+@]? \d{{1,6}} \S{{1,40}} \S{{1,40}} (?P<size>{_N}) \S{{2,10}} \S{{1,10}} \S{{1,12}} \S.{{0,300}}$"
)
_LS_TOTAL = re.compile(rf"total (?P<size>{_N})$")
_IPCS = re.compile(
    r"0x[0-9a-f]{8} \d{1,12} \S{1,40} \d{3,4} (?P<size>\d{1,18}) (?P<attached>\d{1,7})(?: (?:dest|locked|dest locked))?$"
)
_IPCS_HEAD = re.compile(r"key shmid owner perms bytes nattch|-+ Shared Memory (?:Segments|Status) -+")
_RESIDENT = re.compile(r"pages resident (?P<pages>\d{1,12})$")
_BLOCKS = {"512": 512, "1K": KIB, "1024": KIB, "1M": 1 << 20, "1G": 1 << 30, "1B": 1, "1": 1}
_NOTE = "ipcs prints the sizes of segments: no more than that is in memory"


@dataclass(slots=True)
class _Block:
    """One output; line indices are 0-based. kind: df, inodes (df -i), du, ls or ipcs. rows: (path, bytes, quantum)."""

    kind: str
    first: int
    last: int
    unit: int = KIB
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    total: tuple[int, int] | None = None
    pages: int | None = None

    @property
    def says(self) -> bool:
        return bool(self.rows) or self.total is not None or self.pages is not None


def _head(text: str, raw: str, i: int) -> _Block | None:
    """The block that a header or a command begins."""
    if text.startswith("Filesystem ") and "Inodes" in text:
        return _Block("inodes", i, i)
    if (head := _DF_HEAD.match(text)) is not None:
        return _Block("df", i, i, _BLOCKS.get(head["block"] or "1K", KIB))
    if _IPCS_HEAD.search(text):
        return _Block("ipcs", i, i)
    if "/shm" in raw and (command := command_in(raw, ("ls", "ll", "du"))) is not None and "|" not in command.text:
        return _Block("du" if re.search(r"\bdu\b", command.text) else "ls", i, i, KIB if "du" in command.text else 1)
    return None


def _take(block: _Block | None, text: str, i: int) -> _Block | None:
    """The block with a row in it, a new one where the row needs no header; None where the line is no row of it."""
    if (row := _DF.match(text)) is not None:
        if block is not None and block.kind == "inodes":
            return block
        if block is None or block.kind != "df":
            block = _Block("df", i, i)
        in_memory = row["name"] in _TMPFS or row["type"] in _TMPFS or row["mount"] in _SHM
        measured = size_of(row["used"], block.unit) if in_memory else None
        if measured is not None and row["mount"] not in [mount for mount, *_ in block.rows]:
            block.rows.append((row["mount"], *measured))
        return block
    if (row := _DU.match(text)) is not None and (measured := size_of(row["size"], KIB)) is not None:
        if block is None or block.kind != "du":
            block = _Block("du", i, i)
        if row["path"] in _SHM:
            block.total = measured
        else:
            block.rows.append((row["path"], *measured))
        return block
    if block is None:
        return None
    if block.kind == "ls" and (row := _LS_TOTAL.match(text)) is not None:
        block.total = size_of(row["size"], KIB)
        return block
    if (
        block.kind == "ls"
        and (row := _LS.match(text)) is not None
        and (measured := size_of(row["size"], 1)) is not None
    ):
        block.rows.append(("", *measured))
        return block
    if block.kind == "ipcs":
        if _IPCS_HEAD.search(text) or text.startswith(
            ("segments allocated", "pages allocated", "pages swapped", "Swap performance")
        ):
            return block
        if (row := _IPCS.match(text)) is not None:
            block.rows.append((row["attached"], int(row["size"]), 1))
            return block
        if (row := _RESIDENT.match(text)) is not None:
            block.pages = int(row["pages"])
            return block
    return None


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for i, raw in enumerate(lines):
        if not raw or raw.isspace() or len(raw) > 2000:
            continue
        text = plain(raw)
        within = block if block is not None and i - block.last <= 3 else None
        head = _head(text, raw, i)
        if head is not None and not (within is not None and within.kind == "ipcs" == head.kind and not within.says):
            if block is not None and block.says:
                yield block
            block = head
            continue
        taken = _take(within, text, i)
        if taken is not None:
            if taken is not block and block is not None and block.says:
                yield block
            block = taken
            block.last = i
        elif block is not None and not (is_neutral(text) and within is not None):
            if block.says:
                yield block
            block = None
    if block is not None and block.says:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Outputs with a row of tmpfs, of /dev/shm or of a segment."""
    return (Span(first=block.first, last=block.last) for block in _blocks(lines))


def _reading(block: _Block) -> Reading:
    notes: tuple[str, ...] = ()
    if block.pages is not None:
        held, quantum = block.pages * _PAGE_BYTES, 1
    elif block.total is not None:
        held, quantum = block.total
    else:
        held, quantum = sum(size for _, size, _ in block.rows), max(quantum for *_, quantum in block.rows)
        notes = (_NOTE,) if block.kind == "ipcs" else ()
    facts: dict[str, str] = {}
    if block.kind == "df" and held:
        facts["tmpfs.top"] = max(block.rows, key=lambda row: row[1])[0]
    return Reading(
        metrics={"host.tmpfs_used_bytes": held},
        quanta={"host.tmpfs_used_bytes": quantum} if quantum > 1 else {},
        facts=facts,
        notes=notes,
        line=block.first + 1,
        last_line=block.last + 1,
    )


def parse(text: str) -> tuple[Reading, ...]:
    """One reading an output, in order: what files in memory hold; fact tmpfs.top the fullest mount. ParseError when there is none."""
    readings = tuple(
        reading
        for block in _blocks(text.split("\n"))
        if (reading := _reading(block)).metrics["host.tmpfs_used_bytes"] < 1 << 56
    )
    if not readings:
        raise ParseError(NAME, None, text[:80], "nothing of tmpfs or shared memory segments")
    return readings
