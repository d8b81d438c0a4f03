"""Ways out of a loop or a function, by syntax alone: what always leaves, what may, what runs for ever.

Terminating statements are those of go.dev/ref/spec#Terminating_statements, with calls that end the program or the goroutine.
"""

from collections.abc import Iterator

from memwhy.lint.syntax import Node, callee

LOOPS = ("for_statement",)
_ENDS = {"panic", "os.Exit", "runtime.Goexit", "syscall.Exit"}
_FATAL = (".Fatal", ".Fatalf", ".Fatalln", ".FailNow", ".Skip", ".Skipf", ".SkipNow", ".Panic", ".Panicf", ".Panicln")
_LISTS = ("block", "communication_case", "expression_case", "type_case", "default_case")
_BREAKABLE = ("for_statement", "select_statement", "expression_switch_statement", "type_switch_statement")
_SWITCHES = ("expression_switch_statement", "type_switch_statement")


def statements(node: Node | None) -> list[Node]:
    """The statements of a block or of a case."""
    if node is None:
        return []
    listed = next((child for child in node.children if child.kind == "statement_list"), None)
    if listed is not None:
        return listed.children
    return [child for child in node.children if not child.field] if node.kind in _LISTS else []


def cases(node: Node) -> list[Node]:
    """The cases of a select or switch statement, the default among them."""
    return [child for child in node.children if child.kind.endswith("_case")]


def loop_around(node: Node) -> Node | None:
    """The nearest loop around a node in the same function; None where there is none."""
    above = node.above(*LOOPS, "func_literal")
    return above if above is not None and above.kind in LOOPS else None


def ends(call: Node) -> bool:
    """Whether a call never returns: it ends the program, the goroutine or the test."""
    name = callee(call)
    return name in _ENDS or name.endswith(_FATAL)


def leaves(statement: Node, loop: Node | None) -> bool:
    """Whether every run of the statement leaves the loop; with None, the function."""
    kind = statement.kind
    if kind in ("return_statement", "goto_statement"):
        return True
    if kind == "break_statement":
        return loop is not None and broken(statement) is loop
    if kind == "expression_statement":
        return any(child.kind == "call_expression" and ends(child) for child in statement.children)
    if kind in ("block", "statement_list", *_LISTS):
        return _one_leaves(statement.children if kind == "statement_list" else statements(statement), loop)
    if kind == "labeled_statement":
        return bool(statement.children) and leaves(statement.children[-1], loop)
    if kind == "if_statement":
        then, other = statement.child("consequence"), statement.child("alternative")
        return then is not None and other is not None and leaves(then, loop) and leaves(other, loop)
    if kind == "select_statement":
        found = cases(statement)
        return bool(found) and all(leaves(one, loop) for one in found) and not _breaks(statement)
    if kind in _SWITCHES:
        found = cases(statement)
        whole = any(one.kind == "default_case" for one in found)
        return whole and all(leaves(one, loop) for one in found) and not _breaks(statement)
    return kind == "for_statement" and endless(statement) and not ways_out(statement)


def _one_leaves(listed: list[Node], loop: Node | None) -> bool:
    """Whether one of several statements, each behind the other, leaves, and none before it begins the next round."""
    for one in listed:
        if leaves(one, loop):
            return True
        if loop is not None and any(
            _continued(again) is loop for again in one.walk("continue_statement", into_functions=False)
        ):
            return False
    return False


def _continued(statement: Node) -> Node | None:
    """The loop that a continue statement goes on with."""
    label = statement.children[0].text if statement.children else ""
    node = statement.above(*LOOPS, "func_literal")
    while node is not None and node.kind in LOOPS and label and label != _label(node):
        node = node.above(*LOOPS, "func_literal")
    return node if node is not None and node.kind in LOOPS else None


def _breaks(statement: Node) -> bool:
    """Whether a break inside ends the select or switch itself."""
    return any(broken(one) is statement for one in statement.walk("break_statement", into_functions=False))


def broken(statement: Node) -> Node | None:
    """What a break statement ends."""
    label = next((child.text for child in statement.children if child.kind == "label_name"), "")
    node = statement.parent
    while node is not None and node.kind != "func_literal":
        if node.kind in _BREAKABLE and (not label or label == _label(node)):
            return node
        node = node.parent
    return None


def _label(node: Node) -> str:
    parent = node.parent
    if parent is None or parent.kind != "labeled_statement":
        return ""
    return parent.children[0].text


def endless(loop: Node) -> bool:
    """Whether a for statement has no condition: `for {`, `for ;; {`, `for true {`."""
    for child in loop.children:
        if child.field == "body" or child.kind == "block":
            continue
        if child.kind == "for_clause":
            condition = child.child("condition")
            return condition is None or condition.text == "true"
        return child.text == "true"
    return True


def ways_out(loop: Node) -> list[Node]:
    """Statements and calls in a loop that may leave it: returns, gotos, breaks of it or of what is around it, ends."""
    return list(_ways_out(loop))


def _ways_out(loop: Node) -> Iterator[Node]:
    kinds = ("return_statement", "goto_statement", "break_statement", "continue_statement", "call_expression")
    for one in loop.walk(*kinds, into_functions=False):
        if one.kind in ("return_statement", "goto_statement"):
            yield one
        elif one.kind == "call_expression":
            if ends(one):
                yield one
        elif one.kind == "break_statement":
            ended = broken(one)
            if ended is None or loop.within(ended):
                yield one
        elif (target := _continued(one)) is None or not target.within(loop):
            yield one


def goes_round(node: Node, loop: Node) -> bool:
    """Whether the loop can come round again after node has run: nothing behind it, up to the loop's end, always leaves."""
    below, above = node, node.parent
    while above is not None and below is not loop:
        listed = above.kind == "statement_list" or above.kind in _LISTS
        if listed and _one_leaves([one for one in above.children if one.start >= below.end], loop):
            return False
        below, above = above, above.parent
    return True
