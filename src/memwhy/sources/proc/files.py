"""Kernel files are read here: whole, bounded, and several as one where a source is a composite.

A composite keeps each file verbatim behind a line `==> NAME <==`, as `tail -n +1 FILE…` prints them.
"""

import os
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from memwhy.model.units import MIB

_CHUNK_BYTES = 64 * 1024
_HEADING = re.compile(rb"^[ \t]*==> (.{1,4096}?) <==[ \t\r]*\n?", re.MULTILINE)

Parts = list[tuple[str, bytes]]


def read_file(path: str, max_bytes: int = 64 * MIB) -> bytes:
    """The file's bytes. A file longer than max_bytes raises OSError: half of a kernel file misleads.

    Kernel files have no size beforehand and hand out a page or so per read, hence the loop.
    """
    chunks: list[bytes] = []
    size_bytes = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise OSError(27, f"longer than {max_bytes} bytes, not read", path)
            chunks.append(chunk)
    return b"".join(chunks)


def read_word(path: str) -> str:
    """One short word or number of a file, without the newline."""
    return decode(read_file(path, 4096)).strip()


def optional(path: str) -> bytes | None:
    """The file's bytes, or None where it is absent or forbidden: for parts that not every kernel has."""
    try:
        return read_file(path)
    except OSError:
        return None


def process_path(root: str, pid: int, name: str = "") -> str:
    """ROOT/PID/name."""
    return f"{root.rstrip('/')}/{pid}/{name}".rstrip("/")


def beside(root: str, path: str) -> str:
    """A path of the machine whose procfs is root: /proc → /sys/…; /host/proc or a captured tree → /host/sys/…."""
    return os.path.dirname(root.rstrip("/")).rstrip("/") + path


def join(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A composite, as `tail -n +1` would print these files."""
    return b"\n".join(b"==> " + os.fsencode(name) + b" <==\n" + content for name, content in parts)


def split(raw: bytes) -> Parts:
    """The parts of a composite, in order; [] where there is no heading. Text before the first heading is dropped."""
    headings = list(_HEADING.finditer(raw))
    parts: Parts = []
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start() if following else len(raw)
        content = raw[heading.end() : end]
        if end < len(raw) and content.endswith(b"\n\n"):
            content = content[:-1]
        parts.append((decode(heading[1]), content))
    return parts


def decode(raw: bytes) -> str:
    """Text without loss: a byte that is no UTF-8 is spelled out as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def printable(raw: bytes | str) -> str:
    """One line that no terminal takes for a command: a process chooses its own names."""
    text = decode(raw) if isinstance(raw, bytes) else raw
    return "".join(character if character.isprintable() else "·" for character in text)


def numeric_names(path: str) -> Iterator[int]:
    """The entries of a directory that are numbers: pids, thread ids, descriptors. Unsorted, one at a time."""
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.isdecimal() and entry.name.isascii():
                yield int(entry.name)
