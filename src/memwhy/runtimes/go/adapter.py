"""Go's adapter: is there a Go runtime, and attach to it.

Attaching believes nothing: the layout table is chosen by the version in the build info and proved on the target
before anything else is read with it.
"""

from collections.abc import Callable, Iterator, Sequence

from memwhy.memory.space import Module, Space
from memwhy.model.account import Check
from memwhy.model.errors import ParseError
from memwhy.model.holders import Holders, SoFar
from memwhy.model.inspection import CgoCall, GoInside
from memwhy.runtimes.go.detection import GoModule, find_go
from memwhy.runtimes.go.layout import Layout, known_minors, layout_of, shipped_layouts
from memwhy.runtimes.go.locate import NAMES, Globals, by_symbols, find_module_data
from memwhy.runtimes.go.moduledata import Constants, chain
from memwhy.runtimes.go.pclntab import FunctionTable
from memwhy.runtimes.go.proof import prove
from memwhy.runtimes.go.references import by_references
from memwhy.runtimes.interface import Match, Region, Root, Unsupported
from memwhy.sources.go.buildinfo import NotGo

NAME = "go"
_AMD64 = 62
_MACHINES = {3: "386", 40: "arm", 183: "arm64", 21: "ppc64", 22: "s390x", 243: "riscv64", 258: "loong64", 8: "mips"}
_TRIES = 3
"""Nothing stops the target, and a struct may change while it is read: only what is wrong three times is wrong."""
_NEEDED = ("mheap_", "allgs", "allp", "memstats", "gcController")


class GoRuntime:
    """One Go runtime, opened. globals: where its variables stand; functions: from addresses to code.

    module: the program or library that holds it. settings: the module text of its build info.
    """

    name = NAME

    def __init__(
        self, space: Space, layout: Layout, found: GoModule, globals: Globals, functions: FunctionTable
    ) -> None:
        self.space = space
        self.layout = layout
        self.module: Module = found.module
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

    def inside(self, *, goroutines: bool = True) -> GoInside:
        """Its own numbers as the inspection shows them. goroutines: their stacks too."""
        from memwhy.runtimes.go.inside import inside

        return inside(self, goroutines=goroutines)

    def calls(self, for_s: float) -> tuple[CgoCall, ...]:
        """Stacks seen inside C while it was looked at for so long."""
        from memwhy.runtimes.go.inside import calls

        return calls(self, for_s)

    def file(self, name: str) -> bytes | None:
        """A file for other tools: "heap profile" (pprof), "goroutines" (text)."""
        from memwhy.runtimes.go.inside import file_of

        return file_of(self, name)

    def holders(
        self,
        progress: Callable[[str], None],
        *,
        whole: bool = False,
        fast: bool = False,
        most_bytes: int | None = None,
        so_far: Callable[[SoFar], None] | None = None,
    ) -> Holders:
        """Who holds its heap. As `interface.Runtime` says. Raises Unsupported, also where memory runs out on the way."""
        from memwhy.runtimes.go.heap_holders import holders_of

        try:
            return holders_of(self, progress, whole=whole, fast=fast, most_bytes=most_bytes, so_far=so_far)
        except MemoryError as error:
            raise Unsupported(
                "memory ran out on the way: the heap has more pointers than there is room for; give --holders-memory more, or --holders-fast"
            ) from error

    def verify(self) -> tuple[Check, ...]:
        """Invariants of the layout on this target."""
        return prove(self.space, self.layout, self.globals, self.functions)


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
        if found is None:
            raise Unsupported(f"{space.name}: no Go runtime was found")
        refused: Unsupported | None = None
        for layout in layouts_for(found):
            try:
                return attach(space, found, layout)
            except Unsupported as error:
                refused = refused or error
        raise refused or Unsupported(f"{space.name}: {found.version} has no layout table")


def layouts_for(found: GoModule) -> tuple[Layout, ...]:
    """The shipped tables for a program's version, else one made of its own DWARF. Raises Unsupported."""
    elf, where = found.module.elf, found.module.name or "the program"
    if elf is not None and elf.machine != _AMD64:
        machine = _MACHINES.get(elf.machine, f"ELF machine {elf.machine}")
        raise Unsupported(f"{where} is {found.version} for {machine}; only amd64 can be read from outside")
    shipped = shipped_layouts(found.version)
    if shipped:
        return shipped
    from memwhy.runtimes.go.tabulation import tabulate  # and with it DWARF: for unknown versions alone

    try:
        table = None if elf is None else tabulate(elf)
        if table is not None:
            return (layout_of(table),)
        why = "its file is gone" if elf is None else "it was stripped of its DWARF"
    except (ParseError, NotGo, KeyError, TypeError, ValueError) as error:
        why = f"its own DWARF cannot be read ({error})"
    known = known_minors()
    raise Unsupported(
        f"{where} is {found.version}, which has no layout table (known: Go {known[0]} to {known[-1]}), and {why}",
        help="update memwhy, or build the program without -ldflags=-w: then its own DWARF is used",
    )


def attach(space: Space, found: GoModule, layout: Layout) -> GoRuntime:
    """Find the runtime's globals with a layout table and prove it. Raises Unsupported."""
    module = found.module
    known = by_symbols(module.elf, module.bias) if module.elf is not None else {}
    first = known.get("firstmoduledata") or find_module_data(space, module, layout)
    if first is None:
        gone = ": its file is not there, and its read-only pages are not in the core" if module.elf is None else ""
        raise Unsupported(
            f"{space.name}: the function table of {module.name} ({found.version}) was not found{gone}",
            help="put the program's file where the core names it" if gone else "",
        )
    constants = Constants(space, space.modules())
    functions = FunctionTable(constants, chain(space, first, layout), layout)
    if not functions.modules:
        raise Unsupported(
            f"{space.name}: the layout of Go {layout.version} does not fit {module.name} ({found.version}): "
            "its moduledata makes no sense"
        )
    if "mheap_" not in known:
        known = by_references(functions, constants, layout, module.written)
    globals = Globals(**{name: known.get(name) for name in NAMES} | {"firstmoduledata": first})
    runtime = GoRuntime(space, layout, found, globals, functions)
    missing = [name for name in _NEEDED if getattr(globals, name) is None]
    if missing:
        raise Unsupported(
            f"{space.name}: {module.name} ({found.version}) has no symbol table, and its code does not tell where "
            f"{', '.join(missing)} stand: it was not built as Go {layout.version} usually builds"
        )
    for _ in range(_TRIES):
        wrong = [check for check in runtime.verify() if check.agree is False]
        if not wrong:
            return runtime
    raise Unsupported(
        f"{space.name}: the layout of Go {layout.version} does not fit {module.name} ({found.version}): {wrong[0].text}"
    )
