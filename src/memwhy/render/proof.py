"""Proofs as text, Markdown and JSON: the answer first, then both paces, then what to do."""

import json
import math
from dataclasses import asdict

from memwhy.model.metrics import label
from memwhy.model.proof import Gate, Pace, Pair, Verification
from memwhy.model.units import human_rate
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
        note("Because", answer.because),
        note("Careful", answer.warnings if isinstance(answer, Verification) else (), style="yellow"),
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


def _markdown(answer: Answer) -> str:
    outcome = _WORDS.get(answer.outcome, answer.outcome)
    blocks = [f"### {escape(answer.headline)}", f"**{outcome}**"]
    rows = _rows(answer)
    if rows:
        blocks.append(grid(rows[0], [[escape(cell) for cell in row] for row in rows[1:]]))
    warnings = answer.warnings if isinstance(answer, Verification) else ()
    listed = [*answer.because, *(f"careful: {text}" for text in warnings)]
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
        limit = human_rate(answer.limit_per_s, "s")
        return [
            ["", "growth", "95 %", "limit"],
            [label(answer.pace.metric), _rate(answer.pace), _interval(answer.pace), limit],
        ]
    pairs = ([answer.total] if answer.total else []) + list(answer.layers)
    header = ["", "before", "at least", "after", "at most"]
    return [header, *(_pair_row(pair) for pair in pairs)] if pairs else []


def _pair_row(pair: Pair) -> list[str]:
    """What a proof needs: how fast it grew at least before, and can still grow at most after."""
    old, new = pair.before, pair.after
    ends = [("" if end is None else human_rate(end, pace.per)) for end, pace in ((old.low, old), (new.high, new))]
    return [pair.label, _rate(old), ends[0], _rate(new), ends[1]]


def _rate(pace: Pace) -> str:
    return "?" if pace.slope is None else human_rate(pace.slope, pace.per)


def _interval(pace: Pace) -> str:
    if pace.low is None or pace.high is None:
        return ""
    return f"{human_rate(pace.low, pace.per)} … {human_rate(pace.high, pace.per)}"


def _json(answer: Answer) -> str:
    plain = asdict(answer)
    schema = CHECK if isinstance(answer, Gate) else VERIFICATION
    if isinstance(answer, Verification) and answer.load is not None:
        plain["load"]["ratio"] = answer.load.ratio
    return json.dumps({"schema": schema, **_finite(plain)}, indent=2, allow_nan=False) + "\n"


def _finite(value: object) -> dict[str, object]:
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
