"""A live process as a Space: read through /proc/PID/mem, never stopped, never written to.

The descriptor of /proc/PID/mem belongs to one address space, not to a pid: after the process has ended or has executed
another program it reads nothing at all, while an address that is merely unmapped fails with EIO (mem_rw in the
kernel's fs/proc/base.c). That is how refresh() knows.
"""

import os
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import Self

from memwhy.memory.reading import gather_pages, gather_pure, read_pages
from memwhy.memory.space import Module, Source, Space, Thread
from memwhy.model.errors import MemwhyError, NotPermitted, TargetGone
from memwhy.model.mapping import Mapping

__all__ = ["Live", "gather_pure"]


class Live(Space):
    """A running process. Made by `Live.open`; a context manager."""

    def __init__(
        self, root: str, pid: int, start_ticks: int, mem: int, mappings: Callable[[], tuple[Mapping, ...]]
    ) -> None:
        self.name = f"pid {pid}"
        self.pid: int = pid
        self.source = Source(fd=mem, pid=pid)
        self.mappings = ()
        self._directory = f"{root.rstrip('/')}/{pid}"
        self._start_ticks = start_ticks
        self._read_mappings = mappings

    @classmethod
    def open(cls, pid: int, *, root: str = "/proc", mappings: Callable[[], tuple[Mapping, ...]]) -> Self:
        """Open a process for reading. mappings: reads its smaps anew at each call, here and in refresh().

        Raises TargetGone where there is no such process or it has no memory, NotPermitted with the reason where the kernel forbids.
        """
        if sys.byteorder != "little" or os.uname().machine != "x86_64":
            raise MemwhyError(f"processes can be read on x86-64 only, and this machine is {os.uname().machine}")
        directory = f"{root.rstrip('/')}/{pid}"
        start_ticks = _start_ticks(directory, pid)
        try:
            mem = os.open(f"{directory}/mem", os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError as error:
            raise NotPermitted(f"the kernel does not let us read the memory of pid {pid}") from error
        except (FileNotFoundError, ProcessLookupError) as error:
            raise TargetGone(f"pid {pid} ended") from error
        space = cls(root, pid, start_ticks, mem, mappings)
        try:
            space.refresh()
        except BaseException:
            space.close()
            raise
        return space

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address, up to the first that cannot be read: fewer than `size`, or none."""
        return read_pages(self.source.fd, address, size)

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        """`size` bytes from each address, one after another; zeros where they cannot be read."""
        return gather_pages(self.source, addresses, size)

    def resident(self, start: int, end: int) -> "array[int]":
        """The pages of a range that count in RSS, as flat uint64 pairs start, end in address order, merged."""
        raise NotImplementedError

    def threads(self) -> tuple[Thread, ...]:
        """Its threads, as far as they may be looked at."""
        raise NotImplementedError

    def modules(self) -> tuple[Module, ...]:
        """The program and its libraries, in address order."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Look at the mappings again. Raises TargetGone when the process ended or became another program."""
        self._check_identity()
        try:
            self.mappings = self._read_mappings()
        except OSError as error:
            raise TargetGone(f"pid {self.pid} ended while its mappings were read") from error
        self._check_identity()

    def close(self) -> None:
        """Let go of the descriptors."""
        if self.source.fd >= 0:
            os.close(self.source.fd)
            self.source = Source(fd=-1, pid=self.source.pid)

    def _check_identity(self) -> None:
        if _start_ticks(self._directory, self.pid) != self._start_ticks:
            raise TargetGone(f"pid {self.pid} ended, and another process has its number now")
        if not _has_memory(self.source.fd):
            if _start_ticks(self._directory, self.pid) == self._start_ticks:
                raise TargetGone(f"pid {self.pid} has no memory any more: it ended, or executed another program")
            raise TargetGone(f"pid {self.pid} ended")


def _start_ticks(directory: str, pid: int) -> int:
    """Field 22 of /proc/PID/stat, which with the pid makes a process unmistakable. TargetGone for zombies too."""
    try:
        with open(f"{directory}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError) as error:
        raise TargetGone(f"no process has pid {pid}", help="see ps -e for the pids there are") from error
    except PermissionError as error:
        raise NotPermitted(f"the kernel does not let us look at pid {pid}") from error
    if len(fields) < 20 or not fields[19].isdigit():
        raise TargetGone(f"{directory}/stat is not what the kernel writes there")
    if fields[0] in (b"Z", b"X"):
        raise TargetGone(f"pid {pid} ended and waits for its parent to notice: it has no memory any more")
    return int(fields[19])


def _has_memory(mem: int) -> bool:
    """Is the address space behind a descriptor of /proc/PID/mem still in use? A dead one reads 0 bytes everywhere.

    The first page is never mapped without vm.mmap_min_addr = 0, and reading it is harmless then, too.
    """
    try:
        return os.pread(mem, 1, 0) != b""
    except OSError:
        return True
