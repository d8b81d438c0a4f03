"""Names of types and functions with their packages, and what a file's names mean: the words of `memwhy.lint.types`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memwhy.lint.scopes import Scopes
from memwhy.lint.source import File, Function
from memwhy.lint.syntax import Node

_VERSION = re.compile(r"(?:/v\d+|(?<=\w)\.v\d+)(?=[./]|$)")
"""https://go.dev/ref/mod#major-version-suffixes; gopkg.in writes it with a dot."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: the file, for its imports, and the variables of its function."""

    file: File
    scopes: Scopes | None


@dataclass(frozen=True, slots=True)
class Called:
    """What a call calls.

    name: `net/http.Get`, `net/http.Client.Do`, `C.free`, `len`, `?.Close` where the receiver's type is not known, "" for
    what has no name. function: its declaration in this tree. literal: the function literal that a local variable holds.
    results: their types, () where not known. conversion: the type, where the call is one.
    """

    name: str
    function: Function | None = None
    literal: Node | None = None
    results: tuple[str, ...] = ()
    conversion: str = ""

    @property
    def known(self) -> bool:
        """Whether a body is at hand."""
        return self.function is not None or self.literal is not None


@dataclass(frozen=True, slots=True)
class Declared:
    """A type's declaration: where, and the node of what it is declared as."""

    file: File
    node: Node


def split(name: str) -> tuple[str, str, str]:
    """`net/http.Client` → ("net/http", ".", "Client"): at the first dot behind the last slash."""
    head, slash, last = name.lstrip("*[]").rpartition("/")
    package, dot, rest = last.partition(".")
    version, _, further = rest.partition(".")
    if further and version[:1] == "v" and version[1:].isdigit():
        package, rest = f"{package}.{version}", further
    return head + slash + package, dot, rest


def element(type: str) -> str:
    """What a slice, array, map or channel holds."""
    if type.startswith("*[]"):
        type = type[1:]
    if type.startswith("[]"):
        return type[2:]
    if type.startswith("map["):
        return type.partition("]")[2]
    return type.removeprefix("chan ") if type.startswith("chan ") else ""


def fields(struct: Node) -> list[Node]:
    """The field declarations of a struct_type."""
    return [
        f
        for listed in struct.children
        if listed.kind == "field_declaration_list"
        for f in listed.children
        if f.kind == "field_declaration"
    ]


def imported(operand: Node, place: Place) -> str:
    """The import path that a name means in a file, "" where it is a variable's or nothing's."""
    if operand.kind != "identifier" or (place.scopes is not None and place.scopes.variable(operand) is not None):
        return ""
    return place.file.imports.get(operand.text, "")


def unversioned(name: str) -> str:
    """A path or name without its major version, `github.com/libgit2/git2go/v34.Commit` → `github.com/libgit2/git2go.Commit`."""
    return _VERSION.sub("", name) if "/v" in name or ".v" in name else name


def last_name(call: Node) -> str:
    """The last name of what a call calls."""
    function = call.child("function")
    while function is not None and function.kind in (
        "type_instantiation_expression",
        "index_expression",
        "parenthesized_expression",
    ):
        function = function.children[0] if function.children else None
    if function is None:
        return ""
    if function.kind == "selector_expression":
        function = function.child("field")
    return function.text if function is not None and function.kind in ("identifier", "field_identifier") else ""
