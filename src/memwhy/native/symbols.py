"""From program counters to what a person reads: function, file and line, whose code it is and of which version.

Go's own tables name Go's functions, stripped or not. C and C++ are named by symbol tables, lines and inlined calls by DWARF where a file
or its debug file has it. A function that nobody names is told by its module and place: "libfoo.so.1+0x2f10".
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from memwhy.inspect.demangle import demangle_function
from memwhy.memory.debugfiles import DebugFiles
from memwhy.memory.space import Module, Space
from memwhy.native.dwarf import Dwarf, Place
from memwhy.native.gofacts import GoCode
from memwhy.native.gomodules import GoModules
from memwhy.native.packages import Package, find_packages
from memwhy.native.symboltable import SymbolTable
from memwhy.runtimes.go.inline import Frame, Unfolding

_MOST_KEPT = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFrame:
    """One function of a stack. inlined: the compiler put it into the frame that follows.

    module: a Go module's path, or a library's soname, or the program's file name. version: of the Go module, or of the
    distribution's package; package: its name there. build_id: of the file, in hex. offset: the address in the file's own
    terms, with which addr2line can be asked. line 0, "": not known.
    """

    function: str
    file: str = ""
    line: int = 0
    inlined: bool = False
    module: str = ""
    version: str = ""
    package: str = ""
    build_id: str = ""
    offset: int = 0
    is_go: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    """A module as frames name it."""

    name: str
    build_id: str
    package: Package | None


class Symbols:
    """Names the program counters of one target. A context manager: it holds debug files open.

    The modules' own files belong to the space, which has to stay open as long.
    """

    def __init__(self, space: Space, go: GoCode | None = None, *, root: str = "/") -> None:
        """root: the target's / as we can read it, /proc/PID/root for a live one."""
        self._space = space
        self._root = root
        self._go = go
        self._unfolding = None if go is None else Unfolding(go.functions, go.layout)
        self._go_modules = None if go is None else GoModules(go.found.version, go.found.settings)
        self._debug_files = DebugFiles(root)
        self._tables: dict[str, SymbolTable] = {}
        self._dwarfs: dict[str, Dwarf | None] = {}
        self._codes: dict[str, _Code] = {}
        self._kept: dict[int, tuple[CodeFrame, ...]] = {}
        self.look()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self) -> None:
        """Take the space's modules as they are now."""
        self._modules = self._space.modules()
        self._starts = [module.start for module in self._modules]
        self._kept.clear()
        new = [module for module in self._modules if module.path not in self._codes]
        packages = find_packages(self._root, [module.path for module in new])
        for module in new:
            elf = module.elf
            self._codes[module.path] = _Code(
                name=(elf.soname if elf is not None else None) or module.name,
                build_id=(elf.build_id if elf is not None else None) or "",
                package=packages.get(module.path),
            )

    def close(self) -> None:
        """Let go of debug files."""
        self._debug_files.close()

    def stack(self, pcs: Sequence[int], go_pcs: Sequence[int] = ()) -> tuple[CodeFrame, ...]:
        """The frames of a sampled stack, innermost first; Go's without the runtime's own, as a traceback prints them."""
        frames = [frame for pc in pcs for frame in self.frames(pc)]
        if self._unfolding is not None and go_pcs:
            frames += [self._go_frame(frame) for frame in self._unfolding.frames(go_pcs)]
        return tuple(frames)

    def is_cgo_call(self, go_pcs: Sequence[int]) -> bool:
        """Did the program call C? False where Go's runtime did it for itself: its heap, its threads."""
        facts = None if self._go is None else self._go.facts
        return facts is not None and bool(go_pcs) and facts.cgocall_lo < go_pcs[0] <= facts.cgocall_hi

    def frames(self, pc: int) -> tuple[CodeFrame, ...]:
        """The frames of one return address, inlined ones first."""
        frames = self._kept.get(pc)
        if frames is None:
            frames = self._find(pc)
            if len(self._kept) < _MOST_KEPT:
                self._kept[pc] = frames
        return frames

    def _find(self, pc: int) -> tuple[CodeFrame, ...]:
        if self._unfolding is not None and self._is_go(pc):
            unfolded = self._unfolding.unfold(pc)
            if unfolded:
                return tuple(self._go_frame(frame) for frame in unfolded)
        place = bisect_right(self._starts, pc - 1) - 1
        if place < 0 or pc > self._modules[place].end:
            return (CodeFrame(function=f"0x{pc:x}"),)
        return self._c_frames(self._modules[place], pc - self._modules[place].bias)

    def _is_go(self, pc: int) -> bool:
        return self._go is not None and self._go.facts.go_text_lo < pc <= self._go.facts.go_text_hi

    def _c_frames(self, module: Module, offset: int) -> tuple[CodeFrame, ...]:
        code = self._codes[module.path]
        package = code.package or Package("", "")
        name = self._table(module).find(offset - 1)
        if name is None and self._go is not None:  # Go's own linker puts C functions into Go's table
            function = self._go.functions.find(offset - 1 + module.bias)
            name = None if function is None or function.name == "?" else function.name
        places = self._dwarf(module, offset - 1)
        if places and name is not None:  # its own symbol names the outermost one as it was linked
            places = (*places[:-1], replace(places[-1], function=name))
        elif not places:
            places = (Place(name or "", "", 0, False),)
        return tuple(
            CodeFrame(
                function=demangle_function(place.function) or f"{code.name}+0x{offset:x}",
                file=place.file,
                line=place.line,
                inlined=place.inlined,
                module=code.name,
                version=package.version,
                package=package.name,
                build_id=code.build_id,
                offset=offset,
            )
            for place in places
        )

    def _dwarf(self, module: Module, offset: int) -> tuple[Place, ...]:
        """What DWARF says, of the file itself or of its debug file; read when a first address in it is asked for."""
        if module.path not in self._dwarfs:
            debug = None if module.elf is None or module.elf.has_dwarf else self._debug_files.find(module.elf)
            elf = debug or module.elf
            self._dwarfs[module.path] = Dwarf(elf) if elf is not None and elf.has_dwarf else None
        dwarf = self._dwarfs[module.path]
        return () if dwarf is None else dwarf.find(offset)

    def _table(self, module: Module) -> SymbolTable:
        table = self._tables.get(module.path)
        if table is None:
            elf = module.elf
            debug = None if elf is None else self._debug_files.find(elf)
            table = self._tables[module.path] = SymbolTable(elf, debug)
        return table

    def _go_frame(self, frame: Frame) -> CodeFrame:
        assert self._go is not None and self._go_modules is not None
        module, version = self._go_modules.of(frame.function)
        code = self._codes.get(self._go.found.module.path)
        return CodeFrame(
            function=frame.function,
            file="" if frame.file == "?" else frame.file,
            line=frame.line,
            inlined=frame.inlined,
            module=module,
            version=version,
            build_id=code.build_id if code else "",
            offset=frame.pc - self._go.found.module.bias,
            is_go=True,
        )
