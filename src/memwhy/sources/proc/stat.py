"""/proc/PID/stat: CPU time, faults, and the start time that makes a pid a process.

Times are in USER_HZ ticks, 100 a second on every Linux that Go or CPython runs on (the constant of
the kernel's interface, not of its timer). Source: proc_pid_stat(5).
"""

import re

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import NS_PER_S
from memwhy.sources.proc.files import decode, printable, process_path, read_file

NAME = "proc/stat"

USER_HZ = 100

_LINE = re.compile(rb"\s*(\d{1,10}) \((.*)\) (\S)((?: -?\d{1,20}){19,60})\s*", re.DOTALL)


def read(root: str, pid: int) -> bytes:
    """The line, verbatim."""
    return read_file(process_path(root, pid, "stat"))


def parse(raw: bytes) -> Reading:
    """CPU time and faults; facts process.start_ticks, .state, .comm, .ppid, .startstack (where we may see it).

    The name stands in parentheses and may hold blanks, parentheses and newlines itself: the last one closes it.
    """
    match = _LINE.fullmatch(raw)
    if match is None:
        raise ParseError(NAME, None, raw[:80], "not a line of /proc/PID/stat" if raw else "is empty")
    numbers = [0, 0, 0, *(int(number) for number in match[4].split())]  # numbers[n - 1] is field n of proc_pid_stat(5)
    facts = {
        "process.pid": decode(match[1]),
        "process.comm": printable(match[2]),
        "process.state": decode(match[3]),
        "process.ppid": str(numbers[3]),
        "process.start_ticks": str(numbers[21]),
    }
    if len(numbers) >= 28 and numbers[27] > 0:
        facts["process.startstack"] = str(numbers[27])
    metrics = {
        "process.minor_faults_count": max(numbers[9], 0),
        "process.major_faults_count": max(numbers[11], 0),
        "process.cpu_ns": (max(numbers[13], 0) + max(numbers[14], 0)) * (NS_PER_S // USER_HZ),
    }
    return Reading(
        metrics=metrics,
        quanta={"process.cpu_ns": NS_PER_S // USER_HZ},
        facts=facts,
        subject=f"pid {facts['process.pid']}",
    )
