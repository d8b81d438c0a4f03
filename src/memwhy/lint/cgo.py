"""What a tree's cgo packages declare: Go types around C memory, who makes them, what frees them, and C functions in pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from memwhy.lint.kinds import may_close
from memwhy.lint.source import Function, Package, Tree
from memwhy.lint.syntax import Node
from memwhy.lint.types import Types

_USES_C = re.compile(rb"\bC\.\w+\(")
_IMPORTS_C = re.compile(rb'^(?:import[ \t]+|[ \t]+)"C"', re.MULTILINE)
_CALLED = re.compile(rb"\bC\.(\w+)\(")
_C_FIELD = re.compile(r"\bC\.|\bunsafe\.Pointer\b")
_MAKES = ("new", "create", "alloc", "open", "dup", "clone", "make", "copy")
_FREES = ("free", "destroy", "delete", "close", "release", "unref", "dispose", "drop")
_COUNTS_UP = frozenset(("Ref", "Retain", "AddRef", "IncRef", "Acquire", "Addref"))
_COUNTS_DOWN = frozenset(("Unref", "Release", "DecRef", "RemoveRef", "DelRef", "UnRef", "Free", "Close"))


_WRAPPERS: WeakKeyDictionary[Package, tuple[Wrapper, ...]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A Go type around C memory. makers: functions that give one, by full name, with the result's index; frees: its methods
    that end it; counts: those that count it up; finalized: a finalizer frees it, if late."""

    package: Package
    name: str
    makers: tuple[tuple[str, int], ...]
    frees: tuple[str, ...]
    counts: tuple[str, ...]
    finalized: bool


def packages(tree: Tree) -> Iterator[Package]:
    """The packages that use cgo."""
    for package in tree.packages:
        if any("C" in file.quoted and _IMPORTS_C.search(file.code) for file in package.files):
            yield package


def wrappers(package: Package) -> tuple[Wrapper, ...]:
    """The types of a cgo package that hold C memory and have a method that may free it; found once."""
    if package not in _WRAPPERS:
        _WRAPPERS[package] = tuple(_wrappers(package))
    return _WRAPPERS[package]


def _wrappers(package: Package) -> Iterator[Wrapper]:
    types = Types()
    structs = [name for name, struct in _structs(package, types) if _C_FIELD.search(struct.text)]
    makers = _makers(package, types, structs) if structs else {}
    for name in structs:
        methods = package.methods(name)
        counts = tuple(method for method in methods if method in _COUNTS_UP and _calls_c(package, name, method))
        frees = tuple(method for method in methods if may_close(method))
        made = tuple(found for found in makers.get(f"{package.path}.{name}", ()))
        if frees:
            yield Wrapper(package, name, made, frees, counts, _finalized(package, name, made))


def counted_down(wrapper: Wrapper) -> tuple[str, ...]:
    """The methods that take back what a counting method added."""
    return tuple(name for name in wrapper.frees if name in _COUNTS_DOWN)


def pairs(package: Package) -> Iterator[tuple[str, tuple[str, ...]]]:
    """C functions that this package calls and whose names say that they make something, with those that free it.

    Both names have to occur in the package: `foo_new` with `foo_free`, `TF_NewGraph` with `TF_DeleteGraph`.
    """
    text = b"\n".join(file.code for file in package.files if b'"C"' in file.code)
    present = {word.decode() for word in re.findall(rb"\w+", text)}
    for name in sorted({match[1].decode() for match in _CALLED.finditer(text)}):
        frees = tuple(dict.fromkeys(free for free in _freeing(name) if free in present))
        if frees:
            yield name, frees


def _freeing(name: str) -> Iterator[str]:
    """The names that would free what a C function of this name makes."""
    for make in _MAKES:
        for found, replaced in (
            (rf"(?:(?<=_)|^){make}(?=_|$)", str.lower),
            (rf"{make.capitalize()}(?![a-z])", str.capitalize),
        ):
            match = re.search(found, name)
            if match is None:
                continue
            for free in _FREES:
                whole = name[: match.start()] + replaced(free)
                yield whole + name[match.end() :]
                if make == "new" or match.end() == len(name):
                    yield whole


def _structs(package: Package, types: Types) -> Iterator[tuple[str, Node]]:
    """The struct types of the package that have a method which may end them."""
    for name in package.receivers:
        found = types.declared(package, name) if any(may_close(method) for method in package.methods(name)) else None
        if found is not None and found.node.kind == "struct_type":
            yield name, found.node


def _makers(package: Package, types: Types, names: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Type → functions that call C and give the type or a pointer to it."""
    found: dict[str, list[tuple[str, int]]] = {}
    named = re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")\b")
    for function in package.functions_with(_USES_C):
        if function.name in _COUNTS_UP or not named.search(function.text.partition(b"{\n")[0]):
            continue
        for index, result in enumerate(types.results(function.signature, function.file)):
            bare = result.removeprefix("*")
            if function.receiver and bare == f"{package.path}.{function.receiver}" and not _copies(function):
                continue
            owner = f"{function.receiver}." if function.receiver else ""
            found.setdefault(bare, []).append((f"{package.path}.{owner}{function.name}", index))
    return found


def _copies(function: Function) -> bool:
    return any(word in function.name.lower() for word in ("new", "clone", "copy", "dup"))


def _calls_c(package: Package, receiver: str, method: str) -> bool:
    function = package.function(method, receiver)
    return function is not None and _USES_C.search(function.text) is not None


def _finalized(package: Package, name: str, makers: tuple[tuple[str, int], ...]) -> bool:
    """Whether one of the makers sets a finalizer or a cleanup."""
    for maker, _ in makers:
        receiver, _, function = maker.removeprefix(f"{package.path}.").rpartition(".")
        found = package.function(function, receiver)
        if found is not None and (b"SetFinalizer(" in found.text or b"AddCleanup(" in found.text):
            return True
    return any(f"SetFinalizer(({name}".encode() in file.code for file in package.files)
