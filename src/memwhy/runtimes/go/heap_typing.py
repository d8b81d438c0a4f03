"""Which type each object of Go's heap has: told by itself, by an interface, or by the type of what points to it."""

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.runtimes.go.debug_types import DEBUG
from memwhy.runtimes.go.gotype import GoType
from memwhy.runtimes.go.heap_closures import closure_structs
from memwhy.runtimes.go.heap_library import NODE
from memwhy.runtimes.go.heap_objects import HeapGraph
from memwhy.runtimes.go.heap_roots import RootSet
from memwhy.runtimes.go.heap_types import EITHER, TEXT, Types, is_made
from memwhy.runtimes.go.heap_variables import Variables
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.structs import WORD_BYTES

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_CLOSURE = 64
"""`_core/gotypes.h`."""
_MOST_ROUNDS = 64
_MOST_TOLD_BYTES = 64 << 20
"""Of one value of a type: larger ones are damaged, or one of a kind."""
_INNER = (
    (".slots[].key", "[key]"),
    (".slots[].elem", "[value]"),
    (".keys[]", "[key]"),
    (".elems[]", "[value]"),
    (".values[]", "[value]"),
)
"""Fields of map.group (since Go 1.24) and map.bucket (before; values up to 1.10, cmd/compile/internal/reflectdata/map*.go)."""
_ANONYMOUS = re.compile(r"^\.X\d+")
"""Fields of a closure since Go 1.22, which hides the names of what it captured (cmd/compile/internal/typecheck.ClosureType)."""
_MOST_ITABS = 1 << 20


def itabs_of(runtime: "GoRuntime") -> "array[int]":
    """Rows of itab, type it is for, by address: from the runtime's table, else from what the linker laid down.

    Sources: runtime/iface.go (itabTableType), runtime/runtime2.go (itab).
    """
    addresses = list(_in_table(runtime)) or list(_linked(runtime, runtime.layout))
    addresses = sorted(set(addresses))
    types = memoryview(runtime.space.gather([one + WORD_BYTES for one in addresses], WORD_BYTES)).cast("Q").tolist()
    return array("Q", (number for pair in zip(addresses, types, strict=True) for number in pair))


def _in_table(runtime: "GoRuntime") -> Iterable[int]:
    at = runtime.globals.itabTable
    table = runtime.space.word(at) if at else None
    if not table:
        return ()
    size, count = (*runtime.space.words(table, 2), 0, 0)[:2]
    if not 0 < count <= size <= _MOST_ITABS:
        return ()
    return (entry for entry in runtime.space.words(table + 2 * WORD_BYTES, size) if entry)


def _linked(runtime: "GoRuntime", layout: Layout) -> Iterable[int]:
    for module in runtime.functions.modules:
        if layout.has("moduledata", "itablinks"):
            pointer, count = (
                *runtime.space.words(module.address + layout.offset("moduledata", "itablinks"), 2),
                0,
                0,
            )[:2]
            yield from runtime.space.words(pointer, min(count, _MOST_ITABS))


class Typing:
    """The types of one heap's objects, by the rows that the compiled loops know them by."""

    def __init__(self, runtime: "GoRuntime", heap: HeapGraph, types: Types, variables: Variables) -> None:
        self.heap = heap
        self.types = types
        self._runtime = runtime
        self._variables = variables
        self._structs: dict[int, GoType] | None = None
        self._rows: dict[int, int] = {}
        self._keys: dict[int, tuple[int, int]] = {}
        self._paths: dict[int, dict[int, str]] = {}

    def spread(self) -> None:
        """Along all pointers, as far as types tell what they lead to."""
        told: set[int] = set()
        for _ in range(_MOST_ROUNDS):
            wanted = [row for row, flag in enumerate(_retain.spread(self.heap.heap)) if flag and row not in told]
            if not wanted:
                break
            self._learn()
            for row in wanted:
                told.add(row)
                self._tell(row)
        _retain.settle(self.heap.heap)

    def row_of(self, key: int) -> int:
        """The row of a type's address or of a made one's key, 0 where there is none."""
        if key not in self._rows:
            self._rows[key] = _retain.type_at(self.heap.heap, key, self._made_bytes(key))
            if key & 7 in (EITHER, NODE):
                self._tell_made(self._rows[key], key)
        return self._rows[key]

    def _made_bytes(self, key: int) -> int:
        """Of a type without a descriptor its size, 0 of the others."""
        if key == TEXT:
            return WORD_BYTES
        if key & 7:
            return self.types.made(key)[0]
        found = self.types.at(key) if key & DEBUG else None
        return found.size or WORD_BYTES if found is not None else 0

    def size_of(self, row: int) -> int:
        """Bytes of one value of a row's type, 0 where it is not known."""
        key, kind = self.key_of(row)
        if kind == _CLOSURE or key == TEXT or key & 7:
            return 0
        found = self.types.at(key)
        return 0 if found is None else found.size

    def seed(self, roots: Iterable[RootSet]) -> None:
        """What variables point to has the type that the variable's type says."""
        flat: array[int] = array("I")
        unknown: list[tuple[int, int]] = []
        for root in roots:
            kind = self.kind_of(root)
            pointers = {} if root.behind else self.types.leads(kind)
            for offset, number, begins in root.places:
                key = kind if root.behind else pointers.get(offset // WORD_BYTES, (0, ""))[0]
                if key and begins:
                    flat.extend((number, self.row_of(key)))
                elif begins and root.kind == "global":
                    unknown.append((root.address + offset - WORD_BYTES, number))
        for number, key in self._by_interfaces(unknown):
            flat.extend((number, self.row_of(key)))
        _retain.seed(self.heap.heap, flat.tobytes())

    def _by_interfaces(self, places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """(object, key) of the objects before whose pointers, at these addresses, an interface's first word stands."""
        rows = itabs_of(self._runtime)
        itabs = dict(zip(rows[::2], rows[1::2], strict=True))
        words = memoryview(self._runtime.space.gather([at for at, _ in places], WORD_BYTES)).cast("Q")
        for (_, number), word in zip(places, words, strict=True):
            if word in itabs or self.types.is_inside(word):
                key = self.types.in_interface(itabs.get(word, word))
                if key:
                    yield number, key

    def kind_of(self, root: RootSet) -> int:
        """The key of a variable's type, 0 where it is not known."""
        return root.type or (self._variables.of_global(root.address) if root.kind == "global" else 0)

    def know(self, objects: Iterable[tuple[int, int]]) -> None:
        """Types (addresses) of objects that something else than a variable or an object tells."""
        rows = ((number, self.row_of(key)) for number, key in objects)
        _retain.seed(self.heap.heap, array("I", (one for row in rows if row[1] for one in row)).tobytes())

    def variable_type(self, root: RootSet) -> str:
        """The name of a variable's type, "" where it is not known."""
        kind = self.kind_of(root)
        return self.types.name_of(kind) if kind else ""

    def path(self, row: int, word: int) -> str:
        """The path of fields to a word of a type: ".Body", "[value].Owner" """
        if row not in self._paths:
            key, kind = self.key_of(row)
            if kind == _CLOSURE:
                pointers = self.captured(key)[1]
            else:
                pointers = self.types.leads(key)
            self._paths[row] = {at: _shown(path) for at, (_, path) in pointers.items()}
        return self._paths[row].get(word, "")

    def captured(self, code: int) -> tuple[int, dict[int, tuple[int, str]]]:
        """Of a closure: bytes as far as its variables are known, and `Types.pointers`. DWARF knows their names, else its maker tells their types."""
        size = WORD_BYTES
        found: dict[int, tuple[int, str]] = {}
        for one in self._variables.captured(code):
            for word, (to, path) in self.types.pointers(one.type).items():
                found[one.offset // WORD_BYTES + word] = to, f".{one.name.removeprefix('&')}{path}"
            known = self.types.at(one.type)
            size = max(size, one.offset + (known.size if known is not None else WORD_BYTES) + 7 & ~7)
        made = None if found else self._struct(code)
        if made is not None:
            pointers = self.types.pointers(made.address)
            found = {word: (to, _ANONYMOUS.sub("", path)) for word, (to, path) in pointers.items()}
            size = max(size, made.size)
        return size, found

    def _struct(self, code: int) -> GoType | None:
        if self._structs is None:
            codes = (key for key, kind in self._keys.values() if kind == _CLOSURE)
            self._structs = closure_structs(self._runtime, self.types, codes)
        return self._structs.get(code)

    def key_of(self, row: int) -> tuple[int, int]:
        """(address or key, kind) of a row."""
        if row not in self._keys:
            self._learn()
        return self._keys[row]

    def _learn(self) -> None:
        flat = array("Q", _retain.type_rows(self.heap.heap, 0))
        self._keys = {i // 3: (flat[i], flat[i + 2]) for i in range(0, len(flat), 3)}

    def _tell(self, row: int) -> None:
        key, kind = self._keys[row]
        if kind == _CLOSURE:
            size, pointers = self.captured(key)
            self._words(row, size, pointers)
        elif is_made(key):
            self._tell_made(row, key)
        else:
            found = self.types.at(key)
            size = 8 if found is None else found.size
            self._words(row, size, self.types.pointers(key))

    def _tell_made(self, row: int, key: int) -> None:
        size, pointers, either = self.types.made(key)
        self._words(row, size, pointers, (self._row_or_none(either[0]), self._row_or_none(either[1]), either[2]))

    def _row_or_none(self, key: int) -> int:
        return self.row_of(key) if key else 0

    def _words(
        self, row: int, size: int, pointers: dict[int, tuple[int, str]], either: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        if size > _MOST_TOLD_BYTES:
            size, pointers = WORD_BYTES, {}
        words = array("H", bytes(2 * (size // 8 + 1)))
        for word, (to, _) in pointers.items():
            if to and word < len(words):
                words[word] = self.row_of(to)
        _retain.tell_type(self.heap.heap, row, size, words.tobytes(), *either)


def _shown(path: str) -> str:
    """A path as a person writes it: a map's inner fields are its keys and values."""
    for inner, shown in _INNER:
        path = path.replace(inner, shown)
    return path
