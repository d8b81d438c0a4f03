"""What two programs are made of: their mapped libraries and their Go modules, those of one alone and those that differ."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from memwhy.comparison.given import Given
from memwhy.model.gomodules import listed

NONE = "not there"
MOST_NAMED = 6
_OF_THE_C_LIBRARY = re.compile(
    r"(?:libc|libm|libpthread|libdl|librt|libutil|libresolv|libnsl|libanl|libmvec|libnss_\w+|ld-linux[\w-]*|ld-musl[\w-]*|ld)(?:-2\.\d+)?$"
)
_ID_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One kind of condition on both sides. names: of the libraries or modules that it is about."""

    kind: str
    what: str
    a: str
    b: str
    names: tuple[str, ...] = ()


Versions = dict[str, str]


def libraries_of(side: Given) -> Versions | None:
    """Libraries but those of the C library: name before `.so` → version and build id; None where nobody looked. Those that the
    program itself asks for come first."""
    text = side.case.facts.get("libraries", side.case.facts.get("binary.libraries"))
    if text is None:
        return None
    found: Versions = {}
    for line in text.split("\n"):
        file, _, build_id = line.partition(" ")
        name, _, version = file.partition(".so")
        if name and not _OF_THE_C_LIBRARY.match(name):
            told = "" if build_id in ("", "-") else f"[{build_id[:_ID_DIGITS]}]"
            found[name] = " ".join(part for part in (version.strip("."), told) if part)
    asked = [file.partition(".so")[0] for file in side.case.facts.get("binary.needed", "").split("\n")]
    return {name: found[name] for name in sorted(found, key=lambda name: (name not in asked, name))}


def modules_of(side: Given) -> Versions | None:
    """Go modules but the main one: path → version, with what replaces it; None where the build info was not read."""
    facts = side.case.facts
    if "go.modules" not in facts:
        return {} if "go.build_settings" in facts else None
    main = facts.get("go.main_module")
    return {path: version for path, version in listed(facts).items() if path != main}


def components(a: Given, b: Given) -> tuple[list[Pair], list[str], list[str]]:
    """(what differs, what is alike, what only one side tells)."""
    differing: list[Pair] = []
    same: list[str] = []
    unknown: list[str] = []
    for what, of in (("libraries", libraries_of), ("modules", modules_of)):
        found = of(a), of(b)
        if found[0] is None or found[1] is None:
            if found != (None, None):
                unknown.append(f"{what}: {'A' if found[0] is None else 'B'} does not tell them")
            continue
        rows = _pairs(what, found[0], found[1], _version if what == "modules" else _short)
        differing += rows
        if not rows and found[0]:
            same.append(f"{len(found[0])} {what}")
    return differing, same, unknown


def _pairs(what: str, a: Versions, b: Versions, shown: Callable[[str, str, str], str]) -> list[Pair]:
    only = [name for name in a if name not in b], [name for name in b if name not in a]
    changed = [name for name in a if name in b and not _same(a[name], b[name])]
    rows = []
    for names, side in zip(only, "AB", strict=True):
        if names:
            listed = _listed([_short(name, (a if side == "A" else b)[name], "") for name in names])
            told = (listed, NONE) if side == "A" else (NONE, listed)
            rows.append(
                Pair(kind=f"{what}.one", what=f"{what} of {side} alone", a=told[0], b=told[1], names=tuple(names))
            )
    if changed:
        sides = [_listed([shown(name, of[name], other[name]) for name in changed]) for of, other in ((a, b), (b, a))]
        rows.append(Pair(kind=f"{what}.version", what=f"other {what}", a=sides[0], b=sides[1], names=tuple(changed)))
    return rows


def _same(a: str, b: str) -> bool:
    """Alike as far as both tell: a build id that only one side has says nothing."""
    if ("[" in a) != ("[" in b):
        return a.partition("[")[0].strip() == b.partition("[")[0].strip()
    return a == b


def _version(name: str, version: str, _: str) -> str:
    return f"{name} {version}".strip()


def _short(name: str, version: str, other: str) -> str:
    """With the build id only where the versions are one."""
    number, _, build_id = version.partition("[")
    alone = other and number == other.partition("[")[0]
    return f"{name} {number}{'[' + build_id if alone else ''}".strip()


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
