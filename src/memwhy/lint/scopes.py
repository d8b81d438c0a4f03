"""Which variable each name of a function means: Go's blocks and shadowing (https://go.dev/ref/spec#Declarations_and_scope)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.lint.syntax import Node

_BLOCKS = frozenset(
    [
        "block",
        "if_statement",
        "for_statement",
        "expression_switch_statement",
        "type_switch_statement",
        "expression_case",
        "type_case",
        "default_case",
        "communication_case",
    ]
)


@dataclass(eq=False, slots=True)
class Variable:
    """A local variable, parameter or result. declared: where it is named; owner: the function or literal it belongs to.

    type: its declared type, where one is written; value: the expression that it is first given and which of its results,
    where it has one. kind: parameter, result, variable, ranged (over value; which: 0 the key, 1 the element), case.
    """

    name: str
    declared: Node
    owner: Node
    kind: str
    type: Node | None = None
    value: Node | None = None
    which: int = 0


class Scopes:
    """The variables of one function declaration and of the literals in it."""

    def __init__(self, function: Node) -> None:
        self.function = function
        self.means: dict[Node, Variable] = {}
        self.uses: dict[Variable, list[Node]] = {}
        self._stack: list[dict[str, Variable]] = []
        self._owners: list[Node] = []
        self._function(function)

    def variable(self, node: Node | None) -> Variable | None:
        """The variable that an identifier means; None for what is declared outside of the function."""
        return self.means.get(node) if node is not None else None

    def owner(self, node: Node) -> Node:
        """The function literal or declaration whose body holds node."""
        return node.above("func_literal") or self.function

    def _declare(
        self, node: Node, kind: str, type: Node | None = None, value: Node | None = None, which: int = 0
    ) -> None:
        if node.text == "_":
            return
        variable = Variable(node.text, node, self._owners[-1], kind, type, value, which)
        self._stack[-1][variable.name] = variable
        self.means[node] = variable
        self.uses[variable] = []

    def _use(self, node: Node) -> None:
        name = node.text
        for block in reversed(self._stack):
            if name in block:
                self.means[node] = block[name]
                self.uses[block[name]].append(node)
                return

    def _function(self, node: Node) -> None:
        self._owners.append(node)
        self._stack.append({})
        for field, kind in (("receiver", "parameter"), ("parameters", "parameter"), ("result", "result")):
            listed = node.child(field)
            if listed is not None and listed.kind == "parameter_list":
                for declaration in listed.children:
                    for name in declaration.fields("name"):
                        self._declare(name, kind, declaration.child("type"))
        body = node.child("body")
        if body is not None:
            self._visit(body)
        self._stack.pop()
        self._owners.pop()

    def _visit(self, node: Node) -> None:
        kind = node.kind
        if kind == "identifier":
            self._use(node)
        elif kind == "func_literal":
            self._function(node)
        elif kind in _BLOCKS:
            self._stack.append({})
            self._block(node)
            self._stack.pop()
        elif kind in _DECLARING:
            _DECLARING[kind](self, node)
        elif kind == "keyed_element":
            self._keyed(node)
        else:
            for child in node.children:
                if child.kind == "identifier":
                    self._use(child)
                elif child.children:
                    self._visit(child)

    def _block(self, node: Node) -> None:
        alias = node.child("alias")
        for child in node.children:
            if child is alias:
                value = node.child("value")
                for name in alias.children:
                    self._declare(name, "case", None, value)
            else:
                self._visit(child)

    def _keyed(self, node: Node) -> None:
        """A composite's `key: value`: a key that is a plain name is taken for a field's, not for a variable."""
        key = node.child("key")
        for child in node.children:
            if child is not key or not (key.children and key.children[0].kind == "identifier"):
                self._visit(child)

    def _short(self, node: Node) -> None:
        left, right = node.child("left"), node.child("right")
        if left is None or right is None:
            return
        self._visit(right)
        for name, value, which in paired(left.children, right.children):
            known = self._stack[-1].get(name.text)
            if name.kind == "identifier" and known is None:
                self._declare(name, "variable", None, value, which)
            else:
                self._visit(name)

    def _var(self, node: Node) -> None:
        values = node.child("value")
        if values is not None:
            self._visit(values)
        names = node.fields("name")
        given = values.children if values is not None else []
        for name, value, which in paired(names, given):
            self._declare(name, "variable", node.child("type"), value, which)

    def _range(self, node: Node) -> None:
        left, right = node.child("left"), node.child("right")
        if right is not None:
            self._visit(right)
        self._either(left, right, node)

    def _receive(self, node: Node) -> None:
        right = node.child("right")
        if right is not None:
            self._visit(right)
        self._either(node.child("left"), right, node)

    def _either(self, left: Node | None, right: Node | None, node: Node) -> None:
        """The names before `:=` or `=` of a range clause or of a case that receives."""
        if left is None or right is None:
            return
        defines = b":=" in node.code[left.end : right.start]
        kind = "ranged" if node.kind == "range_clause" else "variable"
        for which, name in enumerate(left.children):
            if defines and name.kind == "identifier":
                self._declare(name, kind, None, right, which)
            else:
                self._visit(name)


_DECLARING = {
    "short_var_declaration": Scopes._short,
    "var_spec": Scopes._var,
    "const_spec": Scopes._var,
    "range_clause": Scopes._range,
    "receive_statement": Scopes._receive,
}


def paired(names: list[Node], values: list[Node]) -> Iterator[tuple[Node, Node | None, int]]:
    """Each name with the expression it is given and which of that expression's results it is."""
    for index, name in enumerate(names):
        if len(values) == len(names):
            yield name, values[index], 0
        elif len(values) == 1:
            yield name, values[0], index
        else:
            yield name, None, 0
