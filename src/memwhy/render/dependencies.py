"""Dependencies as text, Markdown and JSON: what is known to leak first, then what memory lies outside the Go heap, then the rest."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby

from memwhy.model.dependencies import SCHEMA, Component, Dependencies, Known, OffHeap, Standing
from memwhy.render.page import Line, Span, hang, note, paint

MOST_SHORT = 8
"""Of what leaks only by misuse and of what cannot be said: as many without -v."""
_OF_THE_SYSTEM = (
    "libc.",
    "libm.",
    "libdl.",
    "libpthread.",
    "librt.",
    "libresolv.",
    "ld-linux",
    "ld-musl",
    "linux-vdso",
    "libgcc_s.",
)
_HEADINGS: tuple[tuple[Standing, str], ...] = (
    ("leaks", "Known to leak"),
    ("cannot-say", "Cannot say"),
    ("depends", "Leaks unless callers release"),
    ("keeps", "Keeps memory"),
)
_HOW = {"malloc": "malloc", "mmap": "mmap", "both": "malloc and mmap", "": "calls C"}


def render(found: Dependencies, form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """In one of text, markdown, json. Same answer in, same bytes out."""
    if form == "json":
        return json.dumps(_plain(found), indent=2, allow_nan=False) + "\n"
    if form == "markdown":
        return _markdown(found, verbose=verbose)
    return _text(found, colour=colour, verbose=verbose)


def _plain(found: Dependencies) -> dict[str, object]:
    build = asdict(found.build)
    build["calls"] = None if found.build.calls is None else dict(found.build.calls)
    return {
        "schema": SCHEMA,
        "target": {"name": found.name, "form": found.form},
        "build": build,
        "leaking": len(found.leaking),
        "known": [{**asdict(one), "fixed": one.fixed or None} for one in found.known],
        "mended": {name: version or None for name, version in found.mended},
        "off_heap": [asdict(one) for one in found.off_heap],
        "components": [asdict(one) for one in found.components],
        "notes": list(found.notes),
    }


# -- what is said, whatever the form ---------------------------------------------------------------


def headline(found: Dependencies) -> str:
    """The answer in one sentence."""
    leaking = found.leaking
    named = list(dict.fromkeys(_named(one.component) for one in leaking))
    if named:
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        verb = "is" if len(named) == 1 else "are"
        return f"{', '.join(named[:3])}{more} {verb} known to leak in this version."
    if not found.components:
        return "No module and no library is named."
    return "Nothing here is known to leak in its version; what the catalogue does not know is no proof."


def _about(found: Dependencies) -> list[str]:
    build = found.build
    modules = sum(one.kind == "module" and not one.main for one in found.components)
    libraries = sum(one.kind == "library" for one in found.components)
    cgo = {True: "cgo enabled", False: "no cgo", None: ""}[build.cgo]
    parts = [
        found.name,
        found.form,
        build.go_version or (f"go {build.go_directive} at least" if build.go_directive else ""),
        cgo,
    ]
    parts.append("static" if build.static else "")
    parts.append(_count(modules, "module", "modules"))
    parts.append(_count(libraries, "library", "libraries") if libraries else "")
    return [part for part in parts if part]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _named(one: Component) -> str:
    """ "github.com/x/y v1.2.0, vendored", with what replaces it."""
    text = f"{one.name} {one.version}".strip()
    if one.replaced_by:
        text += f" => {one.replaced_by} {one.its_version}".rstrip()
    return text


def _where(one: Component) -> str:
    marks = ["vendored" if one.vendored else "", "indirect" if one.indirect else ""]
    marks.append(f"version by {one.version_by}" if one.version_by else "")
    marks.append(f"build id {one.build_id[:12]}" if one.build_id else "")
    return ", ".join(mark for mark in marks if mark)


def _known_lines(one: Known) -> list[str]:
    return [
        one.what,
        f"when: {one.trigger}",
        one.why,
        f"do: {one.remedy}",
        f"{one.confidence} confidence, source: {', '.join(one.source)}",
    ]


def _off_heap_said(one: OffHeap) -> str:
    parts = [_HOW[one.how]]
    if one.calls:
        parts.append(f"{_count(one.calls, 'C function', 'C functions')} called")
    parts.append(f"brings {', '.join(one.brings)}" if one.brings else "")
    parts.append(f"uses {', '.join(one.uses)}" if one.uses else "")
    parts.append(one.note)
    return "; ".join(part for part in parts if part)


def _program_says(found: Dependencies) -> list[str]:
    """What the program itself shows of memory outside the Go heap."""
    build = found.build
    said = []
    if build.allocators:
        said.append(f"the program asks its libraries for {', '.join(build.allocators)}")
    if build.runtime_cgo is False:
        said.append("no C code is linked: there is no runtime/cgo")
    elif build.calls is not None and not build.calls:
        said.append("no Go code of it calls C" + (", though runtime/cgo is linked" if build.runtime_cgo else ""))
    elif build.calls and any(name == "std" for name, _ in build.calls):
        said.append(
            f"{_count(dict(build.calls)['std'], 'C function is', 'C functions are')} called by Go's own net, os/user or plugin"
        )
    if build.maps_itself:
        said.append("Go code that maps memory itself (syscall.Mmap, unix.Mmap) is linked")
    return said


def _libraries(found: Dependencies, *, verbose: bool) -> list[str]:
    shown = [
        one
        for one in found.components
        if one.kind == "library" and (verbose or not one.name.startswith(_OF_THE_SYSTEM))
    ]
    said = []
    for one in shown[: None if verbose else 12]:
        asked = "" if one.asked or found.form != "program of a live process" else "loaded by others or while it ran"
        rest = ", ".join(part for part in (_where(one), asked) if part)
        said.append(_named(one) + (f" ({rest})" if rest else ""))
    if len(shown) > len(said):
        said.append(f"{len(shown) - len(said)} more (-v)")
    return said


def _fixed(found: Dependencies, *, verbose: bool) -> list[str]:
    """Modules of which earlier versions leaked, by number of entries."""
    past = [one for one in found.known if one.standing == "fixed" and (verbose or one.component.kind != "toolchain")]
    rows = groupby(sorted(past, key=lambda one: _named(one.component)), key=lambda one: _named(one.component))
    return [
        f"{name}: {_count(len(list(group)), 'leak', 'leaks')} of other versions, not of this one"
        for name, group in rows
    ]


def _remarkable(found: Dependencies) -> list[str]:
    replaced = [_named(one) for one in found.components if one.replaced_by]
    vendored = sum(one.vendored for one in found.components)
    said = (
        [f"replaced: {', '.join(replaced[:6])}" + (f" and {len(replaced) - 6} more" if len(replaced) > 6 else "")]
        if replaced
        else []
    )
    if vendored:
        said.append(
            f"{_count(vendored, 'module comes', 'modules come')} from a vendor folder: what was changed there shows in no version"
        )
    return said


# -- text -----------------------------------------------------------------------------------------


def _text(found: Dependencies, *, colour: bool, verbose: bool) -> str:
    blocks: list[list[Line]] = [
        [
            *hang(headline(found), indent=0, hanging=0, style="bold"),
            *hang(" · ".join(_about(found)), indent=0, hanging=0, style="dim"),
        ],
        _leaking(found),
        *((_in_full if verbose else _in_short)(found, standing, title) for standing, title in _HEADINGS[1:]),
        _titled("Outside the Go heap", [*_off_heap_rows(found), *_program_says(found)]),
        _titled("Libraries", _libraries(found, verbose=verbose)),
        _titled("Fixed already", _fixed(found, verbose=verbose)[: None if verbose else MOST_SHORT]),
        _titled("Modules", _all_modules(found) if verbose else []),
        note("Also", _remarkable(found)),
        note("Not read", found.notes, style="yellow"),
    ]
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [(Span(""),), *block] if lines else block
    return paint(lines, colour=colour)


def _titled(title: str, texts: Sequence[str]) -> list[Line]:
    if not texts:
        return []
    lines: list[Line] = [(Span(title, "bold"),)]
    for text in texts:
        lines += hang(text, indent=2, hanging=4)
    return lines


def _leaking(found: Dependencies) -> list[Line]:
    """By component, with the version that mends all of it."""
    if not found.leaking:
        return []
    lines: list[Line] = [(Span("Known to leak", "bold"),)]
    mended = dict(found.mended)
    for component, rows in groupby(found.leaking, key=lambda one: one.component):
        entries = list(rows)
        marks = _where(component)
        version = mended.get(component.name, "")
        all_of = "" if len(entries) == 1 else f"all {len(entries)} of these leaks"
        until = (
            f"{version} has the fix of {all_of or 'it'}" if version else f"no release has the fix of {all_of or 'it'}"
        )
        lines += hang(f"{_named(component)}{f' ({marks})' if marks else ''}: {until}", indent=2, hanging=4, style="red")
        for one in entries:
            fixed = f"Fixed in {one.fixed}." if one.fixed else "No release has a fix."
            remedy = "" if one.fixed and one.remedy.startswith("upgrade to") else f" Do: {_stop(one.remedy)}"
            lines += hang(
                f"{one.cause}: {_stop(one.what)} When: {_stop(one.trigger)} {fixed}{remedy}", indent=4, hanging=6
            )
            lines += hang(f"{', '.join(one.source)}; {one.confidence} confidence", indent=6, hanging=6, style="dim")
    return lines


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _in_short(found: Dependencies, standing: Standing, title: str) -> list[Line]:
    """A line each; of Go itself, which is in every program, none."""
    rows = [one for one in found.known if one.standing == standing and one.component.kind != "toolchain"]
    if standing == "keeps":
        names = list(dict.fromkeys(_named(one.component) for one in rows))
        return _titled(title, [f"{', '.join(names)} (-v says what)"] if names else [])
    why = (f"; {one.why}" if standing == "cannot-say" else "" for one in rows)
    texts = [f"{_named(one.component)}: {one.cause}: {one.what}{more}" for one, more in zip(rows, why, strict=True)]
    shown = texts[:MOST_SHORT]
    return _titled(title, [*shown, f"{len(texts) - len(shown)} more (-v)"] if len(shown) < len(texts) else shown)


def _in_full(found: Dependencies, standing: Standing, title: str) -> list[Line]:
    lines: list[Line] = []
    for one in found.known:
        if one.standing == standing:
            marks = _where(one.component)
            lines += hang(f"{_named(one.component)}: {one.cause}{f' ({marks})' if marks else ''}", indent=2, hanging=4)
            for text in _known_lines(one):
                lines += hang(text, indent=4, hanging=6)
    return [(Span(title, "bold"),), *lines] if lines else []


def _off_heap_rows(found: Dependencies) -> list[str]:
    return [f"{_named(one.component)}: {_off_heap_said(one)}" for one in found.off_heap]


def _all_modules(found: Dependencies) -> list[str]:
    rows = [one for one in found.components if one.kind != "library"]
    return [_named(one) + (f" ({marks})" if (marks := _where(one)) else "") for one in rows]


# -- Markdown -------------------------------------------------------------------------------------


def _markdown(found: Dependencies, *, verbose: bool) -> str:
    from memwhy.render.markdown import (
        escape,
        grid,
    )  # with all that a report is made of (30 ms): text and JSON need none of it

    blocks = [f"### {escape(headline(found))}", " · ".join(escape(part) for part in _about(found))]
    for standing, title in _HEADINGS:
        rows = [
            (
                escape(_named(one.component)),
                one.cause,
                escape(one.what),
                escape(one.why),
                escape(one.remedy),
                escape(", ".join(one.source)),
            )
            for one in found.known
            if one.standing == standing and (verbose or standing == "leaks" or one.component.kind != "toolchain")
        ]
        if rows:
            blocks += [f"**{title}**", grid(("module", "cause", "what", "why", "remedy", "source"), rows, left=6)]
    outside = [(escape(_named(one.component)), escape(_off_heap_said(one))) for one in found.off_heap]
    if outside:
        blocks += ["**Outside the Go heap**", grid(("module", "how"), outside, left=2)]
    lists: Iterable[tuple[str, Sequence[str]]] = (
        ("The program shows", _program_says(found)),
        ("Libraries", _libraries(found, verbose=verbose)),
        ("Fixed already", _fixed(found, verbose=verbose)),
        ("Modules", _all_modules(found) if verbose else []),
        ("Also", _remarkable(found)),
        ("Not read", found.notes),
    )
    for title, texts in lists:
        if texts:
            blocks.append("\n".join([f"**{title}**", "", *(f"- {escape(text)}" for text in texts)]))
    return "\n\n".join(blocks) + "\n"
