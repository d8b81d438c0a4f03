"""A profile: bytes or counts by function, with stacks where the source has them."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One function of a `-top` table; flat and cum in the profile's unit."""

    function: str
    flat: int
    cum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is known of goroutines beyond their stack. state: as a traceback says it ("chan receive", "IO wait"); created_by:
    the function with the go statement, "" where nothing tells; waiting_s: of the longest, at least; stack_bytes: of all
    their stacks together.
    """

    state: str = ""
    created_by: str = ""
    waiting_s: float | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSample:
    """One stack, leaf first, and its value in the profile's unit.

    variance: of the value, in its unit squared, where the source tells what it was drawn from; 0 where it is exact, None where
    nothing is told. waiting: of goroutines. Two samples that say the same are equal, however well it is known.
    """

    frames: tuple[str, ...]
    value: int
    variance: float | None = field(default=None, compare=False)
    waiting: Waiting | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One sample type of one profile.

    kind: "inuse_space", "inuse_objects", "alloc_space", "alloc_objects", "goroutine", "threadcreate" or as the file says.
    total: of all samples, also of those that a text table dropped. rows: best first by flat.
    stacks: empty when the source is a text table. sampling_period_bytes: Go's MemProfileRate where known:
    an inuse value of v bytes then carries a standard error of at most sqrt(v * period)
    (runtime/mprof.go; pprof's scaleHeapSample).
    collections: how many the collector had completed, where the text around says so; as_of_wall_ns: the collection whose
    heap an in-use profile describes, by the wall clock; that is the one before the last (runtime/mprof.go, memRecord).
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
    collections: int | None = field(default=None, compare=False)
    as_of_wall_ns: int | None = field(default=None, compare=False)
