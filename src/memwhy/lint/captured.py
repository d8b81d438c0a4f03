"""Maps and slices of a function's own that live on in a function literal which is given requests: a middleware's counts, a handler's log."""

import re
from collections.abc import Iterator

from memwhy.lint.coming import SERVES
from memwhy.lint.functions import Bodies, Body
from memwhy.lint.growing import Growth, additions
from memwhy.lint.names import element
from memwhy.lint.scopes import Variable
from memwhy.lint.source import Package
from memwhy.lint.standing import Container, Kind
from memwhy.lint.syntax import Node, arguments, callee

_HAS = re.compile(
    rb"func\([^)\n]*\b(?:http\.ResponseWriter|http\.Request|net\.Conn|gin\.Context|echo\.Context|fiber\.Ctx)\b[^\n]*\{"
)


def captured(package: Package) -> Iterator[tuple[Container, list[Growth]]]:
    """Each such container with what is added to it in the literals."""
    for function in package.functions_with(_HAS):
        body = Bodies.of_tree(package.tree).of(function)
        for variable, uses in body.scopes.uses.items() if body is not None else ():
            made = _made(body, variable) if body is not None else None
            if body is None or made is None:
                continue
            container = _container(package, variable, made, body)
            inside = [(use, _is_served(body, use, variable)) for use in uses]
            added = additions(function, container, inside) if any(served for _, served in inside) else None
            if added:
                yield container, added


def _made(body: Body, variable: Variable) -> Kind | None:
    """What a local variable is made as, outside of literals that are given requests."""
    value, type = variable.value, variable.type
    if variable.kind != "variable" or SERVES.search(_parameters(variable.owner)):
        return None
    if value is not None and value.kind == "call_expression" and callee(value) == "make" and arguments(value):
        type = arguments(value)[0]
    elif value is not None and value.kind == "composite_literal":
        type = value.child("type")
    if type is None or (value is None and variable.type is None):
        return None
    if type.text == "sync.Map":
        return "sync.Map"
    return "map" if type.kind == "map_type" else "slice" if type.kind == "slice_type" else None


def _container(package: Package, variable: Variable, kind: Kind, body: Body) -> Container:
    type = body.types.of_variable(variable, body.place)
    return Container(
        name=variable.name,
        kind=kind,
        owner="",
        key=type.removeprefix("map[").partition("]")[0] if kind == "map" else "",
        value=element(type),
        file=body.function.file,
        at=variable.declared.start,
        shared_name=True,
        local=True,
    )


def _is_served(body: Body, use: Node, variable: Variable) -> bool:
    """Whether a use stands in a literal that is given requests and does not itself make the variable."""
    literal = use.above("func_literal")
    while literal is not None and literal is not variable.owner:
        if SERVES.search(_parameters(literal)):
            return True
        literal = literal.above("func_literal")
    return False


def _parameters(function: Node) -> bytes:
    listed = function.child("parameters")
    return listed.code[listed.start : listed.end] if listed is not None else b""
