"""Proof that a layout table fits the target: what the runtime says of itself, held against what the table says.

The sizes in mheap_'s allocators are the runtime's own sizeof; the rest are invariants that hold at any moment, so that
an unstopped process does not disprove its own table. Source: runtime/mheap.go (init), proc.go (allgadd, procresize),
mstats.go (readmemstats_m).
"""

from collections.abc import Iterator

from memwhy.memory.space import Space
from memwhy.model.account import Check
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.locate import Globals
from memwhy.runtimes.go.pclntab import FunctionTable

_ALLOCATORS = (
    ("spanalloc", "mspan"),
    ("cachealloc", "mcache"),
    ("specialfinalizeralloc", "specialfinalizer"),
    ("specialprofilealloc", "specialprofile"),
    ("arenaHintAlloc", "arenaHint"),
)
_MOST_LOOKED_AT = 32
_MOST_THREADS = 256
_GENERATIONS = 3
_PAGE_BYTES = 8192
_MOST_ITEMS = 1 << 32


def prove(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> tuple[Check, ...]:
    """Every invariant that can be looked at. agree is None where the target could not be read."""
    return tuple(
        check
        for part in (_function_table, _allocators, _spans, _goroutines, _processors, _threads, _heap)
        for check in part(space, layout, globals, functions)
    )


def _check(name: str, left: tuple[str, int | None], right: tuple[str, int | None]) -> Check:
    agree = None if left[1] is None or right[1] is None else left[1] == right[1]
    return Check(
        name=name,
        left=left[0],
        left_bytes=left[1] or 0,
        right=right[0],
        right_bytes=right[1] or 0,
        agree=agree,
        text="" if agree else f"{left[0]} is {left[1]}, {right[0]} is {right[1]}",
    )


def _function_table(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """The number of functions stands twice, and the first and last address again in the table of functions."""
    for module in functions.modules:
        count = space.word(module.header + layout.offset("pcHeader", "nfunc"))
        yield _check("go.functions", ("functions in pcHeader", count), ("functions in ftab", module.index.count - 1))
        found = functions.find(module.first_pc)
        first = found.entry if found else -1
        yield _check("go.first_function", ("moduledata.minpc", module.first_pc), ("first function", first))


def _allocators(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """mheap_'s allocators of fixed sizes know what they allocate."""
    if globals.mheap_ is None:
        return
    for allocator, struct in _ALLOCATORS:
        if layout.has("mheap", allocator) and layout.has(struct):
            size = space.word(globals.mheap_ + layout.offset("mheap", f"{allocator}.size"))
            yield _check(
                f"go.sizeof.{struct}", (f"mheap_.{allocator}.size", size), (f"sizeof({struct})", layout.size(struct))
            )


def _spans(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """The first spans: whole pages, a known state, and as many bytes as their limit says."""
    if globals.mheap_ is None:
        return
    spans = _slice(space, globals.mheap_ + layout.offset("mheap", "allspans"))
    looked = spans[:_MOST_LOOKED_AT]
    sane = sum(_is_span(space, layout, span) for span in looked)
    yield _check("go.spans", ("sane spans", sane), ("spans looked at", len(looked) or None))


def _is_span(space: Space, layout: Layout, address: int) -> bool:
    raw = space.read(address, layout.size("mspan"))
    if len(raw) < layout.size("mspan"):
        return False
    start, pages, limit = (_number(raw, layout, "mspan", name) for name in ("startAddr", "npages", "limit"))
    state = _number(raw, layout, "mspan", "state")
    if state != layout.constant("mSpanInUse"):
        return state <= layout.constant("mSpanManual")
    return start % _PAGE_BYTES == 0 and 0 < pages < 1 << 35 and start < limit <= start + pages * _PAGE_BYTES


def _goroutines(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """The first goroutines: a known state, a stack with an end above its start, and made by a known function."""
    if globals.allgs is None:
        return
    looked = _slice(space, globals.allgs)[:_MOST_LOOKED_AT]
    sane = sum(_is_goroutine(space, layout, functions, g) for g in looked)
    yield _check("go.goroutines", ("sane goroutines", sane), ("goroutines looked at", len(looked) or None))


def _is_goroutine(space: Space, layout: Layout, functions: FunctionTable, address: int) -> bool:
    raw = space.read(address, layout.size("g"))
    if len(raw) < layout.size("g"):
        return False
    status = _number(raw, layout, "g", "atomicstatus") & ~layout.constant("_Gscan")
    if status in (layout.constant("_Gidle"), layout.constant("_Gdead")) or status > layout.constant("_Gpreempted"):
        return status <= 16  # a fresh or dead one may have no stack; later states of newer versions
    low, high = _number(raw, layout, "g", "stack.lo"), _number(raw, layout, "g", "stack.hi")
    stack_pointer = _number(raw, layout, "g", "sched.sp")
    start = _number(raw, layout, "g", "startpc")
    known = start == 0 or functions.find(start) is not None  # 0: a thread of C's that called Go
    return (
        0 < low < high
        and (stack_pointer == 0 or low < stack_pointer <= high)
        and known
        and 0 < _number(raw, layout, "g", "goid") < 1 << 48
    )


def _processors(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """Every P has its place in allp as its id."""
    if globals.allp is None:
        return
    looked = _slice(space, globals.allp)[: 8 * _MOST_LOOKED_AT]
    at, size, _, _ = layout.field("p", "id")
    sane = sum(int.from_bytes(space.read(p + at, size), "little") == i for i, p in enumerate(looked))
    yield _check("go.processors", ("Ps whose id is their place", sane), ("Ps", len(looked) or None))


def _threads(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """Every M's g0 belongs to that M, and the chain of them is as long as the scheduler says.

    This proves the layout of m, which changes between patch versions (1.24.3 and 1.24.11 differ).
    """
    if globals.allm is None or globals.sched is None:
        return
    g0, alllink, owner = layout.offset("m", "g0"), layout.offset("m", "alllink"), layout.offset("g", "m")
    m, seen, sane = space.word(globals.allm) or 0, 0, 0
    while m and seen < _MOST_THREADS:
        seen += 1
        sane += space.word((space.word(m + g0) or 0) + owner) == m
        m = space.word(m + alllink) or 0
    yield _check("go.threads", ("Ms whose g0 is theirs", sane), ("Ms", seen or None))
    if not m:
        made, freed = (space.word(globals.sched + layout.offset("schedt", name)) for name in ("mnext", "nmfreed"))
        count = None if made is None or freed is None else made - freed
        yield _check("go.thread_count", ("Ms in the chain", seen), ("Ms that the scheduler counts", count))


def _heap(space: Space, layout: Layout, globals: Globals, functions: FunctionTable) -> Iterator[Check]:
    """HeapInuse is counted twice. It moves while we look: only the order of magnitude is held against it."""
    if globals.gcController is None or globals.memstats is None:
        return
    pacer = space.word(globals.gcController + layout.offset("gcControllerState", "heapInUse"))
    parts = [
        space.word(globals.memstats + layout.offset("mstats", f"heapStats.stats[{i}].inHeap"))
        for i in range(_GENERATIONS)
    ]
    counted = sum(part or 0 for part in parts) & (1 << 64) - 1
    near = pacer is not None and abs(pacer - counted) <= max(pacer // 4, 64 << 20)
    yield _check(
        "go.heap_in_use", ("gcController.heapInUse", pacer), ("memstats.heapStats.inHeap", pacer if near else counted)
    )
    whole = None if pacer is None else pacer % _PAGE_BYTES
    yield _check("go.heap_pages", ("bytes of gcController.heapInUse beyond whole pages", whole), ("none", 0))


def _slice(space: Space, address: int) -> list[int]:
    """The first items of a slice of pointers; none where its header makes no sense."""
    header = space.words(address, 3)
    if len(header) < 3 or not 0 < header[1] <= header[2] < _MOST_ITEMS:
        return []
    return space.words(header[0], min(header[1], 8 * _MOST_LOOKED_AT)).tolist()


def _number(raw: bytes, layout: Layout, struct: str, path: str) -> int:
    at, size, _, _ = layout.field(struct, path)
    return int.from_bytes(raw[at : at + size], "little")
