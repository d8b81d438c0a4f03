"""Where memory grows, from outside and without injection: which regions get fresh pages, and whose calls touch large blocks first.

A classifier, not a ranking. In malloc's arenas and in Go's heap the page that is touched first says nothing about who leaks: a leak takes
recycled blocks, and whoever allocates next touches the new page. Callers are therefore told for mapped memory only, and there only for
pages that are still resident and lie in runs as long as what malloc maps by itself. What runs in a program with another malloc, whose small
blocks lie in mapped memory too, is not told by callers at all.
"""

import os
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Self

from memwhy.account.accounting import account, claim_all
from memwhy.account.claims import ANONYMOUS, UNCLAIMED
from memwhy.memory.residency import Residency
from memwhy.memory.space import PAGE_BYTES
from memwhy.model.errors import TargetGone
from memwhy.model.mapping import Mapping as MemoryMapping
from memwhy.native.perf_events import Fault, FaultEvents
from memwhy.native.rows import ModuleRows
from memwhy.native.stack_piece import Walker
from memwhy.sources.proc import maps, smaps

LEAST_RUN_BYTES = 128 << 10
"""What glibc maps by itself from this size on: M_MMAP_THRESHOLD, mallopt(3)."""
MOST_PAGES = 1 << 18
"""Of mapped memory whose last toucher is remembered: 1 GiB."""
MOST_STACKS = 4096
MOST_CALLERS = 12
MOST_PER_S = 5_000
"""Faults that may be recorded in the long run: each costs the target about 1 µs and us 10 (docs/page-faults.md). Above it the recording pauses …"""
MOST_AT_ONCE = 100_000
"""… after so many."""
OTHER_MALLOCS = ("libjemalloc", "libtcmalloc", "libmimalloc", "libsnmalloc", "librpmalloc", "libhoard", "libscudo")
SMALL_BLOCKS_TOO = "whose small blocks lie in mapped memory too"
NOT_GLIBC = "it does not use glibc: small blocks of its malloc may lie in mapped memory too"
SHARE = 0.02
"""Of one core's time, for finding new mappings between two readings."""
_PAGE_SHIFT = PAGE_BYTES.bit_length() - 1
Named = Callable[[tuple[int, ...]], tuple[str, ...]]
"""Program counters, the touching instruction first, to functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultClass:
    """One kind of region. layer: its metric; faults: pages touched since the start; grown_bytes: of its RSS, exactly, both signs."""

    layer: str
    faults: int
    grown_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose code touched large blocks of mapped memory first. resident_bytes: of them, what still is in RSS. functions: leaf first."""

    functions: tuple[str, ...]
    resident_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReading:
    """All that the page faults since the start say. classes: those that grew most first.

    callers: of large mapped blocks, largest first; rest_bytes: mapped, resident and touched since the start, but in runs too short to
    be large blocks. no_callers: why there are none, "" where they may be told. lost: faults that came faster than they were read.
    """

    for_s: float
    faults: int
    lost: int
    grown_bytes: int
    classes: tuple[FaultClass, ...]
    callers: tuple[Caller, ...]
    rest_bytes: int
    no_callers: str
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Book:
    """What is remembered of faults. pages: number of a page of mapped memory → who touched it last, an index into stacks."""

    faults: dict[str, int] = field(default_factory=dict)
    pages: dict[int, int] = field(default_factory=dict)
    stacks: dict[tuple[int, ...], int] = field(default_factory=dict)
    forgotten: int = 0
    walker: Walker = field(default_factory=Walker)
    _chains: dict[tuple[int, ...], int] = field(default_factory=dict)
    _last: tuple[Fault | None, int] = (None, 0)
    """The one before, and its stack: a loop that fills a block faults again and again with the same stack."""

    def add(self, fault: Fault, layer: str, code: "_Ranges") -> None:
        """Count one; a call chain is followed as long as it leads through code."""
        self.faults[layer] = self.faults.get(layer, 0) + 1
        if layer != ANONYMOUS:
            return
        page = fault.address >> _PAGE_SHIFT
        if page not in self.pages and len(self.pages) >= MOST_PAGES:
            self.forgotten += 1
            return
        last, index = self._last
        if last is None or (last.pcs, last.piece) != (fault.pcs, fault.piece):
            chain = fault.pcs
            if fault.piece is not None and chain and fault.piece.ip == chain[0]:
                chain = (chain[0], *self.walker.chain(fault.piece, chain[1:]))
            index = self._stack(chain, code)
            self._last = fault, index
        self.pages[page] = index

    def walk_by(self, modules: Sequence[ModuleRows]) -> None:
        """Other unwind rules."""
        self.walker, self._last = Walker(modules), (None, 0)

    def _stack(self, chain: tuple[int, ...], code: "_Ranges") -> int:
        index = self._chains.get(chain)
        if index is None:
            pcs = tuple(_while_code(chain, code))
            if pcs not in self.stacks and len(self.stacks) >= MOST_STACKS:
                pcs = ()
            index = self.stacks.setdefault(pcs, len(self.stacks))
            if len(self._chains) < MOST_STACKS:
                self._chains[chain] = index
        return index


class Faults:
    """The page faults of one process from now on. A context manager; `look` several times a second, `read` when an answer is wanted."""

    def __init__(self, pid: int, events: FaultEvents, now_s: float, *, root: str, go_version: str | None) -> None:
        """Use `open`."""
        self.pid = pid
        self._root = root
        self._events = events
        self._begun_s = self._looked_s = now_s
        self._allowed: float = MOST_AT_ONCE
        self._is_paused = False
        self._paused_s = 0.0
        self._lost = 0
        self._facts = {} if go_version is None else {"go.version": go_version}
        self._book = _Book()
        self._places_due_s = 0.0
        self._mappings = self._read_mappings(smaps)
        self._first = _layers(self._mappings, self._facts)
        self._places = _Places(self._mappings, self._facts)

    @classmethod
    def open(cls, pid: int, now_s: float, *, root: str = "/proc", go_version: str | None = None) -> Self:
        """Begin. Raises NotPermitted, TargetGone, MemwhyError, each with what to do."""
        events = FaultEvents.open(pid, root=root)
        try:
            return cls(pid, events, now_s, root=root, go_version=go_version)
        except BaseException:
            events.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def lost(self) -> int:
        """Faults that came faster than they were read, so far."""
        return self._events.lost

    def close(self) -> None:
        """End it."""
        self._events.close()

    def follow(self, modules: Sequence[ModuleRows]) -> None:
        """Find callers by these unwind rules from now on; without them by frame pointers alone."""
        self._book.walk_by(modules)

    def look(self, now_s: float) -> None:
        """Take what the kernel recorded since the last time. Raises TargetGone."""
        before = self._events.recorded
        faults = self._events.drain()
        for fault in faults:
            layer = self._places.layer(fault.address)
            if layer is None and time.monotonic() >= self._places_due_s:
                self._find_places()
                layer = self._places.layer(fault.address)
            self._book.add(fault, layer or ANONYMOUS, self._places.code)
        if len(self._book.pages) >= MOST_PAGES and time.monotonic() >= self._places_due_s:
            began_s = time.thread_time()
            self._take_mappings()
            self._forget_freed()
            self._places_due_s = time.monotonic() + (time.thread_time() - began_s) / SHARE
        self._keep_to_budget(now_s, self._events.recorded - before)

    def _keep_to_budget(self, now_s: float, seen: int) -> None:
        """Pause when there were too many, go on when their time is over.

        After a gap nobody knows whose the pages before it are by now: memory was unmapped, and others' put in its place.
        """
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        self._paused_s += passed_s if self._is_paused else 0.0
        self._allowed = min(MOST_AT_ONCE, self._allowed + passed_s * MOST_PER_S) - seen
        if self._is_paused != (self._allowed < 0):
            self._is_paused = not self._is_paused
            (self._events.pause if self._is_paused else self._events.resume)()
        if self._events.lost != self._lost or self._is_paused:
            self._lost = self._events.lost
            self._book.pages.clear()

    def read(self, now_s: float, name: Named, no_callers: str | None = None) -> FaultReading:
        """What it comes to. name: program counters to functions. no_callers: why callers of mapped memory would mislead, "" where they do
        not; None: to be judged by the names of its libraries. Raises TargetGone.
        """
        self.look(now_s)
        self._take_mappings()
        now = _layers(self._mappings, self._facts)
        grown = {layer: now.get(layer, 0) - self._first.get(layer, 0) for layer in {*now, *self._first}}
        classes = [
            FaultClass(layer=layer, faults=self._book.faults.get(layer, 0), grown_bytes=size)
            for layer, size in grown.items()
            if size or self._book.faults.get(layer)
        ]
        reason = why_no_callers(self._mappings) if no_callers is None else no_callers
        callers, rest_bytes = ((), 0) if reason else self._callers(name)
        return FaultReading(
            for_s=now_s - self._begun_s,
            faults=sum(self._book.faults.values()),
            lost=self._events.lost,
            grown_bytes=sum(grown.values()),
            classes=tuple(sorted(classes, key=lambda one: (-one.grown_bytes, one.layer))),
            callers=callers,
            rest_bytes=rest_bytes,
            no_callers=reason,
            notes=(*self._events.notes, *self._gaps(now_s)),
        )

    # -- parts ----------------------------------------------------------------------------------

    def _callers(self, name: Named) -> tuple[tuple[Caller, ...], int]:
        """Those of large blocks, and what is too short for one."""
        names = {index: name(pcs) or ("(unknown)",) for pcs, index in self._book.stacks.items()}
        self._forget_freed()
        sizes: dict[tuple[str, ...], int] = {}
        rest = 0
        for who, pages in runs((page, names[index]) for page, index in sorted(self._book.pages.items())):
            size = pages << _PAGE_SHIFT
            if size >= LEAST_RUN_BYTES:
                sizes[who] = sizes.get(who, 0) + size
            else:
                rest += size
        ordered = sorted(sizes, key=lambda who: (-sizes[who], who))
        rest += sum(sizes[who] for who in ordered[MOST_CALLERS:])
        return tuple(Caller(functions=who, resident_bytes=sizes[who]) for who in ordered[:MOST_CALLERS]), rest

    def _forget_freed(self) -> None:
        """Keep only pages that still are resident, and mapped memory."""
        try:
            pagemap = os.open(f"{self._root}/{self.pid}/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            residency = Residency(pagemap, self._mappings)
            resident: array[int] = array("Q")
            for mapping in self._mappings:
                if self._places.layer(mapping.start) == ANONYMOUS:
                    resident += residency.pages(mapping.start, mapping.end)
        except ProcessLookupError as error:
            raise TargetGone(f"pid {self.pid} ended") from error
        finally:
            os.close(pagemap)
        ranges = _Ranges(zip(resident[::2], resident[1::2], strict=True))
        self._book.pages = {p: who for p, who in self._book.pages.items() if p << _PAGE_SHIFT in ranges}

    def _gaps(self, now_s: float) -> Iterator[str]:
        if self._paused_s:
            share = 1 - self._paused_s / max(self._paused_s, now_s - self._begun_s)
            yield f"page faults came so fast that they were recorded {share:.0%} of the time: callers hold more than is told"
        if self._events.lost:
            yield f"{self._events.lost:,} page faults came faster than they were read: callers are told for what came after"
        if self._book.forgotten:
            size = self._book.forgotten << _PAGE_SHIFT >> 20
            yield f"who touched {size} MiB of mapped memory is not kept: it is more than memwhy remembers"

    def _take_mappings(self) -> None:
        self._mappings = self._read_mappings(smaps)
        self._places = _Places(self._mappings, self._facts)

    def _find_places(self) -> None:
        """Where new mappings are, without their pages; as often as it takes a small share of the time."""
        began_s = time.thread_time()
        self._places = _Places(self._read_mappings(maps), self._facts)
        self._places_due_s = time.monotonic() + (time.thread_time() - began_s) / SHARE

    def _read_mappings(self, source: ModuleType) -> tuple[MemoryMapping, ...]:
        try:
            found: Sequence[MemoryMapping] = source.parse(source.read(self._root, self.pid)).mappings
        except (FileNotFoundError, ProcessLookupError) as error:
            raise TargetGone(f"pid {self.pid} ended") from error
        return tuple(sorted(found, key=lambda mapping: mapping.start))


def why_no_callers(mappings: Sequence[MemoryMapping]) -> str:
    """Why callers of mapped memory would mislead, as far as the names of files tell; "" where malloc is glibc's."""
    files = {mapping.path.removesuffix(" (deleted)").rpartition("/")[2] for mapping in mappings if mapping.inode}
    other = next((name for name in sorted(files) if name.startswith(OTHER_MALLOCS)), None)
    if other is not None:
        return f"its malloc is that of {other}, {SMALL_BLOCKS_TOO}"
    return "" if any(name.startswith(("libc.so.6", "libc-2")) for name in files) else NOT_GLIBC


def runs(pages: Iterable[tuple[int, tuple[str, ...]]]) -> Iterator[tuple[tuple[str, ...], int]]:
    """(who, how many pages) of neighbours that the same code touched; pages: (number, who) in order."""
    who: tuple[str, ...] | None = None
    count, expected = 0, -1
    for page, toucher in pages:
        if count and who is not None and (page != expected or toucher != who):
            yield who, count
            count = 0
        who, count, expected = toucher, count + 1, page + 1
    if count and who is not None:
        yield who, count


class _Ranges:
    """Disjoint ranges in address order; `in` asks for an address."""

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._starts, self._ends = array("Q"), array("Q")
        for start, end in pairs:
            self._starts.append(start)
            self._ends.append(end)

    def __contains__(self, address: int) -> bool:
        at = bisect_right(self._starts, address) - 1
        return at >= 0 and address < self._ends[at]


class _Places:
    """Which layer an address belongs to, by the rules of the account. code: what may be executed."""

    def __init__(self, mappings: Sequence[MemoryMapping], facts: Mapping[str, str]) -> None:
        ordered, claims, _, _ = claim_all(mappings, None, facts)
        self._starts = array("Q", (mapping.start for mapping in ordered))
        self._ends = array("Q", (mapping.end for mapping in ordered))
        self._layers = [claims.get(index, UNCLAIMED).metric for index in range(len(ordered))]
        self.code = _Ranges((one.start, one.end) for one in ordered if one.perms[2:3] == "x")

    def layer(self, address: int) -> str | None:
        """Its metric's name; None where nothing is mapped."""
        at = bisect_right(self._starts, address) - 1
        return self._layers[at] if at >= 0 and address < self._ends[at] else None


def _layers(mappings: Sequence[MemoryMapping], facts: Mapping[str, str]) -> dict[str, int]:
    """RSS by layer."""
    found = account(mappings, total_bytes=None, go=None, facts=facts)
    return {layer.metric: layer.bytes for layer in found.layers}


def _while_code(pcs: Sequence[int], code: _Ranges) -> Iterator[int]:
    """Up to the first that is no code: what a frame pointer used for something else leads to."""
    for pc in pcs:
        if pc not in code:
            return
        yield pc
