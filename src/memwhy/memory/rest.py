"""Did a live process stand still between two moments? Then what was read in between is all of one moment.

Its CPU clock is of the scheduler, in nanoseconds, and is brought up to date whenever a thread stops running (update_curr
in the kernel's kernel/sched/fair.c); of a thread that is running right now it may lag by a tick. So the clock counts only
while every thread sleeps. Not noticed are writers that are none of its threads: a debugger, process_vm_writev(2), a
process that shares its memory without being a thread of it (vfork(2) halts the parent in state D, which is no sleep).
"""

import os
import time
from collections.abc import Sequence

from memwhy.model.mapping import Mapping

_ASLEEP = b"STtI"
"""proc_pid_stat(5): sleeping, stopped, traced, idle. Not D: what it waits for may be written into its memory."""
_RINGS = ("/[aio]", "anon_inode:[io_uring]")
_MOST_BYTES = 512


def ran_ns(directory: str, pid: int, mappings: Sequence[Mapping]) -> int | None:
    """CPU time of all threads of the process so far; None while one runs, or where others may write into its memory.

    directory: its /proc/PID. pid: as system calls of ours know it. Equal at two moments: none of its threads ran in between.
    """
    if any(_has_other_writers(mapping) for mapping in mappings) or not _sleeps(directory):
        return None
    return clock_ns(pid) or None


def clock_ns(pid: int) -> int:
    """CPU time of all threads of a process so far, whether they run or not; 0 where there is none (pid 0: of a core)."""
    try:
        # a process's clock is made of its pid (linux/posix-timers.h: CPUCLOCK_SCHED is 2)
        return time.clock_gettime_ns((~pid << 3) | 2) if pid else 0
    except OSError:
        return 0


def _has_other_writers(mapping: Mapping) -> bool:
    """The kernel completes requests here, or pages are shared with another process for writing."""
    if mapping.path.removesuffix(" (deleted)") in _RINGS:
        return True
    if mapping.perms[3:4] != "s" or mapping.rss_bytes is None or mapping.pss_bytes >= mapping.rss_bytes:
        return False
    return mapping.perms[1:2] == "w" or "mw" in mapping.vm_flags.split()


def _sleeps(directory: str) -> bool:
    """Is no thread running or waiting for a processor?"""
    try:
        names = os.listdir(f"{directory}/task")
        return bool(names) and all(_state(f"{directory}/task/{name}/stat") in _ASLEEP for name in names)
    except OSError:
        return False  # a thread ended meanwhile: it ran


def _state(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MOST_BYTES).rpartition(b")")[2][1:2] or b"?"
    finally:
        os.close(descriptor)
