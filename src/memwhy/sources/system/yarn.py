"""YARN's node manager on a container that it ends: what its process tree uses, and the tree.

Physical memory is the sum of the RSS of all processes of the tree, virtual memory of their address space; either limit may be
the one that is passed. In the dump VMEM_USAGE counts bytes and RSSMEM_USAGE pages. Source: Hadoop's
ContainersMonitorImpl.formatErrorMessage and ProcfsBasedProcessTree; sizes there are binary (TraditionalBinaryPrefix).

Facts said.virtual where the limit of address space alone is passed, else said.oom; process.first for the program that the
container was made for, where others run beside it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, KIB, MIB
from memwhy.sources.pasted.amounts import exact_bytes
from memwhy.sources.span import Span
from memwhy.sources.system.cells import plain, program_of
from memwhy.sources.system.processes import LARGEST

NAME = "system/yarn"
TRIGGERS = (b"physical memory used",)

TREE = "YARN's physical memory used is the sum of RSS over the container's processes: shared pages count several times"
PAGES_BYTES = (4096, 16384, 65536)
_AMOUNT = r"(\d{1,12}(?:[.,]\d{1,3})?) ?([KMGT]?i?B)"
_USAGE = re.compile(
    rf"(?:Current usage: ?)?{_AMOUNT} of {_AMOUNT} physical memory used[;,.]? {{0,3}}{_AMOUNT} of {_AMOUNT} virtual memory used"
)
_SPARK = re.compile(rf"exceeding (?:physical )?memory limits\. {_AMOUNT} of {_AMOUNT} physical memory used")
"""What Spark repeats of it when an executor is lost."""
_CONTAINER = re.compile(r"[Cc]ontainer ?\[pid ?= ?(\d{1,10}), ?container(?:ID|Id|id) ?= ?(container_\w{4,80})\]")
_BEYOND = re.compile(r"beyond (?:the )?['\"]?(physical|virtual)['\"]? memory limit", re.IGNORECASE)
_ROW = re.compile(
    r"(?:\|?- ?)?(\d{1,10}) (\d{1,10}) \d{1,10} \d{1,10} \(([^()]{1,64})\) \d{1,15} \d{1,15} (\d{1,16}) (\d{1,12})(?: |$)"
)
_DUMP = re.compile(r"Dump of the process-tree|PID PPID PGRPID SESSID")
_SHELLS = frozenset(("bash", "sh", "dash", "container-execu", "container-executor"))
_WIDTHS = {"": 1, "K": KIB, "M": MIB, "G": GIB, "T": 1 << 40}
_SAID = 160
_LONGEST_LINE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One process of the dump. line: 0-based."""

    line: int
    pid: int
    parent: int
    comm: str
    virtual_bytes: int
    pages: int


@dataclass(slots=True)
class _Block:
    """One message; line indices are 0-based."""

    first: int
    last: int
    usage: re.Match[str]
    text: str
    rows: list[_Row] = field(default_factory=list)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    above: tuple[int, str] | None = None  # the message may be wrapped before its figures
    for i, raw in enumerate(lines):
        if block is None and "ontainer" not in raw and "physical memory" not in raw:
            continue
        text = plain(raw[:_LONGEST_LINE]).lstrip("|")
        usage = (_USAGE.search(text) or _SPARK.search(text)) if "physical memory used" in text else None
        if usage is not None:
            if block is not None:
                yield block
            wrapped = above is not None and i - above[0] <= 2 and _CONTAINER.search(text) is None
            first, head = (above[0], above[1] + " ") if wrapped and above is not None else (i, "")
            block, above = _Block(first, i, usage, head + text), None
            continue
        if block is None:
            above = (i, text) if _CONTAINER.search(text) else above
            continue
        row = _ROW.search(text)
        if row is not None and len(block.rows) < 1000:
            block.rows.append(
                _Row(
                    line=i,
                    pid=int(row[1]),
                    parent=int(row[2]),
                    comm=program_of(row[3]),
                    virtual_bytes=int(row[4]),
                    pages=int(row[5]),
                )
            )
            block.last = i
        elif _DUMP.search(text):
            block.last = i
        elif i - block.last > 3:
            yield block
            block = None
    if block is not None:
        yield block


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Messages with a container's use and limits, each with the dump of its processes."""
    for block in _blocks(lines):
        yield Span(first=block.first, last=block.last)


def _amount(number: str, unit: str) -> tuple[int, int]:
    return exact_bytes(number.replace(",", "."), _WIDTHS[unit.rstrip("iB")])


def _page_bytes(block: _Block, resident_bytes: int) -> int:
    """The page size at which the tree's pages come closest to what the message says."""
    pages = sum(row.pages for row in block.rows)
    return min(PAGES_BYTES, key=lambda size: abs(pages * size - resident_bytes)) if pages else PAGES_BYTES[0]


def _readings(block: _Block) -> Iterator[Reading]:
    # the eighth figure, the limit of address space, limits no memory
    used, limit = (_amount(block.usage[i], block.usage[i + 1]) for i in (1, 3))
    virtual = _amount(block.usage[5], block.usage[6]) if block.usage.re is _USAGE else (0, 1)
    if max(used[0], limit[0], virtual[0]) >= 1 << 56:
        return
    whose, beyond = _CONTAINER.search(block.text), _BEYOND.search(block.text)
    of_virtual = beyond[1].lower() == "virtual" if beyond else virtual[0] > used[0] and used[0] < limit[0]
    said = " ".join(block.usage[0].split())[:_SAID]
    programs = [row for row in block.rows if row.comm not in _SHELLS]
    several = len(programs) > 1
    kept = "cgroup.working_set_bytes" if several else "process.rss_bytes"
    sizes = {kept: used, "cgroup.limit_bytes": limit} | (
        {} if several or not virtual[0] else {"process.virtual_bytes": virtual}
    )
    facts = {"said.virtual" if of_virtual else "said.oom": said}
    yield Reading(
        metrics={name: size[0] for name, size in sizes.items()},
        quanta={name: size[1] for name, size in sizes.items()},
        facts=facts | ({"process.comm": programs[0].comm} if len(programs) == 1 else {}),
        subject=f"container {whose[2]}" if whose else None,
        notes=(TREE,) if several else (),
        line=block.first + 1,
        last_line=block.first + 1,
    )
    if several:
        yield from _tree(block, programs, int(whose[1]) if whose else None, _page_bytes(block, used[0]))


def _tree(block: _Block, programs: Sequence[_Row], top: int | None, page: int) -> Iterator[Reading]:
    """The largest processes. top: the container's own pid, as a rule a shell's that started its program."""
    first = next((row.pid for row in programs if top in (row.pid, row.parent)), None)
    for row in sorted(programs, key=lambda row: -row.pages)[:LARGEST]:
        metrics = {"process.virtual_bytes": row.virtual_bytes, "process.rss_bytes": row.pages * page}
        if max(metrics.values()) < 1 << 56:
            yield Reading(
                metrics=metrics,
                quanta={"process.virtual_bytes": 1, "process.rss_bytes": page},
                facts={"process.comm": row.comm} | ({"process.first": "1"} if row.pid == first else {}),
                subject=f"pid {row.pid}",
                line=row.line + 1,
                last_line=row.line + 1,
            )


def parse(text: str) -> tuple[Reading, ...]:
    """What each message says, then the processes of its tree where there are several. ParseError when there is none."""
    readings = tuple(reading for block in _blocks(text.split("\n")) for reading in _readings(block))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no container of YARN")
    return readings
