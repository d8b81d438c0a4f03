"""The neighbours: the processes of this host that hold most, by RSS; what `ps --sort=-rss | head` would show.

Lines of pid, RSS in kB and the program's name (no command line). Shared pages are counted with each of their users.
Source: proc_pid_statm(5) field 2, proc_pid_comm(5).
"""

import os

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import KIB
from memwhy.sources.proc.files import decode, numeric_names, printable, process_path, read_file

NAME = "proc/neighbours"

SHOWN = 30
_SUM = "all"


def read(root: str, pid: int) -> bytes:
    """The largest SHOWN processes that may be seen, and a line with the sum of all."""
    page_kib = os.sysconf("SC_PAGE_SIZE") // KIB
    rows = []
    for one in numeric_names(root):
        try:
            resident = int(read_file(process_path(root, one, "statm"), 4096).split()[1])
            name = printable(read_file(process_path(root, one, "comm"), 4096).removesuffix(b"\n"))
        except (OSError, IndexError, ValueError):
            continue  # ended meanwhile, or hidden
        if resident:
            rows.append((resident * page_kib, one, name))
    rows.sort(reverse=True)
    lines = [f"{number} {kib} {name}\n" for kib, number, name in rows[:SHOWN]]
    return "".join([*lines, f"{_SUM} {sum(kib for kib, _, _ in rows)} {len(rows)} processes\n"]).encode()


def parse(raw: bytes) -> Reading:
    """Metric host.processes_rss_bytes; fact host.largest_processes, a line each: RSS in kB, pid and name."""
    largest: list[str] = []
    total_kib: int | None = None
    for number, line in enumerate(decode(raw).splitlines(), start=1):
        who, _, rest = line.partition(" ")
        kib, _, name = rest.partition(" ")
        if not (kib.isascii() and kib.isdigit() and len(kib) < 16) or not (who == _SUM or who.isdigit()):
            raise ParseError(NAME, number, line[:80], "no pid, kB and name")
        if who == _SUM:
            total_kib = int(kib)
        elif len(largest) < SHOWN:
            largest.append(f"{kib} {who} {printable(name)}")
    if total_kib is None:
        raise ParseError(NAME, None, raw[:80], "has no line of the sum")
    return Reading(
        metrics={"host.processes_rss_bytes": total_kib * KIB}, facts={"host.largest_processes": "\n".join(largest)}
    )
