"""Processes of a name of their own, to be found by it."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def called(name: str, folder: Path) -> Iterator[int]:
    """The pid of a process whose program has this name: a copy of sleep(1) that is ended with the block."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = folder / name
    shutil.copy(sleep, program)
    with subprocess.Popen([program, "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()
