"""Which memwhy holds a target: its pid, when it started, in which pid namespace; so that a successor knows whether it still lives."""

import os
import struct
from dataclasses import dataclass
from typing import Self

_PACKED = struct.Struct("<IIQQ")
OWNER_BYTES = _PACKED.size


@dataclass(frozen=True, slots=True)
class Owner:
    """A memwhy. namespace: the inode of its pid namespace."""

    pid: int
    start_ticks: int
    namespace: int

    @classmethod
    def of_us(cls) -> Self:
        """This very process."""
        return cls(os.getpid(), _start_ticks(os.getpid()) or 0, _namespace())

    def pack(self) -> bytes:
        """For the stub's header."""
        return _PACKED.pack(self.pid, 0, self.start_ticks, self.namespace)

    @classmethod
    def unpack(cls, raw: bytes) -> Self:
        """From the stub's header. Raises struct.error when there are too few bytes."""
        pid, _, start_ticks, namespace = _PACKED.unpack_from(raw)
        return cls(pid, start_ticks, namespace)

    def is_alive(self) -> bool | None:
        """None where that cannot be told: it is, or was, of another pid namespace. NOBODY is not."""
        if self.pid == 0:
            return False
        if self.namespace != _namespace():
            return None
        return _start_ticks(self.pid) == self.start_ticks


NOBODY = Owner(0, 0, 0)
"""After a detach that had to leave something."""


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def _start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat; None for no process and for a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[19]) if len(fields) > 19 and fields[0] not in (b"Z", b"X") else None
