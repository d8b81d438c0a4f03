"""The runtime's lists of finalizers, cleanups and weak handles: those that hang on objects, and those that are due.

They hang on spans as lists of specials, outside of the heap (runtime/mheap.go); what is due stands in blocks (runtime/mfinal.go and, for
cleanups since Go 1.25, runtime/mcleanup.go). Kinds are numbered anew by some versions: the layout tables say how.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memwhy.model.holders import Waiting
from memwhy.runtimes.go.goroutines import Goroutine, read_goroutines
from memwhy.runtimes.go.rows import Rows
from memwhy.runtimes.go.span_table import HIGHEST_ADDRESS, arena_indexes
from memwhy.runtimes.go.stacks import NO_STACK, SAVED, Stacks
from memwhy.runtimes.go.structs import WORD_BYTES, address_of, gather_fields

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_KINDS = {
    "_KindSpecialFinalizer": "finalizer",
    "_KindSpecialCleanup": "cleanup",
    "_KindSpecialWeakHandle": "weak handle",
}
_CLEANUP = ("fn", "arg", "call")
"""Fields of runtime.cleanupFn."""
_RUNNERS = {
    "runtime.runfinq": "finalizer",
    "runtime.runFinalizers": "finalizer",
    "runtime.runCleanups": "cleanup",
}
"""Goroutines that run them: runfinq up to Go 1.24, and there for both."""
_IDLE = ("finalizer wait", "cleanup wait")
_MOST_SPECIALS = 1 << 24
_MOST_BLOCKS = 1 << 20
_CAPTURED_WORDS = 5
_ELEM = 48
"""abi.PtrType.Elem: behind abi.Type (internal/abi/type.go)."""


class Special(NamedTuple):
    """A finalizer, cleanup or weak handle. object: address of what it hangs on, of a handle its own; words: what the collector follows; type: of
    the object, or 0."""

    kind: str
    object: int
    words: tuple[int, ...]
    type: int = 0


def hanging(runtime: "GoRuntime") -> Iterator[Special]:
    """What hangs on spans, of the kinds that hold something. Raises Unsupported."""
    constants = runtime.layout.constants
    kinds = {constants[name]: kind for name, kind in _KINDS.items() if name in constants}
    listed: dict[str, list[tuple[int, int]]] = {kind: [] for kind in _KINDS.values()}
    for address, owner, number in _listed(runtime):
        if number in kinds:
            listed[kinds[number]].append((address, owner))

    def read(kind: str, struct: str, *fields: str) -> Iterator[tuple[int, tuple[int, ...]]]:
        rows = _words(runtime, struct, fields, [address for address, _ in listed[kind]])
        return zip((owner for _, owner in listed[kind]), rows, strict=True)

    for owner, (function, pointer) in read("finalizer", "specialfinalizer", "fn", "ot"):
        yield Special("finalizer", owner, (function,), _pointed_type(runtime, pointer))
    if listed["cleanup"]:
        for owner, words in read("cleanup", "specialCleanup", *_cleanup_fields(runtime)):
            yield Special("cleanup", owner, words)
    if listed["weak handle"]:
        for _, (handle,) in read("weak handle", "specialWeakHandle", "handle"):
            yield Special("weak handle", handle, ())


def _words(
    runtime: "GoRuntime", struct: str, fields: Sequence[str], addresses: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """Fields of eight bytes of many structs."""
    offsets = [runtime.layout.offset(struct, name) for name in fields]
    return zip(
        *(memoryview(gather_fields(runtime.space, addresses, one, WORD_BYTES)).cast("Q") for one in offsets),
        strict=True,
    )


def _cleanup_fields(runtime: "GoRuntime") -> tuple[str, ...]:
    """Since Go 1.26 a cleanup is a function, its argument and what calls it with that; before, it is one closure."""
    return ("fn",) if runtime.layout.has("specialCleanup", "fn") else tuple(f"cleanup.{name}" for name in _CLEANUP)


def _pointed_type(runtime: "GoRuntime", pointer_type: int) -> int:
    """The address of T's descriptor from that of *T; 0 where there is none."""
    return (runtime.space.word(pointer_type + _ELEM) or 0) if is_address(pointer_type) else 0


def _listed(runtime: "GoRuntime") -> Iterator[tuple[int, int, int]]:
    """(special, the object that it hangs on, kind) of all; lists of all spans side by side, a gather for each place in them."""
    rows = Rows(runtime.space, runtime.layout, "mspan", ("startAddr", "elemsize", "specials")).read(
        list(_spans(runtime))
    )
    work = [
        (special, start, size) for start, size, special in rows if size and is_address(start) and is_address(special)
    ]
    reader = Rows(runtime.space, runtime.layout, "special", ("next", "offset", "kind"))
    seen = 0
    while work and seen < _MOST_SPECIALS:
        seen += len(work)
        following = []
        read = reader.read([one[0] for one in work])
        for (special, start, size), (after, offset, kind) in zip(work, read, strict=True):
            yield special, start + offset // size * size, kind
            if is_address(after):
                following.append((after, start, size))
        work = following


def _spans(runtime: "GoRuntime") -> Iterator[int]:
    """mspan structs that have specials, by the arenas' bitmaps (heapArena.pageSpecials: a bit for the first page of each)."""
    layout, space = runtime.layout, runtime.space
    second = space.word(address_of(runtime, "mheap_") + layout.offset("mheap", "arenas")) or 0
    start, size, _, _ = layout.field("heapArena", "pageSpecials")
    pages = layout.offset("heapArena", "spans")
    for index in sorted(arena_indexes(runtime)):
        arena = space.word(second + WORD_BYTES * index)
        if not arena or not is_address(arena):
            continue
        marked = space.read(arena + start, size)
        places = [8 * i + j for i, byte in enumerate(marked) if byte for j in range(8) if byte >> j & 1]
        raw = gather_fields(space, [arena + WORD_BYTES * i for i in places], pages, WORD_BYTES)
        yield from filter(is_address, memoryview(raw).cast("Q"))


def is_address(word: int) -> bool:
    """Could it be one of the process's own? What we read may have been overwritten."""
    return 0 < word < HIGHEST_ADDRESS


def finalizers_due(runtime: "GoRuntime") -> Iterator[Special]:
    """What stands in the blocks of runtime.allfin. Go 1.24 queues cleanups there, too: functions without an object."""
    layout = runtime.layout
    start, size, _, most = layout.field("finblock", "fin")
    for block, count in _blocks(runtime, runtime.globals.allfin, "finblock", "alllink", "cnt"):
        addresses = [block + start + i * (size // most) for i in range(min(count, most))]
        for function, one, pointer in _words(runtime, "finalizer", ("fn", "arg", "ot"), addresses):
            if one:
                yield Special("finalizer", one, (function,), _pointed_type(runtime, pointer))
            elif function:
                yield Special("cleanup", 0, (function,))


def cleanups_due(runtime: "GoRuntime") -> Iterator[Special]:
    """What stands in the blocks of runtime.gcCleanups, since Go 1.25."""
    layout, first = runtime.layout, runtime.globals.gcCleanups
    if first is None or not layout.has("cleanupBlock"):
        return
    start, size, kind, most = layout.field("cleanupBlock", "cleanups")
    fields = layout.offsets(kind, *_CLEANUP) if kind else (0,)
    where = first + layout.offset("cleanupQueue", "all")
    for block, count in _blocks(runtime, where, "cleanupBlock", "cleanupBlockHeader.alllink", "cleanupBlockHeader.n"):
        raw = runtime.space.read(block + start, min(count, most) * (size // most))
        for at in range(0, len(raw), size // most):
            words = tuple(int.from_bytes(raw[at + i : at + i + WORD_BYTES], "little") for i in fields)
            if words[0]:
                yield Special("cleanup", 0, words)


def _blocks(runtime: "GoRuntime", where: int | None, struct: str, link: str, count: str) -> Iterator[tuple[int, int]]:
    """(address, entries) of the blocks of a list whose first one a variable points to."""
    reader = Rows(runtime.space, runtime.layout, struct, (link, count))
    block = (runtime.space.word(where) if where else 0) or 0
    seen: set[int] = set()
    while is_address(block) and block not in seen and len(seen) < _MOST_BLOCKS:
        seen.add(block)
        [(after, entries)] = reader.read([block])
        yield block, entries
        block = after


def cleanup_names(runtime: "GoRuntime", every: Sequence[Special]) -> list[str]:
    """The name of the function of each cleanup, "" of others.

    Up to Go 1.25 runtime.AddCleanup wraps it in a closure of its own, which captured it.
    """
    words = [one.words[0] if one.kind == "cleanup" else 0 for one in every]
    size = WORD_BYTES * _CAPTURED_WORDS
    raw = memoryview(runtime.space.gather(array("Q", words), size)).cast("Q") if any(words) else ()
    known: dict[tuple[int, ...], str] = {(): ""}
    found = []
    for i, word in enumerate(words):
        row = tuple(raw[i * _CAPTURED_WORDS : (i + 1) * _CAPTURED_WORDS]) if word else ()
        if row not in known:
            known[row] = _function(runtime, row)
        found.append(known[row])
    return found


def _function(runtime: "GoRuntime", closure: tuple[int, ...]) -> str:
    name = name_at(runtime, closure[0])
    if not name.startswith("runtime.AddCleanup["):
        return name
    for word in filter(is_address, closure[1:]):
        first = runtime.space.word(word) or 0  # a function value, or in Go 1.25 the variable that holds one
        inner = name_at(runtime, first) or (is_address(first) and name_at(runtime, runtime.space.word(first) or 0))
        if inner:
            return inner
    return name


def name_at(runtime: "GoRuntime", code: int) -> str:
    """The function that begins at an address, "" where none does."""
    function = runtime.functions.find(code)
    return function.name if function is not None and function.entry == code else ""


def waiting(runtime: "GoRuntime", due: Sequence[Special]) -> Iterator[Waiting]:
    """How many wait, and for whom: goroutines are only looked at where any do."""
    counts = Counter(one.kind for one in due)
    standing = _standing(runtime) if counts else {}
    if not runtime.layout.has("cleanupBlock") and "finalizer" in standing:
        standing["cleanup"] = standing["finalizer"]
    for kind, count in sorted(counts.items()):
        function, state, blocked_s = standing.get(kind, ("", "", None))
        yield Waiting(
            kind="finalizer" if kind == "finalizer" else "cleanup",
            count=count,
            function=function,
            state=state,
            blocked_s=blocked_s,
        )


def _standing(runtime: "GoRuntime") -> dict[str, tuple[str, str, float | None]]:
    """(function of the program, state, how long) of a goroutine that runs finalizers or cleanups and does not wait for work."""
    seen = read_goroutines(runtime, stacks=False)
    found: dict[str, tuple[str, str, float | None]] = {}
    for row in seen.rows:
        start = runtime.functions.find(row.start_pc)
        kind = _RUNNERS.get(start.name if start is not None else "")
        state = seen.state(row) if kind is not None else ""
        if kind is not None and state not in _IDLE:
            found.setdefault(kind, (_outermost(runtime, row), state, seen.waiting_s(row)))
    return found


def _outermost(runtime: "GoRuntime", row: Goroutine) -> str:
    """The program's function that a goroutine of the runtime called, "" where it is in none."""
    tree = Stacks(runtime.space, runtime.functions)
    pc, sp = (row.syscall_pc, row.syscall_sp) if row.syscall_sp else (row.sched_pc, row.sched_sp)
    [stack] = tree.walk(SAVED, [pc], [sp], [row.stack_high])
    found = (runtime.functions.find(pc) for pc in tree.pcs(stack)) if stack != NO_STACK else ()
    names = [one.name for one in found if one is not None and not one.name.startswith("runtime.")]
    return names[-1] if names else ""
