"""Frames of a diagnosis found again in source that was read: by Go's symbol names, by file names where the program tells them.

A symbol is `path/pkg.F`, `path/pkg.(*T).M`, `path/pkg.T.M`, each with `.func1`, `.gowrap1`, `.deferwrap1` or `-fm` behind it for what
the compiler made of it (cmd/compile/internal/ir, closureName), type arguments as `[...]`, dots of the path's last element as
%2e; every main package is `main`. A file's name is the path it was compiled from, or with -trimpath its import path and name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.lint.source import Function, Package, Tree
from memwhy.model.digits import whole_number

_SHOWN = re.compile(r"(?P<function>.*?)(?: \((?P<file>[^():]+):(?P<line>\d{1,9})\))?$", re.DOTALL)
_SYMBOL = re.compile(
    r"(?P<package>(?:[^/\s]+/)*[^./\s]+)\.(?:\(\*(?P<pointer>\w+)\)\.|(?P<value>[A-Za-z_]\w*)\.)?(?P<name>\w+)"
)
_ARGUMENTS = re.compile(r"\[[^\[\]]*\]")
MOST_NESTED = 4
"""Type arguments within type arguments, as a stack's frame has them."""
_MADE = re.compile(r"func\d+|gowrap\d+|deferwrap\d+|init|glob")


@dataclass(frozen=True, slots=True)
class Spot:
    """A frame in the source. line: of the call or the wait in it, None where the frame does not tell."""

    frame: str
    function: Function
    line: int | None


def spots(tree: Tree, frame: str, place: str = "", main_path: str = "") -> list[Spot]:
    """Where a frame is in the source: several where build tags give a function several bodies; nothing for others' code.

    place: "file:line" of the frame, where it is known. main_path: the import path of the program's main package, "" for unknown.
    """
    shown = _SHOWN.fullmatch(frame)
    if shown is None:
        return []
    file, _, number = place.rpartition(":") if place else (shown["file"] or "", "", shown["line"] or "")
    line = whole_number(number) if len(number) < 10 else None
    found = [
        function
        for package, receiver, name in _meant(tree, shown["function"], main_path)
        for function in functions(package, receiver, name)
    ]
    named = [one for one in found if file and _same(file, one.file.name)]
    if file and found and not named:
        return []  # a function of that name in another file is not the one that ran
    several = named or found
    inside = [one for one in several if line is not None and _holds(one, line)]
    if line is not None and named and not inside:
        return [
            Spot(frame=shown["function"], function=one, line=None) for one in several
        ]  # the source has changed since
    return [Spot(frame=shown["function"], function=one, line=line if inside else None) for one in inside or several]


def declared(symbol: str) -> str:
    """The symbol of the function as it is declared, around whatever literal it names: `main.work` of `main.work.func2.1`."""
    parsed = _parsed(symbol)
    if parsed is None:
        return symbol
    package, receiver, name = parsed
    return f"{package}.{receiver}.{name}" if receiver else f"{package}.{name}"


def _parsed(symbol: str) -> tuple[str, str, str] | None:
    """(package, receiver, name)."""
    for _ in range(MOST_NESTED):
        symbol = _ARGUMENTS.sub("", symbol)
    match = _SYMBOL.match(symbol)
    if match is None:
        return None
    package = match["package"].replace("%2e", ".")
    value, name = match["value"] or "", match["name"]
    if value and _MADE.fullmatch(name):
        return package, "", value  # F.func1: no type has such a method
    return package, match["pointer"] or value, name


def _meant(tree: Tree, symbol: str, main_path: str) -> Iterator[tuple[Package, str, str]]:
    parsed = _parsed(symbol)
    if parsed is None:
        return
    path, receiver, name = parsed
    for package in tree.packages:
        if package.name == "main":
            if path == "main" and (not main_path or package.path == main_path):
                yield package, receiver, name
        elif package.path == path:
            yield package, receiver, name


def functions(package: Package, receiver: str, name: str) -> list[Function]:
    """All bodies of that name; of a name that may be a function with a literal in it, that function."""
    found = _bodies(package, receiver, name)
    return found or (_bodies(package, "", receiver) if receiver else [])


def _bodies(package: Package, receiver: str, name: str) -> list[Function]:
    named = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    return [one for one in package.functions_with(named) if one.name == name and one.receiver == receiver]


def _same(compiled: str, read: str) -> bool:
    """Whether a file that was compiled may be one that was read: as much of their paths as both have is alike at the end."""
    one, other = compiled.split("/"), read.split("/")
    return one[-1] == other[-1]


def _holds(function: Function, line: int) -> bool:
    first, last = function.file.position(function.start)[0], function.file.position(function.end)[0]
    return first <= line <= last
