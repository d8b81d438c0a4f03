"""Who holds a runtime's heap as a tree to be drawn: what each alone keeps, beside what it kept at the first look."""

from collections.abc import Sequence

from memwhy.model.case import SeenHolders
from memwhy.model.holdergrowth import grown
from memwhy.model.holdernames import MOST_SHARERS, named, sharers
from memwhy.model.holders import Holders, Holding
from memwhy.model.pictures import FlameGraph, FlameNode
from memwhy.model.units import human_duration
from memwhy.pictures.flames import LEAST_SHARE, SMALLER

KEY = "holders"


def newest(looks: Sequence[SeenHolders]) -> tuple[Holders | None, float | None]:
    """The last look with what came since the first, and how long that is; (None, None) where nobody looked, no time after one look."""
    if not looks:
        return None, None
    first, last = looks[0], looks[-1]
    return (last.holders, None) if len(looks) == 1 else (grown(first.holders, last.holders), last.x - first.x)


def retention(holders: Holders, apart_s: float | None) -> FlameGraph | None:
    """None where nothing is held. apart_s: between the two looks of which the second one told what grew, None after one."""
    grows = apart_s is not None and any(one.grown_bytes is not None for one in holders.holdings)
    least = max(1, round(LEAST_SHARE * holders.bytes))
    children = _nodes(holders.holdings, least)
    if not children:
        return None
    before = sum(child.before_bytes for child in children)
    root = FlameNode(
        name="Go heap", module="", kind="other", bytes=holders.bytes, before_bytes=before, children=children
    )
    span = f"; beside {human_duration(apart_s or 0.0)} before" if grows else ""
    return FlameGraph(
        key=KEY,
        title="Who holds Go's heap",
        what=f"a box is what goes when its holder goes: its own objects and all that only they keep{span}",
        root=root,
        total_bytes=root.bytes,
        before_bytes=root.before_bytes,
        before=grows,
    )


def _nodes(lines: Sequence[Holding], least: int) -> tuple[FlameNode, ...]:
    """Largest first; what is shared below one box for those who share it."""
    found: list[FlameNode] = []
    groups: dict[str, list[Holding]] = {}
    rest: list[Holding] = []
    for one in lines:
        if max(one.bytes, _before(one)) < least or one.kind == "rest":
            rest.append(one)
        elif one.kind == "shared":
            groups.setdefault(sharers(one, MOST_SHARERS), []).append(one)
        else:
            found.append(_node(one, least))
    for name, members in groups.items():
        below = tuple(_node(one, least) for one in sorted(members, key=lambda one: -one.bytes))
        found.append(_box(name, below, sum(one.bytes for one in members), sum(map(_before, members))))
    found.sort(key=lambda node: (-node.bytes, node.name))
    if rest:
        found.append(_box(SMALLER, (), sum(one.bytes for one in rest), sum(map(_before, rest))))
    return tuple(found)


def _node(one: Holding, least: int) -> FlameNode:
    return _box(named(one), _nodes(one.children, least), one.bytes, _before(one))


def _box(name: str, children: tuple[FlameNode, ...], size_bytes: int, before_bytes: int) -> FlameNode:
    return FlameNode(
        name=name, module="", kind="go", bytes=size_bytes, before_bytes=max(0, before_bytes), children=children
    )


def _before(one: Holding) -> int:
    return one.bytes - (one.grown_bytes or 0)
