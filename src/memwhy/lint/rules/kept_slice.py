"""A small piece that is kept of something large: a slice or a substring shares its array, and the collector keeps the whole of it.

Told is a piece with an upper end, cut from what was read whole (os.ReadFile, io.ReadAll, a string of that), or found in it by a regular
expression, that is stored in a field, a variable of the package or what is returned, and a piece of constant length of a parameter
that is stored so. A copy is innocent: strings.Clone, bytes.Clone, append to nil, string(bytes), and so is a piece without an upper
end, which is most of the whole. What it costs: the whole array for as long as the piece is kept.
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, arguments, callee, dotted
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "kept-slice"
CAUSE = "heap-leak"
TOKENS = (b".ReadFile(", b".ReadAll(", b":")

_READ = re.compile(rb"\.(?:ReadFile|ReadAll)\(|\[\w*:\d{1,4}\]")
_WHOLE = ("os.ReadFile", "io.ReadAll", "ioutil.ReadFile", "ioutil.ReadAll")
_FOUND = re.compile(r"\.Find(?:All)?(?:String)?(?:Submatch)?$")
_SMALL = 1024
"""A constant length that is a piece, not most, of what is worth to be read in one go."""
_THROUGH = (
    "expression_list", "literal_element", "keyed_element", "literal_value", "composite_literal", "unary_expression", "parenthesized_expression",
)  # fmt: skip


def check(package: Package) -> Iterable[Suspect]:
    """Each place where such a piece is put away."""
    for function in package.functions_with(_READ):
        node = function.node
        if node is None:
            continue
        whole = _wholes(node)
        given = _given(node)
        for piece, source in _pieces(node, whole, given):
            kept = _kept(function, piece, set())
            if kept is None:
                continue
            where, stored = kept
            if source in whole:
                weight = 0.85 if stored else 0.6 if _small_piece(piece) else 0.0
            else:
                weight = 0.6 if stored and _constant_end(piece) else 0.0
            if weight:
                yield _suspect(function, piece, source, where, weight, read=source in whole)


def _wholes(function: Node) -> set[str]:
    """Variables that hold what was read whole, and strings made of it."""
    found: set[str] = set()
    for one in function.walk("short_var_declaration", "assignment_statement"):
        left, right = one.child("left"), one.child("right")
        if left is None or right is None or not left.children or not right.children:
            continue
        name, value = left.children[0], right.children[0]
        if name.kind != "identifier":
            continue
        made = value.kind == "call_expression" and callee(value) in _WHOLE
        as_text = value.kind in ("call_expression", "type_conversion_expression") and value.text in {
            f"string({other})" for other in found
        }
        if made or as_text:
            found.add(name.text)
    return found


def _given(function: Node) -> set[str]:
    """Parameters of type string or []byte."""
    listed = function.child("parameters")
    found: set[str] = set()
    for one in listed.children if listed is not None else ():
        of = one.child("type")
        if one.kind == "parameter_declaration" and of is not None and of.text in ("string", "[]byte"):
            found.update(name.text for name in one.fields("name"))
    return found


def _pieces(function: Node, whole: set[str], given: set[str]) -> Iterator[tuple[Node, str]]:
    """(what is cut off, the variable it is cut from)."""
    for one in function.walk("slice_expression", "call_expression"):
        if one.kind == "slice_expression":
            operand, end = one.child("operand"), one.child("end")
            if operand is None or end is None or end.text == "0" or operand.text not in whole | given:
                continue
            if end.text != f"len({operand.text})":
                yield one, operand.text
        elif _FOUND.search(callee(one)) and arguments(one) and arguments(one)[0].text in whole:
            yield one, arguments(one)[0].text


def _small_piece(piece: Node) -> bool:
    """Whether it is a piece by its ends, or what a search has found; `whole[:n]` may be most of it."""
    return piece.kind == "call_expression" or piece.child("start") is not None or _constant_end(piece)


def _constant_end(piece: Node) -> bool:
    end = piece.child("end")
    return (
        end is not None
        and end.kind == "int_literal"
        and end.text.isdecimal()
        and end.text.isascii()
        and int(end.text[:9]) <= _SMALL
    )


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
        if call is None or callee(call) != "append" or parent.children[0] is node:
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


def _suspect(function: Function, piece: Node, source: str, where: str, weight: float, *, read: bool) -> Suspect:
    text = piece.text if len(piece.text) <= 60 else piece.text[:57] + "…"
    whole = f"{source}, which was read whole" if read else source
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
