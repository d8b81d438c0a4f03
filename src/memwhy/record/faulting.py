"""Page faults in the place of the sampler, where it may not be put into the target: which regions grow, and whose large blocks.

The same calls as `record.sampling.Sampler` has; there are no readings for the recording, but findings in words at the end.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from memwhy.model.errors import MemwhyError
from memwhy.model.evidence import Evidence
from memwhy.model.units import NS_PER_S
from memwhy.record.clock import boot_ns

if TYPE_CHECKING:
    from memwhy.native.faults import FaultReading

LOOK_S = 0.1
"""The kernel keeps some thousand faults for us on each processor."""
EVERY_S = 5.0
"""Between two readings: a target that ends by itself leaves the last one."""
SHARE = 0.02
"""Of one core's time that readings may take."""


class FaultWatch:
    """One target's page faults: `look` often, `take` at every tick, `let_go` once; then `findings` say what was seen."""

    paused_s = 0.0

    def __init__(self, root: str, pid: int) -> None:
        """Begin. Raises NotPermitted, TargetGone, MemwhyError, each with what to do."""
        from memwhy.native.fault_words import naming
        from memwhy.native.faults import Faults

        self.cost_ns = 0
        """Of ours, in CPU time."""
        self.problem: str | None = None
        self.findings: Sequence[str] = ()
        self._due_ns = boot_ns() + round(EVERY_S * NS_PER_S)
        self._reading: FaultReading | None = None
        self._stack = ExitStack()
        try:
            self._naming = self._stack.enter_context(naming(pid, root))
            go = self._naming.go
            version = None if go is None else go.found.version
            self._faults = self._stack.enter_context(Faults.open(pid, _now_s(), root=root, go_version=version))
            self._faults.follow(self._naming.rules)
        except BaseException:
            self._stack.close()
            raise

    def look(self) -> float:
        """Take what the kernel recorded. Returns seconds until the next time."""
        began_ns = time.thread_time_ns()
        if self.problem is None:
            try:
                self._faults.look(_now_s())
            except MemwhyError as error:
                self.problem = error.message
        self.cost_ns += time.thread_time_ns() - began_ns
        return LOOK_S

    def take(self, *, last: bool = False) -> Evidence | None:
        """Sum up, when that is due. There is nothing to record."""
        if self.problem is None and (last or boot_ns() >= self._due_ns):
            began_ns = time.thread_time_ns()
            try:
                rules = self._naming.rules
                self._naming.look()
                if self._naming.rules is not rules:
                    self._faults.follow(self._naming.rules)
                self._reading = self._faults.read(_now_s(), self._naming.functions, self._naming.no_callers)
            except MemwhyError as error:
                self.problem = error.message
            cost_ns = time.thread_time_ns() - began_ns
            self.cost_ns += cost_ns
            self._due_ns = boot_ns() + max(round(EVERY_S * NS_PER_S), round(cost_ns / SHARE))
        return None

    def take_final(self) -> Evidence | None:
        """Nothing: what there is was said at the last reading."""
        return None

    def charge(self, cost_ns: int) -> None:
        """Nobody spends anything on what is not recorded."""

    def let_go(self) -> Sequence[str]:
        """End it; nothing of ours was in the target."""
        from memwhy.native.fault_words import sentences

        self.take(last=True)
        self._stack.close()
        if self._reading is not None:
            self.findings = sentences(self._reading)
        return ()


def _now_s() -> float:
    return boot_ns() / NS_PER_S
