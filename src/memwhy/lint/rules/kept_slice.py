"""A small piece that is kept of something large: a slice or a substring shares its array, and the collector keeps the whole of it.

Told is a piece that is cut from what was read whole (os.ReadFile, io.ReadAll, a string of that) or from a buffer that was made large,
found in it by a search or a regular expression, or split from it and chosen, when it is stored in a field, an entry, a variable of
the package or what is returned; and a piece of constant length of a parameter that is stored so. A copy is innocent: strings.Clone,
bytes.Clone, append to nil, string(bytes), and so is a piece that is most of the whole, or a list of all pieces. What it costs: the whole
array for as long as the piece is kept.
"""

import re
from collections.abc import Iterable

from memwhy.lint.coming import head
from memwhy.lint.pieces import LARGE, SAME, SMALL, pieces, size
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, callee, dotted
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "kept-slice"
CAUSE = "heap-leak"
TOKENS = (b".ReadFile(", b".ReadAll(", b":")

_READ = re.compile(rb"\.(?:ReadFile|ReadAll)\(|\[\w*:\w+\]")
_WHOLE = re.compile(rb"(?:os|io|ioutil)\.Read(?:File|All)\(")
_MADE = re.compile(rb"make\(\[\]byte,(?:[^()\n]*,)?([^()\n]*)\)")
_TEXT = re.compile(rb"[ \t](?:string|\[\]byte)\b")
"""What a function must have, in its body or among its parameters, to have something large."""
_END = re.compile(rb":\s*(\w+(?:\s*(?:<<|\*)\s*\w+)?)\s*[\]:]")
"""Where a slice expression ends."""
_KEEPS = ("Store", "LoadOrStore", "Set", "Add", "Put", "Insert", "Push", "PushBack", "PushFront")
"""Methods that keep what they are given."""
_THROUGH = (
    "expression_list", "literal_element", "keyed_element", "literal_value", "composite_literal", "unary_expression", "parenthesized_expression",
)  # fmt: skip
_WEIGHTS = {
    ("read", True): 0.85,
    ("read", False): 0.85,
    ("made", True): 0.7,
    ("made", False): 0.6,
    ("given", True): 0.6,
}
"""How sure it is where a piece is stored, by what it is of and whether it is small."""


def check(package: Package) -> Iterable[Suspect]:
    """Each place where such a piece is put away."""
    for function in package.functions_with(_READ):
        if not _has_large(package, function):
            continue
        told: set[int] = set()
        for piece in pieces(package, function):
            kept = _kept(function, piece.node, set())
            if kept is None or piece.node.start in told:
                continue
            where, stored = kept
            weight = (
                _WEIGHTS.get((piece.kind, piece.small), 0.0)
                if stored
                else 0.45 * (piece.kind == "read" and piece.small)
            )
            if weight:
                told.add(piece.node.start)
                yield _suspect(function, piece.node, piece.of, where, weight, piece.kind)


def _has_large(package: Package, function: Function) -> bool:
    """Whether it reads something whole, makes a large buffer, or cuts little off a parameter, as far as its text tells."""
    text = function.text
    return (
        _WHOLE.search(text) is not None
        or any(
            (size(package, match[1].decode("utf-8", "replace").strip()) or 0) >= LARGE for match in _MADE.finditer(text)
        )
        or (_TEXT.search(head(function)) is not None and _has_small(package, function))
    )


def _has_small(package: Package, function: Function) -> bool:
    """Whether something is cut at a constant, little length: only that is a piece of a parameter."""
    ends = {match[1].decode() for match in _END.finditer(function.file.code, function.start, function.end)}
    return any((length := size(package, end)) is not None and length <= SMALL for end in ends)


def _kept(function: Function, piece: Node, seen: set[str]) -> tuple[str, bool] | None:
    """(where a piece is put away, whether that outlives the call for certain); None where it is not, or is copied."""
    node, parent = piece, piece.parent
    if parent is not None and parent.kind == "index_expression" and node.field == "operand":
        node, parent = parent, parent.parent
    while parent is not None and parent.kind in _THROUGH:
        node, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.kind == "return_statement":
        return "what is returned", False
    if parent.kind == "argument_list":
        call = parent.parent
        if call is None:
            return None
        if SAME.match(callee(call)) and parent.children[0] is node:
            return _kept(function, call, seen)
        name = callee(call)
        root = name.partition(".")[0]
        if name.rpartition(".")[2] in _KEEPS and (root in _receivers(function) or _of_package(function, root)):
            return name.rpartition(".")[0], True
        if name != "append" or parent.children[0] is node:
            return None
        node, parent = call, call.parent
        while parent is not None and parent.kind == "expression_list":
            node, parent = parent, parent.parent
    if parent is None or parent.kind not in ("short_var_declaration", "assignment_statement"):
        return None
    left = parent.child("left")
    target = left.children[0] if left is not None and left.children else None
    return _into(function, target, declared=parent.kind == "short_var_declaration", seen=seen)


def _into(function: Function, target: Node | None, *, declared: bool, seen: set[str]) -> tuple[str, bool] | None:
    """The same for what is assigned to: a field, an entry or a variable of the package; a local is followed."""
    if target is None:
        return None
    while target.kind == "index_expression":
        inner = target.child("operand")
        if inner is None:
            return None
        target = inner
    name = dotted(target)
    root = name.partition(".")[0]
    if "." in name:
        return (name, True) if root in _receivers(function) or _of_package(function, root) else None
    if not declared and _of_package(function, name):
        return name, True
    if not name or name in seen or name == "_":
        return None
    seen.add(name)
    node = function.node
    for use in node.walk("identifier") if node is not None else ():
        if use.text == name and use.start > target.end and (kept := _kept(function, use, seen)) is not None:
            return kept
    return None


def _receivers(function: Function) -> list[str]:
    node = function.node
    receiver = node.child("receiver") if node is not None else None
    return [one.text for one in receiver.walk("identifier")] if receiver is not None else []


def _of_package(function: Function, name: str) -> bool:
    """Whether the name is a variable of the package and none of the function's."""
    if not name:
        return False
    quoted = re.escape(name.encode())
    local = re.compile(rb"\b" + quoted + rb"\b[^\n=]*:=|\bvar\s+" + quoted + rb"\b|[(,]\s*" + quoted + rb"\s+[\w*\[.]")
    if local.search(function.text):
        return False
    declared = re.compile(rb"^(?:var[ \t]+|\t)" + quoted + rb"\b(?:[ \t]+[\w*\[.]|[ \t]*=)", re.MULTILINE)
    return any(
        any(kind == "var_declaration" and start <= match.start() < end for kind, start, end in file.top)
        for file in function.file.package.files
        for match in declared.finditer(file.code)
    )


def _suspect(function: Function, piece: Node, source: str, where: str, weight: float, kind: str) -> Suspect:
    text = piece.text if len(piece.text) <= 60 else piece.text[:57] + "…"
    whole = source + {"read": ", which was read whole", "made": ", which was made large", "given": ""}[kind]
    return suspect_at(
        function,
        piece,
        rule=NAME,
        cause=CAUSE,
        message=f"{text} is kept in {where} and shares the array of {whole}: all of it stays as long as the piece",
        missing="a copy of the piece",
        remedy=f"keep a copy: strings.Clone({text}) for a string, bytes.Clone({text}) for bytes",
        weight=weight,
        costs="the whole array instead of the piece, for as long as the piece is kept",
    )
