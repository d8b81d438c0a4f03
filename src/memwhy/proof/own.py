"""What this process itself has in use of malloc's memory and of Python's own: what is kept shows there at once.

RSS alone does not show it: what leaks goes into memory first that malloc or Python has freed and kept, and RSS stays level.
"""

import ctypes
import os
import re
import sys
from collections.abc import Callable

PROBE_BYTES = 1 << 20
_CLASS = re.compile(rb"^ *\d+ +(?P<size>\d+) +\d+ +(?P<used>\d+) +\d+ *$", re.MULTILINE)
"""A row of sys._debugmallocstats: class, size, pools, blocks in use, blocks free (Objects/obmalloc.c)."""


class _Mallinfo2(ctypes.Structure):
    """mallinfo(3); the fields that count are uordblks, in use in heaps of all arenas, and hblkhd, mapped by themselves."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    )


def in_use_reader() -> Callable[[], int] | None:
    """What reads the bytes in use; None where nobody counts them: no glibc 2.33, another malloc or Python in its place."""
    malloc = _malloc_reader()
    if malloc is None or not hasattr(sys, "getallocatedblocks"):
        return None
    if not sys.getallocatedblocks():  # PYTHONMALLOC=malloc
        return malloc
    if not _python_bytes():
        return None
    return lambda: malloc() + _python_bytes()


def _malloc_reader() -> Callable[[], int] | None:
    """None where what is allocated does not show in glibc's figures."""
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return None
    mallinfo2.restype, mallinfo2.argtypes = _Mallinfo2, ()

    def read() -> int:
        found = mallinfo2()
        return int(found.uordblks) + int(found.hblkhd)

    before = read()
    probe = bytes(PROBE_BYTES)
    return read if read() - before >= len(probe) else None


def _python_bytes() -> int:
    """In blocks of Python's own allocator; 0 where it has none. Its statistics go to descriptor 2, which is turned into a
    file of our own meanwhile: what another thread writes there in this millisecond is lost."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: there is nowhere to read them from
        return 0
    file = os.memfd_create("memwhy")
    try:
        os.dup2(file, 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
        text = os.pread(file, os.fstat(file).st_size, 0)
    finally:
        os.close(kept)
        os.close(file)
    return sum(int(row["size"]) * int(row["used"]) for row in _CLASS.finditer(text))
