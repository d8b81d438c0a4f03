"""Programs to attach to: the tiny server, and a library with Go inside, built as the tests ask and run until they end."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memwhy.memory.live import Live
from memwhy.model.mapping import Mapping
from memwhy.sources.proc import smaps

PROGRAMS = Path(__file__).parent / "programs"


def go_commands() -> list[str]:
    """The go commands to test with: GO_COMMANDS (separated by colons), else the one on PATH."""
    named = os.environ.get("GO_COMMANDS", "")
    found = named.split(":") if named else [shutil.which("go") or ""]
    return [go for go in found if go]


def build(go: str, into: Path, name: str, *flags: str, cgo: bool = False) -> Path:
    """A program of programs/, built."""
    if cgo and shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    environment = {
        **os.environ,
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": str(int(cgo)),
        "GOAMD64": "v1",
    }
    done = subprocess.run(
        [go, "build", "-trimpath", *flags, "-o", str(into), "."],
        cwd=PROGRAMS / name,
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return into


@contextmanager
def running(program: Path, *arguments: str) -> Iterator[int]:
    """The pid of a program that said READY; it ends with the block, by end of input."""
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            assert process.stdout.readline() == "READY\n"
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(10)


def open_live(pid: int) -> Live:
    """The process as a Space."""

    def mappings() -> tuple[Mapping, ...]:
        return smaps.parse(smaps.read("/proc", pid)).mappings

    return Live.open(pid, mappings=mappings)
