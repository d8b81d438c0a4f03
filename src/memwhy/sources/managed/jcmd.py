"""The line with which jcmd begins: the pid of the JVM that answered, and a colon."""

import re
from collections.abc import Sequence

_PID = re.compile(r"(\d{1,10}):")


def pid_above(lines: Sequence[str], at: int) -> tuple[int, str | None]:
    """(index, pid) of the line `4711:` with which jcmd begins, at most two lines above."""
    for i in range(at - 1, max(-1, at - 3), -1):
        match = _PID.fullmatch(lines[i].strip()[:20].strip("`> "))
        if match:
            return i, match[1]
        if lines[i].strip():
            break
    return at, None
