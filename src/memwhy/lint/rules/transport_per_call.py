"""An http.Transport for each call: a pool of idle connections that nobody will ask again.

A Transport keeps connections for the next request, each with a descriptor, two goroutines and some 30 KiB of buffers; dropped, it
keeps them all the same until the other side closes or its IdleConnTimeout is over, and that is for ever where the field is not set
(net/http.Transport). A Client without a Transport of its own shares DefaultTransport and costs nothing. Innocent: kept in a field or
a variable of the package, returned by a constructor, made in main or init, with DisableKeepAlives, or with CloseIdleConnections.
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.channels import called, parameters
from memwhy.lint.coming import callers, often
from memwhy.lint.leaving import loop_around
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, callee, dotted
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "transport-per-call"
CAUSE = "descriptor-leak"
TOKENS = (b"Transport{", b"Transport)", b".Clone()")

_MADE = re.compile(rb"Transport\s*\{|new\(\s*\w+\.Transport\s*\)|Transport\)?(?:\.\(\*\w+\.Transport\))?\.Clone\(\)")
_ASKS = re.compile(rb"\.(?:Do|Get|Head|Post|PostForm|RoundTrip)\(")
_CALLS = re.compile(rb"\.\w+\(")
_HANDLES = re.compile(r"\b\w+\.ResponseWriter\b|\*\w+\.Request\b")


def check(package: Package) -> Iterable[Suspect]:
    """Transports that are made, asked and dropped in one function, and calls of the package's own constructors that do the same."""
    makers: dict[Function, bool] = {}
    for function in package.functions_with(_MADE, imports="net/http"):
        for made in _made(function):
            fate = _fate(function, made)
            if fate in ("returned", "owned"):
                makers[function] = _times_out(made)
            elif fate in ("dropped", "replaced"):
                yield _suspect(function, made, _times_out(made), "", replaced=fate == "replaced")
    for maker, times_out in makers.items():
        for caller, call in callers(maker):
            fate = _fate(caller, call, made_by=maker) if caller not in makers else "kept"
            if fate in ("dropped", "replaced"):
                yield _suspect(caller, call, times_out, maker.name, replaced=fate == "replaced")


def _made(function: Function) -> Iterator[Node]:
    """Where a function makes a Transport with a pool of its own."""
    http, node = function.file.imported_as("net/http"), function.node
    if not http or node is None:
        return
    for one in node.walk("composite_literal", "call_expression"):
        if one.kind == "composite_literal":
            of = one.child("type")
            if (
                of is not None
                and of.text == f"{http}.Transport"
                and "DisableKeepAlives: true" not in " ".join(one.text.split())
            ):
                yield one
        elif one.text.replace(" ", "") == f"new({http}.Transport)" or (
            one.text.endswith(".Clone()") and f"{http}.DefaultTransport" in one.text
        ):
            yield one


def _times_out(made: Node) -> bool:
    """Whether its idle connections are closed after a time: DefaultTransport's clone has 90 s."""
    return (made.kind == "call_expression" and ".Clone" in made.text) or "IdleConnTimeout" in made.text


def _fate(function: Function, made: Node, made_by: Function | None = None) -> str:
    """What becomes of it: "returned", "owned" where what is returned has it in a field, "kept", "dropped" where the same function asks it and lets it go, or "replaced" where a
    literal puts it in the place of one that it has from outside."""
    node = function.node
    if node is None:
        return "kept"
    around = made.above("func_literal") or node
    if _replaces(made):
        return "replaced"
    where = _held_by(made)
    if where in ("returned", "owned"):
        return where
    if where is None:
        return "kept"
    names, work = {where}, [where]
    asked = (_ASKS if made_by is None else _CALLS).search(around.code, around.start, around.end) is not None
    while work:
        name = work.pop()
        for use in around.walk("identifier"):
            if use.text != name or use.start < made.start:
                continue
            other = _passed_on(use)
            if other == "given":
                asks = _only_asks(function, use)
                if not asks:
                    return "kept"
                asked = True
                continue
            if other in ("kept", "returned", "owned"):
                return other
            if other and other not in names:
                names.add(other)
                work.append(other)
    if "CloseIdleConnections" in around.text or "DisableKeepAlives = true" in around.text:
        return "kept"
    if not asked:
        return "kept"
    if made_by is not None and _gives_owner(made_by) and loop_around(made) is None and not often(function):
        return "kept"
    return "dropped" if _comes_again(function, made) else "kept"


def _only_asks(function: Function, use: Node) -> bool:
    """Whether what it is given to is a function of the package that asks it and keeps it nowhere."""
    node = use
    while node.parent is not None and node.parent.kind != "argument_list":
        node = node.parent
    call = node.parent.parent if node.parent is not None else None
    if call is None or node.parent is None:
        return False
    found = called(function.file.package, function, call)
    names = parameters(found.node) if found is not None and found.node is not None else []
    at = node.parent.children.index(node)
    body = found.node.child("body") if found is not None and found.node is not None else None
    if found is None or body is None or at >= len(names):
        return False
    name = re.escape(names[at].encode())
    keeps = re.search(
        rb"(?:=|:|return|<-|append\(.*,|\bgo .*\()[ \t]*&?" + name + rb"\b(?!\.)|\(" + name + rb"[,)]",
        body.text.encode(),
    )
    return (
        keeps is None
        and re.search(rb"\b" + name + rb"\.(?:Do|Get|Head|Post|PostForm|RoundTrip)\(", found.text) is not None
    )


def _gives_owner(maker: Function) -> bool:
    """Whether a constructor gives something that has the Transport in a field: such are made once, unless something says otherwise."""
    node = maker.node
    result = node.child("result") if node is not None else None
    return result is not None and "http." not in result.text


def _replaces(made: Node) -> bool:
    """Whether a function literal assigns it to a variable from outside, and not only where that is nil."""
    side, literal = made.parent, made.above("func_literal")
    statement = side.parent if side is not None and side.kind == "expression_list" else None
    if statement is None or literal is None or statement.kind != "assignment_statement" or _once(made) is not None:
        return False
    left = statement.child("left")
    name = left.text if left is not None else ""
    declared = re.search(rf"\b{re.escape(name)}\b[^\n=]*:=|\bvar {re.escape(name)}\b", literal.text)
    condition = statement.above("if_statement", "func_literal")
    asked = condition.child("condition") if condition is not None and condition.kind == "if_statement" else None
    return name.isidentifier() and declared is None and (asked is None or "nil" not in asked.text)


def _comes_again(function: Function, made: Node) -> bool:
    """Whether the making may run often: not in main, init or a test outside of a loop."""
    if loop_around(made) is not None:
        return True
    if made.above("func_literal") is not None:
        return _once(made) is None
    return function.name not in ("main", "init", "TestMain") and not function.file.is_test


def _once(made: Node) -> Node | None:
    """The call of a sync.Once, sync.OnceValue … around it."""
    literal = made.above("func_literal")
    call = literal.above("call_expression") if literal is not None else None
    return call if call is not None and (callee(call).endswith(".Do") or ".Once" in f".{callee(call)}") else None


def _held_by(made: Node) -> str | None:
    """The local variable that it is put into, alone or within a Client; "returned"; None where it is kept or cannot be said."""
    node, parent, owned = made, made.parent, False
    while parent is not None and parent.kind in (
        "unary_expression", "parenthesized_expression", "literal_element", "keyed_element", "literal_value", "composite_literal", "expression_list",
    ):  # fmt: skip
        owned = owned or (parent.kind == "composite_literal" and not _is_client(parent))
        node, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.kind == "return_statement":
        return "owned" if owned else "returned"
    if owned:
        return None
    if parent.kind in ("short_var_declaration", "var_spec"):
        name = parent.child("left") if parent.kind == "short_var_declaration" else parent.child("name")
        first = name.children[0] if name is not None and name.children else name
        return first.text if first is not None and first.kind == "identifier" else None
    if parent.kind == "assignment_statement" and node.field == "right":
        left = parent.child("left")
        target = dotted(left.children[0]) if left is not None and len(left.children) == 1 else ""
        root, _, field = target.partition(".")
        return root if field in ("", "Transport") and _is_local(made, root) else None
    return _asked_at_once(node, parent)


def _is_local(node: Node, name: str) -> bool:
    """Whether the innermost function around a node has a variable of that name, which is no parameter."""
    around = node.above("func_literal", "function_declaration", "method_declaration")
    for one in around.walk("short_var_declaration", "var_spec") if around is not None and name else ():
        listed = one.fields("name") if one.kind == "var_spec" else [one.child("left")]
        if any(each is not None and name in [found.text for found in each.walk("identifier")] for each in listed):
            return True
    return False


def _asked_at_once(node: Node, parent: Node) -> str | None:
    """ "" where its method is called where it is made: `(&http.Client{…}).Get(url)`."""
    return "" if parent.kind == "selector_expression" and node.field == "operand" else None


def _is_client(literal: Node) -> bool:
    of = literal.child("type")
    return of is not None and of.text.endswith(".Client")


def _passed_on(use: Node) -> str:
    """The variable that this one's value goes into ("" for none), "kept" where it outlives the function, "given" to another one, "returned"."""
    node, parent, owned = use, use.parent, False
    while parent is not None and parent.kind in (
        "unary_expression", "parenthesized_expression", "literal_element", "keyed_element", "literal_value", "composite_literal", "expression_list",
    ):  # fmt: skip
        owned = owned or (parent.kind == "composite_literal" and not _is_client(parent))
        node, parent = parent, parent.parent
    if parent is None:
        return ""
    if parent.kind == "return_statement":
        return "owned" if owned else "returned"
    if owned:
        return "kept"
    if parent.kind == "argument_list":
        return "given"
    if parent.kind == "send_statement":
        return "kept"
    if parent.kind in ("short_var_declaration", "var_spec", "assignment_statement") and node.field in (
        "right",
        "value",
    ):
        left = parent.child("left") if parent.kind != "var_spec" else parent.child("name")
        first = left.children[0] if left is not None and left.children else left
        if first is None:
            return "kept"
        if first.kind == "identifier":
            return first.text if parent.kind != "assignment_statement" or _is_local(use, first.text) else "kept"
        return dotted(first).partition(".")[0] if dotted(first).endswith(".Transport") else "kept"
    return ""


def _suspect(function: Function, made: Node, times_out: bool, maker: str, *, replaced: bool) -> Suspect:
    node = function.node
    signature = node.child("parameters") if node is not None else None
    often = loop_around(made) is not None or (signature is not None and _HANDLES.search(signature.text) is not None)
    how = f"by {maker}, " if maker else ""
    fate = "and put in the place of another, which nobody closes" if replaced else "asked and dropped in each call"
    until = (
        "for the IdleConnTimeout of each"
        if times_out
        else "until the other side closes them: no IdleConnTimeout is set"
    )
    return suspect_at(
        function,
        made,
        rule=NAME,
        cause=CAUSE,
        message=f"a Transport is made {how}{fate}; its idle connections stay {until}",
        missing="CloseIdleConnections when the function ends, or one Transport for all calls",
        remedy="make one Transport, and the Client around it, once, in a variable of the package or a field, and share it: both are"
        " safe for concurrent use",
        weight=0.45 if replaced else (0.9 if often else 0.75) - (0.15 if times_out else 0.0),
        costs="for each call a connection with a descriptor, two goroutines and their buffers"
        + (", for a time" if times_out else ""),
    )
