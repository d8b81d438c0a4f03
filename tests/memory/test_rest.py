"""A process that stands still can be told from one that runs, or whose memory others write."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from memwhy.memory.live import Live
from memwhy.memory.rest import ran_ns
from memwhy.model.mapping import Mapping
from memwhy.sources.proc import smaps

ANSWERING = """
import sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    print("done", flush=True)
"""
SPINNING = """
print("ready", flush=True)
while True:
    pass
"""
SHARING = """
import mmap, os, sys
shared = mmap.mmap(-1, 4096)
shared[0] = 1
other = os.fork()
if not other:
    shared[0] = 2
    os.write(1, b"ready\\n")
    sys.stdin.read()
    os._exit(0)
os.waitpid(other, 0)
"""


@contextmanager
def running(text: str) -> Iterator["subprocess.Popen[str]"]:
    """A Python program that has said that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def looking_at(pid: int) -> Live:
    return Live.open(pid, mappings=lambda: smaps.parse(smaps.read("/proc", pid)).mappings)


def clock_at_rest(space: Live) -> int:
    """What it says once all threads sleep: the same twice."""
    end = time.monotonic() + 60
    while (found := space.ran_ns()) is None or space.ran_ns() != found:
        assert time.monotonic() < end, "the program does not come to rest"
        os.sched_yield()
    return found


def test_the_clock_of_a_process_that_waits_stands_and_what_it_does_in_between_moves_it() -> None:
    with running(ANSWERING) as process, looking_at(process.pid) as space:
        before = clock_at_rest(space)
        assert [space.ran_ns() for _ in range(3)] == [before] * 3
        assert process.stdin is not None
        assert process.stdout is not None
        print("go on", file=process.stdin, flush=True)
        assert process.stdout.readline() == "done\n"
        assert clock_at_rest(space) > before


def test_a_process_that_runs_is_never_said_to_stand_still() -> None:
    with running(SPINNING) as process, looking_at(process.pid) as space:
        assert [space.ran_ns() for _ in range(20)] == [None] * 20


def test_what_another_process_may_write_keeps_memory_from_standing_still() -> None:
    with running(SHARING) as process, looking_at(process.pid) as space:
        shared = [one for one in space.mappings if one.perms == "rw-s" and one.pss_bytes < one.rss_bytes]
        assert len(shared) == 1
        assert space.ran_ns() is None


def test_a_process_that_ended_is_not_said_to_stand_still() -> None:
    with running(ANSWERING) as process, looking_at(process.pid) as space:
        process.kill()
        process.wait()
        assert space.ran_ns() is None


@pytest.mark.parametrize("path", ["/[aio] (deleted)", "anon_inode:[io_uring]"])
def test_memory_that_the_kernel_completes_requests_in_does_not_stand_still(path: str) -> None:
    with running(ANSWERING) as process, looking_at(process.pid) as space:
        clock_at_rest(space)
        ring = Mapping(start=0x7F0000000000, end=0x7F0000001000, perms="rw-s", inode=7, path=path)
        assert ran_ns(f"/proc/{process.pid}", process.pid, ()) is not None
        assert ran_ns(f"/proc/{process.pid}", process.pid, (ring,)) is None
