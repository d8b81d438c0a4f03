"""The mappings of a core: its segments and the files they are parts of, with the names that a core implies but does not state.

What is inferred, and from what: the stack holds the bytes that AT_RANDOM points to, the vdso begins at AT_SYSINFO_EHDR
(getauxval(3)), the heap is the first writable memory without a file behind the program's bss (brk(2)). Parts of files
that have no segment (gcore leaves them out) are readable, and executable where the file's program headers say so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from memwhy.memory.corefile import Headers, Load, MappedFile
from memwhy.memory.elf import PF_X, PT_LOAD, Segment
from memwhy.memory.modules import headers_of
from memwhy.memory.space import PAGE_BYTES
from memwhy.model.errors import ParseError
from memwhy.model.mapping import Mapping

_AT_ENTRY, _AT_RANDOM, _AT_SYSINFO_EHDR = 9, 25, 33
_BRK_BYTES = (1 << 30) + (1 << 25)
"""At most so far behind the bss the heap begins (arch_randomize_brk, arch/x86/kernel/process.c)."""
_WITHOUT_SEGMENT = "r--p"

Read = Callable[[int, int], bytes]


def map_core(headers: Headers, read: Read) -> tuple[Mapping, ...]:
    """All mappings in address order, without Rss; a file's number stands as its inode. read: the core's own bytes."""
    mappings = list(_mappings(headers.loads, headers.files))
    with_segment = {load.start for load in headers.loads}
    segments = _Segments(mappings, read)
    for index, mapping in enumerate(mappings):
        if mapping.inode and mapping.perms == _WITHOUT_SEGMENT and mapping.start not in with_segment:
            mappings[index] = replace(mapping, perms=segments.perms(mapping))
    _name(mappings, headers, segments)
    return tuple(mappings)


class _Segments:
    """The PT_LOAD headers of mapped files, by their first pages in the core."""

    def __init__(self, mappings: Sequence[Mapping], read: Read) -> None:
        self._first = {mapping.path: mapping for mapping in reversed(mappings) if mapping.inode and mapping.offset == 0}
        self._read = read
        self._known: dict[str, tuple[Segment, ...]] = {}

    def of(self, path: str) -> tuple[Segment, ...]:
        """Empty where the core does not hold the file's first page, or it is not ELF."""
        if path not in self._known:
            first = self._first.get(path)
            self._known[path] = ()
            if first is not None:
                try:
                    elf = headers_of(self._read(first.start, PAGE_BYTES), path)
                except ParseError:
                    elf = None
                if elf is not None:
                    self._known[path] = tuple(segment for segment in elf.segments if segment.type == PT_LOAD)
        return self._known[path]

    def perms(self, mapping: Mapping) -> str:
        """How the file wants this part of it mapped, as far as it was not written."""
        for segment in self.of(mapping.path):
            low = segment.offset & -PAGE_BYTES
            if segment.flags & PF_X and low <= mapping.offset < segment.offset + segment.file_size:
                return "r-xp"
        return _WITHOUT_SEGMENT

    def end(self, path: str) -> int:
        """Where the memory of a program ends, bss included; 0 where unknown."""
        loads, first = self.of(path), self._first.get(path)
        if not loads or first is None:
            return 0
        lowest = min(segment.address for segment in loads) & -PAGE_BYTES
        highest = max(segment.address + segment.memory_size for segment in loads)
        return first.start + -(-(highest - lowest) // PAGE_BYTES) * PAGE_BYTES


def _name(mappings: list[Mapping], headers: Headers, segments: _Segments) -> None:
    """Set the names of the heap, the stack and the vdso, in place."""
    auxv = dict(headers.auxv)
    entry, random, vdso = auxv.get(_AT_ENTRY, 0), auxv.get(_AT_RANDOM, 0), auxv.get(_AT_SYSINFO_EHDR, 0)
    program = next((one.path for one in mappings if one.inode and one.start <= entry < one.end), "")
    end = segments.end(program)
    for index, mapping in enumerate(mappings):
        name = ""
        if mapping.inode:
            if end and mapping.start >= end:
                end = 0
            continue
        if mapping.start <= random < mapping.end:
            name = "[stack]"
        elif vdso and mapping.start == vdso:
            name = "[vdso]"
        elif end and mapping.perms.startswith("rw") and mapping.end > end and mapping.start - end <= _BRK_BYTES:
            name, end = "[heap]", 0
        if name:
            mappings[index] = replace(mapping, path=name)


def _mappings(loads: Sequence[Load], files: Sequence[MappedFile]) -> Iterator[Mapping]:
    """One mapping for each part of a segment that is of one file or of none, and for each file part without a segment."""
    numbers = {path: number for number, path in enumerate(dict.fromkeys(file.path for file in files), 1)}

    def of_file(file: MappedFile, start: int, end: int, perms: str) -> Mapping:
        offset = file.offset + start - file.start
        return Mapping(start=start, end=end, perms=perms, offset=offset, inode=numbers[file.path], path=file.path)

    at = 0
    low = 0  # up to here everything is told
    for load in loads:
        while at < len(files) and files[at].end <= load.start:
            if max(files[at].start, low) < files[at].end:
                yield of_file(files[at], max(files[at].start, low), files[at].end, "r--p")
            at += 1
        if at < len(files) and max(files[at].start, low) < load.start:
            yield of_file(files[at], max(files[at].start, low), load.start, "r--p")
        low, step = load.start, at
        while low < load.end:
            while step < len(files) and files[step].end <= low:
                step += 1
            file = files[step] if step < len(files) and files[step].start < load.end else None
            if file is not None and file.start <= low:
                high = min(file.end, load.end)
                yield of_file(file, low, high, load.perms)
            else:
                high = load.end if file is None else file.start
                yield Mapping(start=low, end=high, perms=load.perms)
            low = high
        at = step
    for file in files[at:]:
        if max(file.start, low) < file.end:
            yield of_file(file, max(file.start, low), file.end, "r--p")
