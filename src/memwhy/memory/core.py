"""A core file as a Space. What the core leaves out of a program's files is read from the files, if they are the same ones.

The kernel and gcore leave unwritten pages of files out, so code and constants have to come from the disk. A file is
taken for the one that ran only when its first page equals the page that the core holds: it carries the program
headers and mostly the build id. Otherwise that memory is not available, and `notes` say so.
"""

import os
import stat
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping as Map
from collections.abc import Sequence
from functools import cached_property
from typing import Self

from memwhy.memory.corefile import Headers, MappedFile, parse_core
from memwhy.memory.coremap import map_core
from memwhy.memory.corepages import Pages
from memwhy.memory.debugfiles import DebugFiles
from memwhy.memory.elf import Elf, Image
from memwhy.memory.modules import MOST_OPEN, Found, find_modules, headers_of, open_regular
from memwhy.memory.reading import gather_pages, read_segments
from memwhy.memory.residency import append_ranges
from memwhy.memory.space import PAGE_BYTES, DebugFile, Module, Source, Space, Thread
from memwhy.model.errors import NotPermitted, ParseError
from memwhy.model.mapping import Mapping

_AT_ENTRY = 9
_DELETED = " (deleted)"
_HIGHEST = 1 << 63
_SYSTEM = ("/usr/", "/lib", "/etc/")
"""Locales, caches of the loader: nobody keeps tables of a run there."""


class Core(Space):
    """A core file. Made by `Core.open`; a context manager. auxv: by type; program: its name as the kernel cuts it.

    Mappings have no Rss; file mappings have a number of their own as inode. Threads carry the 27 registers of
    user_regs_struct. "[heap]", "[stack]" and "[vdso]" are inferred: a core does not name them.
    """

    def __init__(self, path: str, descriptor: int, headers: Headers, root: str) -> None:
        self.name = path
        self.pid = None
        self.program = headers.program
        self.auxv = dict(headers.auxv)
        self._headers = headers
        self._descriptor = descriptor
        self._root = root.rstrip("/")
        self._files: dict[str, Found | None] = {}
        self._debug_files = DebugFiles(self._root)
        self._descriptors = [descriptor]
        self._pages = Pages(descriptor, headers.loads)
        self._file_notes: list[str] = []
        flat = array("Q")
        for load in headers.loads:
            if load.file_size and load.start + load.file_size < _HIGHEST:
                flat.extend((load.start, load.start + load.file_size, load.offset))
        self.source = Source(fd=descriptor, pid=0, segments=flat.tobytes())
        self._starts = [load.start for load in headers.loads]
        self.mappings = map_core(headers, lambda address, size: read_segments(self.source, address, size))

    @classmethod
    def open(cls, path: str, *, root: str = "/") -> Self:
        """Open a core. root: where the files of its program are found, when not here (a sysroot).

        Raises ParseError for what is no such core, NotPermitted or ParseError where it cannot be read.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except PermissionError as error:
            raise NotPermitted(f"{path} may not be read", help="cores are readable by their owner only") from error
        except OSError as error:
            raise ParseError(path, None, "", f"cannot be opened: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ParseError(path, None, "", "not a regular file")
            return cls(path, descriptor, parse_core(Image(descriptor), path), root)
        except BaseException:
            os.close(descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing, in words."""
        return (*self._headers.notes, *self._file_notes, self._pages.note)

    @property
    def missing_bytes(self) -> int:
        """What the core claims to hold and does not: it is cut off."""
        return self._headers.missing_bytes

    @property
    def left_out_bytes(self) -> int:
        """Writable memory of no file that the core names and does not hold: left out by coredump_filter or MADV_DONTDUMP."""
        return sum(
            load.end - load.start
            for load in self._headers.loads
            if "w" in load.perms and not load.file_size and self._file_of(load.start) is None
        )

    @property
    def left_out_files(self) -> tuple[Mapping, ...]:
        """Parts of files that the core does not hold, and that the program may have written: those that no dumper keeps.

        Not of programs and libraries. gcore does not tell whether a part was writable; of those, none of the system's.
        """
        modules = {module.path for module in self.modules()}
        held = {load.start for load in self._headers.loads if load.file_size}
        return tuple(
            mapping
            for mapping in self.mappings
            if mapping.inode
            and mapping.path.startswith("/")
            and mapping.start not in held
            and mapping.path not in modules
            and (mapping.perms[1:2] == "w" or not mapping.path.startswith(_SYSTEM))
        )

    @property
    def facts(self) -> Map[str, str]:
        """Its program's name and path, its pid, how many threads it had; what its notes do not tell is left out."""
        headers = self._headers
        facts = {"process.comm": headers.program, "process.pid": str(headers.pid) if headers.pid else ""}
        program = self._file_of(self.auxv.get(_AT_ENTRY, 0))
        facts["process.exe"] = "" if program is None else program.path.removesuffix(_DELETED)
        facts["process.threads_count"] = str(len(headers.threads) or "")
        return {name: fact for name, fact in facts.items() if fact}

    def read(self, address: int, size: int) -> bytes:
        """The bytes at an address, up to the first that neither the core nor an unchanged file of it holds."""
        pieces: list[bytes] = []
        while size > 0 and 0 <= address < _HIGHEST:
            piece = read_segments(self.source, address, size) or self._read_file(address, size)
            if not piece:
                break
            pieces.append(piece)
            address += len(piece)
            size -= len(piece)
        return b"".join(pieces)

    def gather(self, addresses: Sequence[int], size: int) -> bytes:
        """`size` bytes from each address, one after another; zeros where they cannot be read."""
        raw = gather_pages(self.source, addresses, size)
        if not self._file_ranges or size <= 0:
            return raw
        patched: bytearray | None = None
        for index, address in enumerate(addresses):
            if self._file_at(address) is not None or self._file_at(address + size - 1) is not None:
                patched = bytearray(raw) if patched is None else patched
                patched[index * size : (index + 1) * size] = self.read(address, size).ljust(size, b"\0")
        return raw if patched is None else bytes(patched)

    def resident(self, start: int, end: int) -> "array[int]":
        """The pages of a range that count as resident, as flat uint64 pairs; `Pages` tells by what."""
        found: array[int] = array("Q")
        first = max(0, bisect_right(self._starts, start) - 1)
        for load in self._headers.loads[first : bisect_left(self._starts, end)]:
            low, high = max(start, load.start), min(end, load.start + load.file_size)
            if low < high:
                append_ranges(found, self._pages.of(load, low, high))
        return found

    def threads(self) -> tuple[Thread, ...]:
        """Its threads, the one that died first; registers in the order of user_regs_struct."""
        return self._headers.threads

    def modules(self) -> tuple[Module, ...]:
        """The program and its libraries, in address order."""
        at = self._file_of(self.auxv.get(_AT_ENTRY, 0))
        program = at.path if at is not None else None
        return find_modules(self.mappings, self._find, lambda mapping: mapping.path == program)

    def refresh(self) -> None:
        """A core does not change."""

    def open_file(self, mapping: Mapping) -> int | None:
        """The file of that name as it is now, for the caller to close; None where there is none, or it is not ours to read."""
        return open_regular(f"{self._root}{mapping.path.removesuffix(_DELETED)}")

    def debug_file(self, elf: Elf) -> DebugFile:
        """The debug file of a module's file, on this machine; open until close()."""
        return self._debug_files.look(elf)

    def ran_ns(self) -> int:
        """A core stands still."""
        return 0

    def close(self) -> None:
        """Let go of the descriptors."""
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._files.clear()
        self._debug_files.close()
        self.source = Source(fd=-1, pid=0)

    def _file_of(self, address: int) -> MappedFile | None:
        files = self._headers.files
        at = bisect_right(files, address, key=lambda file: file.start) - 1
        return files[at] if at >= 0 and address < files[at].end else None

    def _find(self, parts: Sequence[Mapping]) -> Found:
        """The file behind mappings of one path. Raises ParseError where it is not ELF."""
        path = parts[0].path
        if path not in self._files:
            try:
                self._files[path] = self._open_file(parts)
            except ParseError:
                self._files[path] = None
        found = self._files[path]
        if found is None:
            raise ParseError(path, None, "", "not an ELF file")
        return found

    def _open_file(self, parts: Sequence[Mapping]) -> Found:
        path = parts[0].path
        at = next((part.start for part in parts if part.offset == 0), None)
        page = b"" if at is None else read_segments(self.source, at, PAGE_BYTES)
        if not page:
            self._tell(parts, f"the core does not hold the first page of {path}, so the file cannot be checked")
            return Found(elf=None, headers=None)
        headers = headers_of(page, path)
        is_full = len(self._descriptors) > MOST_OPEN
        descriptor = None if is_full else open_regular(f"{self._root}{path.removesuffix(_DELETED)}")
        if descriptor is None:
            self._tell(parts, f"{path} is not on this machine, or may not be read")
            return Found(elf=None, headers=headers)
        try:
            elf = Elf(Image(descriptor), path) if os.pread(descriptor, len(page), 0) == page else None
        except (OSError, ParseError):
            elf = None
        self._descriptors.append(descriptor)
        if elf is None:
            self._tell(parts, f"{path} on this machine is not the file that ran")
            return Found(elf=None, headers=headers)
        return Found(elf=elf, headers=elf)

    def _tell(self, parts: Sequence[Mapping], problem: str) -> None:
        if any("x" in part.perms for part in parts):
            self._file_notes.append(f"{problem}: its code and constants are not available")

    @cached_property
    def _file_ranges(self) -> list[tuple[int, int, int, Image]]:
        """(start, end, offset, file) of the memory that the core leaves out and an unchanged file holds, in address order."""
        groups: dict[str, list[Mapping]] = {}
        for mapping in self.mappings:
            if mapping.inode:
                groups.setdefault(mapping.path, []).append(mapping)
        ranges = []
        for parts in groups.values():
            try:
                found = self._find(parts)
            except ParseError:
                continue
            if found.elf is not None:
                for part in parts:
                    if "w" not in part.perms:
                        ranges.append((part.start, part.end, part.offset, found.elf.image))
        return sorted(ranges, key=lambda one: one[0])

    def _file_at(self, address: int) -> tuple[int, int, int, Image] | None:
        """The file range around an address whose bytes the core itself does not hold."""
        at = bisect_right(self._file_ranges, address, key=lambda one: one[0]) - 1
        if at < 0 or address >= self._file_ranges[at][1]:
            return None
        index = bisect_right(self._starts, address) - 1
        load = self._headers.loads[index] if index >= 0 else None
        return None if load is not None and address < load.start + load.file_size else self._file_ranges[at]

    def _read_file(self, address: int, size: int) -> bytes:
        found = self._file_at(address)
        if found is None:
            return b""
        start, end, offset, image = found
        following = bisect_right(self._starts, address)
        if following < len(self._starts):
            end = min(end, self._starts[following])
        wanted = min(size, end - address)
        return image.read(offset + address - start, wanted)
