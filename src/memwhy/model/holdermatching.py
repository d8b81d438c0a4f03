"""Which line of an earlier look is which line of a later one, also where it hangs elsewhere by now.

A line is told by how it is reached: root, fields, type. But what one root alone held is *shared* as soon as a stack points there, too,
and a moment later it is not: the same objects, held at another place. Taken for new, they would count as growth from nothing.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from memwhy.model.holders import Holding

Lines = Sequence[Holding]
Path = tuple[int, ...]
"""A line's place: its number among the roots, then among each holder's children."""


def matched(before: Lines, now: Lines) -> dict[Path, Path]:
    """Later line -> earlier line; each at most once. Where both hang in the same place that decides; else the types of those that are, or were, shared."""
    matching = _Matching()
    matching.beside(before, now, (), ())
    matching.moved(before, now)
    return matching.found


def walk(lines: Lines, above: Path = ()) -> Iterator[tuple[Path, Holding]]:
    """All lines with their places, each before what hangs on it."""
    for i, one in enumerate(lines):
        yield (*above, i), one
        yield from walk(one.children, (*above, i))


class _Matching:
    """found: later line -> earlier line. taken: the earlier ones in it."""

    def __init__(self) -> None:
        self.found: dict[Path, Path] = {}
        self.taken: set[Path] = set()

    def beside(self, before: Lines, now: Lines, was_above: Path, above: Path) -> None:
        """Lines of the same name and type below the same holder. "[]T" is T, of which there was one and are two; a root is told by its name."""
        for key in (_whole_key, _base_key, _root_key):
            earlier: dict[tuple[str, ...], deque[int]] = {}
            for i, one in enumerate(before):
                if (*was_above, i) not in self.taken and key(one):
                    earlier.setdefault(key(one), deque()).append(i)
            for i, one in enumerate(now):
                fit = () if (*above, i) in self.found else earlier.get(key(one), ())
                if fit:
                    was = fit.popleft()
                    self._pair((*above, i), (*was_above, was), one, before[was])

    def moved(self, before: Lines, now: Lines) -> None:
        """The largest first: one without a match is the largest earlier one of its type without, if one of the two is shared.

        Only between shared and not does a line change its place without anything being given from hand to hand.
        """
        earlier: dict[str, list[tuple[Path, Holding]]] = {}
        for was, one in sorted(walk(before), key=_by_size):
            if was not in self.taken and _is_typed(one):
                earlier.setdefault(_base(one), []).append((was, one))
        for path, one in sorted(walk(now), key=_by_size):
            if path in self.found or not _is_typed(one):
                continue
            for was, candidate in earlier.get(_base(one), ()):
                if was not in self.taken and "shared" in (one.kind, candidate.kind):
                    self._pair(path, was, one, candidate)
                    break

    def _pair(self, path: Path, was: Path, one: Holding, candidate: Holding) -> None:
        self.found[path] = was
        self.taken.add(was)
        self.beside(candidate.children, one.children, was, path)


def _by_size(row: tuple[Path, Holding]) -> tuple[int, Path]:
    return -row[1].bytes, row[0]


def _whole_key(one: Holding) -> tuple[str, ...]:
    return ("rest",) if one.kind == "rest" else (one.kind, one.name, one.type)


def _base_key(one: Holding) -> tuple[str, ...]:
    return ("rest",) if one.kind == "rest" else (one.kind, one.name, _base(one))


def _root_key(one: Holding) -> tuple[str, ...]:
    return () if one.kind in ("rest", "shared", "field") else (one.kind, one.name)


def _base(one: Holding) -> str:
    return one.type.removeprefix("[]")


def _is_typed(one: Holding) -> bool:
    return one.kind != "rest" and bool(one.type) and not one.type.startswith("?")
