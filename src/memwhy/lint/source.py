"""A directory of Go source as packages, files and functions; text first, trees only of the declarations that a rule asks for.

    tree = read_tree(Path("."), Options())
    for package in tree.packages:
        for function in package.functions_with(re.compile(rb"\\.Do\\("), imports="net/http"):
            function.node        # the declaration as `memwhy.lint.syntax.Node`
            function.symbol      # as Go's linker names it

30 MB of source must not take more than 15 CPU seconds: a rule names the bytes it needs (`TOKENS`), asks for the functions
that hold them, and walks only those: what is not asked for is never parsed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from memwhy.lint.cutting import FUNCTIONS, Top
from memwhy.lint.declarations import Declarations
from memwhy.lint.occurring import occurrences
from memwhy.lint.syntax import Node

_DECLARATION = re.compile(rb"func[ \t]*(?:\(\s*(?:\w+[ \t]+)?\*?[ \t]*(\w+)[^)\n]*\)[ \t]*)?(\w+)")
_FUNCTION = re.compile(rb"\n" + _DECLARATION.pattern)
_DECLARED = re.compile(rb"\n(type|var)[ \t]+(?:\(([^\0]*?)^\)|(\w+(?:[ \t]*,[ \t]*\w+)*))", re.MULTILINE)
_LISTED = re.compile(rb"^[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)*)", re.MULTILINE)
_WORDS_AND_CALLS = bytes(
    number if number >= 128 or chr(number).isalnum() or number == 95 else 40 if number in b"([" else 32
    for number in range(256)
)
"""Every byte as it is in a name, as `(` where it opens, else as a blank."""
_LAST_WORD = re.compile(rb"\w+$")
_QUOTED = re.compile(rb'"([^"\s]+)"')
_VERSIONED = re.compile(r"(?:/v\d+|\.v\d+)$")


@dataclass(slots=True)
class Skipped:
    """What was not read, by reason, with the first examples of each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1
        kept = self.examples.setdefault(reason, [])
        if len(kept) < 3 and name not in kept:
            kept.append(name)


class Function:
    """A function or method with a body or without. receiver: its type's name, "" for a function; pointer: is it `*T`."""

    __slots__ = ("end", "file", "index", "name", "pointer", "receiver", "start")

    def __init__(self, file: File, index: int, start: int, end: int, receiver: str, pointer: bool, name: str) -> None:
        self.file = file
        self.index = index
        self.start = start
        self.end = end
        self.receiver = receiver
        self.pointer = pointer
        self.name = name

    @property
    def text(self) -> bytes:
        return self.file.code[self.start : self.end]

    @property
    def node(self) -> Node | None:
        """The declaration's tree; None where its syntax is broken or it is nested too deeply (both counted)."""
        return self.file.declaration(self.index)

    @property
    def alternatives(self) -> tuple[Function, ...]:
        """This function and those of the same name that other builds have in its place."""
        return tuple(self.file.package.named(self.name, self.receiver))

    @property
    def signature(self) -> Node | None:
        """The declaration without what its body holds; None as for node."""
        return self.file.package.tree.declarations.signature(self.file, self.index)

    @property
    def symbol(self) -> str:
        """The name in stacks and profiles: `path/pkg.F`, `path/pkg.(*T).M`, `main.F`; type parameters are left out."""
        prefix = self.file.package.symbol_prefix
        if not self.receiver:
            return f"{prefix}.{self.name}"
        return f"{prefix}.(*{self.receiver}).{self.name}" if self.pointer else f"{prefix}.{self.receiver}.{self.name}"

    def symbol_of(self, literal: Node) -> str:
        """The symbol of a function literal in this function: `F.func2`, nested `F.func2.1` (cmd/compile's closure names)."""
        outer = literal.above("func_literal")
        around = outer if outer is not None else literal.above(*FUNCTIONS) or literal
        beside = [n for n in around.walk("func_literal", into_functions=False) if n is not around]
        number = next((i for i, n in enumerate(beside, 1) if n is literal), 0)
        return f"{self.symbol_of(outer)}.{number}" if outer is not None else f"{self.symbol}.func{number}"

    def symbol_at(self, node: Node) -> str:
        """The symbol of the innermost function, this one or a literal in it, that holds node."""
        literal = node if node.kind == "func_literal" else node.above("func_literal")
        return self.symbol_of(literal) if literal is not None else self.symbol


class File:
    """One .go file. name: relative to the directory that was read, with `/`. code: its bytes."""

    def __init__(self, name: str, code: bytes, package: Package) -> None:
        self.name = name
        self.code = code
        self.package = package

    @property
    def is_test(self) -> bool:
        return self.name.endswith("_test.go")

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer(rb"\n", self.code))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte offset, both from 1, the column in bytes."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """A line as it stands, without its newline."""
        starts = self._line_starts
        end = starts[line] if line < len(starts) else len(self.code)
        return self.code[starts[line - 1] : end].decode("utf-8", "replace").rstrip("\r\n")

    @cached_property
    def top(self) -> Sequence[Top]:
        """Kind, start and end of each declaration of the file, in order; seldom parses it."""
        return self.package.tree.declarations.of(self)

    def declaration(self, index: int) -> Node | None:
        """The tree of `top[index]`, or None (counted) where it cannot be had."""
        return self.package.tree.declarations.grown(self, index)

    def declarations(self, *kinds: str) -> Iterator[Node]:
        """The trees of the file's top declarations of these kinds: `type_declaration`, `var_declaration` …"""
        for index, (kind, _, _) in enumerate(self.top):
            if kind in kinds:
                node = self.declaration(index)
                if node is not None:
                    yield node

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function and method of the file."""
        return tuple(_functions(self))

    @cached_property
    def quoted(self) -> frozenset[str]:
        """What it imports, by the text before its first function (other quoted words may be among it)."""
        end = max(self.code.find(b"\nfunc "), 0) or len(self.code)
        return frozenset(m[1].decode("utf-8", "replace") for m in _QUOTED.finditer(self.code, 0, end))

    @cached_property
    def called(self) -> frozenset[bytes]:
        """What stands before `(` or `[` in its text."""
        before = self.code.translate(_WORDS_AND_CALLS).split(b"(")
        return frozenset(one.rpartition(b" ")[2] for one in before[:-1])

    @cached_property
    def appended(self) -> frozenset[bytes]:
        """What stands before ` = append(` in its text."""
        before = self.code.split(b" = append(")
        return frozenset(match[0] for one in before[:-1] if (match := _LAST_WORD.search(one, max(0, len(one) - 200))))

    def function_at(self, offset: int) -> Function | None:
        """The function that holds a byte."""
        index = bisect_right(self.functions, offset, key=lambda one: one.start) - 1
        return self.functions[index] if index >= 0 and offset < self.functions[index].end else None

    def functions_calling(self, names: frozenset[bytes]) -> Iterator[tuple[Function, list[tuple[int, bytes]]]]:
        """Functions in whose text one of the names stands before `(` or `[`, with where; parses nothing where the file has none."""
        present = names & self.called
        found = sorted(
            (at, name) for name in present for after in (b"(", b"[") for at in occurrences(self.code, name, after)
        )
        for function in self.functions if found else ():
            first, last = (bisect_right(found, edge, key=itemgetter(0)) for edge in (function.start, function.end))
            if first < last:
                yield function, found[first:last]

    @cached_property
    def imports(self) -> dict[str, str]:
        """Name in this file → import path. `_` and `.` are left out; unnamed: the package's likely name."""
        found: dict[str, str] = {}
        for declaration in self.declarations("import_declaration"):
            for spec in declaration.walk("import_spec"):
                path = spec.child("path")
                if path is None:
                    continue
                imported = path.text.strip('"`')
                name = spec.child("name")
                if name is None:
                    found[self.package.tree.package_name(imported)] = imported
                elif name.text not in "_.":
                    found[name.text] = imported
        return found

    def imported_as(self, path: str) -> str:
        """The name under which this file imports path, "" where it does not. Cheap where the path does not occur."""
        if f'"{path}"'.encode() not in self.code:
            return ""
        return next((name for name, imported in self.imports.items() if imported == path), "")


class Package:
    """The files of one directory that share a package name. path: the import path, or the directory where no go.mod is."""

    def __init__(self, tree: Tree, directory: str, path: str, name: str, module: Module) -> None:
        self.tree = tree
        self.directory = directory
        self.path = path
        self.name = name
        self.module = module
        self.files: list[File] = []

    def __repr__(self) -> str:
        return f"<Package {self.path}>"

    @property
    def go_version(self) -> tuple[int, int]:
        """The `go` line of go.mod as (1, 23): the language version, which also decides about timers. (1, 16) without one."""
        return self.module.go_version

    @property
    def symbol_prefix(self) -> str:
        """The path as the linker writes it: `main` for main packages, dots of the last element escaped (cmd/internal/objabi)."""
        if self.name == "main":
            return "main"
        head, slash, last = self.path.rpartition("/")
        return head + slash + last.replace(".", "%2e")

    @cached_property
    def imported(self) -> frozenset[str]:
        """What the files import, as `File.quoted` has it."""
        return frozenset().union(*(file.quoted for file in self.files))

    @cached_property
    def _index(self) -> dict[tuple[str, str], list[File]]:
        """(receiver, name) → files whose text declares it, found without parsing."""
        found: dict[tuple[str, str], list[File]] = {}
        for file in self.files:
            for match in _FUNCTION.finditer(file.code):
                key = ((match[1] or b"").decode("utf-8", "replace"), match[2].decode("utf-8", "replace"))
                found.setdefault(key, []).append(file)
        return found

    @cached_property
    def _declaring(self) -> dict[tuple[bytes, bytes], dict[tuple[File, int], None]]:
        """(`type` or `var`, name) → where the text begins that declares it at the top, found without parsing."""
        found: dict[tuple[bytes, bytes], dict[tuple[File, int], None]] = {}
        for file in self.files:
            for match in _DECLARED.finditer(file.code):
                named = match[3] if match[2] is None else b"\n".join(_LISTED.findall(match[2]))
                for name in re.findall(rb"\w+", named):
                    found.setdefault((match[1], name), {})[file, match.start(1)] = None
        return found

    def declaring(self, keyword: str, name: str) -> Iterator[tuple[File, Node]]:
        """The declarations of a `type` or a `var` of this name outside of functions, without blocks and composite literals."""
        for file, start in self._declaring.get((keyword.encode(), name.encode()), ()):
            index = bisect_left(file.top, start, key=lambda top: top[1])
            node = file.package.tree.declarations.signature(file, index) if file.top[index : index + 1] else None
            if node is not None and node.start == start:
                yield file, node

    def function(self, name: str, receiver: str = "") -> Function | None:
        """The function or method of that name; the first of several that build tags tell apart."""
        return next(self.named(name, receiver), None)

    def named(self, name: str, receiver: str = "") -> Iterator[Function]:
        """Every declaration of that name; several where build tags choose."""
        for file in dict.fromkeys(self._index.get((receiver, name), ())):
            for function in file.functions:
                if function.name == name and function.receiver == receiver:
                    yield function

    @property
    def receivers(self) -> dict[str, None]:
        """The types that have methods."""
        return dict.fromkeys(of for of, _ in self._index if of)

    def methods(self, receiver: str) -> tuple[str, ...]:
        """A type's methods, in the order of the source."""
        return tuple(name for of, name in self._index if of == receiver)

    def methods_named(self, name: str) -> tuple[Function, ...]:
        """The methods of this name, whatever their receivers."""
        found = (self.function(name, of) for of, method in self._index if of and method == name)
        return tuple(function for function in found if function is not None)

    def functions_with(
        self, pattern: re.Pattern[bytes], imports: str = "", holding: Sequence[bytes] = ()
    ) -> Iterator[Function]:
        """Functions whose text has the pattern, in files that import the path where one is named. Parses nothing.

        holding: bytes of which the pattern needs one. A pattern that begins with something else than bytes takes fifty times
        what it takes to look for them.
        """
        wanted = f'"{imports}"'.encode() if imports else b""
        for file in self.files:
            code = file.code
            if wanted in code and (not holding or any(held in code for held in holding)):
                yield from _having(file, pattern)

    def functions_naming(self, name: bytes) -> Iterator[Function]:
        """Functions in whose text the word stands by itself. Parses nothing."""
        for file in self.files:
            last = None
            for at in occurrences(file.code, name):
                function = file.function_at(at)
                if function is not None and function is not last:
                    yield function
                    last = function


@dataclass(slots=True)
class Module:
    """What a go.mod says, and its packages by import path. standard: it is Go's own library. path "" and version (1, 16) where there is no go.mod."""

    path: str
    go_version: tuple[int, int]
    directory: str
    standard: bool = False
    packages: dict[str, Package] = field(default_factory=dict)


class Tree:
    """All that was read below one directory. packages are in the order of their directories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packages: list[Package] = []
        self.skipped = Skipped()
        self.read_bytes = 0
        self.read_files = 0
        self.declarations = Declarations(self.skipped)
        self._by_path: dict[str, Package] = {}

    def add(self, package: Package) -> None:
        self.packages.append(package)
        package.module.packages.setdefault(package.path, package)
        self._by_path.setdefault(package.path, package)

    def package_at(self, path: str) -> Package | None:
        """The package with this import path, where its source was read."""
        return self._by_path.get(path)

    def package_name(self, path: str) -> str:
        """The name a file uses for an unnamed import: the package's own, or what its path makes likely."""
        package = self._by_path.get(path)
        if package is not None:
            return package.name
        last = _VERSIONED.sub("", path).rpartition("/")[2]
        return last.removeprefix("go-").removesuffix("-go").removesuffix(".go").replace("-", "_")


def is_generated(code: bytes) -> bool:
    """Whether a line before the package clause says that the file is generated, as `go help generate` asks for it."""
    head = code[: code.find(b"\npackage ") + 1] if not code.startswith(b"package ") else b""
    return re.search(rb"^// Code generated .* DO NOT EDIT\.\r?$", head, re.MULTILINE) is not None


def _having(file: File, pattern: re.Pattern[bytes]) -> Iterator[Function]:
    """The functions of a file that the pattern matches in, in one way through its text."""
    match = pattern.search(file.code)
    while match is not None:
        index = bisect_right(file.functions, match.start(), key=lambda one: one.start) - 1
        function = file.functions[index] if index >= 0 and match.start() < file.functions[index].end else None
        if function is None:
            after = file.functions[index + 1 : index + 2]
            at = after[0].start if after else len(file.code)
        else:
            at = function.end
            if match.end() <= at or pattern.search(file.code, function.start, at):
                yield function
        match = pattern.search(file.code, at)


def _functions(file: File) -> Iterator[Function]:
    """The functions of a file; receiver and name are read from the text, so that no tree is grown for it."""
    for index, (kind, start, end) in enumerate(file.top):
        if kind not in FUNCTIONS:
            continue
        match = _DECLARATION.match(file.code, start)
        if match is None:
            continue
        receiver = (match[1] or b"").decode("utf-8", "replace")
        pointer = bool(receiver) and b"*" in file.code[start : match.start(1)]
        yield Function(file, index, start, end, receiver, pointer, match[2].decode("utf-8", "replace"))
