"""What reading source came to, as text, Markdown, JSON and SARIF: what was measured first, the surest next."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from memwhy.model.linted import SCHEMA, Linted, RuleSaid
from memwhy.render.figures import amount
from memwhy.render.found import lines_of, row
from memwhy.render.markdown import escape, grid, suspect_of
from memwhy.render.page import Line, Span, hang, line, note, paint
from memwhy.render.proof import finite

MOST_TOLD = 200
"""Suspects that text and Markdown show; JSON and SARIF have all."""


def render(found: Linted, form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """In one of text, markdown, json, sarif. Same answer in, same bytes out."""
    if form == "json":
        return json.dumps({"schema": SCHEMA, **finite(plain(found))}, indent=2, allow_nan=False) + "\n"
    if form == "sarif":
        from memwhy.render import sarif

        return sarif.render(found)
    if form == "markdown":
        return _markdown(found)
    return _text(found, colour=colour, verbose=verbose)


def plain(found: Linted) -> dict[str, Any]:
    """As JSON has it: each suspect with `certain` and what it is by."""
    return {**asdict(found), "found": [row(one) for one in found.found]}


def listed(rules: Iterable[RuleSaid], form: str, *, colour: bool = False) -> str:
    """The rules themselves."""
    if form in ("json", "sarif"):
        return json.dumps([asdict(rule) for rule in rules], indent=2) + "\n"
    if form == "markdown":
        return grid(("rule", "cause", "looks for"), [(r.name, r.cause, escape(r.text)) for r in rules], left=3) + "\n"
    lines: list[Line] = []
    for rule in rules:
        lines += [(Span(rule.name, "bold"), Span(f"  {rule.cause}", "dim"))]
        lines += hang(rule.text, indent=4, hanging=4)
    return paint(lines, colour=colour)


# -- text ---------------------------------------------------------------------------------------


def _text(found: Linted, *, colour: bool, verbose: bool) -> str:
    blocks: list[list[Line]] = [
        hang(headline(found), indent=0, hanging=0, style="bold"),
        *(lines_of(one) for one in found.found[:MOST_TOLD]),
        note("More", [_more(found)] if len(found.found) > MOST_TOLD else []),
        note("Careful", found.notes, style="yellow"),
        *(note(label, texts) for label, texts in _rest(found, verbose=verbose)),
    ]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [line(""), *block] if lines else block
    return paint(lines, colour=colour)


def headline(found: Linted) -> str:
    """`3 suspects in example.org/bot (41 files, 210.4 KiB, go 1.22); the diagnosis blames 1 of them: …`."""
    whole = f"{found.files:,} file{'' if found.files == 1 else 's'}, {amount(found.bytes)}" + (
        f", go {found.go_version}" if found.go_version else ""
    )
    where = f"{found.module or found.root} ({whole})"
    blamed = sum(one.blame is not None for one in found.found)
    if not found.found:
        text = f"Nothing is suspected in {where}"
    else:
        number = len(found.found)
        text = f"{number:,} suspect{'s' if number > 1 else ''} in {where}"
    if not found.diagnosis:
        return (
            f"{text}."
            if not found.found
            else f"{text}. A suspect is a line that reads like a leak; nothing was measured."
        )
    who = f"the diagnosis leads to {blamed:,} of them" if blamed else "the diagnosis leads to none of them"
    return f"{text}; {who}: {found.diagnosis}" if found.found else f"{text}. The diagnosis: {found.diagnosis}"


def _more(found: Linted) -> str:
    return f"{len(found.found) - MOST_TOLD:,} more suspects: --format json and --format sarif have all"


def _rest(found: Linted, *, verbose: bool) -> Iterable[tuple[str, list[str]]]:
    below = f"{found.below:,} less likely than not: --all tells them" if found.below else ""
    yield "Left out", [below] if below else []
    silenced = [
        f"{one.file}:{one.suspect_line} {one.rule}, by {one.marker} in line {one.line}"
        + (f": {one.reason}" if one.reason else "")
        for one in found.silenced
    ]
    if silenced and not verbose:
        silenced = [f"{len(silenced):,} by comments in the source: -v names them"]
    yield "Silenced", silenced
    yield "Unused", [f"{one.file}:{one.line} {one.text}: {one.why}" for one in found.unused]
    yield "Tools", [f"{one.name}: {one.problem or f'{one.found:,} of our kinds'}" for one in found.tools]
    skipped = [
        f"{one.why}: {one.count:,}"
        + (f" ({', '.join(one.examples)}{', …' if one.count > len(one.examples) else ''})" if verbose else "")
        for one in found.skipped
    ]
    yield "Not read", skipped if verbose else ["; ".join(skipped)] if skipped else []


# -- Markdown -----------------------------------------------------------------------------------


def _markdown(found: Linted) -> str:
    blocks = [f"### {escape(headline(found))}"]
    blocks += [suspect_of(one) for one in found.found[:MOST_TOLD]]
    if len(found.found) > MOST_TOLD:
        blocks.append(escape(_more(found)))
    for label, texts in (("Careful", list(found.notes)), *_rest(found, verbose=True)):
        rows = [f"- {escape(text)}" for text in texts if text]
        if rows:
            blocks.append("\n".join([f"**{label}**", "", *rows]))
    return "\n\n".join(blocks) + "\n"
