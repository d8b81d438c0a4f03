"""defer in a loop: what it is to release is held until the function returns, once for each round.

A loop that ends soon holds as much as it has rounds; one without a condition, or over a channel, never lets go. Nothing is said of a
loop that is left in the round of its defer, of a few rounds counted by a constant, and of defers that hold no memory (Unlock, Done).
"""

import re
from collections.abc import Iterable

from memwhy.lint.leaving import endless, goes_round, loop_around
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "defer-in-loop"
CAUSE = "heap-leak"
TOKENS = (b"defer ",)

FEW_ROUNDS = 16
_DEFER = re.compile(rb"defer\b")
_ROWS = re.compile(rb"^(\t*)(?:\w+:\s*)?(for|defer|\})", re.MULTILINE)
_IN_A_ROW = (b"{ defer ", b"; defer ", b"{defer ", b";defer ", b"  defer ")
"""Not as gofmt writes it."""
_NO_MEMORY = ("Unlock", "RUnlock", "Done", "recover", "Exit", "Print", "Println", "Printf", "Restore")
_RELEASE = re.compile(
    r"close|stop|cancel|free|release|destroy|end$|cleanup|dispose|shutdown|rollback|commit|unlock|disconnect|finish|unmap|remove|done|exit|unpin|delete|put$",
    re.IGNORECASE,
)
_CAUSES = {"Close": "descriptor-leak", "free": "native-leak", "Free": "native-leak"}


def check(package: Package) -> Iterable[Suspect]:
    """Every defer that runs in each round."""
    for function in package.functions_with(_DEFER):
        if not _nested(function.text) or function.node is None:
            continue
        for defer in function.node.walk("defer_statement"):
            again = _jumped_back_to(defer)
            if again is not None and not _holds_nothing(defer):
                yield _suspect(function, defer, again, for_ever=False, doubtful=not _ends_something(defer))
                continue
            loop = loop_around(defer)
            if loop is None or not goes_round(defer, loop) or _few(package, function, loop):
                continue
            for_ever = endless(loop) or _over_channel(function, loop)
            if for_ever or not _holds_nothing(defer):
                yield _suspect(
                    function,
                    defer,
                    loop,
                    for_ever=for_ever,
                    doubtful=_of_event(defer, loop) or not _ends_something(defer),
                )


def _nested(text: bytes) -> bool:
    """Whether, by the indentation that gofmt gives, a defer may stand in a loop: so that few functions are made trees of."""
    loops: list[int] = []
    for match in _ROWS.finditer(text):
        indent, word = len(match[1]), match[2]
        if word == b"defer" and (loops or b"goto " in text):
            return True
        while loops and loops[-1] >= indent:
            loops.pop()
        if word == b"for":
            loops.append(indent)
    return any(mark in text for mark in _IN_A_ROW)


def _jumped_back_to(defer: Node) -> Node | None:
    """The labelled statement before a defer that a goto behind it goes back to: a loop without `for`."""
    around = defer.above("func_literal", "function_declaration", "method_declaration")
    for goto in around.walk("goto_statement", into_functions=False) if around is not None else ():
        if goto.start < defer.end or not goto.children:
            continue
        beside = defer
        while beside.parent is not None and not goto.within(beside.parent):
            beside = beside.parent
        if not goes_round(defer, beside):
            continue
        for label in around.walk("labeled_statement", into_functions=False) if around is not None else ():
            if label.start < defer.start and label.children[0].text == goto.children[0].text:
                return label
    return None


def _of_event(defer: Node, loop: Node) -> bool:
    """Whether it stands in a case of a select that is about something else than what it releases: that case may come once only, a
    timer's or an error's, where `case conn := <-incoming` brings one more each time."""
    case = defer.above("communication_case", "func_literal")
    if case is None or case.kind != "communication_case" or not case.within(loop):
        return False
    communication = case.child("communication")
    left = communication.child("left") if communication is not None else None
    names = [one.text for one in left.walk("identifier")] if left is not None else []
    return not any(re.search(rf"\b{re.escape(name)}\b", defer.text) for name in names)


def _ends_something(defer: Node) -> bool:
    """Whether what waits is a release by its name, rather than bookkeeping of the function's own."""
    return any(_RELEASE.search(callee(call).rpartition(".")[2]) for call in defer.walk("call_expression"))


def _call(defer: Node) -> Node | None:
    return next((child for child in defer.children if child.kind == "call_expression"), None)


def _holds_nothing(defer: Node) -> bool:
    """Whether nothing but a lock or a count waits for the function's end."""
    call = _call(defer)
    name = callee(call) if call is not None else ""
    if not name and call is not None:
        inner = [callee(one).rpartition(".")[2] for one in call.walk("call_expression") if one is not call]
        return bool(inner) and all(one in _NO_MEMORY for one in inner)
    return name.rpartition(".")[2] in _NO_MEMORY


def _few(package: Package, function: Function, loop: Node) -> bool:
    """Whether the loop counts to a small constant, or ranges over one or over values that are written out."""
    clause = next((child for child in loop.children if child.kind in ("for_clause", "range_clause")), None)
    if clause is None:
        return False
    if clause.kind == "range_clause":
        over = clause.child("right")
        if over is None:
            return False
        written = over if over.kind == "composite_literal" else _written(function, over)
        if written is not None:
            body = written.child("body")
            return body is not None and len(body.children) <= FEW_ROUNDS
        return _small(package, function, over)
    condition = clause.child("condition")
    right = condition.child("right") if condition is not None and condition.operator in ("<", "<=", "!=") else None
    return right is not None and _small(package, function, right)


def _written(function: Function, over: Node) -> Node | None:
    """The composite literal that a local variable was declared with, and nothing was put into since."""
    node = function.node
    if over.kind != "identifier" or node is None or f"{over.text} = " in node.text:
        return None
    for one in node.walk("short_var_declaration", "var_spec"):
        left, right = one.child("left") or one.child("name"), one.child("right") or one.child("value")
        if left is not None and right is not None and left.text == over.text:
            return next((child for child in right.children if child.kind == "composite_literal"), None)
    return None


def _small(package: Package, function: Function, node: Node) -> bool:
    """Whether it is a whole number up to FEW_ROUNDS, written here or as a constant of the package."""
    if node.kind == "int_literal":
        return node.text.isdecimal() and node.text.isascii() and int(node.text[:9]) <= FEW_ROUNDS
    if node.kind != "identifier":
        return False
    named = re.compile(
        rb"^\s*(?:const\s+)?" + re.escape(node.text.encode()) + rb"\s*(?:int\s*)?:?=\s*(\d{1,9})\s*(?://.*)?$",
        re.MULTILINE,
    )
    found = [match for file in package.files for match in named.finditer(file.code)]
    return len(found) == 1 and int(found[0][1]) <= FEW_ROUNDS


def _over_channel(function: Function, loop: Node) -> bool:
    """Whether it ranges over a channel, as far as the function itself shows it."""
    clause = next((child for child in loop.children if child.kind == "range_clause"), None)
    over = clause.child("right") if clause is not None else None
    if over is None or over.kind != "identifier" or function.node is None:
        return False
    name = re.escape(over.text)
    return (
        re.search(
            rf"\b{name}\s*(?::=|=)\s*make\(\s*chan\b|[(,]\s*(?:\w+,\s*)*{name}\s+(?:<-\s*)?chan\b", function.node.text
        )
        is not None
    )


def _suspect(function: Function, defer: Node, loop: Node, *, for_ever: bool, doubtful: bool) -> Suspect:
    file = function.file
    call = _call(defer)
    called = callee(call) if call is not None else ""
    deferred = called or "the deferred call"
    begins = file.position(loop.start)[0]
    when = (
        "never runs while the loop goes on"
        if for_ever
        else "runs when the function returns, not when its round is over"
    )
    return suspect_at(
        function,
        defer,
        rule=NAME,
        cause=_CAUSES.get(called.rpartition(".")[2], CAUSE),
        message=f"{deferred} {when}: each round of the loop in line {begins} holds one more until then",
        missing=f"{deferred} at the end of each round",
        remedy="put the round's body into a function of its own, whose end the defer then is; or call it without defer on every way out of the round",
        weight=0.45 if doubtful else 0.95 if for_ever else 0.75,
        costs="what the deferred call would release, and some 50 bytes for the defer itself, once for each round",
    )
