"""Go's types as a program's DWARF has them: for those that the linker left without a descriptor, because no code asks for it at run time.

Source: cmd/link/internal/ld/dwarf.go (newtype, synthesizemaptypes, synthesizechantypes). A type that has a descriptor is known by that.
"""

from dataclasses import dataclass, field

from memwhy.runtimes.go import debug_entries as dwarf
from memwhy.runtimes.go.debug_entries import Entries, Entry
from memwhy.runtimes.go.gotype import ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, STRUCT, UNSAFE, Field, GoType
from memwhy.sources.go.varint import read_varint

DEBUG = 1 << 62
"""Added to the place of an entry, times 8: the key of a type that only DWARF tells."""
_KIND_MASK = 31
_MOST_DEPTH = 32
_WORD_BYTES = 8
_KINDS = {dwarf.ARRAY: ARRAY, dwarf.POINTER: POINTER, dwarf.STRUCTURE: STRUCT, dwarf.FUNCTION_TYPE: FUNC}
_ONE_WORD = {CHAN, FUNC, MAP, POINTER, UNSAFE}


@dataclass(slots=True)
class DebugTypes:
    """types: the range of the runtime's descriptors, as addresses. bias: what is added to the file's addresses."""

    entries: Entries
    types: tuple[int, int]
    bias: int
    _keys: dict[int, int] = field(default_factory=dict)

    def key(self, place: int) -> int:
        """The key of the type whose entry stands at a place: its descriptor's address where it has one. 0: there is no such entry."""
        if place not in self._keys:
            self._keys[place] = self._key(place, 0)
        return self._keys[place]

    def _key(self, place: int, depth: int) -> int:
        entry = self.entries.at(place) if place else None
        if entry is None or depth > _MOST_DEPTH:
            return 0
        told = entry.number(dwarf.GO_RUNTIME_TYPE)
        if told:
            address = told + self.bias if told >= self.types[0] - self.bias else self.types[0] + told
            if self.types[0] <= address < self.types[1]:
                return address
        if entry.tag == dwarf.TYPEDEF and not entry.number(dwarf.GO_KIND):
            return self._key(entry.number(dwarf.TYPE), depth + 1)
        return DEBUG | place << 3

    def at(self, key: int) -> GoType | None:
        """The type of a key that this made."""
        entry = self.entries.at((key & ~DEBUG) >> 3)
        if entry is None:
            return None
        kind = entry.number(dwarf.GO_KIND) & _KIND_MASK or _KINDS.get(entry.tag, 0)
        if not kind:
            return None
        size = entry.number(dwarf.BYTE_SIZE) or (
            _WORD_BYTES if kind in _ONE_WORD else 2 * _WORD_BYTES if kind == INTERFACE else 0
        )
        elem = entry.number(dwarf.GO_ELEM) or (entry.number(dwarf.TYPE) if kind in (ARRAY, POINTER) else 0)
        return GoType(
            address=key,
            size=size,
            kind=kind,
            name=_shown(entry.name),
            elem=self.key(elem) if elem else 0,
            key=self.key(entry.number(dwarf.GO_KEY)) if kind == MAP else 0,
            bucket=self._bucket(entry) if kind == MAP else 0,
            length=self._length(entry) if kind == ARRAY else 0,
            fields=tuple(self._fields(entry)) if kind == STRUCT else (),
        )

    def _fields(self, entry: Entry) -> list[Field]:
        return [
            Field(name=one.name, type=self.key(one.number(dwarf.TYPE)), offset=_offset(one))
            for one in self.entries.children(entry)
            if one.tag == dwarf.MEMBER
        ]

    def _length(self, entry: Entry) -> int:
        return next((one.number(dwarf.COUNT) for one in self.entries.children(entry) if one.tag == dwarf.SUBRANGE), 0)

    def _bucket(self, entry: Entry) -> int:
        """Of a map its bucket, or its group since Go 1.24: what its header's fields lead to."""
        header = self._behind(entry.number(dwarf.TYPE))
        names = {one.name: one for one in self.entries.children(header)} if header is not None else {}
        if "buckets" in names:
            bucket = self._behind(names["buckets"].number(dwarf.TYPE))
            return self.key(bucket.place) if bucket is not None else 0
        table = self._behind(names["dirPtr"].number(dwarf.TYPE), 2) if "dirPtr" in names else None
        groups = self._member(table, "groups")
        data = self._member(self.entries.at(groups.number(dwarf.TYPE)), "data") if groups is not None else None
        group = self._behind(data.number(dwarf.TYPE)) if data is not None else None
        return self.key(group.place) if group is not None else 0

    def _member(self, entry: Entry | None, name: str) -> Entry | None:
        return None if entry is None else next((one for one in self.entries.children(entry) if one.name == name), None)

    def _behind(self, place: int, times: int = 1) -> Entry | None:
        """The entry that a pointer's entry leads to."""
        entry = self.entries.at(place)
        for _ in range(times):
            if entry is None or entry.tag != dwarf.POINTER:
                return None
            entry = self.entries.at(entry.number(dwarf.TYPE))
        return entry


def _offset(member: Entry) -> int:
    value = member.values.get(dwarf.MEMBER_LOCATION, 0)
    if isinstance(value, int):
        return value
    try:
        return read_varint(value, 1)[0]  # DWARF 2: DW_OP_plus_uconst N
    except ValueError:
        return 0


def _shown(name: str) -> str:
    """Names of the linker's own for the insides of maps, as the runtime calls them."""
    for inner in ("bucket<", "group<", "table<"):
        if name.startswith(inner):
            return f"map.{inner[:-1]}[{name[len(inner) :]}"
    return name
