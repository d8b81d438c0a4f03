"""What page faults say, in sentences for a report; and the names of the code that touched the pages."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from memwhy.account.claims import ANONYMOUS, GO_HEAP, NATIVE_ARENAS, NATIVE_HEAP
from memwhy.inspect.glibc.version import libc_modules, other_allocators
from memwhy.memory.live import Live
from memwhy.memory.space import Module
from memwhy.model.errors import MemwhyError
from memwhy.model.mapping import Mapping
from memwhy.model.metrics import label
from memwhy.model.units import human_bytes, human_change, human_duration
from memwhy.native.faults import NOT_GLIBC, SMALL_BLOCKS_TOO, FaultReading
from memwhy.native.gofacts import GoCode, read_go
from memwhy.native.rows import ModuleRows, RuleBook
from memwhy.native.symbols import Symbols
from memwhy.runtimes.interface import Unsupported
from memwhy.sources.proc import maps

LEAST_GROWN_BYTES = 256 << 10
MOST_CALLERS_SAID = 5
MOST_FRAMES_SAID = 8
_MESSAGE = b"munmap_chunk(): invalid pointer"
_MOST_FILE_BYTES = 64 << 20
_SMALL_BLOCKS = (NATIVE_HEAP, NATIVE_ARENAS, GO_HEAP)
_NO_RANKING = (
    "Page faults tell which regions grow, not who leaks small blocks: a leak takes recycled blocks, and whoever allocates next touches"
    " the fresh page."
)


class Naming:
    """Names program counters of one process. go: its Go runtime, where there is one and its memory may be read."""

    def __init__(
        self,
        mappings: Sequence[Mapping],
        space: Live | None = None,
        symbols: Symbols | None = None,
        go: GoCode | None = None,
    ) -> None:
        """Use `naming`."""
        self._mappings = mappings
        self._space = space
        self._symbols = symbols
        self.go = go
        self._paths: tuple[str, ...] = ()
        self._no_callers: str | None = None
        self._book = RuleBook()
        self.rules: Sequence[ModuleRows] = ()
        """Unwind rules of its modules; another object after each change of them."""
        self.look()

    @property
    def no_callers(self) -> str | None:
        """Why callers of mapped memory would mislead, as far as its files say whose malloc it has; None where they may not be read."""
        return self._no_callers

    def look(self) -> None:
        """Take libraries that came. Raises TargetGone."""
        if self._space is None or self._symbols is None:
            return
        self._space.refresh()
        modules = self._space.modules()
        paths = tuple(module.path for module in modules)
        if paths != self._paths:
            self._paths = paths
            self._symbols.look()
            self._no_callers = _no_callers(modules)
            self.rules = self._book.rules(modules).modules

    def functions(self, pcs: tuple[int, ...]) -> tuple[str, ...]:
        """Of a call chain, the touching instruction first. Without symbols: file and offset."""
        found: list[str] = []
        for place, pc in enumerate(pcs):
            behind = pc + 1 if place == 0 else pc  # symbols are asked for return addresses
            if self._symbols is not None:
                found += [frame.function for frame in self._symbols.frames(behind)]
            else:
                found.append(self._place(pc))
        return tuple(found)

    def _place(self, pc: int) -> str:
        mapping = next((one for one in self._mappings if one.start <= pc < one.end), None)
        if mapping is None:
            return f"0x{pc:x}"
        return f"{mapping.path.rpartition('/')[2]}+0x{pc - mapping.start + mapping.offset:x}"


@contextmanager
def naming(pid: int, root: str = "/proc") -> Iterator[Naming]:
    """As good as may be: with the target's memory Go's own names too, without it files and offsets. Raises
    TargetGone, NotPermitted where not even its mappings may be read."""

    def mappings() -> tuple[Mapping, ...]:
        return maps.parse(maps.read(root, pid)).mappings

    with ExitStack() as stack:
        try:
            space = stack.enter_context(Live.open(pid, root=root, mappings=mappings))
        except MemwhyError as error:
            try:
                known = mappings()
            except OSError:
                raise error from None
            yield Naming(known)
            return
        try:
            go = read_go(space)
        except Unsupported:
            go = None
        symbols = stack.enter_context(Symbols(space, go, root=f"{root}/{pid}/root"))
        yield Naming(space.mappings, space, symbols, go)


def _no_callers(modules: Sequence[Module]) -> str:
    """glibc's malloc, also where it is linked into the program, keeps small blocks elsewhere; others are not known to."""
    others = other_allocators(modules)
    if others:
        return f"its malloc is that of {others}, {SMALL_BLOCKS_TOO}"
    is_glibc = libc_modules(modules) or any(_has_glibc_inside(module) for module in modules if module.is_program)
    return "" if is_glibc else NOT_GLIBC


def _has_glibc_inside(program: Module) -> bool:
    """Is glibc's malloc linked into it? A message of its free (malloc/malloc.c) says so."""
    constants = program.elf.section(".rodata") if program.elf is not None else None
    if program.elf is None or constants is None:
        return False
    size = min(constants.size, _MOST_FILE_BYTES)
    try:
        pieces = program.elf.image.chunks(constants.offset, size, overlap=len(_MESSAGE))
        return any(_MESSAGE in piece for _, piece in pieces)
    except OSError:
        return False


def sentences(reading: FaultReading) -> tuple[str, ...]:
    """For a report: what grew, whose large blocks, and what this cannot tell."""
    grown = [one for one in reading.classes if abs(one.grown_bytes) >= LEAST_GROWN_BYTES]
    parts = [
        f"{label(one.layer)} {human_change(one.grown_bytes)} ({one.faults:,} fresh pages)"
        if one.faults
        else f"{label(one.layer)} {human_change(one.grown_bytes)}"
        for one in grown
    ]
    found = [
        f"By page faults, in {human_duration(reading.for_s)}: {'; '.join(parts) if parts else 'no region grew by much'}."
    ]
    if any(one.layer in _SMALL_BLOCKS and one.grown_bytes >= LEAST_GROWN_BYTES for one in grown):
        found.append(_NO_RANKING)
    if reading.no_callers:
        if any(one.layer == ANONYMOUS and one.grown_bytes >= LEAST_GROWN_BYTES for one in grown):
            found.append(f"Whose mapped memory it is cannot be told: {reading.no_callers}.")
    else:
        found += _callers_said(reading)
    return (*found, *(f"{note[:1].upper()}{note[1:]}." for note in reading.notes))


def _callers_said(reading: FaultReading) -> Iterator[str]:
    for caller in reading.callers[:MOST_CALLERS_SAID]:
        if caller.resident_bytes >= LEAST_GROWN_BYTES:
            shown = caller.functions[:MOST_FRAMES_SAID]
            more = " ← …" if len(caller.functions) > MOST_FRAMES_SAID else ""
            size = human_bytes(caller.resident_bytes)
            yield f"Large blocks, touched since then and resident, {size}: {' ← '.join(shown)}{more}."
