"""A live process as a Space: read through /proc/PID/mem, never stopped, never written to.

The descriptor of /proc/PID/mem belongs to one address space, not to a pid: after the process has ended or has executed
another program it reads nothing at all, while an address that is merely unmapped fails with EIO (mem_rw in the
kernel's fs/proc/base.c). That is how refresh() knows.
"""

import os
from array import array
from collections.abc import Callable, Sequence
from typing import Self

from memwhy.memory.access import why_denied
from memwhy.memory.debugfiles import DebugFiles
from memwhy.memory.elf import Elf
from memwhy.memory.modules import Files
from memwhy.memory.reading import gather_pages, read_pages
from memwhy.memory.residency import Residency
from memwhy.memory.rest import ran_ns
from memwhy.memory.space import DebugFile, Module, Source, Space, Thread
from memwhy.memory.threads import read_threads
from memwhy.model.errors import MemwhyError, NotPermitted, ParseError, TargetGone
from memwhy.model.mapping import Mapping


class Live(Space):
    """A running process. Made by `Live.open`; a context manager."""

    def __init__(
        self,
        root: str,
        pid: int,
        start_ticks: int,
        mem: int,
        pagemap: int,
        mappings: Callable[[], tuple[Mapping, ...]],
    ) -> None:
        """mem, pagemap: descriptors, which the Space closes; use `open`."""
        self.name = f"pid {pid}"
        self.pid: int = pid
        self.mappings = ()
        self._directory = f"{root.rstrip('/')}/{pid}"
        self._start_ticks = start_ticks
        self._read_mappings = mappings
        self._files = Files(self._directory, self._read_resident)
        self._debug_files = DebugFiles(f"{self._directory}/root")
        self._descriptors = [pagemap, mem]
        self._residency = Residency(pagemap)
        self.source = Source(fd=mem, pid=pid if _is_our_own(root) else 0)

    @classmethod
    def open(cls, pid: int, *, root: str = "/proc", mappings: Callable[[], tuple[Mapping, ...]]) -> Self:
        """Open a process for reading. mappings: reads its smaps anew at each call, here and in refresh().

        Raises TargetGone where there is no such process or it has no memory, NotPermitted with the reason where the
        kernel forbids it, MemwhyError for a machine or a program that is not x86-64.
        """
        directory = f"{root.rstrip('/')}/{pid}"
        if os.uname().machine != "x86_64":
            raise MemwhyError(f"processes can be looked into on x86-64 only, and this machine is {os.uname().machine}")
        try:
            start_ticks = _start_ticks(directory, pid)
            mem, pagemap = _open_all(f"{directory}/mem", f"{directory}/pagemap")
        except PermissionError as error:
            reason, advice = why_denied(root, pid)
            problem = f"the kernel does not let us read the memory of pid {pid}: {reason}"
            raise NotPermitted(problem, help=advice) from error
        except (FileNotFoundError, ProcessLookupError) as error:
            raise _missing(root, pid) from error
        space = cls(root, pid, start_ticks, mem, pagemap, mappings)
        try:
            _check_machine(directory, pid)
            space.refresh()
        except BaseException:
            space.close()
            raise
        return space

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the look so far is not sure, in words."""
        return self._residency.notes

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address, up to the first that cannot be read: fewer than `size`, or none."""
        return read_pages(self.source.fd, address, size)

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        """`size` bytes from each address, one after another; zeros where they cannot be read."""
        return gather_pages(self.source, addresses, size)

    def resident(self, start: int, end: int) -> "array[int]":
        """What of a range counts in RSS, as flat uint64 pairs start, end in address order, merged; see `Residency`.

        Of mappings as they were at the last refresh(). Nothing of a process that ended.
        """
        try:
            return self._residency.pages(start, end)
        except ProcessLookupError:
            return array("Q")

    def threads(self) -> tuple[Thread, ...]:
        """Its threads by tid; registers: the arguments of the system call that each waits in."""
        return read_threads(self._directory)

    def modules(self) -> tuple[Module, ...]:
        """The program and its libraries, in address order; their files stay open until close()."""
        return self._files.modules(self.mappings)

    def refresh(self) -> None:
        """Look at the mappings again. Raises TargetGone when the process ended or became another program."""
        self.check()
        try:
            self.mappings = self._read_mappings()
        except (OSError, ParseError) as error:
            self.check()
            if isinstance(error, ProcessLookupError | FileNotFoundError):
                raise TargetGone(f"pid {self.pid} ended while its mappings were read") from error
            raise
        self.check()
        self._residency.look_at(self.mappings)

    def open_file(self, mapping: Mapping) -> int | None:
        """A descriptor of the file behind a mapping, for the caller to close; None where it is gone or not ours to read."""
        return self._files.open_mapped(mapping)

    def debug_file(self, elf: Elf) -> DebugFile:
        """The debug file of a module's file, by the target's own file system; open until close()."""
        return self._debug_files.look(elf)

    def ran_ns(self) -> int | None:
        """CPU time of its threads so far; None while one runs, and where others may write: see `memory.rest`."""
        return ran_ns(self._directory, self.source.pid, self.mappings) if self.source.pid else None

    def close(self) -> None:
        """Let go of the descriptors."""
        self._files.close()
        self._debug_files.close()
        while self._descriptors:
            os.close(self._descriptors.pop())
        self.source = Source(fd=-1, pid=0)

    def _read_resident(self, address: int, size: int) -> bytes:
        """What is there without touching it: nothing where a page is not resident."""
        pages = self.resident(address, address + size)
        return self.read(address, size) if list(pages) == [address, address + size] else b""

    def check(self) -> None:
        """Raises TargetGone when the process ended or became another program since it was opened. Cheap."""
        try:
            start_ticks = _start_ticks(self._directory, self.pid)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise TargetGone(f"pid {self.pid} ended") from error
        if start_ticks != self._start_ticks:
            raise TargetGone(f"pid {self.pid} ended, and another process has its number now")
        if not _has_memory(self.source.fd):
            raise TargetGone(
                f"pid {self.pid} has no memory that we know any more: it ended, or executed another program"
            )


def _open_all(*paths: str) -> list[int]:
    """Descriptors of all files, or of none."""
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return descriptors


def _missing(root: str, pid: int) -> MemwhyError:
    """What to say when a file of the process is not there."""
    directory = f"{root.rstrip('/')}/{pid}"
    if _is_hidden(root, pid):
        reason, advice = why_denied(root, pid)
        return NotPermitted(f"pid {pid} cannot be seen: {reason}", help=advice)
    if not os.path.exists(f"{directory}/stat"):
        return TargetGone(f"no process has pid {pid}", help="see ps -e for the pids there are")
    if not os.path.exists(f"{directory}/pagemap"):
        return MemwhyError(f"{root} has no pagemap of pid {pid}: this kernel (or gVisor) does not say what is resident")
    return TargetGone(f"pid {pid} has no memory of its own: it is a kernel thread, or just ended")


def _is_our_own(root: str) -> bool:
    """Are the pids of this procfs those that system calls of ours mean? Not when it is another namespace's."""
    try:
        return os.readlink(f"{root.rstrip('/')}/self") == str(os.getpid())
    except OSError:
        return False


def _is_hidden(root: str, pid: int) -> bool:
    """Is there such a process although /proc does not show it? (Signal 0 asks and sends nothing: kill(2).)"""
    if not _is_our_own(root) or os.path.exists(f"{root.rstrip('/')}/{pid}"):
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _check_machine(directory: str, pid: int) -> None:
    """Raises MemwhyError, by name, for a program of another architecture (32-bit ones, and those that an emulator runs)."""
    try:
        with open(f"{directory}/exe", "rb") as file:
            raw = file.read(20)
    except OSError:
        return
    if raw[:4] == b"\x7fELF" and (raw[4] != 2 or raw[18:20] != b"\x3e\0"):
        width = "32-bit" if raw[4] == 1 else "of another machine"
        raise MemwhyError(f"the program of pid {pid} is {width}; only x86-64 programs can be looked into")


def _start_ticks(directory: str, pid: int) -> int:
    """Field 22 of /proc/PID/stat, which with the pid makes a process unmistakable.

    Raises OSError, and TargetGone for a zombie and for what has no memory of its own; proc_pid_stat(5).
    """
    with open(f"{directory}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    if len(fields) < 20 or not fields[19].isdigit():
        raise TargetGone(f"{directory}/stat is not what the kernel writes there")
    if fields[0] in (b"Z", b"X"):
        raise TargetGone(f"pid {pid} ended and waits for its parent to notice: it has no memory any more")
    return int(fields[19])


def _has_memory(mem: int) -> bool:
    """Is the address space behind a descriptor of /proc/PID/mem still in use? A dead one reads 0 bytes everywhere.

    Asked is the first page, which nobody maps (vm.mmap_min_addr) and which may be read where somebody does.
    """
    try:
        return os.pread(mem, 1, 0) != b""
    except OSError:
        return True
