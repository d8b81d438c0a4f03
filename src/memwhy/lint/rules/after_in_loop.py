"""time.After in a select in a loop, before Go 1.23.

Each round makes a timer with a channel, some 200 bytes, and until 1.23 the runtime keeps it until it fires, though another case
was long since chosen: as many pile up as there are rounds within the duration. From a `go 1.23` line in the main module's go.mod on
unfired timers are collected (go.dev/doc/go1.23, Timer changes), and nothing is said. A wait that is alone in its select, or whose
other cases all leave the loop, lets every timer fire, or leaves one behind.
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.leaving import cases, goes_round, leaves, loop_around
from memwhy.lint.source import Function, Package
from memwhy.lint.standard import COLLECTED_TIMERS
from memwhy.lint.syntax import Node, arguments, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "after-in-loop"
CAUSE = "heap-leak"
TOKENS = (b".After(",)

_AFTER = re.compile(rb"\.After\(")
_SECONDS = {"Nanosecond": 1e-9, "Microsecond": 1e-6, "Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}
_DURATION = re.compile(r"(?:(\d{1,9}|\d{1,6}\.\d{1,6})\s*\*\s*)?\w+\.(\w+?)(?:\s*\*\s*(\d{1,9}))?")
BRIEF_S = 1.0
"""Timers that fire so soon are few at any pace that a select keeps."""


def check(package: Package) -> Iterable[Suspect]:
    """Every such call, where the timers of the go line are not collected."""
    if package.go_version >= COLLECTED_TIMERS:
        return
    for function in package.functions_with(_AFTER, imports="time"):
        time = function.file.imported_as("time")
        for call in function.node.walk("call_expression") if function.node is not None and time else ():
            if callee(call) != f"{time}.After":
                continue
            select = next((one for one in _selects(call) if _piles(one, call)), None)
            if select is not None:
                yield _suspect(function, call)


def _selects(call: Node) -> Iterator[Node]:
    """The selects that wait for the timer: the one whose case the call is, or those that receive from the variable it is put in."""
    declared = call.above("short_var_declaration", "communication_case", "func_literal")
    if declared is None:
        return
    if declared.kind == "communication_case":
        communication = declared.child("communication")
        if communication is not None and call.within(communication) and declared.parent is not None:
            yield declared.parent
        return
    left, loop = declared.child("left"), loop_around(declared)
    if declared.kind != "short_var_declaration" or left is None or loop is None:
        return
    for case in loop.walk("communication_case", into_functions=False):
        communication = case.child("communication")
        if communication is not None and communication.text.endswith(f"<-{left.text}") and case.parent is not None:
            yield case.parent


def _piles(select: Node, call: Node) -> bool:
    """Whether rounds may follow one another before the timer fires: another case goes on with the loop that makes it."""
    loop = loop_around(call)
    if loop is None or not select.within(loop) or not goes_round(select, loop):
        return False
    others = [case for case in cases(select) if not call.within(case) and not _waits(case, call)]
    return any(not leaves(case, loop) for case in others)


def _waits(case: Node, call: Node) -> bool:
    """Whether it is the case of the timer itself, by the variable that holds its channel."""
    declared, communication = call.above("short_var_declaration", "communication_case"), case.child("communication")
    left = declared.child("left") if declared is not None else None
    return communication is not None and left is not None and communication.text.endswith(f"<-{left.text}")


def seconds(text: str) -> float | None:
    """A duration as it is written, `5 * time.Minute`; None where that is not a plain product."""
    match = _DURATION.fullmatch(text)
    if match is None or match[2] not in _SECONDS:
        return None
    return float(match[1] or 1) * _SECONDS[match[2]] * float(match[3] or 1)


def _suspect(function: Function, call: Node) -> Suspect:
    given = arguments(call)
    wait = given[0].text if given else "its duration"
    lasts_s = seconds(wait)
    brief = lasts_s is not None and lasts_s <= BRIEF_S
    return suspect_at(
        function,
        call,
        rule=NAME,
        cause=CAUSE,
        message=f"every round of the loop makes a timer that stays until it fires, {wait} later, though another case was chosen",
        missing="the timer's Stop when another case was chosen",
        remedy=f"make one timer before the loop, timer := time.NewTimer({wait}), and Reset it each round (drain it first where Stop"
        " says false); or `go 1.23` in go.mod, from which on unfired timers are collected",
        weight=0.55 if brief else 0.9,
        costs="some 200 bytes for each round within the duration"
        + (
            f": at 1,000 rounds a second {200 * 1000 * lasts_s / 1e6:,.1f} MB"
            if lasts_s is not None and not brief
            else ""
        ),
    )
