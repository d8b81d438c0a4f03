"""What threads wait in: a capture by its whole values, live processes, and very many threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.profile import StackSample
from memwhy.model.reading import Reading
from memwhy.sources.proc import blocked

CAPTURE = Path(__file__).parents[2] / "evidence" / "linux-6.18" / "python-blocked" / "blocked"
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")


def test_threads_are_counted_by_what_they_wait_in() -> None:
    (profile,) = blocked.parse(CAPTURE.read_bytes()).profiles
    assert (profile.kind, profile.unit, profile.total) == ("threads", "count", 10)
    assert profile.stacks == (
        StackSample(frames=("futex_do_wait", "futex", "python3"), value=8),
        StackSample(frames=("anon_pipe_read", "read", "python3"), value=1),
        StackSample(frames=("hrtimer_nanosleep", "clock_nanosleep", "python3"), value=1),
    )


def test_a_blocked_threads_call_is_read_from_a_living_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        calls = {""}
        while process.poll() is None and not calls & {"read", "-"}:  # from the line to the read it takes a moment
            (profile,) = blocked.parse(blocked.read("/proc", process.pid)).profiles
            calls = {one.frames[1] or "-" for one in profile.stacks if one.frames[1] != "running"}
        assert profile.total == 1
        process.stdin.close()


def task(folder: Path, tid: int, *, name: str = "worker", call: str | None = "202 0x0") -> None:
    own = folder / "7" / "task" / str(tid)
    own.mkdir(parents=True)
    (own / "stat").write_text(f"{tid} ({name}) S 1 1\n")
    (own / "wchan").write_text("0")
    if call is not None:
        (own / "syscall").write_text(call)


def test_one_long_name_of_the_kernel_does_not_lose_the_reading(tmp_path: Path) -> None:
    for tid, name in ((10, "_R" + "a" * 300), (11, "_R" + "b" * 4000)):
        task(tmp_path, tid)
        (tmp_path / "7" / "task" / str(tid) / "wchan").write_text(name)
    (profile,) = blocked.parse(blocked.read(str(tmp_path), 7)).profiles
    assert {one.frames[0] for one in profile.stacks} == {"_R" + "a" * 300, "_R" + "b" * 510}


def test_of_very_many_threads_some_are_looked_at_and_stand_for_all(tmp_path: Path) -> None:
    for tid in range(10, 1210):
        task(tmp_path, tid, name=f"worker-{tid}")
    raw = blocked.read(str(tmp_path), 7)
    assert raw.count(b"\n") == 1 + blocked.MOST
    reading = blocked.parse(raw.replace(os.uname().machine.encode(), b"x86_64", 1))
    assert [(one.frames, one.value) for one in reading.profiles[0].stacks] == [(("-", "futex", "worker-#"), 1200)]
    assert reading.notes == ("of 1,200 threads 400 were looked at for what they wait in",)


def test_what_may_not_be_read_is_told_as_such(tmp_path: Path) -> None:
    task(tmp_path, 7, call=None)
    (profile,) = blocked.parse(blocked.read(str(tmp_path), 7)).profiles
    assert [one.frames for one in profile.stacks] == [("-", "", "worker")]


def test_an_unknown_machine_and_call_keep_their_number() -> None:
    raw = b"2 threads on riscv64, 2 looked at\n7 S futex_wait 98 a\n8 R - running a\n"
    (profile,) = blocked.parse(raw).profiles
    assert [one.frames for one in profile.stacks] == [("-", "running", "a"), ("futex_wait", "call 98", "a")]


def test_a_process_that_ended_meanwhile_has_no_profile() -> None:
    assert blocked.parse(b"0 threads on x86_64, 0 looked at\n") == Reading()


@pytest.mark.parametrize("raw", [b"", b"7 S futex_wait 98 a\n", b"1 threads on x86_64, 1 looked at\nnonsense\n"])
def test_other_text_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError, match="proc/blocked"):
        blocked.parse(raw)


@pytest.mark.skipif(not HEADER.exists(), reason="the kernel's headers are not installed")
def test_numbers_of_calls_are_the_kernels() -> None:
    words = (line.split() for line in HEADER.read_text().splitlines() if line.startswith("#define __NR_"))
    known = {int(row[2]): row[1].removeprefix("__NR_") for row in words}
    assert {number: known.get(number, name) for number, name in blocked._X86_64.items()} == blocked._X86_64
