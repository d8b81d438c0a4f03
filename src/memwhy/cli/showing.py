"""What a person sees while a watch runs: the live screen on a terminal, one line on standard error elsewhere."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from memwhy.cli.output import say
from memwhy.cli.progress import Progress
from memwhy.diagnose import Casebook, diagnose
from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Snapshot
from memwhy.model.report import Report
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes, human_rate
from memwhy.record import Watcher

if TYPE_CHECKING:
    from memwhy.live.screen import Screen

SCRATCH_BYTES = 64 * MIB
"""Bound of the recording that is kept for the key that saves it, where none was asked for."""


class Shown(Protocol):
    """Told of every snapshot; asked for a verdict."""

    def tick(self, book: Casebook, snapshot: Snapshot, elapsed_s: float) -> None:
        """One more snapshot is in the casebook."""

    def judge(self, book: Casebook, elapsed_s: float) -> Report:
        """A verdict on all that was seen."""


class Plain:
    """One line, rewritten or said now and then."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def tick(self, book: Casebook, snapshot: Snapshot, elapsed_s: float) -> None:
        """Say where it stands."""
        self._progress.say(partial(_progress, book, elapsed_s))

    def judge(self, book: Casebook, elapsed_s: float) -> Report:
        """A verdict on all that was seen."""
        return diagnose(book)


def _progress(book: Casebook, elapsed_s: float) -> str:
    total = book.total()
    if total is None:
        return f"{elapsed_s:4.0f} s"
    text = f"{elapsed_s:4.0f} s   RSS {human_bytes(total.last)}"
    course = total.course
    if isinstance(course, Trend):
        text += f"   {human_rate(course.slope, course.per)}"
    return text


def is_live(options: argparse.Namespace) -> bool:
    """Whether the live screen is wanted and can be shown: a terminal on all three sides, text as the answer, textual there."""
    return (
        not getattr(options, "plain", True)
        and not os.environ.get("MEMWHY_PLAIN")
        and not options.quiet
        and options.format == "text"
        and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
        and all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__))
        and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        and find_spec("textual") is not None
    )


@contextmanager
def scratch(options: argparse.Namespace) -> Iterator[str | None]:
    """Where a recording may be kept until the end of a watch that shows the live screen and keeps none; removed then."""
    if options.output or not is_live(options):
        yield None
        return
    try:
        folder = tempfile.mkdtemp(prefix="memwhy-watch-")
    except OSError as error:
        say(f"no recording can be kept for saving: {error.strerror}", options)
        yield None
        return
    try:
        yield str(Path(folder) / "watch.memwhy")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def showing(
    watcher: Watcher,
    options: argparse.Namespace,
    progress: Progress,
    *,
    for_s: float,
    recording: str | None,
) -> Iterator[Shown]:
    """The live screen where it can be shown, else lines."""
    if not is_live(options):
        yield Plain(progress)
        return
    from memwhy.live.screen import Screen
    from memwhy.live.sight import Sight

    sight = Sight(pid=watcher.pid, elapsed_s=0.0, for_s=for_s, file=options.output)
    screen = Screen(
        sight,
        save=partial(_save, watcher.pid, recording),
        file_bytes=partial(_size, options.output),
        events=lambda: watcher.events,
    )
    try:
        with screen:
            yield _Falling(screen, Plain(progress))
    finally:
        if screen.problem is not None:
            say(f"the live screen broke down ({screen.problem}); --plain goes without it", options)


class _Falling:
    """The screen as long as it stands, then lines."""

    def __init__(self, screen: "Screen", plain: Plain) -> None:
        self._screen, self._plain = screen, plain

    def tick(self, book: Casebook, snapshot: Snapshot, elapsed_s: float) -> None:
        """One more snapshot is in the casebook."""
        (self._plain if self._screen.gone else self._screen).tick(book, snapshot, elapsed_s)

    def judge(self, book: Casebook, elapsed_s: float) -> Report:
        """A verdict on all that was seen."""
        return (self._plain if self._screen.gone else self._screen).judge(book, elapsed_s)


def _size(path: str | None) -> int | None:
    """Of a recording that is being written, its log included."""
    if path is None:
        return None
    size = 0
    for side in ("", "-wal"):
        with suppress(OSError):  # the log comes and goes
            size += os.stat(f"{path}{side}").st_size
    return size


def _save(pid: int, recording: str | None) -> str:
    """Copy the recording so far into this directory, under a name that is free. Raises RecordingError."""
    if recording is None:
        raise RecordingError("no recording is kept")
    from memwhy.recording import copy_recording

    name = f"memwhy-{pid}-{time.strftime('%Y%m%d-%H%M%S')}.memwhy"
    copy_recording(recording, name, reason="saved while the watch went on")
    return name
