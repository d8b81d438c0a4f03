"""C programs of tests: compiled on demand, spoken to by lines, ended by their own pid."""

import atexit
import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest


@cache
def compiled(source: Path, *flags: str) -> Path:
    """The program, compiled with these flags and with threads, in a directory that every user may enter; skipped where
    that cannot be done here."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    directory = Path(mkdtemp(prefix="memwhy-programs-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    command = ["cc", *flags, "-o", str(directory / source.stem), str(source), "-pthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot be built here: {done.stderr[-300:]}")
    return directory / source.stem


class Answering:
    """A running program that answers a line with a line. first: what it printed before it was asked anything."""

    def __init__(self, process: "subprocess.Popen[str]", first: str) -> None:
        self.process = process
        self.pid = process.pid
        self.first = first

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
def answering(
    *command: str | Path, env: Mapping[str, str] | None = None, user: int | None = None
) -> Iterator[Answering]:
    """The program once it has printed a line, until the block ends."""
    extra = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=None if env is None else dict(env),
        **extra,  # type: ignore[arg-type]
    )
    with process:
        try:
            assert process.stdout is not None
            yield Answering(process, process.stdout.readline().strip())
        finally:
            process.kill()
            process.wait()
