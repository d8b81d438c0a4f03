"""What is in the things that hold: values in maps, slices and channels, and how much of them nothing uses.

Read of some objects of each large line, at random (`_core/gosample.h`): of maps and channels their headers, of arrays the slices and strings
that lead to them. Sources of what stands where: internal/runtime/maps/{map,table}.go since Go 1.24, before runtime/map.go (hmap); runtime/chan.go
(hchan); reflect.SliceHeader.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memwhy._core import _retain
from memwhy.runtimes.go.gotype import CHAN, MAP, GoType
from memwhy.runtimes.go.heap_objects import HeapGraph
from memwhy.runtimes.go.heap_roots import RootSet
from memwhy.runtimes.go.heap_shown import ROOM_SHARE, shown_of
from memwhy.runtimes.go.heap_types import HEADER
from memwhy.runtimes.go.heap_typing import Typing
from memwhy.runtimes.go.heap_views import Array, Views

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_CLOSURE = 64
"""`_core/gotypes.h`."""
_SURE = 1 << 32
_SAMPLED = 7
"""Words of a row; `_core/retain_sample.c`."""
_GROUP = 13
"""Words of a row of `retained`; the fourth and fifth are its objects and bytes."""
_HEADER_BYTES = 48
_CHANNEL_BYTES = (96, 104, 112)
"""Of hchan: without and with a timer (Go 1.23), and the object that it is given."""
_LEAST_BYTES = 17
"""Smaller blocks hold several values that have nothing to do with each other (runtime.maxTinySize)."""
_MOST_TABLES = 1 << 20
_SLOTS = 8
"""Entries of a map's smallest table, in every version: with one entry it is as empty as maps have to be."""
_LEAST_KNOWN = 0.9
TRIE, TRIE_VALUE = "sync.indirect[", "sync.entry["
"""Of a sync.Map since Go 1.24 (internal/sync/hashtriemap.go): every value has an object of its own, below all nodes as one line."""


@dataclass(slots=True)
class Content:
    """What one group is filled with, as far as it was looked at. seen: objects; count, bytes: those that they stand for; idle_bytes of `bytes`.

    slots, idle_slots: of maps, in bytes where an entry's size is known.
    """

    seen: int = 0
    count: float = 0.0
    bytes: float = 0.0
    elements: float | None = None
    idle_bytes: float = 0.0
    slots: float = 0.0
    idle_slots: float = 0.0

    def add(self, weight: float, size: int, elements: float | None, idle_bytes: float) -> None:
        """One object, which stands for `weight` of them."""
        self.seen += 1
        self.count += weight
        self.bytes += weight * size
        self.idle_bytes += weight * idle_bytes
        if elements is not None:
            self.elements = (self.elements or 0.0) + weight * elements

    def scaled(self, count: int, size: int) -> "Content":
        """Of all objects of the group, which are `count`, and `size` bytes."""
        if not self.bytes:
            return self
        by_bytes, by_count = size / self.bytes, count / self.count
        elements = None if self.elements is None else self.elements * (by_count if self.slots else by_bytes)
        return Content(
            self.seen,
            count,
            size,
            elements,
            self.idle_bytes * by_bytes,
            self.slots * by_count,
            self.idle_slots * by_count,
        )


@dataclass(frozen=True, slots=True)
class _Sampled:
    """One object of the sample; the fields are those of `_retain.sampled`."""

    number: int
    group: int
    address: int
    size: int
    chance: int
    pointers: int
    row: int

    @property
    def weight(self) -> float:
        return _SURE / min(self.chance, _SURE)


def contents_of(
    runtime: "GoRuntime",
    heap: HeapGraph,
    typing: Typing,
    roots: list[RootSet],
    groups: "array[int]",
) -> dict[int, Content]:
    """By group; groups: what `HeapGraph.retained` gave last. Small ones are left out, and those of which much changed while it was read."""
    found: dict[int, Content] = {}
    headers: list[tuple[_Sampled, int]] = []
    sampled = [_Sampled(*row) for row in _rows(_retain.sampled(heap.heap))]
    if not sampled:
        return found
    arrays: list[Array] = []
    for one in sampled:
        key, kind = typing.key_of(one.row) if one.row else (0, 0)
        value_bytes = typing.size_of(one.row) if one.row else 0
        arrays.append(Array(one.number, one.address, one.size, value_bytes, one.pointers))
        if kind != _CLOSURE and key & 7 == HEADER:
            headers.append((one, key & ~7))
        elif one.row == 0 and one.size >= _HEADER_BYTES:
            headers.append((one, 0))
    told, channels = _headers(runtime, typing, headers, found)
    told |= {one.number for one, key in headers if key}
    for one, seen in zip(sampled, Views(runtime, heap, typing).of(arrays, roots, channels), strict=True):
        if seen is not None and one.size >= _LEAST_BYTES and one.number not in told:
            shown = shown_of(seen.views, one.address, one.size, seen.unseen)
            found.setdefault(one.group, Content()).add(one.weight, one.size, shown.elements, shown.idle_bytes)
    taken = Counter(one.group for one in sampled)
    return {
        group: content.scaled(groups[_GROUP * group + 3], groups[_GROUP * group + 4])
        for group, content in found.items()
        if content.seen >= _LEAST_KNOWN * taken[group]
    }


def together(members: Iterable[Content], count: int, own_bytes: int) -> tuple[int | None, int | None]:
    """(elements, idle bytes) of a line of `count` objects and `own_bytes`, whose groups are `members`; None where too little of it is known."""
    seen = list(members)
    counted, known = sum(one.count for one in seen), sum(one.bytes for one in seen)
    slots = sum(one.slots for one in seen)
    elements = [one.elements for one in seen if one.elements is not None]
    if slots:
        share = sum(one.idle_slots for one in seen) / slots
        scale = count / counted if counted >= _LEAST_KNOWN * count else 0.0
        return _scaled(elements, scale), round(share * own_bytes) if scale else None
    scale = own_bytes / known if known and known >= _LEAST_KNOWN * own_bytes else 0.0
    return _scaled(elements, scale), round(scale * sum(one.idle_bytes for one in seen)) if scale else None


def _scaled(elements: list[float], scale: float) -> int | None:
    return round(scale * sum(elements)) if elements and scale else None


def _rows(raw: bytes) -> Iterator[tuple[int, ...]]:
    words = array("Q", raw)
    return (tuple(words[i : i + _SAMPLED]) for i in range(0, len(words), _SAMPLED))


def _headers(
    runtime: "GoRuntime", typing: Typing, headers: list[tuple[_Sampled, int]], found: dict[int, Content]
) -> tuple[set[int], set[int]]:
    """Of maps and channels how many values, and how much room for them: numbers of those that are some, addresses of channels. Key 0: the type is not known."""
    words = memoryview(runtime.space.gather([one.address for one, _ in headers], _HEADER_BYTES)).cast("Q")
    step = _HEADER_BYTES // 8
    maps: list[tuple[_Sampled, int, tuple[int, ...]]] = []
    told: set[int] = set()
    channels: set[int] = set()
    for i, (one, key) in enumerate(headers):
        head = tuple(words[step * i : step * i + step])
        kind = typing.types.at(key) if key else None
        value = typing.types.at(kind.elem) if kind is not None and kind.kind == CHAN else None
        if not key and (one.size in _CHANNEL_BYTES or head[2] - one.address in _CHANNEL_BYTES):
            value = _sent(typing, head)
        if value is not None:
            if head[0] <= head[1]:
                found.setdefault(one.group, Content()).add(one.weight, one.size, head[0], _empty(value, head, one.size))
                told.add(one.number)
                channels.add(one.address)
        elif kind.kind == MAP if kind is not None else _may_be_map(typing, one, head):
            bucket = typing.types.at(kind.bucket) if kind is not None else None
            maps.append((one, max((bucket.size if bucket is not None else 0) // _SLOTS, 1), head))
    rooms = (
        _swiss_rooms(runtime, [head for _, _, head in maps])
        if typing.types.swiss
        else [_old_room(row[2]) for row in maps]
    )
    for (one, slot_bytes, head), (slots, used) in zip(maps, rooms, strict=True):
        if head[0] > slots or (one.row == 0 and used != head[0]):
            continue
        content = found.setdefault(one.group, Content())
        content.add(one.weight, one.size, head[0], 0.0)
        content.slots += one.weight * slot_bytes * slots
        if slots > _SLOTS and head[0] < ROOM_SHARE * slots:
            content.idle_slots += one.weight * slot_bytes * (slots - head[0])
        told.add(one.number)
    return told, channels


def _may_be_map(typing: Typing, one: _Sampled, head: tuple[int, ...]) -> bool:
    """Has it the size of a Map, and a length for its directory? Its tables then have to have as many values as it says."""
    return one.row == 0 and typing.types.swiss and one.size == _HEADER_BYTES and 0 < head[3] <= _MOST_TABLES


def _sent(typing: Typing, head: tuple[int, ...]) -> GoType | None:
    """What a channel takes, as its header says it: elemtype stands behind elemsize and closed, since Go 1.23 behind a timer, too."""
    for address in head[4:6]:
        if any(start <= address < end for start, end in typing.types.ranges):
            found = typing.types.at(address)
            if found is not None and found.size == head[3] & 0xFFFF and head[0] <= head[1]:
                return found
    return None


def _empty(value: GoType, head: tuple[int, ...], size: int) -> float:
    """Of a channel whose buffer stands in the header's own object (values without pointers): its empty places, in bytes."""
    if size < head[1] * value.size or head[0] >= ROOM_SHARE * head[1]:
        return 0.0
    return float((head[1] - head[0]) * value.size)


def _old_room(head: tuple[int, ...]) -> tuple[int, int]:
    """(places, values) by hmap: count, flags and B and noverflow, buckets, oldbuckets. Overflow buckets are counted roughly by the runtime itself."""
    power, overflow = head[1] >> 8 & 0xFF, head[1] >> 16 & 0xFFFF
    if power > 40:
        return 0, 0
    old = (1 << power - 1) if head[3] and power else 0
    return _SLOTS * ((1 << power) + old + (overflow if power < 16 else 0)), head[0]


def _swiss_rooms(runtime: "GoRuntime", heads: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """(places, values) by the tables of each Map: used, seed, dirPtr, dirLen. A directory names a table once or several times; table: used, capacity, … as uint16."""
    directories: list[set[int]] = []
    room = _MOST_TABLES
    for _, _, pointer, length, *_ in heads:
        readable = length if length <= room else 0
        room -= readable
        directories.append(set(runtime.space.words(pointer, readable)) if readable else set())
    tables = [address for one in directories for address in one]
    words = iter(memoryview(runtime.space.gather(tables, 8)).cast("Q").tolist())
    found = []
    for head, addresses in zip(heads, directories, strict=True):
        rows = [next(words) for _ in addresses]
        slots, used = sum(row >> 16 & 0xFFFF for row in rows), sum(row & 0xFFFF for row in rows)
        found.append((slots, used) if head[3] else (_SLOTS, head[0]))
    return found
