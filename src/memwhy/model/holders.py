"""Who holds a runtime's heap: a tree of what alone keeps what, from the roots down."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Objects of one type that hang at one field of the same holder.

    name: of a root the variable or function, else the path of fields from the holder to them (".Body", "[value]"), "shared" for what no single
    holder keeps alive. type: as the runtime names it; "?48 B" where nobody knows. count, own_bytes: these objects alone; bytes: with all that only they
    keep. grown_bytes, grown_count: since the look before, None after one look. shared_by: of what is shared, the roots that lead to it,
    as far as they were noted. least_bytes, most_bytes: of `bytes` over several passes, None after one. elements: values in the maps, slices and
    channels of this line together; idle_bytes: of own_bytes, what no slice or string that leads there shows and no entry of a map fills; both None
    where that was not looked at. goroutines: of a stack, how many have it. hints: functions that use a root without a name.
    """

    kind: Literal["global", "goroutine", "finalizer", "cleanup", "shared", "field", "rest"]
    name: str
    type: str
    count: int
    own_bytes: int
    bytes: int
    grown_bytes: int | None = None
    grown_count: int | None = None
    shared_by: tuple[str, ...] = ()
    least_bytes: int | None = None
    most_bytes: int | None = None
    elements: int | None = None
    idle_bytes: int | None = None
    goroutines: int | None = None
    hints: tuple[str, ...] = ()
    children: tuple["Holding", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeTotal:
    """All objects of one type that are held. "" for those whose type nobody knows."""

    type: str
    count: int
    bytes: int
    grown_bytes: int | None = None
    grown_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Objects whose finalizers, or cleanups, are due and have not run.

    function: of the program, in which the goroutine that runs them stands, "" while it waits for work; state: as GoroutineGroup.state;
    blocked_s: how long it has been there at least, None where that is not known.
    """

    kind: Literal["finalizer", "cleanup"]
    count: int
    function: str = ""
    state: str = ""
    blocked_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """One pass over a heap. bytes, objects: what the roots reach; heap_alloc_bytes: the runtime's own HeapAlloc at that moment, which counts
    garbage that is not yet swept, too.

    untyped_bytes: of `bytes`. unresolved: pointers to objects newer than our list of spans, not followed. read_bytes, read_s: what was read of
    the target, and how long that took; cpu_s: of ours, all in. passes: over the heap. newborn_objects: of `objects`, those that were made while it
    was read. fast: roots and totals by what a search reaches first, without dominators. waiting: for their finalizers. notes: what could not be had, in sentences.
    """

    runtime: str
    bytes: int
    objects: int
    heap_alloc_bytes: int | None
    untyped_bytes: int
    unresolved: int
    read_bytes: int
    read_s: float
    cpu_s: float
    holdings: tuple[Holding, ...]
    types: tuple[TypeTotal, ...]
    passes: int = 1
    newborn_objects: int = 0
    fast: bool = False
    waiting: tuple[Waiting, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """What is known of a heap before it is known what each holder alone keeps: holdings as those of `Holders` that are fast; types as there."""

    bytes: int
    objects: int
    holdings: tuple[Holding, ...]
    types: tuple[TypeTotal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """One place where the heap's growth sits, over all looks. Lines do not overlap.

    path: its names from the root down, as people read them; names, types: the same in two parts. kind: of its root. bytes, counts: at each look, 0
    where it was too small to be told; elements: values in it, None where they were not looked at. inner: the type of what becomes more in it, and
    inner_counts how many of these there were, the line's own objects where it has no container; "" where nothing becomes more. below: all types
    beneath it, with bytes at the last look. own_bytes, idle_bytes: at the last look, of the line and what is drawn below it; goroutines: at each look.
    """

    path: tuple[str, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    kind: str
    bytes: tuple[int, ...]
    counts: tuple[int, ...]
    elements: tuple[int | None, ...]
    goroutines: tuple[int | None, ...]
    inner: str
    inner_counts: tuple[int, ...]
    below: tuple[tuple[str, int], ...]
    own_bytes: int
    idle_bytes: int | None
    hints: tuple[str, ...] = ()

    @property
    def grown_bytes(self) -> int:
        """From the first look to the last."""
        return self.bytes[-1] - self.bytes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldGrowth:
    """Several looks at who holds a heap, as one growth. xs: seconds of each, by the clock of the whole. lines: most growth first."""

    xs: tuple[float, ...]
    reached_bytes: tuple[int, ...]
    alloc_bytes: tuple[int | None, ...]
    lines: tuple[HeldLine, ...]
    last: Holders

    @property
    def grown_bytes(self) -> int:
        """What is reached, from the first look to the last."""
        return self.reached_bytes[-1] - self.reached_bytes[0]
