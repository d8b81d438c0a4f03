"""A recording is copied while it is written: what was appended until then is in the copy, and the writer goes on."""

from pathlib import Path

import pytest

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder, copy_recording, open_recording


def snapshot(tick: int) -> Snapshot:
    one = Evidence(
        source="proc/status", monotonic_ns=tick, wall_ns=tick, cost_ns=1, raw=f"VmRSS: {tick} kB".encode() * 50
    )
    return Snapshot(tick=tick, monotonic_ns=tick, wall_ns=tick, late_ns=0, cpu_ns=0, evidence=(one,))


def test_a_copy_holds_what_was_appended_until_then(tmp_path: Path):
    with Recorder.create(tmp_path / "a.memwhy", meta={"pid": "7"}) as recorder:
        for tick in range(1000):
            recorder.append(snapshot(tick))
        copy_recording(tmp_path / "a.memwhy", tmp_path / "b.memwhy", reason="saved")
        recorder.append(snapshot(1000))
    with open_recording(tmp_path / "b.memwhy") as copy, open_recording(tmp_path / "a.memwhy") as whole:
        assert list(copy.snapshots()) == [snapshot(tick) for tick in range(1000)]
        assert (copy.ended, copy.meta["pid"], copy.problems) == ("saved", "7", ())
        assert list(whole.snapshots()) == [snapshot(tick) for tick in range(1001)]
        assert whole.ended == "closed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.memwhy", "b.memwhy"]


def test_nothing_is_copied_over_a_file_or_where_there_is_no_folder(tmp_path: Path):
    with Recorder.create(tmp_path / "a.memwhy", meta={}) as recorder:
        recorder.append(snapshot(0))
        (tmp_path / "mine").write_text("mine")
        for to, said in (("mine", "exists already"), ("none/b", "No such file or directory")):
            with pytest.raises(RecordingError, match=said):
                copy_recording(tmp_path / "a.memwhy", tmp_path / to, reason="saved")
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_cannot_be_read_leaves_no_copy(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"no database, and long enough to be taken for one" * 99)
    for name in ("a", "none"):
        with pytest.raises(RecordingError, match="could not be copied"):
            copy_recording(tmp_path / name, tmp_path / "b", reason="saved")
    assert not (tmp_path / "b").exists()
