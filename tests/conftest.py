"""What all tests share: golden files (`pytest --update-golden` rewrites them, and their diff is then read as prose),
the Go that the specimens were built with, and how long properties are tried."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import browser as browser
from hypothesis import HealthCheck, settings

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).resolve().parent.parent

# A machine that is busy with other things makes a draw slow, not wrong; what must be quick has a test of its own.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    """Put Go on PATH where it was installed beside the project, as `make test` does."""
    if shutil.which("go") is None and (ROOT / "specimens" / "bin" / "built").exists():
        done = subprocess.run(
            [sys.executable, ROOT / "tools" / "find_go.py"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            os.environ["PATH"] = f"{Path(done.stdout.strip()).parent}{os.pathsep}{os.environ['PATH']}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what is rendered now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with tests/golden/NAME, or rewrites that file."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_bytes(text.encode())
        assert path.is_file(), f"no golden file {name}: make it with --update-golden"
        assert text == path.read_bytes().decode()

    return compare
