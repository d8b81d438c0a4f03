"""A damaged recording gives all that is readable and says what was skipped; never anything else."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from killed_writer import make_snapshot

from memwhy.model.errors import RecordingError
from memwhy.recording import Recorder, find_evidence, list_evidence, open_recording

TICKS = 700


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "run.memwhy"
    recorder = Recorder.create(path, meta={"pid": "1"})
    for tick in range(TICKS):
        recorder.append(make_snapshot(tick))
    recorder.close("done")
    return path.read_bytes()


def damage(path: Path, good: bytes, statement: str) -> None:
    path.write_bytes(good)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute(statement).rowcount > 0


def read_whatever_is_there(path: Path) -> tuple[int, tuple[str, ...]]:
    """How many snapshots come, every piece of evidence true or named as damaged; RecordingError counts as none."""
    try:
        with open_recording(path) as recording:
            count = sum(1 for _ in recording.snapshots())
            list(list_evidence(recording))
            return count, recording.problems
    except RecordingError as refused:
        return 0, (refused.message,)


def test_a_corrupt_chunk_is_skipped_and_all_else_is_read(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    damage(path, good, "UPDATE chunk SET body = zeroblob(100) WHERE id = (SELECT MIN(id) FROM chunk WHERE source = 1)")
    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert len(recording.problems) == 1
        assert "proc/status, chunk" in recording.problems[0]
    assert [snapshot.tick for snapshot in snapshots] == list(range(TICKS))
    assert list(snapshots[-1].evidence) == list(make_snapshot(TICKS - 1).evidence)
    assert snapshots[0].evidence == make_snapshot(0).evidence[1:]


def test_evidence_whose_ticks_are_lost_is_still_given(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    damage(path, good, "UPDATE chunk SET head = x'00' WHERE source = 0")
    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert recording.problems
    assert [snapshot.evidence for snapshot in snapshots] == [make_snapshot(tick).evidence for tick in range(TICKS)]


def test_names_that_are_lost_leave_the_evidence(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    damage(path, good, "DELETE FROM source")
    with open_recording(path) as recording:
        assert [span.source for span in recording.sources()] == ["source 1", "source 2"]
        assert sum(1 for _ in recording.snapshots()) == TICKS


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chunk SET head = 'text', body = 3.5",
        "UPDATE chunk SET first_wall_ns = 'soon', reads = 'many'",
        "UPDATE source SET name = 17 WHERE id = 1",
        "UPDATE meta SET value = 1.5",
        "UPDATE chunk SET head = zeroblob(100000000) WHERE id = 1",
        "INSERT INTO tick_tail VALUES (NULL, 'x', 'y', 'z', 1, 2)",
        "INSERT INTO tail VALUES (1, 1, 'x', 0, 0, 0, 0, 0, NULL, x'')",
        "INSERT INTO tail VALUES (1, 1, 1, 0, 0, 0, 0, 0, 4, 'no')",
    ],
)
def test_values_of_the_wrong_type_are_named_not_raised(tmp_path: Path, good: bytes, statement: str) -> None:
    path = tmp_path / "run.memwhy"
    damage(path, good, statement)
    _, problems = read_whatever_is_there(path)
    assert problems


def test_a_recording_cut_off_anywhere_is_read_in_part_or_refused(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    draw = random.Random(5)
    for length in sorted({draw.randrange(len(good)) for _ in range(40)} | {1, 50, 100, 4096, len(good) - 1}):
        path.write_bytes(good[:length])
        count, problems = read_whatever_is_there(path)
        assert count <= TICKS
        assert problems or count == TICKS


def test_a_recording_with_random_bytes_anywhere_is_read_in_part_or_refused(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    for number in range(60):
        draw = random.Random(number)
        bytes_ = bytearray(good)
        for _ in range(draw.choice([1, 10, 300])):
            bytes_[draw.randrange(100 if number % 3 == 0 else len(bytes_))] = draw.randrange(256)
        path.write_bytes(bytes_)
        count, _ = read_whatever_is_there(path)
        assert count <= 2 * TICKS


def test_a_read_that_is_damaged_is_not_handed_out(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "run.memwhy"
    damage(path, good, "UPDATE chunk SET body = zeroblob(100) WHERE source = 1")
    with open_recording(path) as recording, pytest.raises(RecordingError, match="damaged"):
        find_evidence(recording, "proc/status", 3)
