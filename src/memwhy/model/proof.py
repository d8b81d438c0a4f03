"""Proofs: how fast something can have grown at most and at least, and what that proves of a fix or of a limit."""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.pieces import plural
from memwhy.model.units import human_change, human_rate

Per = Literal["s", "sample", "work"]
GateOutcome = Literal["within", "exceeded", "undecided"]
Verdict = Literal["proven", "not-proven"]
Reason = Literal[
    "stopped",
    "partly",
    "still-grows",
    "not-excluded",
    "nothing-to-fix",
    "not-comparable",
    "too-short",
    "load-unlike",
    "trigger-absent",
]
POWER = 0.9
"""How often a slope as large as a pace's `detectable` would have been called growth (memwhy.trend.slope.Line)."""
SCALES = (1, 1_000, 1_000_000)
"""Per how many units of work growth is told: the smallest that leaves a figure of two digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was done in a run, in the run's own seconds. unit: of one piece of it ("request"). source: who counted.

    points: (second, pieces done until then), rising. even: only the sum is known, and it is spread evenly.
    notes: what of the source was not read.
    """

    unit: str
    source: str
    points: tuple[tuple[float, float], ...]
    even: bool = False
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> float:
        return self.points[-1][1] - self.points[0][1]

    @property
    def span_s(self) -> float:
        return self.points[-1][0] - self.points[0][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLog:
    """What a file says of the work: a sum alone, or counts that rise with time. unit: "" where the file names none.

    clock: "wall" has seconds since 1970, "elapsed" seconds since the run began. points: (second, count so far).
    notes: what was not read of it.
    """

    source: str
    unit: str = ""
    total: float | None = None
    clock: Literal["wall", "elapsed"] = "wall"
    points: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The growth that is still allowed: bytes per second, or per piece of work. unit: of the work, in the singular."""

    bytes: float
    per: Literal["s", "work"] = "s"
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one metric moved: its slope with the 95 % interval, in the metric's unit per `per`.

    slope, low, high and detectable are None where `reason` says why there is no trend. span: in `per` units.
    detectable: the smallest slope that these data would have shown, nine times in ten. part: "whole", or "later half"
    where the first half held a start or a step and only what came after it is judged. unit: of work, where per is "work".
    """

    metric: str
    n: int
    span: float
    per: Per
    shape: str
    slope: float | None = None
    low: float | None = None
    high: float | None = None
    detectable: float | None = None
    reason: str | None = None
    part: Literal["whole", "later half"] = "whole"
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether a limit on growth was kept. needed_s, needed_work: how much longer, or how much more work, may decide it.

    limit_per_s: bytes per second; None where the limit is per piece of work.
    """

    outcome: GateOutcome
    headline: str
    limit: Limit
    limit_per_s: float | None
    pace: Pace | None
    because: tuple[str, ...] = ()
    needed_s: float | None = None
    needed_work: float | None = None
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What work was done in each of two runs, in units per second. given: counted, not told by a proxy of ours."""

    what: str
    before_per_s: float
    after_per_s: float
    given: bool

    @property
    def ratio(self) -> float:
        """How much of the first run's work the second did, in the same time."""
        return self.after_per_s / self.before_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One metric in both runs."""

    label: str
    before: Pace
    after: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What still grows after the fix: a layer, or code that a sampler or profiles name. before: None where it was not seen."""

    kind: Literal["layer", "site"]
    what: str
    before: Pace | None
    after: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a fix is shown to work.

    left_at_most: the share of the first run's growth that can still be there, at most, after the load is allowed for.
    would_have_seen: the smallest growth per `per` that the second run's data would have shown, with the probability `power`.
    by_work: growth per piece of work, where both runs counted it. control: the unfixed build, run again beside the fix.
    left: what still grows; gone: what grew before and does not any more.
    """

    outcome: Verdict
    reason: Reason
    headline: str
    total: Pair | None
    by_work: Pair | None = None
    control: Pace | None = None
    layers: tuple[Pair, ...] = ()
    left: tuple[Left, ...] = ()
    gone: tuple[str, ...] = ()
    load: Load | None = None
    left_at_most: float | None = None
    would_have_seen: float | None = None
    power: float = POWER
    because: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    needed_s: float | None = None
    next_step: str | None = None


def rate_said(slope: float, per: Per, unit: str = "", *, scale: int = 0) -> str:
    """`+45.1 MiB/min`, `+1.2 MiB a reading`, `+64 B/request`, `+3.0 KiB/1,000 requests`. scale: 0 for the one that suits."""
    if per != "work":
        return human_rate(slope, per)
    scale = scale or scale_of(slope)
    return f"{human_change(slope * scale)}/{counted(unit, scale)}"


def counted(unit: str, scale: int) -> str:
    """`request`, `1,000 requests`."""
    return unit if scale == 1 else f"{scale:,} {plural(unit)}"


def scale_of(*slopes: float) -> int:
    """Per how many units of work the largest of these is best told."""
    most = max(map(abs, slopes), default=0.0)
    return next((scale for scale in SCALES if most * scale >= 10), SCALES[-1] if most else SCALES[1])
