"""Which Go functions are calling C: the stacks of goroutines inside C, looked at many times over a few seconds.

The runtime keeps, for each thread, whether it is inside C, and a goroutine there has saved its place before it left Go
(runtime/cgocall.go, entersyscall), so that nothing has to be stopped. A call is seen in proportion to the time it takes:
short ones that are made often and long ones made rarely weigh the same when they take the same share of the time.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.model.inspection import CgoCall
from memwhy.runtimes.go.goroutines import SYSCALL
from memwhy.runtimes.go.inline import Unfolding, stack_frames
from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.go.stacks import SAVED, Stacks
from memwhy.runtimes.go.threads import machines

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_SCAN = 0x1000
_RELIST_S = 0.5
_MOST_STACKS = 20_000
_CALL = "runtime.cgocall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clocks of sampling, in seconds: of the wall, of our own processor time, and a way to wait."""

    now_s: Callable[[], float] = time.monotonic
    own_cpu_s: Callable[[], float] = time.thread_time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class CgoSample:
    """What the looks saw. calls: most often seen first. looks: how many there were; torn: stacks that left C while read.

    busy_looks: the looks that saw any goroutine inside C. own_cpu_s: what sampling cost us.
    """

    calls: tuple[CgoCall, ...]
    looks: int
    busy_looks: int
    torn: int
    wall_s: float
    own_cpu_s: float


def sample_cgo_calls(
    runtime: "GoRuntime", for_s: float = 3.0, hz: float = 100.0, clock: Clock | None = None, *, most_cpu: float = 0.02
) -> CgoSample:
    """Look `hz` times a second, less often where that would cost more than `most_cpu` of a core.

    At least one look is taken. Raises Unsupported when the list of threads was not found, ValueError for a rate of 0.
    """
    if hz <= 0 or most_cpu <= 0:
        raise ValueError("hz and most_cpu are above 0")
    clock = clock or Clock()
    looks = _Looks(runtime)
    begun_s, begun_cpu_s = clock.now_s(), clock.own_cpu_s()
    listed_s = begun_s
    looks.list_threads()
    while True:
        now_s = clock.now_s()
        if now_s - listed_s >= _RELIST_S:
            looks.list_threads()
            listed_s = now_s
        looks.take()
        spent_s = clock.own_cpu_s() - begun_cpu_s
        next_s = max(now_s + 1 / hz, begun_s + spent_s / most_cpu)
        if next_s >= begun_s + for_s:
            break
        clock.sleep(max(next_s - clock.now_s(), 0))
    return looks.sample(clock.now_s() - begun_s, clock.own_cpu_s() - begun_cpu_s)


class _Looks:
    """Looks at the same threads again and again."""

    def __init__(self, runtime: "GoRuntime") -> None:
        space, layout = runtime.space, runtime.layout
        self._runtime = runtime
        self._threads: Sequence[int] = ()
        self._inside = Rows(space, layout, "m", ("incgo", "curg"))
        self._places = Rows(
            space, layout, "g", ("goid", "atomicstatus", "m", "syscallsp", "syscallpc", "stack.lo", "stack.hi")
        )
        self._tree = Stacks(space, runtime.functions)
        self._unfolding = Unfolding(runtime.functions, layout)
        self._leaves: dict[int, bool] = {}
        self._seen: Counter[int] = Counter()
        self._at_once: dict[int, int] = {}
        self._count = self._busy = self._torn = 0

    def list_threads(self) -> None:
        self._threads = [machine.address for machine in machines(self._runtime)]

    def take(self) -> None:
        self._count += 1
        inside = [
            (machine, goroutine)
            for machine, (in_c, goroutine) in zip(self._threads, self._inside.read(self._threads), strict=True)
            if in_c and goroutine
        ]
        goroutines = [goroutine for _, goroutine in inside]
        before = list(self._places.read(goroutines))
        calling = [i for i, place in enumerate(before) if place[2] == inside[i][0] and self._is_call(place)]
        if not calling:
            return
        stacks = self._tree.walk(
            SAVED,
            [before[i][4] for i in calling],
            [before[i][3] for i in calling],
            [before[i][6] for i in calling],
        )
        after = self._places.read([goroutines[i] for i in calling])
        whole = [
            stack
            for i, stack, now in zip(calling, stacks, after, strict=True)
            if _standing(before[i]) == _standing(now)
        ]
        self._torn += len(stacks) - len(whole)
        self._busy += bool(whole)
        for stack, count in Counter(whole).items():
            if stack in self._at_once or len(self._at_once) < _MOST_STACKS:
                self._seen[stack] += 1
                self._at_once[stack] = max(self._at_once.get(stack, 0), count)

    def _is_call(self, place: tuple[int, ...]) -> bool:
        _, status, _, sp, pc, low, high = place
        if status & ~_SCAN != SYSCALL or not low <= sp < high:
            return False
        known = self._leaves.get(pc)
        if known is None:
            function = self._runtime.functions.find(pc)
            known = self._leaves[pc] = function is not None and function.name == _CALL
        return known

    def sample(self, wall_s: float, own_cpu_s: float) -> CgoSample:
        ranked = sorted(self._seen.items(), key=lambda item: (-item[1], -self._at_once[item[0]], item[0]))
        return CgoSample(
            calls=tuple(
                CgoCall(
                    stack=stack_frames(self._unfolding.frames(self._tree.pcs(stack))),
                    seen=seen,
                    looks=self._count,
                    goroutines=self._at_once[stack],
                )
                for stack, seen in ranked
            ),
            looks=self._count,
            busy_looks=self._busy,
            torn=self._torn,
            wall_s=wall_s,
            own_cpu_s=own_cpu_s,
        )


def _standing(place: tuple[int, ...]) -> tuple[int, ...]:
    goid, status, machine, sp, pc, _, high = place
    return goid, status & ~_SCAN, machine, sp, pc, high
