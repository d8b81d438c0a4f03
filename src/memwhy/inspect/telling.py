"""Rows of what is lost: shapes told apart or summed, with owner, type and strings where they are sure enough."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from memwhy.inspect.fingerprints import Mapped, find_struct
from memwhy.inspect.owners import Places, find_owner, is_of_everybody
from memwhy.inspect.rtti import Classes
from memwhy.inspect.samples import Content, IsResident, Shape, read_samples, summed
from memwhy.inspect.strings import sample_strings
from memwhy.memory.space import Module, Space
from memwhy.model.inspection import LostGraph

MOST_ROWS = 20
"""The rest are summed in one more row."""
_OWN_ROW = 0.01
"""A shape that comes again and again, with so much of all lost bytes, has a row of its own."""
_ALONE = 0.25
"""So has a single graph with so much; other single graphs are summed with those that begin alike: documents of many sizes."""


def tell(
    space: Space,
    is_resident: IsResident,
    modules: Sequence[Module],
    shapes: Sequence[Shape],
    *,
    unseen_threads: int = 0,
    show_contents: bool = False,
) -> tuple[LostGraph, ...]:
    """At most MOST_ROWS + 1 rows, largest first, the sum of the rest last. unseen_threads: whose registers are not known."""
    teller = _Teller(space, is_resident, modules, unseen_threads, show_contents)
    rows = rows_of_shapes([shape if teller.classes.name_of(shape.key) else replace(shape, key=0) for shape in shapes])
    told = [teller.row(shape) for shape in rows[:MOST_ROWS]]
    if rows[MOST_ROWS:]:
        told.append(_rest(summed(rows[MOST_ROWS:]), len(rows) - MOST_ROWS))
    return tuple(told)


def rows_of_shapes(shapes: Sequence[Shape]) -> list[Shape]:
    """Large shapes as they are; the small ones summed with those whose graphs begin alike. Largest first."""
    equal: dict[tuple[int, int, int, int], list[Shape]] = {}
    for shape in shapes:
        equal.setdefault((shape.chunks, shape.bytes, shape.head_bytes, shape.key), []).append(shape)
    together = [summed(some) for some in equal.values()]
    all_bytes = sum(shape.all_bytes for shape in together)
    own: list[Shape] = []
    alike: dict[tuple[int, int], list[Shape]] = {}
    for shape in together:
        share = _OWN_ROW if shape.count > 1 else _ALONE
        if shape.chunks and shape.all_bytes >= share * all_bytes:
            own.append(shape)
        else:
            alike.setdefault((shape.head_bytes, shape.key), []).append(shape)
    return sorted([*own, *(summed(some) for some in alike.values())], key=lambda one: -one.all_bytes)


class _Teller:
    """What can be said about the graphs of one address space."""

    def __init__(
        self, space: Space, is_resident: IsResident, modules: Sequence[Module], unseen_threads: int, show_contents: bool
    ) -> None:
        self.classes = Classes(space, modules)
        self._space = space
        self._is_resident = is_resident
        self._places = Places(modules)
        self._mapped = Mapped(space)
        self._unseen_threads = unseen_threads
        self._show_contents = show_contents

    def row(self, shape: Shape) -> LostGraph:
        """One row, from a few graphs of its shape."""
        graphs = read_samples(self._space, self._is_resident, shape.samples)
        library, type_name, evidence = self._name(shape, graphs)
        if shape.count <= self._unseen_threads:
            evidence.append("so few that registers alone could hold them")
        strings = (content.raw for graph in graphs for content in graph) if self._show_contents else ()
        return LostGraph(
            count=shape.count,
            chunks=round(shape.all_chunks / shape.count),
            bytes=shape.all_bytes,
            library=library,
            type=type_name,
            evidence="; ".join(_words(shape, evidence)),
            samples=sample_strings(strings),
        )

    def _name(self, shape: Shape, graphs: Sequence[Sequence[Content]]) -> tuple[str | None, str | None, list[str]]:
        """Library and type, with what speaks for them."""
        owner = find_owner(self._places, graphs)
        class_name = self.classes.name_of(shape.key)
        module = self._places.module_at(shape.key)
        if class_name is not None and module is not None:
            evidence = [f"they begin with the vtable of {class_name} in {module.name}"]
            if is_of_everybody(module) and owner is not None:
                return owner.library, class_name, [*evidence, owner.evidence]
            return module.name, class_name, evidence
        if owner is None:
            return None, None, []
        likeness = find_struct(owner.library, graphs, self._mapped)
        if likeness is None:
            return owner.library, None, [owner.evidence]
        return owner.library, likeness.name, [owner.evidence, likeness.evidence]


def _words(shape: Shape, more: Iterable[str]) -> list[str]:
    words = list(more)
    if not shape.chunks and shape.fewest != shape.most:
        words.append(f"graphs of {shape.fewest} to {shape.most} blocks" if shape.fewest else "graphs of many sizes")
    return words


def _rest(shape: Shape, kinds: int) -> LostGraph:
    return LostGraph(
        count=shape.count,
        chunks=round(shape.all_chunks / shape.count),
        bytes=shape.all_bytes,
        evidence=f"{kinds} smaller kinds, summed",
    )
