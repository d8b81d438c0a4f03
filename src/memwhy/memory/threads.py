"""The threads of a live process, seen from outside: names, and where each blocked one stands.

Source: proc_pid_syscall(5): "running", or "-1 SP PC" for one blocked outside a system call, or "NR A1 … A6 SP PC";
sp and pc are those of user space, saved at its entry into the kernel. Nothing stops the thread.
"""

import os

from memwhy.memory.space import Thread

_MOST_BYTES = 512


def read_threads(directory: str) -> tuple[Thread, ...]:
    """The threads of /proc/PID by tid; those that end meanwhile are left out. registers: the arguments of its system call."""
    try:
        names = os.listdir(f"{directory}/task")
    except OSError:
        return ()
    threads = (_read_thread(f"{directory}/task/{name}", int(name)) for name in sorted(names, key=int))
    return tuple(thread for thread in threads if thread is not None)


def _read_thread(directory: str, tid: int) -> Thread | None:
    try:
        name = _read(f"{directory}/comm").removesuffix(b"\n").decode("utf-8", "replace")
    except OSError:
        return None
    try:
        fields = [int(field, 0) for field in _read(f"{directory}/syscall").split()]
    except (OSError, ValueError):  # running, not ours to see, or gone
        fields = []
    if len(fields) not in (3, 9) or fields[-2] == 0:
        return Thread(tid=tid, name=name)
    return Thread(
        tid=tid, name=name, stack_pointer=fields[-2], program_counter=fields[-1], registers=tuple(fields[1:-2])
    )


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
