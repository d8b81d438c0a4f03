"""A goroutine with no way out: it waits for what nobody does any more, or goes round for ever, once for each call.

Such a goroutine keeps its stack, 2 KiB at least, and all that it can reach. Told are: a send on an unbuffered channel whose receiver
may have gone (a timeout, an early return, the first answer wins); a receive or a range on a channel that nobody sends to or closes on
every way; an endless loop without return or break, started for each request or by a type that has a Close. The channel is made and
seen whole in one function and those of the package it is handed to. Innocent: room for every send, a select beside it, a close by
defer, background loops that main or init starts.
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.channels import Channel, Use, called, channels, starts
from memwhy.lint.coming import guarded, often, served
from memwhy.lint.given_channels import abandoned, calls_only, unclosed
from memwhy.lint.leaving import cases, endless, leaves, loop_around, statements, ways_out
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Place, Suspect

NAME = "stuck-goroutine"
CAUSE = "goroutine-leak"
TOKENS = (b"go func", b"go ", b".Go(")

_STARTS = re.compile(rb"go\s+[\w(]|\.(?:Try)?Go\(")
_BEGINS = re.compile(rb"(?:[\n{};:]|\*/)[ \t\r]*go\s+[\w(]|\.(?:Try)?Go\(")
"""The same where a statement may begin, which words of a comment seldom are."""
_GO = (b"go ", b"go\t", b".Go(", b".TryGo(")
_MAKES = re.compile(rb"\bmake\(\s*chan\b")
_ENOUGH = 0.7
"""How sure it must be that goroutines are started again and again where one waits for a field that nobody closes."""
_ENDED = ("Close", "Stop", "Shutdown", "Cancel")
COSTS = "a stack of 2 KiB at least, and all that the goroutine can reach, for each call"
Guess = tuple[Use, str, str, float]
"""The use that blocks, why nobody comes, what is missing, and how sure that is."""


def check(package: Package) -> Iterable[Suspect]:
    """Goroutines that hang on a channel of their starter's, and loops that never end."""
    for function in package.functions_with(_STARTS, holding=_GO):
        if _BEGINS.search(function.text) is None:
            continue
        hanging: set[int] = set()
        if _MAKES.search(function.text):
            for channel in channels(package, function):
                for use, why, missing, weight in _hung(channel):
                    start = use.goroutine
                    if start is not None and start.start not in hanging:
                        hanging.add(start.start)
                        yield _suspect(function, start, use.node, why, missing, weight)
        for start, body in _started(package, function):
            if start.start in hanging:
                continue
            loop = _for_ever(package, body)
            if loop is not None:
                weight = _repeated(package, function, start)
                if weight:
                    yield _loops(function, start, loop, weight)
            elif (waits := unclosed(package, body, function.receiver or _result_type(function.node))) is not None:
                weight = _repeated(package, function, start)
                if weight >= _ENOUGH:
                    yield _waits(function, start, *waits, weight)


def _hung(channel: Channel) -> Iterator[Guess]:
    """The uses of a channel that a goroutine may never come back from."""
    if (
        channel.function.name == "main"
        and channel.function.file.package.name == "main"
        and channel.scope is channel.function.node
    ):
        return
    if channel.returned:
        yield from _given_out(channel)
        return
    for use in channel.uses:
        if use.goroutine is None or _counts(channel, use.goroutine) or (use.select is not None and not _only_way(use)):
            continue
        if use.does == "send" and channel.unbuffered:
            yield from _unreceived(channel, use)
        elif use.does == "range":
            yield from _unclosed(channel, use)
        elif use.does == "receive":
            yield from _unsent(channel, use)
        elif use.does == "close":
            yield from _unawaited(channel, use)


def _given_out(channel: Channel) -> Iterator[Guess]:
    """The send on a channel that callers are given and may leave."""
    if channel.scope is not channel.function.node or not (channel.unbuffered or channel.capacity.isdigit()):
        return
    sends = [one for one in channel.uses if one.does == "send" and one.goroutine is not None and one.select is None]
    if not channel.unbuffered:
        sends = [one for one in sends if loop_around(one.node) is not None]  # any room is used up one day
    for send in sends[:1]:
        for caller, left in abandoned(channel, send):
            inside = left.code is caller.file.code
            where = f" in {caller.file.name}:{caller.file.position(left.start)[0]}" if inside else ""
            missing = "a select beside the send with a way out (a context, a closed channel), or a caller that receives to the end"
            weight = 0.8 if channel.unbuffered else 0.65
            yield send, f"{caller.name} may leave {channel.name}{where}", missing, weight
            return


def _only_way(use: Use) -> bool:
    """Whether a receive is the one case of a select that leads out of its endless loop."""
    loop = loop_around(use.select) if use.select is not None and use.does == "receive" else None
    case = use.node.above("communication_case")
    if loop is None or case is None or not endless(loop):
        return False
    out = ways_out(loop)
    return bool(out) and all(one.within(case) for one in out)


def _counts(channel: Channel, goroutine: Node) -> bool:
    """Whether a buffered channel counts goroutines: each puts something in and takes it out again."""
    does = {one.does for one in channel.uses if one.goroutine is goroutine}
    return not channel.unbuffered and {"send", "receive"} <= does


def _unreceived(channel: Channel, send: Use) -> Iterator[Guess]:
    receivers = [
        one for one in channel.uses if one.does in ("receive", "range") and one.goroutine is not send.goroutine
    ]
    name, room = channel.name, "room for the send, make(chan …, 1), or a select beside it with a way out"
    if not receivers:
        yield send, f"nobody receives from {name}", room, 0.9
        return
    if any(one.goroutine is not None for one in receivers):
        return
    started = send.goroutine
    many = started is not None and loop_around(started) is not None
    plain = [one for one in receivers if one.select is None]
    if not plain and all(_abandons(one) for one in receivers):
        yield send, f"the receiver of {name} may choose another case and go", room, 0.85
    elif many and all(one.does == "receive" and loop_around(one.at) is None for one in receivers):
        yield send, f"only the first send on {name} is received, and each round starts another", room, 0.8
    elif many and any(_returns_within(one) for one in receivers):
        yield send, f"the receiver of {name} may return before it has heard all of them", room, 0.8
    elif started is not None and plain and (early := _early_return(channel.scope, started, plain[0].at)) is not None:
        line = channel.function.file.position(early.start)[0]
        yield send, f"the return in line {line} comes before anybody receives from {name}", room, 0.75


def _abandons(receiver: Use) -> bool:
    """Whether the select may choose another case after which nobody receives again."""
    select = receiver.select
    if select is None:
        return False
    others = [case for case in cases(select) if not receiver.node.within(case)]
    loop = loop_around(select)
    return any(leaves(case, None) or loop is None or leaves(case, loop) for case in others)


def _returns_within(receiver: Use) -> bool:
    """Whether the loop that receives may be left by a return or break before its end."""
    loop = loop_around(receiver.at)
    return loop is not None and bool(ways_out(loop)) and not endless(loop)


def _early_return(scope: Node, started: Node, awaited: Node) -> Node | None:
    """A return of the starter between the start and what is to wake the goroutine."""
    for one in scope.walk("return_statement", into_functions=False):
        if started.end < one.start and one.end < awaited.start:
            return one
    return None


def _unclosed(channel: Channel, ranged: Use) -> Iterator[Guess]:
    closes = [one for one in channel.uses if one.does == "close"]
    name, missing = channel.name, f"defer close({channel.name}) in what sends"
    if not closes:
        yield ranged, f"it ranges over {name}, which nobody closes", missing, 0.85
        return
    if any(one.deferred or one.goroutine is not None for one in closes) or ranged.goroutine is None:
        return
    early = _early_return(channel.scope, ranged.goroutine, closes[0].at)
    if early is not None:
        line = channel.function.file.position(early.start)[0]
        yield ranged, f"the return in line {line} comes before close({name})", missing, 0.75


def _unsent(channel: Channel, receive: Use) -> Iterator[Guess]:
    wakes = [one for one in channel.uses if one.does in ("send", "close") and one.goroutine is not receive.goroutine]
    name, missing = (
        channel.name,
        f"a send to {channel.name} or its close on every way, or a select beside the receive with a way out",
    )
    if not wakes:
        yield receive, f"nobody sends to {name} or closes it", missing, 0.9
        return
    if any(one.goroutine is not None or one.deferred for one in wakes) or receive.goroutine is None:
        return
    early = _early_return(channel.scope, receive.goroutine, wakes[0].at)
    if early is not None:
        line = channel.function.file.position(early.start)[0]
        yield receive, f"the return in line {line} comes before anybody sends to {name} or closes it", missing, 0.75
    elif all(_conditional(one.at, channel.scope) for one in wakes):
        yield receive, f"only under a condition does anybody send to {name} or close it", missing, 0.55


def _unawaited(channel: Channel, close: Use) -> Iterator[Guess]:
    """A goroutine that turns a condition's Wait into a channel: nobody tells it when the one who asked has gone."""
    receivers = [one for one in channel.uses if one.does in ("receive", "range")]
    body = close.node.above("func_literal")
    if body is None or not receivers or not all(_abandons(one) for one in receivers):
        return
    for call in body.walk("call_expression"):
        loop = loop_around(call)
        if callee(call).endswith(".Wait") and loop is not None and not endless(loop) and call.end < close.node.start:
            woken = Use(does="receive", node=call, at=call, goroutine=close.goroutine, select=None)
            missing = (
                "a condition that also ends when the one who asked has gone, and a Broadcast then (context.AfterFunc)"
            )
            yield woken, f"who asked may go, and {callee(call)} hears of the condition only", missing, 0.6
            return


def _conditional(node: Node, scope: Node) -> bool:
    """Whether it stands in an if without an else, below the scope."""
    above = node.above("if_statement", "func_literal")
    return (
        above is not None
        and above.kind == "if_statement"
        and above.within(scope)
        and above.child("alternative") is None
    )


def _started(package: Package, function: Function) -> Iterator[tuple[Node, Node]]:
    """(the statement that starts a goroutine, the body that it runs), as far as the package has it."""
    node = function.node
    for one in node.walk("go_statement", "func_literal") if node is not None else ():
        if one.kind == "func_literal":
            start, body = starts(one), one.child("body")
        else:
            call = one.children[0] if one.children else None
            target = call.child("function") if call is not None and call.kind == "call_expression" else None
            if call is None or target is None or target.kind == "func_literal":
                continue
            found = called(package, function, call)
            start, body = one, found.node.child("body") if found is not None and found.node is not None else None
        inner = calls_only(body) if one.kind == "func_literal" and body is not None else None
        further = called(package, function, inner) if inner is not None else None
        if further is not None and further.node is not None:
            body = further.node.child("body")
        if start is not None and body is not None:
            yield start, body


def _for_ever(package: Package, body: Node) -> Node | None:
    """The loop of a goroutine that nothing in it ever leaves, or a select without cases."""
    for one in statements(body):
        loop = one.children[-1] if one.kind == "labeled_statement" else one
        if loop.kind == "select_statement" and not cases(loop):
            return loop
        if loop.kind == "for_statement" and (endless(loop) or _over_ticks(package, loop, body)) and not ways_out(loop):
            return loop
    return None


def _over_ticks(package: Package, loop: Node, body: Node) -> bool:
    """Whether it ranges over a ticker's channel, which nobody closes: Stop does not (time.Ticker.Stop)."""
    clause = next((child for child in loop.children if child.kind == "range_clause"), None)
    over = clause.child("right") if clause is not None else None
    if over is None:
        return False
    if over.kind == "call_expression":
        return callee(over) == "time.Tick"
    ticker, dot, field = over.text.rpartition(".")
    if not dot or field != "C":
        return False
    declared = re.compile(rb"\b" + re.escape(ticker.rpartition(".")[2].encode()) + rb"[ \t]+\*time\.Ticker\b")
    return f"{ticker} := time.NewTicker(" in body.text or any(declared.search(file.code) for file in package.files)


def _repeated(package: Package, function: Function, start: Node) -> float:
    """How sure it is that the goroutine is started again and again; 0 where main or init starts it, or nothing tells."""
    node = function.node
    loop = loop_around(start)
    if guarded(start):
        return 0.35
    comes = often(function)
    if comes == "request" or served(start):
        return 0.85
    if loop is not None and endless(loop):
        return 0.8
    if comes == "round":
        return 0.75
    if function.name in ("main", "init", "TestMain"):
        return 0.0
    made = _result_type(node)
    whose = function.receiver or made
    if whose and any(package.function(name, whose) is not None for name in _ENDED):
        return 0.75
    own = bool(made) and next(package.declaring("type", made), None) is not None
    return 0.55 if own and not function.receiver and package.name != "main" else 0.35


def _result_type(node: Node | None) -> str:
    """The type whose pointer a constructor returns, "" where it returns something else."""
    result = node.child("result") if node is not None else None
    named = next(iter(result.walk("type_identifier")), None) if result is not None else None
    return named.text if named is not None else ""


def _suspect(function: Function, start: Node, blocked: Node, why: str, missing: str, weight: float) -> Suspect:
    file = function.file
    path: tuple[Place, ...] = ()
    where = ""
    if blocked.code is file.code:
        at, across = file.position(blocked.start)
        where = f" in line {at}"
        path = (Place(at, across, file.line_text(at).strip()),)
    does = {"send_statement": "sends", "range_clause": "receives"}.get(blocked.kind, "receives")
    return suspect_at(
        function,
        start,
        rule=NAME,
        cause=CAUSE,
        message=f"the goroutine that is started here {does}{where} and may wait for ever: {why}",
        missing=missing,
        remedy=f"give it a way out: {missing}",
        weight=weight,
        path=path,
        costs=COSTS,
    )


def _loops(function: Function, start: Node, loop: Node, weight: float) -> Suspect:
    file = function.file
    where = f" (line {file.position(loop.start)[0]})" if loop.code is file.code else ""
    missing = "a case <-ctx.Done() or a closed channel that ends its loop"
    return suspect_at(
        function,
        start,
        rule=NAME,
        cause=CAUSE,
        message=f"the goroutine that is started here goes round for ever: nothing in its loop{where} ever leaves it",
        missing=missing,
        remedy=f"give it a way out: {missing}",
        weight=weight,
        costs=COSTS,
    )


def _waits(function: Function, start: Node, loop: Node, field: str, weight: float) -> Suspect:
    file = function.file
    where = f" (line {file.position(loop.start)[0]})" if loop.code is file.code else ""
    ends = "closes" if any(child.kind == "range_clause" for child in loop.children) else "closes or sends to"
    return suspect_at(
        function,
        start,
        rule=NAME,
        cause=CAUSE,
        message=f"the goroutine that is started here waits for {field}{where}, and nothing in this package ever {ends} {field}",
        missing=f"close({field}) where its owner ends",
        remedy=f"close {field} in the owner's Close or Stop, or give the loop a context's Done as another way out",
        weight=round(weight * 0.95, 2),
        costs=COSTS,
    )
