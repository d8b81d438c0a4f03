"""Layouts as data: sizes and offsets of the Go runtime's structs, its enum values and texts, one table per minor version.

A patch version seldom changes a struct; where one did, goMINOR.PATCH.json holds what older patches had instead.

The tables in layouts/ are made by tools/make_layouts.py from the DWARF of programs that real toolchains built;
`memwhy.runtimes.go.tabulation` describes their form. A table is believed only after `GoRuntime` proved it on the target.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from memwhy.model.errors import ParseError
from memwhy.runtimes.interface import Unsupported

_FOLDER = os.path.join(os.path.dirname(__file__), "layouts")
_VERSION = re.compile(r"go(\d+)\.(\d+)(?:\.(\d+))?")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

Field = tuple[int, int, str, int]
"""offset, size, name of the struct or "", and the count of an array or -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A function's length and where variables' addresses stand in its code.

    places: (offset of the distance, bytes of the instruction behind it, variable, offset inside the variable, the two
    bytes before the distance).
    """

    size: int
    places: tuple[tuple[int, int, str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One minor version's table. version: "1.26"; made_from: the toolchain, "go1.26.8".

    Structs are named without their package ("mspan"); atomic types and other structs around one scalar stand as that
    scalar. wait_reasons: by number. size_classes: object bytes by class, 0 for class 0 (large objects). references: by
    function, where the runtime's own code names its globals (see `memwhy.runtimes.go.references`).
    """

    version: str
    made_from: str
    sizes: Mapping[str, int]
    fields: Mapping[str, Mapping[str, Field]]
    constants: Mapping[str, int]
    wait_reasons: tuple[str, ...]
    size_classes: tuple[int, ...]
    references: Mapping[str, Reference]

    def size(self, struct: str) -> int:
        """Bytes of a struct. Raises Unsupported when the table has none of that name."""
        if struct not in self.sizes:
            raise Unsupported(f"the layout of Go {self.version} has no struct {struct}")
        return self.sizes[struct]

    def has(self, struct: str, path: str = "") -> bool:
        """Is there such a struct, and such a field in it?"""
        return struct in self.sizes if not path else self._find(struct, path) is not None

    def offset(self, struct: str, path: str) -> int:
        """Where a field stands in its struct: "npages", "sched.pc", "heapStats.stats[1].largeFreeCount". Raises Unsupported."""
        return self.field(struct, path)[0]

    def offsets(self, struct: str, *paths: str) -> tuple[int, ...]:
        """`offset` of several fields."""
        return tuple(self.offset(struct, path) for path in paths)

    def field(self, struct: str, path: str) -> Field:
        """(offset, size, struct name or "", array count or -1) of a field. Raises Unsupported."""
        found = self._find(struct, path)
        if found is None:
            raise Unsupported(f"the layout of Go {self.version} has no field {path} in {struct}")
        return found

    def constant(self, name: str) -> int:
        """A value of the runtime's source: "mSpanInUse", "_Gwaiting", "FuncID_goexit". Raises Unsupported."""
        if name not in self.constants:
            raise Unsupported(f"the layout of Go {self.version} has no constant {name}")
        return self.constants[name]

    def _find(self, struct: str, path: str) -> Field | None:
        offset, size, kind, count = 0, self.sizes.get(struct, 0), struct, -1
        for name, index in _STEP.findall(path):
            if index:
                if not 0 <= int(index) < count:
                    return None
                size //= count
                offset, count = offset + int(index) * size, -1
                continue
            step = self.fields.get(kind, {}).get(name) if count < 0 else None
            if step is None:
                return None
            offset += step[0]
            _, size, kind, count = step
        return offset, size, kind, count


def parse_layout(raw: bytes, name: str) -> Layout:
    """A table from its JSON. Raises ParseError."""
    try:
        return layout_of(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ParseError(name, None, "", f"not a layout table ({error})") from error


def layout_of(table: Mapping[str, object]) -> Layout:
    """A table from its parsed JSON. Raises KeyError, TypeError, ValueError where it has another form."""
    structs = _mapping(table["structs"])
    sizes, fields = {}, {}
    for name, (size, members) in structs.items():
        sizes[name] = _integer(size)
        fields[name] = {field: _field(spec) for field, spec in _mapping(members).items()}
    return Layout(
        version=str(table["go"]),
        made_from=str(table["made_from"]),
        sizes=sizes,
        fields=fields,
        constants={name: _integer(value) for name, value in _mapping(table["constants"]).items()},
        wait_reasons=tuple(str(text) for text in _list(table["wait_reasons"])),
        size_classes=tuple(_integer(size) for size in _list(table["size_classes"])),
        references={name: _reference(spec) for name, spec in _mapping(table.get("references", {})).items()},
    )


def _reference(spec: list[object]) -> Reference:
    size, *places = spec
    return Reference(size=_integer(size), places=tuple(_place(_list(place)) for place in places))


def _place(place: list[object]) -> tuple[int, int, str, int, int]:
    at, tail, variable, inside, opcode = place
    return _integer(at), _integer(tail), str(variable), _integer(inside), _integer(opcode)


def _mapping(value: object) -> Mapping[str, list[object]]:
    if not isinstance(value, dict):
        raise TypeError("an object is missing")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is missing")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a number is missing")
    return value


def _field(spec: object) -> Field:
    """8-byte scalars stand as their offset alone, others as [offset, size, struct, count], cut where the rest is usual."""
    if isinstance(spec, int):
        return spec, 8, "", -1
    offset, size, *rest = _list(spec)
    kind = str(rest[0]) if rest else ""
    count = _integer(rest[1]) if len(rest) > 1 else -1
    return _integer(offset), _integer(size), kind, count


def minor_of(version: str) -> str | None:
    """ "1.26" of "go1.26.8" or "go1.26rc1 X:boringcrypto"; None for what is no release ("devel go1.28-1234")."""
    match = _VERSION.match(version)
    return f"{match[1]}.{match[2]}" if match else None


def minor_number(minor: str) -> tuple[int, int]:
    """(1, 26) of "1.26": in the order of versions."""
    major, _, number = minor.partition(".")
    return int(major), int(number)


def known_minors() -> tuple[str, ...]:
    """The versions that have a shipped table, oldest first."""
    return tuple(".".join(map(str, version)) for version in sorted(_shipped()) if len(version) == 2)


def _shipped() -> set[tuple[int, ...]]:
    numbers = (name.removeprefix("go").removesuffix(".json") for name in os.listdir(_FOLDER) if name.endswith(".json"))
    return {tuple(map(int, number.split("."))) for number in numbers}


def shipped_layouts(version: str) -> tuple[Layout, ...]:
    """The shipped tables for "go1.24.5", likeliest first; none for an unknown minor version.

    They differ by patch version, and where exactly the runtime changed is not known: all are to be tried.
    """
    match = _VERSION.match(version)
    if not match:
        return ()
    minor = int(match[1]), int(match[2])
    patch = int(match[3] or 0)
    tables = sorted(number for number in _shipped() if number[:2] == minor)
    if minor not in tables:
        return ()
    fitting = [number for number in tables if len(number) == 3 and patch <= number[2]]
    others = [number for number in tables if number not in fitting]
    return tuple(_load(number) for number in (*fitting, *others))


def shipped_layout(minor: str) -> Layout | None:
    """The shipped table of "1.26" as its newest patch versions have it, None where there is none."""
    number = tuple(map(int, minor.split(".")))
    return _load(number) if number in _shipped() else None


@cache
def _load(number: tuple[int, ...]) -> Layout:
    table: dict[str, object] = {}
    for length in range(2, len(number) + 1):
        name = f"go{'.'.join(map(str, number[:length]))}.json"
        with open(os.path.join(_FOLDER, name), "rb") as file:
            table = overlaid(table, json.load(file))
    return layout_of(table)


def overlaid(table: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    """A table with another's entries put over its own, struct by struct; a null takes a struct away."""
    merged = {**table, **change}
    if table:
        structs = {**_mapping(table["structs"]), **_mapping(change["structs"])}
        merged["structs"] = {name: row for name, row in structs.items() if row is not None}
    return merged
