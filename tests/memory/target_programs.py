"""Small C programs that say where their things are, built once and run until the test is over."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from c_programs import compiled

from memwhy.memory.live import Live
from memwhy.sources.proc import smaps

PROGRAMS = Path(__file__).parent / "programs"


def built(name: str, *flags: str) -> Path:
    """The program, compiled with these flags; skipped where that cannot be done here."""
    return compiled(PROGRAMS / f"{name}.c", "-O1", *flags)


class Target:
    """A running program. told: what it printed, by first word; threads: (tid, an address on its stack, name)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid
        self.told: dict[str, int] = {}
        self.threads: list[tuple[int, int, str]] = []
        self.read("ready")

    def read(self, last: str) -> None:
        """Read what it prints up to the line that begins with this word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, value, *rest = line.split()
            if word == "thread":
                self.threads.append((int(value), int(rest[0], 16), rest[1]))
            else:
                self.told[word] = int(value, 16)
            if word == last:
                return
        raise AssertionError(f"the program ended before it said {last!r}")


@contextlib.contextmanager
def running(path: Path, *arguments: str, user: int | None = None) -> Iterator[Target]:
    """The program, until the block ends."""
    with process_of(path, *arguments, user=user) as process:
        yield Target(process)


@contextlib.contextmanager
def process_of(
    path: Path, *arguments: str, user: int | None = None, group: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    extra = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    if group is not None:
        extra["group"] = group
    process = subprocess.Popen(
        [str(path), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", **extra
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def looking_at(pid: int, root: str = "/proc") -> Live:
    """The process as a Space, with our own reader of smaps, once it waits for what the test does next."""
    wait_until_at_rest(f"{root}/{pid}")
    return Live.open(pid, root=root, mappings=lambda: smaps.parse(smaps.read(root, pid)).mappings)


def wait_until_at_rest(directory: str) -> None:
    """Until a thread sits in read(2) or pause(2). directory: /proc/PID, or a thread's below it."""
    end = time.monotonic() + 60
    while not Path(f"{directory}/syscall").read_text().startswith(("0 ", "34 ")):
        assert time.monotonic() < end, "the program does not come to rest"
