"""Proofs as text, Markdown and JSON: the answer first, then both paces, then what to do."""

import json
import math
from dataclasses import asdict
from typing import TypeGuard

from memwhy.model.metrics import label
from memwhy.model.proof import Gate, Left, Pace, Pair, Per, Verification, counted, rate_said, scale_of
from memwhy.model.units import human_change
from memwhy.render.markdown import escape, grid
from memwhy.render.page import Cells, Line, Span, Style, columns, hang, note, paint

VERIFICATION, CHECK = "memwhy/verification/1", "memwhy/check/1"
_STYLES: dict[str, Style] = {
    "proven": "green",
    "within": "green",
    "not-proven": "red",
    "exceeded": "red",
    "undecided": "yellow",
}
_WORDS = {"not-proven": "not proven"}
Answer = Verification | Gate


def render(answer: Answer, form: str, *, colour: bool = False) -> str:
    """In one of text, markdown, json. Same answer in, same bytes out."""
    if form == "json":
        return _json(answer)
    return _markdown(answer) if form == "markdown" else _text(answer, colour=colour)


def _text(answer: Answer, *, colour: bool) -> str:
    head = hang(answer.headline, indent=0, hanging=0, style="bold")
    outcome = _WORDS.get(answer.outcome, answer.outcome)
    blocks: list[list[Line]] = [
        [*head, (Span(outcome, _STYLES[answer.outcome]),)],
        _table(answer),
        *([note("Still grows", map(_left, answer.left)), note("Gone", answer.gone)] if _both(answer) else []),
        note("Because", answer.because),
        note("Careful", answer.warnings if _both(answer) else (), style="yellow"),
        note("To do", [answer.next_step or ""]),
    ]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [(Span(""),), *block] if lines else block
    return paint(lines, colour=colour)


def _table(answer: Answer) -> list[Line]:
    rows = _rows(answer)
    if not rows:
        return []
    header, *cells = rows
    return columns(
        Cells(header[0], tuple(header[1:]), style="dim"), [Cells(row[0], tuple(row[1:]), indent=0) for row in cells]
    )


def _both(answer: Answer) -> TypeGuard[Verification]:
    return isinstance(answer, Verification)


def _left(one: Left) -> str:
    """`native arenas, +5.0 MiB/min, +9.8 MiB/min before`; code without a course before says only its own."""
    before = "" if one.before is None or one.before.slope is None else f", {_rate(one.before, 1)} before"
    return f"{one.what}, {_rate(one.after, 1)}{before}"


def _markdown(answer: Answer) -> str:
    outcome = _WORDS.get(answer.outcome, answer.outcome)
    blocks = [f"### {escape(answer.headline)}", f"**{outcome}**"]
    rows = _rows(answer)
    if rows:
        blocks.append(grid(rows[0], [[escape(cell) for cell in row] for row in rows[1:]]))
    listed = list(answer.because)
    if _both(answer):
        listed = [f"still grows: {_left(one)}" for one in answer.left] + listed
        listed += [f"careful: {text}" for text in answer.warnings]
    if answer.next_step:
        listed.append(f"to do: {answer.next_step}")
    if listed:
        blocks.append("\n".join(f"- {escape(text)}" for text in listed))
    return "\n\n".join(blocks) + "\n"


def _rows(answer: Answer) -> list[list[str]]:
    """A heading and a row for each metric; empty without figures."""
    if isinstance(answer, Gate):
        if answer.pace is None:
            return []
        pace, limit = answer.pace, answer.limit
        scale = scale_of(limit.bytes)
        heading = "growth" if pace.per != "work" else f"per {counted(pace.unit, scale)}"
        said = _cell(limit.bytes, limit.per, scale) if limit.per == pace.per else ""
        return [["", heading, "95 %", "limit"], [label(pace.metric), _rate(pace, scale), _interval(pace, scale), said]]
    pairs = [pair for pair in (answer.total, answer.by_work) if pair is not None] + list(answer.layers)
    header = ["", "before", "at least", "after", "at most"]
    rows = [_pair_row(pair) for pair in pairs]
    if answer.control is not None and answer.total is not None:
        at_least = "" if answer.control.low is None else _cell(answer.control.low, answer.control.per, 1)
        rows.insert(1, ["unfixed, beside it", _rate(answer.control, 1), at_least, "", ""])
    return [header, *rows] if pairs else []


def _pair_row(pair: Pair) -> list[str]:
    """What a proof needs: how fast it grew at least before, and can still grow at most after."""
    old, new = pair.before, pair.after
    scale = scale_of(*(one for one in (old.slope, new.slope) if one is not None))
    ends = ["" if end is None else _cell(end, pace.per, scale) for end, pace in ((old.low, old), (new.high, new))]
    name = f"{pair.label} per {counted(new.unit, scale)}" if new.per == "work" else pair.label
    return [name, _rate(old, scale), ends[0], _rate(new, scale), ends[1]]


def _cell(value: float, per: Per, scale: int) -> str:
    """A rate in a table; what work it is per stands at the head or in the row's name."""
    return human_change(value * scale) if per == "work" else rate_said(value, per)


def _rate(pace: Pace, scale: int) -> str:
    return "?" if pace.slope is None else _cell(pace.slope, pace.per, scale)


def _interval(pace: Pace, scale: int) -> str:
    if pace.low is None or pace.high is None:
        return ""
    return f"{_cell(pace.low, pace.per, scale)} … {_cell(pace.high, pace.per, scale)}"


def _json(answer: Answer) -> str:
    plain = asdict(answer)
    schema = CHECK if isinstance(answer, Gate) else VERIFICATION
    if isinstance(answer, Verification) and answer.load is not None:
        plain["load"]["ratio"] = answer.load.ratio
    return json.dumps({"schema": schema, **finite(plain)}, indent=2, allow_nan=False) + "\n"


def finite(value: object) -> dict[str, object]:
    """The same with null where a number is none that JSON has."""
    cleaned = _clean(value)
    assert isinstance(cleaned, dict)
    return cleaned


def _clean(value: object) -> object:
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
