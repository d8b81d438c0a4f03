"""What a struct's field owns: which functions release what was put there, which hand it on, and which do neither.

Asked when a resource has come to lie in a field. Every place of the tree that names the field is followed as a value of its own. From
that: the methods that end the owner (`Close` that closes the file in it), so that a constructor's caller has something to release in
turn; and fields that nobody ever releases, or that a second call overwrites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from memwhy.lint.flow import Fate
from memwhy.lint.functions import Body, Given, Summaries, strongest
from memwhy.lint.kinds import Kind, may_close
from memwhy.lint.laying import Field, declaring, is_embedded
from memwhy.lint.names import Called, split
from memwhy.lint.source import Function, Package
from memwhy.lint.syntax import Node
from memwhy.lint.uses import Thing, Use, Uses

_MOST_PLACES = 300
"""A field named more often is given up: nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Access:
    """A place that names a field. use: what is done there with what lies in it, None where it is only used."""

    function: Function
    node: Node
    use: Use | None

    @property
    def written(self) -> bool:
        """Whether the field is given something there."""
        listed = self.node.parent
        return listed is not None and listed.kind == "expression_list" and listed.field == "left"


@dataclass(frozen=True, slots=True)
class Owned:
    """What becomes of a kind of resource in a field. ends: the owner's methods that release it."""

    accesses: tuple[Access, ...]
    ends: tuple[str, ...]
    embedded: bool
    known: bool

    @property
    def released(self) -> bool:
        return bool(self.ends) or any(one.use is not None and one.use.how == "released" for one in self.accesses)

    @property
    def handed_on(self) -> bool:
        """Whether somebody else may release it: it is returned, stored elsewhere or given away from the field."""
        return not self.known or any(one.use is not None and one.use.how != "released" for one in self.accesses)


class Ownership:
    """Answers for one tree, each found once."""

    def __init__(self, summaries: Summaries) -> None:
        self.summaries = summaries
        self._known: dict[tuple[int, Field], Owned] = {}
        self._derived: dict[tuple[int, Field, bool], Kind | None] = {}
        self._kinds: dict[int, Kind] = {}

    def of(self, kind: Kind, field: Field, package: Package) -> Owned:
        """What becomes of what lies in a field that package can name."""
        key = (id(self._kinds.setdefault(id(kind), kind)), field)
        if key not in self._known:
            self._known[key] = self._find(kind, field, package)
        return self._known[key]

    def _find(self, kind: Kind, field: Field, package: Package) -> Owned:
        types = self.summaries.bodies.types
        home, owner = types.package_of(field[0], package.files[0])
        if home is None:
            return Owned((), (), False, False)
        embedded = is_embedded(types, home.files[0], field[0], field[1])
        accesses: list[Access] = []
        for function, body, node in self._places(field, home):
            if len(accesses) > _MOST_PLACES:
                return Owned((), (), embedded, False)
            use = self._used(kind, field, body, node)
            stays = use is not None and use.how == "stored" and use.field == field
            accesses.append(Access(function, node, None if stays else use))
        ends = tuple(name for name in dict.fromkeys(home.methods(owner)) if self._ends(kind, field, home, name, owner))
        return Owned(tuple(accesses), ends, embedded, True)

    def _places(self, field: Field, home: Package) -> Iterator[tuple[Function, Body, Node]]:
        """Every selector of the tree that may mean the field: by its type, or where that is not known."""
        named = re.compile(rb"\." + re.escape(field[1].encode()) + rb"\b")
        exported = field[1][:1].isupper()
        for package in home.tree.packages if exported else (home,):
            if package is not home and home.path not in package.imported:
                continue
            for function in package.functions_with(named):
                body = self.summaries.bodies.of(function)
                for node in body.node.walk("selector_expression") if body is not None else ():
                    name = node.child("field")
                    if (
                        body is not None
                        and name is not None
                        and name.text == field[1]
                        and self._means(body, node, field)
                    ):
                        yield function, body, node

    def _means(self, body: Body, selector: Node, field: Field) -> bool:
        type = body.type_of(selector.child("operand")).lstrip("*")
        if not type or type == field[0]:
            return True
        types = self.summaries.bodies.types
        return declaring(types, body.function.file, type, field[1]) == field[0]

    def _used(self, kind: Kind, field: Field, body: Body, node: Node) -> Use | None:
        """The strongest thing that is done with what lies in the field at one place."""
        uses = Uses(kind, body, self.summaries)
        use = uses.follow(Thing(node, field[2:]))
        if use is None or use.held is None:
            return use
        if use.how == "closer":
            return Use("released", use.at)
        return strongest(self.summaries.ended(kind, body, use.held))

    def _ends(self, kind: Kind, field: Field, home: Package, method: str, owner: str) -> bool:
        """Whether a method of the owner releases what its field holds."""
        function = home.function(method, owner)
        body = self.summaries.bodies.of(function) if function is not None else None
        if body is None:
            return False
        use = self.summaries.given(body, Called(method, function), -1, Given(kind, field[1:]))
        return use is not None and use.how == "released"

    def alone(self, function: Function, fate: Fate) -> Field:
        """The one field that a resource came to lie in, by all that its function does with it; () where it is given on besides."""
        acquisition = fate.acquisition
        body = self.summaries.bodies.of(function)
        ended = [use for use in fate.uses if use.ends]
        if body is None or fate.losses or fate.gave_up or any(use.how in ("released", "returned") for use in ended):
            return ()
        if not acquisition.kind.receiver and acquisition.kind.argument < 0:
            thing = Thing(acquisition.call, (), acquisition.path, which=acquisition.which)
            use = Uses(acquisition.kind, body, self.summaries).follow(thing)
            if use is not None and use.held is not None:
                ended += self.summaries.ended(acquisition.kind, body, use.held)
        found = {use.field for use in ended}
        return found.pop() if len(found) == 1 else ()

    def derived(self, kind: Kind, field: Field, package: Package, *, receiver: bool) -> Kind | None:
        """The owner as a resource of its own, released by the methods that release the field; None where none does."""
        key = (id(self._kinds.setdefault(id(kind), kind)), field, receiver)
        if key not in self._derived:
            self._derived[key] = self._derive(kind, field, package, receiver)
        return self._derived[key]

    def _derive(self, kind: Kind, field: Field, package: Package, receiver: bool) -> Kind | None:
        owned = self.of(kind, field, package)
        if owned.embedded or not owned.ends or owned.handed_on:
            return None
        inner = frozenset((*field[1:], *release) for release in kind.releases) if len(field) == 2 else frozenset()
        if kind.called and len(field) == 2:
            inner = frozenset((field[1:],))
        name = split(field[0])[2]
        return replace(
            kind,
            noun=f"{kind.noun} in the {name}'s {field[1]}",
            acquires={},
            releases=inner | frozenset((method,) for method in owned.ends),
            by=frozenset(),
            gives="",
            called=False,
            ended=frozenset(),
            receiver=receiver,
            argument=-1,
            status=False,
            sign=b"",
            weight=round(kind.weight * 0.9, 2),
            release=f"{{name}}.{min(owned.ends, key=_plain)}()",
            remedy=f"`defer x.{min(owned.ends, key=_plain)}()`: the {name} holds {kind.noun} until then",
        )


def _plain(method: str) -> tuple[bool, int]:
    """Methods that are named as an end first, short ones before long ones."""
    return not may_close(method), len(method)
