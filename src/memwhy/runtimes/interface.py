"""What a runtime adapter offers: one folder per runtime, one interface, layout tables as data.

An adapter that only detects and gives regions is already useful (the ledger closes by name); roots add "lost or
held"; documents add all that the runtime's own endpoints would have told. Adapters read only: none touches the target.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from memwhy.memory.space import Space
from memwhy.model.account import Check
from memwhy.model.errors import MemwhyError
from memwhy.model.holders import Holders, SoFar
from memwhy.model.inspection import CgoCall, GoInside


class Unsupported(MemwhyError):
    """This runtime, or this version of it, cannot be read from outside; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A runtime found in an address space. version: as it calls itself ("go1.26.8")."""

    runtime: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A range that the runtime owns, and the ledger category of its resident pages (memwhy.model.inspection.CATEGORIES)."""

    start: int
    end: int
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A range of words where pointers to native memory may stand.

    certainty: "sure" for what the program can reach; "maybe" for what may be stale or holds no pointers by type
    (a Go span without pointers, a dead object): such words save a block from being called lost, no more.
    """

    start: int
    end: int
    name: str
    certainty: Literal["sure", "maybe"] = "sure"


class Runtime(Protocol):
    """One opened runtime of one address space; every call reads the target anew."""

    name: str
    version: str

    def regions(self) -> Sequence[Region]:
        """Disjoint, in address order."""
        ...

    def roots(self) -> Sequence[Root]:
        """Its heap, stacks and globals, as far as they may hold pointers to native memory."""
        ...

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """(source name, raw evidence) in forms that memwhy's readers know: what its own endpoints would have told."""
        ...

    def inside(self, *, goroutines: bool = True) -> GoInside | None:
        """Its own numbers as the inspection shows them; None for a runtime that has no such part. goroutines: their stacks too."""
        ...

    def calls(self, for_s: float) -> Sequence[CgoCall]:
        """Stacks that were seen inside native code while it was looked at for so long; takes that long."""
        ...

    def file(self, name: str) -> bytes | None:
        """A file for other tools: "heap profile" (pprof), "goroutines" (text). None where the runtime has no such thing."""
        ...

    def holders(
        self,
        progress: Callable[[str], None],
        *,
        whole: bool = False,
        fast: bool = False,
        most_bytes: int | None = None,
        so_far: Callable[[SoFar], None] | None = None,
    ) -> Holders | None:
        """Who holds its heap; None for a runtime that has no such part. whole: to the smallest line. fast: which root is nearest to
        what, without what each alone keeps. most_bytes: of memory that it may take; None: a share of what is free. so_far: called once with a
        first answer where the whole one is seconds away. Raises Unsupported."""
        ...

    def verify(self) -> tuple[Check, ...]:
        """Invariants of the layout, each held against a second witness."""
        ...


class Adapter(Protocol):
    """One runtime that memwhy knows how to read."""

    NAME: str

    def detect(self, space: Space) -> Match | None:
        """Is it there? Cheap: reads headers only."""
        ...

    def open(self, space: Space, match: Match) -> Runtime:
        """Attach: find its globals and prove the layout. Raises Unsupported."""
        ...
