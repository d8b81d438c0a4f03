"""One declaration of Go source as a tree of named nodes; `memwhy.lint.parsing` grows it.

Kinds and fields are those of tree-sitter-go (grammar.js of github.com/tree-sitter/tree-sitter-go): `call_expression` with
`function` and `arguments`, `selector_expression` with `operand` and `field`, `short_var_declaration` with `left` and `right` …
Comments are left out; a token that stands for an operator is the node's `operator`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from memwhy.model.errors import MemwhyError

DEEPEST = 150
"""Declarations nested deeper are skipped: no person wrote them, and what walks a tree may recur as deep."""


class TooDeep(MemwhyError):
    """A declaration is nested deeper than DEEPEST."""


_NONE: list[Node] = []
"""The children of every node that has none: most nodes are leaves."""


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
        self.children = _NONE
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
        top = self
        while top.parent is not None:
            top = top.parent
        assert isinstance(top, Declaration)
        return top.below(self, kinds, into_functions)

    def above(self, *kinds: str) -> Node | None:
        """The nearest node above this one of one of the kinds."""
        node = self.parent
        while node is not None and node.kind not in kinds:
            node = node.parent
        return node

    def within(self, other: Node) -> bool:
        """Whether this node lies in the other's source."""
        return other.start <= self.start and self.end <= other.end


class Declaration(Node):
    """A node that has none above it, with where in it the nodes of each kind stand: most walks are for a few of many.

    nodes: all of them in the order of the source.
    """

    __slots__ = ("_places", "_starts", "nodes")

    def __init__(self, kind: str, start: int, end: int, code: bytes) -> None:
        super().__init__(kind, start, end, "", None, code)
        self.nodes: list[Node] = [self]
        self._starts: list[int] = []
        self._places: dict[str, list[int]] = {}

    def below(self, node: Node, kinds: tuple[str, ...], into_functions: bool) -> Iterator[Node]:
        """Node and what is below it: see walk."""
        nodes, first, last = self._numbered(), 0, len(self.nodes)
        if node is not self:
            self._starts = self._starts or [one.start for one in nodes]
            first, last = bisect_left(self._starts, node.start), bisect_left(self._starts, node.end)
            while nodes[first] is not node:
                first += 1
        if into_functions:
            for place in self._of(kinds, first, last):
                yield nodes[place]
            return
        inside = 0
        looked_for = kinds if not kinds or "func_literal" in kinds else (*kinds, "func_literal")
        for place in self._of(looked_for, first, last):
            found = nodes[place]
            if place >= inside:
                if not kinds or found.kind in kinds:
                    yield found
                if found.kind == "func_literal" and found is not node:
                    self._starts = self._starts or [one.start for one in nodes]
                    inside = bisect_left(self._starts, found.end)

    def _of(self, kinds: tuple[str, ...], first: int, last: int) -> Sequence[int]:
        """Where nodes of the kinds stand, from first up to last."""
        if not kinds:
            return range(first, last)
        found: list[int] = []
        for kind in kinds:
            places = self._places.get(kind)
            if places:
                found += places[bisect_left(places, first) : bisect_left(places, last)]
        if len(kinds) > 1:
            found.sort()
        return found

    def _numbered(self) -> list[Node]:
        if not self._places:
            places: defaultdict[str, list[int]] = defaultdict(list)
            for place, node in enumerate(self.nodes):
                places[node.kind].append(place)
            self._places = places
        return self.nodes


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
