"""What the sampler has to know of a Go runtime to walk from C to the calling goroutine: offsets, code ranges, frame sizes.

Offsets are a layout table's, and where the runtime's own code shows them (runtime/asm_amd64.s: asmcgocall, cgocallback,
gosave_systemstack_switch) both have to agree. The g slot's place in thread-local storage is read off asmcgocall alone: the
linker chooses it. Frame sizes come from the function table (pcsp).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.memory.space import Space
from memwhy.runtimes.go.adapter import layouts_for
from memwhy.runtimes.go.detection import GoModule, find_go
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.locate import find_module_data
from memwhy.runtimes.go.moduledata import Constants, chain
from memwhy.runtimes.go.pclntab import Function, FunctionTable
from memwhy.runtimes.interface import Unsupported

_MOST_CODE_BYTES = 1 << 12
_CALL, _CALL_BYTES = b"\xe8", 5
_FS_LOAD = b"\x64\x48\x8b"
"""mov %fs:…, register of 64 bits."""
_ABSOLUTE, _BY_RCX, _RDI_BY_RCX = b"\x3c\x25", b"\x39", 3
_TO_RCX, _FROM_CODE_TO_RCX = b"\x48\xc7\xc1", b"\x48\x8b\x0d"
_WORD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GoFacts:
    """The Go part of the sampler's header, under its names there. _lo, _hi: addresses; g_*, m_*: offsets; _frame: bytes."""

    g_tls_offset: int
    g_tls_found: int
    g_m: int
    g_sched_sp: int
    g_sched_bp: int
    g_stack_lo: int
    g_stack_hi: int
    m_g0: int
    m_curg: int
    go_text_lo: int
    go_text_hi: int
    cgocallback_lo: int
    cgocallback_hi: int
    cgocall_lo: int
    cgocall_hi: int
    asmcgocall_frame: int
    cgocall_frame: int
    cgocallback_frame: int
    goexit_lo: int
    goexit_hi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoCode:
    """A Go runtime as far as stacks need it: the facts, and the tables that turn addresses into functions."""

    facts: GoFacts
    found: GoModule
    layout: Layout
    functions: FunctionTable


def read_go(space: Space) -> GoCode | None:
    """The Go runtime of a process, None where it has none. Raises Unsupported for one whose code is not understood."""
    found = find_go(space)
    if found is None:
        return None
    refused: Unsupported | None = None
    for layout in layouts_for(found):
        try:
            functions = _functions(space, found, layout)
            return GoCode(
                facts=_facts(space, found, layout, functions), found=found, layout=layout, functions=functions
            )
        except Unsupported as error:
            refused = refused or error
    raise refused or Unsupported(f"{space.name}: {found.version} has no layout table")


def _functions(space: Space, found: GoModule, layout: Layout) -> FunctionTable:
    first = find_module_data(space, found.module, layout)
    modules = () if first is None else chain(space, first, layout)
    functions = FunctionTable(Constants(space, space.modules()), modules, layout)
    if not functions.modules:
        raise Unsupported(f"{space.name}: the function table of {found.module.name} ({found.version}) was not found")
    return functions


def _facts(space: Space, found: GoModule, layout: Layout, functions: FunctionTable) -> GoFacts:
    crossing = _Crossing(space, found, functions)
    offset = crossing.tls_offset()
    offsets = {
        "g_m": layout.offset("g", "m"),
        "g_sched_sp": layout.offset("g", "sched.sp"),
        "g_sched_bp": layout.offset("g", "sched.bp"),
        "g_stack_lo": layout.offset("g", "stack.lo"),
        "g_stack_hi": layout.offset("g", "stack.hi"),
        "m_g0": layout.offset("m", "g0"),
        "m_curg": layout.offset("m", "curg"),
    }
    for name, said in crossing.offsets():
        if offsets[name] != said:
            raise Unsupported(
                f"{space.name}: the layout of Go {layout.version} does not fit {found.module.name} ({found.version}): "
                f"its code finds {name.replace('_', '.', 1)} at {said}, the table says {offsets[name]}"
            )
    text = functions.go_text()
    asmcgocall, cgocall, cgocallback = crossing.asmcgocall, crossing.cgocall, crossing.cgocallback
    goexit = crossing.function("runtime.goexit")
    return GoFacts(
        **offsets,
        g_tls_offset=offset,
        g_tls_found=1,
        go_text_lo=text[0],
        go_text_hi=text[1],
        cgocallback_lo=cgocallback.entry if cgocallback else 0,
        cgocallback_hi=cgocallback.end if cgocallback else 0,
        cgocall_lo=cgocall.entry,
        cgocall_hi=cgocall.end,
        asmcgocall_frame=crossing.frame(asmcgocall, crossing.tls_load),
        cgocall_frame=crossing.frame(cgocall, crossing.call_of_asmcgocall()),
        cgocallback_frame=crossing.frame(cgocallback, crossing.curg_load) if cgocallback else 0,
        goexit_lo=goexit.entry,
        goexit_hi=goexit.end,
    )


class _Crossing:
    """The functions between Go and C, and what their code says."""

    def __init__(self, space: Space, found: GoModule, functions: FunctionTable) -> None:
        self._space = space
        self._where = f"{space.name}: {found.module.name} ({found.version})"
        self._constants = Constants(space, space.modules())
        self._functions = functions
        self.asmcgocall, self._asmcgocall_code, self.tls_load = self._with("runtime.asmcgocall", _FS_LOAD)
        self.cgocall = self.function("runtime.cgocall")
        self.cgocallback: Function | None = None
        self.curg_load, self._m_curg = 0, None
        for function in functions.all_named("runtime.cgocallback"):
            found_at, offset = _find_curg(self._code(function))
            if offset is not None:
                self.cgocallback, self.curg_load, self._m_curg = function, found_at, offset

    def function(self, name: str) -> Function:
        """The one of that name that is no wrapper: the longest. Raises Unsupported."""
        found = max(self._functions.all_named(name), key=lambda one: one.end - one.entry, default=None)
        if found is None:
            raise Unsupported(f"{self._where} has no function {name}: it was built without cgo")
        return found

    def _code(self, function: Function) -> bytes:
        return self._constants.read(function.entry, min(function.end - function.entry, _MOST_CODE_BYTES))

    def _with(self, name: str, code: bytes) -> tuple[Function, bytes, int]:
        """The function of a name whose code has some bytes, its code, and where they stand in it. Raises Unsupported."""
        for function in self._functions.all_named(name):
            raw = self._code(function)
            at = raw.find(code)
            if at >= 0:
                return function, raw, at
        raise Unsupported(f"{self._where}: the code of {name} is not understood")

    def tls_offset(self) -> int:
        """Of the g slot from the thread pointer: in the instruction, in one before it, or in a word that the loader wrote."""
        code, at = self._asmcgocall_code, self.tls_load + len(_FS_LOAD)
        if code[at : at + 2] == _ABSOLUTE:
            return int.from_bytes(code[at + 2 : at + 6], "little", signed=True)
        before = code[: self.tls_load][-7:]
        if code[at : at + 1] == _BY_RCX and len(before) == 7:
            number = int.from_bytes(before[3:], "little", signed=True)
            if before[:3] == _TO_RCX:
                return number
            if before[:3] == _FROM_CODE_TO_RCX:
                word = self._space.word(self.asmcgocall.entry + self.tls_load + number)
                if word is not None:
                    return word - (1 << 64) if word >> 63 else word
        raise Unsupported(f"{self._where}: how its code finds the current goroutine is not understood")

    def offsets(self) -> Iterator[tuple[str, int]]:
        """What the code itself says, where it stands as expected."""
        code, at = self._asmcgocall_code, self.tls_load
        for name, opcode in (("g_m", b"\x4c\x8b\x47"), ("g_sched_sp", b"\x48\x8b\x66")):
            found = code.find(opcode, at)
            if 0 <= found < len(code) - 3:
                yield name, code[found + 3]
        for function in self._functions.all_named("gosave_systemstack_switch"):
            saver = self._code(function)
            found = saver.find(b"\x49\x89\x6e")  # mov %rbp, offset(%r14)
            if 0 <= found < len(saver) - 3:
                yield "g_sched_bp", saver[found + 3]
        if self._m_curg is not None:
            yield "m_curg", self._m_curg

    def call_of_asmcgocall(self) -> int:
        """Where in cgocall the call of asmcgocall ends: its return address is that of every call of C. Raises Unsupported."""
        code = self._code(self.cgocall)
        at = code.find(_CALL)
        while at >= 0:
            end = at + _CALL_BYTES
            if (
                self.cgocall.entry + end + int.from_bytes(code[at + 1 : end], "little", signed=True)
                == self.asmcgocall.entry
            ):
                return end
            at = code.find(_CALL, at + 1)
        raise Unsupported(f"{self._where}: runtime.cgocall does not call runtime.asmcgocall")

    def frame(self, function: Function, at: int) -> int:
        """Bytes from the stack pointer to the return address, at an offset of a function's code. Raises Unsupported."""
        delta = self._functions.stack_delta(function, function.entry + at)
        if delta < 0 or delta % _WORD:
            raise Unsupported(f"{self._where}: the frame of {function.name} is not known")
        return delta


def _find_curg(code: bytes) -> tuple[int, int | None]:
    """Where cgocallback loads m.curg right before it makes that the thread's g, and the offset in m."""
    at = code.find(b"\x48\x8b\xb3")  # mov offset(%rbx), %rsi
    while at >= 0:
        if code[at + 7 : at + 10] == b"\x64\x48\x89":  # mov %rsi, %fs:…
            return at, int.from_bytes(code[at + 3 : at + 7], "little", signed=True)
        if code[at + 7 : at + 10] in (_TO_RCX, _FROM_CODE_TO_RCX) and code[at + 14 : at + 17] == b"\x64\x48\x89":
            return at, int.from_bytes(code[at + 3 : at + 7], "little", signed=True)
        at = code.find(b"\x48\x8b\xb3", at + 1)
    return 0, None
