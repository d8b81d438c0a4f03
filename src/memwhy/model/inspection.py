"""What one look into a process from outside found: the ledger, the runtime, malloc, and what is lost.

Bytes are integers. "Resident" counts only bytes on pages that are in RSS; other sizes are what malloc or the
runtime think they have. A part that could not be read is None, and `notes` say why.
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, cast

from memwhy.model.holders import Holders

CATEGORIES: dict[str, str] = {
    "malloc.in_use": "malloc: blocks in use",
    "malloc.free": "malloc: freed, kept in bins",
    "malloc.cached": "malloc: freed, kept in tcache and fastbins",
    "malloc.top": "malloc: top of the arenas, unused",
    "malloc.mapped": "malloc: large blocks, mapped one by one",
    "malloc.meta": "malloc: arena headers and padding",
    "malloc.unread": "malloc: heaps that could not be walked",
    "heap.in_use": "runtime heap: in use",
    "heap.idle": "runtime heap: idle, not yet given back",
    "heap.stacks": "runtime heap: goroutine stacks and work buffers",
    "heap.meta": "runtime metadata",
    "heap.unread": "runtime heap: could not be read",
    "threads.stacks": "thread stacks",
    "files.clean": "program, libraries and files, as on disk",
    "files.written": "program and library data, written",
    "files.bss": "program and library data without a file (bss)",
    "shared": "shared memory",
    "kernel": "provided by the kernel (vdso)",
    "anonymous": "other anonymous memory",
}
"""Every category of the ledger, in the order of tables, with its words. Each resident byte is in exactly one.

"anonymous" is what no rule explains by name: anonymous mappings that belong to no allocator we know.
"""

EXPLAINED_BY_NOBODY = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One category's resident bytes. virtual_bytes: address space of the same ranges."""

    category: str
    bytes: int
    virtual_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeClass:
    """Chunks of one size. chunk_bytes: the chunk with its header (glibc: request + 8, rounded up to 16).

    up_to_bytes: the same as chunk_bytes for exact classes; larger for the coarse classes above 1 MiB.
    grown_*: since the look before, None at a first look.
    """

    chunk_bytes: int
    up_to_bytes: int
    in_use_count: int
    in_use_bytes: int
    free_count: int = 0
    free_bytes: int = 0
    grown_count: int | None = None
    grown_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Malloc:
    """glibc's malloc, counted from outside. The first six are mallinfo2's fields: arena, uordblks, fordblks, fsmblks, hblks, hblkhd.

    in_use_bytes counts tcache as in use, as mallinfo2 does; in_use_chunks and classes do not.
    trimmable_bytes: the most that malloc_trim(0) could give back: whole resident pages inside free chunks and tops.
    approximate: heaps whose walk did not end soundly, in words; empty when every byte is sure.
    """

    version: str
    system_bytes: int
    in_use_bytes: int
    free_bytes: int
    fastbin_bytes: int
    mmapped_count: int
    mmapped_bytes: int
    arenas: int
    heaps: int
    tcache_bytes: int
    top_bytes: int
    trimmable_bytes: int
    in_use_chunks: int
    free_chunks: int
    in_use_resident_bytes: int
    free_resident_bytes: int
    mmapped_resident_bytes: int
    classes: tuple[SizeClass, ...] = ()
    approximate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LostGraph:
    """Unreachable chunks that hang together, grouped by shape. count graphs of `chunks` chunks, `bytes` in all.

    library: the module that their pointers lead into, type: of the root object, both None when nothing is sure enough.
    evidence: how library and type were found, in words. samples: strings found inside, only when contents may be shown.
    """

    count: int
    chunks: int
    bytes: int
    library: str | None = None
    type: str | None = None
    evidence: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Chunks that no root leads to. maybe_bytes: reached only through interior or stale words, not counted as lost; likely_bytes:
    those of them that are likely lost all the same: only numbers lead to them, or only a few of many searches did.

    resident_bytes: of the lost ones, those on resident pages; None where nobody counted. roots_bytes: how much was searched
    for pointers; searched: how often, and why not more often, in words. caveats: what keeps this from being sure.
    """

    bytes: int
    chunks: int
    resident_bytes: int | None = None
    searched: str = ""
    maybe_bytes: int
    likely_bytes: int = 0
    held_bytes: int
    roots_bytes: int
    graphs: tuple[LostGraph, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFrame:
    """One Go function of a stack. line 0 where unknown; inlined: the compiler put it into its caller."""

    function: str
    file: str = ""
    line: int = 0
    inlined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GoroutineGroup:
    """Goroutines with the same state, stack and creation site. stack: leaf first; empty for running ones.

    waiting_s: how long the longest of them has been blocked at least, None where that is not known. stack_bytes: of all
    their stacks together, as the runtime allocated them.
    """

    count: int
    state: str
    stack: tuple[StackFrame, ...]
    created_by: str = ""
    waiting_s: float | None = None
    stack_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CgoCall:
    """A stack that was seen inside C. seen: in how many of `looks` looks; goroutines: at most at one time."""

    stack: tuple[StackFrame, ...]
    seen: int
    looks: int
    goroutines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoInside:
    """A Go runtime, read from outside. memstats: Go's own field names (runtime.MemStats), plus NumGoroutine.

    cgo_calls_ever: None for a program without cgo. threads: those that Go knows. modules: "path version", the main one first.
    """

    version: str
    goroutines: int
    memstats: Map[str, int]
    groups: tuple[GoroutineGroup, ...] = ()
    cgo_calls: tuple[CgoCall, ...] = ()
    cgo_calls_ever: int | None = None
    threads: int = 0
    modules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionCost:
    """What the look cost. attach_s: until the first number; rss_bytes: our own peak; target_paused_s: 0, nothing stops it."""

    cpu_s: float
    wall_s: float
    attach_s: float
    rss_bytes: int
    target_paused_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One look. rss_bytes: the kernel's sum (smaps); the ledger's rows and moved_bytes sum to it exactly.

    unexplained_bytes: the ledger's row "anonymous" plus moved_bytes. moved_bytes: RSS that came or went between the
    read of smaps and that of the pages; signed. parts that could not be read are None, notes say why.
    """

    rss_bytes: int
    ledger: tuple[LedgerRow, ...]
    unexplained_bytes: int
    moved_bytes: int = 0
    go: GoInside | None = None
    malloc: Malloc | None = None
    lost: Lost | None = None
    notes: tuple[str, ...] = ()
    cost: InspectionCost | None = None
    apart_s: float | None = None
    """Seconds between the two looks that `grown_*` compares; None after one look."""
    facts: Map[str, str] = field(default_factory=dict)
    holders: Holders | None = None
    """Who holds the runtime's heap, where that was asked for."""


def as_plain(inspection: Inspection) -> dict[str, Any]:
    """The inspection in the types of JSON, field by field under the same names."""
    return cast("dict[str, Any]", _plain(inspection))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Map):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
