"""The pages of `verify` and `check`: the answer, the runs' courses over the same axes, every rate's interval on one scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from memwhy.model.beside import Beside
from memwhy.model.comparison import Comparison
from memwhy.model.metrics import REGISTRY, label
from memwhy.model.proof import Gate, Left, Pace, Verification, rate_said
from memwhy.model.units import human_change, human_duration
from memwhy.render.html.beside import drawn
from memwhy.render.html.environments import environment
from memwhy.render.html.page import render_page
from memwhy.render.html.ranges import Pacing, Range, Scale, Unit, axis, between, pacing, scale_for, track

SCRIPTS, STYLES = ("courses.js",), ("two.css",)
OUTCOMES = {
    "proven": ("proven", "high"),
    "not-proven": ("not proven", "low"),
    "within": ("within the limit", "high"),
    "exceeded": ("limit exceeded", "low"),
    "undecided": ("undecided", "medium"),
}
BEFORE, AFTER, CONTROL = 0, 1, 2
"""Places of the runs, and so their colours and dashes."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One pace, before it is told. run: whose, and its place."""

    what: str
    run: str
    place: int
    pace: Pace
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One pace in words, and its picture."""

    what: str
    run: str
    place: int
    rate: str
    interval: str
    shape: str
    track: Markup


@dataclass(frozen=True, slots=True)
class Table:
    """Rates that share a unit, and so a scale."""

    title: str
    axis: Markup
    rows: tuple[Row, ...]
    marked: bool
    limited: bool


def render_verification(found: Verification, sides: Comparison, courses: Sequence[Beside]) -> str:
    """The page of a proof. sides: the runs before and after, compared; courses: the total's first."""
    word, css = OUTCOMES[found.outcome]
    total, layers = (
        drawn(part, since_first=True, small=small) for part, small in ((courses[:1], False), (courses[1:], True))
    )
    return render_page(
        "verify.html.j2",
        {
            "found": found,
            "outcome": word,
            "css": css,
            "figures": tuple(_figures(found)),
            "total": total,
            "layers": layers,
            "tables": tables(_rates(found)),
            "left": tuple((one.kind, one.what, *_left_words(one)) for one in found.left),
            "environment": environment(sides, ("before", "after")),
            "contents": tuple(_contents(found, bool(courses))),
        },
        scripts=SCRIPTS,
        styles=STYLES,
    )  # fmt: skip


def render_gate(found: Gate, courses: Sequence[Beside]) -> str:
    """The page of a check: one run against a limit."""
    word, css = OUTCOMES[found.outcome]
    rates = (
        [Rate(label(found.pace.metric), "this run", BEFORE, found.pace, found.pace.detectable)] if found.pace else []
    )
    same = found.pace is not None and found.limit.per == found.pace.per
    return render_page(
        "check.html.j2",
        {
            "found": found,
            "outcome": word,
            "css": css,
            "limit": rate_said(found.limit.bytes, found.limit.per, found.limit.unit),
            "total": drawn(courses, since_first=False),
            "tables": tables(rates, limit=found.limit.bytes if same else None),
            "needed": _needed(found.needed_s),
            "contents": tuple(
                (anchor, name)
                for anchor, name, there in (
                    ("rates", "Growth and limit", bool(rates)),
                    ("courses", "Course", bool(courses)),
                    ("because", "Because", bool(found.because or found.next_step or found.needed_s)),
                )
                if there
            ),
        },
        scripts=SCRIPTS,
        styles=STYLES,
    )  # fmt: skip


def tables(rates: Iterable[Rate], *, limit: float | None = None) -> tuple[Table, ...]:
    """The rates by unit: bytes over time, bytes per piece of work, counts."""
    groups: dict[tuple[str, Unit], list[Rate]] = {}
    for rate in rates:
        groups.setdefault((rate.pace.per, REGISTRY[rate.pace.metric].unit), []).append(rate)
    return tuple(_table(group, unit, limit) for (_, unit), group in groups.items())


def _table(rates: Sequence[Rate], unit: Unit, limit: float | None) -> Table:
    known = [rate.pace.slope for rate in rates if rate.pace.slope is not None]
    pace = pacing(rates[0].pace.per, rates[0].pace.unit, *known, *([limit] if limit is not None else []))
    ranges = [_range(rate, pace.factor) for rate in rates]
    scale = scale_for(ranges, unit, limit=None if limit is None else limit * pace.factor)
    rows = [_row(rate, drawn, unit, pace, scale) for rate, drawn in zip(rates, ranges, strict=True)]
    return Table(
        title=f"Growth {pace.words}",
        axis=axis(scale) if scale is not None else Markup(),
        rows=tuple(rows),
        marked=any(rate.mark is not None for rate in rates),
        limited=limit is not None,
    )


def _range(rate: Rate, factor: float) -> Range:
    at, low, high, mark = (
        None if value is None else value * factor
        for value in (rate.pace.slope, rate.pace.low, rate.pace.high, rate.mark)
    )
    return Range(at=at, low=low, high=high, mark=mark)


def _row(rate: Rate, drawn: Range, unit: Unit, pacing: Pacing, scale: Scale | None) -> Row:
    pace = rate.pace
    if pace.slope is None:
        said = pace.reason or "no trend"
    else:
        change = pace.slope * pacing.factor
        said = human_change(change) if unit == "bytes" else f"{change:+,.1f}"
    return Row(
        what=rate.what,
        run=rate.run,
        place=rate.place,
        rate=said,
        interval=between(pace.low, pace.high, unit, pacing.factor),
        shape=f"{pace.shape}, {pace.part}" if pace.part != "whole" else pace.shape,
        track=track(scale, drawn, f"trace-{rate.place}") if scale is not None else Markup(),
    )


def _rates(found: Verification) -> Iterable[Rate]:
    """Every pace of a proof: the total, what the control did, growth per piece of work, the layers."""
    for pair in (found.total, found.by_work):
        if pair is None:
            continue
        yield Rate(pair.label, "before", BEFORE, pair.before)
        if pair is found.total and found.control is not None:
            yield Rate(pair.label, "unfixed, beside it", CONTROL, found.control)
        seen = found.would_have_seen if pair is found.total else pair.after.detectable
        yield Rate(pair.label, "after", AFTER, pair.after, seen)
    for pair in found.layers:
        yield Rate(pair.label, "before", BEFORE, pair.before)
        yield Rate(pair.label, "after", AFTER, pair.after)


def _figures(found: Verification) -> Iterable[tuple[str, str, str, bool]]:
    """(what, figure, what it means, whether it is bad news) for the head of the page."""
    pair = found.total
    if pair is not None and pair.before.slope is not None:
        yield (
            f"{pair.label} before",
            rate_said(pair.before.slope, pair.before.per, pair.before.unit),
            _seen(pair.before),
            True,
        )
    if pair is not None and pair.after.high is not None:
        yield (f"{pair.label} after, at most", rate_said(pair.after.high, pair.after.per, pair.after.unit), _seen(pair.after), bool(found.left))  # fmt: skip
    if found.left_at_most is not None:
        yield (
            "of the growth, left at most",
            _share(found.left_at_most) if found.left_at_most <= 1 else "all of it",
            "the load allowed for",
            False,
        )
    if found.would_have_seen is not None and pair is not None:
        yield (
            "would have been seen",
            rate_said(found.would_have_seen, pair.after.per, pair.after.unit),
            f"{_share(found.power)} sure, had the second run still grown so",
            False,
        )
    if found.load is not None:
        yield ("work after, of that before", _share(found.load.ratio), found.load.what, False)


def _share(part: float) -> str:
    """`99 %`; of little that is something, that it is."""
    return f"{part:.0%}".replace("%", " %") if part >= 0.005 or part <= 0 else "< 1 %"


def _seen(pace: Pace) -> str:
    """`301 readings in 5 min`."""
    return f"{pace.n:,} readings" + (f" in {human_duration(pace.span)}" if pace.per == "s" else "")


def _left_words(one: Left) -> tuple[str, str]:
    """The rates of what still grows: before, and after."""
    before = (
        ""
        if one.before is None or one.before.slope is None
        else rate_said(one.before.slope, one.before.per, one.before.unit)
    )
    after = "" if one.after.slope is None else rate_said(one.after.slope, one.after.per, one.after.unit)
    return before, after


def _needed(seconds: float | None) -> str:
    return "" if seconds is None else human_duration(seconds)


def _contents(found: Verification, drawn_any: bool) -> Iterable[tuple[str, str]]:
    if drawn_any:
        yield "courses", "Both courses"
    if found.total is not None:
        yield "rates", "Rates"
    if found.left or found.gone:
        yield "left", "What is left"
    if found.because or found.warnings or found.next_step:
        yield "because", "Because"
    yield "environment", "Side by side"
