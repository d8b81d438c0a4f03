"""The recorder: appends snapshots to one SQLite file, so that a kill at any moment loses at most the tick in flight.

Write-ahead log with synchronous=NORMAL: a commit survives the death of the process, not always that of the machine,
which may lose the last few but never damages the file (sqlite.org/pragma.html#pragma_synchronous). While a
recording is written, FILE-wal and FILE-shm lie beside it; after close it is one file.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording.chunk import Packed, Place, encode_text
from memwhy.recording.delta import MAX_RAW_BYTES, make_delta
from memwhy.recording.room import Room
from memwhy.recording.schema import APPLICATION_ID, migrate
from memwhy.recording.tables import (
    add_read,
    add_tick,
    known_sources,
    next_seq,
    seal_everything,
    seal_source,
    seal_ticks,
    transaction,
)

_SEAL_READS = 300
_SEAL_TICKS = 600
_SEAL_BYTES = 256 << 10
_SEAL_AT_ONCE_BYTES = 8 << 20
_BUSY_S = 10.0
_RESERVE_BYTES = 256 << 10
_SIDE_FILES = ("-wal", "-shm", "-journal")


@dataclass(slots=True)
class _Tail:
    """What the next read of a source is told against, and how much has gathered since the last seal.

    delta_bytes leaves out the first read, which is told whole: sealing soon after it would gain nothing.
    """

    source: int
    before: bytes | None = None
    reads: int = 0
    delta_bytes: int = 0


class Recorder:
    """One recording being written. Use it from one thread."""

    def __init__(self, path: Path, database: sqlite3.Connection, room: Room) -> None:
        self.path = path
        self._reserve = _reserve_space(path.parent)
        self.ended: str | None = None
        self._database = database
        self._room = room
        self._tails: dict[str, _Tail] = {}
        self._seq = 0
        self._waiting_ticks = 0
        self._whole = True
        """False while a write is under way: found so at the next one, an exception (a Ctrl-C) came between."""

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        meta: Mapping[str, str],
        max_bytes: int | None = None,
        replace: bool = False,
    ) -> "Recorder":
        """Begin a recording at `path`.

        An existing file is only replaced when `replace` is set and it is a recording; an empty file is taken as it
        is. max_bytes bounds the file and its log together. Raises RecordingError when nothing can be written there.
        """
        where = Path(path)
        _claim(where, replace)
        database = None
        try:
            database = sqlite3.connect(where, timeout=_BUSY_S, isolation_level=None)
            database.execute("PRAGMA secure_delete = OFF")
            migrate(database)
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            room = Room(database, max_bytes)
            with transaction(database):
                database.executemany("INSERT INTO meta VALUES (?, ?)", [(_text(k), _text(v)) for k, v in meta.items()])
        except (sqlite3.Error, RecordingError) as wrong:
            if database is not None:
                database.close()
            _remove(where)
            if isinstance(wrong, RecordingError):
                raise
            raise RecordingError(f"{where}: cannot begin a recording: {_say(wrong)}") from None
        return cls(where, database, room)

    def append(self, snapshot: Snapshot) -> None:
        """Keep one snapshot; when this returns, a kill no longer loses it.

        Raises RecordingError. When a value cannot be kept (a read over 64 MiB, an integer over 64 bits), nothing of
        the snapshot is kept and the recording goes on; when the file cannot be written any more (disk full, bound
        reached), the recording is ended, says why, and keeps what is there.
        """
        self._refuse_when_ended()
        for evidence in snapshot.evidence:
            if len(evidence.raw) > MAX_RAW_BYTES:
                raise RecordingError(
                    f"{evidence.source}: one read of {len(evidence.raw)} B is more than a recording keeps"
                )
        self._begin_write()
        try:
            self._guarded(lambda: self._store(snapshot))
        except OverflowError:
            self._whole = True
            raise RecordingError(f"tick {snapshot.tick}: a number needs more than 64 bits and cannot be kept") from None
        self._guarded(self._seal_one)
        self._guarded(self._room.tend)
        self._whole = True

    def note(self, key: str, value: str) -> None:
        """Add a fact learned later to the meta, or correct one."""
        self._refuse_when_ended()

        def write() -> None:
            with transaction(self._database):
                self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_text(key), _text(value)))

        self._begin_write()
        self._guarded(write)
        self._whole = True

    def close(self, reason: str) -> None:
        """Seal what is open, write why the recording ended, and leave one file. Closing twice does nothing."""
        if self.ended is not None:
            return
        self._begin_write()
        self._guarded(self._seal_all)
        self._guarded(lambda: self._write_ending(reason))
        self.ended = reason
        self._release_reserve()
        with suppress(sqlite3.Error):  # a reader may hold the log; it is then folded in by whoever closes last
            self._database.execute("PRAGMA busy_timeout = 100")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.execute("PRAGMA journal_mode = DELETE")
        self._database.close()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close("closed" if kind is None else f"stopped by {kind.__name__}")

    def _begin_write(self) -> None:
        """After a write that was interrupted, what memory says of the file may be behind it: learn it anew."""
        if not self._whole:
            self._guarded(self._learn)
        self._whole = False

    def _learn(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        self._room.forget()
        with transaction(self._database):
            seal_everything(self._database)
        self._seq = next_seq(self._database)
        self._tails = {name: _Tail(source) for source, name in known_sources(self._database)}
        self._waiting_ticks = 0

    def _store(self, snapshot: Snapshot) -> None:
        """One transaction; the tails in memory change only after it is through."""
        fresh: dict[str, _Tail] = {}
        with transaction(self._database):
            add_tick(self._database, self._seq, snapshot)
            for number, evidence in enumerate(snapshot.evidence):
                tail = fresh.get(evidence.source) or self._copy_tail(evidence.source)
                fresh[evidence.source] = tail
                packed = self._pack(number, evidence, tail.before)
                add_read(self._database, tail.source, packed)
                tail.before = evidence.raw
                tail.delta_bytes += len(packed.delta) if tail.reads else 0
                tail.reads += 1
        self._tails.update(fresh)
        self._seq += 1
        self._waiting_ticks += 1

    def _copy_tail(self, name: str) -> _Tail:
        known = self._tails.get(name)
        if known is not None:
            return _Tail(known.source, known.before, known.reads, known.delta_bytes)
        cursor = self._database.execute("INSERT INTO source (name) VALUES (?)", (encode_text(name),))
        return _Tail(int(cursor.lastrowid or 0))

    def _pack(self, number: int, evidence: Evidence, before: bytes | None) -> Packed:
        place = Place(
            seq=self._seq,
            place=number,
            monotonic_ns=evidence.monotonic_ns,
            wall_ns=evidence.wall_ns,
            cost_ns=evidence.cost_ns,
            raw_bytes=len(evidence.raw),
            error=evidence.error,
        )
        return Packed(place=place, delta=make_delta(before, evidence.raw))

    def _seal_one(self) -> None:
        """Seal the fullest tail that is due, so that no tick pays for more than one."""
        due_bytes = self._room.sealing_bytes(_SEAL_BYTES)
        fullness = {
            name: max(tail.reads / _SEAL_READS, tail.delta_bytes / due_bytes) for name, tail in self._tails.items()
        }
        fullest = max(fullness, key=fullness.__getitem__, default=None)
        if fullest is not None and fullness[fullest] >= 1:
            self._seal(fullest)
        elif self._waiting_ticks >= _SEAL_TICKS:
            self._seal_ticks()
        for name, tail in self._tails.items():
            if tail.delta_bytes > _SEAL_AT_ONCE_BYTES:
                self._seal(name)

    def _seal(self, name: str) -> None:
        tail = self._tails[name]
        with transaction(self._database):
            seal_source(self._database, tail.source)
        self._tails[name] = _Tail(tail.source)

    def _seal_ticks(self) -> None:
        with transaction(self._database):
            seal_ticks(self._database)
        self._waiting_ticks = 0

    def _seal_all(self) -> None:
        for name, tail in self._tails.items():
            if tail.reads:
                self._seal(name)
        self._seal_ticks()

    def _guarded(self, write: Callable[[], None]) -> None:
        """Write; when there is no room, make some and try again; when that is in vain, end the recording."""
        while True:
            try:
                return write()
            except sqlite3.Error as wrong:
                full = getattr(wrong, "sqlite_errorname", "") == "SQLITE_FULL"
                if full and self._room.bounded and self._make_room():
                    continue
                raise self._give_up(self._why(wrong)) from None

    def _make_room(self) -> bool:
        try:
            return self._room.make()
        except (sqlite3.Error, RecordingError):
            return False

    def _why(self, wrong: sqlite3.Error) -> str:
        if self._room.bounded and getattr(wrong, "sqlite_errorname", "") == "SQLITE_FULL":
            return "the recording has reached its largest size or its disk is full, and nothing is left to thin"
        return _say(wrong)

    def _give_up(self, why: str) -> RecordingError:
        """End the recording with its reason, as far as it can still be written."""
        self.ended = why
        self._release_reserve()
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA max_page_count = 1073741823")
            self._write_ending(self.ended)
        with suppress(sqlite3.Error):
            self._database.close()
        return RecordingError(
            f"{self.path}: the recording ended after {self._seq} snapshots: {why}",
            help="what was written so far is kept and can be diagnosed",
        )

    def _release_reserve(self) -> None:
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None

    def _write_ending(self, reason: str) -> None:
        with transaction(self._database):
            self._database.executemany(
                "INSERT OR REPLACE INTO state VALUES (?, ?)",
                [("ended", _text(reason)), ("ended_wall_ns", str(time.time_ns()))],
            )

    def _refuse_when_ended(self) -> None:
        if self.ended is not None:
            raise RecordingError(f"{self.path}: the recording has ended ({self.ended})")


def _reserve_space(directory: Path) -> int | None:
    """A nameless file that keeps room on the disk for the words about its being full; the kernel frees it with us."""
    try:
        reserve = os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:  # not every file system has such files; then the reason may find no room
        return None
    try:
        os.posix_fallocate(reserve, 0, _RESERVE_BYTES)
    except OSError:
        os.close(reserve)
        return None
    return reserve


def _text(text: str) -> str | bytes:
    """As SQLite takes it: text, or bytes when it holds lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return encode_text(text)
    return text


def _say(wrong: sqlite3.Error) -> str:
    """SQLite's words with its code, and in our words what people meet most."""
    code = getattr(wrong, "sqlite_errorname", "")
    if code == "SQLITE_FULL":
        return "the disk is full"
    if code.startswith("SQLITE_IOERR"):
        return f"the file cannot be written ({code}: disk full, over a quota or limit, or gone?)"
    return f"{wrong} ({code})" if code else str(wrong)


def _claim(path: Path, replace: bool) -> None:
    """Make sure that `path` is an empty regular file of ours; RecordingError says what stands in the way."""
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    except (OSError, ValueError) as wrong:
        raise RecordingError(f"{path}: cannot begin a recording: {getattr(wrong, 'strerror', wrong)}") from None
    if found is not None:
        _make_way(path, found, replace)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666))
    except OSError as wrong:
        raise RecordingError(
            f"{path}: cannot begin a recording: {wrong.strerror}", help="name a file in a directory you may write to"
        ) from None


def _make_way(path: Path, found: os.stat_result, replace: bool) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise RecordingError(f"{path}: is a directory", help=f"name a file, such as {path / 'run.memwhy'}")
    if not stat.S_ISREG(found.st_mode):
        raise RecordingError(f"{path}: is not a regular file", help="name a file that does not exist yet")
    if found.st_size == 0:
        return
    if not replace:
        raise RecordingError(f"{path}: exists already", help="name another file, or remove this one first")
    if not _is_ours(path):
        raise RecordingError(f"{path}: exists and is not a recording, so it is not replaced", help="name another file")
    try:
        _remove(path)
    except OSError as wrong:
        raise RecordingError(f"{path}: cannot be replaced: {wrong.strerror}") from None


def _is_ours(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            return bool(database.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)
    except sqlite3.Error:
        return False


def _remove(path: Path) -> None:
    for side in ("", *_SIDE_FILES):
        Path(f"{path}{side}").unlink(missing_ok=True)
