"""The report as GitHub-flavoured Markdown, to paste into an issue: the answer in sight, the evidence folded.

What comes from outside is escaped so that it can form no table cell, tag, link, mention or reference of its own
(GitHub Flavored Markdown Spec, sections 2.4, 4.10, 6.9; GitHub links @names and #numbers after rendering, so an
entity does not stop it but a zero-width space does).
"""

import re
from collections.abc import Iterable, Sequence

from memwhy.model.linted import Found
from memwhy.model.report import Holder, Report, Row
from memwhy.render import chain, experiments, found, inside, known, outline
from memwhy.render.figures import NONE, Pace, amount, now_header, now_of, pace_of, rate_of, rows_of, share_of, unit_of
from memwhy.render.plain import clean, clean_row
from memwhy.render.table import Table

_BREAK = "&#8203;"
_SPECIAL = re.compile(r"[\\`*\[\]~|$<>&@#]|://|www\.|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", re.IGNORECASE)
_AS = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": f"@{_BREAK}", "#": f"#{_BREAK}", "://": f":{_BREAK}//"}
_TICKS = re.compile("`+")
_OPENING = re.compile(r"[-+](?=[- ]|$)|=|\d{1,9}[.)](?= |$)")
_ENTITIES = {char: f"&#{ord(char)};" for char in "&<>|`\\*_[]~$@#:!"}


def render(report: Report) -> str:
    """Same report in, same bytes out."""
    blocks = [
        f"### {escape(outline.headline_of(report))}",
        f"**{escape(outline.verdict_of(report))}** — {' · '.join(escape(part) for part in outline.target_of(report))}",
        _growth(report),
        _limit(report),
        _why(report),
        _holders(report),
        *_source(report),
        _bullets("Known leak", map(escape, known.sentences(report.known_leaks))),
        _bullets("Sampler", map(escape, report.sampling)),
        _bullets("Tried", map(escape, experiments.sentences(report))),
        *(_inside(table) for table in (inside.tables(report.inspection) if report.inspection else ())),
        _bullets("Careful", (escape(text) for text in outline.cares(report))),
        _steps(report),
        _fix(report),
        *_advice(report),
        _fold("Ruled out", _answers(outline.acquitted(report))),
        _fold("Cannot say", _answers(outline.unsaid(report)), _missing(report)),
        _fold("Evidence", *_evidence(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str) -> str:
    """Text of the outside as Markdown that shows exactly it, on one line."""
    text = _SPECIAL.sub(_as_markdown, clean(text))
    opening = _OPENING.match(text)
    if opening:  # else "- " or "1. " would open a list within the list
        at = opening.end() - 1
        text = f"{text[:at]}\\{text[at:]}"
    return text


def _as_markdown(match: re.Match[str]) -> str:
    found = match[0]
    if found.lower() == "www.":
        return f"{found[:3]}{_BREAK}."
    return _AS.get(found, f"\\{found}")


def _code(text: str) -> str:
    """A code span; an HTML one where a pipe or a backtick would end the cell or the span."""
    text = clean(text)
    if not text:
        return ""
    if any(char in text for char in "|`\\"):
        return "<code>" + "".join(_ENTITIES.get(char, char) for char in text) + "</code>"
    return f"`{text}`"


def grid(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A table without its empty columns; the first `left` columns stand left, the others right. Cells are Markdown."""
    rows = list(rows)
    wanted = [index for index in range(len(header)) if index == 0 or any(row[index] for row in rows)]
    rule = ["---" if index < left else "---:" for index in wanted]
    lines = [[header[index] for index in wanted], rule, *([row[index] for index in wanted] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _source(report: Report) -> list[str]:
    """The program's own lines, a paragraph each."""
    parts = [suspect_of(one) for one in report.source]
    return [*(["**In the source**"] if parts else []), *parts, _bullets("Source", map(escape, report.source_notes))]


def suspect_of(one: Found) -> str:
    """One suspect as a paragraph, its lines and its suggestion as blocks."""
    suspect = one.suspect
    parts = [
        f"**{escape(f'{suspect.file}:{suspect.line}')}** {escape(suspect.function)} — {suspect.cause}, {suspect.rule}"
    ]
    texts = [
        f"measured: {found.measured(one)}" if one.blame is not None else "",
        f"{found.word(one)}: {suspect.message}",
        *found.also(one),
        f"missing: {suspect.missing}" if suspect.missing else "",
        f"costs: {suspect.costs}" if suspect.costs else "",
        f"write: {suspect.remedy}" if suspect.remedy else "",
    ]
    parts.append("\n".join(f"- {escape(text)}" for text in texts if text))
    places = [place for place in (suspect.acquired, *suspect.path) if place.text]
    parts.append(_block(f"{place.line:>6}  {clean(place.text)}" for place in places))
    parts.append(_block(map(found.diff_row, suspect.fix.splitlines()), "diff"))
    return "\n\n".join(part for part in parts if part)


def _block(rows: Iterable[str], language: str = "") -> str:
    """A fenced block, its fence longer than any run of backticks in it (GitHub Flavored Markdown Spec, 4.5)."""
    text = "\n".join(rows)
    fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}" if text else ""


def _bullets(title: str, texts: Iterable[str]) -> str:
    lines = [f"- {text}" for text in texts if text]
    return "\n".join([f"**{title}**", "", *lines]) if lines else ""


def _fold(title: str, *blocks: str) -> str:
    body = "\n\n".join(block for block in blocks if block)
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if body else ""


def _growth(report: Report) -> str:
    pace = pace_of(report)
    rows = [_row(report.total, pace, bold=True)] if report.total is not None else []
    rows += [_row(row, pace) for row in report.layers]
    if report.unaccounted_bytes is not None:
        rows.append(("unaccounted", amount(report.unaccounted_bytes, whole=False), "", "", "", ""))
    for heading, members in outline.sections(report):
        if members:
            rows += [(f"_{heading}_", "", "", "", "", ""), *(_row(row, pace) for row in members)]
    if not rows:
        return ""
    shown = rows_of(report)
    table = grid(("", now_header(shown, pace), pace.header, "95 % interval", "share of growth", ""), rows)
    notes = [f"No rate: {escape(reason)}." for reason in outline.reasons(shown)]
    if any(row.weak for row in shown):
        notes.append("(?) is claimed by its shape alone, which may deceive.")
    return "\n\n".join([table, *notes])


def _row(row: Row, pace: Pace, *, bold: bool = False) -> tuple[str, ...]:
    rate, interval = rate_of(row.course, unit_of(row.metric), pace)
    label = escape(row.label) + (" (?)" if row.weak else "")
    growing = bool(getattr(row.course, "growing", False))
    if growing:
        rate = f"**{rate}**"
    share = share_of(row.share_of_growth).replace("<", "&lt;") if growing else outline.shape_of(row)
    readings = f"×{row.course.n}" if pace.per == "sample" else ""
    return (f"**{label}**" if bold else label, now_of(row, pace), rate, interval, share, readings)


def _limit(report: Report) -> str:
    return escape(report.limit) if report.limit else ""


def _why(report: Report) -> str:
    winner = outline.winner_of(report)
    parts = [
        _bullets("Why", map(escape, winner.because)) if winner else "",
        _bullets("Against", map(escape, winner.against)) if winner else "",
        _bullets(
            "Also possible",
            (
                f"{escape(found.cause)} ({found.probability:.2f}): {escape('; '.join(found.because))}"
                for found in outline.rivals_of(report)
            ),
        ),
    ]
    return "\n\n".join(part for part in parts if part)


def _holders(report: Report) -> str:
    parts = []
    for layer, method, holders in outline.held(report):
        rows = [
            (
                _code(holder.function),
                _code(holder.module or ""),
                " ← ".join(_code(frame) for frame in _chain(holder))
                + (f"; {escape(holder.note)}" if holder.note else ""),
                escape(chain.figures(holder)) if chain.measured(holder) else amount(holder.bytes),
                share_of(holder.share).replace("<", "&lt;"),
            )
            for holder in holders
        ]
        table = grid(("function", "module", "called by", "bytes", "share"), rows, left=3)
        parts.append(f"**Who holds it** ({escape(layer)}, by {method})\n\n{table}")
    return "\n\n".join(parts)


def _chain(holder: Holder) -> tuple[str, ...]:
    if holder.method == chain.SAMPLED:
        return chain.shortened(holder.stack)
    return chain.shortened(outline.callers(holder)) if chain.measured(holder) else outline.callers(holder)


def _inside(table: Table) -> str:
    """One table of the look from outside."""
    rows = _tree(table) if table.depths else [(escape(row[0].strip()), *row[1:]) for row in table.rows]
    listed = grid(("", *table.header), rows) if rows else ""
    notes = "\n".join(f"- {escape(text)}" for text in table.notes)
    return "\n\n".join(part for part in (f"**{escape(table.title)}**", listed, notes) if part)


def _tree(table: Table) -> list[tuple[str, ...]]:
    """Names as code, whole, indented by their depth; what is said of a row behind its name."""
    remarks = table.remarks or ("",) * len(table.rows)
    return [
        ("&emsp;" * depth + _code(row[0]) + (f" {escape(remark)}" if remark else ""), *row[1:])
        for row, depth, remark in zip(table.rows, table.depths, remarks, strict=True)
    ]


def _steps(report: Report) -> str:
    lines = (f"{_code(step.do)}" + (f" — {escape(step.decides)}" if step.decides else "") for step in report.next_steps)
    return _bullets("To decide", lines)


def _fix(report: Report) -> str:
    winner = outline.winner_of(report)
    if winner is None:
        return ""
    proof = [escape(report.proof)] if report.proof else []
    parts = (_bullets("Fix", map(escape, winner.remedy)), _bullets("Prove", proof))
    return "\n\n".join(part for part in parts if part)


def _advice(report: Report) -> list[str]:
    """What was computed: sentences, and sums and rules as blocks to be copied."""
    blocks = []
    for one in outline.advice(report):
        text = f"**Advice**: {escape(one.text)}"
        if one.arithmetic:
            text += "\n\n" + "\n".join(f"    {clean_row(row)}" for row in one.arithmetic)
        rules = "\n".join(f"    {clean_row(row)}" for row in one.rules.splitlines())
        blocks += [text, _fold("Rules", rules)]
    return blocks


def _answers(answers: tuple[outline.Answer, ...]) -> str:
    rows = [(escape(one.name), escape(one.because), one.at_most) for one in answers]
    return grid(("", "because", "could explain at most"), rows, left=2) if rows else ""


def _missing(report: Report) -> str:
    return _bullets("Missing", map(escape, report.missing))


def _evidence(report: Report) -> list[str]:
    parts = []
    if report.evidence:
        rows = [
            (_code(row.where), escape(row.format or row.source), str(row.samples), escape(row.problem or ""))
            for row in report.evidence
        ]
        parts.append(grid(("where", "format", "read", "problem"), rows, left=4))
    if report.checks:
        answers = {True: "agree", False: "**disagree**", None: NONE}
        checks = [
            (escape(check.name), answers[check.agree], escape(outline.check_text(check))) for check in report.checks
        ]
        parts.append(grid(("check", "witnesses", ""), checks, left=3))
    if report.facts:
        parts.append(grid(("fact", ""), [(escape(name), escape(value)) for name, value in report.facts], left=2))
    if report.overhead is not None:
        parts.append(f"Cost: {outline.cost_of(report.overhead)}.")
    return parts
