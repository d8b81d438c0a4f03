"""The stop itself, on real threads: what it compares, what it keeps out of, and that everybody runs on."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from c_programs import Answering
from native_targets import odd

from memwhy.model.errors import TargetGone
from memwhy.native.errors import Occupied, Unstoppable, Unwritable
from memwhy.native.stops import Different, Kind, Range, Stopper, Write

_stops = pytest.importorskip("memwhy._core._stops")


@contextmanager
def stopper_of(target: Answering, **options: bool) -> Iterator[Stopper]:
    memory = os.open(f"/proc/{target.pid}/mem", os.O_RDWR)
    try:
        yield Stopper(target.pid, memory, **options)
    finally:
        os.close(memory)


def slack_of(target: Answering) -> int:
    """Sixty-four bytes of code that nobody runs: behind the end of libc's."""
    line = next(
        line
        for line in Path(f"/proc/{target.pid}/maps").read_text().splitlines()
        if "libc.so.6" in line and "r-xp" in line
    )
    return int(line.split()[0].split("-")[1], 16) - 64


def states(target: Answering) -> set[str]:
    """Of its threads, and whether they are traced."""
    found = set()
    for path in Path(f"/proc/{target.pid}/task").iterdir():
        text = (path / "status").read_text()
        found.add(text.split("State:")[1].split()[0] + text.split("TracerPid:")[1].split()[0])
    return found


@pytest.mark.parametrize("poke", [False, True])
def test_bytes_of_code_are_written_and_taken_back(poke: bool) -> None:
    with odd("busy") as target, stopper_of(target, poke=poke) as stopper:
        at = slack_of(target) + 3
        write = Write(at, bytes(13), bytes(range(1, 14)), "the slack")
        stopper.write([write])
        assert stopper.read(at - 3, 19) == bytes(3) + bytes(range(1, 14)) + bytes(3)
        stopper.write([write.undone])
        assert stopper.read(at, 13) == bytes(13)
        assert len(stopper.stop_ns) == 2
        assert states(target) <= {"S0", "R0"}
        assert target.ask("m") == "ok"


def test_where_proc_mem_is_not_writable_the_tracer_writes_otherwise() -> None:
    with odd("busy") as target:
        memory = os.open(f"/proc/{target.pid}/mem", os.O_RDONLY)
        stopper = Stopper(target.pid, memory)
        at = slack_of(target)
        stopper.store(at, b"by another way")
        assert stopper.read(at, 14) == b"by another way"
        os.close(memory)


def test_one_difference_and_nothing_is_written() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        at = slack_of(target)
        first = Write(at, bytes(4), b"1234", "the first")
        second = Write(at + 8, b"\0\0\0\1", b"5678", "the second")
        with pytest.raises(Different, match="the code of the second is not what it was") as caught:
            stopper.write([first, second])
        assert caught.value.write == second
        assert stopper.read(at, 16) == bytes(16)


def test_what_cannot_be_written_takes_the_rest_back() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        at = slack_of(target)
        with pytest.raises(Unwritable, match="did not take 4 bytes of code for nowhere"):
            stopper.write([Write(at, bytes(4), b"1234", "here"), Write(4096, None, b"5678", "nowhere")])
        assert stopper.read(at, 4) == bytes(4)
        assert target.ask("m") == "ok"


def test_no_thread_may_stand_in_a_range_nor_return_to_one() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        everywhere = Range(0x1000, 0x7FFFFFFFF000)
        with pytest.raises(Unstoppable, match="stands, or will return to, where memwhy has to write"):
            stopper.write([Write(slack_of(target), None, b"1", "")], [everywhere], within_s=0.05)
        assert len(stopper.stop_ns) > 1
        assert stopper.read(slack_of(target), 1) == b"\0"
        stopper.write([], [Range(0x1000, 0x2000)])
        assert target.ask("m") == "ok"


def test_a_word_on_a_stack_counts_where_its_thread_can_be_in_malloc() -> None:
    line = "libc.so.6"
    with odd() as target, stopper_of(target) as stopper:  # its one thread waits in read(2)
        maps = [row.split() for row in Path(f"/proc/{target.pid}/maps").read_text().splitlines()]
        program = next(row for row in maps if row[-1].endswith("/odd") and row[1] == "r-xp")
        libc = next(row for row in maps if row[-1].endswith(line) and row[1] == "r-xp")
        start, end = (int(part, 16) for part in program[0].split("-"))
        low, high = (int(part, 16) for part in libc[0].split("-"))
        returns = Range(start, end, Kind.WORD)  # main's frame: read was called from there
        with pytest.raises(Unstoppable):
            stopper.write([], [returns], within_s=0.01)
        with pytest.raises(Unstoppable):
            stopper.write([], [returns, Range(low, high, Kind.MALLOC)], within_s=0.01)
        stopper.write([], [returns, Range(0x1000, 0x2000, Kind.MALLOC)])
        stopper.write([], [Range(start, end)])


def test_no_signal_is_lost_and_none_comes_twice() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        at = slack_of(target)
        for turn in range(200):
            os.kill(target.pid, signal.SIGRTMIN)
            stopper.write([Write(at, None, bytes([turn]), "")])
            os.kill(target.pid, signal.SIGRTMIN)
        assert target.ask("s") == "400"


def test_who_waits_for_events_sees_an_interruption_for_each_stop_at_most() -> None:
    with odd("polling") as target, stopper_of(target) as stopper:
        for _ in range(10):
            stopper.write([])
        assert 0 <= int(target.ask("e")) <= 10


def test_a_thread_that_cannot_be_stopped_is_waited_for_and_named() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        assert target.ask("w") == "ok"
        deadline = time.monotonic() + 10
        while "D0" not in states(target):
            assert time.monotonic() < deadline
        with pytest.raises(Unstoppable, match=r"did not stop within 40 ms, again and again: it waits in the kernel"):
            stopper.write([], within_s=0.1)
        assert max(stopper.stop_ns) < 500_000_000
        stopper.write([], within_s=30.0)
        assert states(target) <= {"S0", "R0"}
        assert target.ask("m") == "ok"


def test_a_halted_program_stays_halted() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        os.kill(target.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, target.pid, os.WSTOPPED)
        stopper.write([Write(slack_of(target), None, b"x", "")])
        deadline = time.monotonic() + 10
        while states(target) != {"T0"}:  # let go, a thread comes by user space before it halts again
            assert time.monotonic() < deadline
        os.kill(target.pid, signal.SIGCONT)
        assert target.ask("m") == "ok"


def test_a_traced_program_and_one_that_ended() -> None:
    with (
        odd("traced") as target,
        stopper_of(target) as stopper,
        pytest.raises(Occupied, match=r"is traced by pid \d+ \(odd\)"),
    ):
        stopper.write([])
    with odd("busy") as target, stopper_of(target) as stopper:
        target.process.kill()
        target.process.wait()
        with pytest.raises(TargetGone):
            stopper.write([])
        with pytest.raises(TargetGone):
            stopper.read(0x1000, 1)


def test_how_a_child_of_ours_ended_is_left_for_whoever_waits_for_it() -> None:
    for _ in range(5):
        with odd("busy") as target, stopper_of(target) as stopper:
            ended: list[str] = []

            def stop_on(stopper: Stopper = stopper, ended: list[str] = ended) -> None:
                try:
                    while True:
                        stopper.write([])
                except TargetGone as error:
                    ended.append(error.message)

            stopping = threading.Thread(target=stop_on)
            stopping.start()
            while len(stopper.stop_ns) < 5:
                os.sched_yield()
            os.kill(target.pid, signal.SIGKILL)
            stopping.join()
            assert ended != []
            assert target.process.wait() == -signal.SIGKILL


def test_hundreds_of_threads_that_come_and_go_are_all_stopped() -> None:
    with odd("busy") as target, stopper_of(target) as stopper:
        assert target.ask("t 200") == "ok"
        for _ in range(5):
            stopper.write([Write(slack_of(target), None, b"x", "")])
            assert target.ask("f") == "ok"
        assert states(target) <= {"S0", "R0"}


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="as many bytes"):
        _stops.stop(1, -1, False, ((0, b"1", b"22"),), (), 0, 0)
    with pytest.raises(ValueError, match="scan_bytes"):
        _stops.stop(1, -1, False, (), (), -1, 0)
    with pytest.raises(TypeError):
        _stops.stop(1, -1, False, ((0, 7, b"22"),), (), 0, 0)
    with pytest.raises(ValueError, match="not known"):
        _ = Write(0, None, b"x").undone
