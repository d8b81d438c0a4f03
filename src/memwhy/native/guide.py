"""What the sampler cannot find out by itself, laid into its memory and kept true: unwind rules, Go's facts, bounds of stacks.

The sampler makes no system call and reads no file; without any of this it still samples, but keeps one frame for each stack.
"""

import struct
from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol

from memwhy.memory.elf import PF_X, PT_LOAD
from memwhy.memory.space import Module, Space
from memwhy.native.bounds import THREADS_BYTES, find_bounds, find_thread_block, main_stack
from memwhy.native.gofacts import GoCode, read_go
from memwhy.native.layout import AT_MODULES, AT_ROWS, AT_THREADS, Header
from memwhy.native.rows import RuleBook, Rules
from memwhy.runtimes.interface import Unsupported

_MOST_SEARCHES = 10
"""How often control blocks are looked at: a first thread, and then others, may come late."""
_WORD, _HALF, _SIGNED = struct.Struct("<Q"), struct.Struct("<I"), struct.Struct("<q")


class Tables(Protocol):
    """The sampler's memory, by offsets from its header."""

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the tables."""

    def write(self, offset: int, raw: bytes) -> None:
        """Bytes into the tables."""


class Guide:
    """Keeps one sampler informed. `look` at every tick: cheap where nothing changed.

    go: the Go runtime, None where there is none or it is not understood; notes: in words what stacks will lack.
    """

    def __init__(self, space: Space, tables: Tables) -> None:
        """space: of the target, refreshed by the caller before each look."""
        self._space = space
        self._tables = tables
        self._book = RuleBook()
        self._laid: tuple[tuple[str, int, int], ...] = ()
        self._go_asked: tuple[tuple[str, int, int], ...] | None = None
        self._rules = Rules(modules=(), notes=())
        self._go_note = ""
        self._thread_block = self._searches = 0
        self.go: GoCode | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._rules.notes, self._go_note) if self._go_note else self._rules.notes

    def look(self) -> None:
        """Lay what is new since the last look: libraries that came, threads seen for the first time."""
        modules = self._space.modules()
        loaded = tuple((module.path, module.start, module.end) for module in modules)
        if loaded != self._laid:
            self._lay_places(modules)
            self._lay_go(loaded)
            self._lay_rules(self._book.rules(modules))
            self._laid = loaded
        if not self._thread_block and self._searches < _MOST_SEARCHES:
            self._searches += 1
            self._thread_block = find_thread_block(self._space)
            self._put("thread_block", self._thread_block)
        for bounds in find_bounds(self._tables.read(AT_THREADS, THREADS_BYTES), self._space.mappings):
            for offset, raw in bounds.writes():
                self._tables.write(offset, raw)

    def _lay_places(self, modules: Sequence[Module]) -> None:
        places = {"main_stack": main_stack(self._space.mappings)}
        for module in modules:
            if module.name.startswith(("libc.so", "libc-2")):
                places["libc_text"] = _text_of(module)
            elif module.name.startswith(("ld-", "ld.so")):
                places["loader_text"] = _text_of(module)
        for name, (lo, hi) in places.items():
            self._put(f"{name}_lo", lo)
            self._put(f"{name}_hi", hi)

    def _lay_go(self, loaded: tuple[tuple[str, int, int], ...]) -> None:
        """Once for each set of modules, until one is found: a Go library may come by dlopen."""
        if self.go is not None or self._go_asked == loaded:
            return
        self._go_asked = loaded
        try:
            self.go = read_go(self._space)
            self._go_note = ""
        except Unsupported as error:
            self._go_note = f"stacks end where C was called from Go: {error.message}"
        if self.go is None:
            return
        facts = asdict(self.go.facts)
        found = facts.pop("g_tls_found")
        for name, value in facts.items():
            self._put(name, value)
        self._put("g_tls_found", found)  # last: without it nothing else is used

    def _lay_rules(self, rules: Rules) -> None:
        """Under an odd epoch, at which nobody unwinds; a walk that began before it notices at its end."""
        epoch = _HALF.unpack(self._tables.read(Header.modules_epoch.offset, _HALF.size))[0] | 1
        self._put("modules_epoch", epoch)
        self._put("modules_used", 0)
        self._tables.write(AT_MODULES, rules.modules_bytes())
        self._tables.write(AT_ROWS, rules.rows_bytes())
        self._put("modules_used", len(rules.modules))
        self._put("modules_epoch", epoch + 1 & 0xFFFFFFFF)
        self._rules = rules

    def _put(self, name: str, value: int) -> None:
        field = getattr(Header, name)
        layout = {4: _HALF, 8: _SIGNED if value < 0 else _WORD}[field.size]
        self._tables.write(field.offset, layout.pack(value))


def _text_of(module: Module) -> tuple[int, int]:
    """Where a module's code lies, from its first to its last executable byte."""
    segments = module.elf.segments if module.elf is not None else ()
    code = [segment for segment in segments if segment.type == PT_LOAD and segment.flags & PF_X]
    if not code:
        return module.start, module.end
    return (
        module.bias + min(segment.address for segment in code),
        module.bias + max(segment.address + segment.memory_size for segment in code),
    )
