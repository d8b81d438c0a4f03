"""The ledger: every resident page of a process in exactly one category, the sum equal to the kernel's.

Ranges that an allocator owns come first (a runtime's regions, malloc's shares, thread stacks), each with its resident
bytes; the rest of every mapping goes by what the mapping is. What the kernel counted but the pages no longer show, or
the other way round, has moved while we looked: it is a figure of its own, never spread over the others.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.account.accounting import claim_all
from memwhy.account.claims import (
    FILE_CODE,
    FILE_DATA,
    FILE_MAPPED,
    GO_HEAP,
    GO_LAYERS,
    NATIVE_ARENAS,
    NATIVE_HEAP,
    SHARED_MEMORY,
    SPECIAL,
    THREAD_STACKS,
    UNCLAIMED,
    Claim,
)
from memwhy.inspect.blocks import Share
from memwhy.model.errors import AccountError
from memwhy.model.inspection import CATEGORIES, EXPLAINED_BY_NOBODY, LedgerRow
from memwhy.model.mapping import Mapping
from memwhy.runtimes.interface import Region

Resident = Callable[[int, int], "array[int]"]
"""`Space.resident`: the resident pages of a range as flat pairs start, end."""
Range = tuple[int, int, str | None]
"""start, end, category; None where a share has said how its bytes divide."""

_BY_LAYER = {
    FILE_CODE: "files.clean",
    FILE_MAPPED: "files.clean",
    SHARED_MEMORY: "shared",
    SPECIAL: "kernel",
    THREAD_STACKS: "threads.stacks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Who owns which ranges. heap_read, malloc_read: whether Go's heap and malloc's were read; if not, their mappings stay "unread".

    stacks_anywhere: there is a runtime whose memory could not be told from other: threads may stand in the middle of it.
    """

    regions: Sequence[Region] = ()
    shares: Sequence[Share] = ()
    stack_pointers: Sequence[int] = ()
    heap_read: bool = False
    malloc_read: bool = False
    stacks_anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The rows in table order, empty ones left out; rows + moved_bytes sum to rss_bytes. refused: ranges that overlapped others."""

    rss_bytes: int
    rows: tuple[LedgerRow, ...]
    moved_bytes: int
    refused: int = 0

    def __post_init__(self) -> None:
        held = sum(row.bytes for row in self.rows)
        if held + self.moved_bytes != self.rss_bytes:
            raise AccountError(
                f"the ledger's rows sum to {held} B and {self.moved_bytes} B moved, not to {self.rss_bytes} B"
            )

    @property
    def unexplained_bytes(self) -> int:
        """What no category explains by name, and what moved meanwhile."""
        return self.moved_bytes + sum(row.bytes for row in self.rows if row.category == EXPLAINED_BY_NOBODY)


def keep_ledger(mappings: Sequence[Mapping], resident: Resident, owned: Owned, *, program: str | None = None) -> Ledger:
    """The ledger of one look.

    mappings: of smaps; one without rss_bytes (a core) counts the pages that are there. program: its path, if known.
    """
    facts = {} if program is None else {"process.exe": program}
    if owned.heap_read:
        facts["go.version"] = "known"
    ordered, claims, _, _ = claim_all(mappings, None, facts)
    table = _Table()
    ranges = _in_order(owned, table)
    starts = [start for start, _, _ in ranges]
    pointers = () if owned.stacks_anywhere else owned.stack_pointers
    with_stack = {index_of(ordered, pointer) for pointer in pointers}
    for index, mapping in enumerate(ordered):
        if mapping.rss_bytes == 0:
            continue
        first = max(0, bisect_right(starts, mapping.start) - 1)
        last = bisect_right(starts, mapping.end - 1)
        inside = [one for one in ranges[first:last] if one[1] > mapping.start]
        runs = resident(mapping.start, mapping.end) if inside or mapping.rss_bytes is None else None
        pages = _pages(runs, mapping)
        taken = 0
        for category, size in overlaps(runs, inside) if runs is not None else ():
            taken += size
            if category is not None:
                table.bytes[category] += size
        category = _category(claims.get(index, UNCLAIMED), mapping, owned, has_stack=index in with_stack)
        table.rest(
            category, mapping, pages - taken, sum(min(e, mapping.end) - max(s, mapping.start) for s, e, _ in inside)
        )
        table.rss_bytes += pages if mapping.rss_bytes is None else mapping.rss_bytes
    return table.ledger()


class _Table:
    """A ledger while it is kept."""

    def __init__(self) -> None:
        self.bytes = dict.fromkeys(CATEGORIES, 0)
        self.virtual_bytes = dict.fromkeys(CATEGORIES, 0)
        self.rss_bytes = 0
        self.refused = 0

    def share(self, share: Share) -> None:
        """What malloc found in a range it owns, when it looked."""
        for category, size in share.bytes.items():
            self.bytes[category] += size
        for category, size in share.virtual_bytes.items():
            self.virtual_bytes[category] += size

    def rest(self, category: str, mapping: Mapping, left_bytes: int, owned_bytes: int) -> None:
        """What nobody owns of a mapping goes by what the mapping is."""
        written = min(left_bytes, mapping.anonymous_bytes) if category == "files.clean" else 0
        self.bytes["files.written"] += written
        self.bytes[category] += left_bytes - written
        self.virtual_bytes[category] += mapping.size_bytes - owned_bytes

    def ledger(self) -> Ledger:
        rows = tuple(
            LedgerRow(category=category, bytes=self.bytes[category], virtual_bytes=self.virtual_bytes[category])
            for category in CATEGORIES
            if self.bytes[category]
        )
        moved_bytes = self.rss_bytes - sum(row.bytes for row in rows)
        return Ledger(rss_bytes=self.rss_bytes, rows=rows, moved_bytes=moved_bytes, refused=self.refused)


def _in_order(owned: Owned, table: _Table) -> list[Range]:
    """All owned ranges by address; a share that overlaps what a runtime owns, or an earlier one, is refused and counted."""
    ranges: list[Range] = [(region.start, region.end, region.category) for region in owned.regions]
    for region in owned.regions:
        table.virtual_bytes[region.category] += region.end - region.start
    taken = sorted(ranges)
    ranges = []
    for start, end, category in taken:
        if ranges and start < ranges[-1][1]:
            table.refused += 1
        else:
            ranges.append((start, end, category))
    ends = [end for _, end, _ in ranges]
    kept: list[Range] = []
    for share in sorted(owned.shares, key=lambda share: share.start):
        at = bisect_right(ends, share.start)
        if (at < len(ranges) and ranges[at][0] < share.end) or (kept and share.start < kept[-1][1]):
            table.refused += 1
            continue
        kept.append((share.start, share.end, None))
        table.share(share)
    return sorted(ranges + kept, key=lambda one: one[0])


def overlaps(runs: "array[int]", ranges: Sequence[Range]) -> Iterator[tuple[str | None, int]]:
    """(category, resident bytes) of each range; runs: flat pairs start, end; both in address order and disjoint."""
    at = 0
    for start, end, category in ranges:
        while at < len(runs) and runs[at + 1] <= start:
            at += 2
        size, step = 0, at
        while step < len(runs) and runs[step] < end:
            size += min(end, runs[step + 1]) - max(start, runs[step])
            step += 2
        if size:
            yield category, size
        at = max(at, step - 2)


def index_of(mappings: Sequence[Mapping], address: int) -> int:
    """The index of the mapping that holds an address, -1 when none does; mappings in address order."""
    at = bisect_right(mappings, address, key=lambda mapping: mapping.start) - 1
    return at if at >= 0 and address < mappings[at].end else -1


def _pages(runs: "array[int] | None", mapping: Mapping) -> int:
    """Resident bytes: by the pages where they were asked for, else by the kernel's sum."""
    if runs is None:
        return mapping.rss_bytes or 0
    return sum(runs[1::2]) - sum(runs[::2])


def _category(claim: Claim, mapping: Mapping, owned: Owned, *, has_stack: bool) -> str:
    if claim.metric in (NATIVE_HEAP, NATIVE_ARENAS):
        return EXPLAINED_BY_NOBODY if owned.malloc_read else "malloc.unread"
    if claim.metric in GO_LAYERS:
        if owned.heap_read or not claim.rule.startswith("name"):
            return "threads.stacks" if has_stack else EXPLAINED_BY_NOBODY
        return "heap.unread" if claim.metric == GO_HEAP else "heap.meta"
    if has_stack and not mapping.inode:
        return "threads.stacks"
    if claim.metric == FILE_DATA and not mapping.inode:
        return "files.bss"
    if claim.metric == FILE_DATA or (claim.rest_metric in (FILE_MAPPED, FILE_CODE)):
        return "files.clean"
    if claim.rest_metric == SHARED_MEMORY:
        return "shared"
    return _BY_LAYER.get(claim.metric, EXPLAINED_BY_NOBODY)
