"""The program of programs/hold: built, run, and asked for the truth about its own heap."""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from memwhy.memory.live import Live
from memwhy.model.mapping import Mapping
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime
from memwhy.sources.proc import smaps

PROGRAM = Path(__file__).parent / "programs" / "hold"
FIELDS = (
    *("Alloc", "TotalAlloc", "Sys", "Lookups", "Mallocs", "Frees"),
    *("HeapAlloc", "HeapSys", "HeapIdle", "HeapInuse", "HeapReleased", "HeapObjects"),
    *("StackInuse", "StackSys", "MSpanInuse", "MSpanSys", "MCacheInuse", "MCacheSys"),
    *("BuckHashSys", "GCSys", "OtherSys", "NextGC", "LastGC", "PauseTotalNs"),
)
_PAUSES = struct.Struct("<256Q")
_END = struct.Struct("<IId8x")
_BY_SIZE = struct.Struct("<I4xQQ")
_STATS_BYTES = 8 * len(FIELDS) + 2 * _PAUSES.size + _END.size + 61 * _BY_SIZE.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What runtime.ReadMemStats wrote, and runtime.NumGoroutine."""

    fields: dict[str, int]
    gc_cpu_fraction: float
    by_size: tuple[tuple[int, int, int], ...]
    pause_ns: tuple[int, ...]
    pause_end_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The running program, which does nothing until it is told."""

    process: "subprocess.Popen[bytes]"

    def told(self, size: int) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.read(size)

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode())
        self.process.stdin.flush()

    def do(self, command: str) -> None:
        """g: collect, d: drop half and collect, o: collector off, l: memory limit, b: four goroutines that allocate, t: trace."""
        self.tell(command)
        assert self.told(1) == command.encode()

    def memstats(self) -> Truth:
        """Its ReadMemStats; the answer allocates nothing."""
        self.tell("m")
        raw = self.told(_STATS_BYTES + 8)
        at = 8 * len(FIELDS)
        fields = dict(zip(FIELDS, struct.unpack_from(f"<{len(FIELDS)}Q", raw), strict=True))
        pauses, ends = _PAUSES.unpack_from(raw, at), _PAUSES.unpack_from(raw, at + _PAUSES.size)
        at += 2 * _PAUSES.size
        fields["NumGC"], fields["NumForcedGC"], fraction = _END.unpack_from(raw, at)
        rows = tuple(_BY_SIZE.iter_unpack(raw[at + _END.size : _STATS_BYTES]))
        fields["NumGoroutine"] = int.from_bytes(raw[_STATS_BYTES:], "little")
        return Truth(fields=fields, gc_cpu_fraction=fraction, by_size=rows, pause_ns=pauses, pause_end_ns=ends)

    def heap_text(self) -> str:
        """Its own heap profile, debug=1."""
        self.tell("h")
        assert self.process.stdout is not None
        return self.told(int(self.process.stdout.readline())).decode()

    def heap_file(self) -> bytes:
        """Its own heap profile, gzipped protobuf."""
        self.tell("p")
        assert self.process.stdout is not None
        return self.told(int(self.process.stdout.readline()))


def toolchains() -> list[str]:
    """go commands to test with: those that MEMWHY_TEST_GO names, separated by colons, else the found one; "" for none."""
    named = [go for go in os.environ.get("MEMWHY_TEST_GO", "").split(":") if go]
    return named or [shutil.which("go") or ""]


def build(go: str, into: Path, *flags: str, cgo: bool = False, program: Path = PROGRAM) -> Path:
    """The program, built by a toolchain; an exception with the compiler's words when it cannot be. Skips without toolchain."""
    if not go:
        pytest.skip("no Go toolchain")
    environment = {**os.environ, "CGO_ENABLED": str(int(cgo)), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "build", *flags, "-o", str(into), "."],
        cwd=program,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return into


@contextmanager
def held(path: Path, megabytes: int, *arguments: int) -> Iterator[Held]:
    """The program once its heap is about that size; it ends with the block."""
    command = [str(path), str(megabytes), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            program = Held(process)
            assert program.told(1) == b"r"
            yield program
        finally:
            process.stdin.close()
            process.wait(10)


@contextmanager
def attached(pid: int) -> Iterator[GoRuntime]:
    """The runtime of a process, opened from outside."""

    def mappings() -> tuple[Mapping, ...]:
        return smaps.parse(smaps.read("/proc", pid)).mappings

    with Live.open(pid, mappings=mappings) as space:
        adapter = GoAdapter()
        match = adapter.detect(space)
        assert match is not None
        yield adapter.open(space, match)


def profile_records(text: str) -> dict[tuple[str, tuple[str, ...]], tuple[tuple[str, ...], ...]]:
    """A heap profile's text by (addresses, counts), with the frames below each; columns instead of tabs."""
    records: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, ...], ...]] = {}
    key = None
    for line in text.partition("# runtime.MemStats")[0].splitlines():
        match = re.match(r"(\d+): (\d+) \[(\d+): (\d+)\] @(.*)", line)
        if match is not None:
            key = match[5].strip(), match.groups()[:4]
            records[key] = ()
        elif line.startswith("#") and key is not None:
            records[key] += (tuple(line[1:].split()),)
    return records
