"""Which machine and kernel this is, and which system the process itself sees.

The process's own /etc/os-release is read through its root: a container's libc is the container's.
Source: proc_sys_kernel(5), os-release(5).
"""

import os

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.cpus import cpu_count
from memwhy.sources.proc.files import beside, decode, join, optional, printable, process_path, read_file, split

NAME = "proc/host"

_CPUS = "/sys/devices/system/cpu/online"
_FACTS = {
    "sys/kernel/osrelease": "host.kernel",
    "sys/kernel/arch": "host.machine",
    "sys/kernel/random/boot_id": "host.boot_id",
    "sys/kernel/hostname": "host.name",
}


def read(root: str, pid: int) -> bytes:
    """The composite; parts that this kernel does not have are left out, of os-release one line is kept."""
    base = root.rstrip("/")
    parts = [("sys/kernel/osrelease", read_file(f"{base}/sys/kernel/osrelease"))]
    for name in ("sys/kernel/arch", "sys/kernel/random/boot_id", "sys/kernel/hostname"):
        content = optional(f"{base}/{name}")
        if content is None and name == "sys/kernel/arch" and base == "/proc":
            content = os.uname().machine.encode() + b"\n"  # the file is there since Linux 6.1
        if content is not None:
            parts.append((name, content))
    cpus = optional(beside(root, _CPUS))
    if cpus is not None:
        parts.append((_CPUS, cpus))
    for name, path in (
        ("/etc/os-release", beside(root, "/etc/os-release")),
        ("root/etc/os-release", process_path(root, pid, "root/etc/os-release")),
    ):
        lines = (optional(path) or b"").splitlines(keepends=True)
        pretty = [line for line in lines if line.startswith(b"PRETTY_NAME=")]
        if pretty:
            parts.append((name, pretty[0]))
    return join(parts)


def parse(raw: bytes) -> Reading:
    """Facts host.kernel, .machine, .boot_id, .name, .cpus (a count), .os, and process.os."""
    facts: dict[str, str] = {}
    for name, content in split(raw):
        text = printable(decode(content).strip())
        if not text:
            continue
        if name in _FACTS:
            facts[_FACTS[name]] = text
        elif name == _CPUS:
            facts["host.cpus"] = str(cpu_count(NAME, text))
        elif name.endswith("etc/os-release"):
            fact = "process.os" if name.startswith("root/") else "host.os"
            facts[fact] = text.removeprefix("PRETTY_NAME=").strip("\"'")
    if not facts:
        raise ParseError(NAME, None, raw[:80], "has no part that tells of a host" if raw else "is empty")
    return Reading(facts=facts)
