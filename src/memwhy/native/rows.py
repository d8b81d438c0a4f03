"""Unwind rules for the sampler: of every module's .eh_frame, eight bytes a row, as its C unwinder searches them.

A module's rules are read once for as long as it stays mapped. What does not fit into the sampler's room is left out whole and said:
the program first, then from the smallest to the largest, so that one giant library costs no other its rules.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.memory.elf import PF_X, PT_LOAD, SHT_NOBITS, Elf
from memwhy.memory.space import Module

MOST_ROWS = 524_288
MOST_MODULES = 256
"""The sampler's room: MW_ROWS and MW_MODULES of c/layout.h."""
ROW_BYTES = 8
_MODULE = struct.Struct("<QQIIQ")
_GNU_EH_FRAME = 0x6474E550
_HEADER_ENCODING = 0x1B
"""DW_EH_PE_pcrel | sdata4: how every linker writes eh_frame_ptr."""
_MOST_SECTION_BYTES = 256 << 20

Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRows:
    """The rules of one module at [lo, hi). rows: count times (uint32 from lo, int16, int8, uint8); broken: descriptions left out."""

    name: str
    lo: int
    hi: int
    rows: bytes
    functions: int
    broken: int

    @property
    def count(self) -> int:
        return len(self.rows) // ROW_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules that go into the sampler, by address, and in words what is missing."""

    modules: tuple[ModuleRows, ...]
    notes: tuple[str, ...]

    def modules_bytes(self) -> bytes:
        """The table of struct mw_module."""
        first, parts = 0, []
        for module in self.modules:
            parts.append(_MODULE.pack(module.lo, module.hi, first, module.count, 0))
            first += module.count
        return b"".join(parts)

    def rows_bytes(self) -> bytes:
        """The table of struct mw_row."""
        return b"".join(module.rows for module in self.modules)


class RuleBook:
    """Reads rules, each module's once: libraries come and go while a process is watched."""

    def __init__(self, most_rows: int = MOST_ROWS, most_modules: int = MOST_MODULES) -> None:
        self._most_rows = most_rows
        self._most_modules = most_modules
        self._known: dict[Key, tuple[ModuleRows | None, str]] = {}

    def rules(self, modules: Sequence[Module]) -> Rules:
        """The rules of the modules that hold code."""
        read: list[tuple[Module, ModuleRows]] = []
        notes: list[str] = []
        known: dict[Key, tuple[ModuleRows | None, str]] = {}
        for module in modules:
            key = (module.path, module.start, module.end)
            rows, note = known[key] = self._known.get(key) or read_rows(module, self._most_rows)
            if rows is not None:
                read.append((module, rows))
            if note:
                notes.append(note)
        self._known = known
        kept, left = self._choose(read)
        return Rules(modules=tuple(sorted(kept, key=lambda one: one.lo)), notes=(*notes, *left))

    def _choose(self, read: list[tuple[Module, ModuleRows]]) -> tuple[list[ModuleRows], list[str]]:
        kept: list[ModuleRows] = []
        left: list[str] = []
        room = self._most_rows
        for _, rows in sorted(read, key=lambda pair: (not pair[0].is_program, pair[1].count)):
            if rows.count <= room and len(kept) < self._most_modules:
                kept.append(rows)
                room -= rows.count
            else:
                left.append(_no_room(rows.name, f"its {rows.count:,} rules do not fit beside the others'"))
        return kept, left


def _no_room(name: str, why: str) -> str:
    return f"stacks end at the first function of {name}: {why}"


def read_rows(module: Module, most_rows: int = MOST_ROWS) -> tuple[ModuleRows | None, str]:
    """A module's rules, or None and why it has none; "" beside None where it has no code."""
    try:
        from memwhy._core._eh_rows import eh_rows
    except ImportError:
        return None, "stacks in C have one frame: this installation has no compiled part"
    if module.elf is None:
        return None, _no_room(module.name, "its file cannot be read")
    if not any(segment.type == PT_LOAD and segment.flags & PF_X for segment in module.elf.segments):
        return None, ""
    section = find_eh_frame(module.elf)
    if section is None:
        return None, _no_room(module.name, "it has no unwind rules (.eh_frame)")
    address, raw = section
    rows, functions, broken, fault, too_many = eh_rows(raw, address, module.start - module.bias, most_rows)
    if too_many:
        return None, _no_room(module.name, f"it has more than {most_rows:,} unwind rules")
    note = ""
    if fault >= 0:
        note = f"the unwind rules of {module.name} are damaged from byte {fault} on: stacks through the rest of it end there"
    made = ModuleRows(name=module.name, lo=module.start, hi=module.end, rows=rows, functions=functions, broken=broken)
    return made, note


def find_eh_frame(elf: Elf) -> tuple[int, bytes] | None:
    """(address in the file's terms, bytes) of its call frame information; by the program headers where the sections are gone."""
    section = elf.section(".eh_frame")
    if section is not None and section.type != SHT_NOBITS and section.size:
        raw = elf.image.read(section.offset, min(section.size, _MOST_SECTION_BYTES))
        return (section.address, raw) if raw else None
    header = next((segment for segment in elf.segments if segment.type == _GNU_EH_FRAME), None)
    if header is None:
        return None
    raw = elf.read_at(header.address, 8)  # version, three encodings, eh_frame_ptr: LSB Core, 10.6.2
    if len(raw) < 8 or raw[0] != 1 or raw[1] != _HEADER_ENCODING:
        return None
    address = header.address + 4 + int.from_bytes(raw[4:8], "little", signed=True)
    raw = elf.read_at(address, _MOST_SECTION_BYTES)
    end = max(_ends(raw), default=0)
    return (address, raw[:end]) if end else None


def _ends(raw: bytes) -> Iterator[int]:
    """Where each record ends, up to the terminator, which a section without its header has to be cut at."""
    at = 0
    while at + 4 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "little")
        if size < 4 or size > len(raw) - at - 4:
            return
        at += 4 + size
        yield at
