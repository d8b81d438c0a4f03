"""C functions that stand in cgo preambles: what one does with an argument, read from its text.

No C parser: a definition is a name, parentheses and braces, a statement ends at its semicolon. Where the text leaves doubt, the
argument counts as taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from memwhy.lint.kinds import may_close
from memwhy.lint.source import Package
from memwhy.lint.syntax import Node, arguments

_C_TYPES = frozenset(
    [
        "char",
        "schar",
        "uchar",
        "short",
        "ushort",
        "int",
        "uint",
        "long",
        "ulong",
        "longlong",
        "ulonglong",
        "float",
        "double",
        "uintptr",
    ]
)
_DEFINITION = re.compile(r"\b(\w+)\s*\(([^(){};]*)\)\s*\{")
_CALL = re.compile(r"\b(\w+)\s*\(")
_CAST = re.compile(r"^\(\s*\w[\w\s*]*\)\s*(?=[\w&*(])")
_GIVEN = re.compile(r"(.*?)(?<![=!<>+*/&|^%-])=(?!=)(.*)", re.DOTALL)
_RETURNED = re.compile(r"\s*return\b(.*)", re.DOTALL)
_KEYWORDS = frozenset(("if", "for", "while", "switch", "return", "sizeof"))
_MOST_TEXT = 1 << 20
_MOST_BODY = 1 << 14
_MOST_GIVEN = 1 << 10
"""Characters that are looked at: of a preamble, of a function's body, of a call's arguments."""
_ALIASES = 4
"""Rounds of giving the argument other names."""


class Preambles:
    """The C functions of one package."""

    def __init__(self, package: Package) -> None:
        self._functions: dict[str, tuple[list[str], str]] = {}
        self._known: dict[tuple[str, int], bool] = {}
        for file in package.files:
            self._functions.update(_defined(file.code))

    @classmethod
    def of(cls, package: Package) -> Preambles:
        """The package's, read once."""
        if package not in _READ:
            _READ[package] = cls(package)
        return _READ[package]

    def keeps(self, name: str, index: int) -> bool | None:
        """Whether a function stores, frees or returns its argument; None where no preamble has its body."""
        parameters, body = self._functions.get(name, ([], ""))
        if index >= len(parameters):
            return None
        key = (name, index)
        if key not in self._known:
            self._known[key] = False
            self._known[key] = self._ends_in(parameters[index], body)
        return self._known[key]

    def _ends_in(self, parameter: str, body: str) -> bool:
        names = {parameter}
        statements = re.split("[;{}]", body)
        for _ in range(_ALIASES):
            for target, value in (match.groups() for one in statements if (match := _GIVEN.match(one))):
                if _bare(value) in names:
                    local = _local(target, body)
                    if not local:
                        return True
                    names.add(local)
        for called, given in _calls(body):
            for at, argument in enumerate(given):
                if _bare(argument) in names and (may_close(called) or self.keeps(called, at)):
                    return True
        return any(_bare(match[1]) in names for one in statements if (match := _RETURNED.match(one)))


_READ: WeakKeyDictionary[Package, Preambles] = WeakKeyDictionary()


def _defined(code: bytes) -> Iterator[tuple[str, tuple[list[str], str]]]:
    """Name, parameters and body of each function before `import "C"`."""
    text = _text(code)
    at = 0
    while (match := _DEFINITION.search(text, at)) is not None:
        at = match.end()
        if match[1] not in _KEYWORDS:
            words = [re.findall(r"\w+", one.partition("[")[0]) or [""] for one in match[2].split(",")]
            body = _closed(text, at - 1, "{}", _MOST_BODY)
            yield match[1], ([one[-1] for one in words], body)
            at += len(body)


def _text(code: bytes) -> str:
    """The C of a file's preamble, without comments; the marks of the Go comments that it stands in are taken off."""
    head = code[: max(code.find(b'import "C"'), 0)][-_MOST_TEXT:].decode("utf-8", "replace")
    if not head.rstrip().endswith("*/"):
        head = re.sub(r"^//", "", head, flags=re.MULTILINE)
        end = head.rfind("*/") + 2
        head = re.sub(r"/\*.*?\*/", " ", head[:end], flags=re.DOTALL) + head[end:]
    return re.sub(r"//[^\n]*", "", head.replace("/*", "  ").replace("*/", "  "))


def _closed(text: str, start: int, marks: str, most: int) -> str:
    """The text between a bracket and the one that closes it."""
    depth = 0
    for match in re.compile(f"[{re.escape(marks)}]").finditer(text, start, start + most):
        depth += 1 if match[0] == marks[0] else -1
        if depth == 0:
            return text[start + 1 : match.start()]
    return text[start + 1 : start + most]


def _calls(body: str) -> Iterator[tuple[str, list[str]]]:
    """Calls with their arguments, as far as commas between brackets tell them apart."""
    for match in _CALL.finditer(body):
        if match[1] in _KEYWORDS:
            continue
        arguments, depth = [""], 0
        for char in _closed(body, match.end() - 1, "()", _MOST_GIVEN):
            depth += (char in "([{") - (char in ")]}")
            if char == "," and depth == 0:
                arguments.append("")
            else:
                arguments[-1] += char
        yield match[1], arguments


def _bare(value: str) -> str:
    """A name without casts and brackets around it."""
    bare = value.strip()
    while (inner := _CAST.sub("", bare)) != bare or (bare.startswith("(") and bare.endswith(")")):
        bare = inner.strip() if inner != bare else bare[1:-1].strip()
    return bare


def _local(target: str, body: str) -> str:
    """The local variable that is assigned; "" for a field, an element, what a pointer points to, and globals."""
    target = re.sub(r"^\s*(?:else|do)\b", "", target.rpartition("(")[2]).strip()
    if re.fullmatch(r"[A-Za-z_][\w\s*]*", target) is None:
        return ""
    name = re.split(r"[\s*]", target)[-1]
    declared = target != name or re.search(rf"\b(?!return\b)\w+[\s*]+{name}\s*[;,=]", body) is not None
    return name if declared else ""


def is_c_type(name: str) -> bool:
    """Whether `C.name` is a type by its name: the basic ones, and what ends in _t (cmd/cgo's documentation)."""
    return name in _C_TYPES or name.endswith("_t") or name.startswith(("struct_", "union_", "enum_"))


def has_destructor(call: Node) -> bool:
    """Whether a C function is given another one that frees, as sqlite3_bind_text is."""
    named = (one for argument in arguments(call) for one in argument.walk("selector_expression"))
    return any(
        one.text.startswith("C.") and may_close(one.text)
        for one in named
        if one.parent is not None and not (one.parent.kind == "call_expression" and one.field == "function")
    )
