"""All descendants of the process: one line `PID PPID RSS_KB COMM` each.

From task/TID/children where the kernel has it (CONFIG_PROC_CHILDREN), else by looking at every process's
parent. Source: proc_tid_children(5), proc_pid_stat(5) fields 4 and 24.
"""

import re
import resource
from collections import Counter, defaultdict
from collections.abc import Iterable

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fields import KIB_QUANTUM
from memwhy.sources.proc.files import decode, numeric_names, printable, process_path, read_file

NAME = "proc/children"

MOST = 10_000
GROUPS = 30

_STAT = re.compile(rb"(\d+) \((.*)\) (\S)((?: -?\d+){21,})", re.DOTALL)
_LINE = re.compile(r"(\d{1,10}) (\d{1,10}) (\d{1,15}) (.*)")
_CUT = re.compile(r"more than \d+ descendants: the rest is not listed")


def read(root: str, pid: int) -> bytes:
    """Our own text, in the order of the walk; children that end meanwhile are left out."""
    parents = _by_parent(root) if _has_no_children_files(root, pid) else None
    page_kb = resource.getpagesize() // 1024
    lines: list[bytes] = []
    seen = {pid}
    waiting = sorted(_children(root, pid, parents))
    while waiting:
        child = waiting.pop()
        if child in seen:
            continue
        seen.add(child)
        if len(lines) >= MOST:
            lines.append(b"more than %d descendants: the rest is not listed\n" % MOST)
            break
        try:
            match = _STAT.match(read_file(process_path(root, child, "stat")))
            waiting += _children(root, child, parents)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if match:
            numbers = match[4].split()
            rss_kb = max(int(numbers[20]), 0) * page_kb
            lines.append(b"%d %d %d %s\n" % (child, int(numbers[0]), rss_kb, match[2].replace(b"\n", b"\\n")))
    return b"".join(lines)


def _has_no_children_files(root: str, pid: int) -> bool:
    """Whether this kernel lacks task/TID/children. A vanished process raises FileNotFoundError here."""
    for tid in numeric_names(process_path(root, pid, "task")):
        try:
            read_file(process_path(root, pid, f"task/{tid}/children"))
        except FileNotFoundError:
            continue
        return False
    return True


def _children(root: str, pid: int, parents: dict[int, list[int]] | None) -> Iterable[int]:
    """Pids of the direct children, of all threads."""
    if parents is not None:
        return parents.get(pid, [])
    found: list[int] = []
    for tid in numeric_names(process_path(root, pid, "task")):
        try:
            found += map(int, read_file(process_path(root, pid, f"task/{tid}/children")).split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _by_parent(root: str) -> dict[int, list[int]]:
    """Every process's pid under its parent's."""
    parents: dict[int, list[int]] = defaultdict(list)
    for pid in numeric_names(root):
        try:
            match = _STAT.match(read_file(process_path(root, pid, "stat")))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if match:
            parents[int(match[4].split()[0])].append(pid)
    return parents


def parse(raw: bytes) -> Reading:
    """Number and RSS of the descendants; fact process.children, `count rss_kB comm` per name, largest first.

    An empty text is a process without children.
    """
    rss_kb: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    notes: tuple[str, ...] = ()
    for number, line in enumerate(decode(raw).split("\n"), start=1):
        if not line:
            continue
        if _CUT.fullmatch(line):
            notes = (line,)
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(NAME, number, line, "not a line `PID PPID RSS_KB COMM`")
        name = printable(match[4])
        numbers[name] += 1
        rss_kb[name] += int(match[3])
    metrics = {"process.children_count": numbers.total(), "process.children_rss_bytes": rss_kb.total() * 1024}
    ranked = sorted(numbers, key=lambda name: (-rss_kb[name], name))[:GROUPS]
    rows = [f"{numbers[name]} {rss_kb[name]} {name}" for name in ranked]
    facts = {"process.children": "\n".join(rows)} if rows else {}
    return Reading(metrics=metrics, quanta={"process.children_rss_bytes": KIB_QUANTUM}, facts=facts, notes=notes)
