"""C structs by their fingerprint: where pointers, functions and enums stand, from the library's published headers.

A struct is named only when nearly all graphs begin with a block that fits it in every field, its typed pointers lead to
blocks that fit their own structs, and at least two things were there to agree on. Else nothing is said.
The tables are data, made by tools/make_fingerprints.py.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from memwhy.inspect.samples import Content
from memwhy.memory.space import Space

_AGREE = 0.95
"""Share of heads that fit, and of typed pointers that lead to their type. Wrong structs stay below some 0.87 (measured
on dictionary strings of libxml2 against all structs of its headers)."""
_LEAST_EVIDENCE = 2

Field = tuple[int, str, str | tuple[int, int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    """One struct of a library. fields: (offset, kind, detail): "pointer", "code", ("struct", its name), ("enum", least and most)."""

    name: str
    bytes: int
    fields: tuple[Field, ...]

    @property
    def chunk_bytes(self) -> int:
        """The chunk that malloc gives for it."""
        return max(32, (self.bytes + 8 + 15) & ~15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The structs of one library. module: what its file's name begins with."""

    module: str
    version: str
    structs: dict[str, Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A struct that the heads of graphs are."""

    name: str
    heads: int
    of: int
    links: int
    version: str

    @property
    def evidence(self) -> str:
        """In words."""
        return (
            f"{self.heads} of {self.of} heads fit {self.name} of {self.version}, "
            f"{self.links} typed pointers lead to blocks that fit their types"
        )


@cache
def fingerprints() -> tuple[Fingerprint, ...]:
    """All that are shipped."""
    folder = files("memwhy.inspect") / "fingerprints"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".json"))
    return tuple(_load(name.removesuffix(".json"), (folder / name).read_text()) for name in names)


def _load(library: str, text: str) -> Fingerprint:
    made = json.loads(text)
    structs = {
        name: Struct(
            name=name.removeprefix("_"),
            bytes=one["size"],
            fields=tuple(
                (at, kind, tuple(more) if isinstance(more, list) else more) for at, kind, more in one["fields"]
            ),
        )
        for name, one in made["structs"].items()
    }
    return Fingerprint(module=made["module"], version=f"{library} {made['version']}", structs=structs)


class Mapped:
    """Which addresses are mapped, and which of them hold code."""

    def __init__(self, space: Space) -> None:
        self._starts = [one.start for one in space.mappings]
        self._rows = [(one.end, "x" in one.perms) for one in space.mappings]

    def holds(self, address: int, *, code: bool = False) -> bool:
        """Is there memory at an address (code, if asked for)?"""
        index = bisect_right(self._starts, address) - 1
        return index >= 0 and address < self._rows[index][0] and (self._rows[index][1] or not code)


def find_struct(library: str, graphs: Sequence[Sequence[Content]], mapped: Mapped) -> Likeness | None:
    """The struct of `library` (a module's file name) that nearly all graphs begin with; None where none is sure."""
    fingerprint = next((one for one in fingerprints() if library.startswith(one.module)), None)
    heads = [content for graph in graphs for content in graph if content.chunk.is_head]
    if fingerprint is None or not heads:
        return None
    blocks = {content.chunk.user: content for graph in graphs for content in graph}
    found: list[tuple[int, Likeness]] = []
    for struct in fingerprint.structs.values():
        weight, likeness = _weigh(fingerprint, struct, heads, blocks, mapped)
        if likeness is not None:
            found.append((weight, likeness))
    found.sort(key=lambda one: -one[0])
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]


def _weigh(
    fingerprint: Fingerprint, struct: Struct, heads: Sequence[Content], blocks: dict[int, Content], mapped: Mapped
) -> tuple[int, Likeness | None]:
    """How many things agree, and what may be said; None below the thresholds."""
    fitting = [head for head in heads if _fits(struct, head, mapped)]
    if len(fitting) < _AGREE * len(heads):
        return 0, None
    led = agreed = 0
    agreeing: set[str | int] = set()
    for head in fitting:
        for at, kind, detail in struct.fields:
            word = _word(head, at, 4 if kind == "enum" else 8)
            target = blocks.get(word) if kind == "struct" else None
            if target is not None and isinstance(detail, str) and detail in fingerprint.structs:
                led += 1
                if _fits(fingerprint.structs[detail], target, mapped):
                    agreed += 1
                    agreeing.add(detail)
            elif word and kind in {"code", "enum"}:
                agreeing.add(at)
    if len(agreeing) < _LEAST_EVIDENCE or agreed < _AGREE * led:
        return 0, None
    likeness = Likeness(name=struct.name, heads=len(fitting), of=len(heads), links=agreed, version=fingerprint.version)
    return len(agreeing), likeness


def _fits(struct: Struct, content: Content, mapped: Mapped) -> bool:
    """Could this block be that struct: its size, and what stands in every field?"""
    if content.chunk.bytes != struct.chunk_bytes:
        return False
    return all(_allows(content, field, mapped) for field in struct.fields)


def _allows(content: Content, field: Field, mapped: Mapped) -> bool:
    at, kind, detail = field
    if at + 8 > len(content.raw) and kind != "enum":
        return True
    if kind == "enum" and isinstance(detail, tuple):
        value = int.from_bytes(content.raw[at : at + 4], "little", signed=True)
        return value == 0 or detail[0] <= value <= detail[1]
    word = _word(content, at, 8)
    if kind == "struct" and word % 8:
        return False
    return word == 0 or mapped.holds(word, code=kind == "code")


def _word(content: Content, at: int, size: int) -> int:
    return int.from_bytes(content.raw[at : at + size], "little")
