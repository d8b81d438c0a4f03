"""The recording's schema: a list of migrations, from an empty database to the newest version.

A new recording runs them all; an older one is copied into a temporary database and brought up to date there,
never in its own file. Released migrations are never edited, new ones are added at the end.

A `tail` row is one read of one source; when enough have gathered they are sealed into a `chunk` and deleted,
in one transaction. `tick_tail` and the chunks of source 0 hold the snapshots themselves in the same way.
`seq` numbers the snapshots in the order of appending. `level` counts how often a chunk has been thinned.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from memwhy.model.errors import RecordingError

APPLICATION_ID = 0x6D77_6879
"""The file's magic ("mwhy"), at byte 68 of the file (sqlite.org/fileformat2.html, "The Database Header")."""

TICKS = 0
"""The source id under which the chunks of ticks are kept."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID",
        "CREATE TABLE state (key PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID",
        "CREATE TABLE source (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE)",
        "CREATE TABLE tick_tail (seq INTEGER PRIMARY KEY, tick INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL,"
        " wall_ns INTEGER NOT NULL, late_ns INTEGER NOT NULL, cpu_ns INTEGER NOT NULL)",
        "CREATE TABLE tail (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, seq INTEGER NOT NULL,"
        " place INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL, cost_ns INTEGER NOT NULL,"
        " raw_bytes INTEGER NOT NULL, error BLOB, delta BLOB NOT NULL)",
        "CREATE INDEX tail_by_source ON tail (source)",
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, level INTEGER NOT NULL,"
        " reads INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
        " first_wall_ns INTEGER NOT NULL, last_wall_ns INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,"
        " head BLOB NOT NULL, body BLOB NOT NULL)",
        "CREATE INDEX chunk_by_source ON chunk (source, first_seq)",
    ),
)

SCHEMA = len(MIGRATIONS)
"""The version that this memwhy writes."""

_HEADER_TEXT = b"SQLite format 3\0"


def is_recording(first_bytes: bytes) -> bool:
    """True when a file that begins so (72 bytes suffice) is a recording."""
    return first_bytes.startswith(_HEADER_TEXT) and first_bytes[68:72] == APPLICATION_ID.to_bytes(4, "big")


def migrate(database: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring `database` (autocommit mode) up to the newest version, each step in a transaction of its own."""
    for version in range(version_of(database), len(migrations)):
        database.execute("BEGIN IMMEDIATE")
        try:
            for statement in migrations[version]:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {version + 1}")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def version_of(database: sqlite3.Connection) -> int:
    """The schema version in the file's header."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def check_identity(database: sqlite3.Connection, name: str, newest: int = SCHEMA) -> int:
    """The schema version of a recording; RecordingError when it is none, or a newer one than this memwhy reads."""
    if int(database.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
        raise RecordingError(
            f"{name}: a SQLite database, but not a recording of memwhy",
            help="give a file that memwhy record or memwhy watch has written",
        )
    version = version_of(database)
    if version > newest:
        raise RecordingError(
            f"{name}: written with schema {version}, but this memwhy reads schemas up to {newest}",
            help="read it with a newer memwhy",
        )
    if version < 1:
        raise RecordingError(f"{name}: a recording without a schema version", help="the file is damaged")
    missing = _tables_of_version(version) - set(database.execute("SELECT name, sql FROM sqlite_master"))
    if missing:
        raise RecordingError(
            f"{name}: its {', '.join(sorted(table for table, _ in missing))} is not that of schema {version}",
            help="the file is damaged, or another program has altered it",
        )
    return version


def _tables_of_version(version: int) -> set[tuple[str, str]]:
    """Names and SQL of the tables and indexes as the migrations make them, to tell an altered file from ours."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        migrate(empty, MIGRATIONS[:version])
        return set(empty.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
