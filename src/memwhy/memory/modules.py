"""The program and its libraries, as they lie in memory: which ranges they write, and which stay as on disk.

A file is a module where its mappings fit its own program headers (elf(5), ld.so(8)): every PT_LOAD at one and the same
distance from where the file wants it, some of them executable or writable as it asks. A file that is merely
mapped to be read does not fit. The file is opened through the process where that is allowed, so that one that
was replaced on disk is read as it was, and checked by its first page where it had to be found by name.
"""

import os
import stat
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from memwhy.memory.elf import ET_DYN, ET_EXEC, PF_W, PF_X, PT_LOAD, Elf, Image, Segment
from memwhy.memory.space import PAGE_BYTES, Module
from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping

_DELETED = " (deleted)"
MOST_OPEN = 512
_HEADER_BYTES = 64
_SHOFF, _SHNUM = slice(40, 48), slice(60, 64)
"""Where the ELF header says where the section headers are, and how many; elf(5)."""

Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An ELF file behind mappings. elf: the file, None where it cannot be read; headers: at least its program headers."""

    elf: Elf | None
    headers: Elf | None


Opener = Callable[[Sequence[Mapping]], Found]
"""Finds the ELF file behind the mappings of one file. Raises ParseError where it is something else."""


def find_modules(
    mappings: Sequence[Mapping], open_file: Opener, is_program: Callable[[Mapping], bool]
) -> tuple[Module, ...]:
    """The modules in address order. mappings: all, in address order."""
    modules: list[Module] = []
    starts = [mapping.start for mapping in mappings]

    def between(start: int, end: int) -> Sequence[Mapping]:
        return mappings[max(0, bisect_right(starts, start) - 1) : bisect_left(starts, end)]

    named = sorted((mapping for mapping in mappings if _is_file(mapping)), key=lambda m: (file_key(m), m.start))
    for _, group in groupby(named, key=file_key):
        parts = list(group)
        try:
            found = open_file(parts)
        except ParseError:
            continue  # data, not a program
        if found.headers is not None and found.headers.type in (ET_EXEC, ET_DYN):
            modules += _placed(found, parts, between, is_program(parts[0]))
        elif found.headers is None and any("x" in part.perms for part in parts):
            modules.append(_unreadable(parts, is_program(parts[0])))
    return _with_program(sorted(modules, key=lambda module: module.start))


def _with_program(modules: list[Module]) -> tuple[Module, ...]:
    """The same, but where the loader was started as a program (ld.so PROGRAM) the program is the one that it loaded."""
    is_loader = any(module.is_program and module.name.startswith(("ld-", "ld.so")) for module in modules)
    loaded = next((module for module in modules if _is_startable(module) and not module.is_program), None)
    if not is_loader or loaded is None:
        return tuple(modules)
    return tuple(replace(module, is_program=module is loaded) for module in modules)


def _is_startable(module: Module) -> bool:
    """Does it ask for a loader, and is no library? (glibc's libc.so.6 may be started, too.)"""
    return module.elf is not None and module.elf.interpreter is not None and module.elf.soname is None


def file_key(mapping: Mapping) -> Key:
    """What makes a file one and the same: device, inode and name."""
    return mapping.device, mapping.inode, mapping.path


def _is_file(mapping: Mapping) -> bool:
    path = mapping.path
    return path.startswith("/") and (not path.startswith(("/dev/", "/SYSV")) or path.startswith("/dev/shm/"))


def _unreadable(parts: Sequence[Mapping], program: bool) -> Module:
    """What the mappings alone tell; without the headers the size of the bss is unknown."""
    return Module(
        path=parts[0].path,
        start=parts[0].start,
        end=parts[-1].end,
        bias=parts[0].start - parts[0].offset,
        written=tuple((part.start, part.end) for part in parts if "w" in part.perms),
        constant=tuple((part.start, part.end) for part in parts if "r" in part.perms and "w" not in part.perms),
        is_program=program,
    )


def open_regular(path: str) -> int | None:
    """A descriptor of a regular file; None where there is none or it may not be read. Devices are not even opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        return None


def headers_of(page: bytes, name: str) -> Elf | None:
    """The program headers by a file's first page as it lies in memory; None where that is no ELF header, ParseError where it is another file's.

    The sections are out of reach, so they are taken out.
    """
    if len(page) < _HEADER_BYTES:
        return None
    blank = bytearray(page)
    blank[_SHOFF] = bytes(8)
    blank[_SHNUM] = bytes(4)
    return Elf(Image(bytes(blank)), name)


def _placed(
    found: Found, parts: Sequence[Mapping], between: Callable[[int, int], Sequence[Mapping]], program: bool
) -> Iterator[Module]:
    """One module for each place where the file was loaded: dlmopen loads one twice."""
    segments = found.headers.segments if found.headers is not None else ()
    loads = [segment for segment in segments if segment.type == PT_LOAD and segment.memory_size > 0]
    if not loads:
        return
    first = min(loads, key=lambda segment: segment.address)
    biases = [part.start - _down(first.address) for part in parts if part.offset == _down(first.offset)]
    for bias in dict.fromkeys(biases):
        if _fits(loads, parts, bias):
            start = bias + _down(first.address)
            end = bias + max(segment.address + segment.memory_size for segment in loads)
            inside = between(start, end)
            yield Module(
                path=parts[0].path,
                start=start,
                end=_up(end),
                bias=bias,
                written=_ranges(loads, inside, bias, written=True),
                constant=_ranges(loads, inside, bias, written=False),
                elf=found.elf,
                is_program=program,
            )


def _fits(loads: Sequence[Segment], parts: Sequence[Mapping], bias: int) -> bool:
    """Do the mappings show most segments where this bias puts them, and one as executable or writable as the file asks?"""
    with_bytes = [segment for segment in loads if segment.file_size > 0]
    found = [segment for segment in with_bytes if _is_mapped(segment, parts, bias)]
    if 2 * len(found) < len(with_bytes) or not found:
        return False
    asked = [segment for segment in with_bytes if segment.flags & (PF_X | PF_W)]
    return not asked or any(_is_as_asked(segment, parts, bias) for segment in asked)


def _is_mapped(segment: Segment, parts: Sequence[Mapping], bias: int) -> bool:
    at, offset = bias + _down(segment.address), _down(segment.offset)
    return any(part.start <= at < part.end and at - part.start + part.offset == offset for part in parts)


def _is_as_asked(segment: Segment, parts: Sequence[Mapping], bias: int) -> bool:
    start, end = bias + segment.address, bias + segment.address + segment.memory_size
    wanted = "x" if segment.flags & PF_X else "w"
    return any(part.start < end and part.end > start and wanted in part.perms for part in parts)


def _ranges(
    loads: Sequence[Segment], inside: Sequence[Mapping], bias: int, *, written: bool
) -> tuple[tuple[int, int], ...]:
    """The readable parts of the segments that are writable, or not, by the file's word; clipped to the segment's bytes.

    Data that the loader protected after relocation (RELRO) counts as written. bss behind the file's bytes may
    share its mapping with a stranger, so the segment's size decides, not the mapping's.
    """
    ranges: list[tuple[int, int]] = []
    for segment in sorted(loads, key=lambda segment: segment.address):
        if bool(segment.flags & PF_W) is not written:
            continue
        start, end = bias + segment.address, bias + segment.address + segment.memory_size
        for mapping in inside:
            low, high = max(start, mapping.start), min(end, mapping.end)
            if low < high and "r" in mapping.perms:
                if ranges and ranges[-1][1] == low:
                    ranges[-1] = ranges[-1][0], high
                else:
                    ranges.append((low, high))
    return tuple(ranges)


def _down(address: int) -> int:
    return address & -PAGE_BYTES


def _up(address: int) -> int:
    return -(-address // PAGE_BYTES) * PAGE_BYTES


class Files:
    """The files that a live process maps, opened once each. directory: its /proc/PID; read: reads its memory where resident."""

    def __init__(self, directory: str, read_resident: Callable[[int, int], bytes]) -> None:
        self._directory = directory
        self._read_resident = read_resident
        self._open: dict[Key, Found | None] = {}
        self._descriptors: list[int] = []

    def modules(self, mappings: Sequence[Mapping]) -> tuple[Module, ...]:
        """The modules among the mappings."""
        return find_modules(mappings, self._find, self._program_test())

    def open_mapped(self, mapping: Mapping) -> int | None:
        """A descriptor of the very file behind a mapping, for the caller to close; None where it cannot be had.

        A file found by its name is taken only with the mapping's inode and device.
        """
        descriptor = open_regular(self._by_range(mapping))
        if descriptor is not None:
            return descriptor
        descriptor = open_regular(self._by_name(mapping))
        if descriptor is None:
            return None
        status = os.fstat(descriptor)
        device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
        if (status.st_ino, device) == (mapping.inode, mapping.device):
            return descriptor
        os.close(descriptor)
        return None

    def close(self) -> None:
        """Close the files; the modules' `elf` cannot be read any more."""
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._open.clear()

    def _program_test(self) -> Callable[[Mapping], bool]:
        try:
            program = os.stat(f"{self._directory}/exe").st_ino
            path = os.readlink(f"{self._directory}/exe")
        except OSError:
            return lambda _: False
        return lambda mapping: mapping.path == path or mapping.inode == program

    def _find(self, parts: Sequence[Mapping]) -> Found:
        key = file_key(parts[0])
        if key not in self._open:
            try:
                self._open[key] = self._open_elf(parts)
            except ParseError:
                self._open[key] = None
        found = self._open[key]
        if found is None:
            raise ParseError(parts[0].path, None, "", "not an ELF file")
        return found

    def _open_elf(self, parts: Sequence[Mapping]) -> Found:
        for path, is_sure in self._candidates(parts):
            descriptor = self._open_regular(path)
            if descriptor is None:
                continue
            try:
                elf = Elf(Image(descriptor), parts[0].path)
            except ParseError:
                os.close(descriptor)
                if is_sure:
                    raise
                continue
            if is_sure or os.fstat(descriptor).st_ino == parts[0].inode or self._is_the_same(elf, parts):
                self._descriptors.append(descriptor)
                return Found(elf=elf, headers=elf)
            os.close(descriptor)
        return Found(elf=None, headers=headers_of(self._first_page(parts), parts[0].path))

    def _candidates(self, parts: Sequence[Mapping]) -> Iterator[tuple[str, bool]]:
        """(path, does it surely lead to the mapped file). map_files takes CAP_CHECKPOINT_RESTORE, exe only our own user."""
        first = parts[0]
        yield self._by_range(first), True
        if self._program_test()(first):
            yield f"{self._directory}/exe", True
        yield self._by_name(first), False

    def _by_range(self, mapping: Mapping) -> str:
        return f"{self._directory}/map_files/{mapping.start:x}-{mapping.end:x}"

    def _by_name(self, mapping: Mapping) -> str:
        name = mapping.path.removesuffix(_DELETED).replace("\\012", "\n")
        return f"{self._directory}/root{name}"

    def _open_regular(self, path: str) -> int | None:
        return None if len(self._descriptors) >= MOST_OPEN else open_regular(path)

    def _is_the_same(self, elf: Elf, parts: Sequence[Mapping]) -> bool:
        """Does the file found by name begin like the one in memory? Its first page holds the headers and mostly the build id."""
        page = self._first_page(parts)
        return bool(page) and page == elf.image.read(0, len(page))

    def _first_page(self, parts: Sequence[Mapping]) -> bytes:
        start = next((part.start for part in parts if part.offset == 0), None)
        return b"" if start is None else self._read_resident(start, PAGE_BYTES)
