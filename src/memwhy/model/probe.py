"""Experiments: what each hypothesis foretells, said before anything is done, and what came of it."""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.units import human_bytes, human_rate

Unit = Literal["bytes", "count", "bytes/s"]
OPPOSITES = (("falls by", "rises by"), ("is lower", "is higher"), ("is slower", "is faster"))
"""How what is measured is said where there is less of it than nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What will be measured if this cause is the answer: between low and high, beside the experiment's error.

    unseen: the chance that nothing (0) is measured although the cause is true. because: what the figures come from.
    """

    cause: str
    low: float
    high: float
    because: str
    unseen: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The process at one moment of an experiment. when: in words. layers: (metric, resident bytes)."""

    when: str
    rss_bytes: int
    layers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it. value: in the experiment's unit. said: what was done and seen, in sentences.

    paused_s: how long the target stood still for it, all its threads; held_s: how long one of its threads was at work for us.
    """

    value: float
    said: tuple[str, ...]
    paused_s: float = 0.0
    held_s: float = 0.0
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One thing done to a target, stated before (result and problem are None) or over.

    name: as --probe has it. does: what is done to the target, and what cannot be ruled out. measure: what is measured
    ("RSS falls by"). error: standard deviation of measuring it. widest: the span of all results that are possible at all.
    """

    name: str
    does: tuple[str, ...]
    measure: str
    unit: Unit
    error: float
    widest: float
    predictions: tuple[Prediction, ...]
    result: Result | None = None
    problem: str | None = None

    def amount(self, value: float) -> str:
        """A value of its unit, in words."""
        if self.unit == "bytes":
            return human_bytes(value)
        return human_rate(value, "s") if self.unit == "bytes/s" else f"{value:,.0f}"

    def measures(self, value: float) -> str:
        """`RSS falls by 12.0 MiB`, and `RSS rises by 1.0 MiB` where it fell by less than nothing."""
        for word, opposite in OPPOSITES:
            if value < 0 and word in self.measure:
                return f"{self.measure.replace(word, opposite)} {self.amount(-value)}"
        return f"{self.measure} {self.amount(value)}"

    def of(self, cause: str) -> Prediction | None:
        """What this cause foretells; None where it says nothing."""
        return next((one for one in self.predictions if one.cause == cause), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One cause's probability before and after a result."""

    cause: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """An experiment with what it changed: the causes that foretold something, likeliest first; text: that in one line."""

    experiment: Experiment
    shifts: tuple[Shift, ...]
    decided: bool
    text: str
