"""Go's function table: from a program counter to function, file, line, and the tables behind them.

Nothing is decoded before it is asked for, so that attaching to a program with 100,000 functions costs the same as to a
small one. Source: runtime/symtab.go (findfunc, pcvalue, funcdata), runtime/runtime2.go (type _func), internal/abi/symtab.go;
Go 1.18's format (1.18, 1.19) and Go 1.20's.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.moduledata import Constants, ModuleData
from memwhy.sources.go.varint import read_varint

_MOST_NAME_BYTES = 1 << 16
_MOST_VALUE_BYTES = 1 << 22
_FIRST_READ_BYTES = 256
_NONE = 0xFFFFFFFF
_MOST_KEPT = 1 << 16
_MOST_C_FUNCTIONS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function. entry, end: of its code, in memory; func_id: internal/abi.FuncID; deferreturn: an address or 0.

    module: its place in FunctionTable.modules. pcsp, pcfile, pcln, pcdata: offsets of value tables; funcdata: offsets
    from gofunc.
    """

    entry: int
    end: int
    name: str
    start_line: int
    func_id: int
    flag: int
    args: int
    deferreturn: int
    module: int
    unit: int
    pcsp: int
    pcfile: int
    pcln: int
    pcdata: tuple[int, ...]
    funcdata: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlinedCall:
    """One row of a function's inline tree. parent_pc: where the call stands, an address inside the outer function.

    parent: of Go ≤ 1.19, the row of its caller or -1; there file and line are of the call. Later these are None, 0.
    """

    name: str
    func_id: int
    parent_pc: int
    start_line: int = 0
    parent: int | None = None
    file: str = ""
    line: int = 0


class FunctionTable:
    """The functions of all modules of one runtime. Damaged tables give None, "?" and -1, as the runtime itself does."""

    def __init__(self, constants: Constants, modules: Iterable[ModuleData], layout: Layout) -> None:
        self.modules = tuple(modules)
        self._layout = layout
        self._tables = tuple(
            _ModuleTable(constants, module, layout, number) for number, module in enumerate(self.modules)
        )
        self._kept: dict[tuple[int, int], Function] = {}

    def __len__(self) -> int:
        return sum(max(module.index.count - 1, 0) for module in self.modules)

    def find(self, pc: int) -> Function | None:
        """The function whose code holds an address, None outside Go code."""
        for table in self._tables:
            if table.module.first_pc <= pc < table.module.last_pc:
                row = table.row_of(pc)
                return None if row is None else self._function(table, row)
        return None

    def by_name(self, name: str) -> Function | None:
        """The function of that full name ("runtime.(*mheap).grow"), None when it is only inlined or not there."""
        return next(self.all_named(name), None)

    def all_named(self, name: str) -> Iterator[Function]:
        """Every function of that name: one in assembly and the wrapper around it share theirs."""
        for table in self._tables:
            for row in table.rows_named(name):
                function = self._function(table, row)
                if function is not None:
                    yield function

    def go_text(self) -> tuple[int, int]:
        """Where Go's own code begins and ends: C's, which an internally linked program has before it, has no tables."""
        table = self._tables[0]
        for row in range(min(len(self), _MOST_C_FUNCTIONS)):
            function = self._function(table, row)
            if function is not None and function.pcsp:
                return function.entry, table.module.text[1]
        return table.module.text

    def entries(self) -> "array[int]":
        """Where functions begin, in order, all modules together."""
        return array("Q", sorted(entry for table in self._tables for entry in table.entries()))

    def _function(self, table: "_ModuleTable", row: int) -> Function | None:
        key = (table.number, row)
        function = self._kept.get(key)
        if function is None:
            function = table.function(row)
            if function is not None and len(self._kept) < _MOST_KEPT:
                self._kept[key] = function
        return function

    def file_line(self, function: Function, pc: int) -> tuple[str, int]:
        """File and line of an instruction; ("?", 0) where the tables do not say. For a caller pass its return address - 1."""
        table = self._tables[function.module]
        line = table.value(function, function.pcln, pc)
        if line == -1:
            return "?", 0
        return table.file(function, table.value(function, function.pcfile, pc)), line

    def stack_delta(self, function: Function, pc: int) -> int:
        """How far SP is below its value at the function's entry, in bytes; -1 where unknown."""
        return self._tables[function.module].value(function, function.pcsp, pc)

    def pcdata(self, function: Function, table: str, pc: int) -> int:
        """A value of one of the tables "PCDATA_InlTreeIndex", "PCDATA_StackMapIndex" …; -1 where there is none."""
        number = self._layout.constants.get(table, 1 << 30)
        if number >= len(function.pcdata):
            return -1
        return self._tables[function.module].value(function, function.pcdata[number], pc)

    def funcdata(self, function: Function, table: str) -> int | None:
        """The address of "FUNCDATA_InlTree", "FUNCDATA_StackObjects" …, None where there is none."""
        number = self._layout.constants.get(table, 1 << 30)
        if number >= len(function.funcdata) or function.funcdata[number] == _NONE:
            return None
        return self.modules[function.module].gofunc + function.funcdata[number]

    def inlined_call(self, function: Function, index: int) -> InlinedCall | None:
        """A row of the inline tree, by the value of PCDATA_InlTreeIndex. None for index < 0 and where it is damaged."""
        tree = self.funcdata(function, "FUNCDATA_InlTree")
        if tree is None or not 0 <= index < 1 << 20:
            return None
        return self._tables[function.module].inlined_call(function, tree, index)


class _ModuleTable:
    """One module's share; offsets are checked before they are followed."""

    def __init__(self, constants: Constants, module: ModuleData, layout: Layout, number: int) -> None:
        self.module = module
        self.number = number
        self._constants = constants
        self._layout = layout
        self._is_old = layout.has("_func", "entryoff")
        self._size = layout.size("_func")

    @cached_property
    def _index(self) -> memoryview:
        raw = self._constants.read(self.module.index.address, 8 * self.module.index.count)
        return memoryview(raw[: len(raw) & ~7]).cast("I")

    @cached_property
    def _entries(self) -> memoryview:
        return self._index[::2]

    @cached_property
    def _units(self) -> memoryview:
        raw = self._constants.read(self.module.units.address, 4 * self.module.units.count)
        return memoryview(raw[: len(raw) & ~3]).cast("I")

    def _address(self, offset: int) -> int:
        """runtime.(*moduledata).textAddr."""
        sections = self.module.sections
        for i, (start, end, address) in enumerate(sections):
            if start <= offset < end or (i == len(sections) - 1 and offset == end):
                return address + offset - start
        return self.module.text[0] + offset

    def _offset(self, pc: int) -> int | None:
        for start, end, address in self.module.sections:
            if address <= pc < address + end - start:
                return pc - address + start
        return None if self.module.sections else pc - self.module.text[0]

    def entries(self) -> Iterator[int]:
        """Where functions begin."""
        return map(self._address, self._entries[:-1].tolist() if self._entries else [])

    def row_of(self, pc: int) -> int | None:
        offset = self._offset(pc)
        if offset is None or not 0 <= offset <= _NONE:
            return None
        row = bisect_right(self._entries, offset) - 1
        return row if 0 <= row < len(self._entries) - 1 else None

    def rows_named(self, name: str) -> Iterator[int]:
        names = self._constants.read(self.module.names.address, self.module.names.count)
        at = names.find(b"\0" + name.encode() + b"\0") + 1
        if at == 0:
            return
        table = self._constants.read(self.module.functions.address, self.module.functions.count)
        wanted, field = at.to_bytes(4, "little"), self._layout.offset("_func", "nameoff" if self._is_old else "nameOff")
        found = table.find(wanted)
        while found >= 0:
            start = found - field
            if start >= 0 and start % 4 == 0:
                row = bisect_right(self._entries, int.from_bytes(table[start : start + 4], "little")) - 1
                if 0 <= row < len(self._entries) - 1 and self._index[2 * row + 1] == start:
                    yield row
            found = table.find(wanted, found + 1)

    def function(self, row: int) -> Function | None:
        offset = self._index[2 * row + 1]
        raw = self._functions(offset, _FIRST_READ_BYTES)
        if len(raw) < self._size:
            return None

        def number(name: str, *, signed: bool = False) -> int:
            at, size, _, _ = self._layout.field("_func", name)
            return int.from_bytes(raw[at : at + size], "little", signed=signed)

        n_pcdata, n_funcdata = number("npcdata"), number("nfuncdata")
        if n_pcdata > 64:
            return None
        need = self._size + 4 * (n_pcdata + n_funcdata)
        if need > len(raw):
            raw = self._functions(offset, need)
        if need > len(raw):
            return None
        offsets = memoryview(raw[self._size : need]).cast("I").tolist()
        entry = self._address(self._entries[row])
        deferreturn = number("deferreturn")
        return Function(
            entry=entry,
            end=self._address(self._entries[row + 1]),
            name=self.name(number("nameoff" if self._is_old else "nameOff")),
            start_line=number("startLine", signed=True) if self._layout.has("_func", "startLine") else 0,
            func_id=number("funcID"),
            flag=number("flag"),
            args=number("args", signed=True),
            deferreturn=entry + deferreturn if deferreturn else 0,
            module=self.number,
            unit=number("cuOffset"),
            pcsp=number("pcsp"),
            pcfile=number("pcfile"),
            pcln=number("pcln"),
            pcdata=tuple(offsets[:n_pcdata]),
            funcdata=tuple(offsets[n_pcdata:]),
        )

    def _functions(self, offset: int, size: int) -> bytes:
        functions = self.module.functions
        return self._constants.read(functions.address + offset, min(size, functions.count - offset))

    def name(self, offset: int) -> str:
        return self._text(self.module.names.address, self.module.names.count, offset) or "?"

    def file(self, function: Function, number: int) -> str:
        at = function.unit + number
        if number < 0 or at >= len(self._units) or self._units[at] == _NONE:
            return "?"
        return self._text(self.module.files.address, self.module.files.count, self._units[at]) or "?"

    def _text(self, address: int, total: int, offset: int) -> str:
        if not 0 <= offset < total:
            return ""
        for size in (_FIRST_READ_BYTES, _MOST_NAME_BYTES):
            raw = self._constants.read(address + offset, min(size, total - offset))
            end = raw.find(b"\0")
            if end >= 0:
                return raw[:end].decode("utf-8", "replace")
        return ""

    def value(self, function: Function, table: int, pc: int) -> int:
        """runtime.pcvalue: pairs of varints, value and code distance, until the code distance passes pc."""
        total = self.module.values.count
        if table == 0 or table >= total:
            return -1
        size = _FIRST_READ_BYTES
        while True:
            raw = self._constants.read(self.module.values.address + table, min(size, total - table))
            found = _walk(raw, pc - function.entry)
            if found is not None:
                return found
            if size >= min(_MOST_VALUE_BYTES, total - table) or len(raw) < size:
                return -1
            size *= 8

    def inlined_call(self, function: Function, tree: int, index: int) -> InlinedCall | None:
        size = self._layout.size("inlinedCall")
        raw = self._constants.read(tree + index * size, size)
        if len(raw) < size:
            return None

        def number(name: str) -> int:
            at, width, _, _ = self._layout.field("inlinedCall", name)
            return int.from_bytes(raw[at : at + width], "little", signed=True)

        if self._layout.has("inlinedCall", "parent"):
            return InlinedCall(
                name=self.name(number("func_")),
                func_id=number("funcID"),
                parent_pc=function.entry + number("parentPc"),
                parent=number("parent"),
                file=self.file(function, number("file")),
                line=number("line"),
            )
        return InlinedCall(
            name=self.name(number("nameOff")),
            func_id=number("funcID"),
            parent_pc=function.entry + number("parentPc"),
            start_line=number("startLine"),
        )


def _walk(raw: bytes, target: int) -> int | None:
    """The value at a code offset; -1 when the table ends before it; None when the bytes do."""
    at, pc, value = 0, 0, -1
    try:
        while True:
            delta, at = read_varint(raw, at)
            if delta == 0 and pc:
                return -1
            value += -(delta >> 1) - 1 if delta & 1 else delta >> 1
            step, at = read_varint(raw, at)
            pc += step
            if target < pc:
                return value
            if step == 0 and delta == 0:
                return -1
    except ValueError:
        return None
