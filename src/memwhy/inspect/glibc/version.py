"""Which C library a process has, and whether its malloc is glibc's: by names and strings, not by guessing."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from memwhy.memory.space import Module, Space
from memwhy.sources.proc.libraries import ALLOCATORS, NAME_OF_GLIBC, NAME_OF_MUSL, glibc_banner

_VERSION_NEEDED = re.compile(rb"GLIBC_(\d{1,3})\.(\d{1,3})(?:\.\d+)?\0")
_MOST_FILE_BYTES = 64 << 20
_PIECE_BYTES = 1 << 20

_OTHERS_BY_NAME = {**ALLOCATORS, "musl": NAME_OF_MUSL}
_OTHERS_BY_TEXT = {
    "jemalloc": b"<jemalloc>: ",
    "tcmalloc": b"tcmalloc: large alloc",
    "mimalloc": b"mimalloc: ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Allocators beside glibc's, as far as they can be recognised."""

    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names)

    def __str__(self) -> str:
        return " and ".join(self.names)


def libc_modules(modules: Iterable[Module]) -> list[Module]:
    """glibc's own library, by name; more than one only under dlmopen(3)."""
    return [module for module in modules if NAME_OF_GLIBC.match(module.name)]


def libc_version(space: Space, module: Module) -> tuple[int, int] | None:
    """(2, 36): from the banner in its file, else from the newest symbol version that its memory names."""
    for piece in _file_pieces(module):
        if (banner := glibc_banner(piece)) is not None:
            return _numbers(banner[0])
    versions: set[tuple[int, int]] = set()
    for low, high in module.constant:
        pairs = space.resident(low, high)
        for start, end in zip(pairs[::2], pairs[1::2], strict=True):
            for at in range(max(low, start), min(high, end), _PIECE_BYTES):
                raw = space.read(at, min(_PIECE_BYTES + 256, min(high, end) - at))
                if (banner := glibc_banner(raw)) is not None:
                    return _numbers(banner[0])
                versions |= {(int(found[1]), int(found[2])) for found in _VERSION_NEEDED.finditer(raw)}
    return max(versions, default=None)


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def other_allocators(modules: Iterable[Module]) -> Others:
    """jemalloc, tcmalloc, mimalloc, musl …: by their library's name, or by their messages inside the program."""
    names: list[str] = []
    for module in modules:
        names += [name for name, pattern in _OTHERS_BY_NAME.items() if pattern.match(module.name)]
        if module.is_program:
            left = dict(_OTHERS_BY_TEXT)
            for piece in _file_pieces(module, ".rodata"):
                for name in [name for name, text in left.items() if text in piece]:
                    names.append(name)
                    del left[name]
    return Others(names=tuple(dict.fromkeys(names)))


def _file_pieces(module: Module, section: str = "") -> Iterator[bytes]:
    """A section of the file, or all of it where there is no such section, up to what cannot be read."""
    if module.elf is None:
        return
    image, part = module.elf.image, module.elf.section(section)
    start, size = (0, image.size) if part is None else (part.offset, part.size)
    try:
        for _, piece in image.chunks(start, min(size, _MOST_FILE_BYTES), overlap=256):
            yield piece
    except OSError:
        return
