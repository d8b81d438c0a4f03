"""The pages behind the keys: layers, holders, causes, evidence, help. As long as they need to be; the screen scrolls them."""

from collections.abc import Callable

from memwhy.live.chart import GROWING, REST, SAID, paints
from memwhy.live.lines import EMPTY, Line, Span, apart, line, table, titled, wrapped
from memwhy.live.overview import MOST_TEXT, cells, header, verdict
from memwhy.live.sight import Sight
from memwhy.model.report import Finding, Report, Row, Verdict
from memwhy.render import chain, experiments, inside, known, outline
from memwhy.render.figures import pace_of, share_of
from memwhy.render.plain import clean

MARKS = {Verdict.SUPPORTED: ("●", "bold"), Verdict.REFUTED: ("✗", "dim"), Verdict.CANNOT_SAY: ("?", "")}
BARS = "▁▂▃▄▅▆▇█"
SPARK = 24
KEYS = (
    ("q", "end", "or Ctrl-C: end the watch; the diagnosis stays in the terminal"),
    ("?", "help", "this page"),
    ("l", "layers", "every layer with its rate and its 95 % interval, the runtime's own numbers"),
    ("h", "holders", "code, goroutines and block sizes behind the growth, with their stacks"),
    ("c", "causes", "all causes: what speaks for and against each"),
    ("e", "evidence", "what was read, how often, what could not be, and what contradicts"),
    ("p", "pause", "hold the screen still; the recording goes on"),
    ("s", "save", "the recording so far into a file of this directory; the watch goes on"),
    ("g", "gain", "the picture: what layers hold, or what they gained since the beginning"),
    ("o", "overview", "the verdict, the layers over time, who holds them"),
)


def layers(sight: Sight, report: Report, columns: int) -> list[Line]:
    """All rows of the table, each with its course."""
    pace = pace_of(report)
    paint = paints(sight.timeline) if sight.timeline is not None else {}
    groups = [("", ((report.total,) if report.total else ()) + report.layers), *outline.sections(report)]
    out: list[Line] = []
    for heading, members in groups:
        if not members:
            continue
        out += [line(clean(heading), columns, "bold")] if heading else []
        rows = [header(pace), *(cells(row, pace) for row in members)]
        lines = table(rows, columns - SPARK - 4 if columns >= 100 else columns - 2)
        for one, row in zip(lines, (None, *members), strict=True):
            glyph = paint[row.metric].span if row is not None and row.metric in paint else Span(" ")
            spark = Span("  " + _spark(row), "dim") if row is not None and columns >= 100 else Span("")
            out.append((glyph, Span(" "), *one, spark))
        out.append(EMPTY)
    if report.unaccounted_bytes is not None:
        out.append(
            line(f"  unaccounted: {report.unaccounted_bytes} B, so that all layers sum to the total", columns, "dim")
        )
    for reason in outline.reasons((*((report.total,) if report.total else ()), *report.layers)):
        out += wrapped(f"no rate: {reason}", columns, style="dim", indent=2, hanging=4)
    return out


def _spark(row: Row) -> str:
    """The course in so many cells, from its least to its most."""
    points = row.series.points if row.series is not None else ()
    if len(points) < 2:
        return ""
    values = [value for _, value in points]
    least, most = min(values), max(values)
    picked = [values[index * (len(values) - 1) // (SPARK - 1)] for index in range(SPARK)]
    return "".join(BARS[(value - least) * 7 // (most - least) if most > least else 0] for value in picked)


def holders(sight: Sight, report: Report, columns: int) -> list[Line]:
    """Every holder with its stack, then what the last look inside counted."""
    wide = min(columns, 120)
    out: list[Line] = []
    for layer, method, some in outline.held(report):
        out.append((Span("Who holds it", "bold"), Span(f"  {clean(layer)}, by {method}", "dim")))
        for holder in some:
            figures = chain.figures(holder)
            out.append(
                apart(
                    line(f"  {clean(holder.function)}", wide - 30, "bold"),
                    (Span(f"{figures}  {share_of(holder.share)}"),),
                    wide,
                )
            )
            stack = chain.shortened(outline.callers(holder))
            if stack:
                out += wrapped("← " + " ← ".join(stack), wide, style="dim", indent=4, hanging=6)
            out += [
                row
                for text in (holder.note, chain.libraries(holder))
                if text
                for row in wrapped(text, wide, style="dim", indent=4, hanging=6)
            ]
        out.append(EMPTY)
    out += titled("Sampler", report.sampling, wide)
    for found in inside.tables(report.inspection) if report.inspection is not None else ():
        rows = [((found.title, "bold"), *((text, "dim") for text in found.header))]
        rows += [tuple((clean(cell), "") for cell in row) for row in found.rows]
        most = max(len(row) for row in rows)
        out += table([(*row, *((("", ""),) * (most - len(row)))) for row in rows], wide)
        out += [row for text in found.notes for row in wrapped(text, wide, style="dim", indent=2, hanging=4)]
        out.append(EMPTY)
    return out or [line("Nothing can be put down to code yet.", columns, "dim")]


def causes(sight: Sight, report: Report, columns: int) -> list[Line]:
    """Every cause, the likeliest first, with what speaks for it and against it."""
    wide = min(columns, MOST_TEXT + 12)
    out = [*verdict(sight, report, wide), EMPTY]
    for found in report.findings:
        out += _finding(found, found.cause == report.conclusion.cause, wide)
    out += [EMPTY, (Span("Common guesses", "bold"),)]
    for answers, mark in ((outline.acquitted(report), "✗"), (outline.unsaid(report), "?")):
        for one in answers:
            if one.name in {found.cause for found in report.findings}:
                continue
            most = f" (at most {one.at_most})" if one.at_most else ""
            out += wrapped(f"{mark} {one.name}: {one.because}{most}", wide, indent=0, hanging=4)
    return [
        *out,
        EMPTY,
        *titled("Tried", experiments.sentences(report), wide),
        *titled("Known leak", known.sentences(report.known_leaks), wide),
    ]


def _finding(found: Finding, wins: bool, columns: int) -> list[Line]:
    mark, style = MARKS[found.verdict]
    head: Line = (Span(f"{mark} {found.cause}", "bold red" if wins and found.cause != "steady" else style),)
    out = [apart(head, (Span(f"{found.verdict.value}  {found.probability:.2f}", "dim"),), columns)]
    for text in found.because:
        out += wrapped(text, columns, indent=4, hanging=6, style="dim" if found.verdict is Verdict.REFUTED else "")
    for text in found.against:
        out += wrapped(f"but {text}", columns, indent=4, hanging=8, style="dim")
    return out


def evidence(sight: Sight, report: Report, columns: int) -> list[Line]:
    """What was read, what was not, what is missing, and where two witnesses contradict each other."""
    wide = min(columns, 120)
    rows = [tuple((text, "dim") for text in ("read", "times", "problem"))]
    rows += [
        ((clean(row.format), ""), (str(row.samples), ""), (clean(row.problem or ""), "yellow"))
        for row in report.evidence
    ]
    out = [*table(rows, wide), EMPTY]
    out += titled(
        "Not read", [f"{row.format}: {problem}" for row, problem in outline.unread(report)], wide, style="bold yellow"
    )
    out += titled("Careful", (*sight.notes, *sight.events, *outline.cares(report)), wide, style="bold yellow")
    out += titled("Missing", report.missing, wide)
    out += titled(
        "To decide", [f"{step.do} – {step.decides}" if step.decides else step.do for step in report.next_steps], wide
    )
    agreed = {True: "agree", False: "disagree", None: "cannot be compared"}
    out += titled("Checks", [f"{agreed[check.agree]}: {outline.check_text(check)}" for check in report.checks], wide)
    return out + titled("Facts", [f"{name}: {value}" for name, value in report.facts], wide)


def help_page(columns: int) -> list[Line]:
    """The keys, and what the signs mean."""
    out: list[Line] = [(Span("Keys", "bold"),)]
    for key, name, text in KEYS:
        body = wrapped(text, columns, indent=16)
        out.append((Span(f"  {key}  ", "bold"), Span(f"{name:<10}", ""), *body[0][1:]))
        out += body[1:]
    out += wrapped(
        "Arrows, Page Up, Page Down, Home and End scroll; Escape leads back to the overview.",
        columns,
        indent=2,
        style="dim",
    )
    out += [EMPTY, (Span("Picture", "bold"),)]
    for (glyph, style), text in (
        (GROWING[0], "a layer that grows: its interval excludes zero, and the growth goes on"),
        (("▒", "blue"), "a layer that does not, or not yet; the table below names them"),
        (REST, "layers too small for a colour of their own, and what no layer claims"),
        (SAID, "what the runtime says of itself, or a limit; above it is what it knows nothing of"),
    ):
        body = wrapped(text, columns, indent=6)
        out.append((Span("  "), Span(glyph * 2, style), Span("  "), *body[0][1:]))
        out += body[1:]
    out += [EMPTY, (Span("Verdict", "bold"),)]
    out += wrapped(
        "high from 0.9, medium from 0.6. It is judged again as the evidence grows, as often as costs little; what is printed at "
        "the end is judged once more, on everything.",
        columns,
        indent=2,
    )
    return out


PAGES: dict[str, Callable[[Sight, Report, int], list[Line]]] = {
    "layers": layers, "holders": holders, "causes": causes, "evidence": evidence,
}  # fmt: skip
