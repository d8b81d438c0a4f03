"""Pointers that the kernel keeps for a process and gives back to it: they hold blocks that no memory of its own points to.

Shown are the data of epoll's entries (proc_pid_fdinfo(5): "tfd: 5 events: 19 data: 7f… …", hexadecimal) and the values of
POSIX timers (proc_pid_timers(5): "signal: 60/0x…"). Not shown are those of io_uring and of Linux aio.
"""

import os
import re
from array import array
from collections.abc import Iterator

from memwhy.inspect.roots import MISSING, HeldElsewhere
from memwhy.memory.space import Space

_MOST_ROWS = 200_000
_MOST_BYTES = 16 << 20
_EVENT = re.compile(rb"^tfd:.*?\bdata:\s*([0-9a-f]{1,16})\b", re.MULTILINE)
_TIMER = re.compile(rb"^signal: \d+/(?:0x)?([0-9a-f]{1,16})$", re.MULTILINE)


def read_kernel_held(space: Space, root: str = "/proc") -> HeldElsewhere:
    """What the kernel shows of a live process's pointers, at most 200,000 of them; nothing for a core, which has none.

    While it writes them down, the kernel holds the lock of that epoll descriptor, some microseconds per hundred entries.
    """
    words: array[int] = array("Q")
    missing: list[str] = []
    if any(mapping.path.removesuffix(" (deleted)") == "/[aio]" for mapping in space.mappings):
        missing.append(f"{MISSING}Linux aio keeps pointers in the kernel that are not shown")
    if space.pid is None:
        return HeldElsewhere(words=words, missing=tuple(missing))
    directory = f"{root.rstrip('/')}/{space.pid}"
    has_ring = any("anon_inode:[io_uring]" in mapping.path for mapping in space.mappings)
    left_bytes = _MOST_BYTES
    try:
        for name, target in _descriptors(directory):
            has_ring = has_ring or target == "anon_inode:[io_uring]"
            if target == "anon_inode:[eventpoll]":
                raw = _read(f"{directory}/fdinfo/{name}", left_bytes)
                left_bytes -= len(raw)
                words.extend(_words(_EVENT, raw, _MOST_ROWS - len(words)))
    except OSError as error:
        missing.append(f"{MISSING}the descriptors cannot be listed: {error.strerror}")
    if has_ring:
        missing.append(f"{MISSING}io_uring keeps pointers in the kernel that are not shown")
    if left_bytes <= 0 or len(words) >= _MOST_ROWS:
        missing.append(f"{MISSING}of epoll's entries only the first {len(words):,} were read")
    words.extend(_words(_TIMER, _read(f"{directory}/timers", _MOST_BYTES), _MOST_ROWS))
    return HeldElsewhere(words=words, missing=tuple(missing))


def _descriptors(directory: str) -> Iterator[tuple[str, str]]:
    """(number, what it leads to) of the open descriptors. Raises OSError where they cannot be listed."""
    for name in os.listdir(f"{directory}/fd"):
        try:
            yield name, os.readlink(f"{directory}/fd/{name}")
        except OSError:
            continue  # closed meanwhile


def _words(row: re.Pattern[bytes], raw: bytes, most: int) -> Iterator[int]:
    for match, _ in zip(row.finditer(raw), range(most), strict=False):
        yield int(match[1], 16)


def _read(path: str, most_bytes: int) -> bytes:
    """The whole rows among the first bytes of a file; nothing where it cannot be read."""
    try:
        with open(path, "rb") as file:
            raw = file.read(most_bytes)
            return raw if len(raw) < most_bytes else raw[: raw.rfind(b"\n") + 1].ljust(most_bytes)
    except OSError:
        return b""
