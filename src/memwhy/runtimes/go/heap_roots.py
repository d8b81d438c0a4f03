"""The roots of Go's heap: which words outside of it the collector follows, and whose they are.

Globals: the words that the linker's masks call pointers (moduledata.gcdatamask, gcbssmask; runtime/symtab.go), cut into
variables by the symbol table. Stacks: the words that the compiler's maps call live pointers, by the function whose frame they stand in (`stack_words`).
Left out are specials: finalizers and cleanups, which hang on spans (runtime/mheap.go, addspecial).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy.memory.elf import Elf
from memwhy.runtimes.go.debug_locals import Locals
from memwhy.runtimes.go.goroutines import RUNNING, Goroutine, read_goroutines
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph
from memwhy.runtimes.go.moduledata import ModuleData
from memwhy.runtimes.go.stack_words import StackWords

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_OBJECT = 1
"""STT_OBJECT (elf.h)."""
_SYMBOL_BYTES = 24
_MOST_STACK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSet:
    """Words of one owner that point into the heap. kind: global or goroutine.

    type: of a local its key (`heap_types`), 0 where it is not known; behind: the words point to such a variable, which was moved to the heap.
    places: (offset from the owner's first word, object, does it point to its beginning) of each.
    """

    name: str
    kind: str
    address: int
    places: tuple[tuple[int, int, bool], ...]
    type: int = 0
    behind: bool = False


def roots_of(runtime: "GoRuntime", heap: HeapGraph, locals: Locals | None = None) -> list[RootSet]:
    """All roots, globals first, in address order. locals: to name the words of stacks. Raises Unsupported."""
    found: list[RootSet] = []
    for module in runtime.functions.modules:
        found += _globals(runtime, heap, module)
    return [*found, *_stacks(runtime, heap, locals)]


def _globals(runtime: "GoRuntime", heap: HeapGraph, module: ModuleData) -> Iterator[RootSet]:
    names = _Names(runtime, module)
    places: dict[tuple[int, str], list[tuple[int, int, bool]]] = {}
    for which, (start, end) in (("gcdatamask", module.data[1]), ("gcbssmask", module.data[2])):
        words = runtime.space.read(start, (end - start) & -8)
        mask = _mask(runtime, module, which, len(words) // 8)
        for at, number, begins in _pointed(heap, words, mask):
            owner = names.of(start + at)
            places.setdefault(owner, []).append((start + at - owner[0], number, begins))
    for (address, name), members in sorted(places.items()):
        yield RootSet(name=name, kind="global", address=address, places=tuple(members))


def _mask(runtime: "GoRuntime", module: ModuleData, name: str, words: int) -> bytes:
    """A bit a word. runtime/stkframe.go, type bitvector: int32 n, *uint8 bytedata."""
    at = runtime.layout.offset("moduledata", name)
    header = runtime.space.read(module.address + at, 16)
    count, address = int.from_bytes(header[:4], "little"), int.from_bytes(header[8:], "little")
    return runtime.space.read(address, (min(count, words) + 7) // 8)


def _pointed(heap: HeapGraph, words: bytes, mask: bytes) -> Iterator[tuple[int, int, bool]]:
    """(offset, object, to its beginning) of the words that point into the heap. mask: a bit a word."""
    numbers, begins = heap.objects_at(words)
    for i, number in enumerate(numbers):
        if number != NONE and i // 8 < len(mask) and mask[i // 8] >> i % 8 & 1:
            yield 8 * i, number, bool(begins[i])


class _Names:
    """Which variable stands at an address: by the symbol table, else by the address alone."""

    def __init__(self, runtime: "GoRuntime", module: ModuleData) -> None:
        self._starts: list[int] = []
        self._names: list[tuple[int, str]] = []
        low, high = module.data[0][0], module.data[3][1]
        for held in runtime.space.modules():
            if held.elf is not None and held.start <= low < held.end:
                rows = sorted(_variables(held.elf, held.bias, low, high))
                self._starts = [row[0] for row in rows]
                self._names = [(row[1], row[2]) for row in rows]

    def of(self, address: int) -> tuple[int, str]:
        """(its first address, its name)."""
        i = bisect_right(self._starts, address) - 1
        if i >= 0 and address < self._starts[i] + self._names[i][0]:
            return self._starts[i], self._names[i][1]
        return address, f"global@{address:x}"


def _variables(elf: Elf, bias: int, low: int, high: int) -> Iterator[tuple[int, int, str]]:
    """(address, size, name) of the variables in a range of memory."""
    table = elf.section(".symtab")
    names = elf.section(".strtab")
    if table is None or names is None:
        return
    raw = elf.image.read(table.offset, table.size)
    texts = elf.image.read(names.offset, names.size)
    words = array("Q", raw[: len(raw) // _SYMBOL_BYTES * _SYMBOL_BYTES])
    for at in range(0, len(words), 3):
        head, value, size = words[at], words[at + 1] + bias, words[at + 2]
        if low <= value < high and size and head >> 32 & 0xF == _OBJECT:
            start = head & 0xFFFFFFFF
            yield value, size, texts[start : texts.find(b"\0", start)].decode("utf-8", "replace")


def _stacks(runtime: "GoRuntime", heap: HeapGraph, locals: Locals | None) -> Iterator[RootSet]:
    """Frames by function and variable, all goroutines' together: ten thousand that wait in one function are one owner."""
    words = StackWords(runtime, locals)
    found: dict[tuple[str, int, bool], list[tuple[int, int, bool]]] = {}
    for row in read_goroutines(runtime, stacks=False).rows:
        low, high = row.stack_low, row.stack_high
        pointer = row.syscall_sp or row.sched_sp
        start = pointer if low <= pointer <= high and row.status != RUNNING else low
        raw = runtime.space.read(start & -8, min(high - start, _MOST_STACK_BYTES) & -8)
        numbers, begins = heap.objects_at(raw)
        for frame in words.frames(row, start, raw):
            for offset in frame.offsets:
                if numbers[offset // 8] == NONE:
                    continue
                name, owner = frame.function or _began(runtime, row), words.owner(frame, offset)
                key = (name, 0, False) if owner is None else (f"{name}.{owner.name}", owner.type, owner.behind)
                place = offset if owner is None else owner.offset
                found.setdefault(key, []).append((place, numbers[offset // 8], bool(begins[offset // 8])))
    for (name, kind, behind), members in sorted(found.items()):
        yield RootSet(name=name, kind="goroutine", address=0, places=tuple(members), type=kind, behind=behind)


def _began(runtime: "GoRuntime", row: Goroutine) -> str:
    function = runtime.functions.find(row.start_pc)
    return "?" if function is None else function.name
