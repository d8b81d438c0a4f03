"""How many CPUs the process may use: its affinity, and the quota of its cgroups.

glibc makes at most 8 arenas for each CPU of the affinity on 64 bit (malloc/arena.c: arena_get2, NARENAS_FROM_NCORES); Go's
GOMAXPROCS is the affinity too, from Go 1.25 on the quota where that is less (runtime/proc.go, doc/godebug.md:
containermaxprocs). Sources: proc_pid_status(5), cgroups(7), Documentation/admin-guide/cgroup-v2.rst (cpu.max).
"""

import re

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.cgroup_path import find_place, levels
from memwhy.sources.proc.files import beside, decode, join, optional, process_path, read_file, split

NAME = "proc/cpus"

_ALLOWED = b"Cpus_allowed_list:"
_QUOTA_V2 = "cpu.max"
_QUOTA_V1 = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
_CONTROLLER_V1 = re.compile(r"^\d+:(?:[^:\n]*,)?cpu(?:,[^:\n]*)?:(/[^\n]*)$", re.MULTILINE)
_MOST_LEVELS = 32


def read(root: str, pid: int) -> bytes:
    """The composite: status' line Cpus_allowed_list, and the quota of the cgroup and of those above it."""
    status = read_file(process_path(root, pid, "status"))
    parts = [("status", b"".join(line for line in status.splitlines(keepends=True) if line.startswith(_ALLOWED)))]
    cgroup = decode(optional(process_path(root, pid, "cgroup")) or b"")
    directories, names = _places(root, pid, cgroup)
    for up, directory in enumerate(directories[:_MOST_LEVELS]):
        found = [(name, optional(f"{directory}/{name}")) for name in names]
        parts += [("../" * up + name, content) for name, content in found if content is not None]
    return join(parts)


def _places(root: str, pid: int, cgroup: str) -> tuple[list[str], tuple[str, ...]]:
    """The directories upwards, and the names of the files that tell the quota there."""
    place = find_place(root, pid, cgroup)
    if place is not None and place.version == 2:
        return list(levels(place.directory, place.top)), (_QUOTA_V2,)
    member = _CONTROLLER_V1.search(cgroup)
    top = beside(root, "/sys/fs/cgroup/cpu")
    below = member[1].strip("/") if member else ""
    return list(levels(f"{top}/{below}" if below and ".." not in below.split("/") else top, top)), _QUOTA_V1


def parse(raw: bytes) -> Reading:
    """Facts process.cpus (a count), and cgroup.cpu_quota in CPUs ("1.5") where there is one: the tightest on the way up."""
    facts: dict[str, str] = {}
    quotas: list[float] = []
    parts = split(raw)
    texts = {name: decode(content).strip() for name, content in parts}
    for name, text in texts.items():
        base = name.rpartition("/")[2]
        if base == "status" and text:
            facts["process.cpus"] = str(cpu_count(NAME, text.partition(":")[2].strip()))
        elif base == _QUOTA_V2:
            quotas += _quota(text.split())
        elif base == _QUOTA_V1[0]:
            quotas += _quota([text, texts.get(name.replace(*_QUOTA_V1), "")])
    if not parts:
        raise ParseError(NAME, None, raw[:80], "has no part that tells of CPUs" if raw else "is empty")
    if quotas:
        facts["cgroup.cpu_quota"] = f"{min(quotas):.3g}"
    return Reading(facts=facts)


def _quota(words: list[str]) -> list[float]:
    """CPUs from `QUOTA PERIOD` in microseconds; [] for "max" and for v1's -1."""
    if len(words) != 2 or not all(re.fullmatch(r"\d{1,15}", word, re.ASCII) for word in words) or not int(words[1]):
        return []
    return [int(words[0]) / int(words[1])]


def cpu_count(source: str, text: str) -> int:
    """`0-3,8` → 5; ParseError of that source for anything else."""
    total = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        last = last or first
        if not (
            first.isdecimal() and last.isdecimal() and len(first) < 7 and len(last) < 7 and int(first) <= int(last)
        ):
            raise ParseError(source, None, text, "not a list of CPUs")
        total += int(last) - int(first) + 1
    return total
