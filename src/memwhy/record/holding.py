"""Who holds the Go heap, while it is watched: late, seldom, in a process of its own, and never above a budget of CPU time.

A look takes half a microsecond for each object: too much to hold up a tick for, and too much memory to keep for a long watch. It is
made when Go's heap is what grows, again when it has grown on, and once more at the end.
"""

from collections.abc import Mapping
from math import ceil

from memwhy.model.evidence import Evidence
from memwhy.model.units import MIB
from memwhy.record.aside import Looked, Looker

FIRST_S = 8.0
"""Into the watch: what every program does at its start is over, and there is a verdict to ask."""
BETWEEN_S = 14.0
"""Between two looks at least; each later one waits twice as long …"""
SELDOM_S = 1800.0
"""… and never longer than this."""
GROWN_BYTES = MIB
"""Of the heap since the last look: what is less is not worth another."""
BUDGET_SHARE = 0.02
"""Of one core, over the watch …"""
BUDGET_LEAST_S = 2.0
"""… or so much, where that is more: the start and three looks at a small heap, on a busy machine. One look alone shows no growth."""
OPEN_END_S = 60.0
START_S, LOOK_S, S_PER_OBJECT = 0.35, 0.12, 0.8e-6
"""CPU seconds to start, for each look, and for each object, until one was measured; a third above what a quiet machine takes."""
MANY_OBJECTS = 500_000
"""Of so many the time for each can be told from the time of a look."""
BYTES_PER_OBJECT = 80
"""Of ours, at most; freed when the look is over."""
OWN_BYTES = 64 * MIB
"""Of ours, however few they are."""
MEMORY_SHARE = 0.25
"""Of what the machine, and our control group, has left."""
OVER = 3.0
"""A look that takes so many times what was expected is ended, …"""
OVER_LEAST_S = 4.0
LONGEST_S = 60.0
"""… and one that takes so long on a machine without time for it."""
_GROWS = ("derived.go_live_bytes", "go.heap_alloc_bytes", "layer.go_heap_bytes")


class HolderLooks:
    """Decides when to look, has a process look, and counts what that cost."""

    def __init__(self, root: str, pid: int, *, planned_s: float | None, begun_s: float) -> None:
        """planned_s: how long the watch will last, None where its end is open. begun_s: now, by the clock of all that follows."""
        self._root, self._pid = root, pid
        self._planned_s = planned_s
        self._begun_s = begun_s
        self._next_s = self._begun_s + FIRST_S
        self._between_s = BETWEEN_S
        self._at_first: dict[str, int] = {}
        self._at_look: dict[str, int] = {}
        self._looker: Looker | None = None
        self._asked_s = 0.0
        self._objects = 0
        self._look_s, self._s_per_object = LOOK_S, S_PER_OBJECT
        self.cpu_s = 0.0
        """Of ours, in the looking processes."""
        self.made = 0
        self.left_out: str | None = None
        """Why there is none, or no other, in a sentence."""
        self._off = False

    def due(self, newest: Mapping[str, int], now_s: float) -> bool:
        """Whether a look may be made now: it is time, the heap has grown, and the budget allows it. newest: the target's metrics."""
        if not self._at_first:
            self._at_first = {name: newest[name] for name in _GROWS if name in newest}
        if self._off or self.looking or now_s < self._next_s:
            return False
        before = self._at_look or self._at_first
        if not any(newest.get(name, 0) - size >= GROWN_BYTES for name, size in before.items()):
            return False
        return self._affordable(newest, now_s)

    def last_due(self, newest: Mapping[str, int], now_s: float) -> bool:
        """Whether a closing look is to be made: one was made before, and something came since."""
        since_s = now_s - self._asked_s
        return (
            not self._off and self.made > 0 and since_s >= BETWEEN_S / 4 and self._affordable(newest, now_s, last=True)
        )

    def _affordable(self, newest: Mapping[str, int], now_s: float, *, last: bool = False) -> bool:
        """It fits what is left of the budget, and a closing look with it; and what it needs of memory."""
        objects = newest.get("go.heap_objects_count")
        if objects is None:
            return False
        needed_s = self._expected_s(objects)
        closing_s = 0.0 if last else self._look_s + self._s_per_object * objects
        elapsed_s = now_s - self._begun_s
        allowed_s = max(BUDGET_LEAST_S, BUDGET_SHARE * (self._planned_s or max(OPEN_END_S, elapsed_s)))
        if needed_s + closing_s > allowed_s - self.cpu_s:
            again = " again" if self.made else ""
            self.left_out = f"Who holds Go's heap was not looked at{again}: that would have taken about {needed_s:.1f} s of CPU each time"
            return False
        if OWN_BYTES + objects * BYTES_PER_OBJECT > MEMORY_SHARE * _free_bytes(newest):
            self.left_out = (
                f"Who holds Go's heap was not looked at: its {objects:,} objects take about"
                f" {objects * BYTES_PER_OBJECT / MIB:,.0f} MiB of ours, more than a quarter of what is free"
            )
            return False
        self._objects = objects
        self.left_out = None
        return True

    def _expected_s(self, objects: int) -> float:
        return (START_S if self._looker is None else 0.0) + self._look_s + self._s_per_object * objects

    def begin(self, newest: Mapping[str, int], now_s: float) -> None:
        """Start a look."""
        expected_s = self._expected_s(self._objects)
        self._at_look = {name: newest[name] for name in _GROWS if name in newest}
        self._asked_s = now_s
        self._between_s = max(self._between_s, (self._planned_s or 0.0) / 3) if self.made == 0 else 2 * self._between_s
        self._next_s = self._asked_s + min(self._between_s, SELDOM_S)
        try:
            self._looker = self._looker or Looker(self._root, self._pid)
        except OSError as error:
            self._drop(f"no process could be started for it: {error.strerror}")
            return
        self._looker.ask(ceil(max(OVER_LEAST_S, OVER * expected_s)), OWN_BYTES + self._objects * BYTES_PER_OBJECT)

    @property
    def looking(self) -> bool:
        """A look is being made."""
        return self._looker is not None and self._looker.looking

    def poll(self, now_s: float, wait_s: float = 0.0) -> Evidence | None:
        """What a look found, if it is over by then; None meanwhile, and when it found nothing."""
        if self._looker is None or not self.looking:
            return None
        looked = self._looker.poll(wait_s)
        if looked is None:
            if now_s - self._asked_s > LONGEST_S:
                self._drop(f"a look took longer than {LONGEST_S:.0f} s")
            return None
        self._learn(looked)
        return looked.evidence

    def _learn(self, looked: Looked) -> None:
        self.cpu_s += looked.cpu_s + looked.own_s
        if looked.problem is not None:
            self._drop(looked.problem)
            return
        self.made += 1
        if self._objects >= MANY_OBJECTS:
            self._s_per_object = max(0.0, looked.cpu_s - self._look_s) / self._objects
        else:
            self._look_s = max(LOOK_S / 2, looked.cpu_s - self._s_per_object * self._objects)

    def _drop(self, why: str) -> None:
        """No further looks."""
        self._off = True
        self.left_out = f"Who holds Go's heap is not known: {why}"
        self.close()

    def close(self) -> None:
        """Let go of the process that looks; a second time does nothing."""
        if self._looker is not None:
            self.cpu_s += self._looker.close()
            self._looker = None


def _free_bytes(newest: Mapping[str, int]) -> int:
    """What the machine has left, and what the target's control group may still take: we may be in it."""
    free = newest.get("host.available_bytes", 0)
    limit = newest.get("cgroup.limit_bytes")
    charged = newest.get("cgroup.working_set_bytes", newest.get("cgroup.current_bytes"))
    return free if limit is None or charged is None else min(free, max(0, limit - charged))
