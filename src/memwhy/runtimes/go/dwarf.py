"""Types and constants of Go's runtime package from DWARF 4 or 5, without a third-party reader.

Read are only the compile units called "runtime": Go's linker puts every type into one of that name
(cmd/link/internal/ld/dwarf.go) and the compiler puts the package's constants into another. Format: DWARF 5 sections 7.5
(units, abbreviations, forms); compressed sections: gABI, Elf64_Chdr.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from memwhy.memory.elf import Elf
from memwhy.model.errors import ParseError
from memwhy.sources.go.varint import read_varint

_ARRAY, _MEMBER, _POINTER, _COMPILE_UNIT, _STRUCTURE = 0x01, 0x0D, 0x0F, 0x11, 0x13
_FUNCTION, _TYPEDEF, _SUBRANGE, _BASE, _CONSTANT, _UNSPECIFIED = 0x15, 0x16, 0x21, 0x24, 0x27, 0x3B
_KEPT = {_ARRAY, _MEMBER, _POINTER, _STRUCTURE, _FUNCTION, _TYPEDEF, _SUBRANGE, _BASE, _CONSTANT, _UNSPECIFIED}
_NAME, _BYTE_SIZE, _CONST_VALUE, _COUNT, _LOCATION_OF_MEMBER, _TYPE = 0x03, 0x0B, 0x1C, 0x37, 0x38, 0x49
_PACKAGES = {b"runtime", b"internal/abi", b"internal/runtime/gc", b"runtime/internal/sys"}
_WORD_BYTES = 8
_MOST_SECTION_BYTES = 512 << 20

_FIXED = {0x01: 8, 0x05: 2, 0x06: 4, 0x07: 8, 0x0B: 1, 0x0C: 1, 0x0E: 4, 0x10: 4, 0x11: 1, 0x12: 2, 0x13: 4}
_FIXED |= {0x14: 8, 0x17: 4, 0x1E: 16, 0x1F: 4, 0x20: 8, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4}
_FIXED |= {0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4}
_ULEBS = {0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23}
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
_STRING, _SLEB, _ULEB_BLOCK, _EXPRESSION, _PRESENT, _IMPLICIT = 0x08, 0x0D, 0x09, 0x18, 0x19, 0x21

Abbreviations = dict[int, tuple[int, bool, tuple[tuple[int, int, int], ...]]]
Value = int | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One field of a struct. type: the offset of its type's entry."""

    name: str
    offset: int
    type: int


@dataclass(slots=True, kw_only=True)
class Entry:
    """One type. tag: DWARF's; type: of the element or the aliased type; count: of an array, -1 when unknown."""

    tag: int
    name: str
    size: int = -1
    type: int = 0
    count: int = -1
    members: list[Member] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """What one program's DWARF says. entries: by offset; structs: offsets by name; constants: untyped and typed."""

    entries: dict[int, Entry]
    structs: dict[str, int]
    constants: dict[str, int]

    def bare(self, offset: int) -> Entry:
        """The type behind typedefs. Raises KeyError when the chain leads nowhere."""
        for _ in range(32):
            entry = self.entries[offset]
            if entry.tag != _TYPEDEF:
                return entry
            offset = entry.type
        raise KeyError(offset)

    def size(self, offset: int) -> int:
        """Bytes of a type, -1 when unknown."""
        entry = self.bare(offset)
        if entry.size >= 0:
            return entry.size
        if entry.tag == _ARRAY:
            return entry.count * self.size(entry.type) if entry.count >= 0 else -1
        return _WORD_BYTES


def is_struct(entry: Entry) -> bool:
    return entry.tag == _STRUCTURE


def is_array(entry: Entry) -> bool:
    return entry.tag == _ARRAY


def read_types(elf: Elf) -> Types | None:
    """The runtime's types, None where the program has no DWARF. Raises ParseError where it is damaged."""
    info, abbreviations = (section(elf, name) for name in ("debug_info", "debug_abbrev"))
    if not info or not abbreviations:
        return None
    types = Types(entries={}, structs={}, constants={})
    known: dict[int, Abbreviations] = {}
    try:
        for start, first, end, table in read_units(info):
            if table not in known:
                known[table] = read_abbreviations(abbreviations, table)
            _read_unit(types, info, start, first, end, known[table])
    except (IndexError, ValueError, KeyError) as error:
        raise ParseError(elf.name, None, "", "its DWARF is damaged") from error
    return types


def section(elf: Elf, name: str) -> bytes:
    for section in elf.sections:
        if section.name not in (f".{name}", f".z{name}") or section.size > _MOST_SECTION_BYTES:
            continue
        raw = elf.image.read(section.offset, section.size)
        if raw[:4] == b"ZLIB":  # .zdebug_info: 4 letters and a big-endian size
            return _inflate(elf, raw[12:], int.from_bytes(raw[4:12], "big"))
        if raw[:8] == b"\1\0\0\0\0\0\0\0":  # Elf64_Chdr with ELFCOMPRESS_ZLIB; no unit is 1 byte long
            return _inflate(elf, raw[24:], int.from_bytes(raw[8:16], "little"))
        return raw
    return b""


def _inflate(elf: Elf, raw: bytes, size: int) -> bytes:
    if size > _MOST_SECTION_BYTES:
        raise ParseError(elf.name, None, "", f"its DWARF claims {size} bytes")
    try:
        return zlib.decompressobj().decompress(raw, size)
    except zlib.error as error:
        raise ParseError(elf.name, None, "", f"its DWARF cannot be inflated ({error})") from error


def read_sleb(raw: bytes, at: int) -> tuple[int, int]:
    value, after = read_varint(raw, at)
    bits = 7 * (after - at)
    return (value - (1 << bits) if raw[after - 1] & 0x40 else value), after


def read_units(info: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(start, first entry, end, abbreviation table) of every unit; 32-bit DWARF, which is what Go writes."""
    at = 0
    while at + 11 <= len(info):
        length = int.from_bytes(info[at : at + 4], "little")
        version = int.from_bytes(info[at + 4 : at + 6], "little")
        end = at + 4 + length
        if length >= 0xFFFFFFF0 or end > len(info) or not 2 <= version <= 5:
            raise ValueError("unit")
        if version == 5:
            yield at, at + 12, end, int.from_bytes(info[at + 8 : at + 12], "little")
        else:
            yield at, at + 11, end, int.from_bytes(info[at + 6 : at + 10], "little")
        at = end


def read_abbreviations(raw: bytes, at: int) -> Abbreviations:
    table: Abbreviations = {}
    while True:
        code, at = read_varint(raw, at)
        if code == 0:
            return table
        tag, at = read_varint(raw, at)
        children = raw[at] == 1
        at += 1
        attributes = []
        while True:
            name, at = read_varint(raw, at)
            form, at = read_varint(raw, at)
            implicit = 0
            if form == _IMPLICIT:
                implicit, at = read_sleb(raw, at)
            if name == 0 and form == 0:
                break
            attributes.append((name, form, implicit))
        table[code] = tag, children, tuple(attributes)


def read_attributes(
    raw: bytes, at: int, wanted: tuple[tuple[int, int, int], ...], start: int
) -> tuple[dict[int, Value], int]:
    values: dict[int, Value] = {}
    for name, form, implicit in wanted:
        size = _FIXED.get(form)
        value: Value
        if size is not None:
            value = int.from_bytes(raw[at : at + size], "little")
            if 0x11 <= form <= 0x14:
                value += start
            at += size
        elif form == _STRING:
            end = raw.index(b"\0", at)
            value, at = raw[at:end], end + 1
        elif form in _ULEBS:
            value, at = read_varint(raw, at)
        elif form == _SLEB:
            value, at = read_sleb(raw, at)
        elif form in (_ULEB_BLOCK, _EXPRESSION):
            length, at = read_varint(raw, at)
            value, at = raw[at : at + length], at + length
        elif form in _BLOCKS:
            after = at + _BLOCKS[form]
            length = int.from_bytes(raw[at:after], "little")
            value, at = raw[after : after + length], after + length
        elif form == _PRESENT:
            value = 1
        elif form == _IMPLICIT:
            value = implicit
        else:
            raise ValueError(f"form {form}")
        values[name] = value
    return values, at


def _read_unit(types: Types, info: bytes, start: int, at: int, end: int, table: Abbreviations) -> None:
    depth = 0
    parents: list[Entry | None] = [None]
    while at < end:
        offset = at
        code, at = read_varint(info, at)
        if code == 0:
            depth -= 1
            parents.pop()
            if depth <= 0:
                return
            continue
        tag, children, wanted = table[code]
        values, at = read_attributes(info, at, wanted, start)
        if tag == _COMPILE_UNIT and values.get(_NAME) not in _PACKAGES:
            return
        entry = _keep(types, offset, tag, values, parents[-1]) if tag in _KEPT else None
        if children:
            depth += 1
            parents.append(entry)


def _keep(types: Types, offset: int, tag: int, values: dict[int, Value], parent: Entry | None) -> Entry | None:
    raw_name = values.get(_NAME, b"")
    name = raw_name.decode("utf-8", "replace") if isinstance(raw_name, bytes) else ""
    kind = _number(values.get(_TYPE, 0))
    if tag == _CONSTANT:
        types.constants[name] = _number(values.get(_CONST_VALUE, 0))
    elif tag == _MEMBER:
        if parent is not None:
            at = values.get(_LOCATION_OF_MEMBER, 0)
            where = read_varint(at, 1)[0] if isinstance(at, bytes) else at  # DWARF 2 form: DW_OP_plus_uconst N
            parent.members.append(Member(name=name, offset=where, type=kind))
    elif tag == _SUBRANGE:
        if parent is not None and _COUNT in values:
            parent.count = _number(values[_COUNT])
    else:
        entry = Entry(tag=tag, name=name, size=_number(values.get(_BYTE_SIZE, -1)), type=kind)
        types.entries[offset] = entry
        if tag == _STRUCTURE:
            types.structs[name] = offset
        return entry
    return None


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
