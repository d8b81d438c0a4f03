"""A command on a terminal of its own: what it writes, the keys that it is sent, the settings that it leaves behind."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from memwhy_command import WITHIN_S, environment

ENTERS, LEAVES = b"\x1b[?1049h", b"\x1b[?1049l"

OWNED = 'exec "$@" <>"$0" >&0 2>&0'
"""The first terminal that the leader of a session opens is its own (credentials(7)): only then does the kernel tell of new sizes."""


class Terminal:
    """The other end of a command's terminal. written: all that came so far."""

    def __init__(self, process: subprocess.Popen[bytes], ours: int, theirs: int) -> None:
        self.process, self._ours, self._theirs = process, ours, theirs
        self.written = b""

    def until(self, text: bytes) -> bytes:
        """Read until this has come, after what was asked for before; what came in between."""
        begin = len(self.written)
        deadline_s = time.monotonic() + WITHIN_S
        while text not in self.written[begin:]:
            if not self._read(deadline_s - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; the end of what did: {self.written[-3000:]!r}")
        return self.written[begin:]

    def to_the_end(self) -> int:
        """Read what is left; the exit code."""
        deadline_s = time.monotonic() + WITHIN_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline_s, self.written[-3000:]
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def _read(self, within_s: float) -> bool:
        if not select.select([self._ours], [], [], max(0.0, within_s))[0]:
            return False
        self.written += os.read(self._ours, 65536)
        return True

    def hang_up(self) -> None:
        """Go away, as a window that is closed or a line that breaks."""
        os.close(self._theirs)
        os.close(self._ours)
        self._theirs = self._ours = -1

    def close(self) -> None:
        """Our ends of it."""
        if self._ours >= 0:
            self.hang_up()

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._ours, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make it larger or smaller; the command is told by the kernel."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def settings(self) -> list[object]:
        """As tcgetattr(3) tells them."""
        return termios.tcgetattr(self._theirs)

    @property
    def answer(self) -> str:
        """What is left on the terminal once the screen is gone."""
        assert self.written.count(ENTERS) == self.written.count(LEAVES) == 1
        return self.written.split(LEAVES)[1].decode().replace("\r\n", "\n")


@contextmanager
def on_terminal(
    *arguments: str | Path,
    columns: int = 80,
    rows: int = 24,
    env: Mapping[str, str] | None = None,
    code: str | None = None,
    cwd: Path | None = None,
) -> Iterator[Terminal]:
    """memwhy with these arguments, or some Python code, on a terminal; killed at the end when it still runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    how = ["-c", code] if code is not None else ["-m", "memwhy"]
    kept = environment({"TERM": "xterm-256color", **(env or {})})
    del kept["COLUMNS"]
    process = subprocess.Popen(
        ["/bin/sh", "-c", OWNED, os.ttyname(theirs), sys.executable, "-W", "error", *how, *map(str, arguments)],
        env=kept,
        cwd=cwd,
        start_new_session=True,
    )
    terminal = Terminal(process, ours, theirs)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        terminal.close()
