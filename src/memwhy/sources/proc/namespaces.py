"""Which namespaces the process lives in, and whether they are ours.

Our own text: `KIND TARGET OURS` per line ("-" where one of them cannot be seen), and the NSpid line of
status. Source: namespaces(7), proc_pid_ns(5).
"""

import os
import re

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import decode, process_path, read_file

NAME = "proc/namespaces"

KINDS = ("pid", "net", "mnt", "user", "cgroup")

_LINE = re.compile(r"(\w{1,20}) (\S{1,80}) (\S{1,80})")
_NSPID = re.compile(r"NSpid:\s*(\d+(?:\s+\d+)*)\s*")


def read(root: str, pid: int) -> bytes:
    """Our own text. Without permission to look at the process's links: PermissionError."""
    lines: list[str] = []
    for kind in KINDS:
        target = _link(process_path(root, pid, f"ns/{kind}"))
        try:
            ours = _link(f"{root.rstrip('/')}/self/ns/{kind}")
        except PermissionError:
            ours = "-"
        lines.append(f"{kind} {target} {ours}")
    status = decode(read_file(process_path(root, pid, "status")))
    lines += [line for line in status.split("\n") if line.startswith("NSpid:")]
    return ("\n".join(lines) + "\n").encode()


def _link(path: str) -> str:
    """Where a namespace link points; "-" where this kernel has no such namespace."""
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return "-"


def parse(raw: bytes) -> Reading:
    """Facts namespace.KIND: "same", "other" or "unknown"; process.nspid, the pid from our namespace inwards."""
    facts: dict[str, str] = {}
    for line in decode(raw).split("\n"):
        if match := _LINE.fullmatch(line):
            seen = "-" not in (match[2], match[3])
            facts[f"namespace.{match[1]}"] = ("same" if match[2] == match[3] else "other") if seen else "unknown"
        elif match := _NSPID.fullmatch(line):
            facts["process.nspid"] = " ".join(match[1].split())
    if not facts:
        raise ParseError(NAME, None, raw[:80], "has no line `KIND TARGET OURS`" if raw else "is empty")
    return Reading(facts=facts)
