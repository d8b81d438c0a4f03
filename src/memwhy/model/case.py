"""The case: all that is known of a run, as a cause may see it."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from memwhy.model.account import Account
from memwhy.model.holders import HeldGrowth, Holders
from memwhy.model.native import StackGrowth
from memwhy.model.probe import Experiment
from memwhy.model.profile import Profile
from memwhy.model.reading import Where
from memwhy.model.trend import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one subject over the ticks, with its course.

    points: (x, value) with x in seconds of `clock`, or 0, 1, 2 … for the clock "order".
    quantum: the resolution of the values. where: the input lines it came from, when pasted.
    """

    metric: str
    subject: str
    clock: str
    points: tuple[tuple[float, int], ...]
    quantum: int
    course: Course
    where: tuple[Where, ...] = ()

    @property
    def first(self) -> int:
        return self.points[0][1]

    @property
    def last(self) -> int:
        return self.points[-1][1]

    @property
    def least(self) -> int:
        return min(value for _, value in self.points)

    @property
    def most(self) -> int:
        return max(value for _, value in self.points)

    @property
    def growing(self) -> bool:
        return getattr(self.course, "growing", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProfile:
    """A profile in its place. x: seconds of `clock`, or 0, 1, 2 … for the clock "order"."""

    profile: Profile
    subject: str
    where: Where
    x: float
    clock: str = "monotonic"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHolders:
    """A look at who holds the runtime's heap, in its place. x: seconds of the monotonic clock, or 0, 1, 2 … where there is none."""

    holders: Holders
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom the case is about. runtime: go, cpython, jvm, node, native or unknown."""

    pid: int | None = None
    command: str | None = None
    runtime: str = "unknown"
    runtime_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All series and facts of a run.

    total: the metric that stands for the whole ("process.rss_bytes", else the cgroup's, else the host's), or None.
    series: of the main subject, by metric. controls: the same total for other subjects (a second host).
    account: the layers at the last full look. stacks: what a sampler in the process saw. holders: looks at who holds the runtime's heap,
    oldest first, and held what became of them, None before the second.
    experiments: what was tried on the target, in the order of being made, each once. live: watched by memwhy itself, not pasted.
    ended: how the target ended, if it did ("exited", "killed by the OOM killer", …). begun_wall_ns: the wall clock at x = 0 of
    the total's series, where it is known. moments: what was done to the target, (x, words), by the total's clock.
    """

    target: Target
    total: str | None
    series: Map[str, Series]
    controls: tuple[Series, ...] = ()
    account: Account | None = None
    profiles: tuple[SeenProfile, ...] = ()
    stacks: StackGrowth | None = None
    holders: tuple[SeenHolders, ...] = ()
    held: HeldGrowth | None = None
    experiments: tuple[Experiment, ...] = ()
    facts: Map[str, str] = field(default_factory=dict)
    live: bool = False
    ended: str | None = None
    notes: tuple[str, ...] = ()
    begun_wall_ns: int | None = None
    moments: tuple[tuple[float, str], ...] = ()
