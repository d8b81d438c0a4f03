"""Go's types, as the runtime's own descriptors tell them: names, fields, and what stands behind each pointer.

They are in every program, stripped ones too (internal/abi/type.go; the offsets below have been the same from Go 1.19 to 1.27).
What a map, a channel or a string points to has no descriptor of its own: it gets a made one.
"""

from dataclasses import dataclass, field
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
from memwhy.runtimes.go.moduledata import Constants
from memwhy.sources.go.varint import read_varint

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_KIND_MASK = 31
_EXTRA_STAR = 2
"""internal/abi.TFlagExtraStar: the name is kept with a star that is not its own."""
_TYPE_BYTES = 80
_FIELD_BYTES = 24
_MOST_FIELDS = 4096
_MOST_WORDS = 0x7FF0
_MOST_DEPTH = 24
HEADER, EITHER, DIRECTORY, TABLE, TEXT = 1, 2, 3, 4, 5
"""Added to a type's address: what a map or a channel points to, a map's directory or its one group, … TEXT stands alone."""


@dataclass(slots=True)
class Types:
    """The types of one runtime, each read once. swiss: maps as they are since Go 1.24. debug: where DWARF tells those without a descriptor."""

    constants: Constants
    bases: tuple[tuple[int, int], ...]
    swiss: bool
    debug: DebugTypes | None = None
    _seen: dict[int, GoType | None] = field(default_factory=dict)

    @classmethod
    def of(cls, runtime: "GoRuntime", *, swiss: bool, debug: DebugTypes | None = None) -> "Types":
        return cls(
            constants=Constants(runtime.space, runtime.space.modules()),
            bases=tuple(module.types for module in runtime.functions.modules),
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

    def _read(self, address: int) -> GoType | None:
        raw = self.constants.read(address, _TYPE_BYTES)
        if len(raw) < _TYPE_BYTES:
            return None

        def word(at: int) -> int:
            return int.from_bytes(raw[at : at + 8], "little")

        kind = raw[23] & _KIND_MASK
        if not 0 < kind <= UNSAFE:
            return None
        name = self._name(address, int.from_bytes(raw[40:44], "little", signed=True), star=bool(raw[20] & _EXTRA_STAR))
        return GoType(
            address=address,
            size=word(0),
            kind=kind,
            name=name,
            elem=word(56) if kind == MAP else word(48) if kind in (ARRAY, CHAN, POINTER, SLICE) else 0,
            key=word(48) if kind == MAP else 0,
            bucket=word(64) if kind == MAP else 0,
            length=word(64) if kind == ARRAY else 0,
            fields=self._fields(word(56), word(64)) if kind == STRUCT else (),
        )

    def _fields(self, address: int, count: int) -> tuple[Field, ...]:
        raw = self.constants.read(address, min(count, _MOST_FIELDS) * _FIELD_BYTES)
        rows = [tuple(memoryview(raw[i : i + _FIELD_BYTES]).cast("Q")) for i in range(0, len(raw) - 23, _FIELD_BYTES)]
        return tuple(Field(name=self._text(row[0]), type=row[1], offset=row[2]) for row in rows)

    def _name(self, address: int, offset: int, *, star: bool) -> str:
        base = next((start for start, end in self.bases if start <= address < end), self.bases[0][0])
        text = self._text(base + offset)
        return text[1:] if star else text

    def _text(self, address: int) -> str:
        """A name: a byte of flags, the length, the text (internal/abi, type Name)."""
        raw = self.constants.read(address, 64)
        if len(raw) < 2:
            return "?"
        try:
            length, at = read_varint(raw, 1)
        except ValueError:
            return "?"
        if at + length > len(raw):
            raw = self.constants.read(address, min(at + length, 4096))
        return raw[at : at + length].decode("utf-8", "replace") or "?"

    def pointers(self, address: int, depth: int = 0) -> dict[int, tuple[int, str]]:
        """By word of a type: the key of what the pointer there leads to (0: nobody knows), and the path of fields to it."""
        this = self.at(address)
        if this is None or depth > _MOST_DEPTH:
            return {}
        match this.kind:
            case k if k == STRUCT:
                return self._of_struct(this, depth)
            case k if k == ARRAY:
                return self._of_array(this, depth)
            case k if k in (POINTER, SLICE):
                return {0: (this.elem, "[]" if k == SLICE else "")}
            case k if k == STRING:
                return {0: (TEXT, "")}
            case k if k in (MAP, CHAN):
                return {0: (address | HEADER, "")}
            case k if k == INTERFACE:
                return {1: (0, "")}
            case k if k in (FUNC, UNSAFE):
                return {0: (0, "")}
        return {}

    def _of_struct(self, this: GoType, depth: int) -> dict[int, tuple[int, str]]:
        found: dict[int, tuple[int, str]] = {}
        for one in this.fields:
            inside = self.pointers(one.type, depth + 1)
            found.update({one.offset // 8 + word: (to, f".{one.name}{path}") for word, (to, path) in inside.items()})
        pointed = self._atomic(this)
        if pointed and found:
            found = {word: (pointed, path) for word, (_, path) in found.items()}
        return found

    def _atomic(self, this: GoType) -> int:
        """T of a sync/atomic.Pointer[T], which says it in a field without a size: _ [0]*T."""
        if not this.name.startswith("atomic.Pointer[") or not this.fields:
            return 0
        array = self.at(this.fields[0].type)
        pointer = self.at(array.elem) if array is not None and array.kind == ARRAY else None
        return pointer.elem if pointer is not None and pointer.kind == POINTER else 0

    def _of_array(self, this: GoType, depth: int) -> dict[int, tuple[int, str]]:
        element = self.at(this.elem)
        inside = self.pointers(this.elem, depth + 1)
        if element is None or not inside or element.size == 0:
            return {}
        step = element.size // 8
        return {
            i * step + word: (to, f"[]{path}")
            for i in range(min(this.length, _MOST_WORDS // max(step, 1)))
            for word, (to, path) in inside.items()
        }

    def made(self, key: int) -> tuple[int, dict[int, tuple[int, str]], tuple[int, int]]:
        """Of a made type: its size in bytes, `pointers`, and for EITHER the keys if it begins with a pointer and if it does not.

        Sources: internal/runtime/maps/{map,table,group}.go since Go 1.24, before runtime/map.go (hmap); runtime/chan.go (hchan).
        """
        part, base = key & 7, self.at(key & ~7)
        if base is None:
            return 8, {}, (0, 0)
        if part == HEADER and base.kind == CHAN:
            return 96, {2: (base.elem, "[]")}, (0, 0)
        if part == HEADER and self.swiss:
            return 48, {2: (base.address | EITHER, "")}, (0, 0)
        if part == HEADER:
            return 48, {2: (base.bucket, ""), 3: (base.bucket, " (old)")}, (0, 0)
        if part == EITHER:
            return 8, {}, (base.address | DIRECTORY, base.bucket)
        if part == DIRECTORY:
            return 8, {0: (base.address | TABLE, "")}, (0, 0)
        if part == TABLE:
            return 32, {2: (base.bucket, "")}, (0, 0)
        return 8, {}, (0, 0)

    def name_of(self, key: int) -> str:
        """A type's name for people; of a made one, whose part it is."""
        if key == TEXT:
            return "string bytes"
        base = self.at(key & ~7)
        if base is None:
            return f"type@{key:x}"
        return base.name
