"""Which shared libraries the process has mapped, each with its build id, and which C library and allocator are among them.

The very files behind the mappings are read (/proc/PID/map_files, else /proc/PID/root), so a container's libraries are the
container's. Our own text, a line for each: build id, what a C library's file says of itself, path, with tabs between
and "-" for what cannot be read. glibc's banner: csu/version.c; musl's version: src/internal/version.c.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from memwhy.memory.elf import Elf, Image
from memwhy.memory.modules import Files, file_key
from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import printable, process_path, read_file
from memwhy.sources.proc.smaps import MAX_BYTES, build, scan

NAME = "proc/libraries"

MOST_LIBRARIES = 1024
_LIBRARY = re.compile(r"\.so(?:\.[0-9][\w.]*)?$")
_MOST_TEXT_BYTES = 8 << 20
_GLIBC = re.compile(rb"GNU C Library (?:\(([^\n\0]{0,120})\) )?[a-z]{1,20} release version (\d{1,3}\.\d{1,3})(?=\D)")
_MUSL_VERSION = re.compile(rb"\0(\d{1,2}\.\d{1,3}\.\d{1,3}(?:[-_]git[\w.-]{0,40})?)\0")
NAME_OF_GLIBC = re.compile(r"libc(?:\.so\.6|-(2\.\d{1,3})\.so)$")
NAME_OF_MUSL = re.compile(r"ld-musl-|libc\.musl-|libc\.so$")
_LINE = re.compile(r"([0-9a-f]{2,128}|-)\t([^\t]{1,200})\t(/.{1,4096})")
ALLOCATORS = {
    "jemalloc": re.compile(r"libjemalloc"),
    "tcmalloc": re.compile(r"libtcmalloc"),
    "mimalloc": re.compile(r"libmimalloc"),
    "snmalloc": re.compile(r"libsnmalloc"),
    "Hoard": re.compile(r"libhoard"),
}
"""Allocators that come as a library of their own, by its name."""


def read(root: str, pid: int) -> bytes:
    """Our own text, in the order of addresses; b"" where nothing is mapped: a static program. Raises OSError."""
    return b"".join(_line(path, descriptor) for path, descriptor in mapped_files(root, pid))


def mapped_files(root: str, pid: int) -> Iterator[tuple[str, int | None]]:
    """(path, a descriptor of the very file for the caller to close, None where it cannot be had) of each library, in the order of
    addresses. Raises OSError."""
    raw = read_file(process_path(root, pid, "maps"), MAX_BYTES)
    lines = b"".join(line + b"\n" for line in raw.split(b"\n") if b".so" in line)
    if not lines:
        return
    try:
        table, _, text = scan(NAME, lines)
    except ParseError as error:
        raise OSError(str(error)) from error
    files = Files(process_path(root, pid), lambda start, size: b"")
    found = [one for one in build(table, text) if _LIBRARY.search(one.path.removesuffix(" (deleted)"))]
    firsts = list({file_key(mapping): mapping for mapping in reversed(found)}.values())[::-1]
    for mapping in firsts[:MOST_LIBRARIES]:
        yield mapping.path.removesuffix(" (deleted)"), files.open_mapped(mapping)


def _line(path: str, descriptor: int | None) -> bytes:
    build_id, tells = _tells(path, descriptor)
    return f"{build_id or '-'}\t{printable(tells) or '-'}\t{printable(path)}\n".encode()


def _tells(path: str, descriptor: int | None) -> tuple[str | None, str]:
    """(build id, `glibc 2.36 (Debian GLIBC 2.36-9)` or `musl 1.2.3` of a C library)."""
    if descriptor is None:
        return None, ""
    try:
        elf = Elf(Image(descriptor), path)
        return elf.build_id, _c_library(elf, path.rpartition("/")[2])
    except (ParseError, OSError):
        return None, ""
    finally:
        os.close(descriptor)


def _c_library(elf: Elf, name: str) -> str:
    is_musl = bool(NAME_OF_MUSL.match(name))
    if not is_musl and not NAME_OF_GLIBC.match(name):
        return ""
    section = elf.section(".rodata")
    raw = elf.image.read(section.offset, min(section.size, _MOST_TEXT_BYTES)) if section is not None else b""
    if (banner := glibc_banner(raw)) is not None:
        version, package = banner
        return f"glibc {version} ({package})" if package else f"glibc {version}"
    musl = _MUSL_VERSION.search(raw) if is_musl and b"musl libc" in raw else None
    return f"musl {musl[1].decode()}" if musl is not None else ""


def glibc_banner(raw: bytes) -> tuple[str, str] | None:
    """("2.36", "Debian GLIBC 2.36-9") where a piece of the library, or of its memory, holds its banner; no package of old ones."""
    found = _GLIBC.search(raw)
    return None if found is None else (found[2].decode(), (found[1] or b"").decode("utf-8", "replace"))


def parse(raw: bytes) -> Reading:
    """Facts libraries (one a line, `FILE BUILD_ID`, "-" where unknown; "" for a static program), libc ("glibc 2.36", "musl"),
    libc.package (what the distribution calls it), allocator (one that came as a library of its own). Raises ParseError."""
    rows = [match.groups() for line in raw.decode("utf-8", "replace").split("\n") if (match := _LINE.fullmatch(line))]
    if raw and not rows:
        raise ParseError(NAME, None, raw[:80], "has no line of a library")
    named = [(path.rpartition("/")[2], build_id, tells) for build_id, tells, path in rows]
    facts = {"libraries": "\n".join(dict.fromkeys(f"{printable(name)} {build_id}" for name, build_id, _ in named))}
    if libc := c_library([(name, tells) for name, _, tells in named]):
        facts["libc"], package = libc
        if package:
            facts["libc.package"] = package
    if allocator := allocator_of(name for name, _, _ in named):
        facts["allocator"] = allocator
    return Reading(facts=facts)


def c_library(named: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """("glibc 2.36", "Debian GLIBC 2.36-9") from file names and what the files say; without a version where nothing tells it."""
    for name, tells in named:
        if tells.startswith(("glibc ", "musl ")):
            version, _, package = tells.partition(" (")
            return printable(version), printable(package.removesuffix(")"))
        if (match := NAME_OF_GLIBC.match(name)) is not None:
            return (f"glibc {match[1]}" if match[1] else "glibc"), ""
        if NAME_OF_MUSL.match(name):
            return "musl", ""
    return None


def allocator_of(names: Iterable[str]) -> str:
    """The allocator among libraries, "" for none but the C library's."""
    return next((allocator for name in names for allocator, known in ALLOCATORS.items() if known.match(name)), "")
