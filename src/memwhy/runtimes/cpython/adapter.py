"""CPython's adapter: is there an interpreter, and where does its allocator of small objects keep its arenas.

Read is pymalloc alone, for the ledger and as a place of roots. What it holds is not told: neither types nor owners.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.memory.space import Module, Space
from memwhy.memory.symbols import find_symbols
from memwhy.model.account import Check
from memwhy.model.holders import Holders, SoFar
from memwhy.model.inspection import CgoCall, GoInside
from memwhy.runtimes.interface import Match, Region, Root, Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.cpython.arenas import Arenas, Sizes

NAME = "cpython"
_FIRST, _LAST = (3, 8), (3, 13)
"""Those whose arenas were read and compared with sys._debugmallocstats."""
_FILE_NAME = re.compile(r"python3\.(\d{1,2})")
_EXPORTED = "PyType_Type"
"""Every CPython exports it to its extensions, stripped or not."""
_VERSION = "Py_Version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The module that holds an interpreter. version: (3, 11, 7); micro -1 where only the file's name tells it."""

    module: Module
    version: tuple[int, int, int]

    @property
    def text(self) -> str:
        """CPython 3.11.7."""
        return "CPython " + ".".join(str(part) for part in self.version if part >= 0)


class CPythonRuntime:
    """One interpreter, opened."""

    name = NAME

    def __init__(self, found: Interpreter, arenas: "Arenas") -> None:
        self.version = found.text
        self._arenas = arenas

    def regions(self) -> Sequence[Region]:
        """Pools in use are "heap.in_use"; empty pools, and what of an arena never became pools, "heap.idle". Raises Unsupported."""
        return self._arenas.regions()

    def roots(self) -> Sequence[Root]:
        """Objects lie in the pools in use; in empty pools is only what was. Raises Unsupported."""
        return [
            Root(
                start=region.start,
                end=region.end,
                name="Python objects",
                certainty="sure" if region.category == "heap.in_use" else "maybe",
            )
            for region in self._arenas.regions()
        ]

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """None: an interpreter has no endpoints."""
        return iter(())

    def inside(self, *, goroutines: bool = True) -> GoInside | None:
        """None: it is not Go."""
        return None

    def calls(self, for_s: float) -> tuple[CgoCall, ...]:
        """None; its stacks are not read."""
        return ()

    def file(self, name: str) -> bytes | None:
        """None; nothing of it has a form for other tools."""
        return None

    def holders(
        self,
        progress: Callable[[str], None],
        *,
        whole: bool = False,
        fast: bool = False,
        most_bytes: int | None = None,
        so_far: Callable[[SoFar], None] | None = None,
    ) -> Holders | None:
        """None; its objects are not told apart."""
        return None

    def verify(self) -> tuple[Check, ...]:
        """Each arena against what its first pool says of it."""
        return self._arenas.checks()


class CPythonAdapter:
    """CPython 3.8 to 3.13 with its own allocator."""

    NAME = NAME

    def detect(self, space: Space) -> Match | None:
        """An interpreter in the program or in a library."""
        found = find_python(space)
        return None if found is None else Match(runtime=NAME, version=found.text)

    def open(self, space: Space, match: Match) -> CPythonRuntime:
        """Attach. Raises Unsupported: an unknown version, or no arenas that are certainly arenas."""
        found = find_python(space)
        if found is None:
            raise Unsupported(f"{space.name}: no Python interpreter was found")
        if not _FIRST <= found.version[:2] <= _LAST:
            known = "3.8 to 3.13"
            raise Unsupported(f"{found.module.name} is {found.text}; the arenas of {known} are known")
        from memwhy.runtimes.cpython.arenas import find_arenas, sizes_of  # few targets are Python

        sizes: Sizes = sizes_of(found.version)
        arenas = find_arenas(space, found.module, sizes)
        if arenas is None:
            raise Unsupported(
                f"{found.module.name} has no arenas that could be found: with PYTHONMALLOC=malloc there are none"
            )
        return CPythonRuntime(found, arenas)


def find_python(space: Space) -> Interpreter | None:
    """The module with an interpreter: the program or a library; None where no file of it can be read."""
    for module in space.modules():
        if module.elf is None or not (module.is_program or "python" in module.name):
            continue
        named = _FILE_NAME.search(module.name)
        symbols = find_symbols(module.elf, (_EXPORTED, _VERSION), ".dynsym")
        if _EXPORTED not in symbols:
            continue
        if _VERSION in symbols:  # from 3.11 on: PY_VERSION_HEX as an unsigned long
            raw = module.elf.read_at(symbols[_VERSION][0], 4)
            if len(raw) == 4:
                return Interpreter(module=module, version=(raw[3], raw[2], raw[1]))
        if named is not None:
            return Interpreter(module=module, version=(3, int(named[1]), -1))
    return None
