"""Who holds a runtime's heap: a tree of what alone keeps what, from the roots down."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Objects of one type that hang at one field of the same holder.

    name: of a root the variable or function, else the path of fields from the holder to them (".Body", "[value]"), "shared" for what no single
    holder keeps alive. type: as the runtime names it; "?48 B" where nobody knows. count, own_bytes: these objects alone; bytes: with all that only they
    keep. grown_bytes, grown_count: since the look before, None after one look. shared_by: of what is shared, the roots that lead to it,
    as far as they were noted.
    """

    kind: Literal["global", "goroutine", "shared", "field", "rest"]
    name: str
    type: str
    count: int
    own_bytes: int
    bytes: int
    grown_bytes: int | None = None
    grown_count: int | None = None
    shared_by: tuple[str, ...] = ()
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
class Holders:
    """One pass over a heap. bytes, objects: what the roots reach; heap_alloc_bytes: the runtime's own HeapAlloc at that moment, which counts
    garbage that is not yet swept, too.

    untyped_bytes: of `bytes`. unresolved: pointers to objects newer than our list of spans, not followed. read_bytes, read_s: what was read of
    the target, and how long that took; cpu_s: of ours, all in. notes: what could not be had, in sentences.
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
    notes: tuple[str, ...] = ()
