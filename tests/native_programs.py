"""The C programs of tests/native/programs, built once and run with the sampler in them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from memwhy.native.clock import IMAGE, PRELOAD, clock
from memwhy.native.header import Settings
from memwhy.native.preloaded import Preloaded
from memwhy.native.snapshot import Snapshot, read_snapshot

PROGRAMS = Path(__file__).parent / "native" / "programs"
ALL = Settings(period_bytes=1, budget=0.0, orphan_s=0.0)
"""Every block of at least 44 bytes is a sample that stands for itself alone: figures are exact."""


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where this test run builds."""
    return Path(mkdtemp(prefix="memwhy-native-"))


@lru_cache
def built(name: str, *options: str) -> Path:
    """The binary of one program; the test is skipped where there is no compiler, or no sampler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    if not (PRELOAD.exists() and IMAGE.exists()):
        pytest.skip("the sampler is not built here")
    binary = folder() / "-".join((name, *(option.strip("-").replace("=", "_") for option in options)))
    command = [compiler, "-O2", "-g", "-w", "-pthread", *options, "-o", str(binary), str(PROGRAMS / f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return binary


class Sampled:
    """A process with the sampler in it, and its tables."""

    def __init__(self, process: "subprocess.Popen[bytes]", tables: Preloaded) -> None:
        self.process = process
        self.tables = tables

    def line(self) -> bytes:
        """The next line that it prints; b"" when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def tell(self, line: bytes = b"\n") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def end(self) -> int:
        """Close its standard input; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait()

    def snapshot(self) -> Snapshot:
        return read_snapshot(self.tables.read, clock().now())


@contextmanager
def sampled(command: Sequence[str | Path], settings: Settings = ALL) -> Iterator[Sampled]:
    """A process that runs; it is killed if it still does at the end."""
    with Preloaded(settings) as tables:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=tables.environment(os.environ),
            pass_fds=(tables.descriptor,),
        )
        with process:
            try:
                yield Sampled(process, tables)
            finally:
                if process.poll() is None:
                    process.kill()
