"""From addresses of a file to the names of its functions: .symtab, .dynsym, and what distributions keep elsewhere.

Debug files: `memory.debugfiles`; .gnu_debugdata is an xz-compressed ELF file with a symbol table (gdb manual, "MiniDebugInfo").
Structure: elf(5), Elf64_Sym.
"""

import lzma
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from memwhy.memory.elf import Elf, parse_elf
from memwhy.model.errors import ParseError

_SYMBOL = struct.Struct("<IBBHQQ")
_FUNCTION, _INDIRECT, _UNTYPED = 2, 10, 0
_MOST_BYTES = 128 << 20
_MOST_UNPACKED_BYTES = 64 << 20
_MOST_NAME_BYTES = 4096
_OBJECT = b"(.text)"
"""How Go's linker names the whole code of one C object: "runtime/cgo(.text)"."""


class SymbolTable:
    """The functions of one file and of its debug file. Addresses are the file's own."""

    def __init__(self, elf: Elf | None, debug: Elf | None = None) -> None:
        self._starts = array("Q")
        self._rows: list[tuple[int, bytes, int]] = []
        found: dict[int, tuple[int, bytes, int]] = {}
        for one in (elf, debug, None if elf is None else _inside(elf)):
            if one is None:
                continue
            for address, row in (*_symbols(one, ".symtab"), *_symbols(one, ".dynsym")):
                if address not in found or not found[address][0]:
                    found[address] = row
        for address in sorted(found):
            self._starts.append(address)
            self._rows.append(found[address])

    def __len__(self) -> int:
        return len(self._starts)

    def find(self, address: int) -> str | None:
        """The mangled name of the function that covers an address; None between functions, and where nothing is known.

        A symbol without a size covers what follows it up to the next one.
        """
        place = bisect_right(self._starts, address) - 1
        if place < 0:
            return None
        size, strings, at = self._rows[place]
        if size and address >= self._starts[place] + size:
            return None
        end = strings.find(b"\0", at, at + _MOST_NAME_BYTES)
        return strings[at : end if end >= 0 else at + _MOST_NAME_BYTES].decode("utf-8", "replace") or None


def _symbols(elf: Elf, name: str) -> Iterator[tuple[int, tuple[int, bytes, int]]]:
    """(address, (size, string table, place in it)) of each function; untyped ones, of hand-written assembly, in code only."""
    table = elf.section(name)
    if table is None or table.link >= len(elf.sections) or table.size > _MOST_BYTES:
        return
    strings_section = elf.sections[table.link]
    if strings_section.size > _MOST_BYTES:
        return
    strings = elf.image.read(strings_section.offset, strings_section.size)
    raw = elf.image.read(table.offset, table.size)
    code = {
        number for number, section in enumerate(elf.sections) if section.name.startswith((".text", ".init", ".fini"))
    }
    for at, kind, _, section, address, size in _SYMBOL.iter_unpack(raw[: len(raw) - len(raw) % _SYMBOL.size]):
        kind &= 15
        if not section or at >= len(strings):
            continue
        if kind in (_FUNCTION, _INDIRECT) or (kind == _UNTYPED and section in code and at):
            if strings[strings.find(b"\0", at) - len(_OBJECT) : strings.find(b"\0", at)] == _OBJECT:
                continue
            yield address, (size, strings, at)


def _inside(elf: Elf) -> Elf | None:
    """The small symbol file that some distributions put into the program itself."""
    section = elf.section(".gnu_debugdata")
    if section is None or section.size > _MOST_UNPACKED_BYTES:
        return None
    try:
        unpacker = lzma.LZMADecompressor(memlimit=_MOST_UNPACKED_BYTES)
        raw = unpacker.decompress(elf.image.read(section.offset, section.size), _MOST_UNPACKED_BYTES)
        return parse_elf(raw, elf.name)
    except (lzma.LZMAError, EOFError, ParseError):
        return None
