"""How often a function comes: once while a program is set up, or again and again, with each request, message or round.

Told by what it is given, by its name, and by who calls it, up to DEEPEST calls above, in its package and those that import it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal
from weakref import WeakKeyDictionary

from memwhy.lint.functions import Bodies
from memwhy.lint.leaving import endless, loop_around
from memwhy.lint.occurring import occurrences
from memwhy.lint.qualifying import in_comment, package_before
from memwhy.lint.source import Function, Package, Tree
from memwhy.lint.syntax import Node, callee

Often = Literal["request", "round", ""]
DEEPEST = 3
_MOST_CALLERS = 40
_MOST_ABOVE = 60
"""Calls of one function, and functions above it, that are looked at."""
_CALLERS: WeakKeyDictionary[Tree, dict[Function, tuple[tuple[Function, Node], ...]]] = WeakKeyDictionary()
_ONCES: WeakKeyDictionary[Package, frozenset[bytes]] = WeakKeyDictionary()
_BY_ONCE = re.compile(rb"(?:\.Do|Once(?:Func|Values?))\(\s*(?:\w+\.)?(\w+)\b")
"""What a sync.Once, or one of its functions, is given by its name."""

SERVES = re.compile(
    rb"\b(?:http\.ResponseWriter|http\.Request|net\.Conn|gin\.Context|echo\.Context|fiber\.Ctx|grpc\.ServerStream|websocket\.Conn|amqp\.Delivery|sarama\.ConsumerMessage|kafka\.Message)\b"
)
_SIGNATURE_BYTES = 400
_ONCE = re.compile(
    r"(?:Must|must|Register|register|Unregister|Init|init|Setup|setup|Set[uU]p|Define|define|Configure|configure|Install|Mount"
    r"|Test|Benchmark|Example|Fuzz|Declare|declare)(?![a-z])"
)
"""Functions that come once for each thing that is configured, by how Go's programmers name them."""
_MAKES = re.compile(
    r"(?:New|new|Make|make|Build|build|With|Open|open|Read|read|Load|load|Parse|parse|Decode|Unmarshal|Import|Compile)(?![a-z])"
)
"""Functions that come once for each value that they make, where they are no methods."""
_TAKES = re.compile(r"(?:Handle|Use|On|Subscribe|Add|Notify|Listen)(?![a-z])")
_HANDLER = re.compile(rb"\bfunc\(|\bchan\b|\b\w*(?:Handler|Func|Hook|Middleware|Option|Listener|Plugin|Factory)\w*\b")


_BEFORE = re.compile(r"CompareAndSwap|\.Swap\(|(?i:started|running|init)|== nil\b|\b(?i:once)")
_OF_CHANNEL = re.compile(rb"(?:,[ \t]*\w+)*[ \t]+(?:<-)?chan\b")
_WAITS = re.compile(
    rb"<-|\bSleep\(|\.(?:Accept\w*|Recv\w*|Receive\w*|Fetch\w*|Poll|Pop|BLPop|ReadMessage|ReadFrom\w*|NextReader|NextMsg|Next|Wait|Read|Scan)\("
)
"""What an endless loop waits for that goes round with what comes in."""
_ENDLESS = re.compile(rb"\bfor\b(?:\s*\{|\s+true\b|[^{}]*?;\s*(?:true\s*)?;)")
_RANGES = re.compile(rb"\brange\b([^\n]*)")
_CHANNELS = (b".C", b"Messages()", b"Chan()")
"""How expressions end that are channels by their names."""


def once_around(node: Node) -> Node | None:
    """The call of a sync.Once, sync.OnceValue … whose function literal holds a node."""
    literal = node.above("func_literal")
    call = literal.above("call_expression") if literal is not None else None
    return call if call is not None and (callee(call).endswith(".Do") or ".Once" in f".{callee(call)}") else None


def guarded(node: Node) -> bool:
    """Whether a node comes once for what it belongs to: by sync.Once, or under a condition that asks whether it has come before."""
    if once_around(node) is not None:
        return True
    above = node.above("if_statement", "func_literal")
    while above is not None and above.kind == "if_statement":
        condition = above.child("condition")
        if condition is not None and _BEFORE.search(condition.text):
            return True
        above = above.above("if_statement", "func_literal")
    return False


def head(function: Function) -> bytes:
    """What stands before the body, as far as it is needed."""
    text = function.file.code[function.start : min(function.end, function.start + _SIGNATURE_BYTES)]
    return text.partition(b"{\n")[0]


def serves(function: Function) -> bool:
    """Whether a function is given a request, a connection or a message."""
    return SERVES.search(head(function)) is not None


def served(node: Node) -> bool:
    """Whether a node stands in a function literal that is given requests."""
    literal = node.above("func_literal")
    while literal is not None:
        listed = literal.child("parameters")
        if listed is not None and SERVES.search(listed.code, listed.start, listed.end):
            return True
        literal = literal.above("func_literal")
    return False


def often(function: Function, depth: int = DEEPEST) -> Often:
    """How a function comes again and again, as far as that can be seen; "" where nothing tells."""
    return _often(function, depth, set())


def _often(function: Function, depth: int, seen: set[Function]) -> Often:
    if serves(function):
        return "request"
    if function in seen or depth == 0 or len(seen) > _MOST_ABOVE:
        return ""
    seen.add(function)
    found: Often = ""
    for caller, call in callers(function) if depth > 1 else _telling(function):
        if once_around(call) is not None:
            continue
        if served(call):
            return "request"
        above = _often(caller, depth - 1, seen)
        if above == "request":
            return above
        if above or rounds_on(call):
            found = "round"
    return found


def rounds_on(node: Node) -> bool:
    """Whether a node stands in a loop that goes on as long as the program: it waits in each round, or is over a channel's values."""
    loop = loop_around(node)
    while loop is not None:
        if _receives(loop) or (endless(loop) and _WAITS.search(loop.code, loop.start, loop.end)):
            return True
        loop = loop_around(loop)
    return False


def _receives(loop: Node) -> bool:
    """Whether it ranges over a channel, by what its file declares under that name, or over a ticker's."""
    clause = next((child for child in loop.children if child.kind == "range_clause"), None)
    over = clause.child("right") if clause is not None else None
    if over is None:
        return False
    text = over.text.encode()
    return text.endswith(_CHANNELS) or _is_channel(text.rpartition(b".")[2], loop.code)


def callers(function: Function) -> tuple[tuple[Function, Node], ...]:
    """(a function of the tree, the call in it) for the calls that name this function, by types as far as they are known; found once."""
    known = _CALLERS.setdefault(function.file.package.tree, {})
    if function not in known:
        known[function] = tuple(islice(_callers(function), _MOST_CALLERS))
    return known[function]


def _telling(function: Function) -> tuple[tuple[Function, Node], ...]:
    """Of the callers those that say by themselves how often they come: others are not parsed for the last of the calls above."""
    known = _CALLERS.setdefault(function.file.package.tree, {})
    if function in known:
        return known[function]
    return tuple(islice(_callers(function, _may_tell), _MOST_CALLERS))


def _may_tell(caller: Function) -> bool:
    """Whether a function may be given requests, or hold a literal that is, or a loop that goes on: as far as its text tells."""
    text = caller.text
    if SERVES.search(text) is not None or (_ENDLESS.search(text) is not None and _WAITS.search(text) is not None):
        return True
    return any(_may_receive(match[1].rstrip(), caller.file.code) for match in _RANGES.finditer(text))


def _may_receive(row: bytes, code: bytes) -> bool:
    """The same of the rest of a line behind `range`; of one that does not end where its body begins nothing is known."""
    over = row.removesuffix(b"{").rstrip()
    return over == row or over.endswith(_CHANNELS) or _is_channel(over.rpartition(b".")[2], code)


def _is_channel(name: bytes, code: bytes) -> bool:
    """Whether a file declares a channel under a name."""
    return name.decode("utf-8", "replace").isidentifier() and any(
        _OF_CHANNEL.match(code, at + len(name)) for at in occurrences(code, name)
    )


def _callers(function: Function, chosen: Callable[[Function], bool] | None = None) -> Iterator[tuple[Function, Node]]:
    bodies = Bodies.of_tree(function.file.package.tree)
    for caller in islice(_naming(function), 2 * _MOST_CALLERS):
        asked = _may_call(caller, function) and (chosen is None or chosen(caller))
        body = bodies.of(caller) if asked else None
        for call in body.node.walk("call_expression") if body is not None else ():
            if body is None or callee(call).rpartition(".")[2] != function.name:
                continue
            found = body.called(call).function
            if found is not None and (found is function or found in function.alternatives):
                yield caller, call


def _naming(function: Function) -> Iterator[Function]:
    """The functions whose text calls something of that name: a method behind a dot, a function without one in its own package."""
    package, name = function.file.package, function.name.encode()
    others = (
        (one for one in package.tree.packages if package.path in one.imported) if function.name[:1].isupper() else ()
    )
    for one in (package, *others):
        dotted = bool(function.receiver) or one is not package
        for file in one.files:
            last = None
            for at in occurrences(file.code, name, b"(") if name in file.called else ():
                caller = file.function_at(at) if (file.code[at - 1 : at] == b".") == dotted else None
                if caller is not None and caller is not function and caller is not last:
                    yield caller
                    last = caller


def _may_call(caller: Function, function: Function) -> bool:
    """Whether the text leaves it open that the function is called: no comment names it, nor a package that has another in it."""
    code, package = caller.file.code, function.file.package
    for at in occurrences(code, function.name.encode(), b"(", caller.start, caller.end):
        if in_comment(code, at):
            continue
        path = package_before(caller, at)
        if not path or (not function.receiver and package.tree.package_at(path) is package):
            return True
    return False


def comes_once(function: Function) -> bool:
    """Whether a function configures rather than serves: by its name, by a sync.Once, or since only such functions call it."""
    if serves(function):
        return False
    if configures(function) or _under_once(function):
        return True
    if function.name[:1].isupper():
        return False
    above = [caller for caller, _ in callers(function)]
    return bool(above) and all(configures(one) for one in above)


def configures(function: Function) -> bool:
    """Whether a function comes once for each thing that is configured or made, by its name and what it is given."""
    name = function.name
    if name in ("main", "init"):
        return not function.receiver
    if _ONCE.match(name) is not None or (_MAKES.match(name) is not None and not function.receiver):
        return True
    return _TAKES.match(name) is not None and _HANDLER.search(head(function), 5) is not None


def _under_once(function: Function) -> bool:
    package = function.file.package
    if package not in _ONCES:
        found = (_BY_ONCE.findall(file.code) for file in package.files if b"Do(" in file.code or b"Once" in file.code)
        _ONCES[package] = frozenset(name for names in found for name in names)
    return function.name.encode() in _ONCES[package]


def is_api(function: Function) -> bool:
    """Whether others may call it as often as they like: an exported method of an exported type, or function.

    Of an internal package the tree has those who call it; where none of them comes again and again, nobody does.
    """
    package: Package = function.file.package
    exported = function.name[:1].isupper() and (not function.receiver or function.receiver[:1].isupper())
    if not exported or package.name == "main":
        return False
    return "internal" not in package.path.split("/") or not callers(function)


def offered(function: Function, depth: int = DEEPEST) -> bool:
    """Whether others may bring a function about as often as they like: it is such a one, or one that calls it is."""
    if is_api(function):
        return True
    above = (caller for caller, call in callers(function) if once_around(call) is None) if depth else ()
    return any(not comes_once(caller) and offered(caller, depth - 1) for caller in above if caller is not function)
