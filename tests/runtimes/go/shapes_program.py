"""The program of programs/shapes: built, run, and asked for its own goroutines."""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.model.mapping import Mapping
from memwhy.runtimes.go.adapter import GoAdapter, GoRuntime
from memwhy.sources.proc import smaps

PROGRAM = Path(__file__).parent / "programs" / "shapes"
TOOLCHAINS = tuple(filter(None, (shutil.which("go"), *os.environ.get("MEMWHY_GO", "").split(os.pathsep))))
"""The go commands to build with: the one on PATH, and those that MEMWHY_GO names, as a PATH does."""
BUILDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "static": ((), False),
    "static, stripped": (("-ldflags=-s -w",), False),
    "cgo": ((), True),
    "cgo, PIE, stripped": (("-buildmode=pie", "-ldflags=-s -w"), True),
}
"""How: flags, and whether with cgo."""
_HEAD = re.compile(r"goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\]]*)\]:")
_FRAME = re.compile(r"(.+)\((.*)\)$")
_PLACE = re.compile(r"\t(.+):(\d+)(?: \+0x[0-9a-f]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One goroutine as a traceback tells it. frames: (function, file, line), leaf first; cut: more follow."""

    id: int
    state: str
    frames: tuple[tuple[str, str, int], ...]
    created_by: tuple[str, str, int] | None
    cut: bool = False

    def until(self, other: "Told") -> "Told":
        """As far as another one goes that was cut."""
        return replace(self, frames=self.frames[: len(other.frames)], cut=True) if other.cut else self

    def of_a_request(self) -> bool:
        """Is it there only because the program was asked, or moved by that?"""
        names = [name for name, _, _ in (*self.frames, *filter(None, [self.created_by]))]
        return any(name.startswith("net/http.") for name in names)


@cache
def built(go: str, way: str) -> Path:
    """The program, built once per run by a toolchain in one of the ways of BUILDS; the test is skipped where that cannot be done."""
    flags, cgo = BUILDS[way]
    if not go or (cgo and shutil.which("gcc") is None):
        pytest.skip("needs Go and, for cgo, a C compiler")
    directory = Path(tempfile.mkdtemp(prefix="memwhy-shapes-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    environment = {**os.environ, "CGO_ENABLED": str(int(cgo)), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    command = [go, "build", *flags, "-o", str(directory / "shapes"), "."]
    done = subprocess.run(command, cwd=PROGRAM, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory / "shapes"


@contextmanager
def running(program: Path, *arguments: str) -> Iterator[tuple[str, int, int]]:
    """(address of its pprof pages, pid, runtime.NumGoroutine()) once every goroutine is where it shall be; it ends with the block."""
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            address, pid, number = process.stdout.readline().split()
            yield address, int(pid), int(number)
        finally:
            process.kill()


def open_live(pid: int) -> Live:
    """The process as a Space."""

    def mappings() -> tuple[Mapping, ...]:
        return smaps.parse(smaps.read("/proc", pid)).mappings

    return Live.open(pid, mappings=mappings)


def attach(space: Space) -> GoRuntime:
    """The Go runtime of an address space."""
    adapter = GoAdapter()
    match = adapter.detect(space)
    assert match is not None
    return adapter.open(space, match)


@contextmanager
def attached(program: Path, *arguments: str) -> Iterator[tuple[str, GoRuntime]]:
    """(address of its pprof pages, its runtime as seen from outside) of a running program."""
    with running(program, *arguments) as (address, pid, _), open_live(pid) as space:
        yield address, attach(space)


def told_by(address: str) -> dict[int, Told]:
    """What /debug/pprof/goroutine?debug=2 says, by goroutine."""
    with urllib.request.urlopen(f"http://{address}/debug/pprof/goroutine?debug=2", timeout=30) as answer:
        return tracebacks(answer.read().decode())


def tracebacks(text: str) -> dict[int, Told]:
    """The goroutines of a traceback. Go up to 1.20 walks 100 frames, hidden ones included, and seldom says that more follow."""
    told: dict[int, Told] = {}
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        head = _HEAD.match(lines[0])
        assert head is not None, lines[0]
        frames: list[tuple[str, str, int]] = []
        created: tuple[str, str, int] | None = None
        at = 1
        while at < len(lines):
            line = lines[at]
            place = _PLACE.match(lines[at + 1]) if at + 1 < len(lines) else None
            if place is None:
                at += 1
                continue
            where = (place[1], int(place[2]))
            if line.startswith("created by "):
                created = (line.removeprefix("created by ").split(" in goroutine ")[0], *where)
            else:
                name = _FRAME.match(line)
                assert name is not None, line
                frames.append((name[1], *where))
            at += 2
        told[int(head[1])] = Told(
            id=int(head[1]),
            state=head[2],
            frames=tuple(frames),
            created_by=created,
            cut=len(frames) > 90 and not any(line.endswith("frames elided...") for line in lines),
        )
    return told
