"""A recorder refuses what it may not overwrite, and ends cleanly when it cannot write any more."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from killed_writer import make_snapshot

import memwhy
from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder, open_recording
from memwhy.recording.delta import MAX_RAW_BYTES


def with_evidence(tick: int, *evidence: Evidence) -> Snapshot:
    return Snapshot(tick=tick, monotonic_ns=0, wall_ns=0, late_ns=0, cpu_ns=0, evidence=evidence)


def test_an_existing_recording_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    with Recorder.create(path, meta={"run": "first"}) as recorder:
        recorder.append(make_snapshot(0))
    with pytest.raises(RecordingError, match="exists already"):
        Recorder.create(path, meta={"run": "second"})
    with open_recording(path) as recording:
        assert recording.meta == {"run": "first"}
    with Recorder.create(path, meta={"run": "second"}, replace=True):
        pass
    with open_recording(path) as recording:
        assert recording.meta == {"run": "second"}
        assert list(recording.snapshots()) == []


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_that_is_no_recording_is_never_touched(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "letters.txt"
    path.write_text("dear reader")
    with pytest.raises(RecordingError, match="exists"):
        Recorder.create(path, meta={}, replace=replace)
    assert path.read_text() == "dear reader"
    assert [found.name for found in tmp_path.iterdir()] == ["letters.txt"]


def test_an_empty_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    path.touch()
    with Recorder.create(path, meta={}) as recorder:
        recorder.append(make_snapshot(0))
    with open_recording(path) as recording:
        assert list(recording.snapshots()) == [make_snapshot(0)]


def test_what_cannot_hold_a_recording_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a directory"):
        Recorder.create(tmp_path, meta={})
    with pytest.raises(RecordingError, match="not a regular file"):
        Recorder.create(os.devnull, meta={})
    with pytest.raises(RecordingError, match="No such file or directory"):
        Recorder.create(tmp_path / "missing" / "run.memwhy", meta={})
    with pytest.raises(RecordingError, match="File name too long"):
        Recorder.create(tmp_path / ("x" * 300), meta={})
    with pytest.raises(RecordingError, match="embedded null"):
        Recorder.create("a\0b", meta={})


def test_notes_add_to_the_meta_and_correct_it(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    with Recorder.create(path, meta={"pid": "1", "ended": "no"}) as recorder:
        recorder.note("ended", "killed by the OOM killer")
        recorder.note("odd", "\udcff")
    with open_recording(path) as recording:
        assert recording.meta == {"pid": "1", "ended": "killed by the OOM killer", "odd": "\udcff"}


def test_leaving_the_block_by_an_exception_is_the_reason_of_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    with pytest.raises(KeyboardInterrupt), Recorder.create(path, meta={}) as recorder:
        recorder.append(make_snapshot(0))
        raise KeyboardInterrupt
    with open_recording(path) as recording:
        assert recording.ended == "stopped by KeyboardInterrupt"
        assert list(recording.snapshots()) == [make_snapshot(0)]


def test_a_value_that_cannot_be_kept_costs_that_snapshot_only(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    one = Evidence(source="s", monotonic_ns=0, wall_ns=0, cost_ns=0, raw=b"x")
    huge = Evidence(source="s", monotonic_ns=0, wall_ns=0, cost_ns=0, raw=bytes(MAX_RAW_BYTES + 1))
    wide = Evidence(source="new", monotonic_ns=2**63, wall_ns=0, cost_ns=0, raw=b"y")
    with Recorder.create(path, meta={}) as recorder:
        recorder.append(with_evidence(0, one))
        with pytest.raises(RecordingError, match="more than a recording keeps"):
            recorder.append(with_evidence(1, one, huge))
        with pytest.raises(RecordingError, match="64 bits"):
            recorder.append(with_evidence(2, one, wide))
        recorder.append(with_evidence(3, one))
    with open_recording(path) as recording:
        assert list(recording.snapshots()) == [with_evidence(0, one), with_evidence(3, one)]


def test_an_unchanged_source_costs_next_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    raw = os.urandom(200_000)
    with Recorder.create(path, meta={}) as recorder:
        for tick in range(1000):
            recorder.append(
                with_evidence(tick, Evidence(source="s", monotonic_ns=tick, wall_ns=tick, cost_ns=0, raw=raw))
            )
    assert path.stat().st_size < 6 * len(raw)  # one copy in each chunk of 300 and one in the tail, for 1000 reads


@pytest.mark.parametrize("limit", [150_000, 600_000, 2_000_000])
def test_a_file_that_may_not_grow_ends_the_recording_and_keeps_what_was_acknowledged(
    tmp_path: Path, limit: int
) -> None:
    path = tmp_path / "run.memwhy"
    environment = {**os.environ, "PYTHONPATH": str(Path(memwhy.__file__).parents[1])}
    script = Path(__file__).with_name("full_disk_writer.py")
    done = subprocess.run(
        [sys.executable, str(script), str(path), str(limit)],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    acknowledged, message = done.stdout.splitlines()
    assert done.stderr == ""
    assert "cannot be written" in message or "disk is full" in message
    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert recording.problems == ()
        assert recording.ended in (None, message.split(": ", 2)[2])
    assert snapshots[: int(acknowledged)] == [make_snapshot(tick) for tick in range(int(acknowledged))]


def test_a_full_disk_ends_the_recording_with_its_reason_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    script = f"""
        mount -t tmpfs -o size=3m none {disk} &&
        {sys.executable} {Path(__file__).with_name("full_disk_writer.py")} {disk}/run.memwhy 100000000 &&
        cp {disk}/* {kept}
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(memwhy.__file__).parents[1])}
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare(1) here")
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk of our own to fill: {done.stderr.decode()}")
    acknowledged, message = done.stdout.splitlines()
    assert b"the disk is full" in message
    with open_recording(kept / "run.memwhy") as recording:
        snapshots = list(recording.snapshots())
        assert recording.problems == ()
        assert recording.ended == "the disk is full"
    assert snapshots[: int(acknowledged)] == [make_snapshot(tick) for tick in range(int(acknowledged))]
