"""ELF files: sections, segments, notes, needed libraries; every offset is checked before it is believed.

Read are 64-bit little-endian files (amd64, arm64, riscv64, ppc64le, loong64); 32-bit and big-endian ones are
refused by name. Files are read with pread(2), not mapped: a library that is truncated while we look
then gives a short read instead of SIGBUS. Structures: elf(5); GNU and Go notes: Go's cmd/link/internal/ld/elf.go.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from memwhy.model.errors import ParseError

ET_EXEC, ET_DYN, ET_CORE = 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PF_X, PF_W = 1, 2
SHT_NOTE, SHT_NOBITS = 7, 8
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH, _DT_FLAGS_1 = 1, 5, 10, 14, 15, 29, 0x6FFFFFFB
_DF_1_PIE = 0x08000000

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_DYNAMIC = struct.Struct("<QQ")
_NOTE = struct.Struct("<III")

_MOST_SECTIONS = 100_000
_MOST_SEGMENTS = 65_535
_MOST_DYNAMIC_BYTES = 1 << 16
_MOST_NOTE_BYTES = 1 << 20
_MOST_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section header; sizes and offsets in bytes."""

    name: str
    type: int
    address: int
    offset: int
    size: int
    link: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One program header; sizes and offsets in bytes."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int


class Image:
    """The bytes of one file, from memory or through a descriptor; reads past the end come back short."""

    def __init__(self, source: bytes | int) -> None:
        self._source = source
        self.size = len(source) if isinstance(source, bytes) else os.fstat(source).st_size

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes at `offset`, fewer where the file ends."""
        if offset < 0 or size <= 0 or offset >= self.size:
            return b""
        size = min(size, self.size - offset)
        if isinstance(self._source, bytes):
            return self._source[offset : offset + size]
        return os.pread(self._source, size, offset)

    def chunks(
        self, offset: int, size: int, *, overlap: int, chunk_bytes: int = 1 << 20
    ) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) pieces of a range; each repeats the last `overlap` bytes of the one before."""
        end = min(offset + size, self.size)
        while offset < end:
            piece = self.read(offset, min(chunk_bytes + overlap, end - offset))
            if not piece:
                return
            yield offset, piece
            offset += chunk_bytes


class Elf:
    """One ELF file, parsed as far as its headers; contents are read when asked for.

    Raises ParseError when the headers make no sense. Damage further in makes a field empty, not an error.
    """

    def __init__(self, image: Image, name: str = "ELF file") -> None:
        self.image = image
        self.name = name
        raw = image.read(0, _HEADER.size)
        if raw[:4] != b"\x7fELF":
            raise ParseError(name, None, raw[:4], "not an ELF file")
        if len(raw) < _HEADER.size:
            raise ParseError(name, None, "", f"the ELF header is cut off after {len(raw)} bytes")
        if raw[4] != 2 or raw[5] != 1:
            width = {1: "32-bit", 2: "64-bit"}.get(raw[4], "of an unknown class")
            order = {1: "little-endian", 2: "big-endian"}.get(raw[5], "of an unknown byte order")
            raise ParseError(
                name, None, "", f"the ELF file is {width}, {order}; only 64-bit little-endian is supported"
            )
        (
            _,
            self.type,
            self.machine,
            _,
            self.entry,
            phoff,
            shoff,
            _,
            _,
            phentsize,
            phnum,
            shentsize,
            shnum,
            shstrndx,
        ) = _HEADER.unpack(raw)
        self.segments = self._read_segments(phoff, phentsize, phnum)
        self.sections = self._read_sections(shoff, shentsize, shnum, shstrndx)

    def _table(
        self, what: str, offset: int, entry_size: int, count: int, layout: struct.Struct
    ) -> list[tuple[int, ...]]:
        if count == 0 or offset == 0:
            return []
        if entry_size != layout.size:
            raise ParseError(
                self.name, None, "", f"{what} headers are {entry_size} bytes each instead of {layout.size}"
            )
        raw = self.image.read(offset, count * entry_size)
        if len(raw) < count * entry_size:
            raise ParseError(
                self.name, None, "", f"the table of {count} {what} headers reaches past the end of the file"
            )
        return list(layout.iter_unpack(raw))

    def _read_segments(self, offset: int, entry_size: int, count: int) -> tuple[Segment, ...]:
        rows = self._table("segment", offset, entry_size, min(count, _MOST_SEGMENTS), _SEGMENT)
        return tuple(
            Segment(type=kind, flags=flags, offset=at, address=address, file_size=filesz, memory_size=memsz)
            for kind, flags, at, address, _, filesz, memsz, _ in rows
        )

    def _read_sections(self, offset: int, entry_size: int, count: int, names_index: int) -> tuple[Section, ...]:
        if count == 0 and offset:  # more than 0xff00 sections: the count is in section 0, elf(5)
            first = self._table("section", offset, entry_size, 1, _SECTION)[0]
            count = first[5]
            names_index = first[6] if names_index == 0xFFFF else names_index
        if count > _MOST_SECTIONS:
            raise ParseError(self.name, None, "", f"{count} sections; at most {_MOST_SECTIONS} are believed")
        rows = self._table("section", offset, entry_size, count, _SECTION)
        names = b""
        if names_index < len(rows):
            names = self.image.read(rows[names_index][4], min(rows[names_index][5], 1 << 22))
        return tuple(
            Section(name=_text_at(names, row[0]), type=row[1], address=row[3], offset=row[4], size=row[5], link=row[6])
            for row in rows
        )

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def offset_of(self, address: int) -> int | None:
        """The file offset behind a virtual address of the file (unrelocated), or None outside the file's bytes."""
        for segment in self.segments:
            if segment.type == PT_LOAD and segment.address <= address < segment.address + segment.file_size:
                return segment.offset + address - segment.address
        return None

    def read_at(self, address: int, size: int) -> bytes:
        """At most `size` bytes at a virtual address; never past the end of its segment."""
        for segment in self.segments:
            inside = address - segment.address
            if segment.type == PT_LOAD and 0 <= inside < segment.file_size:
                return self.image.read(segment.offset + inside, min(size, segment.file_size - inside))
        return b""

    @cached_property
    def _dynamic(self) -> list[tuple[int, int]]:
        for segment in self.segments:
            if segment.type == PT_DYNAMIC:
                raw = self.image.read(segment.offset, min(segment.file_size, _MOST_DYNAMIC_BYTES))
                raw = raw[: len(raw) - len(raw) % _DYNAMIC.size]
                rows: list[tuple[int, int]] = []
                for tag, value in _DYNAMIC.iter_unpack(raw):
                    if tag == 0:
                        break
                    rows.append((tag, value))
                return rows
        return []

    def _dynamic_strings(self, wanted: int) -> tuple[str, ...]:
        table = next((value for tag, value in self._dynamic if tag == _DT_STRTAB), None)
        if table is None:
            return ()
        texts = (
            _text_at(self.read_at(table + value, _MOST_NAME_BYTES), 0) for tag, value in self._dynamic if tag == wanted
        )
        return tuple(text for text in texts if text)

    @property
    def needed(self) -> tuple[str, ...]:
        """Sonames of the libraries it asks for (DT_NEEDED), in the file's order."""
        return self._dynamic_strings(_DT_NEEDED)

    @property
    def soname(self) -> str | None:
        return next(iter(self._dynamic_strings(_DT_SONAME)), None)

    @property
    def runpaths(self) -> tuple[str, ...]:
        """Where its libraries are looked for first (DT_RUNPATH, DT_RPATH): folders with colons between them, ld.so(8)."""
        return self._dynamic_strings(_DT_RUNPATH) or self._dynamic_strings(_DT_RPATH)

    @property
    def interpreter(self) -> str | None:
        """The dynamic loader it asks for (PT_INTERP)."""
        for segment in self.segments:
            if segment.type == PT_INTERP:
                return _text_at(self.image.read(segment.offset, min(segment.file_size, _MOST_NAME_BYTES)), 0) or None
        return None

    @property
    def is_static(self) -> bool:
        """A program without dynamic loader and needed libraries. A static PIE is static too, a shared library never."""
        return (self.type == ET_EXEC or self.is_pie) and self.interpreter is None and not self.needed

    @property
    def is_pie(self) -> bool:
        """A position-independent program: marked DF_1_PIE, or dynamic with a loader and without a soname."""
        if self.type != ET_DYN:
            return False
        flags = next((value for tag, value in self._dynamic if tag == _DT_FLAGS_1), 0)
        return bool(flags & _DF_1_PIE) or (self.interpreter is not None and self.soname is None)

    @property
    def has_symbols(self) -> bool:
        return self.section(".symtab") is not None

    @property
    def has_dwarf(self) -> bool:
        return self.section(".debug_info") is not None or self.section(".zdebug_info") is not None

    def note(self, owner: bytes, kind: int) -> bytes | None:
        """The contents of the first note of that owner and type, in note segments first, then note sections."""
        ranges = [(s.offset, s.file_size) for s in self.segments if s.type == PT_NOTE]
        ranges += [(s.offset, s.size) for s in self.sections if s.type == SHT_NOTE]
        for offset, size in dict.fromkeys(ranges):
            for note_owner, note_kind, content in _notes(self.image.read(offset, min(size, _MOST_NOTE_BYTES))):
                if note_owner == owner and note_kind == kind:
                    return content
        return None

    @property
    def build_id(self) -> str | None:
        """The GNU build id in hex: what pprof prints as Build ID when there is one."""
        content = self.note(b"GNU", 3)
        return content.hex() if content else None

    @property
    def go_build_id(self) -> str | None:
        """Go's own build id (note "Go", type 4), as `go tool buildid` prints it."""
        content = self.note(b"Go", 4)
        return content.decode("utf-8", "replace") if content else None


@contextmanager
def open_elf(path: str) -> Iterator[Elf]:
    """The ELF file at a path, open for as long as the block runs; OSError or ParseError otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        yield Elf(Image(descriptor), path)
    finally:
        os.close(descriptor)


def parse_elf(raw: bytes, name: str = "ELF file") -> Elf:
    """An ELF file held in memory. Raises ParseError."""
    return Elf(Image(raw), name)


def _text_at(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset, offset + _MOST_NAME_BYTES)
    return table[offset : end if end >= 0 else offset + _MOST_NAME_BYTES].decode("utf-8", "replace")


def _notes(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    at = 0
    while at + _NOTE.size <= len(raw):
        name_size, content_size, kind = _NOTE.unpack_from(raw, at)
        name_at = at + _NOTE.size
        content_at = name_at + (name_size + 3 & ~3)
        if content_at + content_size > len(raw):
            return
        yield raw[name_at : name_at + name_size].rstrip(b"\0"), kind, raw[content_at : content_at + content_size]
        at = content_at + (content_size + 3 & ~3)
