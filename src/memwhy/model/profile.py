"""A profile: bytes or counts by function, with stacks where the source has them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One function of a `-top` table; flat and cum in the profile's unit."""

    function: str
    flat: int
    cum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSample:
    """One stack, leaf first, and its value in the profile's unit."""

    frames: tuple[str, ...]
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One sample type of one profile.

    kind: "inuse_space", "inuse_objects", "alloc_space", "alloc_objects", "goroutine", "threadcreate" or as the file says.
    total: of all samples, also of those that a text table dropped. rows: best first by flat.
    stacks: empty when the source is a text table. sampling_period_bytes: Go's MemProfileRate where known:
    an inuse value of v bytes then carries a standard error of about sqrt(v * period)
    (runtime/mprof.go; pprof's scaleHeapSample).
    """

    kind: str
    unit: Literal["bytes", "count"]
    total: int
    rows: tuple[ProfileRow, ...] = ()
    stacks: tuple[StackSample, ...] = ()
    build_id: str | None = None
    binary: str | None = None
    wall_ns: int | None = None
    sampling_period_bytes: int | None = None
    dropped_rows: int = 0
