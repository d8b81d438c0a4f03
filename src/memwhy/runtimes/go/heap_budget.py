"""How much memory it may take to see who holds Go's heap, and which answer fits into that.

memwhy stands beside the sick process, often in the same container: what it takes is what the other one lacks. So by default a quarter of
what is free may be taken, of the host, of its own cgroup and of its own limit (RLIMIT_AS), whichever is least.
"""

import os
import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

try:
    from memwhy._core import _retain
except ImportError:
    _retain = None  # type: ignore[assignment]
from memwhy.model.errors import ParseError
from memwhy.model.units import human_bytes
from memwhy.runtimes.interface import Unsupported
from memwhy.sources.proc import cgroup, meminfo

if TYPE_CHECKING:
    from memwhy.runtimes.go.heap_objects import HeapGraph

_SHARE = 4
_EDGE_BYTES = 6
_POINTING_BYTES, _ANY_BYTES = 4, 2
"""Of each object that may point, and of each object (`_core/goedges.h`: rows, types); of each pointer (to, at)."""
_LEAST_BYTES = 32 << 20
"""So much is left to us by any machine on which we run at all."""


@dataclass(frozen=True, slots=True)
class Room:
    """most_bytes may be taken. why: a clause that says so. begun_bytes: our own RSS before."""

    most_bytes: int
    why: str
    begun_bytes: int

    def admit(self, scanned: int, objects: int) -> int:
        """The pointers that there is room for, beside so many objects of which so many may point. Raises Unsupported where that is none for most."""
        fixed = _POINTING_BYTES * scanned + _ANY_BYTES * objects
        left = self.most_bytes - self.taken_bytes() - fixed - objects // 8
        if left < _EDGE_BYTES * scanned:
            wanted = fixed + objects // 8 + 2 * _EDGE_BYTES * scanned
            raise Unsupported(
                f"{objects} objects are too many for the memory that may be taken: about {human_bytes(wanted)} would be wanted, and {self.why}; "
                f"give --holders-memory {_asked(wanted)}, or take a core file and look at it elsewhere"
            )
        return left // _EDGE_BYTES

    def lacking(self, heap: "HeapGraph") -> str:
        """Why what each root alone keeps does not fit, as a sentence; "" where it does."""
        wanted = self.taken_bytes() + _retain.dominators_bytes(heap.heap)
        if wanted <= self.most_bytes:
            return ""
        return (
            f"to see what each of them alone keeps about {human_bytes(wanted)} of memory would be wanted, and {self.why} "
            f"(--holders-memory {_asked(wanted)})"
        )

    def taken_bytes(self) -> int:
        """What this look has taken until now."""
        return max(0, _own_bytes()[1] - self.begun_bytes)


def room(asked_bytes: int | None = None, root: str = "/proc") -> Room:
    """asked_bytes: what a person allows; None: a quarter of what is free now."""
    size_bytes, own_bytes = _own_bytes()
    if asked_bytes is not None:
        return Room(asked_bytes, f"{human_bytes(asked_bytes)} may be taken", own_bytes)
    free, whose = _free(root, size_bytes)
    most = max(free // _SHARE, _LEAST_BYTES)
    return Room(most, f"{human_bytes(most)} may be taken, a quarter of what is free {whose}", own_bytes)


def _free(root: str, size_bytes: int) -> tuple[int, str]:
    """The least of what is free, and where that is."""
    found = []
    try:
        host = meminfo.parse(meminfo.read(root, os.getpid())).metrics
        if (available := host.get("host.available_bytes")) is not None:
            found.append((available, "on this machine"))
    except (OSError, ParseError):
        pass
    try:
        own = cgroup.parse(cgroup.read(root, os.getpid())).metrics
        if (limit := own.get("cgroup.limit_bytes")) is not None:
            used = own.get("cgroup.current_bytes", 0) - own.get("cgroup.inactive_file_bytes", 0)
            found.append((max(0, limit - used), "in this container"))
    except (OSError, ParseError):
        pass
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY:
        found.append((max(0, limit - size_bytes), "below our own limit (ulimit -v)"))
    return min(found, default=(0, "(nothing says how much)"))


def _own_bytes() -> tuple[int, int]:
    """Our size and RSS (proc_pid_statm(5)). Of the process that we are, whatever procfs the target is read from."""
    with open("/proc/self/statm", "rb", buffering=0) as file:
        size, resident = file.read().split()[:2]
    return int(size) * resource.getpagesize(), int(resident) * resource.getpagesize()


def _asked(wanted_bytes: int) -> str:
    """A size to type, rounded up."""
    return f"{wanted_bytes * 11 // 10 // (1 << 20) + 1}MiB"
