"""How many descriptors a process has open, without listing them: one stat(2), whatever their number.

Since Linux 6.2 the size of the directory /proc/PID/fd is that number (fs/proc/fd.c, proc_fd_getattr; proc.rst); before, it is 0.
"""

import os
import re

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.files import process_path

NAME = "proc/fd_count"

_COUNT = re.compile(rb"(\d{1,10}) descriptors\n?")


def read(root: str, pid: int) -> bytes:
    """Our own text, one line; empty where the size is no count: on older kernels, and in captured trees, whose files have sizes."""
    size = os.stat(process_path(root, pid, "fd")).st_size
    captured = os.stat(process_path(root, pid, "status")).st_size > 0
    return b"" if captured or size == 0 else b"%d descriptors\n" % size


def parse(raw: bytes) -> Reading:
    """process.descriptors_count; nothing of an empty text."""
    if not raw.strip():
        return Reading()
    found = _COUNT.fullmatch(raw)
    if found is None:
        raise ParseError(NAME, None, raw[:80], "is not `N descriptors`")
    return Reading(metrics={"process.descriptors_count": int(found[1])})
