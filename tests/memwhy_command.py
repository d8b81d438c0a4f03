"""The memwhy command as people run it: a process of its own, bounded in time, never with a traceback; and processes to look at."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import memwhy
from memwhy.model.errors import RecordingError
from memwhy.recording import open_recording
from memwhy.render import json as json_view

SCHEMA = Path(json_view.__file__).with_name("diagnosis-1.schema.json")
PACKAGES = (str(Path(memwhy.__file__).parents[1]), *(path for path in sys.path if path.endswith("site-packages")))
WITHIN_S = 90.0
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """Its answer in JSON, checked against the schema and for a sum that is right to the byte."""
        assert self.code == 0, self.err
        answer: dict[str, Any] = json.loads(self.out)
        check_answer(answer)
        return answer


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, with memwhy importable and without what a terminal or the person who tests has set."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LC_", "LANG", "NO_COLOR"))
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(PACKAGES), "COLUMNS": "80", **(changes or {})}


def command(arguments: Sequence[str], python: str = sys.executable) -> list[str]:
    """The command line that runs memwhy. Warnings are errors there too."""
    return [python, "-W", "error", "-m", "memwhy", *arguments]


def run_memwhy(
    *arguments: str | Path,
    stdin: bytes | int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    most_bytes: int | None = None,
    python: str = sys.executable,
    user: int | None = None,
    within_s: float = WITHIN_S,
) -> Done:
    """Run to the end. most_bytes: bound of its address space, set by the shell. Fails when there is a traceback."""
    line = command([str(argument) for argument in arguments], python)
    if most_bytes is not None:
        line = ["/bin/sh", "-c", f'ulimit -v {most_bytes >> 10}; exec "$@"', "sh", *line]
    done = subprocess.run(
        line,
        input=stdin if isinstance(stdin, bytes) else None,
        stdin=None if isinstance(stdin, bytes) else stdin,
        capture_output=True,
        env=environment(env),
        cwd=cwd,
        timeout=within_s,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    return finished(done.returncode, done.stdout, done.stderr)


def finished(code: int, out: bytes, err: bytes) -> Done:
    """A finished command, after a look for tracebacks."""
    for text in (out, err):
        assert b"Traceback" not in text, text.decode(errors="replace")
        assert b"Exception ignored" not in text, text.decode(errors="replace")
    return Done(code, out.decode(), err.decode())


@contextmanager
def started_memwhy(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Start and go on; killed at the end when it still runs. Its output are pipes."""
    process = subprocess.Popen(
        command([str(argument) for argument in arguments]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(env),
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def outcome(process: subprocess.Popen[bytes]) -> Done:
    """Wait for a started command."""
    out, err = process.communicate(timeout=WITHIN_S)
    return finished(process.returncode, out, err)


def check_answer(answer: Mapping[str, Any]) -> None:
    """The schema holds, and the layers and the remainder sum to the total they are of."""
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        pass
    else:
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(answer)
    total = answer["total"]
    if total is not None and total["metric"] == "process.rss_bytes" and answer["layers"]:
        layers = sum(layer["bytes"] for layer in answer["layers"])
        assert layers + answer["unaccounted_bytes"] == total["bytes"]


@contextmanager
def process_of(code: str, *arguments: str, user: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has printed a line and runs on until its standard input ends; `sys` is imported."""
    python = sys.executable if user is None else python_for_anybody()
    process = subprocess.Popen(
        [str(python), "-I", "-S", "-c", f"import sys\n{code}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


IDLE = "print('ready', flush=True); sys.stdin.read()"
"""A process that does nothing."""


def python_for_anybody() -> str | None:
    """A Python of at least 3.11 that a user without any rights may run together with memwhy; None when there is none."""
    check = "import sys; assert sys.version_info >= (3, 11); import memwhy.cli.watch, memwhy.diagnose, memwhy.record"
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")):
        if python is None:
            continue
        try:
            subprocess.run(
                [python, "-c", check],
                env=environment(),
                cwd="/",
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                capture_output=True,
                check=True,
                timeout=30,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None


def wait_for_ticks(path: Path, ticks: int) -> None:
    """Return when a recording that is being written holds at least so many ticks; any reader may look at any time."""
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        try:
            with open_recording(path) as recording:
                if sum(1 for _ in recording.snapshots()) >= ticks:
                    return
        except RecordingError:
            pass  # not begun yet
        time.sleep(0.02)  # only so that this loop does not spin
    raise AssertionError(f"{path} did not come to {ticks} ticks in {WITHIN_S:g} s")
