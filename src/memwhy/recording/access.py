"""Opening a recording without writing to it: as it is, from a copy, or brought up to date in a copy.

The ordinary way is mode=ro, which also reads what a living or killed writer has left in FILE-wal. Where SQLite may
not make FILE-shm (a read-only disk), a file without a log is opened as immutable, and one with a log is copied,
log and all, to a temporary directory. An older schema is copied into a temporary database and migrated there.
"""

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from memwhy.model.errors import RecordingError
from memwhy.recording.schema import MIGRATIONS, check_identity, migrate

_BUSY_S = 5.0
_NOT_THIS_WAY = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A database that stands still: one read transaction from opening to closing. schema: as in the file."""

    database: sqlite3.Connection
    schema: int
    copy: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """End the transaction and remove the copy, if there is one."""
        self.database.close()
        if self.copy is not None:
            self.copy.cleanup()


def open_database(path: str | os.PathLike[str], migrations: Sequence[Sequence[str]] = MIGRATIONS) -> Opened:
    """Open the recording at `path` for reading; RecordingError says why not."""
    where = Path(path)
    _check_file(where)
    copy: tempfile.TemporaryDirectory[str] | None = None
    database: sqlite3.Connection | None = None
    try:
        try:
            database = _begin(f"{where.absolute().as_uri()}?mode=ro")
        except sqlite3.OperationalError as wrong:
            if not getattr(wrong, "sqlite_errorname", "").startswith(_NOT_THIS_WAY):
                raise
            database, copy = _begin_otherwise(where)
        schema = check_identity(database, str(where), len(migrations))
        if schema < len(migrations):
            database = _bring_up_to_date(database, migrations)
        return Opened(database=database, schema=schema, copy=copy)
    except (sqlite3.Error, OSError, RecordingError) as wrong:
        if database is not None:
            database.close()
        if copy is not None:
            copy.cleanup()
        raise _explain(where, wrong) from None


def _check_file(path: Path) -> None:
    try:
        found = path.stat()
    except (OSError, ValueError) as wrong:
        raise RecordingError(f"{path}: cannot be read: {getattr(wrong, 'strerror', wrong)}") from None
    if stat.S_ISDIR(found.st_mode):
        raise RecordingError(f"{path}: is a directory, not a recording")
    if not stat.S_ISREG(found.st_mode):
        raise RecordingError(f"{path}: is not a regular file, so no recording")
    if found.st_size == 0:
        raise RecordingError(
            f"{path}: is empty", help="memwhy was ended before it had begun to write, or it is another file"
        )
    if not os.access(path, os.R_OK):
        raise RecordingError(f"{path}: cannot be read: Permission denied")


def _begin(uri: str) -> sqlite3.Connection:
    database = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
    try:
        database.execute("BEGIN")
        database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _begin_otherwise(path: Path) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory[str] | None]:
    log = Path(f"{path}-wal")
    journal = Path(f"{path}-journal")
    if not any(side.exists() and side.stat().st_size for side in (log, journal)):
        return _begin(f"{path.absolute().as_uri()}?mode=ro&immutable=1"), None
    copy = tempfile.TemporaryDirectory(prefix="memwhy-")
    try:
        target = Path(copy.name) / "recording"
        shutil.copyfile(path, target)
        for side, suffix in ((log, "-wal"), (journal, "-journal")):
            if side.exists():
                shutil.copyfile(side, f"{target}{suffix}")
        return _begin(target.as_uri()), copy
    except BaseException:
        copy.cleanup()
        raise


def _bring_up_to_date(database: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> sqlite3.Connection:
    """A temporary database (SQLite keeps it on disk when it is large) with the newest schema; closes the old one."""
    newer = sqlite3.connect("", isolation_level=None)
    try:
        database.backup(newer)
        migrate(newer, migrations)
        newer.execute("BEGIN")
    except BaseException:
        newer.close()
        raise
    database.close()
    return newer


def _explain(path: Path, wrong: Exception) -> RecordingError:
    if isinstance(wrong, RecordingError):
        return wrong
    code = getattr(wrong, "sqlite_errorname", "")
    if code == "SQLITE_NOTADB":
        return RecordingError(
            f"{path}: is not a recording",
            help="give a file that memwhy record, watch or bundle has written, or a pprof profile",
        )
    if code in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return RecordingError(f"{path}: is locked by another program", help="try again when it is done")
    if isinstance(wrong, sqlite3.Error):
        return RecordingError(f"{path}: the recording is damaged: {wrong}", help="nothing of it can be read")
    return RecordingError(f"{path}: cannot be read: {wrong}")
