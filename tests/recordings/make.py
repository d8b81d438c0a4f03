"""Makes a recording of a real cat in the newest schema: python tests/recordings/make.py FILE. Files once released stay."""

import subprocess
import sys
import time
from pathlib import Path

from memwhy.model.evidence import Evidence, Snapshot
from memwhy.recording import Recorder


def read(pid: int, name: str) -> Evidence:
    """One file of /proc/PID, with what went wrong."""
    monotonic_ns, wall_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns()
    try:
        raw, error = Path(f"/proc/{pid}/{name}").read_bytes(), None
    except OSError:
        raw, error = b"", "gone"
    return Evidence(
        source=f"proc/{name}",
        monotonic_ns=monotonic_ns,
        wall_ns=wall_ns,
        cost_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME) - monotonic_ns,
        raw=raw,
        error=error,
    )


def main() -> None:
    """400 ticks; status in each, smaps in every tenth; the last tick finds the process gone."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    meta = {"command": "cat", "made.by": "tests/recordings/make.py"}
    recorder = Recorder.create(sys.argv[1], meta=meta)
    for tick in range(400):
        if tick == 399:
            process.communicate()
        names = ("status", "smaps") if tick % 10 == 0 else ("status",)
        evidence = tuple(read(process.pid, name) for name in names)
        recorder.append(
            Snapshot(
                tick=tick,
                monotonic_ns=evidence[0].monotonic_ns,
                wall_ns=evidence[0].wall_ns,
                late_ns=0,
                cpu_ns=sum(one.cost_ns for one in evidence),
                evidence=evidence,
            )
        )
    recorder.close("the target ended")


if __name__ == "__main__":
    main()
