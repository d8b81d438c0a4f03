"""A watched process ends, is killed, stopped or replaced, or is an odd one: each is said, and what was seen is diagnosed."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from memwhy_command import (
    IDLE,
    NOBODY,
    Done,
    outcome,
    process_of,
    python_for_anybody,
    run_memwhy,
    started_memwhy,
    wait_for_ticks,
)

from memwhy.recording import open_recording

sys.path.insert(0, str(Path(__file__).parents[1] / "specimens"))
from run import SpecimenFailed, running

QUICK = ("--tick", "100ms", "--format", "json", "--no-until-sure")
BRIEF = ("--for", "500ms", *QUICK)
JUDGED = "what was seen until then is judged."

Process = subprocess.Popen[bytes]


def watched_while(act: Callable[[Process, Process], None], kept: Path, code: str = IDLE) -> Done:
    """Watch a process; act on it and on the watch once five ticks are kept; what the watch then says."""
    with (
        process_of(code) as target,
        started_memwhy("watch", str(target.pid), "--for", "60s", "-o", kept, *QUICK) as watch,
    ):
        wait_for_ticks(kept, 5)
        act(target, watch)
        return outcome(watch)


def close_input(target: Process, watch: Process) -> None:
    assert target.stdin is not None
    target.stdin.close()


def close_input_and_bury(target: Process, watch: Process) -> None:
    close_input(target, watch)
    target.wait()


@pytest.mark.parametrize(
    "act",
    [close_input, close_input_and_bury, lambda target, watch: target.kill(), lambda target, watch: target.terminate()],
    ids=["exits and stays a zombie", "exits and is buried", "is killed", "is terminated"],
)
def test_a_target_that_ends_is_said_and_what_was_seen_is_diagnosed(
    act: Callable[[Process, Process], None], tmp_path: Path
):
    kept = tmp_path / "kept.memwhy"
    done = watched_while(act, kept)
    answer = done.report
    assert f"The process ended; {JUDGED}" in answer["warnings"]
    assert answer["total"]["n"] >= 1
    with open_recording(kept) as recording:
        assert (recording.meta["ended"], recording.ended) == ("ended", "stopped")
    again = run_memwhy("explain", kept, "--format", "json").report
    assert f"The process ended; {JUDGED}" in again["warnings"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_a_watch_diagnoses_what_was_seen(number: signal.Signals, tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    done = watched_while(lambda target, watch: watch.send_signal(number), kept)
    assert done.report["total"]["n"] >= 1
    assert not any("ended" in warning for warning in done.report["warnings"])
    with open_recording(kept) as recording:
        assert (recording.meta.get("ended"), recording.ended) == (None, "interrupted")


def test_a_program_that_executes_another_is_followed_and_it_is_said(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"

    def act(target: Process, watch: Process) -> None:
        assert target.stdin is not None
        target.stdin.write(b"go\n")
        target.stdin.flush()
        assert target.stdout is not None
        assert target.stdout.readline() == b"now another\n"
        with open_recording(kept) as recording:
            seen = sum(1 for _ in recording.snapshots())
        wait_for_ticks(kept, seen + 3)
        watch.send_signal(signal.SIGINT)

    code = (
        "import os; print('ready', flush=True); sys.stdin.readline()\n"
        "os.execv('/bin/sh', ['sh', '-c', 'echo now another; while read line; do :; done'])"
    )
    done = watched_while(act, kept, code)
    said = [warning for warning in done.report["warnings"] if "executed another program" in warning]
    assert len(said) == 1
    assert os.path.realpath("/bin/sh") in said[0]
    again = run_memwhy("explain", kept, "--format", "json").report
    assert said[0] in again["warnings"]


@pytest.mark.specimen
def test_a_stopped_target_does_not_stop_the_watch_and_its_silence_is_said(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    try:
        with (
            running("steady") as specimen,
            started_memwhy("watch", str(specimen.pid), "--for", "60s", "-o", kept, "--no-inside", *QUICK) as watch,
        ):
            wait_for_ticks(kept, 3)
            os.kill(specimen.pid, signal.SIGSTOP)
            try:
                with open_recording(kept) as recording:
                    seen = sum(1 for _ in recording.snapshots())
                wait_for_ticks(kept, seen + 50)
                watch.send_signal(signal.SIGINT)
                done = outcome(watch)
            finally:
                os.kill(specimen.pid, signal.SIGCONT)
    except SpecimenFailed as problem:
        pytest.skip(str(problem))
    problems = {row["source"]: row["problem"] or "" for row in done.report["evidence"]}
    assert any("in time" in problems[source] for source in ("go/heap", "go/goroutine"))
    assert done.report["verdict"]["cause"] in ("steady", "undetermined")


MOUNTS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))


@contextlib.contextmanager
def small_cgroup(most_bytes: int) -> Iterator[Path]:
    """A memory cgroup of our own, of either version; skips where none can be made."""
    for mount in MOUNTS:
        folder = mount / f"memwhy-test-{os.getpid()}"
        limit = "memory.limit_in_bytes" if mount.name == "memory" else "memory.max"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(most_bytes))
        except OSError:
            folder.rmdir()
            continue
        try:
            yield folder
        finally:
            folder.rmdir()
        return
    pytest.skip("no memory cgroup can be made here")


def test_an_oom_kill_is_said(tmp_path: Path):
    kept = tmp_path / "kept.memwhy"
    code = "print('ready', flush=True); sys.stdin.readline(); held = bytearray(b'x') * (512 << 20); sys.stdin.read()"
    with small_cgroup(64 << 20) as cgroup:

        def act(target: Process, watch: Process) -> None:
            (cgroup / "cgroup.procs").write_text(str(target.pid))
            assert target.stdin is not None
            target.stdin.write(b"go\n")
            target.stdin.flush()
            assert target.wait(60) == -signal.SIGKILL

        try:
            done = watched_while(act, kept, code)
        except OSError as problem:
            pytest.skip(f"no process can be put into a cgroup here: {problem}")
    assert (
        f"The process ended while the kernel counted an OOM kill: very likely its own; {JUDGED}"
        in (done.report["warnings"])
    )


def test_a_process_of_another_language_gets_layers():
    with process_of("held = bytearray(b'x') * (32 << 20); " + IDLE) as target:
        answer = run_memwhy("watch", str(target.pid), *BRIEF).report
    layers = {row["layer"]: row["bytes"] for row in answer["layers"]}
    assert answer["target"]["runtime"] in ("cpython", "native", "unknown")
    assert layers["layer.anonymous_bytes"] + layers["layer.native_heap_bytes"] > 32 << 20
    assert answer["unaccounted_bytes"] == 0


def test_memwhy_can_watch_itself():
    line = ["/bin/sh", "-c", 'exec "$0" -m memwhy watch $$ "$@"', sys.executable, *BRIEF]
    from memwhy_command import environment, finished

    done = subprocess.run(
        line, capture_output=True, stdin=subprocess.DEVNULL, env=environment(), timeout=60, check=False
    )
    assert finished(done.returncode, done.stdout, done.stderr).report["total"]["bytes"] > 5 << 20


CROWD = """
import mmap, os, resource, threading
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 6000) if most > 0 else 6000, most))
threads = descriptors = 0
threading.stack_size(65536)
gate = threading.Event()
try:
    for threads in range(2000):
        threading.Thread(target=gate.wait, daemon=True).start()
except RuntimeError:
    pass
try:
    for descriptors in range(5000):
        os.dup(1)
except OSError:
    pass
maps = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)) for i in range(3000)]
print("ready", flush=True)
print(threads, descriptors, flush=True)
sys.stdin.read()
"""


def test_a_crowd_of_threads_descriptors_and_mappings_is_counted():
    with process_of(CROWD) as target:
        assert target.stdout is not None
        threads, descriptors = map(int, target.stdout.readline().split())
        answer = run_memwhy("watch", str(target.pid), *BRIEF).report
    counts = {row["metric"]: row["value"] for row in answer["runtime"]}
    assert counts["process.threads_count"] >= threads
    assert counts["process.descriptors_count"] >= descriptors
    assert answer["unaccounted_bytes"] == 0
    assert [row["source"] for row in answer["evidence"] if row["problem"] and row["source"].startswith("proc/")] == []


def test_a_kernel_thread_has_no_memory_and_that_is_said():
    try:
        if "kthreadd" not in Path("/proc/2/comm").read_text():
            pytest.skip("pid 2 is no kernel thread here")
    except OSError:
        pytest.skip("no kernel threads are to be seen here")
    done = run_memwhy("watch", "2", *BRIEF)
    assert done.report["verdict"]["cause"] == "undetermined"


@pytest.mark.skipif("os.geteuid() != 0", reason="only root can run memwhy as another user")
def test_the_first_process_may_not_be_read_by_anybody_and_that_is_said():
    python = python_for_anybody()
    if python is None:
        pytest.skip("no Python here that another user may run")
    answer = run_memwhy("watch", "1", *BRIEF, python=python, user=NOBODY, cwd=Path("/")).report
    problems = {row["source"]: row["problem"] for row in answer["evidence"] if row["problem"]}
    assert problems["proc/smaps"] == "Permission denied"
    assert "no layers (smaps): native heap, mappings and stacks cannot be told apart" in answer["missing"]


# -- run -----------------------------------------------------------------------------------------


def test_run_watches_a_command_to_its_end():
    grower = "import time\nheld = []\nfor _ in range(100): held.append(bytearray(b'x') * (1 << 20)); time.sleep(0.05)"
    answer = run_memwhy("run", "--tick", "100ms", "--format", "json", "--", sys.executable, "-S", "-c", grower).report
    assert f"The process ended; {JUDGED}" in answer["warnings"]
    assert answer["total"]["bytes_per_s"] > 5 << 20


def test_run_ends_the_command_when_its_time_is_over(tmp_path: Path):
    code = f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); import time; time.sleep(600)"
    done = run_memwhy("run", *BRIEF, "--", sys.executable, "-S", "-c", code)
    assert done.code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_run_says_when_a_command_ends_before_anything_was_seen():
    for command in ("true", "false"):
        done = run_memwhy("run", "--", command)
        assert done.code in (0, 3)
        assert done.code == 0 or "ended before anything was seen" in done.err


def test_run_says_what_is_wrong_before_the_command_begins(tmp_path: Path) -> None:
    for wrong in (("--for", "5x"), ("--tick", "1us"), ("-o", str(tmp_path))):
        done = run_memwhy("run", *wrong, "--", "touch", str(tmp_path / "begun"))
        assert done.code == 2
    assert not (tmp_path / "begun").exists()
