"""What one block of evidence says, and where it stands.

Every reader's `parse` returns `Reading`s; this is the one currency between `sources` and the rest.
A `Block` is a stretch of a document that a reader claims. An `Observation` is a reading put in its
place: whose it is, when, and in which lines of which input.
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Literal

from memwhy.model.holders import Holders
from memwhy.model.mapping import Mapping
from memwhy.model.native import StackReading
from memwhy.model.probe import Experiment
from memwhy.model.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The figures of one block at one moment.

    metrics: values by registered metric name (memwhy.model.metrics), integers in the metric's unit.
    quanta: the resolution of a metric where the source rounds (free -m: 1 MiB), same unit.
    facts: words by fact name ("go.version", "host.kernel", …).
    wall_ns: the block's own time stamp, if it carries one.
    elapsed_ns: time since a beginning that all readings of the page share, where that is what the block tells
        ("after 4 hours", `gc 12 @8.5s`, a column of minutes); wall_ns goes before it.
    subject: whose figures these are, if the block itself tells ("host gambling", "pid 4711").
    stacks: of the sampler in the process. holders: who holds the runtime's heap.
    notes: what a reader of the answer has to know about these figures ("'Malloc' is not Go's Mallocs").
    line, last_line: 1-based within the text given to parse, where the reader knows.
    """

    metrics: Map[str, int] = field(default_factory=dict)
    quanta: Map[str, int] = field(default_factory=dict)
    facts: Map[str, str] = field(default_factory=dict)
    mappings: tuple[Mapping, ...] = ()
    profiles: tuple[Profile, ...] = ()
    stacks: StackReading | None = None
    holders: Holders | None = None
    experiments: tuple[Experiment, ...] = ()
    wall_ns: int | None = None
    elapsed_ns: int | None = None
    subject: str | None = None
    notes: tuple[str, ...] = ()
    line: int | None = None
    last_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where in the input a figure stands. Lines are 1-based and inclusive; None for binary input."""

    file: str
    first_line: int | None = None
    last_line: int | None = None

    def __str__(self) -> str:
        if self.first_line is None:
            return self.file
        if self.first_line == self.last_line:
            return f"{self.file}:{self.first_line}"
        return f"{self.file}:{self.first_line}-{self.last_line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When: nanoseconds of the target's monotonic clock, of the wall clock, or only an order (0, 1, 2 …)."""

    clock: Literal["monotonic", "wall", "order"]
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A reading in its place. source: the reader's name. subject: "" when nothing tells whose it is."""

    source: str
    subject: str
    moment: Moment
    where: Where
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that was seen but not read, and why."""

    where: Where
    format: str
    problem: str
