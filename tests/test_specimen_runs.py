"""specimens/run.py: what a run leaves behind, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SPECIMENS = Path(__file__).resolve().parents[1] / "specimens"
RUNNER = """
import signal, sys
sys.path.insert(0, sys.argv[1])
from run import scratch
with scratch("killed-") as directory:
    (directory / "below").mkdir()
    (directory / "below" / "pages.data").write_bytes(bytes(1 << 20))
    print(directory, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("end", ["by itself", "SIGTERM", "SIGKILL"])
def test_the_files_of_a_run_go_when_its_whole_group_is_killed(end: str) -> None:
    command = [sys.executable, "-c", RUNNER, str(SPECIMENS)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as runner:
        assert runner.stdout is not None and runner.stderr is not None and runner.stdin is not None
        directory = Path(runner.stdout.readline().strip())
        assert (directory / "below" / "pages.data").stat().st_size == 1 << 20
        if end == "by itself":
            runner.stdin.close()
        else:
            os.killpg(runner.pid, getattr(signal, end))
        assert runner.stderr.read() == ""  # it ends once nobody holds it: neither the run nor who clears up behind it
    assert not directory.exists()
