"""The page of `compare`: two sides, their courses over the same axes, what differs and how many bytes each could explain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from memwhy.model.beside import Beside
from memwhy.model.comparison import Comparison, Difference, Figure, ProfileGap, SiteGap
from memwhy.model.units import human_bytes, human_change, human_rate
from memwhy.render.comparison import bound_said
from memwhy.render.html.beside import drawn
from memwhy.render.html.environments import environment
from memwhy.render.html.page import render_page
from memwhy.render.html.ranges import Pacing, Range, Scale, Unit, axis, bar, between, pacing, scale_for, track
from memwhy.render.html.verifying import SCRIPTS, STYLES

SITES = 12
"""Of a profile: as many as a comparison has."""


@dataclass(frozen=True, slots=True)
class Level:
    """One metric on both sides. place: "total", "layer", "beside", or "alike"; bars: A's above B's; pace: of the slopes' difference, with its picture."""

    label: str
    place: str
    apart: bool
    a: str
    b: str
    gap: str
    bars: Markup
    pace: str
    interval: str
    track: Markup


@dataclass(frozen=True, slots=True)
class Ranked:
    """A difference that could explain something: its bytes and its rate beside those of what the heavier side has more."""

    what: str
    a: str
    b: str
    said: str
    bars: tuple[tuple[str, str, Markup], ...]
    because: tuple[str, ...]
    confirm: str


@dataclass(frozen=True, slots=True)
class Site:
    """One function in both profiles."""

    name: str
    a: str
    b: str
    gap: str
    interval: str
    proven: bool
    track: Markup


@dataclass(frozen=True, slots=True)
class Profiled:
    """One profile on both sides."""

    label: str
    said: str
    axis: Markup
    sites: tuple[Site, ...]


def render_comparison(found: Comparison, total: Sequence[Beside], layers: Sequence[Beside]) -> str:
    """The page. total, layers: courses of both sides."""
    levels, heading, scale = _levels(found)
    context = {
        "found": found,
        "environment": environment(found),
        "figures": tuple(_figures(found)),
        "total": drawn(total, since_first=False),
        "layers": drawn(layers, since_first=False, small=True),
        "levels": levels,
        "pace_heading": heading,
        "axis": axis(scale) if scale is not None else Markup(),
        "ranked": tuple(_ranked(found)),
        "anything": tuple(one for one in found.differences if one.bound == "anything"),
        "nothing": tuple(one for one in found.differences if one.bound == "layers" and not explains(one)),
        "unranked": tuple(one for one in found.differences if one.bound == "unranked"),
        "profiles": tuple(_profile(one) for one in found.profiles),
        "refused": tuple((one.about, one.text) for one in found.cautions if one.weight == "refused"),
        "careful": tuple((one.about, one.text) for one in found.cautions if one.weight == "careful"),
    }
    context["contents"] = tuple(_contents(context))
    return render_page("compare.html.j2", context, scripts=SCRIPTS, styles=STYLES)


def explains(one: Difference) -> bool:
    """Whether bytes are known that it could explain."""
    return one.bound == "layers" and bool(one.bytes or one.bytes_per_s)


def _figures(found: Comparison) -> Iterable[tuple[str, str, str, bool]]:
    """(what, figure, what it means, whether it stands out) for the head of the page."""
    one = found.total
    if one is None:
        return
    yield (f"{one.label} in A", _amount(one.a, one.unit), "at the last reading", found.heavier == "A" and one.apart)
    yield (f"{one.label} in B", _amount(one.b, one.unit), "at the last reading", found.heavier == "B" and one.apart)
    yield ("A - B", _change(one.gap, one.unit), "apart" if one.apart else "no more than they swing", False)
    gap = one.pace_gap
    if gap is not None:
        unit = pacing(one.per, "", gap.value)
        means = f"{between(gap.low, gap.high, one.unit, unit.factor)}, 95 %"
        yield (f"A - B {unit.words}", _change(gap.value * unit.factor, one.unit), means, gap.sure)
    if found.load is not None:
        yield ("work in B, of that in A", f"{100 * found.load.ratio:.0f} %", found.load.what, False)


def _levels(found: Comparison) -> tuple[tuple[Level, ...], str, Scale | None]:
    """The total, its layers and what stands beside it, the head of the column of rates, and the scale of the rates in bytes."""
    main = [*([found.total] if found.total is not None else []), *found.layers]
    rows = [*main, *(one for one in found.others if one.apart), *(one for one in found.others if not one.apart)]
    per = rows[0].per if rows else "s"
    unit = pacing(per, "", *(one.pace_gap.value for one in rows if one.unit == "bytes" and one.pace_gap is not None))
    paces = {one.metric: _pace_range(one, unit) if one.per == per else None for one in rows}
    told = (paces[one.metric] for one in main or rows if one.unit == "bytes")
    scale = scale_for((pace for pace in told if pace is not None), "bytes")
    whole = max((max(one.a, one.b) for one in main or rows if one.unit == "bytes"), default=0)
    levels = (
        _level(one, paces[one.metric], scale if one.unit == "bytes" else None, whole, _place(one, found))
        for one in rows
    )
    return tuple(levels), f"A - B {unit.words}", scale


def _place(one: Figure, found: Comparison) -> str:
    if one is found.total:
        return "total"
    return "layer" if one in found.layers else "beside" if one.apart else "alike"


def _pace_range(one: Figure, unit: Pacing) -> Range | None:
    gap = one.pace_gap
    if gap is None:
        return None
    return Range(at=gap.value * unit.factor, low=gap.low * unit.factor, high=gap.high * unit.factor)


def _level(one: Figure, pace: Range | None, scale: Scale | None, whole: int, place: str) -> Level:
    """whole: the bytes that the bars are shares of; those of a count are shares of its own larger side."""
    of = max(whole if one.unit == "bytes" else max(one.a, one.b), 1)
    return Level(
        label=one.label,
        place=place,
        apart=one.apart,
        a=_amount(one.a, one.unit),
        b=_amount(one.b, one.unit),
        gap=_change(one.gap, one.unit),
        bars=bar(one.a / of, "trace-0") + bar(one.b / of, "trace-1"),
        pace="" if pace is None or pace.at is None else _change(pace.at, one.unit),
        interval="" if pace is None else between(pace.low, pace.high, one.unit, 1),
        track=track(scale, pace) if pace is not None and scale is not None else Markup(),
    )


def _ranked(found: Comparison) -> Iterable[Ranked]:
    """Each that could explain something, in the comparison's own order; bars beside what there is to explain."""
    ranked = [one for one in found.differences if explains(one)]
    most_bytes = max((one.bytes or 0 for one in ranked), default=0)
    most_rate = max((one.bytes_per_s or 0.0 for one in ranked), default=0.0)
    if found.total is not None:
        most_bytes = max(most_bytes, abs(found.total.gap))
        most_rate = max(
            most_rate, abs(found.total.pace_gap.value) if found.total.pace_gap and found.total.per == "s" else 0.0
        )
    for one in ranked:
        bars = []
        if one.bytes is not None:
            bars.append(("level", human_bytes(one.bytes), bar(one.bytes / max(most_bytes, 1))))
        if one.bytes_per_s is not None:
            bars.append(("growth", human_rate(one.bytes_per_s, "s"), bar(one.bytes_per_s / max(most_rate, 1e-9))))
        yield Ranked(one.what, one.a, one.b, bound_said(one), tuple(bars), one.because, one.confirm)


def _profile(one: ProfileGap) -> Profiled:
    ranges = [_site_range(site) for site in one.sites[:SITES]]
    scale = scale_for(ranges, one.unit)
    counted = any(site.chance is None for site in one.sites)
    beyond = (
        "each counted at one moment" if counted else f"beyond chance {one.proven or 'none'} of {one.compared} differ"
    )
    return Profiled(
        label=one.label,
        said=f"{_amount(one.a_total, one.unit)} in A, {_amount(one.b_total, one.unit)} in B; {beyond}",
        axis=axis(scale) if scale is not None else Markup(),
        sites=tuple(
            Site(
                name=site.name,
                a=_amount(site.a, one.unit),
                b=_amount(site.b, one.unit),
                gap=_change(site.gap.value, one.unit),
                interval=between(site.gap.low, site.gap.high, one.unit, 1) if site.gap.low < site.gap.high else "",
                proven=site.proven or site.chance is None,
                track=track(scale, drawn) if scale is not None else Markup(),
            )
            for site, drawn in zip(one.sites[:SITES], ranges, strict=True)
        ),
    )


def _site_range(site: SiteGap) -> Range:
    return Range(at=site.gap.value, low=site.gap.low, high=site.gap.high)


def _amount(value: float, unit: Unit) -> str:
    return human_bytes(value) if unit == "bytes" else f"{round(value):,}"


def _change(value: float, unit: Unit) -> str:
    if unit == "bytes":
        return human_change(value)
    return f"{value:+,.1f}" if not float(value).is_integer() else f"{round(value):+,}"


def _contents(context: dict[str, object]) -> Iterable[tuple[str, str]]:
    for anchor, name, keys in (
        ("courses", "Both courses", ("total",)),
        ("levels", "Levels and growth", ("levels",)),
        ("ranked", "What could explain it", ("ranked", "anything", "nothing", "unranked")),
        ("profiles", "Profiles", ("profiles",)),
        ("refused", "Not compared", ("refused", "careful")),
        ("environment", "Side by side", ("environment",)),
    ):
        if any(context[key] for key in keys):
            yield anchor, name
