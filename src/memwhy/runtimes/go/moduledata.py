"""Go's moduledata: where one module's tables, code and globals are. Every Go program, plugin and c-shared library has one.

Source: runtime/symtab.go, type moduledata; the linker fills it (cmd/link/internal/ld/symtab.go). Read from memory, where it
is relocated.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.memory.elf import PT_LOAD, Elf
from memwhy.memory.space import Module, Space
from memwhy.runtimes.go.layout import Layout

_WRITABLE = 2
"""PF_W (elf.h)."""
_MOST_MODULES = 64
_MOST_FUNCTIONS = 4_000_000
_MOST_TABLE_BYTES = 1 << 30
MAGICS = {0xFFFFFFF0: "1.18", 0xFFFFFFF1: "1.20"}
"""pcHeader.magic → the first Go version that wrote it (internal/abi/symtab.go)."""
HEADER_TAIL = b"\0\0\1\x08"
"""Two zero bytes, the instruction quantum of amd64, the size of a pointer: behind the magic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A slice of moduledata: address and length in elements."""

    address: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleData:
    """One module, addresses of memory. data, bss …: (start, end). gofunc: the base of funcdata offsets."""

    address: int
    header: int
    names: Table
    units: Table
    files: Table
    values: Table
    functions: Table
    index: Table
    first_pc: int
    last_pc: int
    text: tuple[int, int]
    data: tuple[tuple[int, int], ...]
    types: tuple[int, int]
    gofunc: int
    sections: tuple[tuple[int, int, int], ...]
    next: int


def read_module_data(space: Space, address: int, layout: Layout) -> ModuleData | None:
    """The moduledata at an address, None where the words there make no sense as one."""
    raw = space.read(address, layout.size("moduledata"))
    if len(raw) < layout.size("moduledata"):
        return None

    def word(name: str, at: int = 0) -> int:
        offset = layout.offset("moduledata", name) + at
        return int.from_bytes(raw[offset : offset + 8], "little")

    def table(name: str) -> Table:
        return Table(address=word(name), count=word(name, 8))

    found = ModuleData(
        address=address,
        header=word("pcHeader"),
        names=table("funcnametab"),
        units=table("cutab"),
        files=table("filetab"),
        values=table("pctab"),
        functions=table("pclntable"),
        index=table("ftab"),
        first_pc=word("minpc"),
        last_pc=word("maxpc"),
        text=(word("text"), word("etext")),
        data=tuple((word(name), word("e" + name)) for name in ("noptrdata", "data", "bss", "noptrbss")),
        types=(word("types"), word("etypes")),
        gofunc=word("gofunc"),
        sections=_sections(space, table("textsectmap")),
        next=word("next"),
    )
    return found if _is_sane(space, found) else None


def _sections(space: Space, table: Table) -> tuple[tuple[int, int, int], ...]:
    """(offset, end offset, address) of the pieces of a text that the external linker split; usually one."""
    if not 1 < table.count <= 4096:
        return ()
    words = space.words(table.address, 3 * table.count)
    return tuple((words[i], words[i + 1], words[i + 2]) for i in range(0, len(words) - 2, 3))


def _is_sane(space: Space, module: ModuleData) -> bool:
    """runtime.moduledataverify1's tests, and ranges in order."""
    header = space.read(module.header, 8)
    if int.from_bytes(header[:4], "little") not in MAGICS or header[4:] != HEADER_TAIL:
        return False
    tables = (module.names, module.units, module.files, module.values, module.functions)
    return (
        0 < module.text[0] < module.text[1]
        and module.first_pc < module.last_pc
        and 1 < module.index.count <= _MOST_FUNCTIONS
        and all(table.address and table.count <= _MOST_TABLE_BYTES for table in tables)
        and all(start <= end for start, end in (*module.data, module.types))
        and all(space.read(address, 1) for address in (module.gofunc, module.types[0], module.next) if address)
    )


def chain(space: Space, first: int, layout: Layout) -> Iterator[ModuleData]:
    """All modules of one runtime: the program or library, then its plugins."""
    seen: set[int] = set()
    address = first
    while address and address not in seen and len(seen) < _MOST_MODULES:
        seen.add(address)
        module = read_module_data(space, address, layout)
        if module is None:
            return
        yield module
        address = module.next


class Constants:
    """Read-only bytes of loaded modules: from their files where they can be read, else from memory.

    Reading a page of a live process that it never touched would map it there; reading its file does not. Of segments that may be written memory
    alone is true: in a position-independent program the types stand there, and the loader has put addresses into them.
    """

    def __init__(self, space: Space, modules: tuple[Module, ...]) -> None:
        self._space = space
        self._modules = tuple(module for module in modules if module.elf is not None)

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address, fewer where they cannot be read."""
        for module in self._modules:
            if module.start <= address < module.end and module.elf is not None:
                raw = (
                    b""
                    if _is_written(module.elf, address - module.bias)
                    else module.elf.read_at(address - module.bias, size)
                )
                if raw:
                    return raw
        return self._space.read(address, size)


def _is_written(elf: Elf, address: int) -> bool:
    return any(
        segment.type == PT_LOAD
        and segment.flags & _WRITABLE
        and segment.address <= address < segment.address + segment.memory_size
        for segment in elf.segments
    )
