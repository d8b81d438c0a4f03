"""How often a source is read: its cadence, stretched by what it costs and by failures in a row."""

from dataclasses import dataclass

from memwhy.model.units import NS_PER_S

GENTLE_SHARE = 0.004
"""A dear source is read so seldom that the time it takes, analysis included, stays below this share of the wall clock."""
LONGEST_PAUSE_NS = 10 * NS_PER_S
"""A longer one would be a hole in every series for one dear read; each dear source waits for its own sake anyhow."""
SLACK_NS = NS_PER_S // 5
"""A tick that comes a little early still reads what is due: else every second one would find nothing to do."""
NEVER_NS = 1 << 62
SURVEY_TICKS = (0, 3, 8, 20, 60)
"""When the endpoint is looked for until one is found: a program that has just begun does not listen yet."""
FREE_READS = 2
"""The first reads of each source are not held back: two points are the least that shows a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a source is read at most. every_s: 0 for once only, at the start."""

    source: str
    every_s: float


CADENCES = (
    Cadence(source="proc/status", every_s=1),
    Cadence(source="proc/stat", every_s=1),
    Cadence(source="proc/smaps_rollup", every_s=2),
    Cadence(source="proc/smaps", every_s=2),
    Cadence(source="proc/meminfo", every_s=5),
    Cadence(source="proc/vmstat", every_s=10),
    Cadence(source="proc/cgroup", every_s=5),
    Cadence(source="proc/threads", every_s=10),
    Cadence(source="proc/blocked", every_s=10),
    Cadence(source="proc/fd", every_s=5),
    Cadence(source="proc/fd_count", every_s=1),
    Cadence(source="proc/sockets", every_s=3),
    Cadence(source="proc/children", every_s=3),
    Cadence(source="proc/thp", every_s=300),
    Cadence(source="proc/exe", every_s=30),
    Cadence(source="proc/environ", every_s=0),
    Cadence(source="proc/limits", every_s=0),
    Cadence(source="proc/namespaces", every_s=0),
    Cadence(source="proc/host", every_s=0),
    Cadence(source="proc/cpus", every_s=0),
    Cadence(source="proc/libraries", every_s=60),
)
MAPPINGS, WITNESS = "proc/smaps", "proc/smaps_rollup"
"""The second is the first one's witness, at nearly the same price: read in one breath, but not every time."""
WITNESS_EVERY = 5


@dataclass(slots=True)
class Due:
    """When a source is next to be read."""

    cadence: Cadence
    next_ns: int = 0
    reads: int = 0
    failures: int = 0
    mean_cost_ns: float = 0.0
    read_ns: int = 0

    def done(self, now_ns: int, cost_ns: int, *, failed: bool) -> None:
        """Set the next time: the cadence, stretched by what reading costs and by failures in a row."""
        self.reads += 1
        self.failures = self.failures + 1 if failed else 0
        self.mean_cost_ns = cost_ns if self.reads == 1 else 0.7 * self.mean_cost_ns + 0.3 * cost_ns
        if self.cadence.every_s == 0:
            self.next_ns = NEVER_NS
            return
        wait_ns = self.cadence.every_s * NS_PER_S
        if self.reads > FREE_READS:
            wait_ns = max(wait_ns, self.mean_cost_ns / GENTLE_SHARE)
        if failed:
            wait_ns *= min(2**self.failures, 64)
        self.read_ns, self.next_ns = now_ns, now_ns + round(wait_ns)

    def charge(self, cost_ns: float) -> None:
        """Count what the consumer spent on the last read as well: it is our own time, whoever uses it."""
        self.mean_cost_ns += cost_ns if self.reads == 1 else 0.3 * cost_ns
        if self.reads > FREE_READS and self.cadence.every_s:
            self.next_ns = max(self.next_ns, self.read_ns + round(self.mean_cost_ns / GENTLE_SHARE))
