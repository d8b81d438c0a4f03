"""Progress on stderr for anything longer than two seconds: one line rewritten on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from memwhy.model.units import human_bytes
from memwhy.render.plain import clean

QUIET_S = 2.0
PLAIN_EVERY_S = 10.0
TERMINAL_EVERY_S = 0.9


class Progress:
    """A context manager that leaves no half line behind."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.terminal = sys.stderr.isatty()
        self.begun_s = self.said_s = time.monotonic()
        self.dirty = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.dirty:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def reading(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        """So much of an input has been read."""
        of = f" of {human_bytes(total_bytes)}" if total_bytes else ""
        self.say(f"reading {file} … {human_bytes(done_bytes)}{of}")

    @property
    def looks_on(self) -> bool:
        """Does a person look on, who may be shown more than one line?"""
        return self.terminal and not self.quiet

    def show(self, lines: Iterable[str]) -> None:
        """Lines that stay, above the one that is rewritten; only where somebody looks on."""
        if self.looks_on:
            sys.stderr.write("\r\x1b[K" + "".join(f"{clean(line)}\n" for line in lines))
            sys.stderr.flush()
            self.dirty, self.said_s = False, 0.0

    def say(self, text: str | Callable[[], str], *, at_once: bool = False) -> None:
        """Show a state, made only when it is shown; dropped in the first two seconds unless `at_once`."""
        now_s = time.monotonic()
        if self.quiet or (not at_once and now_s - self.begun_s < QUIET_S):
            return
        if self.terminal:
            if now_s - self.said_s < TERMINAL_EVERY_S and not at_once:
                return
            sys.stderr.write(f"\r\x1b[K{_made(text)[:200]}")
            self.dirty = True
        else:
            if now_s - self.said_s < PLAIN_EVERY_S and not at_once:
                return
            sys.stderr.write(_made(text) + "\n")
        self.said_s = now_s
        sys.stderr.flush()


def _made(text: str | Callable[[], str]) -> str:
    return clean(text if isinstance(text, str) else text())
