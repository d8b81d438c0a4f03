"""Real Go programs for the tests: built once per run, skipped where Go or a C compiler is missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EVIDENCE = HERE.parents[1] / "evidence" / "go-1.26"


def build(name: str, target: Path, *flags: str) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go")
    if name == "incgo" and shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    environment = {
        **os.environ,
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "1" if name == "incgo" else "0",
    }
    done = subprocess.run(
        [go, "build", "-trimpath", *flags, "-o", str(target), "."],
        cwd=HERE / name,
        check=False,
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return target


@pytest.fixture(scope="session")
def incgo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that calls C."""
    return build("incgo", tmp_path_factory.mktemp("incgo") / "incgo")


@pytest.fixture(scope="session")
def stripped_incgo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, position-independent and stripped."""
    return build("incgo", tmp_path_factory.mktemp("stripped") / "incgo", "-buildmode=pie", "-ldflags=-s -w")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server with pprof, expvar and Prometheus text; pure Go, static."""
    return build("server", tmp_path_factory.mktemp("server") / "server")


@dataclass(frozen=True)
class Running:
    pid: int
    said: str


@contextmanager
def running(program: Path, *arguments: str) -> Iterator[Running]:
    """The program, started, after its READY line; ended by closing its stdin."""
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            said = next(line for line in process.stdout if line.startswith("READY"))
            yield Running(pid=process.pid, said=said.removeprefix("READY").strip())
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait(timeout=10)
