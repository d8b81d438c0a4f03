"""The moments in which the target stands still: what is written then, and how long each took.

The stopping itself is `_core/stops.c`. Here is what becomes of its answers: try again while a thread stands in the wrong place, a
typed error where that does not help.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from memwhy.memory.access import why_denied
from memwhy.model.errors import MemwhyError, NotPermitted, TargetGone
from memwhy.native.errors import CannotAttach, Occupied, Unstoppable, Unwritable

MOST_WAIT_NS = 40_000_000
"""For all threads to stop; then they are let go and it is tried again."""
PATIENCE_S = 1.0
"""For another tracer to go: another memwhy's stop is short, a debugger stays."""
_SCAN_BYTES = 32 << 10
_MOST_SCAN_BYTES = 128 << 10
_SCAN_ALL_BYTES = 16 << 20
"""Of all threads' stacks together: at some GB/s that is a few milliseconds. Go's signal stacks have 32 KiB."""

Stop = Callable[
    [int, int, bool, tuple[tuple[int, bytes | None, bytes], ...], tuple[tuple[int, int, int], ...], int, int],
    tuple[int, int, int, int, int, int, int],
]
"""memwhy._core._stops.stop"""


class Outcome(IntEnum):
    """enum stop_outcome of _core/stops.h."""

    DONE = 0
    GONE = 1
    DENIED = 2
    LATE = 3
    INSIDE = 4
    DIFFERENT = 5
    UNWRITABLE = 6
    MEMORY = 7


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an address. expected: what has to be there before, None for anything. what: for people."""

    address: int
    expected: bytes | None
    fresh: bytes
    what: str = ""

    @property
    def undone(self) -> "Write":
        """What takes it back."""
        if self.expected is None:
            raise ValueError("what was there before is not known")
        return Write(self.address, self.fresh, self.expected, self.what)


class Kind(IntEnum):
    """enum stop_kind of _core/stops.h: what a range means. WORD: no word of a stack may lead there, if its thread can be in malloc."""

    KEEP_OUT = 0
    WORD = 1
    MALLOC = 2


@dataclass(frozen=True, slots=True)
class Range:
    """[start, end): where no thread may stand while something is written; or where malloc's code is."""

    start: int
    end: int
    kind: Kind = Kind.KEEP_OUT


class Different(MemwhyError):
    """The target's bytes are not those expected; nothing was written. write: which."""

    def __init__(self, write: Write) -> None:
        super().__init__(f"the code of {write.what or hex(write.address)} is not what it was a moment ago")
        self.write = write


@dataclass(slots=True)
class Stopper:
    """Stops one process. mem: a descriptor of its /proc/PID/mem, for reading and writing. stop_ns: every stop so far."""

    pid: int
    mem: int
    root: str = "/proc"
    poke: bool = False
    stop_ns: list[int] = field(default_factory=list)

    def write(self, writes: Sequence[Write], ranges: Sequence[Range] = (), *, within_s: float = 5.0) -> None:
        """Write all or nothing, in order, in one stop with no thread in any of `ranges`.

        Raises Different, Unstoppable when a thread stood in the way for `within_s`, Unwritable, Occupied, NotPermitted, TargetGone.
        """
        stop = _load()
        rows = tuple((write.address, write.expected, write.fresh) for write in writes)
        limits = tuple((part.start, part.end, int(part.kind)) for part in ranges)
        deadline = time.monotonic() + within_s
        pause_s = 0.002
        denied_from: float | None = None
        while True:
            scan_bytes = self._scan_bytes() if ranges else 0
            outcome, tid, error, address, index, stop_ns, _ = stop(
                self.pid, self.mem, self.poke, rows, limits, scan_bytes, MOST_WAIT_NS
            )
            self.stop_ns.append(stop_ns)
            if outcome == Outcome.DONE:
                return
            if outcome != Outcome.DENIED:
                denied_from = None
            elif denied_from is None:
                denied_from = time.monotonic()
            # another memwhy's stop is short; and our own tracer of a thread that was late may need a moment to end
            waits = denied_from is not None and time.monotonic() - denied_from < PATIENCE_S
            hindered = outcome in (Outcome.LATE, Outcome.INSIDE) or waits
            if not hindered or time.monotonic() > deadline:
                raise self._failed(Outcome(outcome), tid, error, address, writes[index] if writes else None)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 1.0)

    def read(self, address: int, size: int) -> bytes:
        """What is there; raises TargetGone where the address space is gone, OSError where nothing is mapped."""
        raw = os.pread(self.mem, size, address)
        if not raw and size:
            raise TargetGone(f"pid {self.pid} ended, or executed another program")
        return raw

    def store(self, address: int, content: bytes) -> None:
        """Write to memory without a stop: data, or code that nobody runs yet. By the tracer's way where the kernel takes no other."""
        try:
            done = os.pwrite(self.mem, content, address)
        except OSError:
            done = 0
        if done != len(content):
            self.read(address, 1)
            self.write([Write(address, None, content, "the sampler")])

    def _scan_bytes(self) -> int:
        """How much of each stack can be looked at while the stop stays short."""
        try:
            threads = len(os.listdir(f"{self.root}/{self.pid}/task"))
        except OSError:
            return _SCAN_BYTES
        return max(_SCAN_BYTES, min(_MOST_SCAN_BYTES, _SCAN_ALL_BYTES // max(threads, 1)))

    def _failed(self, outcome: Outcome, tid: int, error: int, address: int, write: Write | None) -> MemwhyError:
        if outcome == Outcome.GONE:
            return TargetGone(f"pid {self.pid} ended, or executed another program, while memwhy attached")
        if outcome == Outcome.DENIED:
            return denied(self.root, self.pid, tid, error)
        if outcome == Outcome.LATE:
            problem = f"thread {tid} of pid {self.pid} did not stop within {MOST_WAIT_NS // 1_000_000} ms, again and again{_state_of(self.root, self.pid, tid)}"
            return Unstoppable(problem, help="try again when that thread has returned from the kernel")
        if outcome == Outcome.INSIDE:
            problem = (
                f"thread {tid} of pid {self.pid} stands, or will return to, where memwhy has to write ({address:#x})"
            )
            return Unstoppable(
                problem, help="try again; a thread halted by SIGSTOP or a debugger has to be let go first"
            )
        if outcome == Outcome.DIFFERENT and write is not None:
            return Different(write)
        if outcome == Outcome.UNWRITABLE and write is not None:
            problem = f"the kernel did not take {len(write.fresh)} bytes of code for {write.what or hex(write.address)} in pid {self.pid}: {os.strerror(error)}"
            return Unwritable(problem)
        return CannotAttach("memwhy itself has no memory or no thread left to stop the target with")


def tracer_of(root: str, pid: int, tid: int) -> int:
    """The tid that traces a thread, 0 for nobody."""
    try:
        with open(f"{root}/{pid}/task/{tid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("TracerPid:")), 0)
    except (OSError, ValueError, IndexError):
        return 0


def denied(root: str, pid: int, tid: int, error: int) -> MemwhyError:
    """Why the kernel does not let us trace a thread: another tracer, or the rules."""
    tracer = tracer_of(root, pid, tid)
    if tracer:
        return Occupied(
            f"pid {pid} is traced by pid {tracer} ({_name_of(root, tracer)}); a process has one tracer at a time",
            help=f"end that debugger or strace (pid {tracer}) first",
        )
    reason, advice = why_denied(root, pid)
    return NotPermitted(f"the kernel does not let us trace pid {pid} ({os.strerror(error)}): {reason}", help=advice)


def _name_of(root: str, pid: int) -> str:
    try:
        with open(f"{root}/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "not to be seen from here"


def _state_of(root: str, pid: int, tid: int) -> str:
    try:
        with open(f"{root}/{pid}/task/{tid}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
    return ": it waits in the kernel, uninterruptibly (D)" if state == "D" else f" (state {state})"


def _load() -> "Stop":
    """The compiled stop. Raises CannotAttach where it was not built."""
    try:
        from memwhy._core._stops import stop
    except ImportError as error:
        raise CannotAttach(
            "this memwhy was installed without its compiled parts, and Python cannot keep a stop short"
        ) from error
    return stop
