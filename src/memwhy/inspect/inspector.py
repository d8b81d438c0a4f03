"""Looking into one process or core from outside: attach once, look as often as wanted. The target is never stopped."""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Self

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.glibc import MallocBlocks, MallocHeap, NoMalloc, grown, read_blocks, read_malloc
from memwhy.inspect.ledger import Ledger, Owned, keep_ledger
from memwhy.inspect.roots import HeldElsewhere, roots_of
from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.model.errors import MemwhyError, NotPermitted, TargetGone
from memwhy.model.holdergrowth import grown as grown_holders
from memwhy.model.holders import Holders, SoFar
from memwhy.model.inspection import CgoCall, GoInside, Inspection, InspectionCost, Lost, Malloc
from memwhy.model.mapping import Mapping
from memwhy.runtimes.adapters import ADAPTERS
from memwhy.runtimes.go.adapter import NAME as GO
from memwhy.runtimes.interface import Adapter, Region, Root, Runtime, Unsupported
from memwhy.sources.proc import smaps

_MOST_MISSING = 3
_TRIES = 5
_QUICK_S = 0.2
"""What takes longer is not read again: a second reading would be as late."""
_CUT_OFF = "what is lost was not looked for: the core is cut off, roots are missing"
_LEFT_OUT = "what is lost was not looked for: the core leaves written memory out (see core(5), coredump_filter), roots are missing"
Progress = Callable[[str], None]
"""Called with a few words on what is being done now."""


class Inspector:
    """One attached address space. A context manager; `look` may be called again and again."""

    def __init__(self, space: Space, *, adapters: Sequence[Adapter] = ADAPTERS, root: str = "/proc") -> None:
        """space: closed with the inspector, and when attaching fails. root: the procfs that a live one is in."""
        self.space = space
        self._root = root
        self.notes: list[str] = []
        self._begun_s, self._begun_cpu_s = time.monotonic(), time.process_time()
        self._refused = False
        """A runtime is there, and its memory cannot be told from any other."""
        self._read: tuple[Runtime, ...] = ()
        """Those that the present look can read."""
        try:
            self.runtimes = tuple(self._attach(adapters))
        except BaseException:
            space.close()
            raise
        self.attach_s = time.monotonic() - self._begun_s
        self._before: tuple[float, Malloc] | None = None
        self._held: tuple[float, Holders] | None = None

    @classmethod
    def open(cls, pid: int, *, root: str = "/proc") -> Self:
        """Attach to a live process. Raises TargetGone, NotPermitted."""

        def mappings() -> tuple[Mapping, ...]:
            try:
                return smaps.parse(smaps.read(root, pid)).mappings
            except PermissionError as error:
                raise NotPermitted(f"the kernel does not let us read the mappings of pid {pid}") from error

        return cls(Live.open(pid, root=root, mappings=mappings), root=root)

    @classmethod
    def open_core(cls, path: str) -> Self:
        """Open a core file. Raises OSError, ParseError for what is no core of this kind of machine."""
        from memwhy.memory.core import Core

        return cls(Core.open(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def rss_bytes(self) -> int:
        """RSS by smaps, at the last look or at the attach."""
        return sum(mapping.rss_bytes or 0 for mapping in self.space.mappings)

    def close(self) -> None:
        """Let go of the target."""
        self.space.close()

    def _attach(self, adapters: Sequence[Adapter]) -> Iterator[Runtime]:
        for adapter in adapters:
            match = adapter.detect(self.space)
            if match is None:
                continue
            try:
                yield adapter.open(self.space, match)
            except Unsupported as error:
                self._refused = True
                self.notes.append(f"{match.version} cannot be read from outside: {error.message}")

    def look(
        self,
        *,
        malloc: bool = True,
        lost: bool = False,
        goroutines: bool = True,
        show_contents: bool = False,
        holders: bool = False,
        whole: bool = False,
        fast: bool = False,
        most_bytes: int | None = None,
        progress: Progress = lambda _: None,
        so_far: Callable[[SoFar], None] | None = None,
    ) -> Inspection:
        """One look. Cheap without `malloc` and `lost`: the ledger and the runtime's own numbers.

        show_contents: samples of strings in what is lost; memory contents are private. whole: holders to the smallest
        line, for files; people are shown `holdergrowth.pruned`. fast, most_bytes, so_far: of holders, as `Runtime.holders` says. Raises TargetGone, also where the
        process ended or executed another program while it was looked at: figures of two programs are never mixed.
        """
        try:
            ran_ns = self.space.ran_ns() if lost else None
            self.space.refresh()
            found = self._look(
                malloc=malloc,
                lost=lost,
                goroutines=goroutines,
                show_contents=show_contents,
                progress=progress,
                ran_ns=ran_ns,
            )
            if holders:
                found = self._with_holders(
                    found,
                    lambda runtime: runtime.holders(
                        progress, whole=whole, fast=fast, most_bytes=most_bytes, so_far=so_far
                    ),
                )
        except (MemwhyError, OSError):
            self.space.check()
            raise
        self.space.check()
        return found

    def _look(
        self,
        *,
        malloc: bool,
        lost: bool,
        goroutines: bool,
        show_contents: bool,
        progress: Progress,
        ran_ns: int | None,
    ) -> Inspection:
        notes: list[str] = []
        of_regions: list[str] = []
        progress("the runtime")
        regions = self._read_regions(of_regions)
        inside = self._read_inside(notes, goroutines=goroutines)
        heap: MallocHeap | NoMalloc | None = None
        if malloc:
            progress("malloc's heaps")
            regions, heap = self._read_malloc(regions, of_regions)
            notes += heap.notes if isinstance(heap, MallocHeap) else [heap.reason]
        notes = [*self.notes, *of_regions, *notes]
        progress("the ledger")
        census, shares = (heap.census, heap.shares) if isinstance(heap, MallocHeap) else (None, ())
        owned = Owned(
            regions=regions,
            shares=shares,
            stack_pointers=[one.stack_pointer for one in self.space.threads() if one.stack_pointer is not None],
            heap_read=any(runtime.name == GO for runtime in self._read),
            malloc_read=census is not None,
            stacks_anywhere=self._refused or len(self._read) < len(self.runtimes),
        )
        ledger = keep_ledger(self.space.mappings, self.space.resident, owned)
        found = None
        if lost and isinstance(heap, MallocHeap):
            found = self._find_lost(heap, owned, notes, show_contents=show_contents, progress=progress, ran_ns=ran_ns)
        return self._inspection(ledger, inside, census, found, notes)

    def _with_holders(self, found: Inspection, ask: Callable[[Runtime], Holders | None]) -> Inspection:
        """With who holds the runtime's heap, and what came since the look before."""
        notes = []
        for runtime in self._read:
            try:
                held = ask(runtime)
            except TargetGone:
                raise
            except MemwhyError as error:
                notes.append(f"who holds the heap of the {runtime.name} runtime is not known: {error.message}")
                continue
            if held is not None:
                before, self._held = self._held, (time.monotonic(), held)
                if before is None or before[1].fast != held.fast:
                    return replace(found, holders=held)
                apart_s = round(self._held[0] - before[0], 3)
                return replace(found, holders=grown_holders(before[1], held), apart_s=found.apart_s or apart_s)
        why = notes or ["who holds the runtime's heap is not known: no runtime was found whose heap can be read"]
        return replace(found, notes=(*found.notes, *why))

    def _read_malloc(
        self, regions: tuple[Region, ...], notes: list[str]
    ) -> tuple[tuple[Region, ...], MallocHeap | NoMalloc]:
        """malloc's heap and the runtimes' regions; both anew where a large block moved meanwhile (mremap(2) in realloc).

        notes: of the regions; in the end of those that are returned.
        """
        for left in reversed(range(_TRIES)):
            began_s = time.monotonic()
            heap = read_malloc(self.space, taken=[(region.start, region.end) for region in regions])
            slow = time.monotonic() - began_s > _QUICK_S
            if isinstance(heap, NoMalloc) or not heap.misses_mapped or slow or self.space.pid is None or not left:
                break
            self.space.refresh()
            notes.clear()
            regions = self._read_regions(notes)
        return regions, heap

    def calls(self, for_s: float) -> tuple[CgoCall, ...]:
        """Stacks seen inside native code while it was looked at for so long; none where no runtime can tell."""
        for runtime in self.runtimes:
            try:
                found = tuple(runtime.calls(for_s))
            except Unsupported:
                continue
            if found:
                return found
        return ()

    def documents(self) -> tuple[tuple[str, bytes], ...]:
        """(source name, raw evidence): what the runtimes' own endpoints would have told now; what cannot be read is left out.

        Raises TargetGone.
        """
        found: list[tuple[str, bytes]] = []
        for runtime in self.runtimes:
            try:
                found.extend(runtime.documents())
            except TargetGone:
                raise
            except MemwhyError:
                pass  # what came before stands; `look` says why the runtime cannot be read
        return tuple(found)

    def file(self, name: str) -> bytes | None:
        """A file for other tools ("heap profile", "goroutines"), read now; None where there is no such thing.

        Raises TargetGone when the target ended meanwhile, Unsupported where it cannot be read.
        """
        self.space.check()
        found = next((one for runtime in self.runtimes if (one := runtime.file(name)) is not None), None)
        self.space.check()
        return found

    def _read_regions(self, notes: list[str]) -> tuple[Region, ...]:
        """What the runtimes own, and which of them can be read now."""
        read: list[Runtime] = []
        regions: list[Region] = []
        for runtime in self.runtimes:
            try:
                regions += runtime.regions()
            except TargetGone:
                raise
            except MemwhyError as error:
                notes.append(f"the memory of the {runtime.name} runtime is not known this time: {error.message}")
            else:
                read.append(runtime)
        self._read = tuple(read)
        return tuple(sorted(regions, key=lambda region: region.start))

    def _read_inside(self, notes: list[str], *, goroutines: bool) -> GoInside | None:
        for runtime in self._read:
            try:
                found = runtime.inside(goroutines=goroutines)
            except TargetGone:
                raise
            except MemwhyError as error:
                notes.append(f"the {runtime.name} runtime could not be read this time: {error.message}")
                continue
            if found is not None:
                return found
        return None

    def _find_lost(
        self,
        heap: MallocHeap,
        owned: Owned,
        notes: list[str],
        *,
        show_contents: bool,
        progress: Progress,
        ran_ns: int | None,
    ) -> Lost | None:
        """None, with a note, where the roots cannot be read: without all of them what is held looks lost."""
        from memwhy.inspect.lost import find_lost  # the graph and all that tells of it: only who searches needs them
        from memwhy.memory.core import Core

        if isinstance(self.space, Core) and (self.space.missing_bytes or self.space.left_out_bytes):
            notes.append(_CUT_OFF if self.space.missing_bytes else _LEFT_OUT)
            return None
        try:
            found = find_lost(
                self.space,
                heap.blocks,
                roots_of(self.space, owned, self._read, heap.own_ranges, heap.blocks),
                self.space.modules(),
                show_contents=show_contents,
                progress=progress,
                again=lambda: self._again(heap, owned),
                held_elsewhere=self._held_elsewhere,
                ran_ns=ran_ns,
            )
            return replace(found, caveats=(*found.caveats, *_not_walked(heap.census)))
        except TargetGone:
            raise
        except MemwhyError as error:
            notes.append(f"what nothing points to was not searched for: {error.message}")
            return None

    def _held_elsewhere(self, blocks: Blocks) -> HeldElsewhere:
        from memwhy.inspect.file_held import read_file_held
        from memwhy.inspect.kernel_held import read_kernel_held

        kernel = read_kernel_held(self.space, self._root)
        files = read_file_held(self.space, blocks)
        return HeldElsewhere(words=kernel.words + files.words, missing=(*kernel.missing, *files.missing))

    def _again(self, before: MallocHeap, owned: Owned) -> tuple[Blocks, Sequence[Root]]:
        """The heaps walked anew and the roots as they are now: what was allocated or freed meanwhile is known."""
        self.space.refresh()
        regions = tuple(
            sorted((one for runtime in self._read for one in runtime.regions()), key=lambda region: region.start)
        )
        heap: MallocHeap | MallocBlocks | NoMalloc = read_blocks(
            self.space, taken=[(region.start, region.end) for region in regions]
        )
        if isinstance(heap, NoMalloc):
            heap = before
        now = replace(owned, regions=regions, shares=heap.shares)
        return heap.blocks, roots_of(self.space, now, self._read, heap.own_ranges, heap.blocks)

    def _inspection(
        self, ledger: Ledger, go: GoInside | None, census: Malloc | None, lost: Lost | None, notes: list[str]
    ) -> Inspection:
        now_s = time.monotonic()
        apart_s = None
        if census is not None:
            if self._before is not None:
                apart_s, census = round(now_s - self._before[0], 3), grown(self._before[1], census)
            self._before = now_s, census
        if ledger.refused:
            notes.append(f"{ledger.refused} ranges of malloc overlapped the runtime's and were not counted for malloc")
        return Inspection(
            rss_bytes=ledger.rss_bytes,
            ledger=ledger.rows,
            unexplained_bytes=ledger.unexplained_bytes,
            moved_bytes=ledger.moved_bytes,
            go=go,
            malloc=census,
            lost=lost,
            notes=tuple(dict.fromkeys([*notes, *self.space.notes])),
            cost=InspectionCost(
                cpu_s=round(time.process_time() - self._begun_cpu_s, 3),
                wall_s=round(now_s - self._begun_s, 3),
                attach_s=round(self.attach_s, 4),
                rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            ),
            apart_s=apart_s,
            facts=self.space.facts,
        )


def _not_walked(census: Malloc) -> tuple[str, ...]:
    """What the search for lost blocks misses where malloc's heaps could not be read whole."""
    if not census.approximate:
        return ()
    missing = "; ".join(census.approximate[:_MOST_MISSING]) + ("; …" if len(census.approximate) > _MOST_MISSING else "")
    return (f"malloc's heaps were not read whole, and what is missing was not searched for lost blocks: {missing}",)
