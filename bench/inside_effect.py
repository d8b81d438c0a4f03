"""What inspecting does to the target: nothing is the bar. Traced, counted and timed on real processes."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from inside import Row, look, status
from programs import Program

FORBIDDEN = {"ptrace", "process_vm_writev", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"} | {
    "pidfd_send_signal",
    "process_madvise",
    "process_mrelease",
}
"""Calls that stop, write to or otherwise act on another process."""
_CALL = re.compile(rb"^(?:\[pid +\d+\] |\d+ +)?(\w+)\(")
_WRITING = re.compile(rb'open(?:at)?\([^"]*"(/proc/\d[^"]*)", [^)]*O_(?:RD)?WR')


def traced(memwhy: Sequence[str], name: str, program: Program) -> Row:
    """Every system call of a whole inspection, lost-or-held included: none that acts on the target, no file opened to write."""
    bar = f"calls that act on the target, {name}"
    if shutil.which("strace") is None:
        return Row(bar, "none", "strace is not installed", None)
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as folder:
        log = Path(folder) / "calls"
        look(["strace", "-f", "-qq", "-o", str(log), *memwhy], program.pid, "--for", "1s")
        lines = log.read_bytes().splitlines()
    calls = Counter(match[1].decode() for line in lines if (match := _CALL.match(line)))
    acted = {call: count for call, count in calls.items() if call in FORBIDDEN}
    written = sorted({match[1].decode() for line in lines if (match := _WRITING.search(line))})
    reads = {call: calls[call] for call in ("process_vm_readv", "pread64", "preadv", "ioctl") if calls[call]}
    measured = f"{acted or 'none'}, opened for writing below /proc: {written or 'none'}; of {sum(calls.values()):,} calls {reads}"
    return Row(bar, "none", measured, not acted and not written)


def undisturbed(memwhy: Sequence[str], name: str, program: Program) -> Iterator[Row]:
    """A process that stands still: its state, its tracer, its context switches and its memory, before, while and after."""
    pid = program.pid
    states: Counter[str] = Counter()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            now = status(pid)
            states[f"{now['State'].split()[0]}, tracer {now['TracerPid']}"] += 1

    before, switched = status(pid), _switches(pid)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        look(memwhy, pid)
    finally:
        done.set()
        watcher.join()
    after, switched_after = status(pid), _switches(pid)
    never = all(state[0] not in "tT" and state.endswith("tracer 0") for state in states)
    yield Row(f"stopped or traced, {name}", "never", f"{dict(states)}", never)
    yield Row(f"context switches while inspected, {name}", "none of its own", f"{switched_after - switched}", None)
    for field in ("VmRSS", "VmPTE"):
        grown_kib = int(after[field].split()[0]) - int(before[field].split()[0])
        yield Row(f"{field} of the target, {name}", "≤ 1 MB more", f"{grown_kib:+,} KiB", grown_kib <= 1000)


def _switches(pid: int) -> int:
    """Of all threads, voluntary or not."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return found


def latency(memwhy: Sequence[str], program: Program, pairs: int, window_s: float) -> Iterator[tuple[str, ...]]:
    """Rows: GET p50, p99 and worst in neighbouring windows, alone and beside something, in turns."""
    besides: dict[str, Callable[[], list[str]]] = {
        "inspected all the time": lambda: [*memwhy, "inspect", str(program.pid), "-q", "--for", "0"],
        "beside a loop that only computes": lambda: ["sh", "-c", "while :; do :; done"],
    }
    for name, command in besides.items():
        alone: list[list[float]] = []
        beside: list[list[float]] = []
        for number in range(pairs):
            for with_it in (False, True) if number % 2 else (True, False):
                if with_it:
                    with _again_and_again(command()):
                        beside.append(_window(program, window_s))
                else:
                    alone.append(_window(program, window_s))
        for share, words in ((0.5, "p50"), (0.99, "p99"), (1.0, "worst")):
            was = [_at(window, share) for window in alone]
            became = [_at(window, share) for window in beside]
            ratios = [b / a for a, b in zip(was, became, strict=True)]
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            yield name, words, f"{median(was):.2f}", f"{median(became):.2f}", f"{median(ratios):.2f}", spread


def _at(window: Sequence[float], share: float) -> float:
    return window[min(len(window) - 1, int(len(window) * share))]


@contextmanager
def _again_and_again(command: Sequence[str]) -> Iterator[None]:
    """The command, started anew whenever it ends, until the block does."""
    stopped = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def run() -> None:
        while not stopped.is_set():
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            running.append(process)
            process.wait()

    runner = threading.Thread(target=run)
    runner.start()
    try:
        yield
    finally:
        stopped.set()
        if running and running[-1].poll() is None:
            os.kill(running[-1].pid, signal.SIGTERM)
        runner.join()


def _window(program: Program, window_s: float) -> list[float]:
    """Milliseconds of a GET of 32 KiB that parses a document, one after the other, 2 ms apart; sorted."""
    where = urlsplit(program.facts["server"])
    found: list[float] = []
    until_s = time.monotonic() + window_s
    while time.monotonic() < until_s:
        begun_s = time.perf_counter()
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(b"GET /work HTTP/1.0\r\n\r\n")
            while connection.recv(1 << 16):
                pass
        found.append((time.perf_counter() - begun_s) * 1000)
        time.sleep(0.002)
    return sorted(found)
