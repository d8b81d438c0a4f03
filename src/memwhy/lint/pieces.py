"""Pieces of something large: what was read whole or made large, and what is cut off it, found in it or split from it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, arguments, callee

LARGE = 4096
"""Bytes from which a buffer is large: a page, and more than what is usually kept of it."""
SMALL = 1024
"""A constant length that is a piece, not most, of what is worth to be read in one go."""
_WHOLE = ("os.ReadFile", "io.ReadAll", "ioutil.ReadFile", "ioutil.ReadAll")
_FOUND = re.compile(r"\.Find(?:All)?(?:String)?(?:Submatch)?$")
_SPLIT = re.compile(r"^(?:strings|bytes)\.(?:Split\w*|Fields\w*|Lines|SplitSeq|FieldsSeq)$")
_CUT = ("strings.Cut", "bytes.Cut")
SAME = re.compile(r"^(?:strings|bytes)\.(?:Trim\w*|CutPrefix|CutSuffix)$")
"""What gives a part of its argument that is most of it."""
_CONSTANT = re.compile(rb"\n(?:const[ \t]+|\t)(\w+)[ \t]*=[ \t]*([\d_ \t<*]+?)[ \t]*(?://[^\n]*)?(?=\n|\Z)")
_SEARCHED = re.compile(r"\b(?:strings|bytes)\.(?:Last)?Index\w*\(")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece at one place. of: the variable that it is cut from; kind: of what was read whole, of a buffer that was made large, or of a
    parameter; small: whether its ends or how it was found say that it is little of the whole."""

    node: Node
    of: str
    kind: str
    small: bool


def pieces(package: Package, function: Function) -> Iterator[Piece]:
    """Every piece that a function makes."""
    node = function.node
    if node is None:
        return
    wholes = _wholes(package, node)
    for name in _given(node):
        wholes.setdefault(name, "given")
    lists: dict[str, tuple[str, str]] = {}
    for one in node.walk("slice_expression", "call_expression", "index_expression", "identifier"):
        if one.kind == "slice_expression":
            yield from _sliced(package, one, wholes)
        elif one.kind == "call_expression":
            of = _first(one, wholes)
            name = callee(one)
            if not of or wholes[of] == "given":
                continue
            if _FOUND.search(name) or name in _CUT:
                yield Piece(one, of, wholes[of], True)
            elif _SPLIT.search(name):
                yield from _split(one, of, wholes[of], lists)
        elif one.kind == "index_expression":
            operand = one.child("operand")
            if operand is not None and operand.text in lists and one.field != "left":
                yield Piece(one, *lists[operand.text], True)
        elif one.text in lists and lists[one.text][1].startswith("each ") and _chosen(one):
            of, kind = lists[one.text]
            yield Piece(one, of, kind.removeprefix("each "), True)


def _wholes(package: Package, function: Node) -> dict[str, str]:
    """Variables that hold what was read whole, or strings made of it ("read"), and large buffers ("made")."""
    found: dict[str, str] = {}
    for one in function.walk("short_var_declaration", "assignment_statement", "var_spec"):
        left, right = one.child("left") or one.child("name"), one.child("right") or one.child("value")
        name = left.children[0] if left is not None and left.children else left
        value = right.children[0] if right is not None and right.children else None
        if name is None or value is None or name.kind != "identifier":
            continue
        if value.kind == "call_expression" and callee(value) in _WHOLE:
            found[name.text] = "read"
        elif value.kind in ("call_expression", "type_conversion_expression"):
            other = next((each for each in found if _wraps(value, each)), "")
            if other:
                found[name.text] = found[other]
            elif callee(value) == "make" and _made_large(package, value):
                found[name.text] = "made"
    return found


def _wraps(value: Node, name: str) -> bool:
    """Whether it is a string of the variable, or what is left of it without its ends."""
    return value.text == f"string({name})" or (
        SAME.match(callee(value)) is not None
        and arguments(value)[:1] != []
        and arguments(value)[0].text in (name, f"string({name})")
    )


def _made_large(package: Package, made: Node) -> bool:
    given = arguments(made)
    return len(given) > 1 and given[0].text == "[]byte" and (size(package, given[-1].text) or 0) >= LARGE


def size(package: Package, text: str) -> int | None:
    """The value of a constant expression of numbers, products and shifts, or of a constant of the package."""
    text = text.replace("_", "") if text[:1].isdigit() else text
    parts = re.fullmatch(r"(\d{1,9})\s*(?:(<<|\*)\s*(\d{1,9}))?", text)
    if parts is not None:
        first, second = int(parts[1]), int(parts[3] or 0)
        if parts[2] == "<<":
            return first << min(second, 40)
        return first * second if parts[2] else first
    if not text.isidentifier():
        return None
    return _constants(package).get(text.encode())


@lru_cache(maxsize=2)
def _constants(package: Package) -> dict[bytes, int]:
    """The values of the package's constants that are written as numbers, products or shifts; of two of a name the first."""
    found: dict[bytes, int] = {}
    for file in package.files:
        for name, value in _CONSTANT.findall(file.code):
            number = size(package, value.decode().strip()) if name not in found else None
            if number is not None:
                found[name] = number
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


def _first(call: Node, wholes: dict[str, str]) -> str:
    """The large variable that is a call's first argument, itself or as a string."""
    given = arguments(call)
    text = given[0].text.removeprefix("string(").removesuffix(")") if given else ""
    return text if text in wholes else ""


def _sliced(package: Package, one: Node, wholes: dict[str, str]) -> Iterator[Piece]:
    operand, start, end = one.child("operand"), one.child("start"), one.child("end")
    name = operand.text.removeprefix("string(").removesuffix(")") if operand is not None else ""
    if name not in wholes or (end is not None and end.text in ("0", f"len({name})")):
        return
    kind = wholes[name]
    length = size(package, end.text) if end is not None else None
    if end is None:
        if kind == "read" and start is not None and _SEARCHED.search(start.text):
            yield Piece(one, name, kind, True)
    elif length is not None and length <= SMALL:
        yield Piece(one, name, kind, True)
    elif kind != "given":
        yield Piece(one, name, kind, start is not None and kind == "read")


def _split(call: Node, of: str, kind: str, lists: dict[str, tuple[str, str]]) -> Iterator[Piece]:
    """A piece of a list at once, `strings.Fields(s)[0]`; lists by their variables, and what ranges over them, are noted."""
    parent = call.parent
    if parent is None:
        return
    if parent.kind == "index_expression" and call.field == "operand":
        yield Piece(parent, of, kind, True)
        return
    if parent.kind == "range_clause":
        left = parent.child("left")
        last = left.children[-1] if left is not None and left.children else None
        if last is not None and (
            len(left.children if left is not None else ()) > 1 or "Seq" in callee(call) or "Lines" in callee(call)
        ):
            lists[last.text] = (of, f"each {kind}")
        return
    statement = parent.parent if parent.kind == "expression_list" else None
    left = statement.child("left") if statement is not None else None
    if left is not None and left.children:
        lists[left.children[0].text] = (of, kind)


def _chosen(use: Node) -> bool:
    """Whether a round of the loop keeps its piece under a condition only: what keeps every piece keeps the whole, and no more."""
    above = use.above("if_statement", "for_statement", "expression_switch_statement", "func_literal")
    condition = above.child("condition") if above is not None else None
    return (
        above is not None
        and above.kind in ("if_statement", "expression_switch_statement")
        and (condition is None or not use.within(condition))
    )
