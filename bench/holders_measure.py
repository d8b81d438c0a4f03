"""What the chapters of the bench of holders share: a look in a process of its own, what was planted against what was seen, requests."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from inside import LookFailed
from programs import Program

HERE = Path(__file__).resolve().parent
LOOK_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Look:
    """What bench/holders_look.py tells."""

    holders: dict[str, Any]
    phases: list[dict[str, Any]]
    base_bytes: int

    @property
    def peak_bytes(self) -> int:
        return max(int(phase["peak_bytes"]) for phase in self.phases) - self.base_bytes

    @property
    def cpu_s(self) -> float:
        """Of the look alone, without the interpreter's start."""
        return float(self.holders["cpu_s"])

    @property
    def objects(self) -> int:
        return int(self.holders["objects"])

    def held(self, *roots: str) -> int:
        """Bytes of the lines of these roots together, and of what they share with others, each line once. A name that ends in a dot or a blank
        stands for all that begin so."""
        return sum(
            one["bytes"]
            for one in self.holders["holdings"]
            if any(_is(name, root) for root in roots for name in (one["name"], *one["shared_by"]))
        )


def _is(name: str, root: str) -> bool:
    return name == root or (root.endswith((".", " ")) and name.startswith(root))


def look(pid: int, *flags: str) -> Look:
    """One look. Raises LookFailed."""
    command = [sys.executable, str(HERE / "holders_look.py"), str(pid), *flags]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LOOK_WITHIN_S, check=False
    )
    if done.returncode != 0:
        raise LookFailed((done.stdout + done.stderr).strip().splitlines()[-1])
    found = json.loads(done.stdout)
    return Look(found["holders"], found["phases"], found["base_bytes"])


PLANTS = {
    "main.shared": ("main.sharedA", "main.sharedB"),
    "main.hold": ("main.hold", "main.hold."),
    "main.timers": ("main.timers", "timers", "timer of "),
}
"""The lines in which a plant is told, where they have other names than it: a goroutine's local, what the runtime keeps for timers."""


def seen(look: Look, root: str) -> int:
    """Bytes that were found of a plant."""
    return look.held(*PLANTS.get(root, (root,)))


def planted(program: Program) -> dict[str, int]:
    """Bytes by which HeapAlloc grew with each plant. The channel's buffer of main.queue was made before: 65,536 pointers."""
    truth = {root: int(row[0]) for root, row in program.ask("truth").items()}
    truth["main.queue"] += 8 << 16
    return truth


def counted(scale: int) -> dict[str, int]:
    """Objects of a type that the program made (goplanted/main.go)."""
    thousands = {"main.Entry": 11, "main.Node": 9, "main.Meta": 2, "main.Item": 4, "main.Page": 1}
    return {name: 1000 * scale * many for name, many in thousands.items()}


def load() -> str:
    """How busy the machine is: what runs beside blurs wall times."""
    return f"load {os.getloadavg()[0]:.1f}"


@contextmanager
def requests(address: str) -> Iterator[list[float]]:
    """Milliseconds of GETs over one connection, one after the other, 1 ms apart, as long as the block lasts; complete when it has ended."""
    found: list[float] = []
    over = threading.Event()

    def ask() -> None:
        connection = HTTPConnection(address, timeout=LOOK_WITHIN_S)
        number = 0
        while not over.wait(0.001):
            begun_s = time.perf_counter()
            connection.request("GET", f"/{number % 1000}")
            connection.getresponse().read()
            found.append((time.perf_counter() - begun_s) * 1000)
            number += 1
        connection.close()

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield found
    finally:
        over.set()
        asker.join()


def at(times: Sequence[float], share: float) -> float:
    """The time that such a share of the requests does not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def off(found: float, truth: float) -> str:
    return f"{100 * (found / truth - 1):+.3f} %"
