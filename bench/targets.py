"""Real processes to look at, each as long as its block lasts; and what the kernel says they cost."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "specimens"))

from run import end, first_line, running  # noqa: E402  (specimens/run.py is no package)

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """A process that is ready. process: its handle where it answers on pipes, else None. server: its URL, if it has one."""

    name: str
    pid: int
    process: subprocess.Popen[bytes] | None = None
    server: str | None = None


@contextmanager
def specimen(name: str, variant: str) -> Iterator[Target]:
    """A specimen past its warm-up, that lasts longer than any bench."""
    with running(name, variant, "-for", "1h", "-max-leak", "3GiB") as its:
        yield Target(f"{name} {variant}" if variant == "twin" else name, its.pid, server=its.server)


@contextmanager
def held(name: str, *arguments: str) -> Iterator[Target]:
    """A program of held.py."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "held.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert first_line(process, 60.0) == "READY"
        yield Target(name, process.pid, process)
    finally:
        end(process)


def resident_bytes(pid: int) -> int:
    """RSS, exactly: the kernel walks the pages."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def environment() -> dict[str, str]:
    """Ours, but for the switch that forbids compiled files: a user's Python has it seldom, and every start would compile."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Run it with its output thrown away."""
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )


def cpu_s_of(process: subprocess.Popen[bytes]) -> float:
    """Wait for it; its CPU time, its children's included."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, -15):
        raise SystemExit(f"bench: {process.args!r} ended with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def cpu_s_so_far(pid: int) -> float:
    """CPU time of a running process: the scheduler's own count, in ns (Documentation/scheduler/sched-stats.rst)."""
    threads = Path(f"/proc/{pid}/task")
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads.iterdir()) / NS_PER_S
