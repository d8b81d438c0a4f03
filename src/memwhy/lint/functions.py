"""Functions as the engine works on them: variables, ways and types at hand, and what each does with what it is given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from memwhy.lint.graph import Graph, Step
from memwhy.lint.kinds import Kind
from memwhy.lint.names import Called, Place
from memwhy.lint.scopes import Scopes, Variable
from memwhy.lint.source import Function, Tree
from memwhy.lint.syntax import Node
from memwhy.lint.types import Types

if TYPE_CHECKING:
    from memwhy.lint.uses import Held, Use

_KEPT = 400
"""Bodies kept at once, the ones used last."""
_DEEPEST = 6
"""How many calls are followed into one another."""


class Body:
    """One function declaration, ready to be asked."""

    def __init__(self, function: Function, node: Node, types: Types, bodies: Bodies) -> None:
        self.function = function
        self.node = node
        self.scopes = Scopes(node)
        self.place = Place(function.file, self.scopes)
        self.types = types
        self._bodies = bodies
        self._graphs: dict[Node, Graph] = {}
        self._steps: dict[Node, dict[Node, Step]] = {}
        self._called: dict[Node, Called] = {}

    def called(self, call: Node) -> Called:
        """What a call in this body calls."""
        if call not in self._called:
            self._called[call] = self.types.called(call, self.place)
        return self._called[call]

    def type_of(self, node: Node | None) -> str:
        return self.types.of(node, self.place)

    def graph(self, owner: Node) -> Graph:
        """The ways through the declaration or one of its literals."""
        if owner not in self._graphs:
            graph = Graph(owner, self._never_back)
            self._graphs[owner] = graph
            self._steps[owner] = {step.node: step for step in graph.steps if step.kind != "pass"}
        return self._graphs[owner]

    def step(self, node: Node, owner: Node) -> Step | None:
        """The step of owner's graph in which node is evaluated."""
        self.graph(owner)
        steps = self._steps[owner]
        at: Node | None = node
        while at is not None and at is not owner:
            if at in steps:
                return steps[at]
            at = at.parent
        return None

    def _never_back(self, call: Node) -> bool:
        called = self.called(call)
        return called.function is not None and self._bodies.never_back(called.function)


class Bodies:
    """Bodies by function, the last ones kept."""

    @classmethod
    def of_tree(cls, tree: Tree) -> Bodies:
        """The bodies that rules of patterns share."""
        return _SHARED.setdefault(tree, cls())

    def __init__(self) -> None:
        self.types = Types()
        self._kept: OrderedDict[Function, Body | None] = OrderedDict()
        self._never_back: dict[Function, bool] = {}

    def of(self, function: Function) -> Body | None:
        """The function's body; None where its syntax is broken."""
        if function in self._kept:
            self._kept.move_to_end(function)
            return self._kept[function]
        node = function.node
        body = Body(function, node, self.types, self) if node is not None else None
        self._kept[function] = body
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return body

    def never_back(self, function: Function) -> bool:
        """Whether a function without results ends the program or goroutine on every way."""
        if function not in self._never_back:
            self._never_back[function] = False
            signature = function.signature if len(function.text) < 2000 else None
            body = self.of(function) if signature is not None and signature.child("result") is None else None
            if body is not None and body.node.child("body") is not None:
                graph = body.graph(body.node)
                reached = {graph.entry}
                waiting = [graph.entry]
                while waiting:
                    for step, _ in waiting.pop().next:
                        if step not in reached:
                            reached.add(step)
                            waiting.append(step)
                self._never_back[function] = not any(
                    s.kind in ("return", "end") or s.node.kind == "for_statement" for s in reached
                )
        return self._never_back[function]


_SHARED: WeakKeyDictionary[Tree, Bodies] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Given:
    """What a function is given: a resource of a kind, or what leads to it. reach, path, view: as in `memwhy.lint.uses.Held`."""

    kind: Kind
    reach: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    view: bool = False


class Summaries:
    """What functions of the tree do with an argument: release it, hand it on, return it, or only use it."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self._known: dict[tuple[object, ...], Use | None] = {}
        self._kinds: dict[int, Kind] = {}
        """Kept, so that no other kind comes to have the id."""
        self._depth = 0

    def given(self, caller: Body, called: Called, index: int, what: Given) -> Use | None:
        """The strongest thing that a known function does with its argument (-1: receiver); None: it only uses it."""
        target = called.function if called.function is not None else called.literal
        kind = what.kind
        key = (id(self._kinds.setdefault(id(kind), kind)), target, index, what.reach, what.path, what.view)
        if key not in self._known:
            self._known[key] = None
            if self._depth < _DEEPEST:
                self._depth += 1
                self._known[key] = self._ask(caller, called, index, what)
                self._depth -= 1
        return self._known[key]

    def _ask(self, caller: Body, called: Called, index: int, what: Given) -> Use | None:
        """Of several functions that build tags tell apart, the one that does most: which is built is not known here."""
        found: list[Use] = []
        if called.function is None and called.literal is not None:
            found = self._met(caller, called.literal, index, what)
        for function in called.function.alternatives if called.function is not None else ():
            body = self.bodies.of(function)
            if body is not None:
                found += self._met(body, body.node, index, what)
        return strongest(found)

    def _met(self, body: Body, node: Node, index: int, what: Given) -> list[Use]:
        """Every use of a parameter that ends the matter."""
        from memwhy.lint.uses import Held

        variable = _parameter(body.scopes, node, index)
        if variable is None:
            return []
        return self.ended(what.kind, body, Held(variable, what.reach, what.path, what.view))

    def ended(self, kind: Kind, body: Body, held: Held) -> list[Use]:
        """Every use of what is held that ends the matter, its other names' among them."""
        from memwhy.lint.uses import Use, Uses

        uses = Uses(kind, body, self)
        waiting = [held]
        seen = set(waiting)
        found: list[Use] = []
        while waiting:
            held = waiting.pop()
            for name in body.scopes.uses[held.variable]:
                use = uses.of(held, name)
                if use is None or use.ends:
                    found += [use] if use is not None else []
                elif use.how == "closer" and use.held is not None and body.scopes.uses.get(use.held.variable):
                    found.append(Use("released", use.at))
                elif use.how == "alias" and use.held is not None and use.held not in seen:
                    seen.add(use.held)
                    waiting.append(use.held)
        return found


def strongest(found: Sequence[Use]) -> Use | None:
    """Of several uses the one that says most; in no field where there are two that it came to lie in, or was given on besides."""
    order = ("released", "stored", "sent", "unknown", "returned")
    use = min(found, key=lambda one: order.index(one.how), default=None)
    if use is not None and use.field and any(one.field != use.field for one in found):
        return replace(use, field=())
    return use


def _parameter(scopes: Scopes, function: Node, index: int) -> Variable | None:
    """The variable of a function's parameter; index -1 is the receiver, and a variadic parameter takes all that follow."""
    listed = function.child("receiver" if index < 0 else "parameters")
    names: list[Node] = []
    for declaration in listed.children if listed is not None else []:
        named = declaration.fields("name")
        if not named:
            names.append(declaration)
        names.extend(named)
        if declaration.kind == "variadic_parameter_declaration" and named:
            names.extend([named[-1]] * 32)
    at = max(index, 0)
    return scopes.variable(names[at]) if at < len(names) else None
