"""Kill -9 at any moment loses at most the tick in flight."""

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from killed_writer import make_snapshot

import memwhy
from memwhy.recording import open_recording

WRITER = Path(__file__).with_name("killed_writer.py")


def write_until_killed(path: Path, bound: int, least_ticks: int, slack_s: float) -> int:
    """Let a writer reach `least_ticks`, kill it a moment later; the last tick that it said was safe."""
    environment = {**os.environ, "PYTHONPATH": str(Path(memwhy.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path), str(bound)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        acknowledged = -1
        while acknowledged < least_ticks:
            acknowledged = int(process.stdout.readline())
        try:
            process.wait(slack_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        assert process.wait() == -signal.SIGKILL
    lines = rest.splitlines(keepends=True)
    return max([acknowledged, *(int(line) for line in lines if line.endswith(b"\n"))])


def contents(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.iterdir()
        if not path.name.endswith("-shm")
    }


@pytest.mark.parametrize("number", range(8))
def test_a_killed_writer_loses_no_acknowledged_tick(tmp_path: Path, number: int) -> None:
    draw = random.Random(number)
    path = tmp_path / "run.memwhy"
    acknowledged = write_until_killed(path, 0, draw.randrange(700), draw.random() * 0.02)
    before = contents(tmp_path)

    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert recording.ended is None
        assert recording.problems == ()

    assert acknowledged <= snapshots[-1].tick <= acknowledged + 1
    assert snapshots == [make_snapshot(tick) for tick in range(len(snapshots))]
    assert contents(tmp_path) == before
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("number", range(2))
def test_a_writer_killed_while_it_thins_leaves_true_snapshots_with_the_newest_among_them(
    tmp_path: Path, number: int
) -> None:
    draw = random.Random(number)
    path = tmp_path / "run.memwhy"
    acknowledged = write_until_killed(path, 1 << 20, 700 + draw.randrange(300), draw.random() * 0.05)

    with open_recording(path) as recording:
        snapshots = list(recording.snapshots())
        assert recording.problems == ()

    assert snapshots[0] == make_snapshot(0)
    assert acknowledged <= snapshots[-1].tick <= acknowledged + 1
    assert snapshots[-1] == make_snapshot(snapshots[-1].tick)
    for snapshot in snapshots:
        assert set(snapshot.evidence) <= set(make_snapshot(snapshot.tick).evidence)
