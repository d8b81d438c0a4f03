"""The statements that put reads and ticks into the file: tail rows first, sealed into chunks when enough have gathered.

Nothing here begins or ends a transaction; the caller does.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Snapshot
from memwhy.recording.chunk import (
    Packed,
    Place,
    TickRow,
    decode_text,
    encode_chunk,
    encode_text,
    encode_ticks,
    pack_tail,
    unpack_tail,
)
from memwhy.recording.schema import TICKS


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, of a connection in autocommit mode."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def add_tick(database: sqlite3.Connection, seq: int, snapshot: Snapshot) -> None:
    """The snapshot itself; its evidence follows by add_read."""
    database.execute(
        "INSERT INTO tick_tail VALUES (?, ?, ?, ?, ?, ?)",
        (seq, snapshot.tick, snapshot.monotonic_ns, snapshot.wall_ns, snapshot.late_ns, snapshot.cpu_ns),
    )


def add_read(database: sqlite3.Connection, source: int, packed: Packed) -> None:
    """One read to the tail of its source."""
    place = packed.place
    database.execute(
        "INSERT INTO tail (source, seq, place, monotonic_ns, wall_ns, cost_ns, raw_bytes, error, delta)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            place.seq,
            place.place,
            place.monotonic_ns,
            place.wall_ns,
            place.cost_ns,
            place.raw_bytes,
            None if place.error is None else encode_text(place.error),
            pack_tail(packed.delta),
        ),
    )


def tail_places(database: sqlite3.Connection, source: int) -> Iterator[tuple[int, Place]]:
    """(row id, place) of every read in the tail, in order, without its bytes."""
    rows = database.execute(
        "SELECT id, seq, place, monotonic_ns, wall_ns, cost_ns, raw_bytes, error FROM tail WHERE source = ? ORDER BY id",
        (source,),
    )
    for row in rows:
        number, seq, place, monotonic_ns, wall_ns, cost_ns, raw_bytes, error = row
        check_integers(row[:-1])
        yield (
            number,
            Place(
                seq=seq,
                place=place,
                monotonic_ns=monotonic_ns,
                wall_ns=wall_ns,
                cost_ns=cost_ns,
                raw_bytes=raw_bytes,
                error=None if error is None else decode_text(error),
            ),
        )


def tail_delta(database: sqlite3.Connection, number: int) -> bytes:
    """The difference that one tail row keeps."""
    row = database.execute("SELECT delta FROM tail WHERE id = ?", (number,)).fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise RecordingError("a row of the tail is not there")
    return unpack_tail(row[0])


def tick_rows(database: sqlite3.Connection) -> Iterator[TickRow]:
    """The ticks that no chunk holds yet."""
    rows = database.execute("SELECT seq, tick, monotonic_ns, wall_ns, late_ns, cpu_ns FROM tick_tail ORDER BY seq")
    for row in rows:
        seq, tick, monotonic_ns, wall_ns, late_ns, cpu_ns = check_integers(row)
        yield TickRow(seq=seq, tick=tick, monotonic_ns=monotonic_ns, wall_ns=wall_ns, late_ns=late_ns, cpu_ns=cpu_ns)


def check_integers(row: tuple[object, ...]) -> tuple[int, ...]:
    """SQLite keeps any type in any column; a damaged or hostile file may hold another one here."""
    numbers = tuple(value for value in row if isinstance(value, int))
    if len(numbers) != len(row):
        raise RecordingError("a row holds something else where an integer belongs")
    return numbers


def seal_source(database: sqlite3.Connection, source: int) -> None:
    """The tail of one source into a chunk."""
    packed = [
        Packed(place=place, delta=tail_delta(database, number)) for number, place in tail_places(database, source)
    ]
    if packed:
        insert_chunk(database, source, 0, packed)
        database.execute("DELETE FROM tail WHERE source = ?", (source,))


def seal_ticks(database: sqlite3.Connection) -> None:
    """The tail of ticks into a chunk."""
    ticks = list(tick_rows(database))
    if ticks:
        insert_ticks(database, 0, ticks)
        database.execute("DELETE FROM tick_tail")


def seal_everything(database: sqlite3.Connection) -> None:
    """Every tail into a chunk, the ticks' too."""
    for (source,) in database.execute("SELECT DISTINCT source FROM tail ORDER BY source").fetchall():
        seal_source(database, source)
    seal_ticks(database)


def known_sources(database: sqlite3.Connection) -> list[tuple[int, str]]:
    """(id, name) of the sources in the file."""
    return [(int(number), decode_text(name)) for number, name in database.execute("SELECT id, name FROM source")]


def next_seq(database: sqlite3.Connection) -> int:
    """The number of the snapshot to come, of a file whose ticks are sealed."""
    (last,) = database.execute("SELECT max(last_seq) FROM chunk WHERE source = ?", (TICKS,)).fetchone()
    return 0 if last is None else int(last) + 1


def insert_chunk(database: sqlite3.Connection, source: int, level: int, packed: Sequence[Packed]) -> None:
    """Consecutive reads of one source, the first told whole."""
    head, body = encode_chunk(packed)
    _insert(database, source, level, len(packed), packed[0].place, packed[-1].place, head, body)


def insert_ticks(database: sqlite3.Connection, level: int, ticks: Sequence[TickRow]) -> None:
    """Consecutive ticks."""
    _insert(database, TICKS, level, len(ticks), ticks[0], ticks[-1], encode_ticks(ticks), b"")


def _insert(
    database: sqlite3.Connection,
    source: int,
    level: int,
    reads: int,
    first: Place | TickRow,
    last: Place | TickRow,
    head: bytes,
    body: bytes,
) -> None:
    database.execute(
        "INSERT INTO chunk (source, level, reads, first_seq, last_seq, first_wall_ns, last_wall_ns, stored_bytes, head, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            level,
            reads,
            first.seq,
            last.seq,
            first.wall_ns,
            last.wall_ns,
            len(head) + len(body),
            head,
            body,
        ),
    )
