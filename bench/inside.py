"""What the chapters of the inspection's bench share: a look by the command with its price, a row, a table."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "specimens" / "inside"))

GB = 1_000_000_000
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One bar. holds: None where there is nothing to hold, or nothing could be measured."""

    bar: str
    limit: str
    measured: str
    holds: bool | None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.bar, self.limit, self.measured, {True: "yes", False: "**no**", None: "-"}[self.holds]


@dataclass(frozen=True, slots=True)
class Look:
    """One run of memwhy inspect. cpu_s, rss_bytes: of the whole command, its start included (wait4)."""

    answer: dict[str, Any]
    cpu_s: float
    wall_s: float
    rss_bytes: int

    @property
    def inspect(self) -> dict[str, Any]:
        found: dict[str, Any] = self.answer["inspect"]
        return found


class LookFailed(Exception):
    """memwhy inspect gave no answer; the message is its own."""


def look(memwhy: Sequence[str], target: int | str, *flags: str) -> Look:
    """Look once (unless flags say otherwise). Raises LookFailed."""
    command = [*memwhy, "inspect", str(target), "-q", "--format", "json", *(flags or ("--for", "0"))]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun_s = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - begun_s
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            raise LookFailed(" / ".join(err.read().decode(errors="replace").strip().splitlines()[-2:]))
        answer = json.load(out)
    return Look(answer, usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * 1024)


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def resident_bytes(pid: int) -> int:
    """RSS, exactly: the kernel walks the pages."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table at once: a long bench shows what it has."""
    print(f"\n## {title}\n\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in row)} |")
    sys.stdout.flush()


def mb(size_bytes: float) -> str:
    """Megabytes, as the bars have them."""
    return f"{size_bytes / 1e6:,.1f} MB"
