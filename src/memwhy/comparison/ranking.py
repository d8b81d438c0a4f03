"""Ranking: each difference with the most that it could explain of what the heavier side has more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from memwhy.comparison.caps import CAPS, Cap, Sides, rate_per_s, sized_by_the_limit
from memwhy.comparison.components import Pair
from memwhy.comparison.directions import less
from memwhy.comparison.figures import pace_gap
from memwhy.comparison.given import Given
from memwhy.comparison.rules import CHAINS, RULES, Part, Rule
from memwhy.model.comparison import Difference, Gap
from memwhy.model.metrics import label
from memwhy.model.units import human_bytes
from memwhy.proof.pace import pace_of

_ORDER = {kind: rank for rank, kind in enumerate(RULES)}
UNRANKED = "nothing is known that ties it to a part of memory"
MOST_WORDED = 3
NO_MALLOC = ("derived.malloc_bytes", "derived.malloc_kept_bytes", "malloc.arenas_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """What the heavier side has more of one metric. pace: how much faster it grows, a second; None where nobody can tell.
    grows: on one side at least, so that its size is a matter of age."""

    metric: str
    heavier: int
    lighter: int
    pace: Gap | None
    grows: bool


Share = tuple[Excess, ...]
"""The metrics that a part is."""


def rank(
    pairs: Sequence[Pair], sides: Sides | None, total: str | None, *, levels_alike: bool
) -> tuple[Difference, ...]:
    """Those that could explain most first, then those that bound nothing, then those that explain nothing, then the
    unranked. levels_alike: the sizes of what grows may be compared. sides: None where nobody tells who holds more."""
    found = [_difference(pair, sides, total, levels_alike) for pair in pairs]
    return tuple(sorted(found, key=lambda one: _key(one, levels_alike)))


def _key(one: Difference, levels_alike: bool) -> tuple[int, float, int]:
    figures = (one.bytes, one.bytes_per_s) if levels_alike else (one.bytes_per_s, one.bytes)
    figure = next((figure for figure in figures if figure), 0)
    order = _ORDER.get(one.kind, len(_ORDER))
    if one.bound == "layers":
        return (0, -figure, order) if figure else (2, 0.0, order)
    return 1 if one.bound == "anything" else 3, 0.0, order


def _difference(pair: Pair, sides: Sides | None, total: str | None, levels_alike: bool) -> Difference:
    rule = RULES.get(pair.kind)
    if rule is None:
        return Difference(kind=pair.kind, what=pair.what, a=pair.a, b=pair.b, bound="unranked", because=(UNRANKED,))
    if not rule.anything and sides is not None and total is not None:
        return _bounded(pair, rule, sides, total, levels_alike)
    return Difference(
        kind=pair.kind,
        what=pair.what,
        a=pair.a,
        b=pair.b,
        bound="anything" if rule.anything else "unranked",
        because=(rule.why,),
        source=rule.source,
        confirm=rule.confirm,
    )


def _bounded(pair: Pair, rule: Rule, sides: Sides, total: str, levels_alike: bool) -> Difference:
    values = (pair.a, pair.b) if sides.name == "A" else (pair.b, pair.a)
    is_less = less(pair.kind, *values)
    parts = rule.parts_sized if rule.parts_sized and sized_by_the_limit(sides) else rule.parts
    shares = shares_of(rule.parts_less if is_less else parts, sides, total)
    touched = [one for _, share in shares for one in share]
    because = (
        [rule.why, said(touched, sides)] if touched else [rule.why, f"{values[0]} does not make {sides.name} hold more"]
    )
    cap = CAPS[rule.cap](sides, pair) if rule.cap and not is_less else None
    if cap is not None:
        because.append(cap.words)
    size, pace = _capped(shares, cap, levels_alike)
    return Difference(
        kind=pair.kind,
        what=pair.what,
        a=pair.a,
        b=pair.b,
        bound="layers",
        bytes=size,
        bytes_per_s=pace,
        because=tuple(because),
        source=rule.source,
        confirm=rule.confirm,
    )


def _capped(
    shares: Sequence[tuple[set[Part], Share]], cap: Cap | None, levels_alike: bool
) -> tuple[int | None, float | None]:
    """The bytes, and how much faster these parts grow. What the cap measured is bounded by it; the rest comes on top."""
    measured = [share for parts, share in shares if cap is not None and (not cap.parts or parts <= set(cap.parts))]
    others = [share for _, share in shares if share not in measured]
    sizes, paces = [], []
    for group in [group for group in (measured, others) if group] or [[]]:
        size, pace = _at_most(group, levels_alike=levels_alike), _faster_at_most(group)
        if cap is not None and group is measured:
            size = min(size, cap.bytes) if size is not None else None
            if pace is not None and cap.bytes_per_s is not None:
                pace = min(pace, max(0.0, cap.bytes_per_s))
        sizes.append(size)
        paces.append(pace)
    known = [size for size in sizes if size is not None], [pace for pace in paces if pace is not None]
    return sum(known[0]) if known[0] else None, sum(known[1]) if known[1] else None


def _at_most(shares: Sequence[Share], *, levels_alike: bool) -> int | None:
    """The bytes that these parts are larger by, each part as a whole: what one malloc has in [heap], another has mapped."""
    sizes = []
    for share in shares:
        sized = [one.heavier - one.lighter for one in share if levels_alike or not one.grows]
        sizes += [max(0, sum(sized))] if sized else []
    return sum(sizes) if sizes or not shares else None


def _faster_at_most(shares: Sequence[Share]) -> float | None:
    """How much faster these parts grow, at the upper end; 0 where none surely does, None where nothing is told."""
    told = [pace for share in shares if (pace := _together(share)) is not None]
    faster = [pace for pace in told if pace.low > 0]
    if not faster:
        return 0.0 if told else None
    return sum(pace.value for pace in faster) + math.hypot(*(pace.high - pace.value for pace in faster))


def _together(share: Share) -> Gap | None:
    """The pace of a part: the sum of those that are told, with the error of all."""
    paces = [one.pace for one in share if one.pace is not None and math.isfinite(one.pace.high - one.pace.low)]
    if not paces:
        return None
    value = sum(pace.value for pace in paces)
    low = math.hypot(*(pace.value - pace.low for pace in paces))
    high = math.hypot(*(pace.high - pace.value for pace in paces))
    return Gap(value=value, low=value - low, high=value + high)


def shares_of(parts: Sequence[Part], sides: Sides, total: str) -> list[tuple[set[Part], Share]]:
    """Every metric that these parts are, once, with all the parts that it stands for."""
    shares: list[tuple[set[Part], Share]] = []
    taken: set[str] = set()
    for part in parts:
        chain = next((names for names in CHAINS[part] if any(_known(sides, name) for name in names)), (total,))
        metrics = [name for name in chain if name not in taken and _known(sides, name)]
        taken |= set(metrics)
        for others, share in shares:
            if any(one.metric in chain for one in share):
                others.add(part)
        shares += [({part}, tuple(_excess(metric, sides) for metric in metrics))] if metrics else []
    return shares


def _known(sides: Sides, metric: str) -> bool:
    return level(sides.heavier, metric) is not None and level(sides.lighter, metric) is not None


def level(side: Given, metric: str) -> int | None:
    """The last figure. A layer that is not there holds nothing where all was accounted for; nor does malloc where there is none."""
    found = side.last(metric)
    account = side.case.account
    if (
        found is None
        and metric.startswith("layer.")
        and "layer.all_" not in metric
        and account is not None
        and account.fine
    ):
        return 0
    if found is None and metric in NO_MALLOC and without_malloc(side):
        return 0
    return found


def without_malloc(side: Given) -> bool:
    """A Go program without cgo that is linked statically has no malloc at all."""
    facts = side.case.facts
    return facts.get("go.cgo") == "0" and facts.get("binary.static") == "1"


def _excess(metric: str, sides: Sides) -> Excess:
    return Excess(
        metric=metric,
        heavier=level(sides.heavier, metric) or 0,
        lighter=level(sides.lighter, metric) or 0,
        pace=_pace_gap(metric, sides),
        grows=any(
            side.case.series[metric].growing for side in (sides.heavier, sides.lighter) if metric in side.case.series
        ),
    )


def _pace_gap(metric: str, sides: Sides) -> Gap | None:
    """Of few looks, which have no trend, what they changed, without an interval."""
    heavier, lighter = (side.case.series.get(metric) for side in (sides.heavier, sides.lighter))
    if heavier is not None and lighter is not None:
        gap = pace_gap(pace_of(heavier), pace_of(lighter))
        if gap is not None:
            return gap if heavier.course.per == "s" else None
    rates = [rate_per_s(side, metric) if metric in side.case.series else 0.0 for side in (sides.heavier, sides.lighter)]
    if rates[0] is None or rates[1] is None:
        return None
    value = rates[0] - rates[1]
    return Gap(value=value, low=value, high=value)


def said(touched: Sequence[Excess], sides: Sides) -> str:
    """`native arenas 70.8 MiB in A against 0 B in B`: what the parts hold, where they differ most."""
    words = []
    ranked = sorted(touched, key=lambda one: -abs(one.heavier - one.lighter))
    for one in [one for one in ranked if one.heavier != one.lighter][:MOST_WORDED] or ranked[:1]:
        words.append(
            f"{label(one.metric)} {human_bytes(one.heavier)} in {sides.name} against {human_bytes(one.lighter)} in {sides.other}"
        )
    return "; ".join(words)
