"""The loops over Go's heap: its objects as numbers, who points to whom, what alone keeps what. There is no twin in Python: a heap of a
gigabyte has ten million objects, and each step over them would take minutes.

heap: what `open` gives. Rows are flat integers: uint64 where nothing else is said.
"""

from collections.abc import Callable

class _Heap: ...

_Way = tuple[int, bytes, bytes, int, int, bytes, tuple[int, int, int, int]]
"""tail_bytes, resident, arenas, bitmap, no_more, itabs, ranges: what differs by version and by moment. resident: rows start, end; nothing
outside is read. arenas: rows of number, heapArena, for Go 1.20 and 1.21; bitmap, no_more: offsets there. itabs: rows of itab, type, by
address. ranges: of types, then of text."""

def spans(source: tuple[int, int, bytes], pointers: bytes, form: bytes, /) -> bytes:
    """Rows for `open`, of the mspan structs at these addresses. form: offset and size of each field (`_core/gospans.h`), mSpanInUse, and the
    size up to which objects share a bitmap at their span's end."""

def open(source: tuple[int, int, bytes], spans: bytes, on_demand_flag: int, program_flag: int, /) -> _Heap:
    """spans: rows of start, end, element's bytes, count of objects, kind (`_core/goheap.h`), type,
    freeindex + (allocCount << 16) + (sweepgen << 32), allocBits, in address order. The flags are bits
    of abi.Type's TFlag and Kind_ in that version of Go, or 0. Raises ValueError for spans that make no sense."""

def read(
    heap: _Heap, way: _Way, progress: Callable[[int], object] | None, more: bool = False, /
) -> tuple[int, int, int, int, int, int]:
    """(objects with pointers, objects, pointers, bytes read, pointers not followed, types without a mask), once a heap.

    more: pointers to what is newer than the list of spans wait for `renew`; until `finish` nothing else can be asked but `objects_at`."""

def touched(heap: _Heap, spans: bytes, /) -> int:
    """Bytes of spans with pointers in which objects were given out since they were read, by a newer list of spans."""

def renew(
    heap: _Heap,
    spans: bytes,
    listed: tuple[bytes, bytes],
    way: _Way,
    numbers: bytes,
    begins: bytes,
    how: int,
    progress: Callable[[int], object] | None,
    /,
) -> tuple[int, int, bytes, bytes]:
    """By a newer list of spans: those in which objects were given out are read again. (Bytes of them, pointers to what this list has not or no
    longer, numbers, begins): the numbers of objects (uint32) as they are now, 0xffffffff for what is gone, and whether they point to a
    beginning. listed: pointers and form, as `spans` takes them. how: 0, 1: objects with pointers to what is gone are read again, too, 2: only
    spans that are new are read (`gomoving.h`, gomoving_how)."""

def finish(heap: _Heap, listed: tuple[bytes, bytes], /) -> None:
    """After the last `renew`: numbers are what they are, and all else can be asked."""

def moved(heap: _Heap, /) -> tuple[int, int, int, int, int, int, int, int]:
    """(objects reached that were made meanwhile, of them those that were free when last read, pointers of reached objects that could not be
    followed, bytes made meanwhile, bytes read, objects with pointers, objects, pointers), after `retained` or `reached`."""

def objects_at(heap: _Heap, words: bytes, /) -> tuple[bytes, bytes]:
    """Of each word the object that it points into (uint32, 0xffffffff for none), and a byte: does it point to its beginning?"""

def know_codes(heap: _Heap, codes: bytes, /) -> None:
    """Where functions begin (uint64, in order): only what begins with such an address is a closure."""

def spread(heap: _Heap, /) -> bytes:
    """Types along pointers. A byte for each row of types: is it needed and was not told yet (`tell_type`)?"""

def settle(heap: _Heap, /) -> None:
    """When all types are told: from now on words are those of an array's element."""

def type_rows(heap: _Heap, first: int, /) -> bytes:
    """Rows of address or key, bytes, kind (abi.Kind; 64: closure, 65: made), from a row on."""

def type_at(heap: _Heap, address: int, size: int, /) -> int:
    """The row of the type at an address, 0 where there is none; with a size: of a made type by its key."""

def tell_type(heap: _Heap, row: int, size: int, words: bytes, begins: int, begins_not: int, least: int, /) -> None:
    """words: uint16 by word of the type, the row of what its pointer leads to. begins, begins_not: not 0 for a row that stands for two, told
    apart by whether the object begins with a pointer, or, with least, whether it has fewer bytes than that."""

def seed(heap: _Heap, rows: bytes, /) -> None:
    """Pairs of uint32 object, row of its type, from outside."""

def circles(heap: _Heap, roots: bytes, pairs: bytes, /) -> bytes:
    """For rows of uint32 object, what its finalizer or cleanup begins with (0xffffffff: nothing), by object: a byte each. 0: roots (uint32)
    lead to it; 1: they do not; 2: nor do they, and it leads back to itself; 3: by that function (`_core/gocircles.h`)."""

def cut(heap: _Heap, pairs: bytes, /) -> None:
    """Rows of uint32 from, to (0xffffffff: all of one side): these pointers hold nothing from now on."""

def retained(heap: _Heap, roots: bytes, owners: int, /) -> bytes:
    """Rows of thirteen: parent, key, word of the parent, objects, bytes, and up to eight who share it (`_core/gogroups.h`). Row 0 is the whole.
    roots: rows of uint32 object, owner, word, in the order of owners."""

def sampled(heap: _Heap, /) -> bytes:
    """Rows of object, group, address, bytes, chance (of 1 << 32), pointers to it in objects, row of its type: of large groups, by the last `retained`
    (`_core/gosample.h`)."""

def leads(heap: _Heap, resident: bytes, /) -> bytes:
    """Rows of: place of a sampled object, row of the type of the object that points to it, address of the word, its number in that object, the word,
    the two behind it. Read now; resident: as of `read`."""

def reached(heap: _Heap, roots: bytes, owners: int, /) -> bytes:
    """As `retained`, without dominators: below each owner the types of what no other owner is fewer pointers away from."""

def dominators_bytes(heap: _Heap, /) -> int:
    """What `retained` will take of memory at most, about."""

def counts(heap: _Heap, /) -> tuple[int, int]:
    """(objects that may point, objects), as soon as it is open."""

def limit(heap: _Heap, pointers: int, /) -> None:
    """Before `read`: it raises MemoryError where there are more pointers."""

def dwarf(info: bytes, abbreviations: bytes, addresses: bytes, /) -> tuple[bytes, bytes]:
    """Rows of (variable's address, its type) and (function's address, its entry), types and entries as offsets of .debug_info. addresses:
    .debug_addr, which DWARF 5 has. Damaged units are left out."""

def uses(text: bytes, base: int, windows: bytes, /) -> bytes:
    """Rows of (distance's place, target) of all operands that stand relative to the code and lead into windows: pairs of uint64 address and
    end, in order, apart. base: of the text. The first 131,072."""

def references(text: bytes, base: int, targets: bytes, /) -> bytes:
    """Rows of (instruction's address, target) of the instructions LEA that take one of these addresses (uint64, in order). base: of the text."""
