"""Which module of an address space holds a Go runtime, and of which version: from its file, else from its memory.

Layout of the build info: debug/buildinfo/buildinfo.go of Go's source.
"""

from dataclasses import dataclass

from memwhy.memory.space import Module, Space
from memwhy.model.errors import ParseError
from memwhy.sources.go.buildinfo import NotGo, extract
from memwhy.sources.go.varint import read_varint

_MAGIC = b"\xff Go buildinf:"
_ALIGN = 16
_HEADER_BYTES = 32
_INLINE = 2
_MOST_VERSION_BYTES = 255
_MOST_SCANNED_BYTES = 64 << 20
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GoModule:
    """The program or library that holds a Go runtime. settings: `go version -m`'s module text, "" when unknown."""

    module: Module
    version: str
    settings: str


def find_go(space: Space) -> GoModule | None:
    """The module with a Go runtime: the program first, then libraries in address order (buildmode=c-shared)."""
    for module in sorted(space.modules(), key=lambda module: not module.is_program):
        found = _in_file(module) if module.elf is not None else _in_memory(space, module)
        if found is not None:
            return found
    return None


def _in_file(module: Module) -> GoModule | None:
    if module.elf is None:
        return None
    try:
        version, settings = extract(module.elf)
    except (NotGo, ParseError):
        return None
    return GoModule(module=module, version=version, settings=settings)


def _in_memory(space: Space, module: Module) -> GoModule | None:
    """The inline string of Go 1.18 and later, in the data of a module whose file is gone."""
    for start, end in module.written:
        at, end = start, min(end, start + _MOST_SCANNED_BYTES)
        while at < end:
            piece = space.read(at, min(_CHUNK_BYTES + _HEADER_BYTES, end - at))
            found = piece.find(_MAGIC)
            while found >= 0:
                version = _version_at(space, at + found) if (at + found) % _ALIGN == 0 else ""
                if version:
                    return GoModule(module=module, version=version, settings="")
                found = piece.find(_MAGIC, found + 1)
            at += _CHUNK_BYTES
    return None


def _version_at(space: Space, address: int) -> str:
    raw = space.read(address, _HEADER_BYTES + 2 + _MOST_VERSION_BYTES)
    if len(raw) < _HEADER_BYTES + 2 or not raw[15] & _INLINE:
        return ""
    try:
        length, at = read_varint(raw, _HEADER_BYTES)
    except ValueError:
        return ""
    text = raw[at : at + length].decode("ascii", "replace")
    return text if length <= _MOST_VERSION_BYTES and text.startswith(("go", "devel ")) else ""
