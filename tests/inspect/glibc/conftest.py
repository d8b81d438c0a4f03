"""The truth program, built once per run with the machine's compiler and glibc."""

import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "truth.c"


@pytest.fixture(scope="session")
def truth_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    out = tmp_path_factory.mktemp("truth") / "truth"
    subprocess.run([compiler, "-O1", "-fno-builtin", "-pthread", "-o", out, PROGRAM], check=True)
    return out


@pytest.fixture(scope="session")
def static_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    out = tmp_path_factory.mktemp("truth") / "truth-static"
    done = subprocess.run(
        [compiler, "-O1", "-fno-builtin", "-pthread", "-static", "-o", out, PROGRAM], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("no static C library")
    return out
