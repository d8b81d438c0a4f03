"""Resources that come to lie in a field and stay there: nobody releases them, or the next call puts another in their place."""

from __future__ import annotations

import re

from memwhy.lint.flow import Fate, Loss
from memwhy.lint.kinds import words
from memwhy.lint.laying import ELEMENT, Field
from memwhy.lint.names import split
from memwhy.lint.ownership import Access, Owned, Ownership
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, arguments, callee

_ENDS = {
    *("close", "stop", "shutdown", "free", "release", "destroy", "dispose", "teardown", "cleanup", "quit", "kill"),
    *("terminate", "disconnect", "leave", "logout", "end", "finish", "abort", "cancel", "unsubscribe", "finalize"),
}
"""First words of methods that end the value that they are called on."""
_AGAIN = {
    *("rotate", "roll", "next", "switch", "update", "change", "swap", "refresh", "renew", "reset", "reload", "watch"),
    *("reopen", "reconnect", "restart", "redial", "resubscribe", "reconfigure", "retry", "advance"),
}
"""Words of methods that come again by what they are called."""
_GIVEN = re.compile(r"\bhttp\.(?:Request|ResponseWriter)\b|\bnet\.Conn\b")
_NO_PARENT = re.compile(r"^\w+\.(?:Background|TODO)\(\)$")


def kept(function: Function, fate: Fate, ownership: Ownership) -> tuple[Loss, str, float] | None:
    """How what came into a field is lost there, in words, and a factor for its weight; None where it is in good hands."""
    field, call, package = ownership.alone(function, fate), fate.acquisition.call, function.file.package
    if not field or (fate.acquisition.kind.called and _of_nobody(call)):
        return None
    owned = ownership.of(fate.acquisition.kind, field, package)
    if owned.embedded or owned.handed_on or (field[1][:1].isupper() and not _private(package)):
        return None
    if not owned.released:
        return None if fate.acquisition.kind.receiver else _never(function, call, field, owned, ownership)
    return _overwritten(function, call, field, owned) if len(field) == 2 else None


def _of_nobody(call: Node) -> bool:
    """Whether the context's parent never ends: it keeps no children."""
    return any(_NO_PARENT.match(one.text) for one in arguments(call)[:1])


def _private(package: Package) -> bool:
    """Whether no code outside of the tree can name the package's fields."""
    return package.name == "main" or "internal" in package.path.split("/")


def _never(
    function: Function, call: Node, field: Field, owned: Owned, ownership: Ownership
) -> tuple[Loss, str, float] | None:
    types = ownership.summaries.bodies.types
    home, owner = types.package_of(field[0], function.file)
    ends = [name for name in home.methods(owner) if _ends(home, owner, name)] if home is not None else []
    where = f"{split(field[0])[2]}.{field[1]}"
    if ends:
        return Loss("kept", call), f"in {ends[0]}, nor anywhere: it stays in {where}", 0.95
    deleted = _deleted(owned) if field[2:3] == (ELEMENT,) else None
    if deleted is not None:
        return Loss("kept", call), f"in {deleted.name}, which deletes it from {where}, nor anywhere", 0.95
    if given_request(function) or loops_around(call):
        return Loss("kept", call), f"anywhere: it stays in {where}", 0.8
    return None


def _deleted(owned: Owned) -> Function | None:
    """The function that takes entries out of the field's map."""
    for one in owned.accesses:
        listed = one.node.parent
        if listed is not None and listed.parent is not None and callee(listed.parent) == "delete":
            return one.function
    return None


def _ends(package: Package, owner: str, method: str) -> bool:
    """Whether a method ends its value: by its first word, and since it is told of nothing but a context."""
    if words(method)[:1] and words(method)[0] in _ENDS:
        function = package.function(method, owner)
        signature = function.signature if function is not None else None
        listed = signature.child("parameters") if signature is not None else None
        return listed is not None and all("Context" in one.text for one in listed.children)
    return False


def given_request(function: Function) -> bool:
    """Whether a function is given a request or a connection, so that it comes again and again."""
    signature = function.signature
    listed = signature.child("parameters") if signature is not None else None
    return listed is not None and _GIVEN.search(listed.text) is not None


def loops_around(node: Node) -> bool:
    loop = node.above("for_statement", "func_literal")
    return loop is not None and loop.kind == "for_statement"


def _overwritten(function: Function, call: Node, field: Field, owned: Owned) -> tuple[Loss, str, float] | None:
    """A method that puts another resource over the one before: where neither it nor who calls it looks at that first."""
    if function.receiver != split(field[0])[2] or not any(
        one.function is function and one.written and _of_receiver(one.node, function) for one in owned.accesses
    ):
        return None
    releasing = {*owned.ends} | {
        one.function.name for one in owned.accesses if one.use is not None and one.use.how == "released"
    }
    if _heeds(function, owned, releasing):
        return None
    callers = _callers(function)
    if any(_heeds(caller, owned, releasing) for caller, _ in callers):
        return None
    again = bool(_AGAIN.intersection(words(function.name))) or given_request(function)
    if again or any(_of_the_same(caller, at) and loops_around(at) for caller, at in callers):
        where = f"{split(field[0])[2]}.{field[1]}"
        return Loss("kept", call), f"before the next {function.name} puts another into {where}", 0.9
    return None


def _of_the_same(caller: Function, call: Node) -> bool:
    """Whether a method is called on the caller's own receiver, so that a loop around it means the same value each time."""
    method = call.child("function")
    return method is not None and method.kind == "selector_expression" and _of_receiver(method, caller)


def _of_receiver(selector: Node, function: Function) -> bool:
    node = function.node
    receiver = node.child("receiver") if node is not None else None
    operand = selector.child("operand")
    return (
        receiver is not None
        and operand is not None
        and any(one.text == operand.text for one in receiver.walk("identifier"))
    )


def _heeds(function: Function, owned: Owned, releasing: set[str]) -> bool:
    """Whether a function looks at what lies in the field, releases it, or calls what does."""
    if function.name in releasing or any(_looks(one) for one in owned.accesses if one.function is function):
        return True
    node = function.node
    called = {callee(call).rpartition(".")[2] for call in node.walk("call_expression")} if node is not None else set()
    return not called.isdisjoint(releasing)


def _looks(access: Access) -> bool:
    """Whether the field is released or compared there, or its value given another name."""
    parent = access.node.parent
    if access.use is not None:
        return True
    return parent is not None and (
        parent.kind == "binary_expression"
        or (parent.kind == "expression_list" and parent.field in ("right", "value"))
        or parent.kind == "argument_list"
    )


def _callers(function: Function) -> list[tuple[Function, Node]]:
    """(a function of the package, the call in it) for each call of a method by its name."""
    called = re.compile(rb"\b" + re.escape(function.name.encode()) + rb"\(")
    found: list[tuple[Function, Node]] = []
    for caller in function.file.package.functions_with(called):
        if caller is function or caller.node is None:
            continue
        for call in caller.node.walk("call_expression"):
            if callee(call).rpartition(".")[2] == function.name:
                found.append((caller, call))
    return found
