"""Which program the process is: its executable's path, its own name, and argv[0]; never the rest of the command line.

A program may write over its command line (setproctitle), so of an argv[0] that is not the executable's
path only the first word is kept: what follows could be anything. Source: proc_pid_exe(5), proc_pid_cmdline(5).
"""

import os

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import decode, join, printable, process_path, read_file, split

NAME = "proc/exe"

_DELETED = " (deleted)"
_MOST_BYTES = 4096


def read(root: str, pid: int) -> bytes:
    """The composite of exe (the link's text), comm and argv0. Kernel threads have comm only."""
    parts = [("comm", read_file(process_path(root, pid, "comm")))]
    executable = ""
    try:
        executable = os.readlink(process_path(root, pid, "exe"))
        parts.append(("exe", os.fsencode(executable) + b"\n"))
    except OSError:
        pass  # a kernel thread has none, another user's we may not see
    if name := program_name(root, pid, executable):
        parts.append(("argv0", name + b"\n"))
    return join(parts)


def program_name(root: str, pid: int, executable: str) -> bytes:
    """argv[0]; its first word alone, unless the whole is the executable's path. b"" for kernel threads."""
    with open(process_path(root, pid, "cmdline"), "rb", buffering=0) as file:
        first = file.read(_MOST_BYTES).partition(b"\0")[0]
    if first and first == os.fsencode(executable.removesuffix(_DELETED)):
        return first
    return first.split()[0] if first.split() else b""


def parse(raw: bytes) -> Reading:
    """Facts process.comm, process.exe (without " (deleted)"), process.exe_deleted ("1"), process.argv0."""
    facts: dict[str, str] = {}
    for name, content in split(raw):
        text = printable(decode(content).removesuffix("\n"))
        if name not in ("exe", "comm", "argv0") or not text:
            continue
        facts[f"process.{name}"] = text
        if name == "exe" and text.endswith(_DELETED):
            facts["process.exe"] = text.removesuffix(_DELETED)
            facts["process.exe_deleted"] = "1"
    if not facts:
        raise ParseError(NAME, None, raw[:80], "has no part exe, comm or argv0" if raw else "is empty")
    return Reading(facts=facts)
