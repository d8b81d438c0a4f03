"""Two runs held against each other: figures, profiles, what each ran on, and what that could explain."""

from collections.abc import Sequence
from typing import Literal

from memwhy.comparison import comparable
from memwhy.comparison.caps import Sides
from memwhy.comparison.conditions import pairs
from memwhy.comparison.figures import figure, layers, others
from memwhy.comparison.given import Given
from memwhy.comparison.ranking import rank
from memwhy.comparison.sites import compare_profiles
from memwhy.model import weigh
from memwhy.model.case import Series
from memwhy.model.comparison import Compared, Comparison, Difference, Figure, ProfileGap
from memwhy.model.proof import Load
from memwhy.model.units import human_bytes, human_rate
from memwhy.proof.load import load_of
from memwhy.proof.side import Side
from memwhy.proof.work import work_of


def compare(a: Given, b: Given) -> Comparison:
    """What differs between A and B. The same evidence gives the same answer for ever."""
    both, cautions = comparable.shared_total(a, b)
    total = figure(*both) if both is not None else None
    levels_alike, more = comparable.ages(a, b, total)
    cautions += more + comparable.conditions_of_watching(a, b, both) + comparable.subjects(a, b)
    load = _load(a, b, both)
    cautions += comparable.loads(load, a, b)
    profiles, refused = compare_profiles(a, b)
    cautions += refused
    side = heavier(total, profiles, levels_alike=levels_alike)
    differing, same, unknown = pairs(a, b)
    sides = _sides(a, b, side)
    differences = rank(differing, sides, total.metric if total is not None else None, levels_alike=levels_alike)
    return Comparison(
        headline=headline(total, profiles, differences, same, levels_alike=levels_alike),
        a=_compared(a),
        b=_compared(b),
        heavier=side,
        total=total,
        layers=layers(a, b),
        others=others(a, b),
        profiles=profiles,
        differences=differences,
        same=tuple(same),
        unknown=tuple(unknown),
        cautions=tuple(sorted(cautions, key=lambda one: one.weight != "refused")),
        load=load,
    )


def _load(a: Given, b: Given, both: tuple[Series, Series] | None) -> Load | None:
    """The work of both, in the time in which their totals were read."""
    if both is None or "order" in (both[0].clock, both[1].clock):
        return None
    return load_of(
        *(Side(case=of.case, series=series, work=work_of(of.case)) for of, series in zip((a, b), both, strict=True))
    )


def _compared(side: Given) -> Compared:
    total = side.total
    return Compared(
        name=side.name,
        target=side.case.target,
        total=total.metric if total is not None else None,
        readings=len(total.points) if total is not None else 0,
        span_s=side.span_s,
        age_s=side.age_s,
    )


def _sides(a: Given, b: Given, side: Literal["A", "B"] | None) -> Sides | None:
    if side is None:
        return None
    pair = (a, b) if side == "A" else (b, a)
    return Sides(heavier=pair[0], lighter=pair[1], name=side, other="B" if side == "A" else "A")


def heavier(total: Figure | None, profiles: tuple[ProfileGap, ...], *, levels_alike: bool) -> Literal["A", "B"] | None:
    """Who holds more; who grows faster, where sizes cannot be compared; by the profiles, where there is no total."""
    if total is not None and levels_alike:
        return "A" if total.gap >= 0 else "B"
    if total is not None:
        pace = total.pace_gap
        return ("A" if pace.value >= 0 else "B") if pace is not None and pace.sure else None
    in_bytes = [one for one in profiles if one.unit == "bytes"]
    if in_bytes:
        return "A" if in_bytes[0].a_total >= in_bytes[0].b_total else "B"
    return None


def headline(
    total: Figure | None,
    profiles: tuple[ProfileGap, ...],
    differences: tuple[Difference, ...],
    same: Sequence[str],
    *,
    levels_alike: bool,
) -> str:
    """The answer in a sentence or two."""
    first = _of_total(total, levels_alike) if total is not None else _of_profiles(profiles)
    bounded = [one for one in differences if one.bound == "layers" and (one.bytes or one.bytes_per_s)]
    shares = [(share, one) for one in bounded if (share := _share(one, total, levels_alike)) is not None]
    most = next((one for share, one in shares if share >= weigh.MAIN), None)
    if most is not None:
        return f"{first} What could explain most of it: {most.what}, {most.a} in A against {most.b} in B."
    if not differences:
        nothing = "Nothing that was read of what they ran on differs." if same else "Nothing tells what both ran on."
        return f"{first} {nothing}"
    whole = [one.what for one in differences if one.bound == "anything"]
    if whole:
        return f"{first} What differs is the program: {', '.join(whole)}."
    if not shares:
        return first
    share, best = shares[0]
    of_it = weigh.percent(share) if share >= 0.01 else "less than 1 %"
    return f"{first} What could explain {of_it} of it at most: {best.what}, {best.a} in A against {best.b} in B."


def _share(one: Difference, total: Figure | None, levels_alike: bool) -> float | None:
    """How much of what is told of the total one difference could explain, of the size or of the growth; None where neither is."""
    if total is None:
        return None
    found = []
    if levels_alike and total.apart and one.bytes is not None:
        found.append(one.bytes / abs(total.gap))
    if total.pace_gap is not None and total.pace_gap.sure and one.bytes_per_s is not None:
        found.append(one.bytes_per_s / abs(total.pace_gap.value))
    return max(found, default=None)


def _of_total(total: Figure, levels_alike: bool) -> str:
    words = []
    if levels_alike and total.apart:
        more = "more" if total.gap > 0 else "less"
        words.append(f"A holds {human_bytes(abs(total.gap))} {more} than B ({total.label})")
    elif levels_alike:
        words.append(f"A and B hold about the same: {human_bytes(total.a)} and {human_bytes(total.b)} ({total.label})")
    pace = total.pace_gap
    if pace is not None and pace.sure:
        faster = "faster" if pace.value > 0 else "more slowly"
        words.append(
            f"{'it' if words else 'A'} grows {human_rate(abs(pace.value), total.per).removeprefix('+')} {faster} than B"
        )
    elif pace is not None:
        words.append("no difference in growth is shown")
    said = ", and ".join(words) or "neither size nor growth can be compared"
    return said[0].upper() + said[1:] + "."


def _of_profiles(profiles: tuple[ProfileGap, ...]) -> str:
    if not profiles:
        return "No figures of memory can be compared."
    proven = sum(one.proven for one in profiles)
    what = profiles[0]
    totals = tuple(human_bytes(one) if what.unit == "bytes" else f"{one:,}" for one in (what.a_total, what.b_total))
    return f"{what.label}: {totals[0]} in A, {totals[1]} in B; {proven or 'no'} sites differ beyond chance."
