"""The headers and notes of an ELF core file: what was mapped where, which threads there were, which files.

64-bit little-endian x86-64 cores, as the kernel (fs/binfmt_elf.c) and gdb's gcore write them. Structures: elf(5),
core(5), sys/procfs.h (prstatus, prpsinfo), user_regs_struct of sys/user.h. Nothing that the file claims is believed
without a check: offsets are held against the file's size, tables have limits, damage further in is skipped and told.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from memwhy.memory.elf import ET_CORE, PF_W, PF_X, PT_LOAD, PT_NOTE, Image
from memwhy.memory.space import Thread
from memwhy.model.errors import ParseError

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_NOTE = struct.Struct("<III")
_REGISTERS = struct.Struct("<27Q")
_PAIR = struct.Struct("<QQ")
_TRIPLE = struct.Struct("<QQQ")

_NT_PRSTATUS, _NT_PRPSINFO, _NT_AUXV, _NT_FILE = 1, 3, 6, 0x46494C45
_KINDS = {_NT_PRSTATUS, _NT_PRPSINFO, _NT_AUXV, _NT_FILE}
_PR_PID, _PR_REG = 32, 112
_PR_OWN_PID, _PR_FNAME = 24, 40
"""Of prstatus, then of prpsinfo."""
_RIP, _RSP = 16, 19

_PN_XNUM = 0xFFFF
_MOST_SEGMENTS = 1 << 21
_MOST_NOTES = 1 << 20
_MOST_NOTE_BYTES = 1 << 28

_PACKED = {
    b"\x1f\x8b": ("gzip", "gzip -dk"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -d"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -d"),
    b"\xfd7zXZ\0": ("xz", "xz -dk"),
    b"BZh": ("bzip2", "bzip2 -dk"),
}
_MACHINES = {3: "i386", 8: "MIPS", 20: "32-bit PowerPC", 21: "PowerPC", 22: "S/390", 40: "32-bit Arm", 43: "SPARC"}
_MACHINES |= {183: "arm64", 243: "RISC-V", 258: "LoongArch"}
_KINDS_OF_FILE = {1: "an object file", 2: "a program", 3: "a program or a library"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One segment of memory. file_size: its bytes that are in the file, at offset; what lies behind them was not written."""

    start: int
    end: int
    offset: int
    file_size: int
    perms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedFile:
    """One row of NT_FILE: which part of which file was mapped; offset in bytes."""

    start: int
    end: int
    offset: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """All that a core says about itself. loads and files in address order, disjoint; auxv by type (getauxval(3)).

    program: its name, at most 15 bytes; pid: as its own namespace numbers it, 0 where unknown. missing_bytes: what the segments claim and the file does not hold.
    """

    loads: tuple[Load, ...]
    files: tuple[MappedFile, ...] = ()
    threads: tuple[Thread, ...] = ()
    auxv: tuple[tuple[int, int], ...] = ()
    program: str = ""
    pid: int = 0
    missing_bytes: int = 0
    notes: tuple[str, ...] = ()


def parse_core(image: Image, name: str) -> Headers:
    """The headers of a core. Raises ParseError where it is none, packed, or of another machine."""
    rows = _segments(image, name)
    loads, missing, notes = _loads(image, [row for row in rows if row[0] == PT_LOAD])
    if not loads:
        raise ParseError(name, None, "", "the core holds no memory: it has no segments that could be read")
    files: list[MappedFile] = []
    threads: list[Thread] = []
    auxv: tuple[tuple[int, int], ...] = ()
    program, pid = "", 0
    for row in rows:
        if row[0] != PT_NOTE:
            continue
        for kind, content in _notes(image, row[2], row[5]):
            if kind == _NT_PRSTATUS and len(content) >= _PR_REG + _REGISTERS.size:
                threads.append(_thread(content))
            elif kind == _NT_PRPSINFO and len(content) >= _PR_FNAME + 16:
                program = content[_PR_FNAME : _PR_FNAME + 16].partition(b"\0")[0].decode("utf-8", "replace")
                pid = int.from_bytes(content[_PR_OWN_PID : _PR_OWN_PID + 4], "little")
            elif kind == _NT_AUXV:
                auxv = tuple(_PAIR.iter_unpack(content[: len(content) // 16 * 16]))
            elif kind == _NT_FILE:
                files += _files(content)
        if row[2] + row[5] > image.size:
            missing += row[2] + row[5] - max(row[2], image.size)
            notes.append("the core is cut off within its notes: threads and file names may be missing")
    return Headers(
        loads=loads,
        files=_disjoint(files),
        threads=tuple({thread.tid: thread for thread in threads}.values()),
        auxv=auxv,
        program=program,
        pid=pid,
        missing_bytes=missing,
        notes=tuple(notes),
    )


def _segments(image: Image, name: str) -> list[tuple[int, ...]]:
    """The program headers, raw: type, flags, offset, address, physical address, size in the file and in memory, alignment."""
    raw = image.read(0, _HEADER.size)
    _check_kind(raw, name)
    _, _, _, _, _, phoff, shoff, _, _, phentsize, count, _, _, _ = _HEADER.unpack(raw)
    if count == _PN_XNUM and shoff:  # more than fit: the number is in section 0, elf(5)
        section = image.read(shoff, 64)
        if len(section) == 64:
            count = int.from_bytes(section[44:48], "little")
    if count == 0 or phentsize != _SEGMENT.size:
        raise ParseError(name, None, "", f"the core has {count} segment headers of {phentsize} bytes; they are 56 each")
    if count > _MOST_SEGMENTS:
        raise ParseError(name, None, "", f"the core claims {count} segments; at most {_MOST_SEGMENTS} are believed")
    table = image.read(phoff, count * _SEGMENT.size)
    if len(table) < count * _SEGMENT.size:
        raise ParseError(name, None, "", f"the core is cut off within the table of its {count} segments")
    return list(_SEGMENT.iter_unpack(table))


def _check_kind(raw: bytes, name: str) -> None:
    """Raises ParseError, with what it is and what to do, for anything but a 64-bit little-endian x86-64 core."""
    for magic, (packer, command) in _PACKED.items():
        if raw.startswith(magic):
            raise ParseError(name, None, "", f"the file is packed with {packer}; unpack it first: {command} {name}")
    if raw[:4] != b"\x7fELF":
        raise ParseError(name, None, raw[:4], "not a core file" if raw else "the file is empty")
    if len(raw) < _HEADER.size:
        raise ParseError(name, None, "", f"the ELF header is cut off after {len(raw)} bytes")
    order: Literal["little", "big"] = "little" if raw[5] == 1 else "big"
    kind, machine = int.from_bytes(raw[16:18], order), int.from_bytes(raw[18:20], order)
    called = "x86-64" if machine == 62 else _MACHINES.get(machine, f"ELF machine {machine}")
    if raw[4] != 2 or raw[5] != 1 or machine != 62:
        width = {1: "32-bit", 2: "64-bit"}.get(raw[4], "unknown-width")
        problem = f"this is {width} {order}-endian {called}; only cores of 64-bit x86-64 processes can be looked into"
        raise ParseError(name, None, "", problem)
    if kind != ET_CORE:
        problem = f"this is {_KINDS_OF_FILE.get(kind, 'no core')}, not a core file (make one with gcore PID)"
        raise ParseError(name, None, "", problem)


def _loads(image: Image, rows: list[tuple[int, ...]]) -> tuple[tuple[Load, ...], int, list[str]]:
    """The memory segments in address order, how many of their bytes the file lacks, and what was left out."""
    loads: list[Load] = []
    missing = refused = 0
    for _, flags, offset, start, _, file_size, memory_size, _ in sorted(rows, key=lambda row: (row[3], -row[6])):
        size = max(memory_size, file_size)
        if size == 0:
            continue
        if start + size > 1 << 64 or (loads and start < loads[-1].end):
            refused += 1
            continue
        held = max(0, min(file_size, image.size - offset))
        missing += file_size - held
        perms = f"{'r' if flags & 4 else '-'}{'w' if flags & PF_W else '-'}{'x' if flags & PF_X else '-'}p"
        loads.append(Load(start=start, end=start + size, offset=offset, file_size=held, perms=perms))
    notes = []
    if missing:
        notes.append(f"the core is cut off: {missing} B that it claims to hold are missing")
    if refused:
        notes.append(f"{refused} of the core's segments overlap others or leave the address space: left out")
    return tuple(loads), missing, notes


def _notes(image: Image, offset: int, size: int) -> Iterator[tuple[int, bytes]]:
    """(type, content) of the notes that matter; the others (vector registers …) are stepped over unread."""
    end = min(offset + size, image.size)
    for _ in range(_MOST_NOTES):
        raw = image.read(offset, _NOTE.size)
        if offset + _NOTE.size > end or len(raw) < _NOTE.size:
            return
        name_size, content_size, kind = _NOTE.unpack(raw)
        content_at = offset + _NOTE.size + (name_size + 3 & ~3)
        if content_at + content_size > end:
            return
        is_core = name_size == 5 and image.read(offset + _NOTE.size, 4) == b"CORE"
        if is_core and kind in _KINDS and content_size <= _MOST_NOTE_BYTES:
            yield kind, image.read(content_at, content_size)
        offset = content_at + (content_size + 3 & ~3)


def _thread(content: bytes) -> Thread:
    registers = _REGISTERS.unpack_from(content, _PR_REG)
    return Thread(
        tid=int.from_bytes(content[_PR_PID : _PR_PID + 4], "little"),
        stack_pointer=registers[_RSP],
        program_counter=registers[_RIP],
        registers=registers,
    )


def _files(content: bytes) -> Iterator[MappedFile]:
    """NT_FILE: count, page size, count triples (start, end, offset in pages), count names; linux/elfcore.h, core(5)."""
    if len(content) < 16:
        return
    count, page_bytes = _PAIR.unpack_from(content)
    if 16 + count * _TRIPLE.size > len(content):
        return
    names = content[16 + count * _TRIPLE.size :].split(b"\0", count)
    for (start, end, page), path in zip(_TRIPLE.iter_unpack(content[16 : 16 + count * 24]), names, strict=False):
        offset = page * page_bytes
        if start < end and offset < 1 << 63:
            yield MappedFile(start=start, end=end, offset=offset, path=path.decode("utf-8", "surrogateescape"))


def _disjoint(files: list[MappedFile]) -> tuple[MappedFile, ...]:
    kept: list[MappedFile] = []
    for file in sorted(files, key=lambda file: file.start):
        if not kept or file.start >= kept[-1].end:
            kept.append(file)
    return tuple(kept)
