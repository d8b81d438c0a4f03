"""Lines and inlined calls of C and C++ by DWARF: for an address the functions that stand there, innermost first.

Nothing is read before it is asked for: first the units' ranges, as .debug_aranges or their own entries say them; then only the units that hold an address.
Tags and attributes: DWARF 5, section 7.5.4. What is damaged, split into other files (.dwo) or shared by dwz is not known.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from memwhy.memory.elf import Elf
from memwhy.native.dwarf_data import (
    ADDRESS,
    ADDRXS,
    LINE_STRP,
    LOCAL_REFS,
    REF_ADDR,
    RNGLISTX,
    STRP,
    STRXS,
    Abbreviations,
    Attribute,
    attributes,
    new_ranges,
    number,
    old_ranges,
    read_sections,
    text,
    unit_ranges,
)
from memwhy.native.dwarf_lines import LineTable
from memwhy.sources.go.varint import read_varint

_UNITS, _SUBPROGRAM, _INLINED = frozenset({0x11, 0x3C, 0x4A}), 0x2E, 0x1D
_NAME, _STMT_LIST, _LOW, _HIGH, _LANGUAGE, _COMP_DIR = 0x03, 0x10, 0x11, 0x12, 0x13, 0x1B
_ORIGIN, _SPECIFICATION, _RANGES, _CALL_FILE, _CALL_LINE, _LINKAGE_NAME = 0x31, 0x47, 0x55, 0x58, 0x59, 0x6E
_OLD_LINKAGE_NAME = 0x2007
"""DW_AT_MIPS_linkage_name: what compilers wrote before DWARF 4."""
_STR_OFFSETS_BASE, _ADDR_BASE, _RNGLISTS_BASE = 0x72, 0x73, 0x74
_GO = 0x16
_HEADER_BYTES = {1: 12, 3: 12, 4: 20, 5: 20, 2: 24, 6: 24}
_MOST_UNIT_BYTES = 6 << 20
_MOST_UNITS = 200_000
_MOST_REFERENCES = 16
_DAMAGED = (ValueError, IndexError, KeyError)

Entry = dict[int, Attribute]


@dataclass(frozen=True, slots=True)
class Place:
    """A function at an address. function: as DWARF links it, mangled for C++; "" where it does not say. inlined: into the next.

    line: 0 where it is not known, or damaged to a negative one.
    """

    function: str
    file: str
    line: int
    inlined: bool


@dataclass(slots=True)
class _Unit:
    start: int
    first: int
    end: int
    version: int
    table: Abbreviations
    root: Entry = field(default_factory=dict)
    is_open: bool = False
    low: int = 0
    lines: LineTable | None = None
    scopes: "list[_Scope] | None" = None


@dataclass(frozen=True, slots=True)
class _Scope:
    """A function, or one inlined: its ranges, and where it was called."""

    ranges: tuple[tuple[int, int], ...]
    depth: int
    entry: Entry
    inlined: bool


class Dwarf:
    """The DWARF of one file."""

    def __init__(self, elf: Elf) -> None:
        self._sections = read_sections(elf)
        self._info = self._sections.get("info", b"")
        self._tables: dict[int, Abbreviations] = {}
        self._units = list(self._read_units())
        self._unit_starts = [unit.start for unit in self._units]
        listed = unit_ranges(self._sections.get("aranges", b""))
        spans: list[tuple[int, int, _Unit]] = []
        for unit in self._units:
            try:
                ranges = listed.get(unit.start) or self._unlisted(unit)
                spans += [(low, high, unit) for low, high in ranges if low]
            except _DAMAGED:
                continue
        self._spans = sorted(spans, key=lambda span: span[0])
        self._span_starts = [span[0] for span in self._spans]

    def find(self, address: int) -> tuple[Place, ...]:
        """The functions at an address, innermost first; none where nothing is known. The last is no inlined one."""
        at = bisect_right(self._span_starts, address) - 1
        if at < 0 or address >= self._spans[at][1]:
            return ()
        unit = self._spans[at][2]
        try:
            self._open(unit)
            if unit.lines is None:
                unit.lines = self._line_table(unit)
            file, line = unit.lines.find(address)
            return tuple(self._places(unit, unit.lines, address, file, line))
        except _DAMAGED:
            return ()

    def _unlisted(self, unit: _Unit) -> list[tuple[int, int]]:
        self._open(unit)
        return [] if _plain(unit.root.get(_LANGUAGE)) == _GO else list(self._ranges(unit, unit.root))

    def _open(self, unit: _Unit) -> None:
        """Read the unit's own entry."""
        if unit.is_open:
            return
        unit.is_open = True
        code, after = read_varint(self._info, unit.first)
        if unit.table[code].tag in _UNITS:
            unit.root = attributes(self._info, after, unit.table[code])[0]
            unit.low = self._address(unit, unit.root.get(_LOW)) or 0

    def _places(self, unit: _Unit, lines: LineTable, address: int, file: str, line: int) -> Iterator[Place]:
        scopes = [scope for scope in self._scopes(unit) if any(low <= address < high for low, high in scope.ranges)]
        for scope in sorted(scopes, key=lambda scope: -scope.depth):
            yield Place(self._function(unit, scope.entry), file, max(0, line), scope.inlined)
            if not scope.inlined:
                return
            file = lines.file(_plain(scope.entry.get(_CALL_FILE)))
            line = _plain(scope.entry.get(_CALL_LINE))
        yield Place("", file, max(0, line), False)

    def _read_units(self) -> Iterator[_Unit]:
        at, raw = 0, self._info
        for _ in range(_MOST_UNITS):
            if at + 12 > len(raw):
                return
            length, version = number(raw, at, 4), number(raw, at + 4, 2)
            end = at + 4 + length
            if length >= 0xFFFFFFF0 or end > len(raw) or not 2 <= version <= 5:
                return
            try:
                kind = raw[at + 6] if version == 5 else 1
                table = number(raw, at + (8 if version == 5 else 6), 4)
                first = at + (_HEADER_BYTES[kind] if version == 5 else 11)
                if table not in self._tables:
                    self._tables[table] = Abbreviations(self._sections.get("abbrev", b""), table)
                yield _Unit(at, first, end, version, self._tables[table])
            except _DAMAGED:
                pass
            at = end

    def _line_table(self, unit: _Unit) -> LineTable:
        if _STMT_LIST not in unit.root:
            raise ValueError("no lines")
        return LineTable(self._sections, _plain(unit.root[_STMT_LIST]), self._text(unit, unit.root.get(_COMP_DIR)))

    def _scopes(self, unit: _Unit) -> "list[_Scope]":
        """Every function of a unit and every one inlined, in the order of their entries."""
        if unit.scopes is None:
            unit.scopes = []
            if unit.end - unit.start <= _MOST_UNIT_BYTES:
                try:
                    unit.scopes.extend(self._read_scopes(unit))
                except _DAMAGED:
                    unit.scopes.clear()
        return unit.scopes

    def _read_scopes(self, unit: _Unit) -> Iterator[_Scope]:
        at, depth, raw = unit.first, 0, self._info
        while at < unit.end:
            code, at = read_varint(raw, at)
            if code == 0:
                depth -= 1
                continue
            wanted = unit.table[code]
            if wanted.tag in (_SUBPROGRAM, _INLINED):
                entry, at = attributes(raw, at, wanted)
                ranges = tuple(self._ranges(unit, entry))
                if ranges:
                    yield _Scope(ranges, depth, entry, wanted.tag == _INLINED)
            elif wanted.size >= 0:
                at += wanted.size
            else:
                _, at = attributes(raw, at, wanted)
            depth += wanted.has_children

    def _ranges(self, unit: _Unit, entry: Entry) -> Iterator[tuple[int, int]]:
        low, high, ranges = self._address(unit, entry.get(_LOW)), entry.get(_HIGH), entry.get(_RANGES)
        if ranges is None:
            if low is not None and high is not None:
                end = self._address(unit, high) if high.form == ADDRESS or high.form in ADDRXS else low + _plain(high)
                yield low, end or 0
            return
        offset = _plain(ranges)
        if unit.version < 5:
            yield from old_ranges(self._sections.get("ranges", b""), offset, unit.low)
            return
        if ranges.form == RNGLISTX:
            base = _plain(unit.root.get(_RNGLISTS_BASE))
            offset = base + number(self._sections.get("rnglists", b""), base + 4 * offset, 4)
        yield from new_ranges(self._sections, offset, unit.low, _plain(unit.root.get(_ADDR_BASE)))

    def _address(self, unit: _Unit, found: Attribute | None) -> int | None:
        if found is None:
            return None
        if found.form in ADDRXS:
            return number(self._sections.get("addr", b""), _plain(unit.root.get(_ADDR_BASE)) + 8 * _plain(found), 8)
        return _plain(found)

    def _text(self, unit: _Unit, found: Attribute | None) -> str:
        if found is None:
            return ""
        if isinstance(found.value, bytes):
            return found.value.decode("utf-8", "replace")
        offset, table = found.value, "str"
        if found.form in STRXS:
            base = _plain(unit.root.get(_STR_OFFSETS_BASE))
            offset = number(self._sections.get("str_offsets", b""), base + 4 * offset, 4)
        elif found.form == LINE_STRP:
            table = "line_str"
        elif found.form != STRP:
            return ""
        return text(self._sections.get(table, b""), offset)[0].decode("utf-8", "replace")

    def _function(self, unit: _Unit, entry: Entry) -> str:
        """Its linked name, else its plain one; both may stand in the entry that this one is made after."""
        name = ""
        for _ in range(_MOST_REFERENCES):
            linked = self._text(unit, entry.get(_LINKAGE_NAME) or entry.get(_OLD_LINKAGE_NAME))
            if linked:
                return linked
            name = name or self._text(unit, entry.get(_NAME))
            reference = entry.get(_ORIGIN) or entry.get(_SPECIFICATION)
            if reference is None:
                break
            found = self._referred(unit, reference)
            if found is None:
                break
            unit, entry = found
        return name

    def _referred(self, unit: _Unit, reference: Attribute) -> tuple[_Unit, Entry] | None:
        offset = _plain(reference)
        if reference.form in LOCAL_REFS:
            offset += unit.start
        elif reference.form == REF_ADDR:
            unit = self._units[bisect_right(self._unit_starts, offset) - 1]
        else:
            return None
        if not unit.first <= offset < unit.end:
            return None
        self._open(unit)
        code, after = read_varint(self._info, offset)
        return unit, attributes(self._info, after, unit.table[code])[0]


def _plain(found: Attribute | None) -> int:
    return found.value if found is not None and isinstance(found.value, int) else 0
