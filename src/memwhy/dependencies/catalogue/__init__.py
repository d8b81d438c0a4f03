"""The catalogue of what is known about others' code: leaks by version, memory outside the Go heap, calls that need a release.

Three JSON files beside this one, each read once and only when asked for; schema.json says what their fields mean, and
tools/check_catalogue.py looks at the sources again. Nothing here judges: an entry is what somebody else's code does, a
verdict needs a measurement of this process.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from memwhy.model.errors import MemwhyError

DIRECTORY = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Builds that an entry is about; an empty field says nothing.

    goos: one of these. cgo: CGO_ENABLED. tags: one of these build tags. go: range of the main module's go directive.
    """

    goos: tuple[str, ...] = ()
    cgo: bool | None = None
    tags: tuple[str, ...] = ()
    go: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A fix that can be looked at again: `text` stands in `file` oftener in `after` than in `before`, or `gone`, less often."""

    file: str
    before: str
    after: str
    text: str
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLeak:
    """A module or library that is known to leak or to keep memory.

    match: module (this path), major (also with `/vN` behind), stdlib (the Go version), soname (a library's name begins
    so). affected: a range in Go's order of versions, or `all`. kind: defect (an affected version leaks), usage (callers
    that do not release leak), design (kept on purpose). packages, symbols: beginnings of the Go packages and C
    functions that a stack has to touch; none means the whole module.
    """

    module: str
    match: str
    affected: str
    fixed: str | None
    cause: str
    kind: str
    what: str
    trigger: str
    remedy: str
    source: tuple[str, ...]
    confidence: str
    checked: str
    date: str
    packages: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    only: Only = Only()
    shown: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OffHeap:
    """A module that uses memory outside the Go heap, or (`off_heap` none) looks so and does not.

    off_heap: malloc, mmap, both, none. cgo: default (wherever cgo is enabled), tag (with one of `tags`), never.
    static: C libraries brought along; shared, dlopen: others, by their names up to `.so`. symbols: beginnings of the C
    functions' names. through: the module that does it, where this one only brings it along.
    """

    module: str
    match: str
    off_heap: str
    cgo: str
    source: tuple[str, ...]
    checked: str
    date: str
    package: str = ""
    tags: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    dlopen: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    through: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A call that gives something, and the calls any one of which releases it.

    language: c (functions; Go says `C.name`) or go (functions of `package`, methods as `Type.Method`). gives: result,
    `argument N` (put where the Nth argument points, from 1) or `into N` (held by the object it points to). by: how the
    release takes it: as a function's argument, as a method of `type`, or by calling what was given. collected: what
    becomes of it without a release: never freed, late by a finalizer, or by the collector since a go directive.
    """

    library: str
    language: str
    allocate: str
    gives: str
    release: tuple[str, ...]
    source: tuple[str, ...]
    checked: str
    package: str = ""
    include: str = ""
    type: str = ""
    by: str = "function"
    when: str = ""
    collected: str = "never"
    cause: str = "native-leak"
    note: str = ""


@cache
def known_leaks() -> tuple[KnownLeak, ...]:
    """All known leaks, by module. Raises MemwhyError where the installation lacks the file."""
    return tuple(_known_leak(entry) for entry in _entries("known_leaks.json"))


@cache
def off_heap() -> tuple[OffHeap, ...]:
    """All modules that were looked at for memory outside the Go heap. Raises MemwhyError as known_leaks does."""
    return tuple(OffHeap(**_fields(entry)) for entry in _entries("off_heap.json"))


@cache
def pairs() -> tuple[Pair, ...]:
    """All calls that need a release. Raises MemwhyError as known_leaks does."""
    return tuple(Pair(**_fields(entry)) for entry in _entries("pairs.json"))


def _known_leak(entry: dict[str, Any]) -> KnownLeak:
    fields = _fields(entry)
    if only := entry.get("only"):
        fields["only"] = Only(**_fields(only))
    if shown := entry.get("shown"):
        fields["shown"] = Shown(**shown)
    return KnownLeak(**fields)


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry's keys as a dataclass has them: lists as tuples, `class` as `cause`."""
    return {
        "cause" if key == "class" else key: tuple(value) if isinstance(value, list) else value
        for key, value in entry.items()
    }


def _entries(name: str) -> list[dict[str, Any]]:
    try:
        document = json.loads((DIRECTORY / name).read_bytes())
    except (OSError, ValueError) as error:
        raise MemwhyError(f"the catalogue's {name} cannot be read: {error}", help="install memwhy again") from None
    entries: list[dict[str, Any]] = document["entries"]
    return entries
