"""One suspect as text and JSON: where, what was measured there, what is missing on which way, what to write."""

from dataclasses import asdict
from typing import Any

from memwhy.model.linted import OWN, Found
from memwhy.render.figures import amount
from memwhy.render.page import MARGIN, WIDTH, Line, Span, note
from memwhy.render.plain import clean, clean_row, elide, width


def row(one: Found) -> dict[str, Any]:
    """One suspect as JSON has it, here and in a diagnosis."""
    return {
        **asdict(one.suspect),
        "by": list(one.by),
        "certain": one.certain,
        "blame": None if one.blame is None else asdict(one.blame),
    }


def lines_of(one: Found) -> list[Line]:
    """One suspect: where, what was measured, what is acquired, what is missing on which way, what to write."""
    suspect = one.suspect
    where = clean(f"{suspect.file}:{suspect.line}")
    kind = f"{suspect.cause} · {suspect.rule}"
    function = elide(clean(suspect.function), max(20, WIDTH - width(where) - width(kind) - 4))
    gap = max(2, WIDTH - width(where) - 2 - width(function) - width(kind))
    lines: list[Line] = [(Span(where, "bold"), Span(f"  {function}"), Span(" " * gap + kind, "dim"))]
    if gap == 2 and width(where) + width(function) + width(kind) + 4 > WIDTH:
        lines = [(Span(elide(where, WIDTH), "bold"),), (Span(f"  {function}  "), Span(kind, "dim"))]
    lines += note("  measured", [measured(one)] if one.blame is not None else [], style="red")
    lines += note("  " + word(one), [_sentence(suspect.message), *also(one)])
    lines += [_quoted(place.line, place.text) for place in (suspect.acquired, *suspect.path) if place.text]
    lines += note("  missing", [suspect.missing], style="")
    lines += note("  costs", [suspect.costs], style="")
    lines += note("  write", [suspect.remedy], style="")
    lines += [(Span("    " + elide(diff_row(text), WIDTH - 4), "dim"),) for text in suspect.fix.splitlines()]
    return lines


def diff_row(text: str) -> str:
    """A row of a suggested change: its mark, and the code's own indentation as blanks."""
    return text[:1] + clean_row(text[1:].expandtabs(4))


def word(one: Found) -> str:
    """How much may be said: a suspect is what was only read."""
    if one.blame is not None and OWN not in one.by:
        return "here"
    return "suspect"


def measured(one: Found) -> str:
    """`12.3 MiB (+1.4 MiB/s) of native memory came by this line`."""
    blame = one.blame
    assert blame is not None
    size = amount(blame.bytes, whole=False)
    pace = "" if blame.bytes_per_s is None else f" (+{amount(round(blame.bytes_per_s), whole=False)}/s)"
    figure = f"{size}{pace} of {blame.layer}"
    if blame.count is not None:
        figure = f"{blame.count:,} more" + (f", with {figure}," if blame.bytes else "")
    share = f", {blame.share:.0%} of what is put down to code" if 0 < blame.share < 0.995 else ""
    if blame.how:
        tie = f"{'stand' if blame.count is not None else 'stands'} in {blame.function}: {blame.how}"
        if blame.how.startswith("it makes"):
            tie = f"{'are' if blame.count is not None else 'is'} asked for in {blame.function}"
    else:
        tie = "came by this very line" if blame.exact else f"came by {blame.function}"
    return f"{figure}{share} {tie}"


def _sentence(text: str) -> str:
    """With a capital, unless it begins with code."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() else text


def also(one: Found) -> list[str]:
    others = [name for name in one.by if name not in (OWN, "measurement")]
    return [f"found by {', '.join(others)}" + (" as well" if OWN in one.by else "")] if others else []


def _quoted(number: int, text: str) -> Line:
    return (Span(f"{number:>{MARGIN - 2}}  ", "dim"), Span(elide(clean(text), WIDTH - MARGIN)))
