"""A truth program that is held while we look: it waits on its standard input and tells mallinfo2 for every line."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from memwhy.memory.live import Live
from memwhy.model.inspection import Malloc
from memwhy.model.mapping import Mapping as MemoryMapping
from memwhy.sources.proc import smaps


@dataclass(frozen=True, slots=True)
class Info:
    """mallinfo2's fields, bytes but for hblks."""

    arena: int
    uordblks: int
    fordblks: int
    fsmblks: int
    hblks: int
    hblkhd: int


def info_of(census: Malloc) -> Info:
    """The same fields as memwhy counted them."""
    return Info(
        census.system_bytes,
        census.in_use_bytes,
        census.free_bytes,
        census.fastbin_bytes,
        census.mmapped_count,
        census.mmapped_bytes,
    )


class Held:
    """One running truth program; ended by its pid when the block ends."""

    def __init__(
        self,
        program: Path,
        scene: str,
        count: int = 0,
        environment: Mapping[str, str] | None = None,
        *,
        before: Sequence[str] = (),
    ) -> None:
        self._process = subprocess.Popen(
            [*before, program, scene, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self.pid = self._process.pid
        self.info = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, word: str = "x") -> Info:
        """mallinfo2 now; "t" trims first."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Info:
        assert self._process.stdout is not None
        figures = [int(figure) for figure in self._process.stdout.readline().split()]
        assert len(figures) == 7, "the truth program ended early"
        return Info(*figures[:6])

    def space(self) -> Live:
        """Its address space; to be closed by the caller."""

        def mappings() -> tuple[MemoryMapping, ...]:
            return smaps.parse(smaps.read("/proc", self.pid)).mappings

        return Live.open(self.pid, mappings=mappings)

    def status_kb(self, key: str) -> int:
        """One figure of /proc/PID/status, kB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
        raise KeyError(key)
