"""Runs tests/inspect/programs/held_elsewhere.c, which holds its blocks from where it is told; makes cores of it."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from c_programs import compiled

SOURCE = Path(__file__).resolve().parent / "programs" / "held_elsewhere.c"


@contextmanager
def started(where: str, path: Path | str = "", directory: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """The program, ready, until the block ends. directory: where the kernel writes its core. path: of a file, if one is needed."""

    with subprocess.Popen(
        [
            "sh",
            "-c",
            f'{"" if directory is None else "ulimit -c unlimited; "}exec "$0" "$@"',
            compiled(SOURCE, "-O1"),
            where,
            path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=directory,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        if child.stdout.readline() != b"ready\n":
            pytest.skip(f"this machine has no {where}")
        yield child
        child.stdin.close()


@contextmanager
def holding(where: str, path: Path | str = "") -> Iterator[int]:
    """Its pid."""
    with started(where, path) as child:
        yield child.pid


def core_by_gcore(directory: Path, where: str, path: Path | str = "") -> Path:
    """A core of it as gdb writes them."""
    if shutil.which("gcore") is None:
        pytest.skip("needs gdb's gcore")
    with holding(where, path) as pid:
        done = subprocess.run(["gcore", "-o", directory / "core", str(pid)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("gcore may not attach here")
    return directory / f"core.{pid}"


def core_by_kernel(directory: Path, where: str, path: Path | str = "") -> Path:
    """A core of it as the kernel writes them."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip("this kernel hands cores to another program")
    with started(where, path, directory) as child:
        child.send_signal(signal.SIGABRT)
        child.wait()
    cores = list(directory.glob("core*"))
    if not cores:
        pytest.skip("no core was written here")
    return cores[0]
