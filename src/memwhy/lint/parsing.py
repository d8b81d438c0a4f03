"""tree-sitter's parser for Go, with a limit on how long one text may take, and our trees grown from its own.

The grammar recovers from errors, so that a broken file still gives the declarations around the break.
Importing this module is what costs (some 15 ms); `memwhy.lint.declarations` does it when the first declaration is parsed.
"""

import time

import tree_sitter
import tree_sitter_go

from memwhy.lint.syntax import DEEPEST, Declaration, Node, TooDeep

Tree = tree_sitter.Tree
Parsed = tree_sitter.Node
"""tree-sitter's own, of a text and of one of its nodes."""
LANGUAGE = tree_sitter.Language(tree_sitter_go.language())

_PIECE_BYTES = 1 << 16
_SMALL_BYTES = 2048
"""Text that cannot take long: the worst known, cases without a switch, is read in time that grows with its square, 8 KB in 1 s."""
_PARSER = tree_sitter.Parser(LANGUAGE)
_KINDS = tuple(
    (LANGUAGE.node_kind_for_id(number) or "") if LANGUAGE.node_kind_is_named(number) else ""
    for number in range(LANGUAGE.node_kind_count)
)
"""Kinds of named nodes by their number, "" for others."""
_LEAVES = frozenset(
    number
    for number, name in enumerate(_KINDS)
    if name == "identifier" or name.endswith(("_identifier", "int_literal", "float_literal"))
)
_LEAVES_AND_BODIES = _LEAVES | {LANGUAGE.id_for_node_kind(name, True) for name in ("block", "literal_value")}
_COMMENT = LANGUAGE.id_for_node_kind("comment", True)
_FIELDS = ("", *(LANGUAGE.field_name_for_id(number) or "" for number in range(1, LANGUAGE.field_count + 1)))
_OPERATOR = LANGUAGE.field_id_for_name("operator")


def parse(code: bytes) -> Tree | None:
    """The tree of Go source, or None when it takes ten times what sound Go takes: 0.5 CPU seconds and 2 for each MB.

    What is no Go can take much longer than that, because the grammar tries to recover from every error.
    """
    if len(code) <= _SMALL_BYTES:
        return _PARSER.parse(code)
    until = time.process_time() + 0.5 + 2e-6 * len(code)

    def piece(offset: int, _: object) -> bytes:
        return code[offset : offset + _PIECE_BYTES]

    def late(_offset: int, _has_error: bool) -> bool:
        return time.process_time() > until

    try:
        return _PARSER.parse(piece, progress_callback=late)
    except ValueError:
        _PARSER.reset()  # it would go on with this text
        return None


def grow(root: Parsed, code: bytes, *, base: int = 0, body: bool = True) -> Declaration:
    """The tree below tree-sitter's node, without what is in blocks and composite literals where body is False.

    base: where in code the text begins that tree-sitter read. TooDeep where it is nested beyond DEEPEST. One walk in which
    nothing recurs, by numbers: names made anew for every node would be half of its cost.
    """
    cursor = root.walk()
    top = Declaration(root.type, base + root.start_byte, base + root.end_byte, code)
    parent: Node = top
    if not cursor.goto_first_child():
        return top
    beside: list[Node] = []
    top.children = beside
    nodes = top.nodes
    depth, as_grown = 1, True
    left_out = _LEAVES if body else _LEAVES_AND_BODIES
    first_child, next_sibling = cursor.goto_first_child, cursor.goto_next_sibling
    while True:
        found = cursor.node
        assert found is not None
        kind = found.kind_id
        if name := _KINDS[kind]:
            if kind != _COMMENT:
                start, end = found.byte_range
                node = Node(name, base + start, base + end, _FIELDS[cursor.field_id or 0], parent, code)
                beside.append(node)
                nodes.append(node)
                if kind not in left_out and first_child():
                    parent = node
                    beside = node.children = []
                    depth += 1
                    if depth > DEEPEST:
                        raise TooDeep(f"nested deeper than {DEEPEST}")
                    continue
        elif cursor.field_id == _OPERATOR:
            parent.operator = found.type
        while not next_sibling():
            if parent.kind == "type_conversion_expression":
                as_grown = not _as_call(parent) and as_grown
            if not cursor.goto_parent() or parent.parent is None:
                if not as_grown:
                    top.nodes = _in_order(top)
                return top
            parent = parent.parent
            beside = parent.children
            depth -= 1


def _in_order(top: Node) -> list[Node]:
    found: list[Node] = []
    stack = [top]
    while stack:
        node = stack.pop()
        found.append(node)
        stack += node.children[::-1]
    return found


def _as_call(node: Node) -> bool:
    """Make `f[T](x)` a call, if it is one: the grammar cannot tell it from a conversion and takes it for one."""
    generic, operand = node.child("type"), node.child("operand")
    if generic is None or operand is None or generic.kind != "generic_type" or not generic.children:
        return False
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
        return False
    given = Node("argument_list", generic.end, node.end, "arguments", node, node.code)
    given.children = [operand]
    operand.parent, operand.field = given, ""
    node.kind, node.children = "call_expression", [function, given]
    return True
