"""One struct of the Go runtime, read at once: its fields by the names that Go's source has."""

import struct
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from memwhy.memory.space import Space
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

WORD_BYTES = 8
_ADDRESS_MASK = (1 << 64) - 1


def address_of(runtime: "GoRuntime", name: str) -> int:
    """Where a global variable of the runtime stands. Raises Unsupported when it was not found."""
    address: int | None = getattr(runtime.globals, name)
    if address is None:
        raise Unsupported(f"runtime.{name} was not found in {runtime.space.name}")
    return address


def gather_fields(space: Space, addresses: Iterable[int], offset: int, size: int) -> bytes:
    """`size` bytes at `offset` of the structs at some addresses; zeros where they cannot be read. Any words may be given as addresses."""
    return space.gather(array("Q", [(address + offset) & _ADDRESS_MASK for address in addresses]), size)


class Struct:
    """The bytes of one struct and how they divide. Fields that were not read give Unsupported, as absent ones do."""

    __slots__ = ("_name", "_raw", "_start", "address", "layout")

    def __init__(self, layout: Layout, name: str, address: int, raw: bytes, start: int = 0) -> None:
        """raw: the struct's bytes from `start` on."""
        self.address = address
        self.layout, self._name, self._raw, self._start = layout, name, raw, start

    @classmethod
    def read(cls, space: Space, layout: Layout, name: str, address: int, *paths: str) -> Self:
        """The struct at an address; with `paths` only the bytes from the first to the last of these fields.

        Large structs are read in part, since reading memory that the program never touched maps pages into it.
        Raises Unsupported where it cannot be read.
        """
        start, end = 0, layout.size(name)
        if paths:
            fields = [layout.field(name, path) for path in paths]
            start, end = min(field[0] for field in fields), max(field[0] + field[1] for field in fields)
        raw = space.read(address + start, end - start)
        if len(raw) < end - start:
            raise Unsupported(f"the runtime's {name} at {address:#x} cannot be read in {space.name}")
        return cls(layout, name, address, raw, start)

    def has(self, path: str) -> bool:
        return self.layout.has(self._name, path)

    def integer(self, path: str) -> int:
        """An unsigned integer or pointer of any size."""
        return int.from_bytes(self._bytes(path), "little")

    def signed(self, path: str) -> int:
        """A signed integer of any size."""
        return int.from_bytes(self._bytes(path), "little", signed=True)

    def floating(self, path: str) -> float:
        """A float64."""
        value: float = struct.unpack("<d", self._bytes(path))[0]
        return value

    def words(self, path: str) -> tuple[int, ...]:
        """An array of 8-byte integers."""
        return tuple(memoryview(self._bytes(path)).cast("Q"))

    def slice(self, path: str) -> tuple[int, int, int]:
        """The pointer, length and capacity of a Go slice."""
        at = self.layout.offset(self._name, path) - self._start
        raw = self._raw[at : at + 3 * WORD_BYTES] if at >= 0 else b""
        if len(raw) < 3 * WORD_BYTES:
            raise Unsupported(f"{path} of {self._name} was not read")
        pointer, length, capacity = struct.unpack("<QQQ", raw)
        return pointer, length, capacity

    def _bytes(self, path: str) -> bytes:
        offset, size, _, _ = self.layout.field(self._name, path)
        at = offset - self._start
        if at < 0 or at + size > len(self._raw):
            raise Unsupported(f"{path} of {self._name} was not read")
        return self._raw[at : at + size]
