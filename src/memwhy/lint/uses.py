"""What becomes of a value at one place: released, handed on, given another name, or only used.

A value is followed upwards from where its name stands, through conversions, selectors, calls and assignments, to what is done
with it. Calls of functions whose bodies are in the tree are answered by those bodies (`Summaries`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from memwhy.lint import standard
from memwhy.lint.functions import Body, Given, Summaries
from memwhy.lint.kinds import Kind, may_close, words
from memwhy.lint.laying import ELEMENT, Field, behind, field_at, laid
from memwhy.lint.names import Called, split
from memwhy.lint.preambles import Preambles, has_destructor, is_c_type
from memwhy.lint.scopes import Variable
from memwhy.lint.syntax import Node

_THROUGH = frozenset(
    ("parenthesized_expression", "type_conversion_expression", "type_assertion_expression", "variadic_argument")
)
_FARTHEST = 3
"""Structs in structs that a resource is followed into; beyond, nothing is said: `n = &node{next: n}` has no end."""
_KEEPING = frozenset(("putenv",))
"""C functions whose argument stays in use, by their manual pages."""
_SAYING = ("print", "log", "debug", "info", "warn", "error", "trace", "assert", "require", "errorf", "fatal")


@dataclass(frozen=True, slots=True)
class Held:
    """A variable that leads to the resource: by reach from the variable to the resource, path selectors beyond it.

    `body := resp.Body` gives Held(body, (), ("Body",)); `j.resp = resp` Held(j, ("resp",), ()). view: something that reads or
    writes through the resource and does not own it.
    """

    variable: Variable
    reach: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    view: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that is done with a resource.

    how: released; closer (held by a function that releases it); alias (held from now on); returned, stored, sent, unknown:
    handed on. at: the node that does it. held: for alias and closer. which, path: which result, and what of the resource is
    returned. where: the field or variable that it is stored in, the function that it is given to. called: what is returned is a
    function that releases it. field: the struct's field that it has come to lie in, where that is known.
    """

    how: str
    at: Node
    held: Held | None = None
    which: int = 0
    path: tuple[str, ...] = ()
    where: str = ""
    called: bool = False
    field: Field = ()

    @property
    def ends(self) -> bool:
        """Whether nobody here has to care any more."""
        return self.how not in ("alias", "closer")


@dataclass(frozen=True, slots=True)
class Thing:
    """A value on its way up: the node that has it, and as in Held."""

    node: Node
    reach: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    view: bool = False
    which: int = 0


class Uses:
    """Follows values of one kind in one function's body."""

    def __init__(self, kind: Kind, body: Body, summaries: Summaries) -> None:
        self.kind = kind
        self.body = body
        self.summaries = summaries

    def of(self, held: Held, name: Node) -> Use | None:
        """What is done with held where its name stands; None where it is only used."""
        use = self.follow(Thing(name, held.reach, held.path, held.view))
        if use is not None and use.ends and held.reach and not use.field:
            use = replace(use, field=behind(self.body, held.variable, held.reach))
        literal = name.above("func_literal")
        while literal is not None and literal is not held.variable.owner:
            use = self._captured(literal, use)
            literal = literal.above("func_literal")
        return use

    def follow(self, thing: Thing) -> Use | None:
        """What is done with a value, from its node upwards."""
        while True:
            node, parent = thing.node, thing.node.parent
            if parent is None:
                return None
            kind = parent.kind
            if kind in _THROUGH or (kind == "unary_expression" and parent.operator in "&*"):
                thing = replace(thing, node=parent)
                continue
            if kind == "selector_expression":
                further = self._selected(thing, parent)
            elif kind == "index_expression" and node.field == "operand":
                further = self._indexed(thing, parent)
            elif kind == "slice_expression" and node.field == "operand":
                further = replace(thing, node=parent, view=True)
            elif kind == "argument_list" and parent.parent is not None:
                further = self._given(thing, parent.parent, parent.children.index(node))
            else:
                return self._ended(thing, parent)
            if not isinstance(further, Thing):
                return further
            thing = further

    def _selected(self, thing: Thing, selector: Node) -> Thing | Use | None:
        named = selector.child("field")
        if named is None or thing.node.field != "operand":
            return None
        name = named.text
        call = selector.parent
        if call is None or call.kind != "call_expression" or selector.field != "function":
            call = None
        if thing.reach:
            if thing.reach[0] == name:
                return replace(thing, node=selector, reach=thing.reach[1:])
            return self._method(thing, call, name) if call is not None else None
        path = (*thing.path, name)
        if not thing.view and self.kind.leads(path):
            if path in self.kind.releases:
                return Use("released", call or selector)
            return replace(thing, node=call or selector, path=path)
        if path in self.kind.received and call is None and _is_received(selector):
            return Use("released", selector)
        return self._method(thing, call, name) if call is not None else None

    def _method(self, thing: Thing, call: Node, name: str) -> Thing | Use | None:
        """A method of the resource that is no release by name."""
        called = self.body.called(call)
        if called.function is not None and not self._is_gos_own(called):
            return self._into(thing, call, called, -1)
        if thing.reach:
            return Use("unknown", call, where=name)
        if not thing.view and "closer" in words(name):
            return replace(thing, node=call)
        if not thing.view and thing.path == () and (may_close(name) or self._gives_closer(call)):
            return Use("unknown", call, where=name)
        return None

    def _gives_closer(self, call: Node) -> bool:
        """Whether what a call gives is returned at once as something that is to be closed."""
        listed = call.parent
        if listed is None or listed.parent is None or listed.parent.kind != "return_statement":
            return False
        results = self.body.types.results(self.body.scopes.owner(call), self.body.function.file)
        index = listed.children.index(call)
        type = results[index] if index < len(results) and len(results) == len(listed.children) else ""
        return type in standard.CLOSERS

    def _is_gos_own(self, called: Called) -> bool:
        """Whether a body is that of another package of the standard library, read as a tree: the tables know it better."""
        package = called.function.file.package if called.function is not None else None
        return package is not None and package.module.standard and package is not self.body.function.file.package

    def _indexed(self, thing: Thing, index: Node) -> Thing | None:
        if thing.reach[:1] == (ELEMENT,):
            return replace(thing, node=index, reach=thing.reach[1:])
        above = index.parent
        if above is not None and above.kind == "unary_expression" and above.operator == "&":
            return replace(thing, node=above, view=True)
        return None

    def _given(self, thing: Thing, call: Node, index: int) -> Thing | Use | None:
        """The resource is the call's argument of that index."""
        called = self.body.called(call)
        name = called.name
        last = name.rpartition(".")[2]
        if called.conversion or (name.startswith("C.") and is_c_type(last)):
            return replace(thing, node=call)
        if (name in self.kind.by and not (thing.reach and name == "C.free")) or name in standard.OWNERS:
            return Use("released", call)
        if name in standard.KEEPERS:
            return Use("stored", call, where=name)
        if name == "append":
            return replace(thing, node=call, reach=(ELEMENT, *thing.reach) if index else thing.reach)
        if name and "." not in name and not called.known:
            return None
        if self.kind.called:
            return Use("unknown", call, where=name)
        if called.known and not self._is_gos_own(called):
            return self._into(thing, call, called, index)
        if name in standard.SAME:
            return replace(thing, node=call)
        if name in standard.VIEWS or (last.startswith("New") and name and standard.is_standard(split(name)[0])):
            return replace(thing, node=call, view=True)
        if name in self.kind.borrowed:
            return None
        if name.startswith("C."):
            return self._given_to_c(thing, call, last, index)
        if not name.startswith("?") and name and standard.is_standard(split(name)[0]):
            return None
        if split(name)[0] in self.kind.packages and not may_close(last):
            return None
        if self.kind.lent or last.lower().startswith(_SAYING):
            return None
        return Use("unknown", call, where=name)

    def _given_to_c(self, thing: Thing, call: Node, name: str, index: int) -> Use | None:
        """A C function releases, takes over or only uses: by its body in the preamble, its name, or a destructor given with it."""
        if may_close(name) and not thing.view and (not thing.reach or name != "free"):
            return Use("released", call)
        keeps = Preambles.of(self.body.function.file.package).keeps(name, index)
        if keeps is None:
            keeps = name in _KEEPING or not self.kind.taken_by.isdisjoint(words(name)) or has_destructor(call)
        return Use("unknown", call, where=f"C.{name}") if keeps or self.kind.kept_by_c else None

    def _into(self, thing: Thing, call: Node, called: Called, index: int) -> Thing | Use | None:
        """What a function whose body is at hand does with its argument (-1: its receiver)."""
        what = Given(self.kind, thing.reach, thing.path, thing.view)
        done = self.summaries.given(self.body, called, index, what)
        if done is None:
            return None
        if done.how == "returned":
            return replace(thing, node=call, reach=(), which=done.which, path=done.path or thing.path)
        return replace(done, at=call)

    def _ended(self, thing: Thing, parent: Node) -> Use | None:
        """The value has come to a statement, or to what holds values."""
        kind = parent.kind
        if len(thing.reach) > _FARTHEST:
            return Use("unknown", parent, where="structs in structs")
        if kind == "call_expression" and thing.node.field == "function":
            return Use("released", parent) if self.kind.called and not thing.path and not thing.reach else None
        if kind == "expression_list" and parent.parent is not None:
            return self._listed(thing, parent, parent.parent)
        if kind == "literal_element":
            return self._composed(thing, parent)
        if kind == "index_expression" and thing.node.field == "index":
            return self._keyed(thing, parent)
        if kind == "send_statement" and thing.node.field == "value":
            return Use("sent", parent)
        if kind == "range_clause" and thing.reach[:1] == (ELEMENT,):
            left = parent.child("left")
            element = left.children[1] if left is not None and len(left.children) > 1 else None
            variable = self.body.scopes.variable(element)
            return Use("alias", parent, Held(variable, thing.reach[1:], thing.path, thing.view)) if variable else None
        if kind == "type_switch_statement" and not thing.view:
            return Use("unknown", parent, where="a type switch")
        return None

    def _listed(self, thing: Thing, listed: Node, statement: Node) -> Use | None:
        index = listed.children.index(thing.node)
        if statement.kind == "return_statement":
            how = "returned" if not thing.reach and not thing.view else "stored"
            return Use(how, statement, which=index + thing.which, path=thing.path)
        if listed.field not in ("right", "value"):
            return None
        left = statement.fields("name") if statement.kind == "var_spec" else _children(statement.child("left"))
        target = (
            left[index] if len(left) == len(listed.children) else left[thing.which] if thing.which < len(left) else None
        )
        return self._assigned(thing, target, statement) if target is not None else None

    def _assigned(self, thing: Thing, target: Node, statement: Node) -> Use | None:
        """The value is given to a variable, a field, an element or what a pointer points to."""
        reach: list[str] = []
        while target.kind in ("selector_expression", "index_expression"):
            named = target.child("field")
            reach.insert(0, named.text if target.kind == "selector_expression" and named is not None else ELEMENT)
            operand = target.child("operand")
            if operand is None:
                return None
            target = operand
        where = reach[-1] if reach else target.text
        if target.kind != "identifier":
            return Use("stored", statement, where=where)
        if target.text == "_":
            return None
        variable = self.body.scopes.variable(target)
        if (
            variable is None
            or variable.owner is not self.body.scopes.owner(statement)
            or (reach and not is_own(variable))
        ):
            field = behind(self.body, variable or target, (*reach, *thing.reach))
            return Use("stored", statement, where=where, field=field)
        return Use("alias", statement, Held(variable, (*reach, *thing.reach), thing.path, thing.view))

    def _composed(self, thing: Thing, element: Node) -> Use | None:
        """The value is an element of a composite literal: what becomes of that?"""
        keyed = element.parent if element.parent is not None and element.parent.kind == "keyed_element" else None
        key = keyed.child("key") if keyed is not None else None
        if key is element:
            return None
        value = (keyed or element).parent
        composite = value.parent if value is not None else None
        if composite is None or composite.kind != "composite_literal":
            return Use("stored", element, where=key.text if key is not None else "")
        type = self.body.type_of(composite)
        step = key.text if key is not None and key.children and key.children[0].kind == "identifier" else ELEMENT
        if key is None and value is not None:
            step = field_at(self.body.types, self.body.function.file, type, value.children.index(element)) or ELEMENT
        use = self.follow(Thing(composite, (step, *thing.reach), thing.path, thing.view))
        if use is None:
            return None
        field = laid(self.body.types, self.body.function.file, type, (step, *thing.reach))
        return replace(use, where=use.where or step, field=field or use.field)

    def _keyed(self, thing: Thing, index: Node) -> Use | None:
        """`table[p] = …`: whoever reads the table finds the resource."""
        listed = index.parent
        assigned = listed is not None and listed.kind == "expression_list" and listed.field == "left"
        table = index.child("operand")
        if not assigned or thing.view or table is None or self.body.scopes.variable(table) is not None:
            return None
        return Use("stored", index, where=table.text.rpartition(".")[2])

    def _captured(self, literal: Node, use: Use | None) -> Use | None:
        """What a use inside a function literal is for the function around it."""
        node: Node = literal
        while node.parent is not None and node.parent.kind == "parenthesized_expression":
            node = node.parent
        parent = node.parent
        at_once = parent is not None and parent.kind == "call_expression" and node.field == "function"
        if use is None or use.how in ("alias", "closer"):
            use = self._captured_alias(use)
        if use is None:
            return self._kept_literal(literal)
        if use.how == "returned":
            return None if at_once else Use("unknown", literal, where="a function literal")
        if at_once or parent is None:
            return replace(use, at=literal)
        if parent.kind == "expression_list" and parent.parent is not None and parent.field in ("right", "value"):
            statement = parent.parent
            left = statement.fields("name") if statement.kind == "var_spec" else _children(statement.child("left"))
            index = parent.children.index(node)
            variable = self.body.scopes.variable(left[index]) if index < len(left) else None
            if variable is not None:
                return Use("closer", literal, Held(variable))
        return replace(use, at=literal)

    def _captured_alias(self, use: Use | None) -> Use | None:
        """A second name inside a function literal: the first of its uses that ends the matter."""
        if use is None or use.held is None:
            return None
        for name in self.body.scopes.uses.get(use.held.variable, ()):
            if name is use.held.variable.declared:
                continue
            further = Use("released", name) if use.how == "closer" else self.of(use.held, name)
            if further is not None and further.ends:
                return further
        return None

    def _kept_literal(self, literal: Node) -> Use | None:
        """A literal that uses the resource without ending it, and is itself returned or stored."""
        parent = literal.parent
        above = parent.parent if parent is not None and parent.kind == "expression_list" else None
        if above is not None and above.kind == "return_statement":
            return Use("unknown", literal, where="a function literal that is returned")
        if parent is not None and parent.kind == "literal_element":
            return Use("unknown", literal, where="a function literal that is stored")
        return None


def _children(node: Node | None) -> list[Node]:
    return node.children if node is not None else []


def _is_received(selector: Node) -> bool:
    above = selector.parent
    return above is not None and (above.operator == "<-" or above.kind == "range_clause")


def is_own(variable: Variable) -> bool:
    """Whether a variable holds a composite that this function made, so that a field of it is nobody else's yet."""
    if variable.kind != "variable":
        return False
    value = variable.value
    if value is not None and value.kind == "unary_expression" and value.operator == "&":
        value = value.child("operand")
    if value is None:
        return variable.type is not None and variable.type.kind != "pointer_type"
    if value.kind == "call_expression":
        function = value.child("function")
        made = function is not None and function.text in ("make", "new")
        return made or value.text.partition("(C.")[2].startswith(("malloc(", "calloc("))
    return value.kind == "composite_literal"
