"""The types of global variables and of what closures captured, from a program's DWARF, as keys of `heap_types`.

Captured variables Go's compiler marks since Go 1.23 (DW_AT_go_closure_offset); cmd/internal/dwarf/dwarf.go. A stripped program has none of
it: then types begin at objects that tell theirs.
"""

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.memory.space import DebugFile
from memwhy.model.errors import ParseError
from memwhy.runtimes.go import debug_entries as dwarf
from memwhy.runtimes.go.debug_entries import Entries, Entry
from memwhy.runtimes.go.debug_types import DebugTypes
from memwhy.runtimes.go.layout import minor_number, minor_of

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_STRIPPED = "it was stripped of its DWARF: variables have no types"
_STRIPPED_OLD = f"{_STRIPPED}, and before Go 1.22 most objects tell none: bytes and roots are right, types are few"
_TOLD_SINCE = minor_number("1.22")
"""From then on objects of more than 512 bytes begin with their type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One captured variable. offset: in the closure; type: its key."""

    name: str
    offset: int
    type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """globals: places of types by address of the variable. functions: places of entries by address. problem: why there are none. file: the debug file
    that they are from, "" where it is the program itself."""

    globals: dict[int, int] = field(default_factory=dict)
    functions: dict[int, int] = field(default_factory=dict)
    debug: DebugTypes | None = None
    problem: str = ""
    file: str = ""

    def of_global(self, address: int) -> int:
        """The key of a global variable's type, 0 where it is not known."""
        place = self.globals.get(address)
        return 0 if place is None or self.debug is None else self.debug.key(place)

    def function(self, address: int) -> Entry | None:
        """The entry of the function whose code begins at an address."""
        place = self.functions.get(address)
        return None if place is None or self.debug is None else self.debug.entries.at(place)

    def captured(self, code: int) -> tuple[Captured, ...]:
        """What a closure captured, in the order in which it lies there; as far as the program says it."""
        function = self.function(code)
        if function is None or self.debug is None:
            return ()
        found = []
        for one in self.debug.entries.children(function):
            said = self.debug.entries.origin(one)
            offset = one.number(dwarf.GO_CLOSURE_OFFSET) or said.number(dwarf.GO_CLOSURE_OFFSET)
            key = self.debug.key(said.number(dwarf.TYPE)) if offset else 0
            if key:
                found.append(Captured(name=said.name, offset=offset, type=key))
        return tuple(sorted(found, key=lambda one: one.offset))


def variables_of(runtime: "GoRuntime") -> Variables:
    """What the program's file tells; `problem` says why it tells nothing."""
    elf = runtime.module.elf
    if elf is None:
        return Variables(problem="the program's file cannot be read")
    debug = DebugFile()
    try:
        entries = Entries.of(elf)
        if entries is None:
            debug = runtime.space.debug_file(elf)
            entries = None if debug.elf is None else Entries.of(debug.elf)
    except ParseError as error:
        return Variables(problem=str(error))
    if entries is None:
        minor = minor_of(runtime.version)
        old = minor is not None and minor_number(minor) < _TOLD_SINCE
        return Variables(problem="; ".join(filter(None, (_STRIPPED_OLD if old else _STRIPPED, debug.refused))))
    rows, functions = _retain.dwarf(entries.info, entries.abbreviations, entries.addresses)
    bias = runtime.module.bias
    return Variables(
        globals=_by_address(rows, bias),
        functions=_by_address(functions, bias),
        file=debug.elf.name if debug.elf is not None else "",
        debug=DebugTypes(entries=entries, types=runtime.functions.modules[0].types, bias=bias),
    )


def _by_address(rows: bytes, bias: int) -> dict[int, int]:
    flat = array("Q", rows)
    return {address + bias: place for address, place in zip(flat[::2], flat[1::2], strict=True)}
