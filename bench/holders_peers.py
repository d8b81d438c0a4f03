"""Goref (github.com/cloudwego/goref) on the same process: it stops the process as long as it reads."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE.parent / ".toolchain" / "goref" / "grf"
WITHIN_S = 180.0
BUILD_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """ended: it gave an answer in time."""

    wall_s: float
    cpu_s: float
    rss_bytes: int
    ended: bool
    said: str


def goref() -> tuple[Path | None, str]:
    """Its command and version, or why there is none: from PATH, from .toolchain, else built where the module proxy has it."""
    found = shutil.which("grf") or (str(KEPT) if KEPT.exists() else None)
    if found is None:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(
                ["go", "install", "github.com/cloudwego/goref/cmd/grf@latest"],
                env={**os.environ, "GOBIN": str(KEPT.parent)}, capture_output=True, text=True, timeout=BUILD_WITHIN_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"goref could not be built: {error}"
        if done.returncode != 0:
            return None, f"goref could not be built: {done.stderr.strip().splitlines()[0]}"
        found = str(KEPT)
    info = subprocess.run(["go", "version", "-m", found], capture_output=True, text=True, check=False).stdout
    versions = [
        " ".join(line.split()[1:3]).removeprefix("github.com/")
        for line in info.splitlines()
        if line.split()[:1] in (["mod"], ["dep"]) and ("goref" in line or "delve" in line)
    ]
    return Path(found), ", ".join(versions) or "version not known"


def run(command: Path, pid: int) -> Ran:
    """One attach, at most WITHIN_S long. Ended early, it must let go of the process: SIGINT first."""
    with tempfile.TemporaryDirectory(prefix="memwhy-bench-") as folder, open(Path(folder) / "said", "w+") as said:
        begun_s = time.monotonic()
        process = subprocess.Popen(
            [command, "attach", str(pid), "-o", f"{folder}/out"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        watched = os.pidfd_open(process.pid)
        try:
            ended = bool(_readable(watched, WITHIN_S))
            if not ended:
                process.send_signal(signal.SIGINT)
                if not _readable(watched, 20.0):
                    process.kill()
        finally:
            os.close(watched)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - begun_s
        said.seek(0)
        lines = said.read().replace(f" to `{folder}/out`", "").strip().splitlines()
    return Ran(
        wall_s,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024,
        ended and process.returncode == 0,
        lines[-1] if lines else "",
    )


def _readable(descriptor: int, within_s: float) -> bool:
    import select

    return bool(select.select([descriptor], [], [], within_s)[0])
