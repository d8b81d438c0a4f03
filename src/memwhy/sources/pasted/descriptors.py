"""`lsof`: open files of one process or of many, with or without the header.

Only rows with a number under FD are descriptors; `cwd`, `txt`, `mem` and their like are not. A table that shows the
process whole gives counts by kind; a cut-out (no header, only some kind) gives what its rows are, and no count that
would pass for the process's.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.span import Span

NAME = "pasted/descriptors"
TRIGGERS = (b"ipv4", b"a_inode", b" fifo ", b" chr ", b" reg ", b" sock ")

_LEAD = r"^[ \t>|`*]{0,40}"
_FD = r"cwd|rtd|txt|mem|mmap|DEL|NOFD|ltx|err|\d{1,7}[rwu]?[-a-zA-Z]{0,2}\*?"
_TYPE = (
    r"IPv[46]|inet6?|unix|sock|netlink|pack|raw6?|REG|VREG|DIR|VDIR|CHR|VCHR|BLK|FIFO|PIPE|a_inode|KQUEUE|LINK|unknown|"
    r"0000|GDIR|GREG|systm|PSXSHM|PSXSEM|DEL|ATALK|key|NPOLICY|VSOCK"
)
_ROW = re.compile(
    rf"{_LEAD}(?P<comm>[^\s|]{{1,60}})\s+(?P<pid>\d{{1,9}})\s+(?:(?P<tid>\d{{1,9}})\s+(?:\S{{1,40}}\s+)?)?(?P<user>[^\s\d]\S{{0,60}})\s+"
    rf"(?P<fd>{_FD})\s+(?P<type>{_TYPE})(?:\s+(?P<rest>\S.*))?$"
)
_HEADER = re.compile(rf"{_LEAD}COMMAND\s+PID\s+(?:TID\s+(?:TASKCMD\s+)?)?USER\s+FD\s+TYPE\b")
_STATE = re.compile(r"\((ESTABLISHED|CLOSE_WAIT|LISTEN|TIME_WAIT|[A-Z_0-9]{3,12})\)")
_OMISSION = re.compile(r"^\s*(?:\.{2,}|…|\[\.\.\.\]|⋮|\*\*\*)")
PIPED = re.compile(r"\b(?:lsof|netstat|ss)\b[^|\n]{0,200}\|\s{0,3}(?P<tool>head|tail|e?grep|awk|sed|less|more)\b")
"""The command above a table says that only some of its rows are here."""

_KINDS = {
    **dict.fromkeys(
        ("ipv4", "ipv6", "inet", "inet6", "unix", "sock", "netlink", "pack", "raw", "raw6", "vsock"), "socket"
    ),
    **dict.fromkeys(("fifo", "pipe"), "pipe"),
    **dict.fromkeys(("reg", "vreg", "dir", "vdir", "gdir", "greg", "link"), "file"),
    **dict.fromkeys(("a_inode", "kqueue"), "anon_inode"),
    **dict.fromkeys(("chr", "vchr", "blk"), "device"),
}
_METRICS = {
    "socket": "process.sockets_count", "pipe": "process.pipes_count", "file": "process.files_count",
    "anon_inode": "process.anon_inodes_count", "memfd": "process.memfds_count",
}  # fmt: skip
STATE_METRICS = {
    "established": "process.sockets_established_count",
    "close-wait": "process.sockets_close_wait_count",
    "listen": "process.sockets_listen_count",
    "time-wait": "process.sockets_time_wait_count",
}
"""By TCP state, spelled as proc/sockets spells it."""

_MOST_PROCESSES = 10
_LONGEST_LINE = 1000


@dataclass(slots=True)
class _Process:
    """The rows of one process; line numbers are 1-based."""

    first: int
    last: int
    comm: str
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    whole: bool = False


def _row(line: str) -> re.Match[str] | None:
    return _ROW.match(line[:_LONGEST_LINE].rstrip())


def find(lines: Sequence[str]) -> Iterable[Span]:
    """A header with rows below it, or two rows one after another; a line that only says `...` may stand between."""
    first, last, rows = -1, -1, 0
    for index, line in enumerate([*lines, "the end"]):
        if _HEADER.match(line[:_LONGEST_LINE]):
            if rows >= 1:
                yield Span(first=first, last=last)
            first, last, rows = begin_of(lines, index), index, 1
        elif _row(line):
            first = begin_of(lines, index) if first < 0 else first
            last, rows = index, rows + 1
        elif first >= 0 and index == last + 1 and index < len(lines) and (not line.strip() or _OMISSION.match(line)):
            continue
        elif first >= 0:
            if rows >= 2:
                yield Span(first=first, last=last)
            first, rows = -1, 0


def begin_of(lines: Sequence[str], index: int) -> int:
    """The line of the command above a table where that cut it down, else the table's first line."""
    above = lines[index - 1][:_LONGEST_LINE] if index else ""
    return index - 1 if "|" in above and PIPED.search(above) else index


def kind_of(word: str, name: str = "") -> str:
    """socket, pipe, file, anon_inode, memfd, device or other, of a TYPE of lsof's and the row's NAME."""
    if "/memfd:" in name:
        return "memfd"
    return _KINDS.get(word.lower(), "other")


def state_name(text: str) -> str:
    """`CLOSE_WAIT`, `CLOSE-WAIT`, `ESTAB` and `FIN_WAIT2` in one spelling."""
    name = text.lower().replace("_", "-")
    name = {"estab": "established", "syn-recv": "syn-recv", "listening": "listen"}.get(name, name)
    return re.sub(r"(?<=fin-wait)-?(?=\d)", "-", name)


def _gather(lines: Sequence[str]) -> tuple[dict[str, _Process], bool]:
    """Processes by pid, and whether lines are left out."""
    processes: dict[str, _Process] = {}
    headed = cut = False
    for number, line in enumerate(lines, start=1):
        match = _row(line)
        if match is None:
            headed = headed or bool(_HEADER.match(line[:_LONGEST_LINE]))
            cut = cut or bool(_OMISSION.match(line) or PIPED.search(line[:_LONGEST_LINE]))
            continue
        process = processes.setdefault(match["pid"], _Process(number, number, match["comm"]))
        process.last = number
        fd = re.match(r"\d{1,7}", match["fd"])
        process.whole = process.whole or (headed and match["fd"] in ("cwd", "rtd", "txt"))
        if fd is None or fd[0] in process.seen:
            continue
        process.seen.add(fd[0])
        rest = match["rest"] or ""
        process.kinds[kind_of(match["type"], rest)] += 1
        if " TCP " in f" {rest}" and (state := _STATE.search(rest[-60:])):
            process.states[state_name(state[1])] += 1
    if headed and not any(process.whole for process in processes.values()):
        for process in processes.values():
            process.whole = len(process.kinds) > 1
    return processes, cut or not headed


def _reading(pid: str, process: _Process, cut: bool) -> Reading:
    kinds, total = process.kinds, process.kinds.total()
    whole = process.whole and not cut
    metrics: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    if whole:
        metrics = {"process.descriptors_count": total}
        metrics |= {metric: kinds[kind] for kind, metric in _METRICS.items()}
    else:
        notes = (f"lsof's table is not whole: its {total} rows are no count of the process's descriptors",)
    if whole or (not cut and set(kinds) == {"socket"}):
        metrics |= {metric: process.states[state] for state, metric in STATE_METRICS.items() if process.states[state]}
    facts = {"process.comm": process.comm}
    if kinds:
        facts["process.descriptors"] = "\n".join(f"{count} {kind}" for kind, count in kinds.most_common())
    if process.states:
        facts["process.socket_states"] = "\n".join(
            f"{count} tcp {state}" for state, count in process.states.most_common()
        )
    return Reading(
        metrics=metrics, facts=facts, subject=f"pid {pid}", notes=notes, line=process.first, last_line=process.last
    )


def _readings(text: str) -> Iterator[Reading]:
    processes, cut = _gather(text.split("\n"))
    largest = sorted(processes.items(), key=lambda item: -item[1].kinds.total())[:_MOST_PROCESSES]
    for pid, process in sorted(largest, key=lambda item: item[1].first):
        yield _reading(pid, process, cut)


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each process, the ten with most descriptors. ParseError when there is no row of lsof's."""
    readings = tuple(_readings(text))
    if not readings:
        raise ParseError(NAME, None, text[:80], "no row of lsof")
    return readings
