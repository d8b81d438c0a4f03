"""What becomes of a channel that a function makes: who sends, who receives, who closes it, in which goroutine, and whether they must.

A channel is followed through closures and into functions of the package that it is handed to; that its function returns it is noted.
One that goes anywhere else, stored, given to a function of another package, is not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from memwhy.lint.functions import Bodies
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, arguments, callee

Does = Literal["send", "receive", "range", "close", "return"]
DEEPEST = 3
"""Calls that a channel is followed through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One operation on a channel. node: of it; at: where it stands in the function that made the channel (the call that leads there).

    goroutine: the statement that starts the goroutine it runs in, None where it is the maker's own. select: the select with other
    cases that it stands in, None where it blocks for ever if nobody comes.
    """

    does: Does
    node: Node
    at: Node
    goroutine: Node | None
    select: Node | None
    deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A local channel. scope: the function or literal that made it; capacity: as it is written, "" for none. uses: all of them."""

    name: str
    function: Function
    scope: Node
    made: Node
    capacity: str
    uses: tuple[Use, ...]

    @property
    def unbuffered(self) -> bool:
        return self.capacity in ("", "0")

    @property
    def returned(self) -> bool:
        """Whether its function gives it to its callers."""
        return any(one.does == "return" for one in self.uses)


def channels(package: Package, function: Function) -> Iterator[Channel]:
    """Channels that a function makes and whose every use is seen."""
    node = function.node
    if node is None:
        return
    for call in node.walk("call_expression"):
        given = arguments(call)
        if callee(call) != "make" or not given or given[0].kind != "channel_type":
            continue
        name = _name_of(call)
        if not name:
            continue
        scope = call.above("func_literal") or node
        uses = used_as(package, function, scope, name, call)
        if uses is not None:
            capacity = given[1].text if len(given) > 1 else ""
            yield Channel(name=name, function=function, scope=scope, made=call, capacity=capacity, uses=tuple(uses))


def _name_of(call: Node) -> str:
    """The variable that alone is declared with the call's value."""
    side = call.parent
    declared = side.parent if side is not None and side.kind == "expression_list" else None
    if declared is None or side is None or declared.kind not in ("short_var_declaration", "var_spec"):
        return ""
    name = declared.child("left") if declared.kind == "short_var_declaration" else declared.child("name")
    names = name.children if name is not None and name.kind == "expression_list" else [name]
    at = side.children.index(call)
    found = names[at] if at < len(names) else None
    return found.text if found is not None and found.kind == "identifier" and found.text != "_" else ""


def used_as(package: Package, function: Function, scope: Node, name: str, made: Node) -> list[Use] | None:
    """Every use of the channel; None where one of them is not understood, or the name means something else there."""
    found: list[Use] = []
    for one in scope.walk("identifier"):
        if one.text != name or one.start <= made.end:
            continue
        if one.parent is not None and one.parent.kind == "expression_list" and one.parent.field == "left":
            return None  # assigned anew, or another variable of that name
        goroutine, known = _runs_in(one, scope)
        uses = _understood(package, function, one, goroutine, ()) if known else None
        if uses is None:
            return None
        found += uses
    return found


def _runs_in(node: Node, scope: Node) -> tuple[Node | None, bool]:
    """(the statement whose goroutine runs a node, None for the scope's own; whether that is known)."""
    literal = node.above("func_literal")
    while literal is not None and literal is not scope and literal.within(scope):
        started = starts(literal)
        if started is not None:
            return started, True
        call = literal.parent
        if call is None or call.kind != "call_expression" or call.child("function") is not literal:
            return None, False  # given to somebody who may call it, whenever
        literal = literal.above("func_literal")
    return None, True


def starts(literal: Node) -> Node | None:
    """The `go` statement, or the call of an errgroup's or WaitGroup's Go, that runs a literal in a goroutine."""
    parent = literal.parent
    if parent is None:
        return None
    if parent.kind == "call_expression" and parent.parent is not None and parent.parent.kind == "go_statement":
        return parent.parent
    call = parent.parent
    if parent.kind == "argument_list" and call is not None and callee(call).endswith((".Go", ".TryGo")):
        return call
    return None


def _understood(
    package: Package, function: Function, use: Node, goroutine: Node | None, trail: tuple[Node, ...]
) -> list[Use] | None:
    """The operations that a use is; none for a look at it; None where it goes where we do not follow. trail: bodies it came through."""
    parent = use.parent
    if parent is None:
        return None
    select = _select(use)
    if parent.kind == "send_statement":
        if parent.child("channel") is not use:
            return None
        return [Use(does="send", node=parent, at=parent, goroutine=goroutine, select=select)]
    if parent.kind == "unary_expression" and parent.operator == "<-":
        return [Use(does="receive", node=parent, at=parent, goroutine=goroutine, select=select)]
    if parent.kind == "range_clause" and parent.child("right") is use:
        return [Use(does="range", node=parent, at=parent, goroutine=goroutine, select=None)]
    if parent.kind == "expression_list" and parent.parent is not None and parent.parent.kind == "return_statement":
        return [Use(does="return", node=parent.parent, at=parent.parent, goroutine=goroutine, select=None)]
    if parent.kind != "argument_list" or parent.parent is None:
        return None
    call = parent.parent
    if callee(call) in ("len", "cap"):
        return []
    if callee(call) == "close":
        deferred = use.above("defer_statement", "go_statement")
        return [
            Use(
                does="close",
                node=call,
                at=call,
                goroutine=goroutine,
                select=None,
                deferred=deferred is not None and deferred.kind == "defer_statement",
            )
        ]
    started = call.parent if call.parent is not None and call.parent.kind == "go_statement" else None
    return in_callee(package, function, call, parent.children.index(use), started or goroutine, trail)


def in_callee(
    package: Package, function: Function, call: Node, index: int, goroutine: Node | None, trail: tuple[Node, ...]
) -> list[Use] | None:
    """What the called function does with its parameter, told at the call; nothing new where it calls itself."""
    body, name = parameter(package, function, call, index)
    if body is not None and body in trail:
        return []
    if body is None or len(trail) >= DEEPEST:
        return None
    found: list[Use] = []
    for one in body.walk("identifier"):
        if one.text != name or (one.above("parameter_list") is not None and one.above("block") is None):
            continue
        if one.parent is not None and one.parent.kind == "parameter_declaration":
            continue
        inner, known = _runs_in(one, body)
        uses = _understood(package, function, one, None, (*trail, body)) if known else None
        if uses is None:
            return None
        found += [
            Use(
                does=each.does,
                node=each.node,
                at=call,
                goroutine=goroutine or inner,
                select=each.select,
                deferred=each.deferred,
            )
            for each in uses
        ]
    return found


def parameter(package: Package, function: Function, call: Node, index: int) -> tuple[Node | None, str]:
    """(the body that a call runs: a literal's or a function's of the package, the name of its parameter at index)."""
    target = call.child("function")
    if target is not None and target.kind == "func_literal":
        declared: Node | None = target
    else:
        found = called(package, function, call)
        declared = found.node if found is not None else None
    if declared is None:
        return None, ""
    names = parameters(declared)
    if index >= len(names):
        return None, ""
    return declared.child("body"), names[index]


def called(package: Package, function: Function, call: Node) -> Function | None:
    """The function or method of the package that a call names, by its types as far as they are known."""
    name = callee(call)
    if "." not in name:
        return package.function(name) if name else None
    body = Bodies.of_tree(package.tree).of(function)
    found = body.called(call).function if body is not None else None
    return found if found is not None and found.file.package is package else None


def parameters(declared: Node) -> list[str]:
    """The names of a function's parameters in order, "_" for those without one."""
    found = declared.child("parameters")
    names: list[str] = []
    for one in found.children if found is not None else ():
        listed = [name.text for name in one.fields("name")]
        names += listed or ["_"]
    return names


def _select(use: Node) -> Node | None:
    """The select with another case in whose case itself, not in its body, the use stands."""
    case = use.above("communication_case", "block", "func_literal")
    if case is None or case.kind != "communication_case":
        return None
    communication = case.child("communication")
    select = case.parent
    if communication is None or select is None or not use.within(communication):
        return None
    return select if sum(child.kind.endswith("_case") for child in select.children) > 1 else None
