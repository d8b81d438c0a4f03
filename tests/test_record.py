"""Recording through the command and the watcher: kept whole, killed, bounded, refused; the same verdict as the watch."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import (
    IDLE,
    environment,
    finished,
    outcome,
    process_of,
    run_memwhy,
    started_memwhy,
    wait_for_ticks,
)

from memwhy.model.errors import TargetGone, UsageError
from memwhy.record import CADENCES, Cadence, Due, Watcher, find_target, snapshots
from memwhy.recording import open_recording
from memwhy.sources import proc

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import SpecimenFailed, running

GROW = """
import threading
held, on = [], threading.Event()
def grow():
    while not on.wait(0.02): held.append(bytearray(b'x') * (64 << 10))
threading.Thread(target=grow, daemon=True).start()
print('ready', flush=True); sys.stdin.read()
"""


def without_place(report: dict[str, Any], kept: Path) -> str:
    """The answer without what must differ: its own cost, and whether figures came live or from the file."""
    report["overhead"] = None
    return json.dumps(report, sort_keys=True).replace(json.dumps(str(kept))[1:-1], "live")


def test_explain_of_a_recording_is_the_watch_that_kept_it(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(GROW) as target:
        seen = run_memwhy("watch", str(target.pid), "--for", "6s", "--format", "json", "-q", "-o", kept).report
    again = run_memwhy("explain", kept, "--format", "json").report
    assert without_place(again, kept) == without_place(seen, kept)


@pytest.mark.specimen
def test_explain_of_a_go_programs_recording_is_the_watch_that_kept_it(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    try:
        with running("odds-scraper", "guilty", "-rate", "120", "-cancelled", "0.15") as specimen:
            seen = run_memwhy("watch", str(specimen.pid), "--for", "7s", "--format", "json", "-q", "-o", kept).report
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    again = run_memwhy("explain", kept, "--format", "json")
    assert without_place(again.report, kept) == without_place(seen, kept)
    assert run_memwhy("explain", kept, "--format", "json") == again
    assert run_memwhy("explain", kept) == run_memwhy("explain", kept)


def test_a_killed_recorder_leaves_a_recording_that_is_diagnosed(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with (
        process_of(GROW) as target,
        started_memwhy("record", str(target.pid), "-o", kept, "--tick", "100ms") as recorder,
    ):
        wait_for_ticks(kept, 30)
        recorder.send_signal(signal.SIGKILL)
        assert recorder.wait() == -signal.SIGKILL
    done = run_memwhy("explain", kept, "--format", "json")
    assert done.report["total"]["bytes_per_s"] is None or done.report["total"]["bytes_per_s"] > 0
    assert done.report["target"]["pid"] == target.pid
    assert any("No pprof, expvar or metrics endpoint was found" in warning for warning in done.report["warnings"])
    assert run_memwhy("explain", kept, "--format", "json") == done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_a_recorder_closes_its_file_with_the_reason(number: signal.Signals, tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with (
        process_of(IDLE) as target,
        started_memwhy("record", str(target.pid), "-o", kept, "--tick", "100ms") as recorder,
    ):
        wait_for_ticks(kept, 3)
        recorder.send_signal(number)
        done = outcome(recorder)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1] == f"next: memwhy explain {kept}"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.memwhy"]
    with open_recording(kept) as recording:
        assert recording.ended == "interrupted"
        assert recording.meta["pid"] == str(target.pid)


def test_a_recorder_ends_with_its_target_and_says_so(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with (
        process_of(IDLE) as target,
        started_memwhy("record", str(target.pid), "-o", kept, "--tick", "100ms") as recorder,
    ):
        wait_for_ticks(kept, 3)
        target.kill()
        done = outcome(recorder)
    assert done.code == 0
    assert "; the process ended" in done.err
    with open_recording(kept) as recording:
        assert recording.meta["ended"] == "ended"


def test_a_bounded_recording_stays_below_its_bound(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    most_bytes = 1 << 20
    with (
        process_of(GROW) as target,
        started_memwhy("record", str(target.pid), "-o", kept, "--tick", "100ms", "--max-size", "1MiB") as recorder,
    ):
        wait_for_ticks(kept, 40)
        recorder.send_signal(signal.SIGINT)
        assert outcome(recorder).code == 0
    assert kept.stat().st_size <= most_bytes
    assert run_memwhy("explain", kept, "--format", "json").report["total"]["metric"] == "process.rss_bytes"


@pytest.mark.parametrize("verb", ["record", "watch"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("there.memwhy", "exists already"),
        ("folder", "is a directory"),
        ("no/such/folder/x.memwhy", "cannot begin a recording: No such file or directory"),
        ("there.memwhy/x.memwhy", "cannot begin a recording: Not a directory"),
        ("fifo", "is not a regular file"),
        ("x" * 300, "cannot begin a recording: File name too long"),
    ],
)
def test_a_path_that_cannot_be_recorded_to_is_refused_and_left_as_it_is(
    tmp_path: Path, verb: str, name: str, said: str
):
    (tmp_path / "there.memwhy").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    done = run_memwhy(verb, str(os.getpid()), "--for", "1s", "-q", "-o", name, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("memwhy: ")
    assert said in done.err
    assert (tmp_path / "there.memwhy").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "folder", "there.memwhy"]


def test_a_watch_whose_recording_cannot_go_on_says_so_and_still_answers(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target:
        arguments = [
            "watch",
            str(target.pid),
            "--for",
            "4s",
            "--tick",
            "100ms",
            "--format",
            "json",
            "-q",
            "-o",
            str(kept),
        ]
        # a limit on the size of files stands for a full disk; Python ignores SIGXFSZ, so writing fails with EFBIG
        line = ["/bin/sh", "-c", 'ulimit -f 200; exec "$@"', "sh", sys.executable, "-m", "memwhy", *arguments]
        done = subprocess.run(line, capture_output=True, env=environment(), timeout=60, check=False)
    answer = finished(done.returncode, done.stdout, done.stderr).report
    assert any("SQLITE_IOERR_WRITE" in warning for warning in answer["warnings"]), answer["warnings"]


# -- the watcher ---------------------------------------------------------------------------------


def tree(tmp_path: Path, pid: int) -> str:
    """A copy of what the kernel says about a process, as a root of its own."""
    root = tmp_path / "proc"
    (root / str(pid)).mkdir(parents=True)
    for name in ("stat", "status", "smaps", "smaps_rollup", "comm", "limits"):
        (root / str(pid) / name).write_bytes(Path(f"/proc/{pid}/{name}").read_bytes())
    return str(root)


def test_a_pid_that_belongs_to_another_process_by_now_ends_the_watch(tmp_path: Path):
    pid = os.getpid()
    root = tree(tmp_path, pid)
    watcher = Watcher(pid, root=root)
    assert watcher.take() is not None
    stat = Path(root, str(pid), "stat")
    head, _, tail = stat.read_text().rpartition(")")
    fields = tail.split()
    fields[19] = str(int(fields[19]) + 4711)
    stat.write_text(f"{head}) {' '.join(fields)}\n")
    assert watcher.take() is None
    assert watcher.ended == f"ended, and its pid {pid} now belongs to another process"
    watcher.close()


def test_a_process_that_is_gone_ends_the_watch(tmp_path: Path):
    pid = os.getpid()
    root = tree(tmp_path, pid)
    watcher = Watcher(pid, root=root)
    assert watcher.take() is not None
    shutil.rmtree(Path(root, str(pid)))
    assert list(snapshots(watcher, for_s=None)) == []
    assert watcher.ended == "ended"
    watcher.close()


def test_what_cannot_be_read_is_evidence_with_an_error(tmp_path: Path):
    pid = os.getpid()
    watcher = Watcher(pid, root=tree(tmp_path, pid))
    snapshot = watcher.take()
    watcher.close()
    assert snapshot is not None
    by_source = {one.source: one for one in snapshot.evidence}
    assert {cadence.source for cadence in CADENCES} <= set(by_source)
    assert by_source["proc/status"].error is None
    assert by_source["proc/fd"].error == "No such file or directory"
    assert by_source["proc/fd"].raw == b""


def test_who_is_not_there_is_no_target(tmp_path: Path):
    with pytest.raises(TargetGone, match="no process has pid 999999999"):
        Watcher(999999999)
    with pytest.raises(TargetGone, match="no process is called 'no-such-name'"):
        find_target("/proc", "no-such-name")
    with pytest.raises(TargetGone, match="is no procfs"):
        Watcher(1, root=str(tmp_path / "none"))
    with pytest.raises(UsageError, match="is not an http or https URL"):
        Watcher(os.getpid(), pprof_url="ftp://x")


def test_a_source_that_fails_or_costs_much_is_read_more_seldom():
    due = Due(Cadence(source="x", every_s=2))
    due.done(0, 1, failed=False)
    assert due.next_ns == 2_000_000_000
    waits = []
    for _ in range(8):
        due.done(0, 1, failed=True)
        waits.append(due.next_ns // 2_000_000_000)
    assert waits == [2, 4, 8, 16, 32, 64, 64, 64]
    dear = Due(Cadence(source="x", every_s=2))
    for _ in range(3):
        dear.done(0, 100_000_000, failed=False)
    assert dear.next_ns > 10_000_000_000
    once = Due(Cadence(source="x", every_s=0))
    once.done(0, 1, failed=False)
    assert once.next_ns > 10**18


def test_what_others_do_to_a_busy_machine_makes_no_source_dear(monkeypatch: pytest.MonkeyPatch):
    """Elapsed time is the machine's, CPU time is ours."""

    class Waiting:
        @staticmethod
        def read(root: str, pid: int) -> bytes:
            time.sleep(0.05)  # the cost that is measured, no synchronisation
            return b""

    watcher = Watcher(os.getpid())
    monkeypatch.setitem(proc.READERS, "proc/stat", Waiting)
    for _ in range(4):
        one = watcher._read("proc/stat")
    watcher.close()
    due = watcher._due["proc/stat"]
    assert one.cost_ns >= 50_000_000
    assert due.next_ns - due.read_ns < 5_000_000_000


def test_a_recorder_whose_disk_is_full_says_so_and_leaves_what_it_has(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    with process_of(IDLE) as target:
        arguments = ["record", str(target.pid), "--for", "10s", "--tick", "100ms", "-q", "-o", str(kept)]
        line = ["/bin/sh", "-c", 'ulimit -f 200; exec "$@"', "sh", sys.executable, "-m", "memwhy", *arguments]
        done = subprocess.run(line, capture_output=True, env=environment(), timeout=60, check=False)
    said = finished(done.returncode, done.stdout, done.stderr)
    assert said.code == 2
    assert said.err.startswith(f"memwhy: {kept}: the recording ended after ")
    assert said.err.endswith("\n  what was written so far is kept and can be diagnosed\n")
    assert run_memwhy("explain", kept, "--format", "json").report["target"]["pid"] == target.pid
