"""A recording that is still being written, as it is now, in another file; the writer goes on."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from memwhy.model.errors import RecordingError

PAGES_AT_ONCE = 2000
"""Of the file that is copied, between two chances for its writer."""


def copy_recording(path: str | os.PathLike[str], to: str | os.PathLike[str], *, reason: str) -> None:
    """Copy all that was appended so far (SQLite's online backup, sqlite.org/backup.html). reason: why the copy ends here.

    Raises RecordingError when `to` exists or cannot be written, or `path` cannot be read.
    """
    target = Path(to)
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        raise RecordingError(f"{target}: exists already", help="name another file") from None
    except OSError as wrong:
        raise RecordingError(
            f"{target}: {wrong.strerror}", help="name a file in a directory you may write to"
        ) from None
    try:
        with (
            closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            source.backup(copy, pages=PAGES_AT_ONCE, sleep=0.01)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("INSERT OR REPLACE INTO state VALUES ('ended', ?)", (reason,))
    except sqlite3.Error as wrong:
        with suppress(OSError):
            target.unlink()
        raise RecordingError(f"{target}: the recording could not be copied: {wrong}") from None
