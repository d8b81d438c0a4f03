"""The page of a report: the answer, the picture of it, the evidence, what to do. Formats what the report and the pictures say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from memwhy.model.metrics import label
from memwhy.model.pictures import REMAINDER, FlameGraph, Pictures, Timeline
from memwhy.model.report import EvidenceRow, Finding, Holder, Report, Row, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes
from memwhy.render import chain, experiments, found, icicle, inside, known, outline, svg
from memwhy.render.axis import time_text
from memwhy.render.figures import Pace, amount, now_header, now_of, pace_of, rate_of, rows_of, share_of, unit_of
from memwhy.render.html.drawn import as_data, heaviest, meter, most_rate, sketched, spanned
from memwhy.render.html.holding import held
from memwhy.render.html.page import render_page
from memwhy.render.palette import colours
from memwhy.render.plain import clean
from memwhy.render.table import Table

MOST_MOMENTS = 24
"""Rows of the table that stands for the chart."""
NARROW = 380
"""A picture for a phone; letters in one that is shrunk could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table of layers. anchor: its id. colour: of its band, "" where it has none."""

    anchor: str
    metric: str
    label: str
    now: str
    rate: str
    interval: str
    share: str
    shape: str
    growing: bool
    css: str
    source: str
    spark: Markup
    span: Markup
    colour: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under a heading; "" for the total and its layers."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One finding, folded."""

    finding: Finding
    bar: Markup
    verdict: str
    is_winner: bool
    at_most: str
    first: str


def render(report: Report, pictures: Pictures) -> str:
    """One HTML file. Same report and pictures in, same bytes out."""
    data = as_data(pictures)
    linked = _Links(report)
    sections = _contents(report, pictures)
    retained = next((one for one in pictures.flames if one.key == "holders"), None)
    context = {
        "report": report,
        "pictures": pictures,
        "outline": outline,
        "headline": outline.headline_of(report),
        "about": " · ".join(outline.target_of(report)),
        "figures": _figures(report, pictures),
        "static": _static(pictures),
        "says": any(one.metric.startswith(("go.heap", "derived.", "runtime.")) for one in pictures.timeline.lines)
        if pictures.timeline is not None
        else False,
        "said": "" if pictures.timeline is None else svg.said(pictures.timeline),
        "moments": _moments(pictures.sketch),
        "groups": _groups(report, pictures),
        "pace": pace_of(report),
        "drawn": any(row.series is not None and len(row.series.points) > 1 for row in rows_of(report)),
        "now_header": now_header(rows_of(report), pace_of(report)),
        "reasons": outline.reasons(rows_of(report)),
        "causes": tuple(_cause(one, report) for one in report.findings),
        "held": outline.held(report),
        "flames": tuple((flame, _table(flame)) for flame in pictures.flames if flame is not retained),
        "retained": retained,
        "icicles": _icicles(retained),
        "retention": held(pictures.holders),
        "inside": tuple(map(_filled, inside.tables(replace(report.inspection, holders=None))))
        if report.inspection
        else (),
        "tried": experiments.sentences(report),
        "leaks": known.sentences(report.known_leaks),
        "facts": report.facts,
        "unread": outline.unread(report),
        "cost": outline.cost_of(report.overhead) if report.overhead else "",
        "linked": linked,
        "chain": chain,
        "callers": callers,
        "found": found,
        "amount": amount,
        "share_of": share_of,
        "check_text": outline.check_text,
        "contents": sections,
        "anchors": {anchor for anchor, _ in sections},
        "winner": outline.winner_of(report),
        "evidence": _evidence(report.evidence),
        "no_picture": _no_picture(report, pictures),
    }
    return render_page("report.html.j2", context, data=data, scripts=("chart.js", "flame.js") if data else ())


def _contents(report: Report, pictures: Pictures) -> tuple[tuple[str, str], ...]:
    """(anchor, name) of the sections that there are."""
    winner = outline.winner_of(report)
    wanted = (
        ("answer", "Answer", True),
        ("memory", "Memory over time", True),
        ("layers", "Layers and rates", bool(rows_of(report))),
        ("why", "For and against", winner is not None and bool(winner.because or winner.against)),
        ("next", "What to do", bool(report.next_steps or report.proof or report.advice or (winner and winner.remedy))),
        ("holders", "Who holds it", bool(report.attribution or report.source or report.known_leaks or report.sampling)),
        ("retention", "Who holds Go's heap", pictures.holders is not None and bool(pictures.holders.holdings)),
        ("stacks", "Flame graphs", any(one.key != "holders" for one in pictures.flames)),
        ("sizes", "Block sizes", pictures.sizes is not None),
        ("inside", "Looked inside", report.inspection is not None),
        ("tried", "Experiments", bool(report.experiments)),
        ("causes", "Every cause", bool(report.findings)),
        ("guesses", "Common guesses", bool(report.suggestions)),
        ("evidence", "Evidence", True),
        ("environment", "Environment", bool(report.facts)),
    )
    return tuple((anchor, name) for anchor, name, is_there in wanted if is_there)


def _figures(report: Report, pictures: Pictures) -> tuple[tuple[str, str, str, bool], ...]:
    """(name, figure, what is said below it, whether it grows) of the few numbers that matter."""
    out: list[tuple[str, str, str, bool]] = []
    pace = pace_of(report)
    if report.total is not None:
        rate, interval = rate_of(report.total.course, unit_of(report.total.metric), pace)
        growing = _grows(report.total)
        out.append(
            (
                f"{report.total.label} now",
                amount(report.total.bytes, unit_of(report.total.metric), whole=False),
                "",
                False,
            )
        )
        if isinstance(report.total.course, Trend):
            word = "grows" if growing else outline.shape_of(report.total)
            out.append((f"its course, {pace.header}", rate, f"95 %: {interval}; {word}" if interval else word, growing))
    first = max(
        (row for row in report.layers if _grows(row) and row.share_of_growth is not None),
        key=lambda row: row.share_of_growth or 0.0,
        default=None,
    )
    if first is not None:
        out.append(("grows most", share_of(first.share_of_growth), f"of the growth: {first.label}", True))
    gap = _gap(pictures.timeline)
    if gap is not None:
        out.append(("outside Go, at least", human_bytes(gap), "RSS without what Go holds", False))
    return tuple(out)


def _gap(timeline: Timeline | None) -> int | None:
    """What Go knows nothing of, at the end, as the picture shows it."""
    for line in timeline.lines if timeline is not None else ():
        if timeline is not None and line.metric == svg.HELD and line.bytes[-1] is not None:
            return max(0, timeline.total[-1] - line.bytes[-1])
    return None


def _static(pictures: Pictures) -> tuple[Markup, ...]:
    """The picture without scripts, for a wide page and for a narrow one."""
    if pictures.sketch is None:
        return ()
    wide = svg.draw(pictures.sketch, width=960, height=420, key="wide")
    narrow = svg.draw(pictures.sketch, width=NARROW, height=360, font_px=12, key="narrow")
    return Markup(wide), Markup(narrow)


def _icicles(flame: FlameGraph | None) -> tuple[Markup, ...]:
    """A tree for a wide page and for a narrow one, without scripts."""
    return () if flame is None else (Markup(icicle.draw(flame, width=960)), Markup(icicle.draw(flame, width=NARROW)))


def _moments(sketch: Timeline | None) -> tuple[tuple[str, tuple[str, ...]], tuple[tuple[str, ...], ...]] | None:
    """(first head, other heads), rows: the chart as a table of a few moments."""
    if sketch is None:
        return None
    count = len(sketch.x_s)
    shown = sorted({round(i * (count - 1) / max(1, MOST_MOMENTS - 1)) for i in range(min(count, MOST_MOMENTS))})
    is_order = sketch.clock == "order"
    heads = (sketch.label, *(band.label for band in reversed(sketch.bands)), *(line.label for line in sketch.lines))
    rows = tuple(
        (
            f"{round(sketch.x_s[i]) + 1}" if is_order else time_text(sketch.x_s[i]),
            human_bytes(sketch.total[i]),
            *(human_bytes(band.bytes[i]) for band in reversed(sketch.bands)),
            *("–" if (value := line.bytes[i]) is None else human_bytes(value) for line in sketch.lines),
        )
        for i in shown
    )
    return ("reading" if is_order else "time", heads), rows


def _groups(report: Report, pictures: Pictures) -> tuple[Group, ...]:
    """The table of layers, then malloc's blocks, the runtime's own numbers, what is beside, the controls."""
    pace = pace_of(report)
    bands = pictures.timeline.bands if pictures.timeline is not None else ()
    tint = colours(bands) if len(bands) > 1 else {}
    most = most_rate(row.course for row in rows_of(report) if unit_of(row.metric) == "bytes")
    top = (() if report.total is None else (report.total,)) + report.layers
    lines = [_line(row, pace, tint, most, is_total=row is report.total) for row in top]
    if report.unaccounted_bytes is not None:
        lines.append(_remainder(report.unaccounted_bytes, tint))
    groups = [Group(heading="", lines=tuple(lines))] if lines else []
    for heading, members in outline.sections(report):
        if members:
            groups.append(Group(heading=heading, lines=tuple(_line(row, pace, {}, most) for row in members)))
    return tuple(groups)


def _line(row: Row, pace: Pace, tint: dict[str, str], most: float, *, is_total: bool = False) -> Line:
    rate, interval = rate_of(row.course, unit_of(row.metric), pace)
    growing = _grows(row)
    points = row.series.points if row.series is not None else ()
    comparable = unit_of(row.metric) == "bytes" and getattr(row.course, "per", None) == pace.per
    return Line(
        anchor=_anchor(row),
        metric=row.metric,
        label=row.label + (" (?)" if row.weak else ""),
        now=now_of(row, pace),
        rate=rate,
        interval=interval,
        share=share_of(row.share_of_growth) if growing else "",
        shape="grows" if growing else outline.shape_of(row),
        growing=growing,
        css=" ".join(name for name, is_so in (("total", is_total), ("grows", growing)) if is_so),
        source=row.source,
        spark=sketched(points),
        span=spanned(row.course, most) if comparable else Markup(""),
        colour=tint.get(row.metric, ""),
        said=""
        if len(points) < 2
        else f"from {amount(points[0][1], unit_of(row.metric))} to {amount(points[-1][1], unit_of(row.metric))}",
    )


def _remainder(unaccounted_bytes: int, tint: dict[str, str]) -> Line:
    return Line(
        anchor="row-unaccounted",
        metric=REMAINDER,
        label="unaccounted",
        now=amount(unaccounted_bytes, whole=False),
        rate="",
        interval="",
        share="",
        shape="",
        growing=False,
        css="",
        source="what the layers leave of the total",
        spark=Markup(""),
        span=Markup(""),
        colour=tint.get(REMAINDER, ""),
        said="",
    )


def _grows(row: Row) -> bool:
    return bool(getattr(row.course, "growing", False))


def _anchor(row: Row) -> str:
    """One for each row; controls have the total's metric, and their subject besides."""
    subject = row.series.subject if row.series is not None and row.series.subject not in ("", "target") else ""
    return "row-" + re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{row.metric}-{subject}" if subject else row.metric)


def _cause(finding: Finding, report: Report) -> Cause:
    words = {Verdict.SUPPORTED: "speaks for it", Verdict.REFUTED: "ruled out", Verdict.CANNOT_SAY: "cannot say"}
    return Cause(
        finding=finding,
        bar=meter(finding.probability),
        verdict=words[finding.verdict],
        is_winner=finding.cause == report.conclusion.cause,
        at_most="" if finding.bytes is None else amount(finding.bytes),
        first=next(iter((*finding.because, *finding.against)), ""),
    )


def _table(flame: FlameGraph) -> tuple[tuple[str, str, str, str, str], ...]:
    """(function, module, now, before, change) of the functions that stand for most, themselves alone."""
    unit = flame.unit
    return tuple(
        (
            node.name,
            node.module,
            amount(now, unit, whole=False),
            amount(before, unit, whole=False) if flame.before else "",
            f"{'+' if now > before else ''}{amount(now - before, unit, whole=False)}" if flame.before else "",
        )
        for node, now, before in heaviest(flame)
    )


def _filled(table: Table) -> Table:
    """Without the columns in which nothing stands."""
    wanted = [i for i, _ in enumerate(table.header, start=1) if any(row[i] for row in table.rows)]
    rows = tuple((row[0], *(row[i] for i in wanted)) for row in table.rows)
    return replace(table, header=tuple(table.header[i - 1] for i in wanted), rows=rows)


def _evidence(rows: Iterable[EvidenceRow]) -> tuple[EvidenceRow, ...]:
    """What was read first, most of it first; then what was not."""
    return tuple(sorted(rows, key=lambda row: (row.samples == 0, -row.samples)))


def _no_picture(report: Report, pictures: Pictures) -> str:
    """Why there is no chart; "" where there is one."""
    if pictures.timeline is not None:
        return ""
    if report.total is None:
        return "There is no picture: nothing in the evidence says how large the process is."
    return f"There is no picture: {report.total.label} was read once only, and a course takes two readings."


SUMS = {
    "derived.native_bytes": ("layer.native_heap_bytes", "layer.native_arenas_bytes"),
    "derived.go_resident_bytes": ("layer.go_heap_bytes", "layer.go_other_bytes"),
}
"""Sums that sentences speak of and that have no row: the larger part's stands for them."""


class _Links:
    """Turns the names of rows, where a sentence speaks of them, into links to their row with its course."""

    def __init__(self, report: Report) -> None:
        self._anchors: dict[str, str] = {}
        for row in (*rows_of(report), *report.malloc_rows):
            self._anchors.setdefault(clean(row.label), _anchor(row))
        for metric, parts in SUMS.items():
            shown = [row for row in report.layers if row.metric in parts]
            if shown:
                self._anchors.setdefault(label(metric), _anchor(max(shown, key=lambda row: row.bytes)))
        names = sorted(self._anchors, key=len, reverse=True)
        self._pattern = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, names)) + r")(?![\w-])") if names else None

    def __call__(self, text: str) -> Markup:
        text = clean(text, longest=20_000)
        if self._pattern is None:
            return escape(text)
        parts: list[Markup] = []
        end = 0
        for match in self._pattern.finditer(text):
            parts.append(escape(text[end : match.start()]))
            parts.append(Markup('<a class="ref" href="#{}">{}</a>').format(self._anchors[match[1]], match[1]))
            end = match.end()
        return Markup("").join((*parts, escape(text[end:])))


def callers(holder: Holder) -> tuple[str, ...]:
    """The stack below the name, short enough to be read."""
    return chain.shortened(holder.stack if holder.method == chain.SAMPLED else outline.callers(holder))
