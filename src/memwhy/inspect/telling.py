"""Rows of what is lost: shapes told apart or summed, with owner, type and strings where they are sure enough."""

from collections.abc import Iterable, Sequence

from memwhy.inspect.owners import Places, find_owner
from memwhy.inspect.samples import IsResident, Shape, read_samples, summed
from memwhy.memory.space import Module, Space
from memwhy.model.inspection import LostGraph

MOST_ROWS = 20
"""The rest are summed in one more row."""
_OWN_ROW = 0.01
"""A shape with so much of all lost bytes has a row of its own."""


def tell(
    space: Space, is_resident: IsResident, modules: Sequence[Module], shapes: Sequence[Shape], *, show_contents: bool
) -> tuple[LostGraph, ...]:
    """At most MOST_ROWS + 1 rows, largest first, the sum of the rest last."""
    rows = rows_of_shapes(shapes)
    places = Places(modules)
    told = [_row(space, is_resident, places, shape) for shape in rows[:MOST_ROWS]]
    if rows[MOST_ROWS:]:
        told.append(_rest(summed(rows[MOST_ROWS:]), len(rows) - MOST_ROWS))
    return tuple(told)


def rows_of_shapes(shapes: Sequence[Shape]) -> list[Shape]:
    """Large shapes as they are; the small ones summed with those whose graphs begin alike. Largest first."""
    least = _OWN_ROW * sum(shape.all_bytes for shape in shapes)
    own = [shape for shape in shapes if shape.all_bytes >= least and shape.chunks]
    alike: dict[tuple[int, int], list[Shape]] = {}
    for shape in shapes:
        if shape.all_bytes < least or not shape.chunks:
            alike.setdefault((shape.head_bytes, shape.key), []).append(shape)
    return sorted([*own, *(summed(some) for some in alike.values())], key=lambda one: -one.all_bytes)


def _row(space: Space, is_resident: IsResident, places: Places, shape: Shape) -> LostGraph:
    graphs = read_samples(space, is_resident, shape.samples)
    owner = find_owner(places, graphs)
    return LostGraph(
        count=shape.count,
        chunks=round(shape.all_chunks / shape.count),
        bytes=shape.all_bytes,
        library=owner.library if owner else None,
        evidence="; ".join(_words(shape, [owner.evidence] if owner else [])),
    )


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
