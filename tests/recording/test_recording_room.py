"""A bounded recording stays under its bound, loses the oldest detail first, and keeps both ends of every source."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from killed_writer import make_snapshot

from memwhy.model.errors import RecordingError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder, open_recording
from memwhy.recording.tables import transaction
from memwhy.recording.thinning import Choice, Thinned, replace, thin


def size_on_disk(path: Path) -> int:
    return sum(os.path.getsize(f"{path}{side}") for side in ("", "-wal") if os.path.exists(f"{path}{side}"))


def make_incompressible(tick: int, size: int) -> Snapshot:
    raw = os.urandom(size)
    evidence = Evidence(source="raw", monotonic_ns=tick, wall_ns=tick, cost_ns=0, raw=raw, error=None)
    return Snapshot(tick=tick, monotonic_ns=tick, wall_ns=tick, late_ns=0, cpu_ns=0, evidence=(evidence,))


def make_empty(tick: int) -> Snapshot:
    return Snapshot(tick=tick, monotonic_ns=tick, wall_ns=tick, late_ns=0, cpu_ns=0, evidence=())


def run_out(work: Generator[None, None, Thinned]) -> Thinned:
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def test_a_bounded_recording_never_grows_past_its_bound_and_thins_the_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    bound = 1 << 20
    ticks = 1200
    most = 0
    with Recorder.create(path, meta={}, max_bytes=bound) as recorder:
        for tick in range(ticks):
            recorder.append(make_snapshot(tick))
            most = max(most, size_on_disk(path))
    assert most <= bound
    assert size_on_disk(path) <= bound

    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert recording.problems == ()
        spans = {span.source: span for span in recording.sources()}
    kept = [snapshot.tick for snapshot in snapshots]
    heaps = [snapshot.tick for snapshot in snapshots if any(one.source == "go/heap" for one in snapshot.evidence)]
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (0, ticks - 1)
    assert (heaps[0], heaps[-1]) == (0, ticks - 3)
    assert spans["go/heap"].reads == len(heaps) < ticks // 3 // 2
    assert spans["proc/status"].reads == ticks  # the small source is whole while the large one can still give
    assert sum(tick < ticks // 2 for tick in heaps) < sum(tick >= ticks // 2 for tick in heaps)
    for snapshot in snapshots:
        assert set(snapshot.evidence) <= set(make_snapshot(snapshot.tick).evidence)


def test_ticks_without_evidence_are_thinned_away_but_for_the_first_and_the_last(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    with Recorder.create(path, meta={}) as recorder:
        for tick in range(1500):
            recorder.append(make_incompressible(tick, 1) if tick % 500 == 7 else make_empty(tick))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        rows = database.execute("SELECT id FROM chunk WHERE source = 0 ORDER BY id").fetchall()
        chunks = tuple(number for (number,) in rows)
        choice = Choice(source=0, chunks=chunks, level=1, reads=1500, first_seq=0, last_seq=1499, holds_last=True)
        thinned = run_out(thin(database, choice))
        with transaction(database):
            replace(database, choice, thinned)
    with open_recording(path) as recording:
        assert [snapshot.tick for snapshot in recording.snapshots()] == [0, 7, 507, 1007, 1499]
        assert recording.problems == ()


def test_a_read_that_can_never_fit_ends_the_recording_with_the_reason_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "run.memwhy"
    recorder = Recorder.create(path, meta={}, max_bytes=1 << 20)
    recorder.append(make_incompressible(0, 1000))
    with pytest.raises(RecordingError, match="ended after 1 snapshots"):
        recorder.append(make_incompressible(1, 1_400_000))
    with pytest.raises(RecordingError, match="has ended"):
        recorder.append(make_incompressible(2, 10))
    recorder.close("done")
    with open_recording(path) as recording:
        assert [snapshot.tick for snapshot in recording.snapshots()] == [0]
        assert recording.ended is not None and "largest size" in recording.ended


def test_a_bound_too_small_to_hold_anything_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be kept under 1000 B"):
        Recorder.create(tmp_path / "run.memwhy", meta={}, max_bytes=1000)
    assert list(tmp_path.iterdir()) == []
