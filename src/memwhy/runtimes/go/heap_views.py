"""Which slices and strings lead to arrays of Go's heap, and what they show: their headers, read where they stand.

What a word is, the type of the object or variable tells that it stands in. Where nobody knows the type, a pointer counts as a slice when the two
words behind it are a length and a capacity that ends where the array ends; of anything else nothing is said. Pointers of known types, and those on stacks, show all that they point to.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.runtimes.go.gotype import ARRAY, CHAN, SLICE, STRING, STRUCT, UNSAFE, GoType
from memwhy.runtimes.go.heap_objects import HeapGraph
from memwhy.runtimes.go.heap_roots import RootSet
from memwhy.runtimes.go.heap_shown import View, class_below
from memwhy.runtimes.go.heap_types import HEADER, Types, is_made
from memwhy.runtimes.go.heap_typing import Typing
from memwhy.runtimes.go.structs import WORD_BYTES

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_CLOSURE = 64
"""`_core/gotypes.h`."""
_LEAD = 7
_MOST_POINTERS = 256
"""`_core/gosample.h`: a row's words, and so many rows of one object."""
_CHANCE = 8
"""Where not even the size of a value is known, at most one in so many capacities ends where the array ends by chance."""
_MOST_WORDS = 1 << 15
_MOST_DEPTH = 24
_UNKNOWN = -1
_BUFFERS = {"bytes.Buffer": ("buf", "off", ""), "bufio.Reader": ("buf", "r", "w"), "bufio.Writer": ("buf", "", "n")}
"""Buffers of the standard library: the slice, and the fields that say from where and up to where it is in use."""
_BUFFER_WORD = 2
"""hchan.buf (runtime/chan.go)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What begins at a word: a slice, a string (value_bytes 0) or a pointer to nobody knows what (_UNKNOWN). low, high: where fields stand, in words from there, that bound what is in use."""

    value_bytes: int
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """An object that is asked about. pointers: how many in objects point to it."""

    number: int
    address: int
    size: int
    value_bytes: int
    pointers: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What leads to an array. unseen: how many there are for each that was looked at."""

    views: tuple[View, ...]
    unseen: float


def headers_in(types: Types, address: int, depth: int = 0) -> dict[int, Header]:
    """By word of a type: the slices and strings in it, and unsafe.Pointers."""
    this = types.at(address)
    if this is None or depth > _MOST_DEPTH:
        return {}
    if this.kind == STRING:
        return {0: Header(0)}
    if this.kind == UNSAFE:
        return {0: Header(_UNKNOWN)}
    if this.kind == SLICE:
        value = types.at(this.elem)
        return {0: Header(value.size)} if value is not None and value.size else {}
    if this.kind == ARRAY:
        value, inside = types.at(this.elem), headers_in(types, this.elem, depth + 1)
        step = value.size // WORD_BYTES if value is not None else 0
        count = min(this.length, _MOST_WORDS // max(step, 1)) if inside and step else 0
        return {i * step + word: one for i in range(count) for word, one in inside.items()}
    if this.kind != STRUCT:
        return {}
    found = {
        one.offset // WORD_BYTES + word: header
        for one in this.fields
        for word, header in headers_in(types, one.type, depth + 1).items()
    }
    return {**found, **_buffer(this, found)}


def _buffer(this: GoType, inside: dict[int, Header]) -> dict[int, Header]:
    names = _BUFFERS.get(this.name)
    places = {one.name: one.offset // WORD_BYTES for one in this.fields}
    at = places.get(names[0]) if names else None
    if names is None or at is None or at not in inside:
        return {}
    low, high = (places[name] - at if name in places else None for name in names[1:])
    return {at: replace(inside[at], low=low, high=high)}


class Views:
    """Reads what leads to arrays; the headers in each type are found once."""

    def __init__(self, runtime: "GoRuntime", heap: HeapGraph, typing: Typing) -> None:
        self._space = runtime.space
        self._heap = heap
        self._typing = typing
        self._headers: dict[int, tuple[int, dict[int, Header]]] = {}

    def of(self, arrays: Sequence[Array], roots: Sequence[RootSet], channels: set[int]) -> list[Seen | None]:
        """Of each; None where it is not known what leads to it, or not all of it was found again: then it changed since the heap was read.

        arrays: all that `_retain.sampled` told, in its order. channels: addresses of headers that no type tells.
        """
        found: list[list[View | None]] = [[] for _ in arrays]
        for place, view in self._in_objects(arrays, channels):
            found[place].append(view)
        counts = [len(views) for views in found]
        for place, view in self._in_roots(arrays, roots):
            found[place].append(view)
        return [_seen(one, views, count) for one, views, count in zip(arrays, found, counts, strict=True)]

    def _in_objects(self, arrays: Sequence[Array], known: set[int]) -> Iterator[tuple[int, View | None]]:
        words = array("Q", _retain.leads(self._heap.heap, self._heap.reader.way()[1]))
        channels: list[tuple[int, int]] = []
        for i in range(0, len(words), _LEAD):
            place, row, where, word, pointer, length, capacity = words[i : i + _LEAD]
            one = arrays[place]
            if row == 0 and where - _BUFFER_WORD * WORD_BYTES not in known:
                yield place, _guessed(one, pointer, length, capacity)
                continue
            size, headers = self._headers_of(row) if row else (0, {})
            word = word % size if size else word
            if word == _BUFFER_WORD and (row == 0 or self._is_channel(row)):
                channels.append((place, where - _BUFFER_WORD * WORD_BYTES))
            else:
                yield place, self._view(headers.get(word), one, where, (pointer, length, capacity))
        counts = memoryview(self._space.gather([where for _, where in channels], 16)).cast("Q").tolist()
        for (place, _), count, room in zip(channels, counts[::2], counts[1::2], strict=True):
            one = arrays[place]
            value_bytes = one.value_bytes or (one.size // room if room else 0)
            used = one.address + min(count, room) * value_bytes
            yield place, View(one.address, used, one.address, one.address + room * value_bytes, value_bytes)

    def _in_roots(self, arrays: Sequence[Array], roots: Sequence[RootSet]) -> Iterator[tuple[int, View | None]]:
        places = {one.number: place for place, one in enumerate(arrays)}
        found = [(one, offset, places[number]) for one in roots for offset, number, _ in one.places if number in places]
        starts = [one.address + offset if one.address else 0 for one, offset, _ in found]
        words = memoryview(self._space.gather(starts, 3 * WORD_BYTES)).cast("Q")
        for i, (one, offset, place) in enumerate(found):
            kind = self._typing.kind_of(one) if one.address else 0
            head = (words[3 * i], words[3 * i + 1], words[3 * i + 2])
            if one.kind == "goroutine":
                yield place, _whole(arrays[place])
            elif not kind:
                yield place, _guessed(arrays[place], *head)
            else:
                header = self._headers_of_type(kind)[1].get(offset // WORD_BYTES)
                yield place, self._view(header, arrays[place], starts[i], head)

    def _is_channel(self, row: int) -> bool:
        key, kind = self._typing.key_of(row)
        if kind == _CLOSURE or key & 7 != HEADER:
            return False
        found = self._typing.types.at(key & ~7)
        return found is not None and found.kind == CHAN

    def _headers_of(self, row: int) -> tuple[int, dict[int, Header]]:
        """(words of the type, headers in it) of an object's type."""
        key, kind = self._typing.key_of(row)
        return (0, {}) if kind == _CLOSURE or is_made(key) else self._headers_of_type(key)

    def _headers_of_type(self, address: int) -> tuple[int, dict[int, Header]]:
        if address not in self._headers:
            found = self._typing.types.at(address)
            size = 0 if found is None else found.size // WORD_BYTES
            self._headers[address] = size, headers_in(self._typing.types, address)
        return self._headers[address]

    def _view(self, header: Header | None, one: Array, where: int, head: tuple[int, int, int]) -> View | None:
        pointer, length, capacity = head
        if header is not None and header.value_bytes == _UNKNOWN:
            return None
        if header is None or not _fits(one, pointer, length * max(header.value_bytes, 1)):
            return _whole(one)
        if header.value_bytes == 0:
            return View(pointer, pointer + length, pointer, pointer + length)
        if capacity < length or not _fits(one, pointer, capacity * header.value_bytes):
            return _whole(one)
        low, high = 0, length
        bounds = [at for at in (header.low, header.high) if at is not None]
        if bounds:
            told = iter(memoryview(self._space.gather([where + WORD_BYTES * at for at in bounds], 8)).cast("Q"))
            low = min(next(told), length) if header.low is not None else 0
            high = min(next(told), length) if header.high is not None else length
        size = header.value_bytes
        start = pointer + low * size
        return View(start, max(pointer + high * size, start), pointer, pointer + capacity * size, size)


def _whole(one: Array) -> View:
    return View(one.address, one.address + one.size, one.address, one.address + one.size)


def _fits(one: Array, pointer: int, size: int) -> bool:
    return one.address <= pointer and pointer + size <= one.address + one.size


def _seen(one: Array, views: Sequence[View | None], count: int) -> Seen | None:
    """count: of the views those in objects."""
    known = [view for view in views if view is not None]
    most = min(one.pointers, _MOST_POINTERS)
    if not known or len(known) < len(views) or count < most:
        return None
    return Seen(tuple(known), one.pointers / most if most else 1.0)


def _guessed(one: Array, pointer: int, length: int, capacity: int) -> View | None:
    """A slice where the capacity says so: it ends where the array does, but for what the allocator rounds up."""
    if not 0 < capacity <= one.size or length > capacity:
        return None
    least = one.address + class_below(one.size)
    fitting = (one.address + one.size - pointer) // capacity
    strict = capacity >= _CHANCE * (one.size - class_below(one.size))
    for size in (one.value_bytes,) if one.value_bytes else (1, WORD_BYTES, *((fitting,) if strict else ())):
        if least < pointer + capacity * size <= one.address + one.size:
            return View(pointer, pointer + length * size, pointer, pointer + capacity * size, size)
    return None
