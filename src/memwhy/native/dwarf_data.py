"""DWARF's building blocks: sections, numbers, attributes and lists of ranges, versions 2 to 5.

Source: DWARF 5, sections 7.4 (forms), 7.5 (units, abbreviations), 2.17.3 (ranges); 32-bit DWARF, which is what compilers write for files
below 4 GiB. Damage raises ValueError, IndexError or KeyError here; `memwhy.native.dwarf` makes "not known" of it.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.memory.elf import Elf
from memwhy.sources.go.varint import read_varint

_MOST_SECTION_BYTES = 96 << 20
_ZLIB = b"\1\0\0\0\0\0\0\0"
"""Elf64_Chdr of a section compressed with zlib: ELFCOMPRESS_ZLIB and padding; no unit is 1 byte long."""
_FIXED = {0x01: 8, 0x05: 2, 0x06: 4, 0x07: 8, 0x0B: 1, 0x0C: 1, 0x0E: 4, 0x10: 4, 0x11: 1, 0x12: 2, 0x13: 4}
_FIXED |= {0x14: 8, 0x17: 4, 0x19: 0, 0x1C: 4, 0x1D: 4, 0x1E: 16, 0x1F: 4, 0x20: 8, 0x21: 0, 0x24: 8}
_FIXED |= {0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4, 0x1F20: 4, 0x1F21: 4}
_STRING, _SLEB, _IMPLICIT, _INDIRECT = 0x08, 0x0D, 0x21, 0x16
_ULEBS = frozenset({0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23})
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
_ULEB_BLOCKS = frozenset({0x09, 0x18})
STRP, LINE_STRP = 0x0E, 0x1F
STRXS, ADDRXS = frozenset({0x1A, 0x25, 0x26, 0x27, 0x28}), frozenset({0x1B, 0x29, 0x2A, 0x2B, 0x2C})
ADDRESS, REF_ADDR, LOCAL_REFS = 0x01, 0x10, frozenset({0x11, 0x12, 0x13, 0x14, 0x15})
RNGLISTX = 0x23
SECTIONS = ("aranges", "info", "abbrev", "str", "line_str", "line", "ranges", "rnglists", "addr", "str_offsets")

Value = int | bytes


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value and the form that it stands in, which says what it means."""

    form: int
    value: Value


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What entries of one kind have. size: bytes of all attributes where that is always the same, else -1."""

    tag: int
    has_children: bool
    attributes: tuple[tuple[int, int, int], ...]
    size: int


def read_sections(elf: Elf) -> dict[str, bytes]:
    """Its .debug_* sections by name without that; compressed ones inflated, ones too large or otherwise compressed left out."""
    found: dict[str, bytes] = {}
    for section in elf.sections:
        name = section.name.removeprefix(".debug_")
        if name != section.name and name in SECTIONS and name not in found and section.size <= _MOST_SECTION_BYTES:
            raw = elf.image.read(section.offset, section.size) if section.type != 8 else b""
            found[name] = _inflated(raw) if raw[:8] == _ZLIB else raw
    return found


def _inflated(raw: bytes) -> bytes:
    size = int.from_bytes(raw[8:16], "little")
    if size > _MOST_SECTION_BYTES:
        return b""
    try:
        return zlib.decompressobj().decompress(raw[24:], size)
    except zlib.error:
        return b""


def number(raw: bytes, at: int, size: int) -> int:
    """A little-endian number. Raises IndexError where it is cut off."""
    if at < 0 or at + size > len(raw):
        raise IndexError("cut off")
    return int.from_bytes(raw[at : at + size], "little")


def text(raw: bytes, at: int) -> tuple[bytes, int]:
    """A string and where the next thing stands. Raises ValueError where it does not end."""
    end = raw.index(b"\0", at)
    return raw[at:end], end + 1


def sleb(raw: bytes, at: int) -> tuple[int, int]:
    value, after = read_varint(raw, at)
    bits = 7 * (after - at)
    return (value - (1 << bits) if raw[after - 1] & 0x40 else value), after


class Abbreviations:
    """The table at an offset of .debug_abbrev, read as far as it is asked: a Go program has thousands of long ones."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._rows = _abbreviations(raw, at)
        self._known: dict[int, Abbreviation] = {}

    def __getitem__(self, code: int) -> Abbreviation:
        """Raises KeyError where there is none, and what reading damage raises."""
        while code not in self._known:
            row = next(self._rows, None)
            if row is None:
                raise KeyError(code)
            self._known.setdefault(*row)
        return self._known[code]


def _abbreviations(raw: bytes, at: int) -> Iterator[tuple[int, Abbreviation]]:
    while True:
        code, at = read_varint(raw, at)
        if code == 0:
            return
        tag, at = read_varint(raw, at)
        children = raw[at] == 1
        at += 1
        attributes: list[tuple[int, int, int]] = []
        while True:
            name, at = read_varint(raw, at)
            form, at = read_varint(raw, at)
            implicit = 0
            if form == _IMPLICIT:
                implicit, at = sleb(raw, at)
            if name == 0 and form == 0:
                break
            attributes.append((name, form, implicit))
        sizes = [_FIXED.get(form, -1) for _, form, _ in attributes]
        yield code, Abbreviation(tag, children, tuple(attributes), -1 if -1 in sizes else sum(sizes))


def attributes(raw: bytes, at: int, wanted: Abbreviation) -> tuple[dict[int, Attribute], int]:
    """An entry's attributes by name, and where the next entry stands."""
    values: dict[int, Attribute] = {}
    for name, form, implicit in wanted.attributes:
        value, at, form = form_value(raw, at, form, implicit)
        values[name] = Attribute(form, value)
    return values, at


def form_value(raw: bytes, at: int, form: int, implicit: int = 0) -> tuple[Value, int, int]:
    """(value, where the next stands, form): the form is another where it was said in the data."""
    if form == _INDIRECT:
        form, at = read_varint(raw, at)
        if form == _INDIRECT:
            raise ValueError("an indirect form within another")
    size = _FIXED.get(form)
    if size is not None:
        return (implicit if form == _IMPLICIT else number(raw, at, size)), at + size, form
    if form == _STRING:
        string, at = text(raw, at)
        return string, at, form
    if form in _ULEBS:
        value, at = read_varint(raw, at)
        return value, at, form
    if form == _SLEB:
        value, at = sleb(raw, at)
        return value, at, form
    if form in _BLOCKS:
        length, at = number(raw, at, _BLOCKS[form]), at + _BLOCKS[form]
    elif form in _ULEB_BLOCKS:
        length, at = read_varint(raw, at)
    else:
        raise KeyError(form)
    if at + length > len(raw):
        raise IndexError("cut off")
    return raw[at : at + length], at + length, form


def old_ranges(raw: bytes, at: int, base: int) -> Iterator[tuple[int, int]]:
    """A list of .debug_ranges (DWARF 3 and 4)."""
    while True:
        low, high = number(raw, at, 8), number(raw, at + 8, 8)
        at += 16
        if low == high == 0:
            return
        if low == (1 << 64) - 1:
            base = high
        elif low < high:
            yield base + low, base + high


def new_ranges(sections: dict[str, bytes], at: int, base: int, addresses: int) -> Iterator[tuple[int, int]]:
    """A list of .debug_rnglists. addresses: where the unit's part of .debug_addr begins."""
    raw, table = sections.get("rnglists", b""), sections.get("addr", b"")
    while True:
        kind, at = raw[at], at + 1
        if kind == 0:
            return
        if kind in (1, 2, 3, 4):
            first, at = read_varint(raw, at)
            second = 0
            if kind != 1:
                second, at = read_varint(raw, at)
            if kind == 4:
                yield base + first, base + second
                continue
            low = number(table, addresses + 8 * first, 8)
            if kind == 1:
                base = low
            else:
                yield low, number(table, addresses + 8 * second, 8) if kind == 2 else low + second
        elif kind == 5:
            base, at = number(raw, at, 8), at + 8
        elif kind == 6:
            yield number(raw, at, 8), number(raw, at + 8, 8)
            at += 16
        elif kind == 7:
            low = number(raw, at, 8)
            length, at = read_varint(raw, at + 8)
            yield low, low + length
        else:
            raise ValueError("no such range")


def unit_ranges(raw: bytes) -> dict[int, list[tuple[int, int]]]:
    """Unit's offset in .debug_info: its ranges, as .debug_aranges lists them; clang and Go leave that section out."""
    found: dict[int, list[tuple[int, int]]] = {}
    at = 0
    while at + 12 <= len(raw):
        end = at + 4 + number(raw, at, 4)
        if end > len(raw) or raw[at + 10] != 8 or raw[at + 11] != 0:
            break
        ranges = found.setdefault(number(raw, at + 6, 4), [])
        for place in range(at + 16, end - 15, 16):
            low, length = number(raw, place, 8), number(raw, place + 8, 8)
            if low and length:
                ranges.append((low, low + length))
        at = end
    return found
