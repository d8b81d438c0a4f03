"""A Go program with cgo, a vendored module and a replaced one: built once per run, skipped where Go or a C compiler is missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or shutil.which("cc") is None:
        pytest.skip("needs Go and a C compiler")
    target = tmp_path_factory.mktemp("shop") / "shop"
    environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "1", "GOFLAGS": "-mod=vendor"}
    done = subprocess.run(
        ["go", "build", "-trimpath", "-o", str(target), "."],
        cwd=HERE / "shop",
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return target


@contextmanager
def started(program: Path, what: str) -> Iterator[int]:
    with subprocess.Popen([program, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"READY\n"
        try:
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(timeout=20)
