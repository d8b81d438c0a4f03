"""Where Go's runtime keeps its tables and globals.

The function table first: its place is known by a section's name or found by its magic number; the moduledata is the one
word in writable data that points to it. Globals then come from the symbol table, or from the code that uses them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields

from memwhy.memory.elf import Elf
from memwhy.memory.space import Module, Space
from memwhy.memory.symbols import find_symbols
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.moduledata import HEADER_TAIL, MAGICS, read_module_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Globals:
    """Addresses of the runtime's global variables, named as there; None where one was not found or does not exist."""

    mheap_: int | None = None
    memstats: int | None = None
    gcController: int | None = None  # noqa: N815
    allgs: int | None = None
    allglen: int | None = None
    allp: int | None = None
    allm: int | None = None
    sched: int | None = None
    work: int | None = None
    mbuckets: int | None = None
    buckhash: int | None = None
    mProfCycle: int | None = None  # noqa: N815
    MemProfileRate: int | None = None
    firstmoduledata: int | None = None
    g0: int | None = None
    m0: int | None = None
    mcache0: int | None = None
    emptymspan: int | None = None
    gcphase: int | None = None
    gcBlackenEnabled: int | None = None  # noqa: N815
    gcBitsArenas: int | None = None  # noqa: N815
    gcCPULimiter: int | None = None  # noqa: N815
    persistentChunks: int | None = None  # noqa: N815
    globalAlloc: int | None = None  # noqa: N815
    stackpool: int | None = None
    stackLarge: int | None = None  # noqa: N815
    finq: int | None = None
    allfin: int | None = None
    iscgo: int | None = None
    ncgocall: int | None = None
    extraM: int | None = None  # noqa: N815
    extraMLength: int | None = None  # noqa: N815
    extraMInUse: int | None = None  # noqa: N815
    extram: int | None = None
    extraMCount: int | None = None  # noqa: N815
    gomaxprocs: int | None = None
    fing: int | None = None
    gcCleanups: int | None = None  # noqa: N815
    physPageSize: int | None = None  # noqa: N815
    itabTable: int | None = None  # noqa: N815
    waitReasonStrings: int | None = None  # noqa: N815
    trace: int | None = None


NAMES = tuple(field.name for field in fields(Globals))
_SECTIONS = (".gopclntab", ".data.rel.ro.gopclntab")
_MOST_SCANNED_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20


def by_symbols(elf: Elf, bias: int) -> dict[str, int]:
    """Variable: address of memory, for those that .symtab names."""
    found = find_symbols(elf, (f"runtime.{name}" for name in NAMES))
    return {name.removeprefix("runtime."): address + bias for name, (address, _) in found.items()}


def find_module_data(space: Space, module: Module, layout: Layout) -> int | None:
    """The address of a module's moduledata, without symbols; None where there is none that makes sense."""
    for header in _headers(space, module):
        for address in _words_equal(space, module.written, header):
            if read_module_data(space, address, layout) is not None:
                return address
    return None


def _headers(space: Space, module: Module) -> Iterator[int]:
    """Where the function table may begin: at its section, else at its magic number in read-only or relocated data."""
    elf = module.elf
    for name in _SECTIONS if elf is not None else ():
        section = elf.section(name) if elf is not None else None
        if section is not None and _is_header(space.read(section.address + module.bias, 8)):
            yield section.address + module.bias
            return
    for start, end in module.constant + module.written:
        for at, piece in _pieces(space, start, end):
            found = piece.find(HEADER_TAIL)
            while found >= 0:
                if found >= 4 and (at + found) % 8 == 4 and _is_header(piece[found - 4 : found + 4]):
                    yield at + found - 4
                found = piece.find(HEADER_TAIL, found + 1)


def _is_header(raw: bytes) -> bool:
    return raw[4:] == HEADER_TAIL and int.from_bytes(raw[:4], "little") in MAGICS


def _words_equal(space: Space, ranges: tuple[tuple[int, int], ...], value: int) -> Iterator[int]:
    """Aligned addresses in the resident part of some ranges where a word has that value."""
    wanted = struct.pack("<Q", value)
    for start, end in ranges:
        pairs = space.resident(start, end)
        for i in range(0, len(pairs), 2):
            for at, piece in _pieces(space, pairs[i], pairs[i + 1]):
                found = piece.find(wanted)
                while found >= 0:
                    if (at + found) % 8 == 0:
                        yield at + found
                    found = piece.find(wanted, found + 1)


def _pieces(space: Space, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(address, bytes) of a range; each piece repeats 8 bytes of the one before. Stops where it cannot be read."""
    at, end = start, min(end, start + _MOST_SCANNED_BYTES)
    while at < end:
        piece = space.read(at, min(_CHUNK_BYTES + 8, end - at))
        if not piece:
            return
        yield at, piece
        at += _CHUNK_BYTES
