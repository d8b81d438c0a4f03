"""Named addresses from an ELF file's symbol table, found by searching its bytes: no symbol becomes a Python object.

Linkers write .symtab unless told otherwise; .dynsym stays in whatever is loaded with libraries. Structure: elf(5), Elf64_Sym.
"""

import struct
from collections.abc import Iterable

from memwhy.memory.elf import Elf

_SYMBOL = struct.Struct("<IBBHQQ")
_MOST_BYTES = 256 << 20


def find_symbols(elf: Elf, names: Iterable[str], table_name: str = ".symtab") -> dict[str, tuple[int, int]]:
    """name: (address in the file's terms, size) for those of the names that the table has."""
    table = elf.section(table_name)
    if table is None or table.link >= len(elf.sections) or table.size > _MOST_BYTES:
        return {}
    strings = elf.sections[table.link]
    if strings.size > _MOST_BYTES:
        return {}
    texts = elf.image.read(strings.offset, strings.size)
    raw = elf.image.read(table.offset, table.size)
    found: dict[str, tuple[int, int]] = {}
    for name in names:
        at = texts.find(b"\0" + name.encode() + b"\0")
        if at < 0:
            continue
        symbol = _symbol_named(raw, at + 1)
        if symbol is not None:
            found[name] = symbol
    return found


def _symbol_named(raw: bytes, name: int) -> tuple[int, int] | None:
    """The symbol whose name stands at that offset of the string table."""
    wanted = name.to_bytes(4, "little")
    at = raw.find(wanted)
    while at >= 0:
        if at % _SYMBOL.size == 0 and at + _SYMBOL.size <= len(raw):
            _, _, _, section, address, size = _SYMBOL.unpack_from(raw, at)
            if section:
                return address, size
        at = raw.find(wanted, at + 1)
    return None
