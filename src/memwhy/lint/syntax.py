"""One declaration of Go source as a tree of named nodes, grown from tree-sitter's by one walk in which nothing recurs.

Kinds and fields are those of tree-sitter-go (grammar.js of github.com/tree-sitter/tree-sitter-go): `call_expression` with
`function` and `arguments`, `selector_expression` with `operand` and `field`, `short_var_declaration` with `left` and `right` …
Comments are left out; a token that stands for an operator is the node's `operator`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.model.errors import MemwhyError

if TYPE_CHECKING:
    import tree_sitter

DEEPEST = 150
"""Declarations nested deeper are skipped: no person wrote them, and what walks a tree may recur as deep."""


class TooDeep(MemwhyError):
    """A declaration is nested deeper than DEEPEST."""


class Node:
    """A named node of Go's syntax. start and end are byte offsets into code, the whole file."""

    __slots__ = ("children", "code", "end", "field", "kind", "operator", "parent", "start")

    def __init__(self, kind: str, start: int, end: int, field: str, parent: Node | None, code: bytes) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.field = field
        self.operator = ""
        self.parent = parent
        self.children: list[Node] = []
        self.code = code

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text[:40]!r}>"

    @property
    def text(self) -> str:
        """The source of the node, undecodable bytes replaced."""
        return self.code[self.start : self.end].decode("utf-8", "replace")

    def child(self, field: str) -> Node | None:
        """The first child that stands in field."""
        for child in self.children:
            if child.field == field:
                return child
        return None

    def fields(self, field: str) -> list[Node]:
        """Every child that stands in field."""
        return [child for child in self.children if child.field == field]

    def walk(self, *kinds: str, into_functions: bool = True) -> Iterator[Node]:
        """This node and all below it, in the order of the source; of the given kinds, or all.

        into_functions=False leaves out what stands in function literals (but not the literal itself).
        """
        stack = [self]
        while stack:
            node = stack.pop()
            if not kinds or node.kind in kinds:
                yield node
            if into_functions or node.kind != "func_literal" or node is self:
                stack.extend(reversed(node.children))

    def above(self, *kinds: str) -> Node | None:
        """The nearest node above this one of one of the kinds."""
        node = self.parent
        while node is not None and node.kind not in kinds:
            node = node.parent
        return node

    def within(self, other: Node) -> bool:
        """Whether this node lies in the other's source."""
        return other.start <= self.start and self.end <= other.end


def grow(root: tree_sitter.Node, code: bytes, *, base: int = 0, body: bool = True) -> Node:
    """The tree below tree-sitter's node, of a function without what is in its body where body is False.

    base: where in code the text begins that tree-sitter read. TooDeep where it is nested beyond DEEPEST.
    """
    cursor = root.walk()
    top = parent = Node(root.type, base + root.start_byte, base + root.end_byte, "", None, code)
    if not cursor.goto_first_child():
        return top
    depth = 1
    while True:
        found = cursor.node
        assert found is not None
        if found.is_named:
            if found.type != "comment":
                start, end = base + found.start_byte, base + found.end_byte
                node = Node(found.type, start, end, cursor.field_name or "", parent, code)
                parent.children.append(node)
                if (body or depth > 1 or node.field != "body") and cursor.goto_first_child():
                    parent = node
                    depth += 1
                    if depth > DEEPEST:
                        raise TooDeep(f"nested deeper than {DEEPEST}")
                    continue
        elif cursor.field_name == "operator":
            parent.operator = found.type
        while not cursor.goto_next_sibling():
            if parent.kind == "type_conversion_expression":
                _as_call(parent)
            if not cursor.goto_parent() or parent.parent is None:
                return top
            parent = parent.parent
            depth -= 1


def _as_call(node: Node) -> None:
    """Make `f[T](x)` a call: the grammar cannot tell it from a conversion and takes it for one."""
    generic, operand = node.child("type"), node.child("operand")
    if generic is None or operand is None or generic.kind != "generic_type" or not generic.children:
        return
    named = generic.children[0]
    if named.kind == "qualified_type" and len(named.children) == 2:
        function = Node("selector_expression", named.start, named.end, "function", node, node.code)
        function.children = named.children
        for child, kind, field in zip(
            named.children, ("identifier", "field_identifier"), ("operand", "field"), strict=True
        ):
            child.kind, child.field, child.parent = kind, field, function
    elif named.kind == "type_identifier":
        function = named
        function.kind, function.field, function.parent = "identifier", "function", node
    else:
        return
    given = Node("argument_list", generic.end, node.end, "arguments", node, node.code)
    given.children = [operand]
    operand.parent, operand.field = given, ""
    node.kind, node.children = "call_expression", [function, given]


def dotted(node: Node | None) -> str:
    """`a.b.c` for identifiers and selectors of identifiers, through parentheses and `*`; "" for anything else."""
    parts: list[str] = []
    while node is not None:
        if node.kind in ("identifier", "field_identifier", "type_identifier", "package_identifier"):
            parts.append(node.text)
            return ".".join(reversed(parts))
        if node.kind == "selector_expression":
            name = node.child("field")
            parts.append(name.text if name is not None else "")
            node = node.child("operand")
        elif node.kind == "parenthesized_expression" or (node.kind == "unary_expression" and node.operator in "*&"):
            node = node.children[-1] if node.children else None
        else:
            return ""
    return ""


def callee(call: Node) -> str:
    """What a call_expression calls as it is written, `http.Get` or `s.client.Do`; "" where it is no dotted name."""
    function = call.child("function")
    if function is not None and function.kind in ("type_instantiation_expression", "index_expression"):
        function = function.children[0] if function.children else None
    return dotted(function)


def arguments(call: Node) -> list[Node]:
    """The arguments of a call_expression, in order."""
    found = call.child("arguments")
    return found.children if found is not None else []
