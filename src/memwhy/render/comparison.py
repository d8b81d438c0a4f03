"""A comparison as text, Markdown and JSON: the answer, both sides, figures, profiles, what differs and what it could explain."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from memwhy.model.comparison import SCHEMA, Compared, Comparison, Difference, Figure, ProfileGap, SiteGap
from memwhy.model.units import GIB, KIB, MIB, human_bytes, human_change, human_duration, human_rate
from memwhy.render.markdown import escape, grid
from memwhy.render.page import WIDTH, Cells, Line, Span, columns, hang, note, paint
from memwhy.render.proof import finite

SITES_SHOWN = 8
MUCH = 0.02
"""Of a profile: what was counted and differs by less is left out of text."""
_UNITS = (("GiB", GIB), ("MiB", MIB), ("KiB", KIB))
_HEADER = ("", "A", "B", "A - B", "A - B a minute")
_HEADER_ORDER = ("", "A", "B", "A - B", "A - B a reading")
_SITES = ("", "A", "B", "A - B")


def render(found: Comparison, form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """In one of text, markdown, json. Same answer in, same bytes out."""
    if form == "json":
        return json.dumps({"schema": SCHEMA, **finite(asdict(found))}, indent=2, allow_nan=False) + "\n"
    if form == "markdown":
        return _markdown(found, verbose=verbose)
    return _text(found, colour=colour, verbose=verbose)


# -- text ---------------------------------------------------------------------------------------


def _text(found: Comparison, *, colour: bool, verbose: bool) -> str:
    blocks: list[list[Line]] = [
        [*hang(found.headline, indent=0, hanging=0, style="bold"), *_who(found)],
        note("Refused", _cautions(found, "refused"), style="red"),
        note("Careful", _cautions(found, "careful"), style="yellow"),
        _table(_header(found), _figures(found, verbose=verbose)),
        *(_profile(one, verbose=verbose) for one in found.profiles),
        _ranked(found),
        *(note(label, texts) for label, texts in _rest(found, verbose=verbose)),
    ]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [(Span(""),), *block] if lines else block
    return paint(lines, colour=colour)


def _who(found: Comparison) -> list[Line]:
    lines: list[Line] = []
    for letter, side in (("A", found.a), ("B", found.b)):
        lines += hang(f"{letter}  {_side(side)}", indent=0, hanging=3)
    return lines


def _side(side: Compared) -> str:
    target = side.target
    parts = [
        side.name,
        target.command or "",
        target.runtime_version or ("" if target.runtime == "unknown" else target.runtime),
        f"seen for {human_duration(side.span_s)}"
        if side.span_s
        else f"{side.readings} readings"
        if side.readings
        else "",
        f"{human_duration(side.age_s)} old" if side.age_s is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def _cautions(found: Comparison, weight: str) -> list[str]:
    return [f"{one.about}: {one.text}" for one in found.cautions if one.weight == weight]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Line]:
    if not rows:
        return []
    cells = [Cells(row[0].strip(), tuple(row[1:]), indent=len(row[0]) - len(row[0].lstrip())) for row in rows]
    return columns(Cells(header[0], tuple(header[1:]), style="dim"), cells)


def _header(found: Comparison) -> Sequence[str]:
    return _HEADER_ORDER if found.total is not None and found.total.per == "sample" else _HEADER


def _figures(found: Comparison, *, verbose: bool) -> list[list[str]]:
    """The total, the layers, and what stands beside them where it differs."""
    total = [found.total] if found.total is not None else []
    beside = [one for one in found.others if verbose or one.apart]
    return [
        *(_row(one, "") for one in total),
        *(_row(one, "  ") for one in found.layers),
        *(_row(one, "") for one in beside),
    ]


def _row(one: Figure, indent: str) -> list[str]:
    return [
        indent + one.label,
        _amount(one.a, one.unit),
        _amount(one.b, one.unit),
        _change(one.gap, one.unit),
        _pace(one),
    ]


def _pace(one: Figure) -> str:
    """`+87.7 ± 3.4 MiB`: the difference of the slopes, and the longer half of its interval."""
    gap = one.pace_gap
    if gap is None:
        return ""
    scale = 60.0 if one.per == "s" else 1.0
    value, half = gap.value * scale, max(gap.high - gap.value, gap.value - gap.low) * scale
    if not math.isfinite(half):
        return "not known"
    if one.unit == "count":
        return f"{value:+,.1f} ± {half:,.1f}"
    if max(abs(value), half) < KIB:
        return "0"
    unit, size = next(((unit, size) for unit, size in _UNITS if max(abs(value), half) >= size))
    return f"{value / size:+,.1f} ± {half / size:,.1f} {unit}"


def _amount(value: float, unit: str) -> str:
    return human_bytes(value) if unit == "bytes" else f"{round(value):,}"


def _change(value: float, unit: str) -> str:
    return human_change(value) if unit == "bytes" else f"{round(value):+,}"


def _profile(one: ProfileGap, *, verbose: bool) -> list[Line]:
    return [
        *hang(_profile_title(one), indent=0, hanging=2, style="bold"),
        *_table(_SITES, _sites(one, verbose=verbose)),
    ]


def _profile_title(one: ProfileGap) -> str:
    totals = f"{_amount(one.a_total, one.unit)} in A, {_amount(one.b_total, one.unit)} in B"
    if any(site.chance is None for site in one.sites):
        return f"{one.label}: {totals}; each counted at one moment"
    return f"{one.label}: {totals}; beyond chance {one.proven or 'none'} of {one.compared} differ"


def _sites(one: ProfileGap, *, verbose: bool) -> list[list[str]]:
    """Those that differ beyond chance, each with the longer half of its interval; of what was counted, those that differ much."""
    rows = []
    for site in [site for site in one.sites if verbose or _worth_telling(site, one)][:SITES_SHOWN]:
        half = max(site.gap.high - site.gap.value, site.gap.value - site.gap.low)
        gap = _change(site.gap.value, one.unit) + (f" ± {_amount(half, one.unit)}" if half else "")
        name = site.name if site.proven or site.chance is None else f"{site.name} (by chance?)"
        rows.append(["  " + name, _amount(site.a, one.unit), _amount(site.b, one.unit), gap])
    return rows


def _worth_telling(site: SiteGap, one: ProfileGap) -> bool:
    return site.proven if site.chance is not None else abs(site.gap.value) >= MUCH * max(one.a_total, one.b_total)


def _ranked(found: Comparison) -> list[Line]:
    """Each that could explain something, with its reasons."""
    ranked = [one for one in found.differences if _explains(one)]
    if not ranked:
        return []
    whose = f"what {found.heavier} has more" if found.heavier else "the difference"
    lines: list[Line] = [(Span(f"What differs, and how much of {whose} it could explain at most", "bold"),)]
    for one in ranked:
        lines += hang(f"{one.what}: {_values(one)}", indent=2, hanging=4)
        lines += _with_figure(lines.pop(), bound_said(one))
        lines += [line for text in _reasons(one) for line in hang(text, indent=6, hanging=8)]
    return lines


def _with_figure(spans: Line, figure: str) -> list[Line]:
    """A figure at the right of a line, or below it where there is no room."""
    room = WIDTH - sum(len(span.text) for span in spans) - 2
    if room < len(figure):
        return [spans, (Span(figure.rjust(WIDTH), "bold"),)]
    return [(*spans, Span(figure.rjust(room + 2), "bold"))]


def _values(one: Difference) -> str:
    return f"{one.a} in A, {one.b} in B"


def _reasons(one: Difference) -> list[str]:
    return [*one.because, *([f"to see: {one.confirm}"] if one.confirm else [])]


def _explains(one: Difference) -> bool:
    return one.bound == "layers" and bool(one.bytes or one.bytes_per_s)


def bound_said(one: Difference) -> str:
    """`71.2 MiB, +84.9 MiB/min`."""
    if one.bound != "layers":
        return one.bound
    parts = [human_bytes(one.bytes)] if one.bytes is not None else []
    parts += [human_rate(one.bytes_per_s, "s")] if one.bytes_per_s else []
    return ", ".join(parts) or "unknown"


def _rest(found: Comparison, *, verbose: bool) -> Iterable[tuple[str, list[str]]]:
    """Labels and lines of what could explain anything, nothing, or is unranked; and of what is alike."""
    anything = [one for one in found.differences if one.bound == "anything"]
    nothing = [one for one in found.differences if one.bound == "layers" and not _explains(one)]
    unranked = [one for one in found.differences if one.bound == "unranked"]
    yield "Unbounded", [f"{one.what}: {_values(one)}{_more(one) if verbose else ''}" for one in anything]
    yield (
        "Nothing",
        [f"{one.what}: {_values(one)}: {'; '.join(one.because[0 if verbose else -1 :])}" for one in nothing],
    )
    yield "Unranked", [f"{one.what}: {_values(one)}" for one in unranked]
    if verbose:
        yield "Only one", list(found.unknown)
        yield "Alike", ["; ".join(found.same)] if found.same else []
        yield "Sources", [f"{one.what}: {one.source}" for one in found.differences if one.source]


def _more(one: Difference) -> str:
    return "; " + "; ".join(_reasons(one))


# -- Markdown -----------------------------------------------------------------------------------


def _markdown(found: Comparison, *, verbose: bool) -> str:
    blocks = [f"### {escape(found.headline)}"]
    blocks.append(
        "\n".join(f"- **{letter}** {escape(_side(side))}" for letter, side in (("A", found.a), ("B", found.b)))
    )
    for weight, title in (("refused", "Refused"), ("careful", "Careful")):
        blocks.append(_bullets(title, _cautions(found, weight)))
    blocks.append(_grid(_header(found), _figures(found, verbose=verbose)))
    for one in found.profiles:
        blocks.append(f"**{escape(_profile_title(one))}**")
        blocks.append(_grid(_SITES, _sites(one, verbose=verbose)))
    ranked = [one for one in found.differences if _explains(one)]
    if ranked:
        rows = [[one.what, one.a, one.b, bound_said(one), "; ".join(_reasons(one))] for one in ranked]
        blocks.append(_grid(("differs", "A", "B", "could explain at most", "because"), rows))
    blocks += [_bullets(label, texts) for label, texts in _rest(found, verbose=verbose)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return grid(header, [[escape(cell.strip()) for cell in row] for row in rows]) if rows else ""


def _bullets(title: str, texts: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", "", *(f"- {escape(text)}" for text in texts)]) if texts else ""
