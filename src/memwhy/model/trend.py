"""A trend: one series' slope with an interval, or a reason why there is none."""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["growing", "flat", "falling", "step", "warm-up", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The course of one series.

    slope, low, high: change per `per` in the series' own unit; (low, high) is a 95 % interval that
    allows for autocorrelation and for the series' quantum.
    shape: "growing" only when the interval excludes zero AND the growth goes on through the whole series
    (it is no single step, no warm-up that dies out); "flat" when zero lies in the interval; "step" when
    nearly all of the change happened in one jump; "warm-up" when growth has (nearly) ended;
    "unclear" when the interval excludes zero but the guards disagree.
    detectable: the smallest slope that these data would have shown, per `per`.
    """

    n: int
    span: float  # in `per` units: seconds, or samples minus one
    per: Literal["s", "sample"]
    first: float
    last: float
    slope: float
    low: float
    high: float
    shape: Shape
    detectable: float
    checks: tuple[str, ...] = ()

    @property
    def growing(self) -> bool:
        return self.shape == "growing"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnough:
    """No trend, and why. needed: how much longer to observe, in `per` units, when that can be said."""

    reason: str
    n: int
    per: Literal["s", "sample"] = "s"
    needed: float | None = None


Course = Trend | NotEnough
