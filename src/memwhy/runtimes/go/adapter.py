"""Go's adapter: is there a Go runtime, and attach to it.

Attaching believes nothing: the layout table is chosen by the version in the build info and proved on the target
before anything else is read with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from memwhy.memory.space import Module, Space
from memwhy.model.account import Check
from memwhy.model.errors import ParseError
from memwhy.runtimes.go.layout import Layout, layout_for
from memwhy.runtimes.go.locate import Globals, by_symbols
from memwhy.runtimes.go.moduledata import Constants, chain
from memwhy.runtimes.go.pclntab import FunctionTable
from memwhy.runtimes.interface import Match, Region, Root, Unsupported
from memwhy.sources.go.buildinfo import NotGo, extract

NAME = "go"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoModule:
    """The program or library that holds a Go runtime. settings: `go version -m`'s module text, "" when unknown."""

    module: Module
    version: str
    settings: str


class GoRuntime:
    """One Go runtime, opened. globals: where its variables stand; functions: from addresses to code."""

    name = NAME

    def __init__(
        self, space: Space, layout: Layout, found: GoModule, globals: Globals, functions: FunctionTable
    ) -> None:
        self.space = space
        self.layout = layout
        self.module = found.module
        self.version = found.version
        self.settings = found.settings
        self.globals = globals
        self.functions = functions

    def regions(self) -> Sequence[Region]:
        """Disjoint, in address order."""
        from memwhy.runtimes.go import spans

        return spans.regions(self)

    def roots(self) -> Sequence[Root]:
        """Heap and stacks; the globals of all modules are the inspector's."""
        from memwhy.runtimes.go import spans

        return spans.roots(self)

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """What net/http/pprof would have answered."""
        from memwhy.runtimes.go import documents

        return documents.documents(self)

    def verify(self) -> tuple[Check, ...]:
        """Invariants of the layout on this target."""
        return ()


class GoAdapter:
    """Go 1.19 to 1.27, and later ones that keep their DWARF."""

    NAME = NAME

    def detect(self, space: Space) -> Match | None:
        """A Go runtime in the program or in a library."""
        found = find_go(space)
        return None if found is None else Match(runtime=NAME, version=found.version)

    def open(self, space: Space, match: Match) -> GoRuntime:
        """Attach. Raises Unsupported: an unknown version, another machine, or a layout that the target disproves."""
        found = find_go(space)
        if found is None or found.module.elf is None:
            raise Unsupported(f"{space.name}: no Go runtime was found")
        layout = layout_for(found.version)
        globals = by_symbols(found.module.elf, found.module)
        if globals.firstmoduledata is None:
            raise Unsupported(f"{space.name}: {found.module.name} has no symbol table")
        constants = Constants(space, space.modules())
        functions = FunctionTable(constants, chain(space, globals.firstmoduledata, layout), layout)
        return GoRuntime(space, layout, found, globals, functions)


def find_go(space: Space) -> GoModule | None:
    """The module that holds a Go runtime: the program first, then libraries in address order."""
    for module in sorted(space.modules(), key=lambda module: not module.is_program):
        if module.elf is None:
            continue
        try:
            version, settings = extract(module.elf)
        except (NotGo, ParseError):
            continue
        return GoModule(module=module, version=version, settings=settings)
    return None
