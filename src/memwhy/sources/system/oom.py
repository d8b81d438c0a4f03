"""The kernel's report of an out-of-memory kill, of every age, behind whatever prefix a log gives its lines.

In the table of processes total_vm and rss count pages, in the line `Killed process` all sizes are kB. The page size is
what makes the two agree for the killed process, 4 KiB where they cannot be held together. Source: mm/oom_kill.c
(dump_tasks, __oom_kill_process), mm/show_mem.c, mm/memcontrol.c (mem_cgroup_print_oom_meminfo).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB, NS_PER_S
from memwhy.sources.pasted.stamps import read_stamp
from memwhy.sources.span import Span
from memwhy.sources.system.cells import program_of
from memwhy.sources.system.processes import LARGEST, WHOLE_ROWS

NAME = "system/oom"
TRIGGERS = (b"oom", b"killed process", b"kill process", b"total-vm")

PAGE_BYTES = 4096
PAGES_NOTE = (
    "total_vm and rss in the kernel's table of an OOM report count pages, not kB; here they are taken as {} bytes each"
)

_KILLED = re.compile(
    r"[Kk]ill(?:ed)? process (\d{1,10})(?:, UID \d{1,10},)? \(([^()]{1,64}(?:\([^()]{0,20}\))?)\)(.{0,400})"
)
_VICTIM_SIZE = re.compile(r"(total-vm|vsz|anon-rss|file-rss|shmem-rss|pgtables): ?(\d{1,14}) ?kB")
_SIZES = {
    "total-vm": "process.virtual_bytes", "vsz": "process.virtual_bytes", "anon-rss": "process.rss_anon_bytes",
    "file-rss": "process.rss_file_bytes", "shmem-rss": "process.rss_shmem_bytes", "pgtables": "process.page_tables_bytes",
}  # fmt: skip
_HEADER = re.compile(r"\[ {0,6}pid {0,6}\] {1,8}uid {1,8}tgid {1,8}total_vm {1,12}rss ?(.{0,120})$")
_ROW = re.compile(
    r"\[ {0,8}(\d{1,10})\] {1,12}(\d{1,10}) {1,12}(\d{1,10}) {1,12}(\d{1,14}) {1,12}(\d{1,13})((?: {1,24}-?\d{1,14}){2,8}) (\S.{0,80})$"
)
_INVOKED = re.compile(r"(\S{1,64}) invoked oom-killer: ")
_OOM_KILL = re.compile(r"oom-kill:constraint=(CONSTRAINT_\w{1,20})")
_USAGE = re.compile(r"(?<![\w+])memory: usage (\d{1,15}) ?kB, limit (\d{1,18}) ?kB")
_KMEM = re.compile(r"(?<!\w)kmem: usage (\d{1,15}) ?kB, limit")
_STATS = re.compile(r"Memory cgroup stats(?: for (\S{1,200}?))?:(.{0,1000})$")
_STAT_V1 = re.compile(r"(?<!\w)(cache|rss|shmem|mapped_file|inactive_file|active_file): ?(\d{1,14})KB")
_STAT_ROW = re.compile(
    r"(?:^|\] |: )(anon|file|kernel|kernel_stack|slab|sock|shmem|inactive_file|active_file|slab_reclaimable|cache|rss|mapped_file|file_mapped|percpu|pagetables|total_\w{2,20}) (\d{1,18})$"
)
_MEM_INFO = re.compile(
    r"(?:^|[\s:])(slab_reclaimable|slab_unreclaimable|mapped|shmem|pagetables|free|kernel_misc_reclaimable):(\d{1,12})(?![\dkK])"
)
_RAM = re.compile(r"(?:^|[\s:])(\d{1,12}) pages (RAM|reserved)$")
_SWAP = re.compile(r"(Total|Free) swap {1,3}= {0,3}(\d{1,14})kB")
_OTHER = re.compile(
    r"oom_reaper|oom_score_adj=|Call Trace|Hardware name|Mem-Info|Node \d|lowmem_reserve|pages (?:in swap|Highmem|hwpoisoned|cma)|pagecache pages"
    r"|Swap cache stats|isolated_|active_file|unevictable|free_pcp|CPU: \d|RIP:|R[A-D0-9][X0-9]:|\? |\+0x|Tasks? state|cpuset=|Task in /|hugepages_total"
    r"|<TASK>|memory\+swap|swap: usage|warn_alloc|dirty:|bounce:|[a-z_]{3,40} \d{1,18}$"
)
_UPTIME = re.compile(r"\[ {0,8}(\d{1,9})\.(\d{1,6})\]")
_HOST = re.compile(
    r"^(?:\S{0,80}log\S{0,10}:)?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d ([A-Za-z][\w.-]{0,60}) kernel:"
)
_LOG_NAME = re.compile(r"^[\s>`*]{0,20}(?:[\w./-]{0,80}log[\w.-]{0,10}:)?")
_HINT = re.compile(
    r"oom|OOM|Out of memory|[Kk]ill(?:ed)? process|memory: usage|pid {0,6}\]|\[ {0,8}\d{1,10}\] {1,12}\d"
)
"""Stands in every line that a report can begin with."""
_SAYS = re.compile(r"(?:OOMKilled|\bOOM[ -]kill|killed by the OOM killer|systemd-oomd|earlyoom)", re.IGNORECASE)
_KUBERNETES = re.compile(
    r"^[\s>*`-]{0,20}(?:Reason:\s{1,20}|\"?OOMKilled\"?: {0,3}true|\"reason\": {0,3}\")(?:OOMKilled)?"
)
_CGROUP = {
    "anon": "cgroup.anon_bytes", "rss": "cgroup.anon_bytes", "file": "cgroup.file_bytes", "cache": "cgroup.file_bytes",
    "shmem": "cgroup.shmem_bytes", "inactive_file": "cgroup.inactive_file_bytes", "active_file": "cgroup.active_file_bytes",
    "slab": "cgroup.slab_bytes", "sock": "cgroup.sock_bytes", "kernel": "cgroup.kernel_bytes",
    "slab_reclaimable": "cgroup.slab_reclaimable_bytes", "file_mapped": "cgroup.mapped_file_bytes", "mapped_file": "cgroup.mapped_file_bytes",
}  # fmt: skip
_HOST_PAGES = {
    "slab_reclaimable": "host.slab_reclaimable_bytes", "slab_unreclaimable": "host.slab_unreclaimable_bytes", "mapped": "host.mapped_bytes",
    "shmem": "host.shared_bytes", "pagetables": "host.page_tables_bytes", "free": "host.free_bytes",
}  # fmt: skip
_GAP_LINES = 12
_SAID = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A row of the table, in pages."""

    line: int
    pid: int
    tgid: int
    total_vm: int
    rss: int
    comm: str


@dataclass(slots=True)
class _Event:
    """One kill and what was reported about it; line indices are 0-based."""

    first: int
    last: int
    tasks: list[_Task] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=dict)
    killed_line: int | None = None
    pid: int | None = None
    comm: str = ""
    said: str = ""
    cgroup: dict[str, int] = field(default_factory=dict)
    host_pages: dict[str, int] = field(default_factory=dict)
    host: dict[str, int] = field(default_factory=dict)
    ram_pages: int | None = None
    in_cgroup: bool = False
    wall_ns: int | None = None
    elapsed_ns: int | None = None
    host_name: str | None = None
    stamp_note: str = ""

    @property
    def done(self) -> bool:
        return bool(self.killed)

    def when(self, line: str) -> None:
        """Keep the first time that a line of the event tells."""
        if self.wall_ns is None and (stamp := read_stamp(_LOG_NAME.sub("", line[:200], count=1))) is not None:
            self.wall_ns, self.stamp_note = stamp.wall_ns, stamp.note
        if self.elapsed_ns is None and (up := _UPTIME.search(line[:120])) is not None:
            self.elapsed_ns = int(up[1]) * NS_PER_S + int(up[2].ljust(9, "0"))
        if self.host_name is None and (host := _HOST.match(line[:200])) is not None:
            self.host_name = host[1]

    def take(self, line: str, index: int) -> bool:
        """Read a line of the report; whether it is one."""
        if killed := _KILLED.search(line):
            self._take_killed(killed, line, index)
            return True
        if row := _ROW.search(line):
            self.tasks.append(
                _Task(
                    line=index,
                    pid=int(row[1]),
                    tgid=int(row[3]),
                    total_vm=int(row[4]),
                    rss=int(row[5]),
                    comm=program_of(row[7]),
                )
            )
            return True
        if usage := _USAGE.search(line):
            self.cgroup["cgroup.current_bytes"] = int(usage[1]) * KIB
            if int(usage[2]) * KIB < 1 << 62:
                self.cgroup["cgroup.limit_bytes"] = int(usage[2]) * KIB
            self.in_cgroup = True
            return True
        return self._take_more(line)

    def _take_killed(self, killed: re.Match[str], line: str, index: int) -> None:
        self.pid, self.comm = int(killed[1]), program_of(killed[2])
        self.in_cgroup = self.in_cgroup or "emory cgroup out of memory" in line
        self.said = self.said or _sentence(line)
        sizes = {_SIZES[key]: int(size) * KIB for key, size in _VICTIM_SIZE.findall(killed[3])}
        parts = [
            sizes[name]
            for name in ("process.rss_anon_bytes", "process.rss_file_bytes", "process.rss_shmem_bytes")
            if name in sizes
        ]
        if "process.rss_anon_bytes" in sizes:
            sizes["process.rss_bytes"] = sum(parts)
        if sizes:
            self.killed, self.killed_line = sizes, index
        elif self.killed_line is None:
            self.killed_line = index

    def _take_more(self, line: str) -> bool:
        if _HEADER.search(line) or _INVOKED.search(line):
            return True
        if kill := _OOM_KILL.search(line):
            self.in_cgroup = self.in_cgroup or kill[1] == "CONSTRAINT_MEMCG"
            return True
        if kmem := _KMEM.search(line):
            self.cgroup.setdefault("cgroup.kernel_bytes", int(kmem[1]) * KIB)
            return True
        if stats := _STATS.search(line):
            self.in_cgroup = True
            self.cgroup |= {_CGROUP[key]: int(size) * KIB for key, size in _STAT_V1.findall(stats[2])}
            return True
        if self.in_cgroup and (row := _STAT_ROW.search(line)):
            metric = _CGROUP.get(row[1].removeprefix("total_"))
            if metric is not None and (row[1].startswith("total_") or metric not in self.cgroup):
                self.cgroup[metric] = int(row[2])
            return True
        if ram := _RAM.search(line):
            sign = 1 if ram[2] == "RAM" else -1
            self.ram_pages = (self.ram_pages or 0) + sign * int(ram[1])
            return True
        if swap := _SWAP.search(line):
            self.host["host.swap_total_bytes" if swap[1] == "Total" else "free_swap"] = int(swap[2]) * KIB
            return True
        found = _MEM_INFO.findall(line) if ":" in line and "Node" not in line else []
        for key, pages in found:
            if key in _HOST_PAGES:
                self.host_pages.setdefault(_HOST_PAGES[key], int(pages))
        return bool(found) or _OTHER.search(line) is not None


def _sentence(line: str) -> str:
    """The words of a log line without its prefix."""
    start = max(line.find("kernel: "), line.rfind("] ", 0, 120))
    at = min(
        (i for i in (line.find(word) for word in ("Out of memory", "Memory cgroup", "Kill")) if i >= 0),
        default=max(start, 0),
    )
    return " ".join(line[at : at + 400].split())[:_SAID]


def _begins(line: str) -> bool:
    """Whether a line can begin a report."""
    return bool(
        _INVOKED.search(line)
        or _HEADER.search(line)
        or _KILLED.search(line)
        or _ROW.search(line)
        or _USAGE.search(line)
        or _OOM_KILL.search(line)
    )


def _events(lines: Sequence[str]) -> Iterator[_Event]:
    event: _Event | None = None
    for i, line in enumerate(lines):
        if event is None and _HINT.search(line) is None:
            continue
        if not line.strip() or len(line) > 4000:
            continue
        line = line.rstrip(" \t\r*`")
        if event is not None and i - event.last > _GAP_LINES:
            yield from _closed(event)
            event = None
        if event is not None and event.done and _starts_anew(line, event):
            yield from _closed(event)
            event = None
        if event is None:
            if not _begins(line):
                continue
            event = _Event(i, i)
        if event.take(line, i):
            event.last = i
            event.when(line)
    if event is not None:
        yield from _closed(event)


def _starts_anew(line: str, event: _Event) -> bool:
    """After a kill: another invocation, table or victim."""
    if killed := _KILLED.search(line):
        return int(killed[1]) != event.pid or "total-vm" in killed[3]
    return bool(_INVOKED.search(line) or _HEADER.search(line) or _ROW.search(line) or _USAGE.search(line))


def _closed(event: _Event) -> Iterator[_Event]:
    """The event if it says anything: a victim, three rows of its table, or a cgroup's usage in its words."""
    if event.pid is not None or len(event.tasks) >= 3 or (event.cgroup and event.in_cgroup):
        yield event


def find(lines: Sequence[str]) -> Iterable[Span]:
    """OOM reports, whole or a few lines of them; single lines that say a container was killed for memory."""
    taken = 0
    for event in _events(lines):
        yield from _said(lines, taken, event.first)
        yield Span(first=event.first, last=event.last, subject=f"host {event.host_name}" if event.host_name else None)
        taken = event.last + 1
    yield from _said(lines, taken, len(lines))


def _said(lines: Sequence[str], first: int, end: int) -> Iterator[Span]:
    for i in range(first, end):
        line = lines[i]
        if "OOMKilled" in line and len(line) < 400 and _KUBERNETES.match(line):
            yield Span(first=i, last=i)


def _page_bytes(event: _Event) -> int:
    """The page size at which the killed process's address space in pages and in kB agree."""
    size = event.killed.get("process.virtual_bytes")
    own = next((task for task in event.tasks if task.pid == event.pid and task.total_vm), None)
    if size and own:
        page = size // own.total_vm
        if page in (4096, 8192, 16384, 65536) and page * own.total_vm == size:
            return page
    return PAGE_BYTES


def _readings(event: _Event) -> Iterator[Reading]:
    page = _page_bytes(event)
    base = Reading(wall_ns=event.wall_ns, elapsed_ns=event.elapsed_ns)
    said = {"said.oom": event.said or "a report of the kernel's OOM killer"}
    lines = (event.first + 1, event.last + 1)
    host = {name: pages * page for name, pages in event.host_pages.items()}
    host |= {name: size for name, size in event.host.items() if name != "free_swap"}
    if event.ram_pages is not None and event.ram_pages > 0:
        host["host.total_bytes"] = event.ram_pages * page
    if "host.swap_total_bytes" in host and "free_swap" in event.host:
        host["host.swap_used_bytes"] = max(0, host["host.swap_total_bytes"] - event.host["free_swap"])
    tasks = [task for task in event.tasks if task.pid == task.tgid]
    if not event.in_cgroup and len(tasks) >= WHOLE_ROWS:
        host["host.processes_rss_bytes"] = sum(task.rss for task in tasks) * page
    owner = f"host {event.host_name}" if event.host_name else None
    if host:
        yield replace(base, metrics=host, facts=said, subject=owner, line=lines[0], last_line=lines[1])
    if event.cgroup:
        quanta: dict[str, int] = dict.fromkeys(
            {"cgroup.current_bytes", "cgroup.limit_bytes"} & event.cgroup.keys(), KIB
        )
        yield replace(base, metrics=event.cgroup, quanta=quanta, facts=said, line=lines[0], last_line=lines[1])
    if event.pid is not None and event.killed_line is not None:
        facts = {**said, **({"process.comm": event.comm} if event.comm else {})}
        quanta = dict.fromkeys(event.killed, KIB)
        line = event.killed_line + 1
        yield replace(
            base,
            metrics=dict(event.killed),
            quanta=quanta,
            facts=facts,
            subject=f"pid {event.pid}",
            notes=(event.stamp_note,) if event.stamp_note else (),
            line=line,
            last_line=line,
        )
    yield from _tasks(event, tasks, page, base)


def _tasks(event: _Event, tasks: Sequence[_Task], page: int, base: Reading) -> Iterator[Reading]:
    """The largest rows, largest first; the victim's own is left out where its sizes stand in kB."""
    others = [task for task in tasks if not (event.killed and task.pid == event.pid)]
    largest = sorted(others, key=lambda task: -task.rss)[:LARGEST]
    for task in largest:
        sizes = {"process.virtual_bytes": task.total_vm * page, "process.rss_bytes": task.rss * page}
        if max(sizes.values()) >= 1 << 56:
            continue
        yield replace(
            base,
            metrics=sizes,
            quanta=dict.fromkeys(sizes, page),
            facts={"process.comm": task.comm} if task.comm else {},
            subject=f"pid {task.pid}",
            notes=(PAGES_NOTE.format(page),) if task is largest[0] else (),
            line=task.line + 1,
            last_line=task.line + 1,
        )


def parse(text: str) -> tuple[Reading, ...]:
    """Every report in the text, in order. ParseError when there is none."""
    lines = text.split("\n")
    readings = [reading for event in _events(lines) for reading in _readings(event)]
    for span in _said(lines, 0, len(lines)) if not readings else ():
        readings.append(
            Reading(
                facts={"said.oom": " ".join(lines[span.first].split())[:_SAID]},
                line=span.first + 1,
                last_line=span.first + 1,
            )
        )
    if not readings:
        raise ParseError(NAME, None, text[:80], "no OOM report")
    return tuple(readings)
