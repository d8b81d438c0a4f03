"""Proofs: how fast something can have grown at most and at least, and what that proves of a fix or of a limit."""

from dataclasses import dataclass
from typing import Literal

Per = Literal["s", "sample"]
GateOutcome = Literal["within", "exceeded", "undecided"]
Verdict = Literal["proven", "not-proven"]
Reason = Literal[
    "stopped", "still-grows", "not-excluded", "nothing-to-fix", "not-comparable", "too-short", "load-unlike"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one metric moved: its slope with the 95 % interval, in the metric's unit per `per`.

    slope, low, high and detectable are None where `reason` says why there is no trend. span: in `per` units.
    detectable: the smallest slope that these data would have shown. part: "whole", or "later half" where the first
    half held a start or a step and only what came after it is judged.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether a limit on growth was kept. limit_per_s: bytes per second. needed_s: how much longer may decide it."""

    outcome: GateOutcome
    headline: str
    limit_per_s: float
    pace: Pace | None
    because: tuple[str, ...] = ()
    needed_s: float | None = None
    next_step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What work was done in each of two runs, in units per second. given: by the user, not by a proxy of ours."""

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
class Verification:
    """Whether a fix is shown to work.

    left_at_most: the share of the first run's growth that can still be there, at most, after the load is allowed for.
    would_have_seen: the smallest growth per `per` that the second run's data would have shown.
    """

    outcome: Verdict
    reason: Reason
    headline: str
    total: Pair | None
    layers: tuple[Pair, ...] = ()
    load: Load | None = None
    left_at_most: float | None = None
    would_have_seen: float | None = None
    because: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    needed_s: float | None = None
    next_step: str | None = None
