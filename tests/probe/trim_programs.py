"""The C programs of tests/probe/programs, compiled on demand, spoken to by lines, ended by their own pid."""

import atexit
import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@cache
def built(name: str, *flags: str) -> Path:
    """The program; skipped where it cannot be compiled."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    directory = Path(mkdtemp(prefix="memwhy-probe-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    command = ["cc", "-O1", "-w", "-pthread", *flags, "-o", str(directory / name), str(PROGRAMS / f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot be built here: {done.stderr[-300:]}")
    return directory / name


class Program:
    """One that runs and answers each line with a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.pid = process.pid

    def ask(self, line: str) -> str:
        """What it answers."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None


@contextlib.contextmanager
def freed(*commands: str, flags: tuple[str, ...] = ()) -> Iterator[Program]:
    """The program of freed.c, after these commands."""
    process = subprocess.Popen([built("freed", *flags)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            program = Program(process)
            assert [program.ask(command) for command in commands] == ["ok"] * len(commands)
            yield program
        finally:
            process.kill()
