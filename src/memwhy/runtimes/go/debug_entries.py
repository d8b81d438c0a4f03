"""A Go program's DWARF, entry by entry as it is asked for: a program of a hundred megabytes is not read whole for a few variables.

Format: DWARF 5, section 7.5; the numbers of Go's own attributes: cmd/internal/dwarf/dwarf.go. Versions 4 and 5, as Go's compiler writes them.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from memwhy.memory.elf import Elf
from memwhy.runtimes.go.dwarf import (
    Abbreviations,
    Value,
    read_abbreviations,
    read_attributes,
    read_units,
    section,
)
from memwhy.sources.go.varint import read_varint

ARRAY, LEXICAL_BLOCK, MEMBER, POINTER, STRUCTURE, FUNCTION_TYPE, TYPEDEF = 0x01, 0x0B, 0x0D, 0x0F, 0x13, 0x15, 0x16
INLINED, SUBRANGE, FUNCTION, PARAMETER, VARIABLE = 0x1D, 0x21, 0x2E, 0x05, 0x34
LOCATION, NAME, BYTE_SIZE, LOW_PC, HIGH_PC, ABSTRACT_ORIGIN = 0x02, 0x03, 0x0B, 0x11, 0x12, 0x31
COUNT, MEMBER_LOCATION, TYPE, RANGES, ADDRESS_BASE = 0x37, 0x38, 0x49, 0x55, 0x73
GO_KIND, GO_KEY, GO_ELEM, GO_RUNTIME_TYPE, GO_CLOSURE_OFFSET = 0x2900, 0x2901, 0x2902, 0x2904, 0x2907
_MOST_DEPTH = 64
DAMAGED: tuple[type[Exception], ...] = (IndexError, ValueError, KeyError)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: where its entries begin and end, its abbreviations, and its part of .debug_addr (DWARF 5)."""

    start: int
    first: int
    end: int
    version: int
    table: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. place: where it stands. forms: what each value's form is. behind: where the next entry stands, its child if it has any."""

    place: int
    tag: int
    values: dict[int, Value]
    forms: dict[int, int]
    has_children: bool
    behind: int

    def number(self, attribute: int) -> int:
        """The value of a number, 0 where there is none."""
        value = self.values.get(attribute, 0)
        return value if isinstance(value, int) else 0

    @property
    def name(self) -> str:
        value = self.values.get(NAME, b"")
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


@dataclass(slots=True)
class Entries:
    """The entries of one program, and the sections that they refer to."""

    info: bytes
    abbreviations: bytes
    addresses: bytes
    lists: bytes
    """.debug_loclists of DWARF 5, .debug_loc before."""
    _units: list[Unit] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _tables: dict[int, Abbreviations] = field(default_factory=dict)
    _bases: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, elf: Elf) -> "Entries | None":
        """None where the program was stripped. Raises ParseError for sections that cannot be had."""
        info, abbreviations = section(elf, "debug_info"), section(elf, "debug_abbrev")
        if not info or not abbreviations:
            return None
        lists = section(elf, "debug_loclists") or section(elf, "debug_loc")
        found = cls(info=info, abbreviations=abbreviations, addresses=section(elf, "debug_addr"), lists=lists)
        found.find_units()
        return found

    def find_units(self) -> None:
        """Where each unit begins; of damaged sections those before the damage."""
        try:
            for start, first, end, table in read_units(self.info):
                version = int.from_bytes(self.info[start + 4 : start + 6], "little")
                self._units.append(Unit(start, first, end, version, table))
        except DAMAGED:
            pass  # what was read stands
        self._starts = [unit.start for unit in self._units]

    def unit(self, place: int) -> Unit | None:
        """The unit that a place lies in."""
        i = bisect_right(self._starts, place) - 1
        return self._units[i] if i >= 0 and place < self._units[i].end else None

    def at(self, place: int) -> Entry | None:
        """The entry at a place, None where there is none that makes sense."""
        unit = self.unit(place)
        if unit is None or place < unit.first:
            return None
        try:
            return self._read(unit, place)
        except DAMAGED:
            return None

    def _read(self, unit: Unit, place: int) -> Entry | None:
        if unit.table not in self._tables:
            self._tables[unit.table] = read_abbreviations(self.abbreviations, unit.table)
        code, at = read_varint(self.info, place)
        if code == 0:
            return None
        tag, has_children, wanted = self._tables[unit.table][code]
        values, behind = read_attributes(self.info, at, wanted, unit.start)
        return Entry(place, tag, values, {name: form for name, form, _ in wanted}, has_children, behind)

    def children(self, entry: Entry, into: frozenset[int] = frozenset()) -> Iterator[Entry]:
        """Those of an entry, and those of its children that have one of the tags `into`; as far as they make sense."""
        if not entry.has_children:
            return
        at, inside = entry.behind, [True]
        while inside and at < len(self.info):
            if self.info[at] == 0:
                inside.pop()
                at += 1
                continue
            found = self.at(at)
            if found is None:
                return
            at = found.behind
            if inside[-1]:
                yield found
            if found.has_children:
                inside.append(inside[-1] and found.tag in into)
            if len(inside) > _MOST_DEPTH:
                return

    def origin(self, entry: Entry) -> Entry:
        """What an entry is an instance of, itself where that is not said: there its name and type stand."""
        place = entry.number(ABSTRACT_ORIGIN)
        found = self.at(place) if place else None
        return entry if found is None else found

    def address(self, unit: Unit, index: int) -> int:
        """An address by its number in .debug_addr, -1 where there is none."""
        if unit.start not in self._bases:
            first = self.at(unit.first)
            self._bases[unit.start] = (first.number(ADDRESS_BASE) if first is not None else 0) or 8
        at = self._bases[unit.start] + 8 * index
        raw = self.addresses[at : at + 8]
        return int.from_bytes(raw, "little") if len(raw) == 8 else -1
