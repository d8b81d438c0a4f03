"""An address space that can be read: a live process or a core file, behind one interface.

Nothing here writes to a target or stops it. What cannot be read comes back short, not as an exception: mappings
come and go while we look. TargetGone is raised only where the whole process is gone.
"""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.memory.elf import Elf
from memwhy.model.mapping import Mapping

PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the C loops read from: a descriptor for pread(2), and how addresses become offsets of it.

    pid: the process, for process_vm_readv(2); 0 for a core. segments: flat uint64 triples (start, end, offset) in
    address order; empty when the offset is the address itself (/proc/PID/mem).
    """

    fd: int
    pid: int
    segments: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One thread. stack_pointer: where it was last seen blocked, None while it runs. registers: those that can be had.

    A core has all 27 of user_regs_struct (NT_PRSTATUS), a live thread the six arguments of the system call that it
    waits in (proc_pid_syscall(5)), a running one none.
    """

    tid: int
    name: str = ""
    stack_pointer: int | None = None
    program_counter: int | None = None
    registers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One loaded program or library. bias: what is added to the file's addresses; ranges are of memory, in order.

    written: its readable and writable data, bss included; constant: its read-only pages, code included.
    elf: its headers, None where the file cannot be read any more.
    """

    path: str
    start: int
    end: int
    bias: int
    written: tuple[tuple[int, int], ...] = ()
    constant: tuple[tuple[int, int], ...] = ()
    elf: Elf | None = None
    is_program: bool = False

    @property
    def name(self) -> str:
        """The file's name: libxml2.so.2.9.14."""
        return self.path.removesuffix(" (deleted)").rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFile:
    """What was taken out of a program and kept beside it. elf: None where there is nothing; refused: a clause on one that is another program's."""

    elf: Elf | None = None
    refused: str = ""


class Space(ABC):
    """One address space. Addresses are integers; ends are exclusive."""

    name: str
    """ "pid 4711", or the core's path."""
    pid: int | None
    """None for a core."""
    mappings: tuple[Mapping, ...]
    """In address order, as of the last look."""
    source: Source

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing or not sure, in words."""
        return ()

    @property
    def facts(self) -> Map[str, str]:
        """What it says about itself under the names of the casefile; nothing for a process that others can be asked about."""
        return {}

    @abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address, up to the first that cannot be read: fewer than `size`, or none."""

    @abstractmethod
    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        """`size` bytes from each address, one after another; zeros where they cannot be read. Made for thousands."""

    @abstractmethod
    def resident(self, start: int, end: int) -> "array[int]":
        """The pages of a range that count in RSS, as flat uint64 pairs start, end in address order, merged.

        Pages never touched, swapped out or mapped to the zero page are not resident; they must not be read from a live target.
        """

    @abstractmethod
    def threads(self) -> tuple[Thread, ...]:
        """Its threads, as far as they may be looked at."""

    @abstractmethod
    def modules(self) -> tuple[Module, ...]:
        """The program and its libraries, in address order."""

    @abstractmethod
    def refresh(self) -> None:
        """Look at the mappings again. Raises TargetGone when the process ended or became another program."""

    def check(self) -> None:
        """Raises TargetGone when the process ended or became another program since it was opened. Cheap."""
        return

    def open_file(self, mapping: Mapping) -> int | None:
        """A descriptor of the file behind a mapping, for the caller to close; None where it cannot be had, or not be sure."""
        return None

    def debug_file(self, elf: Elf) -> DebugFile:
        """The debug file of a module's file; open until close()."""
        return DebugFile()

    def ran_ns(self) -> int | None:
        """Equal at two moments: it stood still in between. None where that cannot be told, or while it runs."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Let go of the descriptors."""

    def words(self, address: int, count: int) -> memoryview:
        """`count` uint64 at an address, fewer where it cannot be read; native byte order, x86-64 only."""
        raw = self.read(address, 8 * count)
        return memoryview(raw[: len(raw) & ~7]).cast("Q")

    def word(self, address: int) -> int | None:
        """One uint64, None where it cannot be read."""
        raw = self.read(address, 8)
        return int.from_bytes(raw, "little") if len(raw) == 8 else None
