"""Being asked to stop: SIGTERM is taken as Ctrl-C is, so that what was seen is still told and recordings are closed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stoppable() -> Iterator[None]:
    """Within it SIGTERM raises KeyboardInterrupt, as SIGINT does by itself.

    Where SIGTERM is ignored or handled by somebody else, and off the main thread, everything stays as it is.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
