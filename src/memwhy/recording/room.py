"""Room: keeps a recording under its largest size by thinning, in slices so short that no tick waits.

The main file may take three quarters of the bound (of a large one all but 8 MiB), the write-ahead log the rest. SQLite itself refuses to let the
main file pass its share (max_page_count), so the bound holds even when thinning does not keep up; pages freed by
thinning are used again before the file grows.
"""

import sqlite3
import time
from collections.abc import Generator

from memwhy.model.errors import RecordingError
from memwhy.recording.tables import transaction
from memwhy.recording.thinning import Choice, Thinned, choose, replace, thin

LEAST_BYTES = 1 << 20
_SLICE_NS = 10_000_000
_BEGIN_SHARE = 0.75
_HURRY_SHARE = 0.90
_LARGEST_LOG_BYTES = 8 << 20


class Room:
    """The bound of one open recording, or no bound when max_bytes is None."""

    def __init__(self, database: sqlite3.Connection, max_bytes: int | None) -> None:
        if max_bytes is not None and max_bytes < LEAST_BYTES:
            raise RecordingError(
                f"a recording cannot be kept under {max_bytes} B",
                help=f"allow at least {LEAST_BYTES} B (1m)",
            )
        self._database = database
        self.bounded = max_bytes is not None
        self._work: tuple[Choice, Generator[None, None, Thinned]] | None = None
        page_bytes = int(database.execute("PRAGMA page_size").fetchone()[0])
        log_bytes = _LARGEST_LOG_BYTES if max_bytes is None else min(max_bytes // 4, _LARGEST_LOG_BYTES)
        self._pages = 0 if max_bytes is None else (max_bytes - log_bytes) // page_bytes
        database.execute(f"PRAGMA journal_size_limit = {log_bytes}")
        database.execute(f"PRAGMA wal_autocheckpoint = {log_bytes // page_bytes // 4}")
        if self.bounded:
            database.execute(f"PRAGMA max_page_count = {self._pages}")

    def tend(self) -> None:
        """One short slice of thinning, when the file is nearly full; all that is needed, when it is almost full."""
        if not self.bounded or self._used_share() < _BEGIN_SHARE:
            return
        until_ns = time.monotonic_ns() + _SLICE_NS
        while self._used_share() >= _BEGIN_SHARE:
            hurry = self._used_share() >= _HURRY_SHARE
            if not self._step(None if hurry else until_ns) or (time.monotonic_ns() >= until_ns and not hurry):
                return

    def make(self) -> bool:
        """Thin once to the end, for a snapshot that did not fit. False: nothing is left to thin."""
        return self.bounded and self._step(None)

    def forget(self) -> None:
        """Drop the thinning at hand: it was interrupted, or its chunks may have changed."""
        self._work = None

    def sealing_bytes(self, ordinary: int) -> int:
        """How much of one source may gather before it is sealed: only sealed reads can be thinned."""
        if not self.bounded:
            return ordinary
        page_bytes = int(self._database.execute("PRAGMA page_size").fetchone()[0])
        return min(ordinary, max(16 << 10, self._pages * page_bytes // 32))

    def _step(self, until_ns: int | None) -> bool:
        """Go on with the thinning at hand, or begin one. False: nothing is left to thin."""
        if self._work is None:
            choice = choose(self._database)
            if choice is None:
                return False
            self._work = choice, thin(self._database, choice)
        choice, work = self._work
        try:
            while until_ns is None or time.monotonic_ns() < until_ns:
                next(work)
        except StopIteration as done:
            self._work = None
            with transaction(self._database):
                replace(self._database, choice, done.value)
        return True

    def _used_share(self) -> float:
        pages = int(self._database.execute("PRAGMA page_count").fetchone()[0])
        free = int(self._database.execute("PRAGMA freelist_count").fetchone()[0])
        return (pages - free) / self._pages
