"""Which variable of a function stands in which word of its frame, at one program counter, by DWARF's location lists.

Format: DWARF 4, section 2.6 (.debug_loc), DWARF 5, section 7.7.3 (.debug_loclists); what of it Go writes: cmd/compile/internal/ssa/debug.go. Only
what stands in memory counts: a goroutine that waits has all that it still needs in its frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from memwhy.runtimes.go import debug_entries as dwarf
from memwhy.runtimes.go.debug_entries import DAMAGED, Entries, Entry, Unit
from memwhy.runtimes.go.debug_types import DebugTypes
from memwhy.runtimes.go.dwarf import read_sleb
from memwhy.runtimes.go.heap_types import Types
from memwhy.runtimes.go.heap_variables import Variables
from memwhy.sources.go.varint import read_varint

_BLOCKS = frozenset({dwarf.LEXICAL_BLOCK, dwarf.INLINED})
_DEREF, _FRAME_BASE, _PIECE, _FRAME_CFA = 0x06, 0x91, 0x93, 0x9C
_REGISTERS = range(0x50, 0x70)
_LIST_INDEX = 0x22
"""DW_FORM_loclistx, which Go does not write."""
_END, _BASE_INDEX, _INDEX_END, _INDEX_LENGTH, _PAIR, _DEFAULT, _BASE, _START_END, _START_LENGTH = range(9)
"""DW_LLE_*."""
_WORD_BYTES = 8
_MOST_BYTES = 1 << 20
_MOST_LIST = 1 << 16
_DECOMPOSED = (".ptr", ".len", ".cap", ".data", ".itab", ".type")
"""Parts of a variable that the compiler keeps apart (cmd/compile/internal/ssa/decompose.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """One variable, or a part of one. behind: it lies in the heap, and the frame's word points to it.

    pieces: (offset in the variable, offset from the frame's base, bytes); its base is where the caller's stack ends.
    """

    name: str
    type: int
    behind: bool
    pieces: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """What a word of a frame belongs to. offset: of the word in the variable."""

    name: str
    type: int
    behind: bool
    offset: int


@dataclass(slots=True)
class Locals:
    """The variables of one program's functions."""

    variables: Variables
    types: Types
    _told: dict[int, tuple[Entry, ...]] = field(default_factory=dict)

    def words(self, entry: int, pc: int) -> dict[int, Owner]:
        """By offset from the frame's base what stands there. entry: where the function's code begins."""
        debug, function = self.variables.debug, self.variables.function(entry)
        found: dict[int, Owner] = {}
        if debug is None or function is None:
            return found
        for local in sorted(
            self._locals(debug, function, pc - debug.bias), key=lambda one: one.name.endswith(_DECOMPOSED)
        ):
            name = local.name.removeprefix("&")
            for part in _DECOMPOSED:
                name = name.removesuffix(part)
            for inner, base, size in local.pieces:
                for at in range(0, min(size, _MOST_BYTES), _WORD_BYTES):
                    found.setdefault(base + at, Owner(name, local.type, local.behind, inner + at))
        return found

    def leads(self, owner: Owner) -> int:
        """The key of what a word of a variable points to, 0 where nobody knows."""
        return owner.type if owner.behind else self.types.leads(owner.type).get(owner.offset // _WORD_BYTES, (0, ""))[0]

    def _locals(self, debug: DebugTypes, function: Entry, pc: int) -> Iterator[Local]:
        entries = debug.entries
        if function.place not in self._told:
            wanted = (dwarf.VARIABLE, dwarf.PARAMETER)
            members = (
                one for one in entries.children(function, _BLOCKS) if one.tag in wanted and dwarf.LOCATION in one.values
            )
            self._told[function.place] = tuple(members)
        unit = entries.unit(function.place)
        for one in self._told[function.place] if unit is not None else ():
            said = entries.origin(one)
            key = debug.key(said.number(dwarf.TYPE))
            if not key or not said.name:
                continue
            known = self.types.at(key)
            pieces, behind = _pieces(_expression(entries, unit, one, pc), 0 if known is None else known.size)
            if pieces:
                yield Local(name=said.name, type=key, behind=behind, pieces=tuple(pieces))


def _expression(entries: Entries, unit: Unit | None, one: Entry, pc: int) -> bytes:
    """Where a variable is at a program counter; empty where nobody says, or it is nowhere."""
    value = one.values[dwarf.LOCATION]
    if isinstance(value, bytes):
        return value
    if unit is None or one.forms.get(dwarf.LOCATION) == _LIST_INDEX:
        return b""
    try:
        ranges = _list(entries, unit, value) if unit.version >= 5 else _old_list(entries.lists, value)
        return next((expression for start, end, expression in ranges if start <= pc < end), b"")
    except DAMAGED:
        return b""


def _old_list(raw: bytes, at: int) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, expression) of .debug_loc: pairs of addresses, one of them -1 sets the base of those that follow."""
    base = 0
    for _ in range(_MOST_LIST):
        start, end = (int.from_bytes(raw[i : i + _WORD_BYTES], "little") for i in (at, at + _WORD_BYTES))
        at += 2 * _WORD_BYTES
        if start == end == 0 or at + 2 > len(raw):
            return
        if start == 0xFFFFFFFFFFFFFFFF:
            base = end
            continue
        size = int.from_bytes(raw[at : at + 2], "little")
        yield base + start, base + end, raw[at + 2 : at + 2 + size]
        at += 2 + size


def _list(entries: Entries, unit: Unit, at: int) -> Iterator[tuple[int, int, bytes]]:
    """The same of .debug_loclists."""
    raw, base = entries.lists, 0
    for _ in range(_MOST_LIST):
        kind = raw[at]
        at += 1
        numbers = []
        for addresses in (kind in (_BASE, _START_END, _START_LENGTH), kind == _START_END):
            if addresses:
                numbers.append(int.from_bytes(raw[at : at + _WORD_BYTES], "little"))
                at += _WORD_BYTES
        for _ in range({_BASE_INDEX: 1, _INDEX_END: 2, _INDEX_LENGTH: 2, _PAIR: 2, _START_LENGTH: 1}.get(kind, 0)):
            number, at = read_varint(raw, at)
            numbers.append(number)
        if kind == _END or kind > _START_LENGTH:
            return
        if kind in (_BASE_INDEX, _BASE):
            base = entries.address(unit, numbers[0]) if kind == _BASE_INDEX else numbers[0]
            continue
        size, at = read_varint(raw, at)
        yield (*_range(entries, unit, kind, numbers, base), raw[at : at + size])
        at += size


def _range(entries: Entries, unit: Unit, kind: int, numbers: list[int], base: int) -> tuple[int, int]:
    if kind == _DEFAULT:
        return 0, 1 << 64
    start, end = numbers
    if kind == _PAIR:
        return base + start, base + end
    if kind in (_INDEX_END, _INDEX_LENGTH):
        start = entries.address(unit, start)
    if kind == _INDEX_END:
        end = entries.address(unit, end)
    return start, start + end if kind in (_INDEX_LENGTH, _START_LENGTH) else end


def _pieces(expression: bytes, size: int) -> tuple[list[tuple[int, int, int]], bool]:
    """`Local.pieces` and `Local.behind` of an expression; size: of the variable."""
    found: list[tuple[int, int, int]] = []
    at, inner, stands, behind = 0, 0, None, False
    try:
        while at < len(expression):
            op = expression[at]
            at += 1
            if op == _FRAME_CFA:
                stands = 0
            elif op == _FRAME_BASE:
                stands, at = read_sleb(expression, at)
            elif op == _DEREF:
                behind = stands is not None
            elif op == _PIECE:
                length, at = read_varint(expression, at)
                if stands is not None:
                    found.append((inner, stands, length))
                inner, stands = inner + length, None
            elif op not in _REGISTERS:
                return found, False
    except DAMAGED:
        return [], False
    if stands is not None and inner == 0:
        found.append((0, stands, _WORD_BYTES if behind else size))
    return found, behind
