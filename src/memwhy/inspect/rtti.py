"""The C++ class of an object, from its first word: vtable, type_info, mangled name. Works in stripped programs too.

Layout: the Itanium C++ ABI, 2.5.2 (the words before a vtable: offset to top, type_info) and 2.9.5 (type_info: its own
vtable, then the name). Constant pages that are not resident are read from the module's file, not from the target.
"""

import re
from collections.abc import Sequence

from memwhy.inspect.demangle import demangle
from memwhy.inspect.owners import Places
from memwhy.memory.elf import PT_LOAD
from memwhy.memory.space import Module, Space

_NAME = re.compile(rb"\*?(?:[0-9]{1,4}[A-Za-z_]|N[0-9SKV]|St|S[a-z][0-9I]|Z)[A-Za-z0-9_.$]*")
_NAME_BYTES = 1024


class Classes:
    """Names of classes by the address that an object's first word holds."""

    def __init__(self, space: Space, modules: Sequence[Module]) -> None:
        self._space = space
        self._places = Places(modules)
        self._known: dict[int, str | None] = {}

    def name_of(self, vtable: int) -> str | None:
        """The class's name, demangled; None when this is no vtable of a class with RTTI."""
        if vtable not in self._known:
            self._known[vtable] = self._find(vtable)
        return self._known[vtable]

    def _find(self, vtable: int) -> str | None:
        head = self._constant(vtable - 16, 24)
        if vtable % 8 or len(head) < 24:
            return None
        to_top, info, first = (int.from_bytes(head[i : i + 8], "little") for i in (0, 8, 16))
        if to_top or (first and self._places.module_at(first) is None):
            return None
        words = self._constant(info, 16)
        if len(words) < 16 or self._places.module_at(int.from_bytes(words[:8], "little")) is None:
            return None
        text, ended, _ = self._constant(int.from_bytes(words[8:], "little"), _NAME_BYTES).partition(b"\0")
        return demangle(text.decode("ascii")) if ended and _NAME.fullmatch(text) else None

    def _constant(self, address: int, size: int) -> bytes:
        """Bytes of a module's data: from memory where resident, else from its file; fewer where there are none."""
        module = self._places.module_at(address)
        if module is None:
            return b""
        resident = self._space.resident(address & ~4095, (address + size + 4095) & ~4095)
        rows = list(zip(resident[::2], resident[1::2], strict=True))
        end = next((end for start, end in rows if start <= address < end), None)
        if end is not None:
            found = self._space.read(address, min(size, end - address))
            if len(found) == size or self._places.module_at(end) is not module:
                return found
            return found + self._constant(end, size - len(found)) if len(found) == end - address else found
        return _from_file(module, address, min(size, 4096 - address % 4096))


def _from_file(module: Module, address: int, size: int) -> bytes:
    if module.elf is None:
        return b""
    for segment in module.elf.segments:
        into = address - module.bias - segment.address
        if segment.type == PT_LOAD and 0 <= into < segment.file_size:
            return module.elf.image.read(segment.offset + into, min(size, segment.file_size - into))
    return b""
