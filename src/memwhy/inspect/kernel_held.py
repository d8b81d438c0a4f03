"""Pointers that the kernel keeps for a process and gives back to it: they hold blocks that no memory of its own points to.

Shown are the data of epoll's entries (proc_pid_fdinfo(5): "tfd: 5 events: 19 data: 7f… …", hexadecimal) and the values of
POSIX timers (proc_pid_timers(5): "signal: 60/0x…"). Not shown are those of io_uring and of Linux aio.
"""

import os
import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice

from memwhy.inspect.roots import MISSING, HeldElsewhere
from memwhy.memory.space import Space

_AIO, _RING, _POLL = "/[aio]", "anon_inode:[io_uring]", "anon_inode:[eventpoll]"
_MOST_ROWS = 200_000
_MOST_LINES, _MOST_LINE_BYTES = 1 << 21, 4096
"""Read of one file, whatever it holds."""
_EVENT = re.compile(rb"tfd:.*?\bdata:\s*([0-9a-f]{1,16})\b")
_TIMER = re.compile(rb"signal: \d+/(?:0x)?([0-9a-f]{1,16})$")


def read_kernel_held(space: Space, root: str = "/proc") -> HeldElsewhere:
    """What the kernel shows of a live process's pointers, at most 200,000 of each kind; nothing for a core, which has none.

    While it writes them down, the kernel holds the lock of that epoll descriptor, some microseconds per hundred entries.
    """
    paths = {mapping.path.removesuffix(" (deleted)") for mapping in space.mappings}
    words: array[int] = array("Q")
    missing: list[str] = []
    if space.pid is not None:
        directory = f"{root.rstrip('/')}/{space.pid}"
        try:
            targets = _descriptors(directory)
        except OSError as error:
            targets = {}
            missing.append(f"{MISSING}the descriptors cannot be listed: {error.strerror}")
        paths |= set(targets.values())
        polls = [f"{directory}/fdinfo/{name}" for name, target in targets.items() if target == _POLL]
        for what, row, files in (("epoll's entries", _EVENT, polls), ("timers", _TIMER, [f"{directory}/timers"])):
            try:
                found = list(islice(_words(row, files), _MOST_ROWS + 1))
            except OSError as error:
                missing.append(f"{MISSING}{what} cannot be read: {error.strerror}")
                continue
            words.extend(found[:_MOST_ROWS])
            if len(found) > _MOST_ROWS:
                missing.append(f"{MISSING}of {what} only the first {_MOST_ROWS:,} were read")
    for what, sign in (("Linux aio", _AIO), ("io_uring", _RING)):
        if any(path.endswith(sign) for path in paths):
            missing.append(f"{MISSING}{what} keeps pointers in the kernel that are not shown")
    return HeldElsewhere(words=words, missing=tuple(missing))


def _descriptors(directory: str) -> dict[str, str]:
    """Number → what it leads to, of the open descriptors. Raises OSError where they cannot be listed."""
    found: dict[str, str] = {}
    for name in os.listdir(f"{directory}/fd"):
        try:
            found[name] = os.readlink(f"{directory}/fd/{name}")
        except OSError:
            continue  # closed meanwhile
    return found


def _words(row: re.Pattern[bytes], paths: Sequence[str]) -> Iterator[int]:
    """What the rows of some files tell. Raises OSError, but not for a file that is gone."""
    for path in paths:
        try:
            with open(path, "rb") as file:
                for line in islice(iter(lambda: file.readline(_MOST_LINE_BYTES), b""), _MOST_LINES):
                    if (match := row.match(line)) is not None:
                        yield int(match[1], 16)
        except (FileNotFoundError, ProcessLookupError):
            continue
