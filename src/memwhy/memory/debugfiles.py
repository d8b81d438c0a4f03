"""Debug files: where symbols and DWARF lie that were taken out of a program (`objcopy --only-keep-debug`, distributions' -dbg packages).

They are found by build id below /usr/lib/debug, or by the name that .gnu_debuglink gives: beside the program, in .debug there, or below
/usr/lib/debug in a folder of the program's path (gdb manual, "Separate Debug Files"). One that is of another build is never taken.
"""

import os
import zlib
from collections.abc import Iterator

from memwhy.memory.elf import Elf, Image
from memwhy.memory.modules import open_regular
from memwhy.memory.space import DebugFile
from memwhy.model.errors import ParseError

_DEBUG = "/usr/lib/debug"
_DELETED = " (deleted)"
_LEAST_DIGITS, _MOST_DIGITS = 4, 128
_CHECKSUM_BYTES = 4
_CHUNK_BYTES = 1 << 20
_SHOWN_DIGITS = 12


class DebugFiles:
    """Debug files of a target's file system, opened once each. root: its / as we see it, e.g. /proc/PID/root."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        self._descriptors: list[int] = []
        self._found: dict[tuple[str, str | None], DebugFile] = {}

    def find(self, elf: Elf) -> Elf | None:
        """The debug file of a program or library, None where there is none."""
        return self.look(elf).elf

    def look(self, elf: Elf) -> DebugFile:
        """The same, and what was refused. The file's path is its name."""
        key = elf.name, elf.build_id
        if key not in self._found:
            self._found[key] = self._look(elf)
        return self._found[key]

    def close(self) -> None:
        """Let go of the files."""
        self._found.clear()
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _look(self, elf: Elf) -> DebugFile:
        refused = ""
        link, checksum = _link(elf)
        for path in _places(elf, link):
            descriptor = open_regular(self._root + path)
            if descriptor is None:
                continue
            try:
                debug = Elf(Image(descriptor), path)
                problem = _differs(elf, debug, checksum)
            except (ParseError, OSError) as error:
                problem = f"it cannot be read ({error})"
            else:
                if not problem and (debug.has_dwarf or debug.has_symbols):
                    self._descriptors.append(descriptor)
                    return DebugFile(elf=debug)
            os.close(descriptor)
            refused = refused or (f"{path} was not taken: {problem}" if problem else "")
        return DebugFile(refused=refused)


def _link(elf: Elf) -> tuple[str, int | None]:
    """(file name, CRC-32 of the file) of .gnu_debuglink; "" where there is none, or one that is no bare name."""
    section = elf.section(".gnu_debuglink")
    raw = b"" if section is None else elf.image.read(section.offset, min(section.size, _CHUNK_BYTES))
    name, end, _ = raw.partition(b"\0")
    at = len(name) + 4 & ~3
    checksum = raw[at : at + _CHECKSUM_BYTES]
    if not end or len(checksum) < _CHECKSUM_BYTES or not name or b"/" in name:
        return "", None
    return os.fsdecode(name), int.from_bytes(checksum, "little")


def _places(elf: Elf, link: str) -> Iterator[str]:
    """Where it may lie, as the target names it, likeliest first."""
    build_id = elf.build_id or ""
    if _LEAST_DIGITS <= len(build_id) <= _MOST_DIGITS:
        yield f"{_DEBUG}/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
    folder = os.path.dirname(elf.name.removesuffix(_DELETED))
    if link and folder.startswith("/"):
        for place in (folder, f"{folder}/.debug", f"{_DEBUG}{folder}"):
            yield os.path.join(place, link)


def _differs(elf: Elf, debug: Elf, checksum: int | None) -> str:
    """Why it is not this program's, "" where it is: by build ids that both have, else by the checksum that the program names."""
    for ours, theirs in ((elf.build_id, debug.build_id), (elf.go_build_id, debug.go_build_id)):
        if ours and theirs:
            said = f"its build id is {theirs[:_SHOWN_DIGITS]}…, the program's {ours[:_SHOWN_DIGITS]}…"
            return "" if ours == theirs else said
    if checksum is None:
        return "it has no build id"
    found = 0
    for _, piece in debug.image.chunks(0, debug.image.size, overlap=0, chunk_bytes=_CHUNK_BYTES):
        found = zlib.crc32(piece, found)
    return "" if found == checksum else f"its checksum is {found:08x}, and the program asks for {checksum:08x}"
