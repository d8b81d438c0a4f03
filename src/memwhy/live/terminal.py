"""A terminal for textual that may be driven from any thread, sends little, and always comes back.

textual's own driver sets signal handlers, which Python allows in the main thread only, and the main thread watches. This one
sets none: whoever owns the main thread tells it of a new size. It asks the terminal nothing (no mouse, no key protocol): each
question is a round trip on a slow line, and each answer that comes too late is typed into the shell.
"""

import codecs
import os
import select
import sys
import termios
import threading
import tty
from contextlib import suppress
from typing import Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""Other screen, no cursor, no wrapping at the right edge (xterm's control sequences)."""
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
POINTER = "\x1b]22;"
"""Shapes of the mouse pointer, which is not used; some terminals print them."""
PARTS_S = 0.1
"""The bytes of one key come together, or the key was Escape."""


class Terminal(Driver):
    """Standard error as the screen, standard input as the keys."""

    def __init__(
        self, app: App[None], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=False, size=size)
        assert sys.__stderr__ is not None
        assert sys.__stdin__ is not None
        self._out, self._in = sys.__stderr__.fileno(), sys.__stdin__.fileno()
        self._before: Settings | None = None
        self._keys: threading.Thread | None = None
        self._stop_reading, self._stop = -1, -1
        self.written_bytes = 0

    def write(self, data: str) -> None:
        """Write all of it; blocks while a slow line takes no more. A terminal that is gone swallows it."""
        if data.startswith(POINTER):
            return
        left = memoryview(data.encode("utf-8", "replace"))
        self.written_bytes += len(left)
        try:
            while left:
                left = left[os.write(self._out, left) :]
        except OSError:  # hung up: SIGHUP or the end of the input says so, too
            return

    def start_application_mode(self) -> None:
        """Take the terminal over: keys as they are typed, no echo."""
        self.resized()
        self._before = settings()
        raw = termios.tcgetattr(self._in)
        raw[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        raw[tty.IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        raw[tty.CC][termios.VMIN], raw[tty.CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self._in, termios.TCSANOW, raw)
        self.write(ENTER)
        self._stop_reading, self._stop = os.pipe()
        self._keys = threading.Thread(target=self._read_keys, name="memwhy-keys", daemon=True)
        self._keys.start()

    def resized(self) -> None:
        """Tell the app how large the terminal is now."""
        try:
            columns, rows = os.get_terminal_size(self._out)
        except OSError:
            columns, rows = 80, 24
        size = Size(columns or 80, rows or 24)
        self.send_message(events.Resize(size, size))

    def disable_input(self) -> None:
        """Read no more keys."""
        if self._keys is None:
            return
        os.write(self._stop, b".")
        self._keys.join()
        self._keys = None
        os.close(self._stop)
        os.close(self._stop_reading)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self.disable_input()
        self.write(LEAVE)
        restore(self._before)

    def _read_keys(self) -> None:
        parser = XTermParser()
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while True:
            ready, _, _ = select.select([self._in, self._stop_reading], [], [], _patience_s(parser))
            if self._stop_reading in ready:
                return
            if self._in in ready:
                try:
                    raw = os.read(self._in, 4096)
                except OSError:
                    raw = b""
                if not raw:  # hung up
                    return
                for message in parser.feed(decode(raw)):
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)


def _patience_s(parser: XTermParser) -> float | None:
    """How long to wait for more: a moment where a key has begun, else for ever."""
    return None if parser._timeout_time is None else PARTS_S


Settings = list[Any]
"""What tcgetattr(3) tells."""


def settings() -> Settings | None:
    """The terminal's settings as they are; None where standard input is none."""
    assert sys.__stdin__ is not None
    try:
        return termios.tcgetattr(sys.__stdin__.fileno())
    except termios.error:
        return None


def restore(before: Settings | None) -> None:
    """The terminal's settings as they were; of a terminal that is gone there are none."""
    assert sys.__stdin__ is not None
    if before is not None:
        with suppress(termios.error):
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSAFLUSH, before)
