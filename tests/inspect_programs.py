"""The programs of specimens/inside for tests: built on demand, and skipped where no compiler is at hand."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from memwhy_command import Done, outcome, run_memwhy, started_memwhy

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "specimens" / "inside"))

from programs import BuildFailed, NoGo, Program, asked, built  # noqa: E402  (no package; it finds the others)

ONCE = ("--for", "0", "--format", "json", "-q")
CHEAP = (*ONCE, "--no-lost")


@contextmanager
def program(name: str, *flags: str, flavour: str = "") -> Iterator[Program]:
    """One that is READY; the test is skipped where it cannot be built here."""
    try:
        if name != "objects":
            built(name, flavour)
    except (BuildFailed, NoGo) as error:
        pytest.skip(str(error))
    with asked(name, *flags, flavour=flavour) as running:
        yield running


def inspect(pid: int, *flags: str) -> dict[str, Any]:
    """The inspect object of a look that has to succeed; its sum is checked."""
    answer = run_memwhy("inspect", str(pid), *(flags or CHEAP)).report
    found: dict[str, Any] = answer["inspect"]
    check_sum(found)
    return found


def check_sum(found: dict[str, Any]) -> None:
    """Every resident byte once."""
    assert sum(row["bytes"] for row in found["ledger"]) + found["moved_bytes"] == found["rss_bytes"]


def resident_bytes(pid: int) -> int:
    """RSS, exactly: the kernel walks the pages."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def inspected_when_attached(running: Program, command: str, flags: Sequence[str] = ONCE) -> Done:
    """Start an inspection and give the target its command the moment that its memory has been opened."""
    with started_memwhy("inspect", str(running.pid), *flags) as memwhy:
        while memwhy.poll() is None and not _has_open(memwhy, f"/proc/{running.pid}/mem"):
            os.sched_yield()
        with suppress(BrokenPipeError):
            running.tell(command)
        return outcome(memwhy)


def _has_open(memwhy: "subprocess.Popen[bytes]", path: str) -> bool:
    found = []
    with suppress(OSError):
        for entry in Path(f"/proc/{memwhy.pid}/fd").iterdir():
            with suppress(OSError):
                found.append(os.readlink(entry))
    return path in found
