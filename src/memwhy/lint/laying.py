"""Where in structs a value lies: from a variable's type and the steps behind it to the field of the struct that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memwhy.lint.names import element, fields
from memwhy.lint.scopes import Variable
from memwhy.lint.source import File
from memwhy.lint.syntax import Node
from memwhy.lint.types import Types

if TYPE_CHECKING:
    from memwhy.lint.functions import Body

ELEMENT = "[]"
"""Any element of a slice, array or map."""
Field = tuple[str, ...]
"""(the struct's type without `*`, the field's name, what leads on from there); () where the struct is not known."""


def behind(body: Body, holder: Variable | Node, steps: Sequence[str]) -> Field:
    """The field that lies these steps behind a variable of a function, or behind a name of its package."""
    types, place = body.types, body.place
    type = types.of_variable(holder, place) if isinstance(holder, Variable) else types.of(holder, place)
    return laid(types, place.file, type, steps)


def rooted(selector: Node) -> tuple[Node | None, tuple[str, ...]]:
    """(the first name of `x.state.pins`, the fields behind it)."""
    steps: list[str] = []
    node: Node | None = selector
    while node is not None and node.kind == "selector_expression":
        field = node.child("field")
        steps.insert(0, field.text if field is not None else "")
        node = node.child("operand")
    return node, tuple(steps)


def named(body: Body, selector: Node) -> Field:
    """The field that `x.state.pins` names."""
    node, steps = rooted(selector)
    holder = body.scopes.variable(node) or node
    return behind(body, holder, steps) if holder is not None else ()


def laid(types: Types, file: File, type: str, steps: Sequence[str]) -> Field:
    """The innermost field of a struct of this tree on the way of these steps from a value of a type."""
    found: Field = ()
    for number, step in enumerate(steps):
        bare = type.lstrip("*")
        holder = declaring(types, file, bare, step)
        if holder:
            found = (holder, *steps[number:])
        type = types.of_field(bare, step, file) if step != ELEMENT else element(type)
        if not type:
            break
    return found


def declaring(types: Types, file: File, type: str, name: str, depth: int = 0) -> str:
    """The struct of this tree that declares a field which a value of the type has: the type's own or an embedded one's."""
    found = types.underlying(type, file) if type and depth < 6 else ""
    if isinstance(found, str) or found.node.kind != "struct_type":
        return ""
    package, _ = types.package_of(type, file)
    if package is None:
        return ""
    inner: list[str] = []
    for field in fields(found.node):
        names = [named.text for named in field.fields("name")]
        if name in names:
            return type
        if not names:
            written = types.written(field.child("type"), found.file).lstrip("*")
            if written.rpartition(".")[2] == name:
                return type
            inner.append(written)
    return next((holder for one in inner if (holder := declaring(types, found.file, one, name, depth + 1))), "")


def field_at(types: Types, file: File, type: str, index: int) -> str:
    """The name of a struct's field by its place, for literals without keys; "" for what is no struct of this tree."""
    found = types.underlying(type, file) if type else ""
    if isinstance(found, str) or found.node.kind != "struct_type":
        return ""
    names: list[str] = []
    for field in fields(found.node):
        given = [named.text for named in field.fields("name")]
        names += given or [types.written(field.child("type"), found.file).rpartition(".")[2]]
    return names[index] if index < len(names) else ""


def is_embedded(types: Types, file: File, type: str, name: str) -> bool:
    """Whether the field is an embedded one, whose methods are the struct's own."""
    found = types.underlying(type, file) if type else ""
    if isinstance(found, str) or found.node.kind != "struct_type":
        return False
    return all(name not in [named.text for named in field.fields("name")] for field in fields(found.node))
