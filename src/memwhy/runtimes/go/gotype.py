"""One type of Go, whoever told it: a descriptor of the runtime's, or DWARF."""

from dataclasses import dataclass

UINTPTR, ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT, UNSAFE = (
    12,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
)
"""internal/abi.Kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a struct."""

    name: str
    type: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoType:
    """A type descriptor. elem, key, bucket: addresses of types, 0 where the kind has none; bucket: of a map, its bucket or group.

    direct: it stands in an interface's word itself.
    """

    address: int
    size: int
    kind: int
    name: str
    elem: int = 0
    key: int = 0
    bucket: int = 0
    length: int = 0
    fields: tuple[Field, ...] = ()
    direct: bool = False
