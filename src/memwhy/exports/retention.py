"""Who holds a runtime's heap as stacks: the path of holders is the stack, its root the outermost frame, a type at a field the leaf."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from memwhy.exports.stacks import INUSE_OBJECTS, Figure, Stack, Stacks
from memwhy.model.case import Case
from memwhy.model.holdergrowth import grown
from memwhy.model.holdernames import hinted, named, sharers
from memwhy.model.holders import Holders, Holding
from memwhy.model.native import CodeName
from memwhy.model.units import human_duration

Frames = tuple[CodeName, ...]
_HELD = Figure(name="inuse_space", unit="bytes", title="held")
_GROWN = (
    Figure(name="grown_objects", unit="count"),
    Figure(name="grown_space", unit="bytes", title="growth of what is held"),
)


def retention(holders: Holders, *, span_s: float | None = None, wall_ns: int = 0) -> Stacks:
    """A stack's own figures are those of its last holder's objects alone, so what stands at a frame with all below it is what goes when
    that holder goes, and all stacks together are `holders.bytes`. After two looks, `span_s` apart, growth is a second pair of figures:
    what is gone with its line counts at the line above.
    """
    grown = span_s is not None and any(one.grown_bytes is not None for one in holders.holdings)
    found: dict[Frames, list[int]] = {}
    for frames, values in _walk((), holders.holdings, grown=grown):
        row = found.setdefault(frames, [0] * len(values))
        row[:] = [old + new for old, new in zip(row, values, strict=True)]
    ranked = sorted(found.items(), key=lambda item: (-item[1][1], [frame.function for frame in item[0]]))
    return Stacks(
        name=f"who holds the heap of {holders.runtime}",
        note=f"and what it grew by in {human_duration(span_s or 0.0)}" if grown else "at one moment",
        figures=(INUSE_OBJECTS, _HELD, *(_GROWN if grown else ())),
        shown="inuse_space",
        stacks=tuple(Stack(frames=frames, values=tuple(row)) for frames, row in ranked if any(row)),
        span_s=span_s or 0.0,
        wall_ns=wall_ns,
    )


def of_case(case: Case, *, growth: bool) -> Stacks | None:
    """Of the last look in a recording, with what came since the first; None where nobody looked. growth: show that first."""
    if not case.holders:
        return None
    first, last = case.holders[0], case.holders[-1]
    if len(case.holders) == 1:
        return retention(last.holders)
    found = retention(grown(first.holders, last.holders), span_s=last.x - first.x)
    return replace(found, shown="grown_space") if growth and len(found.figures) > 2 else found


def _walk(above: Frames, lines: Sequence[Holding], *, grown: bool) -> Iterator[tuple[Frames, list[int]]]:
    """Every line's path, leaf first, and what its objects are without those below."""
    for one in lines:
        frames = (*(_frame(part) for part in reversed(_parts(one))), *above)
        values = [one.count, one.bytes - sum(child.bytes for child in one.children)]
        if grown:
            below = sum(child.grown_bytes or 0 for child in one.children)
            values += [one.grown_count or 0, (one.grown_bytes or 0) - below]
        yield frames, values
        yield from _walk(frames, one.children, grown=grown)


def _parts(one: Holding) -> list[str]:
    """Its frames, outermost first: what is shared stands below those who share it."""
    if one.kind == "shared":
        return [sharers(one), named(one)]
    return [", ".join(part for part in (named(one), hinted(one)) if part)]


def _frame(text: str) -> CodeName:
    return CodeName(function=text, is_go=True)
