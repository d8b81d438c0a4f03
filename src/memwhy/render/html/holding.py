"""Who holds Go's heap, on a page: a tree that unfolds, and the types."""

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.model.holdergrowth import weights
from memwhy.model.holdernames import named
from memwhy.model.holders import Holders, Holding
from memwhy.render import holding

OPEN_SHARE = 0.1
"""A line that matters more than this is open from the beginning."""
LEAST_GROWTH = 0.005
"""Of the heap; a line that grew by more is marked."""
MOST_TYPES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of the tree. figures: as the head names them. width: its share of the heap, for its bar."""

    name: str
    remarks: tuple[str, ...]
    figures: tuple[str, ...]
    width: float
    grows: bool
    open: bool
    below: tuple["Branch", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The section. answer: who holds most, in a sentence. types: rows of name and figures."""

    holders: Holders
    answer: str
    head: tuple[str, ...]
    tree: tuple[Branch, ...]
    types: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def held(holders: Holders | None) -> Held | None:
    """None where nobody looked."""
    if holders is None or not holders.holdings:
        return None
    grows = holding.is_grown(holders)
    weight = weights(holders)

    def branches(lines: tuple[Holding, ...]) -> Iterator[Branch]:
        for one in sorted(lines, key=lambda one: (one.kind == "rest", -weight(one))):
            yield Branch(
                name=named(one),
                remarks=tuple(holding.remarks_of(one)),
                figures=holding.figures(one, holders.bytes, grows=grows),
                width=min(1.0, one.bytes / (holders.bytes or 1)),
                grows=(one.grown_bytes or 0) >= LEAST_GROWTH * (holders.bytes or 1),
                open=weight(one) >= OPEN_SHARE,
                below=tuple(branches(one.children)),
            )

    kinds = sorted(holders.types, key=lambda one: (-(one.grown_bytes or 0) if grows else 0, -one.bytes))
    return Held(
        holders=holders,
        answer=holding.roots(holders),
        head=("held", "share", *(("grew by", "objects") if grows else ("objects",))),
        tree=tuple(branches(holders.holdings)),
        types=tuple(
            (holding.type_of(one), *holding.figures(one, holders.bytes, grows=grows)) for one in kinds[:MOST_TYPES]
        ),
        notes=tuple(holding.notes_of(holders)),
    )
