"""Who holds the heap at two moments: the second one with what came since the first, line by line.

Lines are told apart by how they are reached (root, fields, types), not by single objects: what a holder drops and takes anew cancels out.
What all lines gained sums to what the heap gained, whatever moved from one holder to another meanwhile.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from memwhy.model.holdermatching import Path, matched, walk
from memwhy.model.holders import Holders, Holding, TypeTotal

LEAST_SHARE = 0.0005
"""Of the heap; a line that is smaller, and grew by less, stands in the rest of its holder."""
MOST_CHILDREN = 40
LEAST_SHOWN = 0.005
"""Of the heap, or of its growth, or half of each: a line of less is none for people."""


def grown(before: Holders, now: Holders) -> Holders:
    """`now` with the difference to `before`. A line gained what its own objects and those below it gained; what hung on it and is gone
    counts against it, and roots that are gone are a rest without bytes."""
    pairs = matched(before.holdings, now.holdings)
    earlier = dict(walk(before.holdings))
    taken = set(pairs.values())
    lost: dict[Path, int] = {}
    gone_bytes = gone_count = 0
    for was, one in earlier.items():
        if was in taken:
            continue
        keeper = next((was[:n] for n in range(len(was) - 1, 0, -1) if was[:n] in taken), None)
        if keeper is not None:
            lost[keeper] = lost.get(keeper, 0) + _own(one)
        else:
            gone_bytes, gone_count = gone_bytes + _own(one), gone_count + one.count
    lines = _lines(now.holdings, (), pairs, earlier, lost)
    if gone_bytes:
        lines = (*lines, Holding(kind="rest", name="what is gone", type="", count=0, own_bytes=0, bytes=0,
                                 grown_bytes=-gone_bytes, grown_count=-gone_count))  # fmt: skip
    return replace(now, holdings=lines, types=_types(before.types, now.types))


def pruned(holders: Holders) -> Holders:
    """The same in as many lines as people and programs want to read: what is too small to matter is counted as a rest."""
    return replace(holders, holdings=_matter(holders.holdings, LEAST_SHARE * holders.bytes))


def foremost(holders: Holders, most: int) -> Holders:
    """The same in so many lines at most: those with the largest shares of the heap and of its growth together. Roots left out are a rest."""
    weight = weights(holders)
    order = count()
    waiting: list[tuple[float, int, tuple[int, ...], Holding]] = [
        (-weight(one), next(order), (i,), one) for i, one in enumerate(holders.holdings) if one.kind != "rest"
    ]
    heapq.heapify(waiting)
    chosen: set[tuple[int, ...]] = set()
    while waiting and len(chosen) < most:
        least, _, path, one = heapq.heappop(waiting)
        if -least < LEAST_SHOWN:
            break
        chosen.add(path)
        for i, child in enumerate(one.children):
            if child.kind != "rest":
                heapq.heappush(waiting, (-weight(child), next(order), (*path, i), child))
    rest = [one for i, one in enumerate(holders.holdings) if (i,) not in chosen]
    kept = _chosen(holders.holdings, (), chosen)
    return replace(holders, holdings=(*kept, *([_together(rest)] if rest else [])))


def weights(holders: Holders) -> Callable[[Holding], float]:
    """How much a line matters: its share of the heap and of its growth. What grew by less than a hundredth of the heap is no growth."""
    whole = holders.bytes or 1
    gained = max(sum(max(0, one.grown_bytes or 0) for one in holders.holdings), whole / 100)
    return lambda one: max(one.bytes, one.most_bytes or 0) / whole + max(0, one.grown_bytes or 0) / gained


def _chosen(lines: Sequence[Holding], above: tuple[int, ...], chosen: set[tuple[int, ...]]) -> tuple[Holding, ...]:
    return tuple(
        replace(one, children=_chosen(one.children, (*above, i), chosen))
        for i, one in enumerate(lines)
        if (*above, i) in chosen
    )


def _matter(lines: Sequence[Holding], least: float) -> tuple[Holding, ...]:
    shown: list[Holding] = []
    rest: list[Holding] = []
    for one in lines:
        if (
            one.kind == "rest"
            or len(shown) == MOST_CHILDREN
            or max(one.bytes, one.most_bytes or 0, abs(one.grown_bytes or 0)) < least
        ):
            rest.append(one)
        else:
            shown.append(replace(one, children=_matter(one.children, least)))
    return (*shown, *([_together(rest)] if rest else []))


def _together(lines: Sequence[Holding]) -> Holding:
    """Lines as one; a rest among them keeps its name where nothing else is there."""
    if len(lines) == 1 and lines[0].kind == "rest":
        return lines[0]
    grown = [one.grown_bytes for one in lines if one.grown_bytes is not None]
    return Holding(
        kind="rest",
        name=_name_of(lines),
        type="",
        count=sum(one.count for one in lines),
        own_bytes=sum(one.bytes for one in lines),
        bytes=sum(one.bytes for one in lines),
        grown_bytes=sum(grown) if grown else None,
        grown_count=sum(one.grown_count or 0 for one in lines) if grown else None,
    )


def _own(one: Holding) -> int:
    """What is not in the lines below it; a rest has no lines."""
    return one.bytes - sum(child.bytes for child in one.children)


def _name_of(lines: Sequence[Holding]) -> str:
    """How many there are; of a rest among them nobody knows any more."""
    if any(one.kind == "rest" for one in lines):
        return "all others"
    return f"{len(lines)} smaller one{'s' * (len(lines) != 1)}"


def _lines(
    now: Sequence[Holding], above: Path, pairs: dict[Path, Path], earlier: dict[Path, Holding], lost: dict[Path, int]
) -> tuple[Holding, ...]:
    found = []
    for i, one in enumerate(now):
        path = (*above, i)
        was = pairs.get(path)
        children = _lines(one.children, path, pairs, earlier, lost)
        own = _own(one) - (_own(earlier[was]) + lost.get(was, 0) if was else 0)
        found.append(
            replace(
                one,
                grown_bytes=own + sum(child.grown_bytes or 0 for child in children),
                grown_count=one.count - (earlier[was].count if was else 0),
                children=children,
            )
        )
    return tuple(found)


def _types(before: Sequence[TypeTotal], now: Sequence[TypeTotal]) -> tuple[TypeTotal, ...]:
    earlier = {one.type: one for one in before}
    return tuple(
        replace(
            one,
            grown_bytes=one.bytes - (earlier[one.type].bytes if one.type in earlier else 0),
            grown_count=one.count - (earlier[one.type].count if one.type in earlier else 0),
        )
        for one in now
    )
