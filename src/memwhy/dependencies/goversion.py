"""Versions ordered as Go orders them, and the ranges of a catalogue put to them.

Three kinds are told apart, and never compared with each other: a module's (`v1.2.3-rc.1`, golang.org/x/mod/semver, which is
Semantic Versioning 2.0.0 with a `v`; what stands behind `+` orders nothing), Go's own (`go1.21rc2`, internal/gover) and a
library's (`2.9.14`, `1.1.1k`: dotted numbers with a tail). Numbers stay decimal text: no version is too long.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["module", "go", "library"]
Number = tuple[int, str]
"""A decimal number of any length: its number of digits, then the digits. The absent one is below all others."""
_NONE: Number = (0, "")
_NUL: Number = (1, "0")

_NUM = r"(0|[1-9]\d*)"
_IDENTIFIER = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_MODULE = re.compile(
    rf"v{_NUM}(?:\.{_NUM}(?:\.{_NUM}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?",
    re.ASCII,
)
_GO = re.compile(rf"go{_NUM}(?:\.{_NUM}(?:\.{_NUM}|([a-z]+){_NUM}?)?)?", re.ASCII)
_LIBRARY = re.compile(r"(\d+(?:\.\d+)*)([-._]?[A-Za-z][0-9A-Za-z.+~-]*|[-+~][0-9A-Za-z.+~-]*)?", re.ASCII)
_EARLIER = re.compile(r"[-._~]?(?:alpha|beta|pre|rc|dev)\D*(\d*)", re.ASCII)
_PSEUDO = re.compile(r"v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[0-9A-Za-z]+(?:\+[0-9A-Za-z.-]+)?", re.ASCII)
"""golang.org/x/mod/module, pseudo.go: the three forms vX.0.0-DATE-HASH, vX.Y.(Z+1)-0.DATE-HASH and vX.Y.Z-PRE.0.DATE-HASH."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version that can be compared with others of its kind. places: its numbers; tail: what stands behind them.

    pseudo: it names a commit, by its place after the last tag before it.
    """

    kind: Kind
    places: tuple[Number, ...]
    tail: tuple[tuple[int, Number, str], ...]
    pseudo: bool = False


_RELEASED = ((3, _NONE, ""),)
"""The tail of a release: above all pre-releases."""


def parse_version(text: str) -> Version | None:
    """The version, of whichever kind; None for what is none: `(devel)`, a branch, a commit's hash."""
    text = text.strip()
    if text.startswith("v"):
        return _module(text)
    if text.startswith("go"):
        return _go(text)
    return _library(text)


def _module(text: str) -> Version | None:
    found = _MODULE.fullmatch(text)
    if found is None:
        return None
    places = tuple(_number(found[i] or "0") for i in (1, 2, 3))
    tail = tuple(_identifier(part) for part in found[4].split(".")) if found[4] else _RELEASED
    return Version("module", places, tail, pseudo=_PSEUDO.fullmatch(text) is not None)


def _identifier(text: str) -> tuple[int, Number, str]:
    """Numbers below words: section 11.4 of Semantic Versioning."""
    return (1, _number(text), "") if text.isdigit() else (2, _NONE, text)


def _go(text: str) -> Version | None:
    """ "go1.21.3-custom X:boringcrypto" is go1.21.3: go/version cuts a toolchain's suffix, and `go version` shows experiments."""
    found = _GO.fullmatch(re.split(r"[-+ ]", text, maxsplit=1)[0])
    if found is None:
        return None
    major, minor, patch, word, count = found.groups()
    if minor is None:
        minor = patch = "0"
    elif patch is None and word is None and _number(minor) < _number("21"):
        patch = "0"  # from 1.21 on `1.21` is the language, before all its releases
    places = (_number(major), _number(minor), _number(patch) if patch else _NONE)
    return Version("go", places, ((2, _NONE, word or ""), (1, _number(count) if count else _NONE, "")))


def _library(text: str) -> Version | None:
    """Trailing zeros say nothing (1.2 is 1.2.0); letters count up (1.1.1k), `rc` and its like come before the release."""
    found = _LIBRARY.fullmatch(text)
    if found is None:
        return None
    places = [_number(part.lstrip("0") or "0") for part in found[1].split(".")]
    while len(places) > 1 and places[-1] == _NUL:
        places.pop()
    tail = found[2] or ""
    earlier = _EARLIER.match(tail.lower())
    if earlier is not None:
        return Version("library", tuple(places), ((1, _number(earlier[1].lstrip("0") or "0"), tail),))
    letters = tail if tail[:1].isalpha() else ""  # a distribution's revision (-9+deb12u4) is no other version
    return Version("library", tuple(places), ((3, _NONE, letters),))


def _number(text: str) -> Number:
    return len(text), text


def compare(one: str, other: str) -> int:
    """-1, 0 or 1, as golang.org/x/mod/semver and go/version have it: what is no version is below all that are.

    Raises ValueError for versions of two kinds.
    """
    first, second = parse_version(one), parse_version(other)
    if first is None or second is None:
        return (first is not None) - (second is not None)
    if first.kind != second.kind:
        raise ValueError(f"{one} is a {first.kind} version and {other} a {second.kind} version")
    a, b = (first.places, first.tail), (second.places, second.tail)
    return (a > b) - (a < b)


_BOUND = re.compile(r"\s*(>=|<=|==|=|>|<|)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison of a range: `<v1.4.1`."""

    sign: str
    version: Version

    def holds(self, version: Version) -> bool | None:
        """None where a commit between two tags is compared with a later tag: what that one has may be in it or not."""
        a, b = (version.places, version.tail), (self.version.places, self.version.tail)
        if version.pseudo and not self.version.pseudo and a < b:
            return None
        answers = {">=": a >= b, ">": a > b, "<=": a <= b, "<": a < b}
        return answers.get(self.sign, a == b)


@dataclass(frozen=True, slots=True)
class Range:
    """Versions: any of several rows of bounds, of which all have to hold. No row: none; a row without a bound: all."""

    rows: tuple[tuple[Bound, ...], ...]

    @property
    def is_all(self) -> bool:
        return () in self.rows

    def holds(self, text: str) -> bool | None:
        """Whether a version lies in it; None where that cannot be said (no version, one of another kind, a commit)."""
        if self.is_all:
            return True
        version = parse_version(text)
        if version is None:
            return None
        answers = [_all_hold(row, version) for row in self.rows]
        return True if True in answers else None if None in answers else False


def _all_hold(row: tuple[Bound, ...], version: Version) -> bool | None:
    if any(bound.version.kind != version.kind for bound in row):
        return None
    answers = [bound.holds(version) for bound in row]
    return False if False in answers else None if None in answers else True


def parse_range(text: str) -> Range:
    """`>=v1.2.0, <v1.4.1`, several with `||` between them, `v1.2.3` alone, or `all`. Raises ValueError."""
    rows: list[tuple[Bound, ...]] = []
    for row in text.split("||"):
        if row.strip() == "all":
            rows.append(())
            continue
        bounds: list[Bound] = []
        for part in row.split(","):
            found = _BOUND.fullmatch(part)
            version = parse_version(found[2]) if found else None
            if found is None or version is None:
                raise ValueError(f"{part.strip()!r} is no bound; write >=v1.2.0, <v1.4.1 or all")
            bounds.append(Bound(found[1] or "=", version))
        rows.append(tuple(bounds))
    return Range(tuple(rows))
