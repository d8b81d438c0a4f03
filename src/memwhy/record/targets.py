"""Who is meant: the pid of a process name, or of whoever listens at a port."""

import os

from memwhy.model.errors import TargetGone, UsageError
from memwhy.sources import proc


def find_target(root: str, text: str) -> int:
    """The pid of a pid or process name. Raises TargetGone when there is none, UsageError when there are several."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not text.strip():
        raise UsageError("the target is empty", help="give a pid, a process name or http://host:port")
    found = proc.find_pids(root, text)
    if not found:
        raise TargetGone(f"no process is called {text!r}", help="ps -e lists them; a pid works too")
    if len(found) > 1:
        rows = ", ".join(f"{pid} ({comm})" for pid, comm, _ in found[:8])
        raise UsageError(f"{len(found)} processes are called {text!r}: {rows}", help="give the pid of the one you mean")
    return found[0][0]


def find_listener(root: str, port: int) -> int | None:
    """The pid of a process that listens on this TCP port, among those whose descriptors we may read."""
    from memwhy.sources.go import endpoint  # sockets and URLs: only who gives one needs them

    for name in sorted(os.listdir(root)):
        if not name.isdigit():
            continue
        try:
            if any(its_port == port for _, its_port in endpoint.listening(root, int(name))):
                return int(name)
        except OSError:
            continue
    return None
