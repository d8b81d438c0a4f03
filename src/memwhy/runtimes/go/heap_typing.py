"""Which type each object of Go's heap has: told by itself, by an interface, or by the type of what points to it."""

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.runtimes.go.heap_objects import HeapGraph
from memwhy.runtimes.go.heap_types import EITHER, HEADER, TEXT, Types
from memwhy.runtimes.go.layout import Layout
from memwhy.runtimes.go.structs import WORD_BYTES

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_CLOSURE, _MADE = 64, 65
"""`_core/gotypes.h`."""
_MOST_ROUNDS = 64
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

    def __init__(self, heap: HeapGraph, types: Types) -> None:
        self.heap = heap
        self.types = types
        self._rows: dict[int, int] = {}
        self._keys: dict[int, tuple[int, int]] = {}

    def spread(self) -> None:
        """Along all pointers, as far as types tell what they lead to."""
        told: set[int] = set()
        for _ in range(_MOST_ROUNDS):
            wanted = [row for row, flag in enumerate(_retain.spread(self.heap.heap)) if flag and row not in told]
            if not wanted:
                return
            self._learn()
            for row in wanted:
                told.add(row)
                self._tell(row)

    def row_of(self, key: int) -> int:
        """The row of a type's address or of a made one's key, 0 where there is none."""
        if key not in self._rows:
            made = key == TEXT or key & 7
            self._rows[key] = _retain.type_at(self.heap.heap, key, 8 if made else 0)
            if made and key & 7 == EITHER:
                self._tell_made(self._rows[key], key)
        return self._rows[key]

    def seed(self, pairs: Iterable[tuple[int, int]]) -> None:
        """(object, key) for objects whose type is known from outside."""
        flat = array("I", (number for one, key in pairs for number in (one, self.row_of(key))))
        _retain.seed(self.heap.heap, flat.tobytes())

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
        if kind == _MADE:
            self._tell_made(row, key)
        elif kind == _CLOSURE:
            _retain.tell_type(self.heap.heap, row, 8, b"", 0, 0)
        else:
            found = self.types.at(key)
            size = 8 if found is None else found.size
            self._words(row, size, self.types.pointers(key))

    def _tell_made(self, row: int, key: int) -> None:
        size, pointers, either = self.types.made(key)
        self._words(row, size, pointers, (self._row_or_none(either[0]), self._row_or_none(either[1])))

    def _row_or_none(self, key: int) -> int:
        return self.row_of(key) if key else 0

    def _words(self, row: int, size: int, pointers: dict[int, tuple[int, str]], either: tuple[int, int] = (0, 0)) -> None:
        words = array("H", bytes(2 * (size // 8 + 1)))
        for word, (to, _) in pointers.items():
            if to and word < len(words):
                words[word] = self.row_of(to)
        _retain.tell_type(self.heap.heap, row, size, words.tobytes(), *either)


__all__ = ["HEADER", "Typing", "itabs_of"]
