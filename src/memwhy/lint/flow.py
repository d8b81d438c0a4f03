"""From a call that acquires along every way through the function: where is the resource released, handed on, or lost?

The search goes over (step, what leads to the resource, is the error still the call's own, which conditions are decided) and
follows a condition both ways unless one of them is ruled out: no resource came where the call's error is not nil, what is held
is not nil, and a condition that was decided before and not touched since stays decided.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from memwhy.lint.conditions import Conditions, Facts, State, mentions
from memwhy.lint.functions import Body, Summaries
from memwhy.lint.graph import Step
from memwhy.lint.kinds import Kind
from memwhy.lint.laying import named, rooted
from memwhy.lint.scopes import Variable
from memwhy.lint.syntax import Node
from memwhy.lint.uses import Held, Thing, Use, Uses, is_own

_MOST_STATES = 4000
"""Beyond, a function is given up: nothing is said about it."""


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
    """What becomes of one acquisition. losses: one for each place where it is lost; uses: all that was met on the way. balanced: as of its kind."""

    acquisition: Acquisition
    losses: list[Loss] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    variable: str = ""
    gave_up: bool = False
    balanced: bool = False


class Flow:
    """Follows one acquisition."""

    def __init__(self, body: Body, acquisition: Acquisition, summaries: Summaries) -> None:
        self.body = body
        self.acquisition = acquisition
        self.owner = body.scopes.owner(acquisition.call)
        self.uses = Uses(acquisition.kind, body, summaries)
        self.fate = Fate(acquisition)
        self.conditions = Conditions(body, acquisition.kind, acquisition.call, self.owner)
        self._by_step: dict[Held, dict[Step, list[Use]]] = {}
        self._earlier: dict[State, tuple[State, bool | None]] = {}

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
        if use.held.reach and self._kept_before(use.held.variable, acquisition.call, use.held.reach):
            self.fate.uses[:] = [replace(use, how="stored", where=use.held.reach[0])]
            return self.fate
        self.fate.variable = use.held.variable.name
        self._companions(use.held.variable, acquisition.call)
        if self._deferred_before(use.held):
            return self.fate
        facts = frozenset(self.conditions.around())
        self._walk(step, frozenset((use.held,)), facts)
        self.fate.uses.extend(Use("released", node) for node in self.conditions.ended)
        return self.fate

    def _first(self, acquisition: Acquisition) -> Use | None:
        """What becomes of the resource where it is acquired; None where nothing keeps it."""
        call, kind = acquisition.call, acquisition.kind
        if kind.receiver or kind.argument >= 0:
            statement = call.parent
            if (
                kind.argument >= 0
                or not kind.acquires
                or (statement is not None and statement.kind == "expression_statement")
            ):
                return self._named(call, kind)
        return self.uses.follow(Thing(call, (), acquisition.path, which=acquisition.which))

    def _named(self, call: Node, kind: Kind) -> Use:
        """The variable that a method is called on or that an argument points to, held from here on."""
        function, given = call.child("function"), call.child("arguments")
        node = function.child("operand") if kind.receiver and function is not None else None
        if kind.argument >= 0 and given is not None and kind.argument < len(given.children):
            node = given.children[kind.argument]
        address = False
        while node is not None and node.kind in ("parenthesized_expression", "unary_expression", "call_expression"):
            address = address or node.operator == "&"
            inner = node.child("arguments") if node.kind == "call_expression" else node
            node = inner.children[-1] if inner is not None and inner.children else None
        if kind.receiver and node is not None and node.kind == "selector_expression":
            return self._in_field(call, node)
        variable = self.body.scopes.variable(node)
        if variable is None or variable.kind == "result" or (kind.argument >= 0 and not address):
            return Use("stored", call, where=node.text.rpartition(".")[2] if node is not None else "")
        self.fate.balanced = kind.own_only and variable.kind == "parameter"
        if not kind.acquires and not is_own(variable):
            return Use("stored", call, where=variable.name)
        if kind.receiver and self._kept_before(variable, call):
            return Use("stored", call, where=variable.name)
        return Use("alias", call, Held(variable))

    def _in_field(self, call: Node, selector: Node) -> Use:
        """The field of a variable that a method is called on: of one that this function made, held from here on."""
        root, steps = rooted(selector)
        variable = self.body.scopes.variable(root)
        if variable is not None and is_own(variable) and not self._kept_before(variable, call):
            return Use("alias", call, Held(variable, steps))
        return Use("stored", call, where=steps[-1], field=named(self.body, selector))

    def _kept_before(self, variable: Variable, call: Node, reach: tuple[str, ...] = ()) -> bool:
        """Whether the variable's value was put somewhere before: what comes to hang on it belongs to that place."""
        kind = self.acquisition.kind
        names = (n for n in self.body.scopes.uses[variable] if n.start < call.start)
        found = (self.uses.of(Held(variable, reach), name) for name in names)
        return any(use is not None and use.ends and (use.how != "released" or not kind.receiver) for use in found)

    def _companions(self, variable: Variable, call: Node) -> None:
        """The error and the "found" that come with the resource in the same assignment."""
        statement = call.above("short_var_declaration", "assignment_statement", "var_spec")
        if statement is None:
            return
        left = statement.child("left")
        names = left.children if left is not None else statement.fields("name")
        right = statement.child("right") or statement.child("value")
        kind = self.acquisition.kind
        alone = kind.argument >= 0 or (kind.receiver and not kind.acquires)
        if right is None or len(right.children) != 1 or (len(names) < 2 and not alone):
            return
        last = self.body.scopes.variable(names[-1])
        if last is None or last is variable:
            return
        type = self.body.types.of_variable(last, self.body.place)
        if last.name == "ok" or type == "bool":
            self.conditions.found = last
        else:
            self.conditions.error = last

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

    def _walk(self, start: Step, held: frozenset[Held], facts: Facts) -> None:
        first = State(start, held, self.conditions.error is not None, facts)
        waiting: deque[State] = deque()
        seen: set[State] = set()
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

    def _follow_on(self, state: State, waiting: deque[State], seen: set[State]) -> None:
        rounds = self.conditions.rounds(state)
        for number, (step, outcome) in enumerate(state.step.next):
            facts = state.facts
            if rounds and not (number == 0 if outcome is None else outcome):
                if (rounds, True) not in facts:
                    continue
            elif rounds:
                facts |= {(rounds, True)}
            if outcome is not None:
                if self.conditions.ruled_out(state, outcome):
                    continue
                facts |= self.conditions.decided(state, outcome)
            further = State(step, state.held, state.own_error, facts)
            if further not in seen:
                seen.add(further)
                self._earlier.setdefault(further, (state, outcome))
                waiting.append(further)

    def _pass(self, state: State, start: Step) -> State | None:
        """The state behind a step; None where the way ends there."""
        step = state.step
        if step.kind == "pass":
            return state
        if step is start and all(not held.reach for held in state.held):
            self._lost("again", state)
            return None
        assigned = self._assigned(step)
        if self._given_back(state):
            return None
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
        facts = frozenset(f for f in state.facts if not names or not mentions(f[0], names))
        facts |= self.conditions.set_by(step.node)
        return State(step, frozenset(held), state.own_error and self.conditions.error not in assigned, facts)

    def _given_back(self, state: State) -> bool:
        """Whether a function that releases it is among the results: from then on it is the caller's to call."""
        for each in state.held:
            for use in self._uses_at(each, state.step):
                which = -1
                if use.how == "closer" and use.held is not None and use.held.variable.kind == "result":
                    which = self._result_index(frozenset((use.held,)))
                elif use.how == "released" and state.step.kind == "return" and use.at.kind != "call_expression":
                    listed = use.at.parent
                    which = (
                        listed.children.index(use.at) if listed is not None and listed.parent is state.step.node else -1
                    )
                if which >= 0:
                    self.fate.uses.append(Use("returned", use.at, which=which, called=True))
                    return True
        return False

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
        inner.owner = inner.conditions.owner = literal
        inner._walk(self.body.graph(literal).entry, frozenset((held,)), frozenset())
        self.fate.losses.extend(inner.fate.losses)

    def _lost(self, how: str, state: State) -> None:
        if all(loss.at is not state.step.node for loss in self.fate.losses):
            self.fate.losses.append(Loss(how, state.step.node, self._way(state)))

    def _way(self, state: State) -> tuple[tuple[Node, bool], ...]:
        conditions: list[tuple[Node, bool]] = []
        at = state
        passed: set[State] = set()
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
