"""The program of the bench of native attribution: alone, with the sampler in it from the start, and attached to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "specimens" / "inside"), str(ROOT / "specimens")]

from programs import built  # noqa: E402  (specimens/inside/programs.py is no package)
from run import end, first_line  # noqa: E402
from targets import resident_bytes  # noqa: E402

from memwhy.memory.live import Live  # noqa: E402
from memwhy.native.attach import Attachment, attach  # noqa: E402
from memwhy.native.clock import clock  # noqa: E402
from memwhy.native.guide import Guide, Tables  # noqa: E402
from memwhy.native.header import Settings  # noqa: E402
from memwhy.native.layout import REGION_BYTES, State  # noqa: E402
from memwhy.native.preloaded import Preloaded  # noqa: E402
from memwhy.native.snapshot import Snapshot, read_snapshot  # noqa: E402
from memwhy.native.symbols import Symbols  # noqa: E402
from memwhy.sources.proc import maps, smaps  # noqa: E402

PROGRAM = "cgochurn"
SLOWEST_ANSWER_S = 900.0
READY_WITHIN_S = 120.0


@dataclass(slots=True)
class Running:
    """The program, READY. tick: tells the sampler what is new, before each command; nothing for other tools."""

    process: "subprocess.Popen[bytes]"
    pid: int
    tables: Tables | None = None
    space: Live | None = None
    guide: Guide | None = None
    attachment: Attachment | None = None
    beat: Callable[[], None] = field(default=lambda: None)

    def ask(self, command: str) -> dict[str, Any]:
        """The answer to one command of the program's."""
        self.tick()
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(first_line(self.process, SLOWEST_ANSWER_S))
        return answer

    def tick(self) -> None:
        if self.space is not None and self.guide is not None:
            self.beat()
            self.space.refresh()
            self.guide.look()

    def snapshot(self) -> Snapshot:
        assert self.tables is not None
        return read_snapshot(self.tables.read, clock().now())

    def symbols(self) -> Symbols:
        """Names of its program counters; a context manager."""
        assert self.space is not None and self.guide is not None
        self.space.refresh()
        return Symbols(self.space, self.guide.go, root=f"/proc/{self.pid}/root")

    def rss_bytes(self) -> int:
        """RSS by the kernel's own walk over the pages."""
        return resident_bytes(self.pid)

    def own_bytes(self) -> int:
        """Resident bytes of the sampler's memory in it."""
        if self.attachment is not None:
            return _resident_in(self.pid, self.attachment.region - (1 << 16), self.attachment.region + REGION_BYTES)
        return _resident_of(self.pid, ("memfd:memwhy-sampler", "sampler-preload.so"))


@contextmanager
def plain(
    flavour: str = "",
    prefix: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[Running]:
    """The program as long as the block lasts. prefix: the command that runs it. Raises BuildFailed, NoGo, RuntimeError."""
    process = subprocess.Popen(
        [*prefix, str(built(PROGRAM, flavour))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if prefix else None,
        env={**os.environ, **(env or {})},
        pass_fds=pass_fds,
        start_new_session=True,
    )
    try:
        while not (line := first_line(process, READY_WITHIN_S)).startswith("READY "):
            if not line and process.poll() is not None:
                raise RuntimeError(f"{' '.join(prefix) or PROGRAM} ended with exit code {process.returncode}")
        yield Running(process, int(line.split("pid=")[1].split()[0]))
    finally:
        if process.stdin is not None:
            process.stdin.close()  # it ends by itself then, so that whoever runs it can finish too
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            end(process)


@contextmanager
def preloaded(period_bytes: int, state: State = State.ON, flavour: str = "") -> Iterator[Running]:
    """Started with the sampler in it."""
    with (
        Preloaded(Settings(period_bytes=period_bytes), state=state) as tables,
        plain(flavour, env=tables.environment(os.environ), pass_fds=(tables.descriptor,)) as running,
        _opened(running.pid) as space,
    ):
        running.tables, running.space, running.guide = tables, space, Guide(space, tables)
        running.beat = tables.beat
        running.tick()
        yield running


@contextmanager
def attached(period_bytes: int, state: State = State.ON, flavour: str = "") -> Iterator[Running]:
    """Attached to once it is READY, and detached from at the end. It allocates a little meanwhile: a call of malloc is what maps and unmaps."""
    with plain(flavour) as running:
        running.ask("drip 0 0")
        with attached_to(running, period_bytes, state):
            running.ask("calm")
            yield running
            running.ask("drip 0 0")


@contextmanager
def attached_to(running: Running, period_bytes: int, state: State = State.ON) -> Iterator[Running]:
    """The sampler in a program that runs and allocates."""
    with (
        _opened(running.pid) as space,
        attach(running.pid, period_bytes=period_bytes, state=State.OFF) as attachment,
    ):
        running.tables, running.space, running.attachment = attachment, space, attachment
        running.guide, running.beat = Guide(space, attachment), attachment.refresh
        running.tick()
        attachment.set_state(state)
        try:
            yield running
        finally:
            running.tables = running.space = running.guide = None
            running.beat = lambda: None


def _opened(pid: int) -> Live:
    return Live.open(pid, mappings=lambda: maps.parse(maps.read("/proc", pid)).mappings)


def _resident_of(pid: int, names: Sequence[str]) -> int:
    """RSS of the mappings whose file is one of those."""
    found = smaps.parse(smaps.read("/proc", pid)).mappings
    return sum(one.rss_bytes or 0 for one in found if any(name in one.path for name in names))


def _resident_in(pid: int, start: int, stop: int) -> int:
    found = smaps.parse(smaps.read("/proc", pid)).mappings
    return sum(one.rss_bytes or 0 for one in found if start <= one.start and one.end <= stop)
