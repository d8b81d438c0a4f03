"""The report as text of 80 columns: the answer first, the next step last. Formats what the report says."""

import re
from collections.abc import Iterable

from memwhy.model.report import Holder, NextStep, Report, Row
from memwhy.render import chain, experiments, found, inside, known, outline
from memwhy.render.figures import Pace, amount, now_header, now_of, pace_of, rate_of, rows_of, share_of, unit_of
from memwhy.render.page import MARGIN, WIDTH, Cells, Line, Span, Style, columns, hang, ledger, line, note, paint
from memwhy.render.plain import clean, clean_row, elide, pad, width, wrap
from memwhy.render.table import Table

_CONFIDENCE: dict[str, Style] = {"high": "green", "medium": "yellow", "low": "red"}
_MOST_FRAMES = 12
_DEEPEST = 8
"""Of a tree's lines; what lies deeper stands no further to the right."""
_PATHS = re.compile(r"(?:[^][\s(){}*,;<>/]+/)+")
_MOST_READ = 12
_MOST_FILES = 20


def render(report: Report, *, colour: bool = False, verbose: bool = False) -> str:
    """Same report in, same bytes out: no clock, no terminal size, no locale.

    colour adds ANSI codes and no text; verbose every finding with all it says, the checks and the facts.
    """
    blocks = [
        _top(report),
        _table(report),
        hang(report.limit, indent=0, hanging=2, style="bold") if report.limit else [],
        note("Why", _why(report)) + note("Against", _against(report)),
        *(_holders(*group) for group in outline.held(report)),
        *_source(report),
        note("Known leak", known.sentences(report.known_leaks), style="red"),
        note("Sampler", report.sampling),
        note("Tried", experiments.sentences(report)),
        _rivals(report),
        *(_inside(table) for table in (inside.tables(report.inspection) if report.inspection else ())),
        _ruled_out(report),
        _cannot_say(report),
        note("Careful", outline.cares(report), style="yellow"),
        *(_everything(report) if verbose else ()),
        _to_do(report),
        *_advice(report),
        _read(report),
    ]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [line(""), *block] if lines else block
    return paint(lines, colour=colour)


def _top(report: Report) -> list[Line]:
    """The three lines for a tired engineer: what it is, how sure, about whom."""
    verdict = outline.verdict_of(report)
    style = _CONFIDENCE.get(report.conclusion.confidence, "")
    lines: list[Line] = [(Span(part, "bold"),) for part in wrap(clean(outline.headline_of(report), longest=240), WIDTH)]
    last = lines[-1][0].text
    gap = WIDTH - width(last) - width(verdict)
    if len(lines) == 1 and gap >= 3:
        lines[-1] = (Span(last, "bold"), Span(" " * gap), Span(verdict, style))
    else:
        lines.append((Span(elide(clean(verdict), WIDTH), style),))
    about = " · ".join(elide(clean(part), 60) for part in outline.target_of(report))
    return lines + [line(part, "dim") for part in wrap(about, WIDTH)]


def _table(report: Report) -> list[Line]:
    """Total, layers, the remainder; then the runtime's own numbers and the controls, each set apart."""
    pace = pace_of(report)
    items: list[Cells | Line] = []
    if report.total is not None:
        items.append(_cells(report.total, pace, indent=0))
    items += [_cells(row, pace) for row in report.layers if not outline.quiet(row, report)]
    items += _flat(row for row in report.layers if outline.quiet(row, report))
    if report.unaccounted_bytes is not None:
        items.append(Cells("unaccounted", (amount(report.unaccounted_bytes, whole=False), "", "", "", "")))
    for heading, members in outline.sections(report):
        if members:
            items += [line(""), line(heading, "dim")] if items else [line(heading, "dim")]
            items += [_cells(row, pace) for row in members]
    if not items:
        return []
    shown = rows_of(report)
    lines = columns(Cells("", (now_header(shown, pace), pace.header, "95 %", "share", ""), style="dim"), items)
    for reason in outline.reasons(shown):
        lines += hang(f"no rate: {reason}", indent=0, hanging=2, style="dim")
    if any(row.weak for row in shown):
        lines.append(line("(?) is claimed by its shape alone, which may deceive", "dim"))
    return lines


def _cells(row: Row, pace: Pace, *, indent: int = 2) -> Cells:
    rate, interval = rate_of(row.course, unit_of(row.metric), pace)
    growing = bool(getattr(row.course, "growing", False))
    label = elide(clean(row.label), 60) + (" (?)" if row.weak else "")
    share = share_of(row.share_of_growth) if growing else outline.shape_of(row)
    readings = f"×{row.course.n}" if pace.per == "sample" else ""
    return Cells(
        label, (now_of(row, pace), rate, interval, share, readings), indent=indent, style="red" if growing else ""
    )


def _flat(rows: Iterable[Row]) -> list[Line]:
    names = [f"{elide(clean(row.label), 60)} {amount(row.bytes, unit_of(row.metric))}" for row in rows]
    return hang("flat: " + ", ".join(names), indent=2, hanging=4) if names else []


def _why(report: Report) -> tuple[str, ...]:
    winner = outline.winner_of(report)
    return winner.because if winner else ()


def _against(report: Report) -> tuple[str, ...]:
    winner = outline.winner_of(report)
    return winner.against if winner else ()


def _rivals(report: Report) -> list[Line]:
    rivals = outline.rivals_of(report)
    if not rivals:
        return []
    rows = [(clean(found.cause), clean("; ".join(found.because)), f"{found.probability:.2f}") for found in rivals]
    decided = outline.winner_of(report) is not None
    return ledger("Also possible" if decided else "Possible", "probability", rows)


def _holders(layer: str, method: str, holders: tuple[Holder, ...]) -> list[Line]:
    lines: list[Line] = [
        (Span("Who holds it", "bold"), Span(elide(f"  {clean(layer)}, by {method}", WIDTH - 12), "dim"))
    ]
    for holder in holders:
        if chain.measured(holder):
            lines += _measured(holder)
            continue
        figures = (
            f"  {pad(amount(holder.bytes, whole=False), 10, right=True)} {pad(share_of(holder.share), 6, right=True)}  "
        )
        room = WIDTH - width(figures)
        where = f"  {clean(holder.module)}" if holder.module else ""
        name = elide(clean(holder.function), room)
        if width(name) + width(where) <= room:
            lines.append((Span(figures), Span(name), Span(where, "dim")))
        else:
            lines.append((Span(figures), Span(name)))
            lines += [(Span(" " * width(figures)), Span(elide(where.strip(), room), "dim"))]
        lines += _stack(outline.callers(holder), indent=width(figures))
    return lines


def _source(report: Report) -> list[list[Line]]:
    """The program's own lines, one block each."""
    blocks = [found.lines_of(one) for one in report.source]
    if blocks:
        blocks[0] = [(Span("In the source", "bold"),), *blocks[0]]
    return [*blocks, note("Source", report.source_notes)]


def _measured(holder: Holder) -> list[Line]:
    """A site with its interval and its pace, and its stack; of native memory the whole stack below it."""
    sampled = holder.method == chain.SAMPLED
    named: list[Line] = [(Span(f"  {elide(clean(holder.function), WIDTH - 2)}", "bold"),)]
    where = clean(holder.module) if holder.module and not sampled else ""
    if where and width(clean(holder.function)) + width(where) <= WIDTH - 4:
        named = [(*named[0], Span(f"  {where}", "dim"))]
    elif where:
        named.append((Span(f"    {elide(where, WIDTH - 4)}", "dim"),))
    stack = _stack(chain.shortened(holder.stack), indent=4, first="", most=chain.MOST_FRAMES)
    lines: list[Line] = [
        *named,
        line(f"    {chain.figures(holder)}  {share_of(holder.share)}"),
        *(stack if sampled else _stack(chain.shortened(outline.callers(holder)), indent=4)),
    ]
    for text in (holder.note, chain.libraries(holder)):
        lines += hang(text, indent=4, hanging=6, style="dim") if text else []
    return lines


def _stack(frames: tuple[str, ...], *, indent: int, first: str = "← ", most: int = _MOST_FRAMES) -> list[Line]:
    """Callers, leaf first, a frame never broken in two."""
    room = WIDTH - indent
    names = [(first if not i else "← ") + elide(clean(frame), room - 2) for i, frame in enumerate(frames[:most])]
    if len(frames) > most:
        names.append(f"← … {len(frames) - most} more")
    rows: list[str] = []
    for name in names:
        if rows and width(rows[-1]) + 1 + width(name) <= room:
            rows[-1] += " " + name
        else:
            rows.append(name)
    return [(Span(" " * indent), Span(row, "dim")) for row in rows]


def _inside(table: Table) -> list[Line]:
    """One table of the look from outside: its title, the rows, and sentences below."""
    rows: list[Cells | Line] = (
        _tree(table) if table.depths else [Cells(elide(clean(row[0]), 400), row[1:]) for row in table.rows]
    )
    lines = hang(table.title, indent=0, hanging=2, style="bold")
    lines += columns(Cells("", table.header, style="dim"), rows) if rows else []
    for text in table.notes:
        lines += hang(text, indent=2, hanging=4, style="dim")
    return lines


def _tree(table: Table) -> list[Cells | Line]:
    """A line a row, names shortened until they fit; what is said of a row stands below it."""
    widths = [
        max(width(row[i]) for row in ((("", *table.header)), *table.rows)) for i in range(1, len(table.header) + 1)
    ]
    wanted = [size for i, size in enumerate(widths, start=1) if any(row[i] for row in table.rows)]
    room = WIDTH - sum(wanted) - 2 * len(wanted) - 2
    rows: list[Cells | Line] = []
    for row, depth, remark in zip(table.rows, table.depths, table.remarks or ("",) * len(table.rows), strict=True):
        before = "> " * min(depth, _DEEPEST)
        rows.append(Cells(before + short_name(row[0], room - width(before)), row[1:]))
        indent = 4 + 2 * min(depth, _DEEPEST)
        rows += [line(" " * indent + part, "dim") for part in wrap(clean(remark), WIDTH - indent)] if remark else []
    return rows


def short_name(name: str, columns: int) -> str:
    """A name in so many columns: packages without their paths, then without the middle of what stands behind its first word."""
    name = clean(name)
    if width(name) <= columns:
        return name
    first, _, more = _PATHS.sub("", name).partition(" ")
    if more and width(first) <= columns // 2:
        return f"{first} {elide(more, columns - width(first) - 1)}"
    return elide(f"{first} {more}".strip(), columns)


def _ruled_out(report: Report) -> list[Line]:
    return _answers("Ruled out", outline.acquitted(report))


def _cannot_say(report: Report) -> list[Line]:
    return _answers("Cannot say", outline.unsaid(report)) + note("Missing", report.missing)


def _answers(title: str, answers: tuple[outline.Answer, ...]) -> list[Line]:
    rows = [(clean(one.name), clean(one.because), one.at_most) for one in answers]
    return ledger(title, "could explain at most", rows) if rows else []


def _to_do(report: Report) -> list[Line]:
    winner = outline.winner_of(report)
    lines = _steps(report.next_steps)
    if winner is not None:
        lines += note("Fix", winner.remedy, style="bold")
    lines += note("Prove", [report.proof or ""], style="bold")
    return lines


def _advice(report: Report) -> list[list[Line]]:
    """What was computed: sentences with their sums, then rules to be copied, never broken. One that the page says already is left out."""
    blocks: list[list[Line]] = []
    for one in outline.advice(report):
        label = "Advice" if not blocks else ""
        lines = hang(one.text, indent=MARGIN, hanging=MARGIN)
        lines[0] = (Span(pad(label, MARGIN), "bold"), *lines[0][1:])
        lines += [(Span(" " * MARGIN + clean_row(row)),) for row in one.arithmetic]
        lines += [(Span("  " + clean_row(row), "dim"),) for row in one.rules.splitlines()]
        blocks.append(lines)
    return blocks


def _steps(steps: tuple[NextStep, ...]) -> list[Line]:
    """What to run, unbroken where it fits, and below it what it decides."""
    lines: list[Line] = []
    for step in steps:
        body = hang(step.do, indent=MARGIN, hanging=MARGIN + 4)
        if not lines:
            body[0] = (Span(pad("To decide", MARGIN), "bold"), *body[0][1:])
        lines += body + (hang(step.decides, indent=MARGIN + 2, hanging=MARGIN + 2, style="dim") if step.decides else [])
    return lines


def _read(report: Report) -> list[Line]:
    texts: list[str] = []
    for file, pieces in outline.places(report):
        more = f" · {len(pieces) - _MOST_READ} more" if len(pieces) > _MOST_READ else ""
        texts.append(f"{elide(clean(file), 60)}: {' · '.join(pieces[:_MOST_READ])}{more}")
    if len(texts) > _MOST_FILES:
        texts[_MOST_FILES:] = [f"and {len(texts) - _MOST_FILES} more files (--format json names them)"]
    unread = [f"{elide(clean(row.where), 60)} {row.format}: {problem}" for row, problem in outline.unread(report)]
    lines = note("Read", texts) + note("Not read", unread, style="yellow")
    return lines + (note("Cost", [outline.cost_of(report.overhead)]) if report.overhead else [])


def _everything(report: Report) -> tuple[list[Line], ...]:
    """What the short page leaves out."""
    findings = [
        (
            f"{clean(found.cause)} {found.probability:.3f}",
            clean("; ".join((found.verdict.value, *found.because, *(f"but {text}" for text in found.against)))),
            "" if found.bytes is None else amount(found.bytes),
        )
        for found in report.findings
    ]
    agreed = {True: "agree", False: "disagree", None: "cannot be compared"}
    checks = [f"{agreed[check.agree]}: {outline.check_text(check)}" for check in report.checks]
    return (
        ledger("Every cause, with its probability", "could explain at most", findings) if findings else [],
        note("Checks", checks),
        note("Facts", [f"{name}: {value}" for name, value in report.facts]),
    )
