"""Shared libraries: those that a program file asks for, those that a process has mapped, each with version and build id.

A file name's number is mostly the interface's and not the release's (libzmq.so.5.2.4 is ZeroMQ 4.3.4), so it is taken for a version
only where the project is known to name its files by releases; else the file's own words are read, or the note that some distributions
put into it (systemd.io/ELF_PACKAGE_METADATA).
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from memwhy.memory.elf import Elf, Image
from memwhy.memory.modules import open_regular
from memwhy.model.dependencies import Component
from memwhy.model.errors import ParseError
from memwhy.sources.proc.libraries import NAME_OF_GLIBC, glibc_banner, mapped_files

MOST_LIBRARIES = 512
_FILE_VERSION = re.compile(r"\.so\.(\d+(?:\.\d+)+)$|-(\d+(?:\.\d+)+)\.so$")
_NAMED_BY_RELEASE = (
    "libxml2", "libxslt", "libz", "libzstd", "liblz4", "librocksdb", "libsnappy", "libgit2", "libc", "libm", "libonnxruntime",
)  # fmt: skip
"""Projects whose libraries' files end in the release: by their build files, and by what distributions install."""
_WORDS = {
    "libz": re.compile(rb"(?:de|in)flate (\d{1,2}(?:\.\d{1,3}){1,3}) Copyright"),
    "libcrypto": re.compile(rb"OpenSSL (\d{1,2}\.\d{1,3}\.\d{1,3}[a-z]?) "),
    "libjemalloc": re.compile(rb"\0(\d{1,2}\.\d{1,3}\.\d{1,3})-\d{1,6}-g[0-9a-f]{7,40}\0"),
    "libsqlite3": re.compile(rb"\0(3\.\d{1,3}\.\d{1,3})\0"),
    "libvips": re.compile(rb"\0(8\.\d{1,2}\.\d{1,3})\0"),
}
"""What the files of some libraries say of themselves, seen in those of Debian 12. Others hold the numbers of libraries that
they brought along, or none (librdkafka, libzmq, libgit2)."""
_PACKAGE_NOTE = (b"FDO", 0xCAFE1A7E)
_MOST_TEXT_BYTES = 16 << 20
_CONFIGURED = "/etc/ld.so.conf.d"


def mapped(root: str, pid: int, asked: Sequence[str]) -> tuple[Component, ...]:
    """The libraries that a process has mapped, in the order of addresses. asked: sonames that its program asks for. Raises OSError."""
    return tuple(_described(path, descriptor, asked) for path, descriptor in mapped_files(root, pid))


def needed(elf: Elf) -> tuple[Component, ...]:
    """The libraries that a program file asks for, with what this host would load for them."""
    folders = tuple(_folders(elf))
    rows = []
    for soname in elf.needed[:MOST_LIBRARIES]:
        path = next((path for folder in folders if (path := f"{folder}/{soname}") and os.path.isfile(path)), "")
        real = os.path.realpath(path) if path else ""
        one = _described(real or soname, open_regular(real) if real else None, (soname,))
        rows.append(one)
    return tuple(rows)


def _folders(elf: Elf) -> Iterator[str]:
    """Where the loader looks (ld.so(8)), but for LD_LIBRARY_PATH and its cache."""
    origin = os.path.dirname(os.path.abspath(elf.name))
    for runpath in elf.runpaths:
        for folder in runpath.split(":"):
            yield folder.replace("$ORIGIN", origin).replace("${ORIGIN}", origin)
    try:
        names = sorted(os.listdir(_CONFIGURED))
    except OSError:
        names = []
    for name in names:
        try:
            with open(f"{_CONFIGURED}/{name}", encoding="utf-8", errors="replace") as file:
                yield from (line.strip() for line in file.read(4096).splitlines() if line.startswith("/"))
        except OSError:
            continue
    yield from ("/lib64", "/usr/lib64", "/lib", "/usr/lib")


def _described(path: str, descriptor: int | None, asked: Sequence[str]) -> Component:
    name = PurePath(path).name
    found = Component(kind="library", name=name, where=path if "/" in path else "", soname=name, asked=name in asked)
    if descriptor is None:
        version, by = version_of_name(name)
        return replace(found, version=version, version_by=by)
    try:
        elf = Elf(Image(descriptor), path)
        soname = elf.soname or name
        version, by = _version(elf, name)
        found = replace(found, soname=soname, build_id=elf.build_id or "", asked=bool({soname, name} & set(asked)))
        return replace(found, version=version, version_by=by)
    except (ParseError, OSError):
        return found
    finally:
        os.close(descriptor)


def _version(elf: Elf, name: str) -> tuple[str, str]:
    """(version, what tells it); ("", "") where nothing honest does."""
    version, by = version_of_name(name)
    if version:
        return version, by
    note = elf.note(*_PACKAGE_NOTE)
    if note is not None and (packaged := _packaged(note)):
        return packaged, "package note"
    words, section = _WORDS.get(_stem(name)), elf.section(".rodata")
    is_glibc = NAME_OF_GLIBC.match(name) is not None
    if section is None or (words is None and not is_glibc):
        return "", ""
    raw = elf.image.read(section.offset, min(section.size, _MOST_TEXT_BYTES))
    if is_glibc:
        banner = glibc_banner(raw)
        return (banner[0], f"its own words: {banner[1] or 'GNU C Library'}") if banner else ("", "")
    told = {match[1] for match in words.finditer(raw)} if words else set()
    return (told.pop().decode(), "its own words") if len(told) == 1 else ("", "")


def version_of_name(name: str) -> tuple[str, str]:
    """(the release that a library's file name tells, "file name"); ("", "") where the number is the interface's."""
    found = _FILE_VERSION.search(name)
    if found is None or _stem(name) not in _NAMED_BY_RELEASE:
        return "", ""
    return found[1] or found[2], "file name"


def _stem(name: str) -> str:
    """ "libc" of libc.so.6 and of libc-2.31.so."""
    return re.split(r"\.so|-\d", name, maxsplit=1)[0]


def _packaged(note: bytes) -> str:
    """The upstream part of a package note's version: "8.14.1" of "8.14.1-3.fc39"."""
    try:
        told = json.loads(note.rstrip(b"\0"))
    except (ValueError, RecursionError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return re.split(r"[-+~]", version.rpartition(":")[2])[0] if isinstance(version, str) else ""
