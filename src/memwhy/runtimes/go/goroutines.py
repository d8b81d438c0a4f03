"""All goroutines with their states and stacks, read from outside while the program runs.

A goroutine that ran while we read it is told by a second look at its saved counters, and read again; what still moved
after the last try is counted as torn and has no stack. Running ones have saved nothing: they have a stack only where
their thread is blocked and its registers can be had (proc_pid_syscall(5), or a core's notes).
Source: runtime/runtime2.go (type g, statuses), runtime/traceback.go (isSystemGoroutine, goroutineheader), runtime/proc.go (gcount).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

from memwhy.memory.space import Thread
from memwhy.runtimes.go.inline import Unfolding
from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.go.stacks import NO_STACK, REGISTERS, SAVED, Stacks
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_MOST_GOROUTINES = 20_000_000
_BATCH = 4096
_TRIES = 3
_SCAN = 0x1000
IDLE, RUNNABLE, RUNNING, SYSCALL, WAITING = range(5)
DEAD, COPYSTACK, PREEMPTED, LEAKED, DEAD_EXTRA = 6, 8, 9, 10, 11
_STATUSES = {
    IDLE: "idle",
    RUNNABLE: "runnable",
    RUNNING: "running",
    SYSCALL: "syscall",
    WAITING: "waiting",
    DEAD: "dead",
    COPYSTACK: "copystack",
    PREEMPTED: "preempted",
    LEAKED: "leaked",
    DEAD_EXTRA: "waiting for cgo callback",
}
"""runtime.gStatusStrings; the numbers have stood since Go 1.14, new ones were added behind them."""
_GONE = frozenset({IDLE, DEAD, DEAD_EXTRA})
_SAVED = frozenset({RUNNABLE, SYSCALL, WAITING, PREEMPTED, LEAKED})
_NOT_SYSTEM = frozenset({"runtime.main", "runtime.handleAsyncEvent", "runtime.corostart"})
_CALLS_BACK = {
    "runtime.runfinq": "finalizer wait",
    "runtime.runFinalizers": "finalizer wait",
    "runtime.runCleanups": "cleanup wait",
}
"""System goroutines that run the program's own functions, and what they wait for while they do not."""
_FIELDS = (
    "goid",
    "atomicstatus",
    "waitreason",
    "waitsince",
    "startpc",
    "gopc",
    "m",
    "lockedm",
    "stack.lo",
    "stack.hi",
    "sched.sp",
    "sched.pc",
    "syscallsp",
    "syscallpc",
    "sched.g",
    "sched.ctxt",
    "_defer",
)
_MOVING = ("goid", "atomicstatus", "stack.hi", "sched.sp", "sched.pc", "syscallsp", "syscallpc")


class Goroutine(NamedTuple):
    """One runtime.g. waiting_since_ns: CLOCK_MONOTONIC, 0 when never set (the runtime sets it at a collection).

    machine, locked_machine: addresses of runtime.m or 0. address: its own, 0 where it was never scheduled; context: of a closure that it has not begun; deferred: its last runtime._defer. parent_id: 0 before Go 1.21 and for the first goroutine.
    A tuple, because a hundred thousand of them are made at once from the bytes.
    """

    id: int
    raw_status: int
    wait_reason: int
    waiting_since_ns: int
    start_pc: int
    created_pc: int
    machine: int
    locked_machine: int
    stack_low: int
    stack_high: int
    sched_sp: int
    sched_pc: int
    syscall_sp: int
    syscall_pc: int
    address: int = 0
    context: int = 0
    deferred: int = 0
    parent_id: int = 0

    @property
    def status(self) -> int:
        """Without the bit that says that the collector scans its stack."""
        return self.raw_status & ~_SCAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Goroutines:
    """What one look saw. rows and stacks go together; a stack is a number in `tree`, NO_STACK where there is none.

    system: the rows that the runtime itself counts apart; calling_back: how many of the others are its own and run the
    program's finalizers or cleanups now, which its profiles show and its count leaves out. torn: how many moved during every try to read their stack;
    unread: how many runtime.g could not be read at all. now_ns: CLOCK_MONOTONIC at the look, None for a core.
    """

    rows: tuple[Goroutine, ...]
    stacks: Sequence[int]
    system: frozenset[int]
    tree: Stacks
    unfolding: Unfolding
    wait_reasons: tuple[str, ...]
    calling_back: int = 0
    torn: int = 0
    unread: int = 0
    now_ns: int | None = None

    @property
    def count(self) -> int:
        """As runtime.NumGoroutine counts: without the system's own."""
        return len(self.rows) - len(self.system) - self.calling_back

    @property
    def without_stack(self) -> int:
        """How many of the program's own have no stack: they run, or they were torn."""
        return sum(stack == NO_STACK for i, stack in enumerate(self.stacks) if i not in self.system)

    def state(self, row: Goroutine) -> str:
        """As a traceback says it: "chan receive", "IO wait", "running", "syscall"."""
        status = row.status
        text = _STATUSES.get(status, f"status {status}")
        if status in (WAITING, LEAKED) and 0 < row.wait_reason < len(self.wait_reasons):
            text = self.wait_reasons[row.wait_reason]
        return f"{text} (leaked)" if status == LEAKED else text

    def waiting_s(self, row: Goroutine) -> float | None:
        """How long it has been blocked at least: since the collection that first found it so. None where unknown."""
        if self.now_ns is None or row.status not in (WAITING, SYSCALL) or not row.waiting_since_ns:
            return None
        return max(self.now_ns - row.waiting_since_ns, 0) / 1e9


def read_goroutines(runtime: "GoRuntime", *, stacks: bool = True) -> Goroutines:
    """Every goroutine that is alive now. Raises Unsupported when the list of them was not found or makes no sense."""
    return _Look(runtime, _addresses(runtime), stacks=stacks).take()


def _addresses(runtime: "GoRuntime") -> Sequence[int]:
    """runtime.allgs: a slice that only grows; dead goroutines stay in it."""
    if runtime.globals.allgs is None:
        raise Unsupported(f"{runtime.space.name}: the list of goroutines (runtime.allgs) was not found")
    header = runtime.space.words(runtime.globals.allgs, 3)
    if len(header) < 3 or not 0 < header[1] <= min(header[2], _MOST_GOROUTINES):
        raise Unsupported(f"{runtime.space.name}: the list of goroutines (runtime.allgs) makes no sense")
    return runtime.space.words(header[0], header[1])


class _Look:
    """One look in the making."""

    def __init__(self, runtime: "GoRuntime", addresses: Sequence[int], *, stacks: bool) -> None:
        space, layout = runtime.space, runtime.layout
        fields = (*_FIELDS, "parentGoid") if layout.has("g", "parentGoid") else _FIELDS
        self._rows = Rows(space, layout, "g", fields)
        self._moving = Rows(space, layout, "g", _MOVING)
        self._runtime = runtime
        self._addresses = addresses
        self._tree = Stacks(space, runtime.functions)
        self._unfolding = Unfolding(runtime.functions, layout)
        self._wants_stacks = stacks
        self._systems: dict[int, str] = {}
        self._torn = self._unread = 0

    def take(self) -> Goroutines:
        found: list[tuple[Goroutine, int]] = []
        for first in range(0, len(self._addresses), _BATCH):
            batch = list(self._addresses[first : first + _BATCH])
            for attempt in range(_TRIES):
                batch = self._read(batch, found, is_last=attempt == _TRIES - 1)
                if not batch:
                    break
        found = self._add_running(found) if self._wants_stacks else found
        rows = tuple(row for row, _ in found)
        system = frozenset(i for i, row in enumerate(rows) if self._is_system(row))
        return Goroutines(
            rows=rows,
            stacks=[stack for _, stack in found],
            system=system,
            calling_back=sum(
                self._systems[row.start_pc] in _CALLS_BACK for i, row in enumerate(rows) if i not in system
            ),
            tree=self._tree,
            unfolding=self._unfolding,
            wait_reasons=self._runtime.layout.wait_reasons,
            torn=self._torn,
            unread=self._unread,
            now_ns=None if self._runtime.space.pid is None else time.monotonic_ns(),
        )

    def _read(self, batch: list[int], found: list[tuple[Goroutine, int]], *, is_last: bool) -> list[int]:
        """Adds what one batch holds to `found`; returns the addresses of those that moved meanwhile."""
        rows = list(starmap(Goroutine, self._rows.read(batch)))
        self._unread += sum(row.stack_high == 0 and row.id == 0 and row.raw_status == 0 for row in rows)
        standing = [i for i, row in enumerate(rows) if row.raw_status & ~_SCAN in _SAVED] if self._wants_stacks else []
        starts = [_start(rows[i]) for i in standing]
        walked = self._tree.walk(
            SAVED,
            [start[0] for start in starts],
            [start[1] for start in starts],
            [rows[i].stack_high for i in standing],
        )
        stacks = [NO_STACK] * len(rows)
        moved: set[int] = set()
        again = self._moving.read([batch[i] for i in standing])
        for i, stack, now in zip(standing, walked, again, strict=True):
            row = rows[i]
            before = (
                row.id,
                row.raw_status & ~_SCAN,
                row.stack_high,
                row.sched_sp,
                row.sched_pc,
                row.syscall_sp,
                row.syscall_pc,
            )
            if before == (now[0], now[1] & ~_SCAN, *now[2:]):
                stacks[i] = stack
            else:
                moved.add(i)
        if is_last:
            self._torn += len(moved)
        found.extend(
            (row, stacks[i])
            for i, row in enumerate(rows)
            if row.raw_status & ~_SCAN not in _GONE and (is_last or i not in moved)
        )
        return [] if is_last else [batch[i] for i in sorted(moved)]

    def _add_running(self, found: list[tuple[Goroutine, int]]) -> list[tuple[Goroutine, int]]:
        """Stacks of running goroutines whose thread is blocked on their stack (for a lock), or stands still in a core."""
        space = self._runtime.space
        running = {row.machine: i for i, (row, _) in enumerate(found) if row.status == RUNNING and row.machine}
        if not running:
            return found
        tids = Rows(space, self._runtime.layout, "m", ("procid", "id")).read(list(running))
        rows = {tid: i for (tid, _), i in zip(tids, running.values(), strict=True)}
        walked: dict[int, tuple[Thread, int]] = {}
        for thread in space.threads():
            pc, sp = thread.program_counter, thread.stack_pointer
            row = found[rows[thread.tid]][0] if thread.tid in rows else None
            if row is not None and pc is not None and sp is not None and row.stack_low <= sp < row.stack_high:
                walked[thread.tid] = thread, self._tree.walk(REGISTERS, [pc], [sp], [row.stack_high])[0]
        now = {thread.tid: thread for thread in space.threads()} if walked else {}
        for tid, (thread, stack) in walked.items():
            if now.get(tid) == thread:
                found[rows[tid]] = (found[rows[tid]][0], stack)
        return found

    def _is_system(self, row: Goroutine) -> bool:
        """runtime.isSystemGoroutine: known by the name of the function it began with."""
        name = self._systems.get(row.start_pc)
        if name is None:
            function = self._runtime.functions.find(row.start_pc)
            name = "" if function is None else function.name
            self._systems[row.start_pc] = name
        if not name.startswith("runtime.") or name in _NOT_SYSTEM:
            return False
        own = _CALLS_BACK.get(name)
        if own is None or row.status not in (WAITING, SYSCALL):
            return True
        reasons = self._runtime.layout.wait_reasons
        reason = reasons[row.wait_reason] if row.wait_reason < len(reasons) else ""
        return row.status == WAITING and reason in (own, "")


def _start(row: Goroutine) -> tuple[int, int]:
    """Counter and stack pointer that a goroutine left when it stopped (unwinder.initAt); all zero where they make no sense."""
    pc, sp = (row.syscall_pc, row.syscall_sp) if row.syscall_sp else (row.sched_pc, row.sched_sp)
    return (pc, sp) if row.stack_low <= sp <= row.stack_high else (0, 0)
