"""Where the growth of a heap sits, over several looks at who holds it: the same line in all looks, and of nested lines the one that tells most.

Lines are told apart by how they are reached, not by single objects: what a holder drops and takes anew cancels out. Each look is matched
with the last one (`model/holdermatching`), so that what changed its place is not taken for new.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from memwhy.model.holdergrowth import grown
from memwhy.model.holdermatching import matched, walk
from memwhy.model.holdernames import MOST_SHARERS, named, sharers
from memwhy.model.holders import HeldGrowth, HeldLine, Holders, Holding

MOST_LINES = 12
LEAST_SHARE = 0.02
"""Of all growth: what is less is not told."""
MOSTLY = 0.7
"""Of a line's growth, from which on it is said of what hangs below it."""
PART = 0.2
"""Of a line's growth, from which on a branch of it is told by itself."""
MORE = 0.1
"""Of what there was: so many objects more are a pile, fewer may be chance."""
FEWEST = 4
_BELOW_ROOTS = ("field", "shared", "rest")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the last look, as it was in all of them. was: it at each look, None where there was none; bytes: at each look, with what
    hung on it and is gone by now."""

    newest: Holding
    was: tuple[Holding | None, ...]
    bytes: tuple[int, ...]
    below: tuple["_Line", ...]

    def counts(self) -> tuple[int, ...]:
        return tuple(0 if one is None else one.count for one in self.was)

    def told(self, name: str) -> tuple[int | None, ...]:
        """Of what may be unknown."""
        return tuple(None if one is None else getattr(one, name) for one in self.was)

    @property
    def grown(self) -> int:
        return self.bytes[-1] - self.bytes[0]

    @property
    def piles(self) -> bool:
        """Its own objects become more."""
        counts = self.counts()
        return counts[-1] - counts[0] >= max(FEWEST, MORE * counts[0])


def follow(looks: Sequence[tuple[float, Holders]]) -> HeldGrowth | None:
    """(seconds, look) in the order of time, as growth; None before the second look."""
    looks = [look for number, look in enumerate(looks) if not number or look[0] > looks[number - 1][0]]
    looks = [
        look for look in looks if look[1].fast == looks[-1][1].fast
    ]  # what a search reaches first is another figure
    if len(looks) < 2:
        return None
    roots = _lines([replace(look, holdings=tuple(map(_apart, look.holdings))) for _, look in looks])
    whole = sum(grown for line in roots if (grown := line.grown) > 0)
    found = [one for root in roots for one in _places((root,), LEAST_SHARE * whole)]
    found.sort(key=lambda chain: -chain[-1].grown)
    return HeldGrowth(
        xs=tuple(x for x, _ in looks),
        reached_bytes=tuple(look.bytes for _, look in looks),
        alloc_bytes=tuple(look.heap_alloc_bytes for _, look in looks),
        lines=tuple(_said(chain) for chain in found[:MOST_LINES]),
        last=looks[-1][1],
    )


def _apart(root: Holding) -> Holding:
    """A variable, and what it points to as a line of its own: looks show both as one line where it points to one thing only."""
    if root.kind in _BELOW_ROOTS or not root.count:
        return root
    points_to = replace(root, kind="field", name="", hints=(), goroutines=None)
    return replace(root, count=0, own_bytes=0, elements=None, idle_bytes=None, children=(points_to,))


def _lines(looks: Sequence[Holders]) -> tuple[_Line, ...]:
    """The lines of the last look, each as it was in all of them."""
    last = looks[-1].holdings
    states = []
    for look in looks[:-1]:
        earlier = dict(walk(look.holdings))
        was = {path: earlier[at] for path, at in matched(look.holdings, last).items()}
        more = {path: one.grown_bytes or 0 for path, one in walk(grown(look, looks[-1]).holdings)}
        states.append((was, more))

    def line(one: Holding, path: tuple[int, ...]) -> _Line:
        return _Line(
            newest=one,
            was=(*(was.get(path) for was, _ in states), one),
            bytes=(*(max(0, one.bytes - more[path]) for _, more in states), one.bytes),
            below=tuple(line(child, (*path, i)) for i, child in enumerate(one.children) if child.kind != "rest"),
        )

    return tuple(line(one, (i,)) for i, one in enumerate(last) if one.kind != "rest")


def _places(chain: tuple[_Line, ...], least: float) -> Iterator[tuple[_Line, ...]]:
    """The lines, with all above them, in which this one's growth sits: where single objects follow each other, it is the last of them
    that holds what becomes more; where several branches grow, each."""
    line = chain[-1]
    if line.grown < max(1, least):
        return
    growing = [one for one in line.below if one.grown >= PART * line.grown]
    below = sum(one.grown for one in growing)
    if line.piles or not growing or below < MOSTLY * line.grown or any(one.piles for one in growing):
        yield chain
        return
    for one in growing:
        yield from _places((*chain, one), least)


def _said(chain: tuple[_Line, ...]) -> HeldLine:
    line = chain[-1]
    newest = [one.newest for one in chain]
    steps = _together(newest)
    piling = [one for one in line.below if one.piles]
    inner = line if line.piles else max(piling, key=lambda one: one.grown, default=None)
    idle = line.told("idle_bytes")[-1]
    own = line.newest.own_bytes
    if inner is not None and inner is not line:
        idle, own = _both(idle, inner.told("idle_bytes")[-1]), own + inner.newest.own_bytes
    return HeldLine(
        path=tuple(_name(one) for one in steps),
        names=tuple(one.name for one in steps),
        types=tuple(one.type for one in steps),
        kind=newest[0].kind,
        bytes=line.bytes,
        counts=line.counts(),
        elements=line.told("elements"),
        goroutines=chain[0].told("goroutines"),
        inner="" if inner is None else inner.newest.type,
        inner_counts=() if inner is None else inner.counts(),
        below=tuple(_types(line).most_common(MOST_LINES)),
        own_bytes=own,
        idle_bytes=idle,
        hints=newest[0].hints,
    )


def _together(chain: Sequence[Holding]) -> Sequence[Holding]:
    """A variable and what it points to as one step again."""
    root, *below = chain
    if root.kind in _BELOW_ROOTS or not below or below[0].name or below[0].kind != "field":
        return chain
    return (replace(root, type=below[0].type), *below[1:])


def _both(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _name(one: Holding) -> str:
    return f"{named(one)}, {sharers(one, MOST_SHARERS)}" if one.kind == "shared" else named(one)


def _types(line: _Line) -> Counter[str]:
    """Bytes by type at the last look, of the line and all below it."""
    found = Counter({line.newest.type: line.newest.own_bytes})
    for below in line.below:
        found += _types(below)
    return found
