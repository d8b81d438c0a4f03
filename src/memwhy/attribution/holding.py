"""Who keeps the heap's growth alive, by looks from outside: variables, goroutines' frames, and the fields that lead to what becomes more."""

from memwhy.attribution.heap import LAYER, MOST_HOLDERS
from memwhy.model.case import Case
from memwhy.model.holdernames import MOST_SHARERS, hinted, named, sharers
from memwhy.model.holders import HeldGrowth, HeldLine, Holders, Holding
from memwhy.model.report import Holder
from memwhy.model.units import human_bytes, human_duration

LEAST_SHARE = 0.05
MOST_TYPES = 3
_ARROW = " > "


def held_lines(case: Case) -> tuple[Holder, ...]:
    """Lines in which the growth sits, most first; of one look, what holds most. Empty without a look."""
    if case.held is not None:
        growth = case.held
        whole = max(growth.grown_bytes, sum(one.grown_bytes for one in growth.lines), 1)
        return tuple(
            _growing(one, growth, whole)
            for one in growth.lines[:MOST_HOLDERS]
            if one.grown_bytes >= LEAST_SHARE * whole
        )
    return _largest(case.holders[-1].holders) if case.holders else ()


def _growing(line: HeldLine, growth: HeldGrowth, whole: int) -> Holder:
    span_s = growth.xs[-1] - growth.xs[0]
    more = line.inner_counts[-1] - line.inner_counts[0] if line.inner_counts else 0
    return Holder(
        layer=LAYER,
        function=_ARROW.join(line.path),
        module=None,
        bytes=line.grown_bytes,
        share=round(line.grown_bytes / whole, 4),
        stack=(_ARROW.join(line.path),),
        method="holders",
        low_bytes=line.grown_bytes,
        high_bytes=line.grown_bytes,
        bytes_per_s=line.grown_bytes / span_s,
        note="; ".join(_said(line, growth, more)),
        count=more or None,
        low_count=more or None,
        high_count=more or None,
        count_per_s=more / span_s if more else None,
    )


def _said(line: HeldLine, growth: HeldGrowth, more: int) -> list[str]:
    """`+69,000 are list.Element; with []uint8 65.0 MiB, main.entry 2.1 MiB; 12.0 to 84.1 MiB in 3 looks, 42 s`."""
    parts = [f"what becomes more: {line.inner}"] if more else []
    before, now = line.elements[0], line.elements[-1]
    if before is not None and now is not None and now != before:
        parts.append(f"{before:,} to {now:,} values in it")
    of = [f"{name or 'type not known'} {human_bytes(size)}" for name, size in line.below[:MOST_TYPES] if size]
    parts += [f"mostly {', '.join(of)}"] if of else []
    if line.idle_bytes:
        parts.append(f"{human_bytes(line.idle_bytes)} of it shown by nobody")
    if line.hints:
        parts.append(f"used by {', '.join(line.hints)}")
    span = human_duration(growth.xs[-1] - growth.xs[0])
    sizes = f"{human_bytes(line.bytes[0])}, then {human_bytes(line.bytes[-1])}"
    return [*parts, f"{sizes}, in {len(growth.xs)} looks, {span}"]


def _largest(holders: Holders) -> tuple[Holder, ...]:
    """What there is, where nobody has looked twice."""
    lines = sorted((one for one in holders.holdings if one.kind != "rest"), key=lambda one: -one.bytes)
    whole = max(1, holders.bytes)
    return tuple(_held(one, whole) for one in lines[:MOST_HOLDERS] if one.bytes >= LEAST_SHARE * whole)


def _held(one: Holding, whole: int) -> Holder:
    name = f"{named(one)}, {sharers(one, MOST_SHARERS)}" if one.kind == "shared" else named(one)
    return Holder(
        layer=LAYER,
        function=name,
        module=None,
        bytes=one.bytes,
        share=round(one.bytes / whole, 4),
        stack=(name,),
        method="holders",
        low_bytes=one.bytes,
        high_bytes=one.bytes,
        note="; ".join(filter(None, ("held at the only look: what grows is told after a second one", hinted(one)))),
    )
