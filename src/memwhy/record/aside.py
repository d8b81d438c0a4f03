"""A process of our own that looks at who holds the target's heap, so that no tick waits and no memory stays; see `inspect.aside`."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import memwhy
from memwhy.model.evidence import Evidence
from memwhy.sources import held

_START = (
    "import sys; sys.path[:] = {path!r}; from memwhy.inspect.aside import main; raise SystemExit(main(sys.argv[1:]))"
)
_OURS = str(Path(memwhy.__file__).parents[1])
"""Where the memwhy that runs came from; another may stand before it on the path by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of one look: evidence, or why there is none. cpu_s: of the look; own_s: of all else, since the look before."""

    evidence: Evidence | None
    problem: str | None
    cpu_s: float
    own_s: float


class Looker:
    """That process, from the first look on. `ask`, then `poll` until something comes."""

    def __init__(self, root: str, pid: int) -> None:
        """Raises OSError where none can be started."""
        self.looking = False
        self._own_s = 0.0
        self._file = os.memfd_create("memwhy-holders")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=[_OURS, *sys.path]), str(pid), root, str(self._file)],
                pass_fds=(self._file,),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError:
            os.close(self._file)
            raise

    def ask(self, cpu_s: int, memory_bytes: int) -> None:
        """Begin a look that may take so much."""
        assert self._process.stdin is not None
        self.looking = True
        try:
            self._process.stdin.write(f"{cpu_s} {memory_bytes}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # `poll` says that it ended

    def poll(self, wait_s: float = 0.0) -> Looked | None:
        """What came of the look, if it is over by then."""
        assert self._process.stdout is not None
        if not self.looking or not select.select([self._process.stdout], [], [], wait_s)[0]:
            return None
        self.looking = False
        line = self._process.stdout.readline()
        if not line:
            return Looked(evidence=None, problem="the process that looks broke off", cpu_s=0.0, own_s=0.0)
        told = json.loads(line)
        own_s, self._own_s = told["own_s"] - self._own_s, told["own_s"]
        spent_s = told["look_s"]
        if told["code"]:
            ended = f"it was ended after {spent_s:.1f} s of CPU" if told["code"] < 0 else "the look broke off"
            return Looked(evidence=None, problem=ended, cpu_s=spent_s, own_s=own_s)
        evidence = self._found()
        return Looked(evidence=evidence, problem=evidence.error, cpu_s=spent_s, own_s=own_s)

    def _found(self) -> Evidence:
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            head, _, raw = file.read().partition(b"\n")
        return Evidence(source=held.NAME, raw=raw, **json.loads(head))

    def close(self) -> float:
        """End it, and a look that is being made. Returns the CPU seconds that nobody was told of; a second time does nothing."""
        if self._process.returncode is not None:
            return 0.0
        os.killpg(self._process.pid, signal.SIGKILL)
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        os.close(self._file)
        left_s = used.ru_utime + used.ru_stime - self._own_s
        return max(0.0, left_s) if self.looking else 0.0
