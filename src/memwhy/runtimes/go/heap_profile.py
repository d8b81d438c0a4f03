"""The heap profile that every Go process keeps in memory, read from its buckets: what /debug/pprof/heap would tell.

Allocations and frees are counted in cycles of the collector and become visible two and one cycle later; which ones count
now follows memProfileInternal (runtime/mprof.go), the same from Go 1.19 to 1.27. Up to 1.26 a record counts bytes, from
1.27 on only objects, whose size is the bucket's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.memory.space import PAGE_BYTES, Space
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.structs import WORD_BYTES, address_of

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_MEMORY_BUCKET = 1
_DEFAULT_RATE_BYTES = 512 << 10
_MOST_BUCKETS = 2_000_000
_MOST_FRAMES = 1 << 15
_MOST_PAGES = 1 << 14
_MOST_COUNT = 1 << 62
_MOST_RATE_BYTES = 1 << 50
_CYCLES = 3
Counts = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One allocation site, as sampled. stack: return addresses, leaf first, one for each logical frame."""

    stack: tuple[int, ...]
    alloc_objects: int
    alloc_bytes: int
    free_objects: int
    free_bytes: int

    @property
    def in_use_objects(self) -> int:
        return self.alloc_objects - self.free_objects

    @property
    def in_use_bytes(self) -> int:
        return self.alloc_bytes - self.free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapProfile:
    """All sites, the largest in use first. rate_bytes: runtime.MemProfileRate; assumed: it could not be read, and is Go's default.

    cut: some buckets could not be read or made no sense; the others are here.
    """

    records: tuple[Record, ...]
    rate_bytes: int
    rate_is_assumed: bool = False
    cut: bool = False


def read_heap_profile(runtime: "GoRuntime") -> HeapProfile:
    """The profile of this moment. Raises Unsupported where the buckets were not found."""
    buckets = _Buckets(runtime)
    rows = list(buckets.walk())
    is_fresh = all(active[0] == 0 and active[1] == 0 for _, active, _ in rows)
    flushing = buckets.cycle % _CYCLES
    records = []
    for stack, active, future in rows:
        # Before the first collection nothing is published, and the runtime then shows all that it has.
        extra = future if is_fresh else future[flushing : flushing + 1]
        record = Record(stack, *(sum(column) for column in zip(active, *extra, strict=True)))
        if _is_possible(record):
            records.append(record)
        else:
            buckets.cut = True
    records.sort(key=lambda record: -record.in_use_bytes)
    rate = _rate(runtime)
    return HeapProfile(
        records=tuple(records),
        rate_bytes=_DEFAULT_RATE_BYTES if rate is None else rate,
        rate_is_assumed=rate is None,
        cut=buckets.cut,
    )


def _is_possible(record: Record) -> bool:
    """Counts of a bucket that is being written to, or is none, can be anything."""
    return (
        0 <= record.free_objects <= record.alloc_objects < _MOST_COUNT
        and 0 <= record.free_bytes <= record.alloc_bytes < _MOST_COUNT
        and record.alloc_objects <= record.alloc_bytes
        and record.in_use_objects <= record.in_use_bytes
    )


def _rate(runtime: "GoRuntime") -> int | None:
    address = runtime.globals.MemProfileRate
    rate = None if address is None else runtime.space.word(address)
    return rate if rate is not None and rate <= _MOST_RATE_BYTES else None


class _Buckets:
    """The list of memory buckets: a header, the stack, the record, one behind the other."""

    def __init__(self, runtime: "GoRuntime") -> None:
        layout = runtime.layout
        self.cut = False
        self.cycle = 0
        self._head = runtime.space.word(address_of(runtime, "mbuckets")) or 0
        if runtime.globals.mProfCycle is not None:
            # The flag that the cycle is flushed stands in bit 0.
            raw = runtime.space.read(runtime.globals.mProfCycle, 4)
            self.cycle = int.from_bytes(raw, "little") >> 1
        self._pages = _Pages(runtime.space)
        self._header_bytes = layout.size("bucket")
        self._fields = [layout.offset("bucket", name) // WORD_BYTES for name in ("allnext", "typ", "size", "nstk")]
        self._record_words = layout.size("memRecord") // WORD_BYTES
        self._cycle = _Cycle(layout)

    def walk(self) -> Iterator[tuple[tuple[int, ...], Counts, list[Counts]]]:
        """(stack, published counts, the counts of three cycles to come)."""
        address = self._head
        seen: set[int] = set()
        while address:
            words = self._pages.words(address, self._header_bytes // WORD_BYTES)
            if address in seen or len(seen) >= _MOST_BUCKETS or len(words) * WORD_BYTES < self._header_bytes:
                self.cut = True
                return
            seen.add(address)
            following, kind, size, frames = (words[i] for i in self._fields)
            if kind != _MEMORY_BUCKET or frames > _MOST_FRAMES:
                self.cut = True
                return
            body = self._pages.words(address + self._header_bytes, frames + self._record_words)
            if len(body) < frames + self._record_words:
                self.cut = True
                return
            active, future = self._cycle.split(body[frames:], size)
            yield tuple(body[:frames]), active, future
            address = following


class _Cycle:
    """Where memRecord and memRecordCycle keep their counts."""

    def __init__(self, layout: Layout) -> None:
        name = "memRecordCycle"
        self._has_bytes = layout.has(name, "alloc_bytes")
        names = ("allocs", "alloc_bytes", "frees", "free_bytes") if self._has_bytes else ("allocs", "frees")
        self._inside = [layout.offset(name, field) // WORD_BYTES for field in names]
        self._active = layout.offset("memRecord", "active") // WORD_BYTES
        self._future = layout.offset("memRecord", "future") // WORD_BYTES
        self._words = layout.size(name) // WORD_BYTES

    def split(self, words: Sequence[int], size: int) -> tuple[Counts, list[Counts]]:
        future = [self._counts(words, self._future + i * self._words, size) for i in range(_CYCLES)]
        return self._counts(words, self._active, size), future

    def _counts(self, words: Sequence[int], at: int, size: int) -> Counts:
        if self._has_bytes:
            allocs, alloc_bytes, frees, free_bytes = (words[at + i] for i in self._inside)
            return allocs, alloc_bytes, frees, free_bytes
        allocs, frees = (words[at + i] for i in self._inside)
        return allocs, allocs * size, frees, frees * size


class _Pages:
    """Words from pages read once each: buckets are small and lie side by side."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._kept: dict[int, bytes] = {}

    def words(self, address: int, count: int) -> memoryview:
        """`count` words, fewer where they cannot be read."""
        start, size = address, count * WORD_BYTES
        pieces = []
        while size > 0:
            base = start & -PAGE_BYTES
            piece = self._page(base)[start - base : start - base + size]
            if not piece:
                break
            pieces.append(piece)
            start += len(piece)
            size -= len(piece)
        raw = b"".join(pieces)
        return memoryview(raw[: len(raw) & ~7]).cast("Q")

    def _page(self, base: int) -> bytes:
        page = self._kept.get(base)
        if page is None:
            page = self._space.read(base, PAGE_BYTES)
            if len(self._kept) >= _MOST_PAGES:
                self._kept.clear()
            self._kept[base] = page
        return page
