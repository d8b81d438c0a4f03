"""Looking into one process or core from outside: attach once, look as often as wanted. The target is never stopped."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from memwhy.inspect.blocks import Blocks
from memwhy.inspect.glibc import MallocHeap, NoMalloc, grown, read_malloc
from memwhy.inspect.ledger import Ledger, Owned, keep_ledger
from memwhy.inspect.lost import find_lost
from memwhy.inspect.roots import roots_of
from memwhy.memory.core import Core
from memwhy.memory.live import Live
from memwhy.memory.space import Space
from memwhy.model.errors import MemwhyError, TargetGone
from memwhy.model.inspection import CgoCall, GoInside, Inspection, InspectionCost, Lost, Malloc
from memwhy.model.mapping import Mapping
from memwhy.runtimes.adapters import ADAPTERS
from memwhy.runtimes.interface import Region, Root, Runtime, Unsupported
from memwhy.sources.proc import smaps

Progress = Callable[[str], None]
"""Called with a few words on what is being done now."""


class Inspector:
    """One attached address space. A context manager; `look` may be called again and again."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.notes: list[str] = []
        self._begun_s, self._begun_cpu_s = time.monotonic(), time.process_time()
        self.runtime = self._attach()
        self.attach_s = time.monotonic() - self._begun_s
        self._before: tuple[float, Malloc] | None = None

    @classmethod
    def open(cls, pid: int, *, root: str = "/proc") -> Self:
        """Attach to a live process. Raises TargetGone, NotPermitted."""

        def mappings() -> tuple[Mapping, ...]:
            return smaps.parse(smaps.read(root, pid)).mappings

        return cls(Live.open(pid, root=root, mappings=mappings))

    @classmethod
    def open_core(cls, path: str) -> Self:
        """Open a core file. Raises OSError, ParseError for what is no core of this kind of machine."""
        return cls(Core.open(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the target."""
        self.space.close()

    def _attach(self) -> Runtime | None:
        for adapter in ADAPTERS:
            match = adapter.detect(self.space)
            if match is None:
                continue
            try:
                return adapter.open(self.space, match)
            except Unsupported as error:
                self.notes.append(f"{match.version} cannot be read from outside: {error.message}")
        return None

    def look(
        self,
        *,
        malloc: bool = True,
        lost: bool = False,
        goroutines: bool = True,
        show_contents: bool = False,
        progress: Progress = lambda _: None,
    ) -> Inspection:
        """One look. Cheap without `malloc` and `lost`: the ledger and the runtime's own numbers.

        show_contents: samples of strings in what is lost; memory contents are private. Raises TargetGone.
        """
        notes = list(self.notes)
        self.space.refresh()
        progress("the runtime")
        regions, go = self._read_runtime(notes, goroutines=goroutines)
        heap: MallocHeap | NoMalloc | None = None
        if malloc:
            progress("malloc's heaps")
            heap = read_malloc(self.space, taken=[(region.start, region.end) for region in regions])
            notes += heap.notes if isinstance(heap, MallocHeap) else [heap.reason]
        progress("the ledger")
        census, shares = (heap.census, heap.shares) if isinstance(heap, MallocHeap) else (None, ())
        owned = Owned(
            regions=regions,
            shares=shares,
            stack_pointers=[one.stack_pointer for one in self.space.threads() if one.stack_pointer is not None],
            heap_read=bool(regions),
            malloc_read=census is not None,
        )
        ledger = keep_ledger(self.space.mappings, self.space.resident, owned)
        found = None
        if lost and isinstance(heap, MallocHeap):
            found = self._find_lost(heap, owned, show_contents=show_contents, progress=progress)
        return self._inspection(ledger, go, census, found, notes)

    def calls(self, for_s: float) -> tuple[CgoCall, ...]:
        """Stacks seen inside native code while it was looked at for so long; none where the runtime cannot tell."""
        if self.runtime is None:
            return ()
        try:
            return tuple(self.runtime.calls(for_s))
        except Unsupported:
            return ()

    def documents(self) -> tuple[tuple[str, bytes], ...]:
        """(source name, raw evidence): what the runtime's own endpoints would have told now; what cannot be read is left out.

        Raises TargetGone.
        """
        found: list[tuple[str, bytes]] = []
        if self.runtime is None:
            return ()
        try:
            found.extend(self.runtime.documents())
        except TargetGone:
            raise
        except MemwhyError:
            pass  # what came before stands; `look` says why the runtime cannot be read
        return tuple(found)

    def file(self, name: str) -> bytes | None:
        """A file for other tools ("heap profile", "goroutines"), read now; None where there is no such thing."""
        return None if self.runtime is None else self.runtime.file(name)

    def _read_runtime(self, notes: list[str], *, goroutines: bool) -> tuple[tuple[Region, ...], GoInside | None]:
        if self.runtime is None:
            return (), None
        try:
            return tuple(self.runtime.regions()), self.runtime.inside(goroutines=goroutines)
        except TargetGone:
            raise
        except MemwhyError as error:
            notes.append(f"the {self.runtime.name} runtime could not be read this time: {error.message}")
            return (), None

    def _find_lost(self, heap: MallocHeap, owned: Owned, *, show_contents: bool, progress: Progress) -> Lost | None:
        return find_lost(
            self.space,
            heap.blocks,
            roots_of(self.space, owned, self.runtime, heap.own_ranges, heap.blocks),
            self.space.modules(),
            show_contents=show_contents,
            progress=progress,
            again=lambda: self._again(heap, owned),
        )

    def _again(self, before: MallocHeap, owned: Owned) -> tuple[Blocks, Sequence[Root]]:
        """The heaps walked anew and the roots as they are now: what was allocated or freed meanwhile is known."""
        self.space.refresh()
        regions = tuple(self.runtime.regions()) if owned.regions and self.runtime is not None else owned.regions
        heap = read_malloc(self.space, taken=[(region.start, region.end) for region in regions])
        if not isinstance(heap, MallocHeap):
            heap = before
        now = replace(owned, regions=regions, shares=heap.shares)
        return heap.blocks, roots_of(self.space, now, self.runtime, heap.own_ranges, heap.blocks)

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
            notes=tuple(dict.fromkeys(notes)),
            cost=InspectionCost(
                cpu_s=round(time.process_time() - self._begun_cpu_s, 3),
                wall_s=round(now_s - self._begun_s, 3),
                attach_s=round(self.attach_s, 4),
                rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            ),
            apart_s=apart_s,
        )
