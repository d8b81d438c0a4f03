"""Pictures: what every view draws, already reckoned: layers over time, and stacks as trees. Views only place and colour it."""

from dataclasses import dataclass
from typing import Literal

from memwhy.model.holders import Holders
from memwhy.model.trend import Course

FrameKind = Literal["go", "native", "kernel", "other"]
REMAINDER = "unaccounted"
"""The band of what no layer claims, in the place of a metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One layer over time. bytes: at each x of its timeline; signed in the band of the remainder only (metric REMAINDER)."""

    metric: str
    label: str
    bytes: tuple[int, ...]
    growing: bool
    course: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure drawn over the bands: what a runtime says of itself, or a limit. bytes: None where nobody had read it yet, or
    not any more. note: what the figure truly counts.
    """

    metric: str
    label: str
    bytes: tuple[int | None, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment worth a stroke: an experiment, a restart, the end. x_s: as in its timeline."""

    x_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The layers over time; at every x the bands sum to the total, the band of the remainder included.

    metric, label: of the total. x_s: rising; seconds since the beginning, or 0, 1, 2 … for the clock "order", which has no times.
    begun_wall_ns: the wall clock at x = 0, where it is known. bands: lowest first: those that do not grow, those that do, the remainder. kept, of: so many of
    the moments that were read stand here; each series' extremes are among them.
    """

    metric: str
    label: str
    x_s: tuple[float, ...]
    clock: str
    begun_wall_ns: int | None
    total: tuple[int, ...]
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    kept: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlameNode:
    """A function in a place of the tree, with all that it calls. bytes: at the end, its callees' included; before_bytes: at the
    beginning. module: "name@version", "" where nobody knows.
    """

    name: str
    module: str
    kind: FrameKind
    bytes: int
    before_bytes: int
    children: tuple["FlameNode", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlameGraph:
    """Stacks as a tree, outermost function first. key: "heap", "native" or "goroutines". what: what is counted, and when.

    unit: of its figures: bytes, or a count of goroutines. before: whether a beginning was seen at all.
    """

    key: str
    title: str
    what: str
    root: FlameNode
    total_bytes: int
    before_bytes: int
    unit: Literal["bytes", "count"] = "bytes"
    before: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """malloc's blocks in use of one size, in words. bytes: at the last look inside, before_bytes: at the first."""

    name: str
    bytes: int
    before_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """malloc's blocks by size, those that grew most first. before: whether there were two looks; all: how many sizes there are."""

    rows: tuple[Size, ...]
    before: bool
    all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """All that can be drawn of one case. timeline: None where nothing was read at two moments; sketch: the same at so few
    moments as a picture that stands still can show. holders: who holds the runtime's heap at the newest look, with what came since the
    first; its tree is the flame graph "holders"."""

    timeline: Timeline | None
    flames: tuple[FlameGraph, ...] = ()
    sketch: Timeline | None = None
    sizes: Sizes | None = None
    holders: Holders | None = None
