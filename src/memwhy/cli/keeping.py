"""Keeping what a watcher sees in a recording, its events included, closed with the reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Snapshot
from memwhy.record import Watcher

if TYPE_CHECKING:
    from memwhy.recording import Recorder


class Discard:
    """A recorder that keeps nothing."""

    def append(self, snapshot: Snapshot) -> None:
        """Drop it."""


class Keeper:
    """A recorder that also notes the watcher's events as they come: a kill does not lose them."""

    def __init__(self, watcher: Watcher, recorder: "Recorder", *, asked: bool = True) -> None:
        self._watcher = watcher
        self._recorder = recorder
        self._asked = asked
        self._noted = 0

    def append(self, snapshot: Snapshot) -> None:
        """Keep it, and what happened until then. Raises RecordingError, unless nobody asked for the recording."""
        if not self._asked and self._recorder.ended is not None:
            return
        try:
            self._recorder.append(snapshot)
            self.note_events()
        except RecordingError:
            if self._asked:
                raise

    def note_events(self) -> None:
        """Keep the events that are new."""
        for number, event in enumerate(self._watcher.events[self._noted :], start=self._noted):
            self._recorder.note(f"event.{number}", event)
            self._noted = number + 1


@contextmanager
def keep(
    watcher: Watcher, path: str | None, *, max_bytes: int | None, asked: bool = True
) -> Iterator[Discard | Keeper]:
    """A recorder for this watcher's snapshots, closed with the reason; one that keeps nothing when path is None. asked: whether
    somebody wants the recording itself, and so wants to hear of it when it cannot be kept."""
    if path is None:
        yield Discard()
        return
    from memwhy.recording import Recorder  # SQLite is not loaded where nothing is kept

    identity = watcher.identity
    meta = {"pid": str(identity.pid), "start_ticks": str(identity.start_ticks), "boot_id": identity.boot_id}
    try:
        recorder = Recorder.create(path, meta=meta, max_bytes=max_bytes)
    except RecordingError:
        if asked:
            raise
        yield Discard()
        return
    keeper = Keeper(watcher, recorder, asked=asked)
    reason = "stopped"
    try:
        yield keeper
    except BaseException as error:
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else f"stopped by {type(error).__name__}"
        raise
    finally:
        if recorder.ended is None:  # else it has given up, and said why
            if watcher.ended is not None:
                recorder.note("ended", watcher.ended)
            keeper.note_events()
            recorder.close(reason)
