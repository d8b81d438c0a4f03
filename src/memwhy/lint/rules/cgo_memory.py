"""C memory that Go asked for and nobody frees: C.CString, C.CBytes, C.malloc, C.calloc, C.strdup.

Go's collector does not see it: every call that is not freed stays until the process ends, and no Go profile shows it
(cmd/cgo, "Passing pointers").
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from memwhy.dependencies.catalogue import pairs
from memwhy.lint import cgo
from memwhy.lint.kinds import TAKING, Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "cgo-free"
CAUSE = "native-leak"
TOKENS = (b'import "C"', b'"C"')

_DEPENDS = 0.4
"""Weight where the catalogue says that a release is due under a condition only, and neither the call nor its way shows it."""

_ORDINALS = ("first", "second", "third", "fourth")
_NULL = re.compile(rf"the ({'|'.join(_ORDINALS)}) argument was NULL")
_FLAG = re.compile(r"(\w+) was not given")
_FAILED = "the call failed and the text is set"
"""Conditions of the catalogue that the call itself shows, or the way behind it."""

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="C memory",
    acquires={f"C.{name}": 0 for name in ("CString", "CBytes", "malloc", "calloc", "realloc", "strdup", "strndup")},
    by=frozenset(("C.free", "C.realloc", "C.g_free")),
    weight=0.85,
    release="C.free(unsafe.Pointer({name}))",
    remedy="`defer C.free(unsafe.Pointer(p))` behind the call that allocates: a defer before it frees nil, because its"
    " argument is evaluated at once",
    costs="the block itself, outside of the Go heap, for good",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """Go's own calls, the catalogue's, and pairs that the tree's packages call, by their names."""
    known = dict.fromkeys(KIND.acquires)
    return (KIND, *_catalogued(known), *_own(tree, known))


def _catalogued(known: dict[str, None]) -> Iterator[Kind]:
    for pair in pairs():
        name = f"C.{pair.allocate}"
        if pair.language != "c" or pair.by != "function" or pair.gives.startswith("into") or name in known:
            continue
        known[name] = None
        argument = int(pair.gives.removeprefix("argument ")) - 1 if pair.gives != "result" else -1
        yield _under(_pair(name, pair.release, argument, 0.8, pair.cause), pair.when)


def _under(kind: Kind, when: str) -> Kind:
    """The kind as it is under the catalogue's condition; where neither call nor way shows that, it weighs little."""
    if (null := _NULL.fullmatch(when)) is not None:
        return replace(kind, nil_argument=_ORDINALS.index(null[1]))
    if (flag := _FLAG.fullmatch(when)) is not None:
        return replace(kind, unless=flag[1])
    if when == _FAILED:
        return replace(kind, failing=True)
    return replace(kind, weight=_DEPENDS) if when else kind


def _own(tree: Tree, known: dict[str, None]) -> Iterator[Kind]:
    for package in cgo.packages(tree):
        for name, frees in cgo.pairs(package):
            if f"C.{name}" not in known:
                known[f"C.{name}"] = None
                yield replace(_pair(f"C.{name}", frees, -1, 0.7, CAUSE), status=True)


def _pair(name: str, frees: tuple[str, ...], argument: int, weight: float, cause: str) -> Kind:
    return Kind(
        rule=NAME,
        cause=cause,
        noun=f"what {name} gives",
        acquires={name: 0},
        argument=argument,
        by=frozenset(f"C.{free}" for free in frees),
        taken_by=TAKING | {"add", "append", "set"},
        weight=weight,
        release=f"C.{frees[0]}({{name}})",
        remedy=f"C.{frees[0]} on every way, deferred behind the call",
        costs=KIND.costs,
    )


def check(package: Package) -> Iterable[Suspect]:
    """Blocks that are lost on some way."""
    return suspects(package, NAME)
