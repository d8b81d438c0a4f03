"""The roots of Go's heap: which words outside of it the collector follows, and whose they are.

Globals: the words that the linker's masks call pointers (moduledata.gcdatamask, gcbssmask; runtime/symtab.go), cut into
variables by the symbol table. Stacks: the words that the compiler's maps call live pointers, by the function whose frame they stand in (`stack_words`),
and what is deferred there. Finalizers and cleanups are `heap_specials`. Not read: registers of threads that run.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memwhy.memory.elf import Elf
from memwhy.runtimes.go.debug_locals import Locals
from memwhy.runtimes.go.goroutines import RUNNING, Goroutine, read_goroutines
from memwhy.runtimes.go.heap_objects import NONE, HeapGraph
from memwhy.runtimes.go.moduledata import ModuleData
from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.go.span_table import HIGHEST_ADDRESS, read_arenas
from memwhy.runtimes.go.stack_words import FrameWords, StackWords

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_OBJECT = 1
"""STT_OBJECT (elf.h)."""
_SYMBOL_BYTES = 24
_MOST_STACK_BYTES = 64 << 20
_MOST_DEFERRED = 1 << 16
_BATCH_BYTES = 8 << 20
_MOST_FRAMES = 1 << 16
_WORD_BYTES = 8
_Owner = tuple[str, int, bool]
"""Function, or function and variable; the variable's type, and is it behind a pointer (`RootSet`)?"""
_MOST_THREADS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RootSet:
    """Words of one owner that point into the heap. kind: as Holding's.

    type: of a local its key (`heap_types`), 0 where it is not known; behind: the words point to such a variable, which was moved to the heap.
    places: (offset from the owner's first word, object, does it point to its beginning) of each. goroutines: of a stack's function, how many are
    in it and hold something there. alone: these are objects of the runtime to which so much points that only a line of their own can be read.
    """

    name: str
    kind: str
    address: int
    places: tuple[tuple[int, int, bool], ...]
    type: int = 0
    behind: bool = False
    goroutines: int = 0
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """sets: globals first, in address order, then stacks. cuts: pointers inside the heap (addresses from, to) for which one of them stands."""

    sets: list[RootSet]
    cuts: list[tuple[int, int]]


def roots_of(runtime: "GoRuntime", heap: HeapGraph, locals: Locals | None = None) -> Roots:
    """Globals and stacks. locals: to name the words of stacks. Raises Unsupported."""
    found: list[RootSet] = []
    for module in runtime.functions.modules:
        found += _globals(runtime, heap, module)
    rows = read_goroutines(runtime, stacks=False).rows
    threads = list(_threads(runtime))
    return Roots(
        sets=[
            *found,
            *_stacks(runtime, heap, rows, locals),
            *by_themselves(heap, "goroutines", [row.address for row in rows]),
            *by_themselves(heap, "threads", threads),
        ],
        cuts=[(row.address, row.deferred) for row in rows if row.deferred],
    )


def _threads(runtime: "GoRuntime") -> Iterator[int]:
    """runtime.m of all threads that Go knows of."""
    link = runtime.layout.offset("m", "alllink")
    at = (runtime.space.word(runtime.globals.allm) if runtime.globals.allm is not None else 0) or 0
    seen: set[int] = set()
    while 0 < at < HIGHEST_ADDRESS and at not in seen and len(seen) < _MOST_THREADS:
        seen.add(at)
        yield at
        at = runtime.space.word(at + link) or 0


def by_themselves(heap: HeapGraph, name: str, addresses: Sequence[int]) -> Iterator[RootSet]:
    """One root of the objects at some addresses, that stand alone; none where none of them is an object."""
    numbers = sorted(number for number in heap.objects_at(array("Q", addresses).tobytes())[0] if number != NONE)
    if numbers:
        yield RootSet(name=name, kind="global", address=0, places=tuple((0, one, True) for one in numbers), alone=True)


def set_apart(sets: Sequence[RootSet]) -> tuple[list[RootSet], list[tuple[int, int]]]:
    """The same roots, but of the objects that stand alone only their own one; and the pointers to cut, for `HeapGraph.cut`."""
    known = frozenset(number for one in sets if one.alone for _, number, _ in one.places)
    found = []
    for one in sets:
        places = one.places if one.alone else tuple(place for place in one.places if place[1] not in known)
        if places:
            found.append(one if len(places) == len(one.places) else replace(one, places=places))
    return found, [(NONE, number) for number in sorted(known)]


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
                elf = held.elf if held.elf.has_symbols else runtime.space.debug_file(held.elf).elf or held.elf
                rows = sorted(_variables(elf, held.bias, low, high))
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


def _stacks(
    runtime: "GoRuntime", heap: HeapGraph, rows: Sequence[Goroutine], locals: Locals | None
) -> Iterator[RootSet]:
    """Frames by function and variable, all goroutines' together: ten thousand that wait in one function are one owner."""
    found: dict[_Owner, list[tuple[int, int, bool]]] = {}
    counts: Counter[_Owner] = Counter()
    deferred = _deferred(runtime, heap, rows)
    owners = _FrameOwners(runtime, StackWords(runtime, locals))
    for i, start, raw, numbers, begins in _read_stacks(runtime, heap, rows):
        holding = set()
        for at, key, place in owners.of(rows[i], start, raw):
            if numbers[at] != NONE:
                found.setdefault(key, []).append((place, numbers[at], bool(begins[at])))
                holding.add(key)
        for name, own in deferred.get(i, ()):
            found.setdefault((name, 0, False), []).append(own)
            holding.add((name, 0, False))
        counts.update(holding)
    for key, members in sorted(found.items()):
        yield RootSet(
            name=key[0],
            kind="goroutine",
            address=0,
            places=tuple(members),
            type=key[1],
            behind=key[2],
            goroutines=counts[key],
        )


def _read_stacks(
    runtime: "GoRuntime", heap: HeapGraph, rows: Sequence[Goroutine]
) -> Iterator[tuple[int, int, bytes, Sequence[int], bytes]]:
    """(goroutine, stack pointer, stack, its words' objects, do they point to beginnings), those of one size at a time: there may be a million."""
    sizes: dict[int, list[tuple[int, int]]] = {}
    arenas = read_arenas(runtime)
    for i, row in enumerate(rows):
        low, high = row.stack_low, row.stack_high
        pointer = row.syscall_sp or row.sched_sp
        start = (pointer if low <= pointer <= high and row.status != RUNNING else low) & -_WORD_BYTES
        if any(first <= start < high <= last for first, last in arenas):
            sizes.setdefault(min(high - start, _MOST_STACK_BYTES) & -_WORD_BYTES, []).append((i, start))
    for size, members in sizes.items():
        step = max(1, _BATCH_BYTES // max(size, 1))
        for first in range(0, len(members), step):
            batch = members[first : first + step]
            raw = runtime.space.gather(array("Q", (start for _, start in batch)), size)
            numbers, begins = heap.objects_at(raw)
            for place, (i, start) in enumerate(batch):
                low, words = place * size, place * size // _WORD_BYTES
                end = words + size // _WORD_BYTES
                yield i, start, raw[low : low + size], numbers[words:end], begins[words:end]


class _FrameOwners:
    """Whose each live word of a stack is. What frames that are alike have in common is kept."""

    def __init__(self, runtime: "GoRuntime", words: StackWords) -> None:
        self._runtime, self._words = runtime, words
        self._kept: dict[FrameWords, list[tuple[int, _Owner, int]]] = {}

    def of(self, row: Goroutine, start: int, raw: bytes) -> Iterator[tuple[int, _Owner, int]]:
        """(number of the word, owner, offset from the owner's first word)."""
        for frame in self._words.frames(row, start, raw):
            kept = self._kept.get(frame)
            if kept is None:
                kept = list(self._frame(row, frame))
                if frame.function and len(self._kept) < _MOST_FRAMES:
                    self._kept[frame] = kept
            yield from kept

    def _frame(self, row: Goroutine, frame: FrameWords) -> Iterator[tuple[int, _Owner, int]]:
        name = frame.function or _began(self._runtime, row)
        for offset in frame.offsets:
            owner = self._words.owner(frame, offset)
            key = (name, 0, False) if owner is None else (f"{name}.{owner.name}", owner.type, owner.behind)
            yield offset // _WORD_BYTES, key, offset if owner is None else owner.offset


def _deferred(
    runtime: "GoRuntime", heap: HeapGraph, rows: Sequence[Goroutine]
) -> dict[int, list[tuple[str, tuple[int, int, bool]]]]:
    """By goroutine: (function, place) of deferred calls, whose records may stand on stacks, where no map tells of them, and of
    closures that were not begun yet (mgcmark.go, scanstack)."""
    owners = [(i, _began(runtime, row)) for i, row in enumerate(rows) if row.context]
    words = array("Q", (row.context for row in rows if row.context))
    work = [(i, row.deferred) for i, row in enumerate(rows) if row.deferred]
    reader = Rows(runtime.space, runtime.layout, "_defer", ("fn", "link", "pc"))
    for _ in range(_MOST_DEFERRED):
        following = []
        for (i, record), (closure, link, pc) in zip(work, reader.read([at for _, at in work]), strict=True):
            function = runtime.functions.find(pc)
            words.extend((closure, record))
            owners += [(i, _began(runtime, rows[i]) if function is None else function.name)] * 2
            if 0 < link < HIGHEST_ADDRESS:
                following.append((i, link))
        work = following
        if not work:
            break
    numbers, begins = heap.objects_at(words.tobytes())
    found: dict[int, list[tuple[str, tuple[int, int, bool]]]] = {}
    for (i, name), number, begin in zip(owners, numbers, begins, strict=True):
        if number != NONE:
            found.setdefault(i, []).append((name, (0, number, bool(begin))))
    return found


def _began(runtime: "GoRuntime", row: Goroutine) -> str:
    function = runtime.functions.find(row.start_pc)
    return "?" if function is None else function.name
