"""Run a program that prints one line of JSON and waits, and keep what the kernel says of it at that moment.

python tests/account/capture_program.py tests/evidence/smaps-NAME PROGRAM [ARGUMENT …]
"""

import subprocess
import sys
from pathlib import Path


def capture(command: list[str]) -> tuple[bytes, bytes, bytes]:
    """The line the program printed, its smaps and its status, read while it waited for the end of its input."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        truth = process.stdout.readline()
        smaps = Path(f"/proc/{process.pid}/smaps").read_bytes()
        status = Path(f"/proc/{process.pid}/status").read_bytes()
        process.stdin.close()
        process.wait(30)
    return truth, smaps, status


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(("truth.json", "smaps", "status"), capture(sys.argv[2:]), strict=True):
        (folder / name).write_bytes(content)
