"""From a fate to a suspect: what was acquired where, which release is missing on which way, and what to write."""

from __future__ import annotations

from dataclasses import replace

from memwhy.lint.flow import Fate, Loss
from memwhy.lint.mending import before_returns, inserted
from memwhy.lint.source import File, Function, Package
from memwhy.lint.syntax import Node
from memwhy.model.suspect import Place, Suspect

_COLLECTED = 0.2
"""Weight where the runtime collects what nobody releases."""
_WRAPPED = 0.95
"""Factor where a function of the module hands the resource on: one more step that may be misread."""


def tell(function: Function, fate: Fate) -> Suspect | None:
    """The suspect that an acquisition's fate makes; None where it is released or handed on."""
    losses = [loss for loss in fate.losses if _counts(function, fate, loss)]
    if not losses and _kept_for_good(function.file.package, fate):
        losses = [Loss("kept", fate.acquisition.call)]
    return _suspect(function, fate, losses) if losses else None


def tell_kept(function: Function, fate: Fate, loss: Loss, where: str, factor: float) -> Suspect:
    """The suspect of what stays in a field. where: the release that is missing, in words."""
    suspect = _suspect(function, fate, [loss])
    kind = fate.acquisition.kind
    field = next(use.field for use in fate.uses if use.field)
    owner = field[0].rpartition(".")[2]
    release = kind.release.format(name=f"x.{field[1]}" if len(field) == 2 else "it")
    return replace(
        suspect,
        message=f"{kind.noun} acquired here is not released {where}",
        missing=f"{release} {where}",
        remedy=f"release {owner}.{field[1]} where the {owner} ends, and before another takes its place",
        weight=round(suspect.weight * factor, 2),
    )


def _counts(function: Function, fate: Fate, loss: Loss) -> bool:
    """Whether a loss matters: what main holds when it returns goes with the process."""
    kind = fate.acquisition.kind
    call = fate.acquisition.call
    if (kind.balanced or fate.balanced) and all(use.how != "released" for use in fate.uses):
        return False
    if loss.how == "dropped" and call.above("range_clause", "block") is not call.above("block"):
        return False  # it is in use as long as the loop that ranges over it
    looped = loss.how == "again" or _in_loop(call)
    if kind.loops_only and not looped:
        return False
    at_end = loss.how in ("return", "end", "dropped") and function.symbol == "main.main"
    return not (at_end and not looped and call.above("func_literal") is None)


def _kept_for_good(package: Package, fate: Fate) -> bool:
    """Whether it is put somewhere in a package that releases nothing of its kind."""
    sign = fate.acquisition.kind.sign
    kept = any(use.how in ("stored", "unknown", "sent") for use in fate.uses)
    freed = any(use.how in ("released", "returned", "closer") for use in fate.uses)
    return bool(sign) and kept and not freed and all(sign not in file.code for file in package.files)


def _in_loop(node: Node) -> bool:
    loop = node.above("for_statement", "func_literal")
    return loop is not None and loop.kind == "for_statement"


def place(file: File, node: Node) -> Place:
    """Where a node stands, with its line."""
    line, column = file.position(node.start)
    return Place(line, column, file.line_text(line).strip())


def suspect_at(
    function: Function,
    node: Node,
    *,
    rule: str,
    cause: str,
    message: str,
    missing: str,
    remedy: str,
    weight: float,
    costs: str,
    path: tuple[Place, ...] = (),
) -> Suspect:
    """A pattern's finding at a node of a function; what is told of it as in Suspect."""
    at = place(function.file, node)
    return Suspect(
        rule=rule,
        cause=cause,
        file=function.file.name,
        line=at.line,
        column=at.column,
        function=function.symbol_at(node),
        message=message,
        acquired=at,
        missing=missing,
        remedy=remedy,
        weight=weight,
        path=path,
        costs=costs,
    )


def _suspect(function: Function, fate: Fate, losses: list[Loss]) -> Suspect:
    file = function.file
    kind, call = fate.acquisition.kind, fate.acquisition.call
    acquired = place(file, call)
    release = _release(fate)
    loss = losses[0]
    where = _where(file, loss)
    further = f", nor in {len(losses) - 1} other places" if len(losses) > 1 else ""
    weight = kind.weight * (_WRAPPED if fate.acquisition.through else 1.0)
    if kind.until_go is not None and file.package.go_version >= kind.until_go:
        weight = _COLLECTED
    path = [place(file, node) for node, _ in loss.conditions]
    through = f" (handed on by {fate.acquisition.through})" if fate.acquisition.through else ""
    return Suspect(
        rule=kind.rule,
        cause=kind.cause,
        file=file.name,
        line=acquired.line,
        column=acquired.column,
        function=function.symbol_at(call),
        message=f"{kind.noun} acquired here{through} is not released {where}",
        acquired=acquired,
        missing=f"{release} {where}{further}",
        path=(*path, place(file, loss.at)) if loss.how not in ("dropped", "kept") else (),
        remedy=kind.remedy,
        fix=_fix(file, fate) or _before_returns(file, fate, losses),
        weight=round(weight, 2),
        costs=kind.costs,
    )


def _where(file: File, loss: Loss) -> str:
    line = file.position(loss.at.start)[0]
    if loss.how == "return":
        return f"before the return in line {line}"
    if loss.how == "end":
        return f"before the function ends in line {file.position(loss.at.end - 1)[0]}"
    if loss.how == "again":
        return "before the loop comes here again"
    if loss.how == "overwritten":
        return f"before its variable is overwritten in line {line}"
    if loss.how == "kept":
        return "anywhere in the package"
    return "anywhere: nothing keeps what the call gives"


def _release(fate: Fate) -> str:
    """The missing call as a person would write it."""
    kind, path = fate.acquisition.kind, fate.acquisition.path
    name = fate.variable or "it"
    if path:
        further = next((r[len(path) :] for r in sorted(kind.releases) if r[: len(path)] == path), ())
        return f"{'.'.join((name, *further))}()"
    return kind.release.format(name=name)


def _before_returns(file: File, fate: Fate, losses: list[Loss]) -> str:
    """The release before each return that lacks it, where other ways have it; "" where a way ends otherwise."""
    partly = any(use.how == "released" for use in fate.uses)
    if not fate.variable or not partly or any(loss.how != "return" for loss in losses):
        return ""
    return before_returns(file, [loss.at for loss in losses], _release(fate), fate.variable)


def _fix(file: File, fate: Fate) -> str:
    """A `defer` behind the call and the check of its error, as a unified diff; "" where that would not be right.

    Not in loops (it would wait for the function's end) and not where some ways do release (it would do so twice).
    """
    call = fate.acquisition.call
    if (
        not fate.variable
        or not fate.losses
        or _in_loop(call)
        or any(use.how in ("released", "returned", "closer") for use in fate.uses)
    ):
        return ""
    statement = call.above("short_var_declaration", "assignment_statement", "var_declaration")
    listed = statement.parent if statement is not None else None
    if statement is None or listed is None or listed.kind != "statement_list":
        return ""
    index = listed.children.index(statement)
    last = statement
    if index + 1 < len(listed.children):
        check = listed.children[index + 1]
        condition = check.child("condition") if check.kind == "if_statement" else None
        if condition is not None and "err" in condition.text:
            last = check
    first_line = file.position(statement.start)[0]
    line = file.position(last.end)[0]
    text = file.line_text(first_line)
    indent = text[: len(text) - len(text.lstrip())]
    return inserted(file, {line + 1: f"{indent}defer {_release(fate)}"})
