"""Looks at who holds a process's heap, each in a process of its own: gentle, bounded, and gone with all the memory it took.

    python -c … PID ROOT DESCRIPTOR

Every line "CPU_S MEMORY_BYTES" of standard input asks for one look. What it found goes into the file behind DESCRIPTOR: a line of JSON (times,
or an error), then the evidence. Then a line of JSON says what it cost. It ends with its input, so it outlives nobody who asks.
"""

import json
import os
import resource
import signal
import sys
import time

from memwhy.inspect.inspector import Inspector
from memwhy.model.errors import MemwhyError
from memwhy.sources import held

OWN_BYTES = 1 << 30
"""Address space beside what the heap's objects take: libraries, the target's binary, tables."""
NICE = 10
"""Reading takes part of a core for a moment, and the longer it takes the more of the heap moves: the last place in the queue (19) would
make the figures worse."""


def main(arguments: list[str]) -> int:
    """Look whenever one is asked for."""
    pid, root, descriptor = int(arguments[0]), arguments[1], int(arguments[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started us decides
    os.nice(NICE)
    for line in sys.stdin:
        cpu_s, memory_bytes = map(int, line.split())
        child = os.fork()
        if not child:
            os._exit(_look(pid, root, descriptor, cpu_s, memory_bytes))
        _, status, used = os.wait4(child, 0)
        told = {
            "code": os.waitstatus_to_exitcode(status),
            "look_s": used.ru_utime + used.ru_stime,
            "own_s": time.process_time(),
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    return 0


def _look(pid: int, root: str, descriptor: int, cpu_s: int, memory_bytes: int) -> int:
    """One look, within its bounds; whatever is wrong with the target is written. Returns the exit code."""
    _bound(cpu_s, memory_bytes)
    times = {"monotonic_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME), "wall_ns": time.time_ns()}
    raw, error = b"", None
    try:
        raw = look(pid, root, memory_bytes)
    except MemwhyError as problem:
        error = problem.message
    except MemoryError:
        error = f"it takes more than {memory_bytes >> 20} MiB of memory"
    except Exception as fault:  # nobody sees a traceback of this process: its last line is what can be told
        error = f"a fault of memwhy's own: {type(fault).__name__}: {fault}"
    cost_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - times["monotonic_ns"]
    times = {
        name: value + cost_ns // 2 for name, value in times.items()
    }  # the heap is read between attaching and naming
    with os.fdopen(descriptor, "wb") as file:
        file.truncate(0)
        file.seek(0)
        file.write(json.dumps({**times, "cost_ns": cost_ns, "error": error}).encode() + b"\n" + raw)
    return 0


def look(pid: int, root: str, most_bytes: int) -> bytes:
    """Attach, look at the holders alone, let go; as evidence. Raises MemwhyError in its kinds."""
    with Inspector.open(pid, root=root) as inspector:
        found = inspector.look(malloc=False, goroutines=False, holders=True, most_bytes=most_bytes)
    if found.holders is None:
        raise MemwhyError("; ".join(found.notes) or "no runtime was found whose heap can be read")
    return held.write(found.holders)


def _bound(cpu_s: int, memory_bytes: int) -> None:
    """First to go when memory is short, ended by the kernel when it takes more than it may."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (OWN_BYTES + memory_bytes, OWN_BYTES + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        return  # a sandbox without it
