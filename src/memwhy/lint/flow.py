"""From a call that acquires along every way through the function: where is the resource released, handed on, or lost?

The search goes over (step, what leads to the resource, is the error still the call's own, which conditions are decided) and
follows a condition both ways unless one of them is ruled out: no resource came where the call's error is not nil, what is held
is not nil, and a condition that was decided before and not touched since stays decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from memwhy.lint.functions import Body, Summaries
from memwhy.lint.graph import Step
from memwhy.lint.kinds import Kind
from memwhy.lint.scopes import Variable
from memwhy.lint.syntax import Node, callee
from memwhy.lint.uses import Held, Thing, Use, Uses

_MOST_STATES = 4000
"""Beyond, a function is given up: nothing is said about it."""

Facts = frozenset[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """A call that acquires: what, which of its results, and how far into the resource that result already is."""

    call: Node
    kind: Kind
    which: int = 0
    path: tuple[str, ...] = ()
    through: str = ""
    """The module's function that hands it on, where the call is no acquiring one by itself."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A way on which the resource is lost. how: return, end, again (the loop acquires the next), overwritten, dropped.

    at: the node where it is lost. conditions: the decided conditions on the way, in order.
    """

    how: str
    at: Node
    conditions: tuple[tuple[Node, bool], ...] = ()


@dataclass(slots=True)
class Fate:
    """What becomes of one acquisition. losses: one for each place where it is lost; uses: all that was met on the way."""

    acquisition: Acquisition
    losses: list[Loss] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    variable: str = ""
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    step: Step
    held: frozenset[Held]
    failed: bool
    facts: Facts


class Flow:
    """Follows one acquisition."""

    def __init__(self, body: Body, acquisition: Acquisition, summaries: Summaries) -> None:
        self.body = body
        self.acquisition = acquisition
        self.owner = body.scopes.owner(acquisition.call)
        self.uses = Uses(acquisition.kind, body, summaries)
        self.fate = Fate(acquisition)
        self._error: Variable | None = None
        self._found: Variable | None = None
        self._by_step: dict[Held, dict[Step, list[Use]]] = {}
        self._earlier: dict[_State, tuple[_State, bool | None]] = {}

    def follow(self) -> Fate:
        """The acquisition's fate."""
        acquisition = self.acquisition
        step = self.body.step(acquisition.call, self.owner)
        if step is None:
            return self.fate
        use = self._first(acquisition)
        if use is None:
            self.fate.losses.append(Loss("dropped", acquisition.call))
            return self.fate
        self.fate.uses.append(use)
        if use.how != "alias" or use.held is None or use.held.variable.owner is not self.owner:
            return self.fate
        if use.held.reach and self._kept_before(use.held.variable, acquisition.call):
            self.fate.uses[:] = [replace(use, how="stored", where=use.held.reach[0])]
            return self.fate
        self.fate.variable = use.held.variable.name
        self._companions(use.held.variable, acquisition.call)
        if self._deferred_before(use.held):
            return self.fate
        facts = frozenset(self._facts_around(acquisition.call))
        self._walk(step, frozenset((use.held,)), facts)
        return self.fate

    def _first(self, acquisition: Acquisition) -> Use | None:
        """What becomes of the resource where it is acquired; None where nothing keeps it."""
        call, kind = acquisition.call, acquisition.kind
        if kind.receiver or kind.argument >= 0:
            statement = call.parent
            if kind.argument >= 0 or (statement is not None and statement.kind == "expression_statement"):
                return self._named(call, kind)
        return self.uses.follow(Thing(call, (), acquisition.path, which=acquisition.which))

    def _named(self, call: Node, kind: Kind) -> Use:
        """The variable that a method is called on or that an argument points to, held from here on."""
        function, given = call.child("function"), call.child("arguments")
        node = function.child("operand") if kind.receiver and function is not None else None
        if kind.argument >= 0 and given is not None and kind.argument < len(given.children):
            node = given.children[kind.argument]
        while node is not None and node.kind in ("parenthesized_expression", "unary_expression", "call_expression"):
            inner = node.child("arguments") if node.kind == "call_expression" else node
            node = inner.children[-1] if inner is not None and inner.children else None
        variable = self.body.scopes.variable(node)
        if variable is None or variable.kind == "result":
            return Use("stored", call, where=node.text.rpartition(".")[2] if node is not None else "")
        if kind.receiver and self._kept_before(variable, call):
            return Use("stored", call, where=variable.name)
        return Use("alias", call, Held(variable))

    def _kept_before(self, variable: Variable, call: Node) -> bool:
        """Whether the variable's value was put somewhere before: what comes to hang on it belongs to that place."""
        kind = self.acquisition.kind
        names = (n for n in self.body.scopes.uses[variable] if n.start < call.start)
        found = (self.uses.of(Held(variable), name) for name in names)
        return any(use is not None and use.ends and (use.how != "released" or not kind.receiver) for use in found)

    def _companions(self, variable: Variable, call: Node) -> None:
        """The error and the "found" that come with the resource in the same assignment."""
        statement = call.above("short_var_declaration", "assignment_statement", "var_spec")
        if statement is None:
            return
        left = statement.child("left")
        names = left.children if left is not None else statement.fields("name")
        right = statement.child("right") or statement.child("value")
        alone = self.acquisition.kind.argument >= 0
        if right is None or len(right.children) != 1 or (len(names) < 2 and not alone):
            return
        last = self.body.scopes.variable(names[-1])
        if last is None or last is variable:
            return
        type = self.body.types.of_variable(last, self.body.place)
        if last.name == "ok" or type == "bool":
            self._found = last
        else:
            self._error = last

    def _deferred_before(self, held: Held) -> bool:
        """Whether a deferred function literal that stands before the call releases what the variable will hold.

        Only a literal sees the later value: `defer f.Close()` takes the value that f has when it is deferred.
        """
        for name in self.body.scopes.uses[held.variable]:
            deferred = name.above("defer_statement")
            if name.start >= self.acquisition.call.start or deferred is None or not deferred.within(self.owner):
                continue
            literal = name.above("func_literal")
            late = literal is not None and literal.within(deferred) and literal is not self.owner
            if not late and not self.acquisition.kind.receiver:
                continue
            use = self.uses.of(held, name)
            if use is not None and use.ends:
                self.fate.uses.append(use)
                return True
        return False

    def _facts_around(self, call: Node) -> Iterator[tuple[str, bool]]:
        """What the `if`s around the call have decided."""
        node = call
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

    def _walk(self, start: Step, held: frozenset[Held], facts: Facts) -> None:
        first = _State(start, held, self._error is not None, facts)
        waiting: deque[_State] = deque()
        seen: set[_State] = set()
        self._follow_on(first, waiting, seen)
        while waiting:
            if len(seen) > _MOST_STATES:
                self.fate.losses.clear()
                self.fate.gave_up = True
                return
            state = waiting.popleft()
            after = self._pass(state, start)
            if after is not None:
                if after != state:
                    self._earlier.setdefault(after, (state, None))
                self._follow_on(after, waiting, seen)

    def _follow_on(self, state: _State, waiting: deque[_State], seen: set[_State]) -> None:
        for step, outcome in state.step.next:
            facts, failed = state.facts, state.failed
            if outcome is not None:
                if self._ruled_out(state, outcome):
                    continue
                facts = self._decided(state, outcome)
            further = _State(step, state.held, failed, facts)
            if further not in seen:
                seen.add(further)
                self._earlier.setdefault(further, (state, outcome))
                waiting.append(further)

    def _pass(self, state: _State, start: Step) -> _State | None:
        """The state behind a step; None where the way ends there."""
        step = state.step
        if step.kind == "pass":
            return state
        if step is start and all(not held.reach for held in state.held):
            self._lost("again", state)
            return None
        assigned = self._assigned(step)
        held = {h for h in state.held if h.reach or (h.variable not in assigned and step is not start)}
        for each in state.held:
            for use in self._uses_at(each, step):
                if use.how == "closer":
                    continue
                self.fate.uses.append(use)
                if use.how != "alias" or use.held is None:
                    self._elsewhere(use, each)
                    return None
                if use.held.variable is not each.variable and self._deferred_before(use.held):
                    return None
                held.add(use.held)
        if step.kind in ("return", "end"):
            if (
                step.kind == "return"
                and not step.node.children
                and any(h.variable.kind == "result" for h in state.held)
            ):
                self.fate.uses.append(Use("returned", step.node, which=self._result_index(state.held)))
                return None
            self._lost(step.kind, state)
            return None
        if not held:
            self._lost("overwritten", state)
            return None
        names = {variable.name for variable in assigned}
        facts = frozenset(f for f in state.facts if not names or not _mentions(f[0], names))
        return _State(step, frozenset(held), state.failed and self._error not in assigned, facts)

    def _elsewhere(self, use: Use, held: Held) -> None:
        """A goroutine's function literal that releases: does it on each of its ways?"""
        literal, call = use.at, use.at.parent
        if use.how != "released" or literal.kind != "func_literal" or call is None or call.parent is None:
            return
        if (
            call.parent.kind != "go_statement"
            or self.acquisition.kind.called
            or self.body.scopes.owner(literal) is not self.owner
        ):
            return
        inner = Flow(self.body, self.acquisition, self.uses.summaries)
        inner.owner = literal
        inner._walk(self.body.graph(literal).entry, frozenset((held,)), frozenset())
        self.fate.losses.extend(inner.fate.losses)

    def _lost(self, how: str, state: _State) -> None:
        if all(loss.at is not state.step.node for loss in self.fate.losses):
            self.fate.losses.append(Loss(how, state.step.node, self._way(state)))

    def _way(self, state: _State) -> tuple[tuple[Node, bool], ...]:
        conditions: list[tuple[Node, bool]] = []
        at = state
        passed: set[_State] = set()
        while at in self._earlier and at not in passed:
            passed.add(at)
            at, outcome = self._earlier[at]
            if outcome is not None:
                conditions.append((at.step.node, outcome))
        return tuple(reversed(conditions[:12]))

    def _result_index(self, held: frozenset[Held]) -> int:
        result = self.owner.child("result")
        names = [n for d in (result.children if result is not None else []) for n in d.fields("name")]
        variables = {h.variable.declared for h in held}
        return next((i for i, name in enumerate(names) if name in variables), 0)

    def _assigned(self, step: Step) -> set[Variable]:
        """The variables that a step gives a new value."""
        node = step.node
        if node.kind == "var_declaration":
            names = [name for spec in node.walk("var_spec", into_functions=False) for name in spec.fields("name")]
        elif node.kind in ("short_var_declaration", "assignment_statement", "range_clause", "receive_statement"):
            left = node.child("left")
            names = left.children if left is not None else []
        elif node.kind in ("inc_statement", "dec_statement"):
            names = node.children
        else:
            return set()
        return {v for name in names if (v := self.body.scopes.variable(name)) is not None}

    def _uses_at(self, held: Held, step: Step) -> list[Use]:
        if held not in self._by_step:
            found: dict[Step, list[Use]] = {}
            for name in self.body.scopes.uses.get(held.variable, ()):
                at = self.body.step(name, self.owner)
                use = self.uses.of(held, name) if at is not None else None
                if at is None or use is None:
                    continue
                found.setdefault(at, []).append(use)
                if use.how == "closer" and use.held is not None:
                    self._closers(use.held.variable, found)
            self._by_step[held] = found
        return self._by_step[held].get(step, [])

    def _closers(self, closer: Variable, found: dict[Step, list[Use]]) -> None:
        """Whatever is done with a function that releases counts as the release: called, deferred, handed on."""
        for name in self.body.scopes.uses.get(closer, ()):
            at = self.body.step(name, self.owner)
            if at is not None:
                found.setdefault(at, []).append(Use("released", name))

    def _ruled_out(self, state: _State, outcome: bool) -> bool:
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
            if variable is not None and (variable is self._found or self._is_assertion(variable, state)):
                return not outcome
        if node.kind == "call_expression":
            return self._asked(state, node, outcome)
        return False

    def _compared(self, state: _State, one: Node, other: Node, equal: bool) -> bool:
        """Whether `one` cannot (un)equal `other`: the error is nil, what is held is not."""
        if self.acquisition.kind.argument >= 0 and self.acquisition.call.within(one):
            return not equal and _is_success(other.text)
        if one.kind == "selector_expression" and other.kind == "nil" and equal:
            return self._leads(state, one)
        if one.kind != "identifier":
            return False
        variable = self.body.scopes.variable(one)
        if variable is None:
            return False
        nil = other.kind == "nil" or (self.acquisition.kind.argument >= 0 and _is_success(other.text))
        if variable is self._error and state.failed:
            return not equal if nil else equal
        zero = nil or other.text == "0"
        held = any(h.variable is variable and not h.reach for h in state.held)
        return held and zero and equal

    def _leads(self, state: _State, selector: Node) -> bool:
        """Whether `resp.Body` is a step on the way to what is released, so that it is not nil while that is held."""
        operand, name = selector.child("operand"), selector.child("field")
        variable = self.body.scopes.variable(operand)
        if variable is None or name is None:
            return False
        leads = self.acquisition.kind.leads
        own = [h for h in state.held if h.variable is variable]
        return any(h.reach == (name.text,) or (not h.reach and leads((*h.path, name.text))) for h in own)

    def _asked(self, state: _State, call: Node, outcome: bool) -> bool:
        """`errors.Is(err, …)` and its like say no of nil; `rows.Next()` that says no has closed the rows."""
        function, given = call.child("function"), call.child("arguments")
        asks = callee(call).rpartition(".")[2].startswith(("Is", "As"))
        if given is not None and outcome and state.failed and asks:
            return any(self.body.scopes.variable(argument) is self._error for argument in given.children)
        if not outcome and function is not None and function.kind == "selector_expression":
            name, operand = function.child("field"), function.child("operand")
            variable = self.body.scopes.variable(operand)
            for held in state.held:
                if (
                    held.variable is variable
                    and name is not None
                    and (*held.path, name.text) in self.acquisition.kind.ended
                ):
                    self.fate.uses.append(Use("released", call))
                    return True
        return False

    def _is_assertion(self, variable: Variable, state: _State) -> bool:
        """Whether the variable is the `ok` of a type assertion on what is held: we believe the assertion."""
        value = variable.value
        if variable.which != 1 or value is None or value.kind != "type_assertion_expression":
            return False
        operand = value.child("operand")
        asserted = self.body.scopes.variable(operand)
        return any(h.variable is asserted for h in state.held)

    def _decided(self, state: _State, outcome: bool) -> Facts:
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


def _mentions(text: str, names: set[str]) -> bool:
    return any(name in text for name in names)


def _is_success(text: str) -> bool:
    """Whether a C function's status is compared with this to see that all went well."""
    return text == "0" or text.endswith(("OK", "SUCCESS", "Success"))
