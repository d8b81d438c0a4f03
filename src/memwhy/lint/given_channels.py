"""Channels that are not one function's own: returned to callers who may leave, or kept in a field that nobody closes."""

import re
from collections.abc import Iterator

from memwhy.lint.channels import Channel, Use, called, in_callee, used_as
from memwhy.lint.coming import callers
from memwhy.lint.leaving import endless, loop_around, ways_out
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, callee, dotted


def abandoned(channel: Channel, send: Use) -> Iterator[tuple[Function, Node]]:
    """(a caller, where it leaves) for callers that are given the channel and may stop receiving before the goroutine has sent all.

    Nothing where one of them is not understood, for somebody may receive there, or closes what the goroutine looks at.
    """
    again = loop_around(send.node) is not None
    found: list[tuple[Function, Node]] = []
    for caller, call in callers(channel.function):
        left = _left(caller, call, again=again)
        if left is None:
            return
        if left is not call:
            found.append((_further(caller, call) or caller, left))
    yield from found


def _left(caller: Function, call: Node, *, again: bool) -> Node | None:
    """Where a caller leaves the channel that a call gives; the call itself where it does not, None where that is not known."""
    parent = call.parent
    if parent is not None and parent.kind == "range_clause" and parent.parent is not None:
        out = _ways(parent.parent)
        return out[0] if out else call
    if parent is not None and parent.kind == "unary_expression" and parent.operator == "<-":
        return parent if again else call
    if parent is not None and parent.kind == "argument_list":
        return _left_behind(caller, call)
    name = _variable(call)
    scope = call.above("func_literal") or caller.node
    uses = used_as(caller.file.package, caller, scope, name, call) if name and scope is not None else None
    if uses is None or scope is None:
        return None
    receivers = [one for one in uses if one.does in ("receive", "range")]
    if len(uses) != len(receivers) or any(one.goroutine is not None for one in receivers):
        return None
    return _stops(scope, call, receivers, again=again) or call


def _further(caller: Function, call: Node) -> Function | None:
    """The function of the package that a call's result is given to at once."""
    outer = call.parent.parent if call.parent is not None and call.parent.kind == "argument_list" else None
    return called(caller.file.package, caller, outer) if outer is not None and callee(outer) else None


def _left_behind(caller: Function, call: Node) -> Node | None:
    """Where the function that is given the channel at once leaves its one loop over it, as `_left` has it."""
    further, given = _further(caller, call), call.parent
    if further is None or given is None or given.parent is None:
        return None
    uses = in_callee(caller.file.package, caller, given.parent, given.children.index(call), None, ())
    if uses is None or len(uses) != 1 or uses[0].does != "range" or uses[0].goroutine is not None:
        return None
    loop = uses[0].node.parent
    out = _ways(loop) if loop is not None else []
    return out[0] if out else call


def _stops(scope: Node, call: Node, receivers: list[Use], *, again: bool) -> Node | None:
    """Where the receiving ends too early: by a way out of its loop behind which nobody drains, or a return before it."""
    if not receivers:
        return call.parent
    loops = [one.node.parent for one in receivers if one.does == "range"]
    if any(loop is not None and not ways_out(loop) for loop in loops):
        return None  # one of them reads to the end
    first, last = receivers[0], receivers[-1]
    for one in scope.walk("return_statement", into_functions=False):
        if call.end < one.start and one.end < first.at.start and not _answers_error(one, call):
            return one
    loop = loop_around(last.node) if last.does == "receive" else last.node.parent
    if loop is None or loop.kind != "for_statement":
        return first.at if again and all(loop_around(one.node) is None for one in receivers) else None
    out = [way for way in _ways(loop) if not _says_closed(way, loop)]
    return out[0] if out else None


def _ways(loop: Node) -> list[Node]:
    """Ways out of a loop that are not the end of the program."""
    return [one for one in ways_out(loop) if one.kind != "call_expression"]


def _answers_error(statement: Node, call: Node) -> bool:
    """Whether a return stands under the check of the error that came with the channel."""
    above = statement.above("if_statement")
    condition = above.child("condition") if above is not None else None
    given = call.above("short_var_declaration", "assignment_statement")
    left = given.child("left") if given is not None else None
    error = left.children[-1].text if left is not None and len(left.children) > 1 else ""
    return bool(error) and condition is not None and re.search(rf"\b{re.escape(error)}\b", condition.text) is not None


def _says_closed(way: Node, loop: Node) -> bool:
    """Whether a way out is taken since the channel said that it is closed: `v, ok := <-c; if !ok { return }`."""
    above = way.above("if_statement", "for_statement")
    condition = above.child("condition") if above is not None and above.kind == "if_statement" else None
    return condition is not None and re.fullmatch(r"!\s*(?:ok|more|open)", condition.text) is not None and endless(loop)


def _variable(call: Node) -> str:
    side = call.parent
    statement = side.parent if side is not None and side.kind == "expression_list" else None
    left = statement.child("left") if statement is not None and statement.kind == "short_var_declaration" else None
    first = left.children[0] if left is not None and left.children else None
    return first.text if first is not None and first.kind == "identifier" and first.text != "_" else ""


def unclosed(package: Package, body: Node, whose: str) -> tuple[Node, str] | None:
    """(the loop of a goroutine, the field it waits for) where only a field's channel can end it and nothing in the package does."""
    for loop in body.walk("for_statement", into_functions=False):
        over, asked = _ranged(loop), _asked(loop)
        name = over or asked
        if name and _is_channel(package, whose, name) and not _ended(package, name, by_sends=not over):
            return loop, name
    return None


def _ranged(loop: Node) -> str:
    """The field that a loop ranges over and never leaves otherwise."""
    clause = next((child for child in loop.children if child.kind == "range_clause"), None)
    over = clause.child("right") if clause is not None else None
    return _field(over) if over is not None and not ways_out(loop) else ""


def _asked(loop: Node) -> str:
    """The one field whose case of a select has all ways out of an endless loop."""
    if not endless(loop):
        return ""
    names = set()
    for out in ways_out(loop):
        case = out.above("communication_case", "for_statement", "func_literal")
        said = case.child("communication") if case is not None and case.kind == "communication_case" else None
        asked = next(said.walk("unary_expression"), None) if said is not None else None
        names.add(_field(asked.child("operand")) if asked is not None and asked.operator == "<-" else "")
    return names.pop() if len(names) == 1 else ""


def _field(node: Node | None) -> str:
    name = dotted(node)
    return name.partition(".")[2] if name.count(".") == 1 else ""


def _is_channel(package: Package, whose: str, name: str) -> bool:
    """Whether the type has a field of that name that is a channel and that this package alone can close."""
    declared = re.compile(rb"\b" + re.escape(name.encode()) + rb"(?:,[ \t]*\w+)*[ \t]+chan\b")
    return name[:1].islower() and bool(whose) and any(declared.search(file.code) for file in package.files)


def _ended(package: Package, name: str, *, by_sends: bool) -> bool:
    """Whether something closes the channel or hands it on, or sends to it where that ends the wait."""
    word = re.escape(name.encode())
    ends = re.compile(
        rb"\bclose\([\w.\[\]]*\b"
        + word
        + rb"\)|"
        + (rb"\b" + word + rb"[ \t]*<-|" if by_sends else b"")
        + rb"(?:[=(,:&]|return)[ \t]*[\w.\[\]]+\."
        + word
        + rb"[ \t]*[,)\n}]"
    )
    given = re.compile(rb"\b" + word + rb":[ \t]*(?!make\()\w|\b" + word + rb"[ \t]*=[ \t]*(?!make\()\w")
    return any(ends.search(file.code) or given.search(file.code) for file in package.files)


def calls_only(body: Node) -> Node | None:
    """The one call that a goroutine's literal makes."""
    listed = [
        one for block in body.children if block.kind == "statement_list" for one in block.children
    ] or body.children
    calls = [one.children[0] for one in listed if one.kind == "expression_statement" and one.children]
    return (
        calls[-1]
        if len(listed) == len(calls) and calls and calls[-1].kind == "call_expression" and callee(calls[-1])
        else None
    )
