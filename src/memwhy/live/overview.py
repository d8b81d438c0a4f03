"""The first page: the verdict, the layers over time, their figures, who holds them. Fitted to the terminal, never scrolled."""

from memwhy.live.chart import REST, Paint, draw, paints
from memwhy.live.lines import EMPTY, Line, Span, apart, beside, columns_of, fitted, line, table, titled, wrapped
from memwhy.live.sight import Sight
from memwhy.model.report import Holder, Report, Row
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration
from memwhy.render import chain, outline
from memwhy.render.figures import Pace, amount, now_of, pace_of, rate_of, share_of, unit_of
from memwhy.render.plain import clean, width

CONFIDENCE = {"high": "bold green", "medium": "bold yellow", "low": "bold red"}
WIDE = 140
"""From so many columns on, words stand beside the picture."""
LEAST_CHART = 5
MOST_TEXT = 88
"""Columns of running text: longer lines are hard to read."""
STEADY = ("steady", "undetermined")


def title(sight: Sight, columns: int, *, paused: bool = False) -> Line:
    """Whom it is about, since when, how large it is, and where the recording goes."""
    report = sight.report
    name = clean(report.target.command or "") if report is not None else ""
    whom = f"{name} · pid {sight.pid}" if name else f"pid {sight.pid}"
    size = "" if sight.total_bytes is None else f" · {human_bytes(sight.total_bytes)}"
    of = f" of {human_duration(sight.for_s)}" if sight.for_s else ""
    time = f"{human_duration(sight.elapsed_s)}{of}"
    right: Line = (Span(f"{time}{_kept(sight)}", "dim"),)
    left: Line = (Span(whom, "bold"), Span(size, "bold"), Span("  paused" if paused else "", "reverse"))
    whole = apart(left, right, columns)
    return whole if len(whole) > len(left) else apart(left, (Span(time, "dim"),), columns)


def _kept(sight: Sight) -> str:
    if sight.file is None:
        return ""
    size = "" if sight.file_bytes is None else f" {human_bytes(sight.file_bytes)}"
    return f" · {clean(sight.file)}{size}"


def overview(sight: Sight, columns: int, rows: int, *, gain: bool | None = None) -> list[Line]:
    """At most so many rows of at most so many columns."""
    if rows < 1 or columns < 1:
        return []
    if sight.report is None:
        return [fitted(one, columns) for one in _waiting(sight, columns)][:rows]
    if columns < WIDE:
        found = _narrow(sight, sight.report, columns, rows, gain)
    else:
        left = min(columns - 60, columns * 2 // 3)
        words = _words(sight, sight.report, min(MOST_TEXT, columns - left - 3), rows)
        found = beside(_pictures(sight, sight.report, left, rows, gain), words, left + 3)
    return [fitted(one, columns) for one in found[:rows]]


def _waiting(sight: Sight, columns: int) -> list[Line]:
    said = wrapped("Looking. The first verdict comes after a few readings.", columns, style="bold")
    return [*said, EMPTY, *(row for note in sight.notes for row in wrapped(note, columns, style="yellow"))]


def verdict(sight: Sight, report: Report, columns: int, most: int = 3) -> list[Line]:
    """The answer as it stands, and how sure it is."""
    found = outline.verdict_of(report)
    since = f"as of {human_duration(sight.judged_s)}" + (" · sure" if sight.sure else "")
    head = apart((Span(found, CONFIDENCE[report.conclusion.confidence]),), (Span(since, "dim"),), columns)
    said = wrapped(outline.headline_of(report), columns, style="bold")
    if len(said) > most:
        said = [*said[: most - 1], (Span(_more_follows(said[most - 1], columns), "bold"),)]
    return [head, *said]


def _more_follows(row: Line, columns: int) -> str:
    """A row with a sign that more would follow."""
    text = "".join(span.text for span in row)
    return f"{text[: max(0, columns - 2)]} …" if columns > 2 else text


def _narrow(sight: Sight, report: Report, columns: int, rows: int, gain: bool | None) -> list[Line]:
    """All below each other; the picture takes what is left."""
    words = verdict(sight, report, columns, 3 if rows >= 20 else 2 if rows >= 16 else 1)
    if rows >= 16:
        words += _brief(report, columns)
    words += [row for note in sight.notes[-1:] for row in wrapped(note, columns, style="yellow")[:2]]
    left = rows - len(words)
    held = holders(report, columns, 3) if left >= LEAST_CHART + 9 else []
    figures = layers(sight, report, columns, max(2, min(left // 3, left - len(held) - LEAST_CHART - 1)))
    room = left - len(held) - len(figures)
    picture = _chart(sight, columns, room, gain) if room >= LEAST_CHART else []
    return [*words, *picture, *figures, *held]


def _brief(report: Report, columns: int) -> list[Line]:
    """One line each: when the limit is met, and what would decide."""
    out = [line(_in_short(clean(report.limit), columns), columns, "yellow")] if report.limit else []
    if report.conclusion.confidence != "high" and report.next_steps:
        out.append(line(f"to decide: {clean(report.next_steps[0].do)}", columns, "dim"))
    return out


def _in_short(limit: str, columns: int) -> str:
    """The sentence about the limit without its interval, where it would not fit on a line."""
    whole = limit.removeprefix("At this rate ")
    return whole if width(whole) <= columns else whole.partition(" (")[0]


def _pictures(sight: Sight, report: Report, columns: int, rows: int, gain: bool | None) -> list[Line]:
    head = verdict(sight, report, columns)
    figures = layers(sight, report, columns, min(16, max(4, rows // 3)))
    room = rows - len(head) - len(figures) - 2
    return [*head, EMPTY, *_chart(sight, columns, room, gain), EMPTY, *figures]


def _chart(sight: Sight, columns: int, rows: int, gain: bool | None) -> list[Line]:
    if sight.timeline is None:
        return [EMPTY, line("The picture begins with the second look at the layers.", columns, "dim")]
    return draw(sight.timeline, columns, rows, for_s=sight.for_s, gain=gain)


def _words(sight: Sight, report: Report, columns: int, rows: int) -> list[Line]:
    """What stands beside the picture: notes, the limit, who holds it, why, what would decide."""
    winner = outline.winner_of(report)
    steps = [f"{step.do} – {step.decides}" if step.decides else step.do for step in report.next_steps[:2]]
    blocks = [
        titled("Careful", (*sight.notes, *sight.events), columns, style="bold yellow"),
        titled("Limit", [report.limit or ""], columns, style="bold yellow"),
        _and_space(holders(report, columns, max(4, rows // 3))),
        titled("Why", winner.because[:4] if winner else (), columns),
        titled("Against", winner.against[:3] if winner else (), columns),
        titled("To decide", steps if report.conclusion.confidence != "high" else (), columns),
        titled("Fix", winner.remedy[:2] if winner and report.conclusion.cause not in STEADY else (), columns),
    ]
    out: list[Line] = []
    for block in blocks:
        if len(out) + len(block) <= rows + 1:
            out += block
    return out


def _and_space(block: list[Line]) -> list[Line]:
    return [*block, EMPTY] if block else []


def layers(sight: Sight, report: Report, columns: int, most: int) -> list[Line]:
    """The table of the layers: the total, what grows, then the largest; at most so many rows."""
    if report.total is None:
        return [line("No resident total could be read.", columns, "dim")]
    pace = pace_of(report)
    paint = paints(sight.timeline) if sight.timeline is not None else {}
    ordered = sorted(report.layers, key=lambda row: (-_pace_of(row), -row.bytes))
    shown = [row for row in ordered if row.bytes or _grows(row)]
    rows = [header(pace), tuple((text, "bold") for text, _ in cells(report.total, pace))]
    kept = shown if len(shown) <= most - 2 else shown[: max(0, most - 3)]
    rows += [cells(row, pace) for row in kept]
    out = [_swatched(one, row, paint) for one, row in zip(table(rows, columns - 2), [None, None, *kept], strict=True)]
    if len(kept) < len(shown):
        rest = sum(row.bytes for row in shown[len(kept) :])
        out.append(line(f"  {len(shown) - len(kept)} smaller: {human_bytes(rest)} (l: all)", columns, "dim"))
    return out


def _swatched(cells: Line, row: Row | None, paint: dict[str, Paint]) -> Line:
    """A row behind the glyph that it has in the picture."""
    found = None if row is None else paint.get(row.metric, Paint(*REST))
    return (Span("  ") if found is None else found.span, *((Span(" "),) if found is not None else ()), *cells)


def _grows(row: Row) -> bool:
    return bool(getattr(row.course, "growing", False))


def _pace_of(row: Row) -> float:
    return row.course.slope if isinstance(row.course, Trend) and row.course.growing else 0.0


Cells = tuple[tuple[str, str], ...]
"""A row of a table: text and style of each cell."""


def header(pace: Pace) -> Cells:
    """Heads the columns of cells()."""
    return tuple((text, "dim") for text in ("", "now", pace.header, "95 %", "share"))


def cells(row: Row, pace: Pace) -> Cells:
    """A row of the report; what grows is red."""
    rate, interval = rate_of(row.course, unit_of(row.metric), pace)
    share = share_of(row.share_of_growth) if _grows(row) else outline.shape_of(row)
    texts = (clean(row.label), now_of(row, pace), rate, interval, share)
    return tuple((text, "bold red" if _grows(row) else "") for text in texts)


def holders(report: Report, columns: int, most: int) -> list[Line]:
    """Whom the growth is put down to, the largest first, at most so many."""
    found = [(layer, method, holder) for layer, method, some in outline.held(report) for holder in some]
    if not found:
        return []
    layer, method, _ = found[0]
    out: list[Line] = [(Span("Who holds it", "bold"), *line(f"  {clean(layer)}, by {method}", columns - 12, "dim"))]
    shown = found[: most - 1] if most > 1 else found[:1]
    for _, _, holder in shown:
        out += _holder(holder, columns)
    if len(found) > len(shown):
        out[0] = apart(out[0], (Span(f"h: {len(found)} in all", "dim"),), columns)
    return out


def _holder(holder: Holder, columns: int) -> list[Line]:
    """One line; two where the function's name would suffer."""
    figures = chain.figures(holder) if chain.measured(holder) else amount(holder.bytes, whole=False)
    right: Line = (Span(f"{figures}  {share_of(holder.share):>5}".rstrip()),)
    name = f"  {clean(holder.function)}"
    if width(name) + columns_of(right) + 2 <= columns:
        return [apart((Span(name),), right, columns)]
    return [line(name, columns), apart((Span("   "),), right, columns)]
