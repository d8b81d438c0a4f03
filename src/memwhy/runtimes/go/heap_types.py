"""Go's types, as the runtime's own descriptors tell them: names, fields, and what stands behind each pointer.

They are in every program, stripped ones too (internal/abi/type.go; the offsets below have been the same from Go 1.19 to 1.27).
What a map, a channel or a string points to has no descriptor of its own: it gets a made one.
"""

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from memwhy.runtimes.go.debug_types import DEBUG, DebugTypes
from memwhy.runtimes.go.gotype import (
    ARRAY,
    CHAN,
    FUNC,
    INTERFACE,
    MAP,
    POINTER,
    SLICE,
    STRING,
    STRUCT,
    UNSAFE,
    Field,
    GoType,
)
from memwhy.runtimes.go.heap_catalogue import Catalogue
from memwhy.runtimes.go.heap_library import NODE, Library
from memwhy.runtimes.go.moduledata import Constants
from memwhy.sources.go.varint import read_varint

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_KIND_MASK = 31
_EXTRA_STAR = 2
"""internal/abi.TFlagExtraStar: the name is kept with a star that is not its own."""
_TYPE_BYTES = 80
_FIELD_BYTES = 24
_DIRECT = 1 << 5
"""internal/abi.KindDirectIface in Kind_ up to Go 1.25, TFlagDirectIface in TFlag since; the other flag's bit is free there."""
_MOST_FIELDS = 4096
_MOST_NAMES, _MOST_NAMED = 8, 3
"""Fields of a composed name, and how deep it is composed."""
_HIGHEST_ADDRESS = 1 << 47
_MOST_HELD_BYTES = 64 << 20
_MOST_WORDS = 0x7FF0
_MOST_DEPTH = 24
HEADER, EITHER, DIRECTORY, TABLE, TEXT = 1, 2, 3, 4, 5
"""Added to a type's address: what a map or a channel points to, a map's directory or its one group, … TEXT stands alone."""


def _sound(address: int) -> int:
    """An address at which a descriptor can stand, else 0: damaged ones must not look like keys of made types."""
    return address if address % 8 == 0 and address < _HIGHEST_ADDRESS else 0


def is_made(key: int) -> bool:
    """Is it a part of a map or of a channel, or the bytes of a string: nothing that a descriptor or DWARF tells?"""
    return key == TEXT or bool(key & 7)


@dataclass(slots=True)
class Types:
    """The types of one runtime, each read once. swiss: maps as they are since Go 1.24. debug: where DWARF tells those without a descriptor."""

    constants: Constants
    ranges: tuple[tuple[int, int], ...]
    swiss: bool
    debug: DebugTypes | None = None
    _seen: dict[int, GoType | None] = field(default_factory=dict)
    _pointers: dict[int, dict[int, tuple[int, str]]] = field(default_factory=dict)
    _held: dict[int, bytes] = field(default_factory=dict)
    catalogue: Catalogue = field(init=False)
    library: Library = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self)
        self.library = Library(self.catalogue)

    @classmethod
    def of(cls, runtime: "GoRuntime", *, swiss: bool, debug: DebugTypes | None = None) -> "Types":
        return cls(
            constants=Constants(runtime.space, runtime.space.modules()),
            ranges=tuple(module.types for module in runtime.functions.modules),
            swiss=swiss,
            debug=debug,
        )

    def at(self, address: int) -> GoType | None:
        """The type at an address, or of a key that DWARF's types have; None where there is none that makes sense."""
        if address not in self._seen:
            if address & DEBUG:
                self._seen[address] = self.debug.at(address) if self.debug is not None else None
            else:
                self._seen[address] = self._read(address)
        return self._seen[address]

    def hold(self, start: int, end: int) -> bytes:
        """The bytes of a range, kept: what is read there from now on is read from these."""
        if start not in self._held:
            self._held[start] = self.constants.read(start, min(end - start, _MOST_HELD_BYTES))
        return self._held[start]

    def _bytes(self, address: int, size: int) -> bytes:
        for start, raw in self._held.items():
            if start <= address and address + size <= start + len(raw):
                return raw[address - start : address - start + size]
        return self.constants.read(address, size)

    def _read(self, address: int) -> GoType | None:
        raw = self._bytes(address, _TYPE_BYTES)
        if len(raw) < _TYPE_BYTES:
            return None

        def word(at: int) -> int:
            return int.from_bytes(raw[at : at + 8], "little")

        def type_at(at: int) -> int:
            return _sound(word(at))

        kind = raw[23] & _KIND_MASK
        if not 0 < kind <= UNSAFE:
            return None
        name = self._name(address, int.from_bytes(raw[40:44], "little", signed=True), star=bool(raw[20] & _EXTRA_STAR))
        return GoType(
            address=address,
            size=word(0),
            kind=kind,
            name=name,
            elem=type_at(56) if kind == MAP else type_at(48) if kind in (ARRAY, CHAN, POINTER, SLICE) else 0,
            key=type_at(48) if kind == MAP else 0,
            bucket=type_at(64) if kind == MAP else 0,
            length=word(64) if kind == ARRAY else 0,
            fields=self._fields(word(56), word(64), word(0)) if kind == STRUCT else (),
            direct=bool((raw[20] | raw[23]) & _DIRECT),
        )

    def _fields(self, address: int, count: int, size: int) -> tuple[Field, ...]:
        """Those that lie in the struct one behind the other, as fields do; so none where there are none, as in buckets that reflect made."""
        raw = self._bytes(address, min(count, _MOST_FIELDS) * _FIELD_BYTES)
        found: list[Field] = []
        for i in range(0, len(raw) - _FIELD_BYTES + 1, _FIELD_BYTES):
            name, kind, offset = memoryview(raw[i : i + _FIELD_BYTES]).cast("Q")
            if not (found[-1].offset if found else 0) <= offset <= size or not _sound(kind):
                return ()
            found.append(Field(name=self._text(name), type=kind, offset=offset))
        return tuple(found)

    def _name(self, address: int, offset: int, *, star: bool) -> str:
        base = next((start for start, end in self.ranges if start <= address < end), self.ranges[0][0])
        if offset < 0:
            return ""  # reflect made it; its name stands in a table of reflect's own (runtime/type.go, reflectOffs)
        text = self._text(base + offset)
        return text[1:] if star else text

    def _text(self, address: int) -> str:
        """A name: a byte of flags, the length, the text (internal/abi, type Name)."""
        raw = self._bytes(address, 64)
        if len(raw) < 2:
            return "?"
        try:
            length, at = read_varint(raw, 1)
        except ValueError:
            return "?"
        if at + length > len(raw):
            raw = self._bytes(address, min(at + length, 4096))
        return raw[at : at + length].decode("utf-8", "replace") or "?"

    def is_inside(self, address: int) -> bool:
        """Does an address lie where the linker lays down descriptors?"""
        return any(start <= address < end for start, end in self.ranges)

    def in_interface(self, address: int) -> int:
        """The key of what the second word of an interface leads to, by its type: pointers, maps, channels stand in that word themselves."""
        this = self.at(address)
        for _ in range(_MOST_DEPTH):
            if this is None or not this.direct or this.kind not in (ARRAY, STRUCT):
                break
            address = this.elem or next((one.type for one in this.fields if self.pointers(one.type)), 0)
            this = self.at(address)
        if this is None or this.kind in (FUNC, UNSAFE):
            return 0
        if this.kind == POINTER:
            return self.library.behind(this.elem, self.at(this.elem))
        return address | HEADER if this.kind in (MAP, CHAN) else address

    def pointers(self, address: int, depth: int = 0) -> dict[int, tuple[int, str]]:
        """By word of a type: the key of what the pointer there leads to (0: nobody knows), and the path of fields to it."""
        if address not in self._pointers:
            this = self.at(address)
            self._pointers[address] = {}  # as long as it is looked for: a damaged type may contain itself
            if this is not None and depth <= _MOST_DEPTH:
                self._pointers[address] = dict(islice(self._of(this, depth).items(), _MOST_WORDS))
        return self._pointers[address]

    def _of(self, this: GoType, depth: int) -> dict[int, tuple[int, str]]:
        match this.kind:
            case k if k == STRUCT:
                return self._of_struct(this, depth)
            case k if k == ARRAY:
                return self._of_array(this, depth)
            case k if k == POINTER:
                return {0: (self.library.behind(this.elem, self.at(this.elem)), "")}
            case k if k == SLICE:
                return {0: (this.elem, "[]")}
            case k if k == STRING:
                return {0: (TEXT, "")}
            case k if k in (MAP, CHAN):
                return {0: (this.address | HEADER, "")}
            case k if k == INTERFACE:
                return {1: (0, "")}
            case k if k in (FUNC, UNSAFE):
                return {0: (0, "")}
        return {}

    def _of_struct(self, this: GoType, depth: int) -> dict[int, tuple[int, str]]:
        found: dict[int, tuple[int, str]] = {}
        for one in this.fields:
            hidden = self.library.of_field(this, one.name)
            inside = {0: (hidden, "[]")} if hidden else self.pointers(one.type, depth + 1)
            found.update({one.offset // 8 + word: (to, f".{one.name}{path}") for word, (to, path) in inside.items()})
        pointed = self._atomic(this)
        if pointed and found:
            found = {word: (pointed, path) for word, (_, path) in found.items()}
        return found

    def _atomic(self, this: GoType) -> int:
        """T of a sync/atomic.Pointer[T], which says it in a field without a size: _ [0]*T."""
        if not this.name.removeprefix("sync/").startswith("atomic.Pointer[") or not this.fields:
            return 0
        array = self.at(this.fields[0].type)
        pointer = self.at(array.elem) if array is not None and array.kind == ARRAY else None
        if pointer is None or pointer.kind != POINTER:
            return 0
        return self.library.behind(pointer.elem, self.at(pointer.elem))

    def _of_array(self, this: GoType, depth: int) -> dict[int, tuple[int, str]]:
        element = self.at(this.elem)
        inside = self.pointers(this.elem, depth + 1)
        if element is None or not inside or element.size == 0:
            return {}
        step = max(element.size // 8, 1)
        return {
            i * step + word: (to, f"[]{path}")
            for i in range(min(this.length, _MOST_WORDS // max(step, len(inside))))
            for word, (to, path) in inside.items()
        }

    def made(self, key: int) -> tuple[int, dict[int, tuple[int, str]], tuple[int, int, int]]:
        """Of a made type: its size in bytes, `pointers`, and for those that stand for two the keys of both: if it begins with a pointer and if it
        does not; where there is a third number, if it has fewer bytes and if it has not.

        Sources: internal/runtime/maps/{map,table,group}.go since Go 1.24, before runtime/map.go (hmap); runtime/chan.go (hchan).
        """
        part, base = key & 7, self.at(key & ~7)
        if base is None:
            return 8, {}, (0, 0, 0)
        if part == HEADER and base.kind == CHAN:
            return 96, {2: (base.elem, "[]")}, (0, 0, 0)
        if part == HEADER and self.swiss:
            return 48, {2: (base.address | EITHER, "")}, (0, 0, 0)
        if part == HEADER:
            return 48, {2: (base.bucket, ""), 3: (base.bucket, " (old)")}, (0, 0, 0)
        if part == EITHER:
            return 8, {}, (base.address | DIRECTORY, base.bucket, 0)
        if part == DIRECTORY:
            return 8, {0: (base.address | TABLE, "")}, (0, 0, 0)
        if part == NODE:
            return 8, {}, self.library.nodes(base)
        if part == TABLE:
            return 32, {2: (base.bucket, "")}, (0, 0, 0)
        return 8, {}, (0, 0, 0)

    def leads(self, key: int) -> dict[int, tuple[int, str]]:
        """`pointers` of any type, made ones too."""
        return self.made(key)[1] if is_made(key) else self.pointers(key)

    def name_of(self, key: int) -> str:
        """A type's name for people; of a made one, whose part it is."""
        if key == TEXT:
            return "string bytes"
        base = self.at(key & ~7)
        if base is None:
            return f"type@{key:x}"
        return base.name or self._composed(base, 0)

    def _composed(self, this: GoType, depth: int) -> str:
        """A name for what reflect made while the program ran."""
        if depth > _MOST_NAMED:
            return "…"

        def name(key: int) -> str:
            one = self.at(key)
            return "?" if one is None else one.name or self._composed(one, depth + 1)

        match this.kind:
            case k if k == MAP:
                return f"map[{name(this.key)}]{name(this.elem)}"
            case k if k in (POINTER, SLICE, CHAN):
                return {POINTER: "*", SLICE: "[]", CHAN: "chan "}[k] + name(this.elem)
            case k if k == ARRAY:
                return f"[{this.length}]{name(this.elem)}"
            case k if k == STRUCT:
                shown = "; ".join(f"{one.name} {name(one.type)}" for one in this.fields[:_MOST_NAMES])
                return f"struct {{ {shown} }}"
        return "made by reflect"
