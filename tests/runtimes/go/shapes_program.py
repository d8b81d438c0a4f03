"""The program of programs/shapes: built, run, and asked for its own goroutines."""

import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from memwhy.memory.live import Live
from memwhy.model.mapping import Mapping
from memwhy.sources.proc import smaps

PROGRAM = Path(__file__).parent / "programs" / "shapes"
_HEAD = re.compile(r"goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\]]*)\]:")
_FRAME = re.compile(r"(.+)\((.*)\)$")
_PLACE = re.compile(r"\t(.+):(\d+)(?: \+0x[0-9a-f]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One goroutine as a traceback tells it. frames: (function, file, line), leaf first."""

    id: int
    state: str
    frames: tuple[tuple[str, str, int], ...]
    created_by: tuple[str, str, int] | None


def build(go: str, into: Path, *flags: str, cgo: bool) -> Path:
    """The program, built by a toolchain; an exception with the compiler's words when it cannot be."""
    environment = {**os.environ, "CGO_ENABLED": str(int(cgo)), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "build", *flags, "-o", str(into), "."],
        cwd=PROGRAM,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return into


@contextmanager
def running(program: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """(address of its pprof pages, pid) once every goroutine is where it shall be; it ends with the block."""
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            address, pid = process.stdout.readline().split()
            yield address, int(pid)
        finally:
            process.stdin.close()
            process.wait(10)


def open_live(pid: int) -> Live:
    """The process as a Space."""

    def mappings() -> tuple[Mapping, ...]:
        return smaps.parse(smaps.read("/proc", pid)).mappings

    return Live.open(pid, mappings=mappings)


def told_by(address: str) -> dict[int, Told]:
    """What /debug/pprof/goroutine?debug=2 says, by goroutine."""
    with urllib.request.urlopen(f"http://{address}/debug/pprof/goroutine?debug=2", timeout=30) as answer:
        return tracebacks(answer.read().decode())


def tracebacks(text: str) -> dict[int, Told]:
    """The goroutines of a traceback."""
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
        told[int(head[1])] = Told(id=int(head[1]), state=head[2], frames=tuple(frames), created_by=created)
    return told
