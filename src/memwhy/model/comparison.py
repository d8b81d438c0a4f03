"""Comparisons: what differs between two runs, and how many bytes each difference could explain at most."""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.case import Target
from memwhy.model.proof import Load, Pace, Per

SCHEMA = "memwhy/comparison/1"
Bound = Literal["layers", "anything", "unranked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the two. total: the metric that stands for the whole; age_s: the process's at its last reading; span_s: how
    long it was watched; readings: of the total."""

    name: str
    target: Target
    total: str | None
    readings: int
    span_s: float | None
    age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A minus B, with a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Zero lies outside."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric on both sides, at the last reading, in the metric's unit. apart: by more than the two swing about their
    courses. pace_gap: of the slopes, per `per`; None where one side has no trend, or only one has times."""

    metric: str
    label: str
    unit: Literal["bytes", "count"]
    a: int
    b: int
    apart: bool
    a_pace: Pace
    b_pace: Pace
    per: Per
    pace_gap: Gap | None

    @property
    def gap(self) -> int:
        return self.a - self.b


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteGap:
    """One function (or group, or size) in both profiles. gap: A minus B with what sampling may be off by; chance: of so
    large a gap where there is none, None of what was counted block by block at one moment, which swings nobody knows how;
    proven: beyond chance, all sites considered (Holm)."""

    name: str
    a: int
    b: int
    gap: Gap
    chance: float | None
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileGap:
    """One kind of profile on both sides. compared: how many sites there are, proven: how many of them differ beyond chance;
    sites: the proven ones first, then those that differ most, a dozen at most.

    drawn: the values are estimates of drawn blocks, a_period_bytes and b_period_bytes apart on average.
    """

    kind: str
    label: str
    unit: Literal["bytes", "count"]
    a_total: int
    b_total: int
    compared: int
    proven: int
    sites: tuple[SiteGap, ...]
    drawn: bool = False
    a_period_bytes: int | None = None
    b_period_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that differs, and what it could explain of what the heavier side has more, at most.

    bound: "layers", then bytes (at the last reading) and bytes_per_s (of growth) are those of the parts that it touches, None
    where these cannot be compared; "anything", where a difference of this kind bounds nothing; "unranked", where nothing is
    known that ties it to memory. because: with the figures used; source: of the fact; confirm: the one thing to change.
    """

    kind: str
    what: str
    a: str
    b: str
    bound: Bound
    bytes: int | None = None
    bytes_per_s: float | None = None
    because: tuple[str, ...] = ()
    source: str = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What cannot be compared and is left out ("refused"), or is to be read with care. about: which figures."""

    weight: Literal["refused", "careful"]
    about: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs. heavier: the side that holds more, or grows faster where levels cannot be compared; None where neither
    is known. same: what was read on both sides and is alike; unknown: what only one side tells."""

    headline: str
    a: Compared
    b: Compared
    heavier: Literal["A", "B"] | None
    total: Figure | None
    layers: tuple[Figure, ...]
    others: tuple[Figure, ...]
    profiles: tuple[ProfileGap, ...]
    differences: tuple[Difference, ...]
    same: tuple[str, ...]
    unknown: tuple[str, ...]
    cautions: tuple[Caution, ...]
    load: Load | None = None
