"""Native stacks: what a sampler inside a process counts by stack, and what became of each call site over its readings."""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.trend import Course

StackKind = Literal["malloc", "mmap", "runtime"]
AGES = 24
"""Classes of age: younger than 1 s, 2 s, 4 s, … ; the last one has all that is older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeName:
    """One function of a stack. module: a Go module or a library, "" where nobody knows; version: of either.

    own: the program's own code, neither a distribution's nor a language's. "NAME+0x2f10": nobody names the function.
    """

    function: str
    module: str = ""
    version: str = ""
    file: str = ""
    line: int = 0
    is_go: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledStack:
    """What one stack holds at one reading. frames: leaf first, without the allocator's own; several stacks of the same
    names are one.

    kind: "malloc", where all figures are estimates; "mmap", where they are exact; or "runtime": what a language's runtime
    mapped or allocated for itself. variance: of outstanding_bytes,
    bytes². samples, seen_bytes: the blocks that the estimate rests on. ages_bytes: outstanding_bytes by AGES classes of
    age, as many as are not zero at the end. allocated, freed: since the sampler began.
    """

    frames: tuple[CodeName, ...]
    kind: StackKind
    outstanding_bytes: int
    variance: float
    outstanding_count: int
    samples: int
    seen_bytes: int
    ages_bytes: tuple[int, ...]
    allocated_bytes: int
    allocated_count: int
    freed_bytes: int
    freed_count: int

    def older_bytes(self, age_class: int) -> int:
        """Outstanding in blocks of this class of age or an older one: class 3 is what is 4 s old and more."""
        return sum(self.ages_bytes[age_class:])


@dataclass(frozen=True, slots=True, kw_only=True)
class StackReading:
    """All stacks at one moment. life_s: how long the sampler has been at work.

    way: "attached", to a process that ran before, or "preloaded", from the process's first moment. period_bytes: between
    two samples, on average, as it is now. problem: why it samples no more, "" while it does. lost_samples, cut_stacks,
    missed_regions: what the sampler had no room for. spent_s: the target's CPU time that sampling took so far.
    own_bytes: of the target's RSS that are the sampler's tables. notes: what the stacks lack.
    """

    life_s: float
    way: Literal["attached", "preloaded"]
    period_bytes: int
    problem: str
    samples: int
    lost_samples: int
    cut_stacks: int
    missed_regions: int
    spent_s: float
    own_bytes: int
    notes: tuple[str, ...]
    stacks: tuple[SampledStack, ...]


KEPT_SHARE = 0.4
"""Of a leak's old blocks two thirds and more are twice as old as an old one is; of a cache that turns over, few are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """The code that asked for memory, and what became of its old blocks; all stacks below it together.

    function: who called into a library, and entry: what it called there. frames: from that function outwards; path: the
    heaviest stack, leaf first, with these; paths: how many there are. module: of the function, "name@version".
    outstanding_bytes: now, of all ages; old_bytes: of those in blocks at least StackGrowth.old_s old, low_bytes to
    high_bytes with 95 %; samples: the blocks that all this rests on. older_share: of old_bytes, how much is twice as old.
    course: of old_bytes over the readings, its interval with the sampling's error in it. release: what frees it, as far
    as a table knows.
    """

    function: str
    module: str
    entry: str
    frames: tuple[CodeName, ...]
    path: tuple[CodeName, ...]
    paths: int
    kind: StackKind
    outstanding_bytes: int
    old_bytes: int
    low_bytes: int
    high_bytes: int
    samples: int
    allocated_bytes: int
    freed_bytes: int
    older_share: float
    course: Course
    release: str = ""

    @property
    def kept(self) -> bool:
        """Its old blocks become more, in a straight line, beyond what sampling could feign, and are of all ages."""
        return getattr(self.course, "growing", False) and self.older_share >= KEPT_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGrowth:
    """What became of native memory while the sampler was at work. first, last: the oldest reading (None where there is one
    only) and the newest; readings: how many.

    old_s: how old a block must be to count; younger ones may be on their way to being freed. sites: those that grow
    first, fastest first, then the others by size. whole, whole_bytes: of malloc's old blocks together; mapped,
    mapped_bytes: of the mappings. outstanding_bytes: of all ages; churn_bytes: allocated and freed again. runtime_bytes:
    what a language's runtime has for itself, in none of the others.
    """

    last: StackReading
    readings: int
    old_s: float
    sites: tuple[CallSite, ...]
    whole: Course
    whole_bytes: int
    mapped: Course
    mapped_bytes: int
    outstanding_bytes: int
    churn_bytes: int
    runtime_bytes: int
    first: StackReading | None = None
