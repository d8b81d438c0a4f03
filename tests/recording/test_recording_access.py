"""A recording is opened without a byte of it being changed, wherever it lies and however it ended."""

import hashlib
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from killed_writer import make_snapshot

from memwhy.model.errors import RecordingError
from memwhy.recording import SCHEMA, Recorder, Recording, is_recording, open_recording
from memwhy.recording.access import open_database
from memwhy.recording.schema import MIGRATIONS

TICKS = 400
RECORDINGS = Path(__file__).parent.parent / "recordings"


def write(path: Path, ticks: int = TICKS) -> None:
    with Recorder.create(path, meta={"pid": "1"}) as recorder:
        for tick in range(ticks):
            recorder.append(make_snapshot(tick))


def leave_log(path: Path, ticks: int) -> Recorder:
    """A recorder that is still open: what it appended is partly in the log."""
    recorder = Recorder.create(path, meta={})
    for tick in range(ticks):
        recorder.append(make_snapshot(tick))
    return recorder


def read_all(path: Path) -> list[int]:
    with open_recording(path) as recording:
        return [snapshot.tick for snapshot in recording.snapshots()]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_after_close_the_recording_is_one_file_that_begins_as_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path)
    assert [found.name for found in tmp_path.iterdir()] == ["run.memwhy"]
    assert is_recording(path.read_bytes()[:72])
    assert not is_recording(b"SQLite format 3\0" + bytes(56))


def test_reading_changes_no_byte_and_leaves_no_file_behind(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path)
    before = digest(path)
    assert read_all(path) == list(range(TICKS))
    assert digest(path) == before
    assert [found.name for found in tmp_path.iterdir()] == ["run.memwhy"]


def test_a_recording_in_a_directory_without_write_permission_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    path = folder / "run.memwhy"
    write(path)
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert read_all(path) == list(range(TICKS))
    finally:
        folder.chmod(0o755)


def test_a_file_in_log_mode_whose_log_cannot_be_made_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL").fetchone()
    Path(f"{path}-shm").mkdir()
    assert read_all(path) == list(range(TICKS))


def test_a_log_that_cannot_be_opened_in_place_is_read_from_a_copy(tmp_path: Path) -> None:
    source = tmp_path / "live.memwhy"
    recorder = leave_log(source, 50)
    path = tmp_path / "killed.memwhy"
    shutil.copy(source, path)
    shutil.copy(f"{source}-wal", f"{path}-wal")
    Path(f"{path}-shm").mkdir()
    before = digest(path), digest(Path(f"{path}-wal"))
    assert read_all(path) == list(range(50))
    assert (digest(path), digest(Path(f"{path}-wal"))) == before
    recorder.close("done")


def test_a_recording_being_written_gives_a_prefix_that_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    recorder = leave_log(path, 290)
    with open_recording(path) as recording:
        stream = recording.snapshots()
        first = next(stream)
        for tick in range(290, 700):  # the tails are sealed meanwhile
            recorder.append(make_snapshot(tick))
        recorder.close("done")
        assert [first, *stream] == [make_snapshot(tick) for tick in range(290)]
        assert recording.ended is None
        assert recording.problems == ()
    assert read_all(path) == list(range(700))


def test_a_name_with_odd_characters_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a b%20?#é.memwhy"
    write(path, 3)
    assert read_all(path) == [0, 1, 2]


def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path, 3)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(RecordingError, match=f"schema 99, but this memwhy reads schemas up to {SCHEMA}") as caught:
        open_recording(path)
    assert caught.value.help == "read it with a newer memwhy"


def test_an_older_schema_is_brought_up_to_date_in_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path, 5)
    before = digest(path)
    newer = (*MIGRATIONS, ("ALTER TABLE meta ADD COLUMN note TEXT", "UPDATE meta SET note = 'migrated'"))
    opened = open_database(path, newer)
    assert opened.schema == SCHEMA
    assert opened.database.execute("SELECT key, value, note FROM meta").fetchall() == [("pid", "1", "migrated")]
    with closing(Recording(str(path), opened)) as recording:
        assert [snapshot.tick for snapshot in recording.snapshots()] == [0, 1, 2, 3, 4]
    assert digest(path) == before


def test_the_first_schema_stays_readable() -> None:
    path = RECORDINGS / "schema-1.memwhy"
    before = digest(path)
    with open_recording(path) as recording:
        assert recording.schema == 1
        assert recording.ended == "the target ended"
        assert recording.meta == {"command": "cat", "made.by": "tests/recordings/make.py"}
        assert [(span.source, span.reads) for span in recording.sources()] == [("proc/smaps", 40), ("proc/status", 400)]
        snapshots = list(recording.snapshots())
        assert recording.problems == ()
    assert [snapshot.tick for snapshot in snapshots] == list(range(400))
    assert snapshots[0].evidence[0].raw.startswith(b"Name:\tcat\n")
    assert b"VmFlags:" in snapshots[390].evidence[1].raw
    assert snapshots[399].evidence[0].error == "gone"
    assert digest(path) == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"no recording at all\n" * 100, "is not a recording"),
        (b"SQLite format 3\0" + random.Random(1).randbytes(8000), "is not a recording|damaged"),
        (b"SQLite format 3\0", "is not a recording"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        open_recording(path)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE chunk (id)")
    with pytest.raises(RecordingError, match="a SQLite database, but not a recording"):
        open_recording(path)


def test_a_database_with_endless_views_in_the_place_of_tables_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path, 3)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE tail")
        database.execute(
            "CREATE VIEW tail AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
        )
    with pytest.raises(RecordingError, match=r"tail is not that of schema 1|tail, tail_by_source is not that of"):
        open_recording(path)


def test_a_directory_a_missing_file_and_a_device_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a directory"):
        open_recording(tmp_path)
    with pytest.raises(RecordingError, match="No such file"):
        open_recording(tmp_path / "missing")
    with pytest.raises(RecordingError, match="not a regular file"):
        open_recording(os.devnull)


def test_reading_after_close_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    write(path, 3)
    recording = open_recording(path)
    recording.close()
    with pytest.raises(RecordingError, match="has been closed"):
        list(recording.snapshots())
