"""Which outcomes of a condition are possible while the resource is held, and what a condition decides for later ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memwhy.lint.functions import Body
from memwhy.lint.graph import Step
from memwhy.lint.kinds import Kind
from memwhy.lint.laying import ELEMENT
from memwhy.lint.scopes import Variable
from memwhy.lint.syntax import Node, arguments, callee
from memwhy.lint.uses import Held

Facts = frozenset[tuple[str, bool]]
"""Conditions as they are written, with their outcomes."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a search stands: the step, what leads to the resource, whether the error variable still has the call's own error."""

    step: Step
    held: frozenset[Held]
    own_error: bool
    facts: Facts


class Conditions:
    """Conditions around one acquisition. error, found: the variables that came with the resource in one assignment."""

    def __init__(self, body: Body, kind: Kind, call: Node, owner: Node) -> None:
        self.body = body
        self.kind = kind
        self.call = call
        self.owner = owner
        self.error: Variable | None = None
        self.found: Variable | None = None
        self.ended: list[Node] = []
        """Calls of methods whose "no" has released it."""

    def around(self) -> Iterator[tuple[str, bool]]:
        """What the `if`s around the call have decided."""
        node = self.call
        while node.parent is not None and node is not self.owner:
            parent = node.parent
            condition = parent.child("condition")
            if parent.kind == "if_statement" and condition is not None and node.field in ("consequence", "alternative"):
                outcome = node.field == "consequence"
                while condition.kind == "parenthesized_expression" or (
                    condition.kind == "unary_expression" and condition.operator == "!"
                ):
                    outcome ^= condition.kind == "unary_expression"
                    condition = condition.children[0]
                yield condition.text, outcome
            node = parent

    def ruled_out(self, state: State, outcome: bool) -> bool:
        """Whether a condition cannot come out so while the resource is held."""
        node, subject = state.step.node, state.step.subject
        text = f"{subject.text} == {node.text}" if subject is not None else node.text
        if (text, not outcome) in state.facts:
            return True
        if subject is not None:
            return self._compared(state, subject, node, outcome)
        if node.kind == "binary_expression" and node.operator in ("==", "!=", "<"):
            left, right = node.child("left"), node.child("right")
            if left is not None and right is not None:
                equal = outcome == (node.operator == "==")
                return self._compared(state, left, right, equal) or self._compared(state, right, left, equal)
        if node.kind == "identifier":
            variable = self.body.scopes.variable(node)
            if variable is not None and (variable is self.found or self._is_assertion(variable, state)):
                return not outcome
        if node.kind == "call_expression":
            return self._asked(state, node, outcome)
        return False

    def rounds(self, state: State) -> str:
        """A name for a loop over what the resource was put into: it has one round at least while that holds something."""
        node = state.step.node
        over = node.child("right")
        if over is None or node.kind not in ("range_clause", "binary_expression"):
            return ""
        if node.kind == "binary_expression":
            given = arguments(over) if node.operator in ("<", "!=") and callee(over) == "len" else []
            if len(given) != 1:
                return ""
            over = given[0]
        fields: list[str] = []
        while over.kind == "selector_expression":
            operand, field = over.child("operand"), over.child("field")
            if operand is None or field is None:
                return ""
            over = operand
            fields.insert(0, field.text)
        variable = self.body.scopes.variable(over)
        reach = (*fields, ELEMENT)
        held = any(h.variable is variable and h.reach[: len(reach)] == reach for h in state.held)
        return f"#{node.start}" if held else ""

    def set_by(self, statement: Node) -> Facts:
        """What `x = true` or `x := false` decides."""
        left, right = statement.child("left"), statement.child("right")
        if left is None or right is None or len(left.children) != 1 or right.text not in ("true", "false"):
            return frozenset()
        return frozenset(((left.text, right.text == "true"),)) if left.children[0].kind == "identifier" else frozenset()

    def _compared(self, state: State, one: Node, other: Node, equal: bool) -> bool:
        """Whether `one` cannot (un)equal `other`: the error is nil, what is held is not."""
        if self.kind.argument >= 0 and self.call.within(one):
            return equal == self.kind.failing and _is_success(other.text)
        if one.kind == "selector_expression" and other.kind == "nil" and equal:
            return self._leads(state, one)
        if one.kind != "identifier":
            return False
        variable = self.body.scopes.variable(one)
        if variable is None:
            return False
        nil = other.kind == "nil" or (self.kind.argument >= 0 and _is_success(other.text))
        if variable is self.error and state.own_error:
            if self.kind.failing:
                return nil and equal
            return not equal if nil else equal
        zero = nil or other.text == "0"
        held = any(h.variable is variable and not h.reach for h in state.held)
        return held and zero and equal

    def _leads(self, state: State, selector: Node) -> bool:
        """Whether `resp.Body` is a step on the way to what is released, so that it is not nil while that is held."""
        operand, name = selector.child("operand"), selector.child("field")
        variable = self.body.scopes.variable(operand)
        if variable is None or name is None:
            return False
        leads = self.kind.leads
        own = [h for h in state.held if h.variable is variable]
        return any(h.reach == (name.text,) or (not h.reach and leads((*h.path, name.text))) for h in own)

    def _asked(self, state: State, call: Node, outcome: bool) -> bool:
        """`errors.Is(err, …)` and its like say no of nil; `rows.Next()` that says no has closed the rows."""
        function, given = call.child("function"), call.child("arguments")
        asks = callee(call).rpartition(".")[2].startswith(("Is", "As"))
        if given is not None and outcome and state.own_error and asks:
            return any(self.body.scopes.variable(argument) is self.error for argument in given.children)
        if not outcome and function is not None and function.kind == "selector_expression":
            name, operand = function.child("field"), function.child("operand")
            variable = self.body.scopes.variable(operand)
            for held in state.held:
                if held.variable is variable and name is not None and (*held.path, name.text) in self.kind.ended:
                    self.ended.append(call)
                    return True
        return False

    def _is_assertion(self, variable: Variable, state: State) -> bool:
        """Whether the variable is the `ok` of a type assertion on what is held: we believe the assertion."""
        value = variable.value
        if variable.which != 1 or value is None or value.kind != "type_assertion_expression":
            return False
        operand = value.child("operand")
        asserted = self.body.scopes.variable(operand)
        return any(h.variable is asserted for h in state.held)

    def decided(self, state: State, outcome: bool) -> Facts:
        """The facts with this condition's outcome, where it asks only about names and constants."""
        node, subject = state.step.node, state.step.subject
        if node.kind not in ("identifier", "selector_expression", "binary_expression") or any(
            node.walk("call_expression")
        ):
            return state.facts
        if any(n.operator == "<-" for n in node.walk("unary_expression")):
            return state.facts
        text = f"{subject.text} == {node.text}" if subject is not None else node.text
        return state.facts | {(text, outcome)}


def mentions(text: str, names: set[str]) -> bool:
    """Whether a condition's text may have one of the names in it."""
    return any(name in text for name in names)


def _is_success(text: str) -> bool:
    """Whether a C function's status is compared with this to see that all went well."""
    return text == "0" or text.endswith(("OK", "SUCCESS", "Success"))
