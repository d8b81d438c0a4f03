"""The line that a measurement points at where no rule suspects one: what is acquired there, and where its release is, if anywhere."""

import re
from collections.abc import Iterator

from memwhy.lint.frames import Spot
from memwhy.lint.source import Function, Tree
from memwhy.lint.syntax import Node, callee
from memwhy.model.report import Holder
from memwhy.model.suspect import Place, Suspect

NAME = "measured"
"""In Suspect.rule: no rule of ours, the stack itself."""

_CGO = re.compile(r"(?:.*\.)?_C2?func_(\w+)$")
_ALLOCATES = ("CString", "CBytes", "_CMalloc")
"""cgo's own that call malloc (cmd/cgo, "Go references to C")."""
_RELEASED = re.compile(r"what frees it: ([\w.]+(?:(?:, | or )[\w.]+)*)")
_WAITS = ("send_statement", "select_statement", "range_clause", "unary_expression")
_MOST_RELEASES = 3


def pointed(tree: Tree, spot: Spot, called: str, holder: Holder, cause: str) -> Suspect | None:
    """A blamed frame of the program's own as a suspect. called: the function below it on the stack."""
    function = spot.function
    line, column, text = _place(spot, called, holder)
    call = shown(called)
    releases = _releases(holder) or (["C.free"] if call.removeprefix("C.") in _ALLOCATES else [])
    there = list(_occurrences(function, releases))
    missing = ""
    if releases:
        names = " or ".join(releases)
        missing = f"{names}: " + (
            f"it is called in {', '.join(there)}, but not on every way from here"
            if there
            else "nothing in this package calls it"
        )
    return Suspect(
        rule=NAME,
        cause=cause,
        file=function.file.name,
        line=line,
        column=column,
        function=spot.frame,
        message=_message(holder, call),
        acquired=Place(line, column, text),
        missing=missing,
        remedy=f"call {' or '.join(releases)} on every way out, or where the value is given up" if releases else "",
        weight=1.0,
    )


def _message(holder: Holder, call: str) -> str:
    if holder.method == "goroutines":
        return "goroutines wait on this way" + (f", in {call}" if call else "") + ", and become more"
    if holder.method == "threads":
        return "threads are started on this way, and become more"
    if holder.method == "descriptors":
        return "what is opened on this way stays open"
    return f"what {call} gives here stays" if call else "what is allocated here stays"


def shown(symbol: str) -> str:
    """A called function as the source writes it: `C.CString` of `main._Cfunc_CString`, `store.(*Cache).Get` without its path."""
    match = _CGO.match(symbol)
    return f"C.{match[1]}" if match is not None else symbol.rpartition("/")[2]


def _place(spot: Spot, called: str, holder: Holder) -> tuple[int, int, str]:
    """The line of the stack; where it tells none, the one that can be meant; else the function's first."""
    file = spot.function.file
    if spot.line is not None:
        text = file.line_text(spot.line)
        return spot.line, len(text) - len(text.lstrip()) + 1, text.strip()
    meant = _only(spot.function, called, holder)
    line, column = file.position(meant.start if meant is not None else spot.function.start)
    return line, column, file.line_text(line).strip()


def _only(function: Function, called: str, holder: Holder) -> Node | None:
    """The one call of what stands below on the stack, or the one place where a goroutine can wait."""
    node = function.node
    if node is None:
        return None
    if holder.method == "goroutines" and not called:
        waits = [one for one in node.walk(*_WAITS) if one.kind != "unary_expression" or one.operator == "<-"]
        waits = [one for one in waits if one.above("communication_case") is None or one.kind == "select_statement"]
        return waits[0] if len(waits) == 1 else None
    name = re.sub(r"_C2?func_", "", called.rpartition(".")[2])
    calls = [one for one in node.walk("call_expression") if name and callee(one).rpartition(".")[2] == name]
    return calls[0] if len(calls) == 1 else None


def _releases(holder: Holder) -> list[str]:
    """What frees it, as the diagnosis knows."""
    match = _RELEASED.search(holder.note)
    return re.split(r", | or ", match[1]) if match is not None else []


def _occurrences(function: Function, releases: list[str]) -> Iterator[str]:
    """`(*document).free (document.go:33)`: where the package calls what frees it."""
    if not releases:
        return
    wanted = re.compile(
        rb"\b(?:" + b"|".join(re.escape(name.rpartition(".")[2].encode()) for name in releases) + rb")\("
    )
    found = 0
    for other in function.file.package.functions_with(wanted):
        match = wanted.search(other.file.code, other.start, other.end)
        if match is None:
            continue
        found += 1
        if found > _MOST_RELEASES:
            return
        line = other.file.position(match.start())[0]
        yield f"{other.symbol.rpartition('/')[2]} ({other.file.name}:{line})"
