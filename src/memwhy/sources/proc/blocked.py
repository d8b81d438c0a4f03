"""What each thread waits in: its state, the kernel function and the system call it sleeps in, and its name.

Our own text: a line with the machine, then `TID STATE WCHAN SYSCALL NAME`, "-" where something may not be read. Source:
proc_pid_wchan(5), proc_pid_syscall(5), which is "running" for a thread that does not sleep; reading either stops nothing. Of
more than MOST threads so many are looked at, evenly by their ids. Numbers of system calls: asm/unistd.h of either machine.
"""

import os
import re
from collections import Counter

from memwhy.model.errors import ParseError
from memwhy.model.profile import Profile, StackSample
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import decode, numeric_names, printable, process_path, read_file

NAME = "proc/blocked"
PROFILE = "threads"

MOST = 400
"""Three small files for each: 400 threads take 20 ms."""
_MOST_BYTES = {"wchan": 512, "syscall": 40}
"""A name of the kernel has up to 511 bytes (include/linux/kallsyms.h: KSYM_NAME_LEN)."""
_STAT = re.compile(rb"\d+ \((.*)\) (\S)", re.DOTALL)
_HEAD = re.compile(r"(\d{1,10}) threads on (\S{1,40}), (\d{1,10}) looked at")
_LINE = re.compile(r"(\d{1,10}) ([A-Za-z?]) (\S{1,512}) (\S{1,40}) (.*)")
_DIGITS = re.compile(r"\d+")
_X86_64 = {
    0: "read", 1: "write", 7: "poll", 16: "ioctl", 17: "pread64", 18: "pwrite64", 20: "writev", 23: "select", 34: "pause",
    35: "nanosleep", 42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 61: "wait4",
    65: "semop", 70: "msgrcv", 72: "fcntl", 73: "flock", 74: "fsync", 75: "fdatasync", 128: "rt_sigtimedwait",
    130: "rt_sigsuspend", 202: "futex", 208: "io_getevents", 219: "restart_syscall", 220: "semtimedop", 230: "clock_nanosleep",
    232: "epoll_wait", 247: "waitid", 257: "openat", 270: "pselect6", 271: "ppoll", 281: "epoll_pwait", 288: "accept4",
    299: "recvmmsg", 426: "io_uring_enter", 441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_AARCH64 = {
    4: "io_getevents", 22: "epoll_pwait", 25: "fcntl", 29: "ioctl", 32: "flock", 56: "openat", 63: "read", 64: "write",
    66: "writev", 67: "pread64", 68: "pwrite64", 72: "pselect6", 73: "ppoll", 82: "fsync", 83: "fdatasync", 95: "waitid",
    98: "futex", 101: "nanosleep", 115: "clock_nanosleep", 128: "restart_syscall", 133: "rt_sigsuspend",
    137: "rt_sigtimedwait", 188: "msgrcv", 192: "semtimedop", 193: "semop", 202: "accept", 203: "connect", 206: "sendto",
    207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 242: "accept4", 243: "recvmmsg", 260: "wait4", 426: "io_uring_enter",
    441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}


def read(root: str, pid: int) -> bytes:
    """Our own text, by thread id; a thread that ends meanwhile is left out."""
    folder = process_path(root, pid, "task")
    tids = sorted(numeric_names(folder))
    step = -(-len(tids) // MOST)
    chosen = tids[:: max(1, step)]
    lines = [b"%d threads on %s, %d looked at\n" % (len(tids), os.uname().machine.encode(), len(chosen))]
    for tid in chosen:
        try:
            match = _STAT.match(read_file(f"{folder}/{tid}/stat"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if match:
            where, call = (_word(f"{folder}/{tid}/{name}", most) for name, most in _MOST_BYTES.items())
            lines.append(b"%d %s %s %s %s\n" % (tid, match[2], where, call, match[1].replace(b"\n", b"\\n")))
    return b"".join(lines)


def _word(path: str, most_bytes: int) -> bytes:
    """A file's first word, up to what `parse` takes; "-" where it is empty, hidden (wchan is then 0) or may not be read."""
    try:
        words = read_file(path, 4096).split(None, 1)
    except OSError:
        return b"-"
    return words[0][:most_bytes] if words and not (words[0] == b"0" and path.endswith("wchan")) else b"-"


def parse(raw: bytes) -> Reading:
    """A profile of kind "threads": frames are (kernel function, system call, name), digits of a name folded where that joins
    several; scaled up where not all were looked at, with a note. Raises ParseError without the first line."""
    head, _, body = decode(raw).partition("\n")
    match = _HEAD.fullmatch(head)
    if match is None:
        raise ParseError(NAME, 1, head, "not a line `N threads on MACHINE, N looked at`")
    total, calls, rows = int(match[1]), _CALLS.get(match[2], {}), []
    for number, line in enumerate(body.split("\n"), start=2):
        if not line:
            continue
        row = _LINE.fullmatch(line)
        if row is None:
            raise ParseError(NAME, number, line, "not a line `TID STATE WCHAN SYSCALL NAME`")
        rows.append((row[3], _call(row[4], calls), printable(row[5])))
    if not rows:
        return Reading()
    names = Counter(_DIGITS.sub("#", name) for name in {row[2] for row in rows})
    groups = Counter(
        (where, call, folded if names[folded := _DIGITS.sub("#", name)] > 1 else name) for where, call, name in rows
    )
    looked = len(rows)
    samples = [
        StackSample(frames=frames, value=round(count * total / looked) if total > looked else count)
        for frames, count in sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    ]
    notes = (
        (f"of {total:,} threads {looked:,} were looked at for what they wait in",) if total > looked + MOST // 4 else ()
    )
    return Reading(
        profiles=(Profile(kind=PROFILE, unit="count", total=total, stacks=tuple(samples)),),
        notes=notes,
    )


def _call(word: str, calls: dict[int, str]) -> str:
    """`futex` of "202"; "call 999" for one that the table does not have, "running", "" where nothing is told."""
    if word.isdecimal() and len(word) < 6:
        return calls.get(int(word), f"call {word}")
    return word if word == "running" else ""
