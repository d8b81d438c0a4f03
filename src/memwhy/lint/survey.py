"""Every acquisition of a tree, followed: calls that acquire, then functions of the tree that hand on what they acquired.

One survey answers all rules of resources, so that a function is read once. A round finds the calls, follows each, and notes
which functions return the resource; the next round follows the calls of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from memwhy.lint.flow import Acquisition, Fate, Flow
from memwhy.lint.functions import Bodies, Body, Summaries
from memwhy.lint.keeping import kept
from memwhy.lint.kinds import Kind
from memwhy.lint.names import Called, last_name, split, unversioned
from memwhy.lint.ownership import Ownership
from memwhy.lint.qualifying import package_before
from memwhy.lint.source import File, Function, Package, Tree
from memwhy.lint.standard import is_standard
from memwhy.lint.standard import results as standard_results
from memwhy.lint.syntax import Node, arguments
from memwhy.lint.telling import tell, tell_kept
from memwhy.lint.uses import Use
from memwhy.model.suspect import Suspect

_MOST_ROUNDS = 4
"""Wrappers of wrappers of wrappers."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a function of the tree hands to its caller: which result, of what kind, how far into the resource.

    owner: the result, or the receiver, is a struct that has the resource in a field.
    """

    which: int
    kind: Kind
    path: tuple[str, ...]
    owner: bool = False


class _Wanted:
    """Names of calls to follow, by the import path that has them: a method's type need not be of a package that the file imports."""

    def __init__(self) -> None:
        self.functions: dict[str, set[str]] = {}
        self.methods: dict[str, set[str]] = {}

    def add(self, path: str, name: str, *, method: bool) -> None:
        (self.methods if method else self.functions).setdefault(path, set()).add(name)

    def methods_in(self, package: Package) -> frozenset[str]:
        paths = {"?", *(unversioned(path) for path in (package.path, *package.imported))}
        return frozenset(name for path in paths for name in self.methods.get(path, ()))

    def functions_in(self, file: File) -> frozenset[str]:
        paths = {unversioned(path) for path in (file.package.path, *file.quoted)}
        return frozenset(name for path in paths for name in self.functions.get(path, ()))


class Survey:
    """All suspects of a tree, by package and rule; wrappers are the functions that hand on what they acquired."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.bodies = Bodies()
        self.summaries = Summaries(self.bodies)
        self.ownership = Ownership(self.summaries)
        self.suspects: dict[tuple[Package, str], list[Suspect]] = {}
        self.followed = 0
        self.wrappers: dict[Function, list[Result]] = {}
        self.by_name: dict[str, list[tuple[Kind, int]]] = {}
        self.by_type: dict[str, Kind] = {}
        for kind in kinds:
            self.bodies.types.elsewhere.update((unversioned(name), types) for name, types in kind.results.items())
            self.by_type.update(dict.fromkeys(kind.types, kind))
            for name, which in kind.acquires.items():
                self.by_name.setdefault(unversioned(name), []).append((kind, which))
                if kind.gives:
                    self.bodies.types.elsewhere[unversioned(name)] = (kind.gives,)
        self._done: set[tuple[int, int, Kind, int, tuple[str, ...]]] = set()
        self._laid: list[tuple[Function, Fate]] = []
        """What came to lie in fields."""

    @classmethod
    def of(cls, tree: Tree) -> Survey:
        """The tree's survey, made once."""
        if tree not in _SURVEYS:
            from memwhy.lint.rules import RESOURCES

            survey = cls(kind for rule in RESOURCES for kind in rule.kinds(tree))
            survey._run(tree)
            survey.forget()
            _SURVEYS[tree] = survey
        return _SURVEYS[tree]

    @staticmethod
    def made(tree: Tree) -> bool:
        """Whether the tree's survey is at hand: then asking it costs less than to look for a rule's tokens."""
        return tree in _SURVEYS

    def forget(self) -> None:
        """Drop the trees and what was found out on the way: what is asked from here on is the suspects."""
        self.bodies = Bodies()
        self.summaries = Summaries(self.bodies)
        self.ownership = Ownership(self.summaries)
        self.wrappers.clear()
        self._laid.clear()

    def _run(self, tree: Tree) -> None:
        wanted = _Wanted()
        for name in self.by_name:
            path, _, rest = split(name)
            wanted.add(unversioned(path), rest.rpartition(".")[2], method="." in rest or path == "?")
        fresh = self._round(tree, wanted)
        for _ in range(_MOST_ROUNDS):
            wanted = _Wanted()
            for function in fresh:
                wanted.add(unversioned(function.file.package.path), function.name, method=bool(function.receiver))
            fresh = self._round(tree, wanted)
        for function, fate in self._laid:
            stays = kept(function, fate, self.ownership)
            if stays is not None:
                suspect = tell_kept(function, fate, *stays)
                self.suspects.setdefault((function.file.package, suspect.rule), []).append(suspect)
        self.suspects = {key: _heaviest(found) for key, found in self.suspects.items()}

    def _round(self, tree: Tree, wanted: _Wanted) -> list[Function]:
        """Follow the calls of these names; functions that are new as wrappers."""
        fresh: list[Function] = []
        for package in tree.packages if wanted.functions or wanted.methods else ():
            methods = wanted.methods_in(package)
            for file in package.files:
                names = methods | wanted.functions_in(file)
                for function, places in file.functions_calling(frozenset(name.encode() for name in names)):
                    if any(self._may_acquire(wanted, function, *place) for place in places) and self._function(
                        package, function, names
                    ):
                        fresh.append(function)
        return fresh

    def _may_acquire(self, wanted: _Wanted, function: Function, at: int, word: bytes) -> bool:
        """Whether a call may be one to follow; not where the text proves that it is of a package's function that gives nothing."""
        path, name = package_before(function, at), word.decode()
        if not path or name in wanted.functions.get(unversioned(path), ()):
            return True
        if name in wanted.methods.get("?", ()) and not is_standard(path):
            return True
        full = f"{path}.{name}"
        return full in self.by_name or bool(standard_results(full) or unversioned(full) in self.bodies.types.elsewhere)

    def _function(self, package: Package, function: Function, names: frozenset[str]) -> bool:
        """Follow one function's acquisitions; whether it newly hands one on."""
        body = self.bodies.of(function)
        if body is None:
            return False
        wraps = False
        for call in body.node.walk("call_expression"):
            if last_name(call) not in names:
                continue
            called = body.called(call)
            for acquisition in self._acquired(called, call, package):
                key = (id(function), call.start, acquisition.kind, acquisition.which, acquisition.path)
                if key in self._done:
                    continue
                self._done.add(key)
                fate = Flow(body, acquisition, self.summaries).follow()
                self.followed += 1
                suspect = tell(function, fate)
                if suspect is not None:
                    self.suspects.setdefault((package, suspect.rule), []).append(suspect)
                elif any(use.field for use in fate.uses):
                    self._laid.append((function, fate))
                wraps = self._wraps(function, body, fate) or wraps
        return wraps

    def _acquired(self, called: Called, call: Node, package: Package) -> Iterator[Acquisition]:
        named = self.by_name.get(unversioned(called.name)) or self._by_method(called, package)
        for kind, which in named:
            if kind.nil_argument >= 0 and [a.text for a in arguments(call)][kind.nil_argument :][:1] != ["nil"]:
                continue
            if kind.unless and kind.unless in call.text:
                continue
            at = _address(call) if kind.status else -1
            yield Acquisition(call, replace(kind, argument=at) if at >= 0 else kind, which)
        if called.function is not None:
            yield from self._handed_on((called.function,), call, owners=not named)
        elif not named and not called.known and not called.name.startswith("?"):
            yield from self._unseen(called, call, package)

    def _by_method(self, called: Called, package: Package) -> Sequence[tuple[Kind, int]]:
        """The kinds of a method's name alone: for types of other modules, and those that are not known."""
        last = called.name.rpartition(".")[2]
        kinds = self.by_name.get(f"?.{last}", ())
        if not kinds or called.known or is_standard(split(called.name)[0]) or package.methods_named(last):
            return ()
        own, _ = self.bodies.types.package_of(called.name, package.files[0])
        return kinds if own is None else ()

    def _handed_on(self, functions: Iterable[Function], call: Node, *, owners: bool = True) -> Iterator[Acquisition]:
        """What these functions hand on; owners: also values that have it in a field."""
        for function in functions:
            for result in self.wrappers.get(function, ()):
                if owners or not result.owner:
                    yield Acquisition(call, result.kind, result.which, result.path, function.symbol)

    def _unseen(self, called: Called, call: Node, package: Package) -> Iterator[Acquisition]:
        """A call of an interface's method: what the implementations beside it hand on, or what its results' types say."""
        own, _ = self.bodies.types.package_of(called.name, package.files[0])
        bodies = own.methods_named(called.name.rpartition(".")[2]) if own is not None else ()
        if bodies:
            yield from self._handed_on(bodies, call)
        elif len(called.results) == 2 and called.results[1] == "error" and called.results[0] in self.by_type:
            kind = self.by_type[called.results[0]]
            if called.name not in kind.dependent:
                yield Acquisition(call, kind)

    def _wraps(self, function: Function, body: Body, fate: Fate) -> bool:
        """Note a function that returns what it acquired."""
        fresh = False
        owner = body.scopes.owner(fate.acquisition.call)
        for use in fate.uses:
            result = self._result(function, fate, use) if owner is body.node else None
            if result is None:
                continue
            if not self._may_release(function, result):
                continue
            known = self.wrappers.setdefault(function, [])
            if result not in known:
                known.append(result)
                fresh = True
        return fresh

    def _result(self, function: Function, fate: Fate, use: Use) -> Result | None:
        """What a use gives to the function's caller: the resource, what releases it, or the struct that has it."""
        kind = fate.acquisition.kind
        if use.how == "returned":
            return Result(use.which, _by_calling(kind), ()) if use.called else Result(use.which, kind, use.path)
        if use.how != "stored" or not use.field:
            return None
        returned = use.at.kind == "return_statement"
        if not returned and function.receiver != split(use.field[0])[2]:
            return None
        owner = self.ownership.derived(kind, use.field, function.file.package, receiver=not returned)
        return Result(use.which, owner, (), owner=True) if owner is not None else None

    def _may_release(self, function: Function, result: Result) -> bool:
        """Whether the declared type of the result still has the release, as far as its declaration is in the tree."""
        if result.kind.receiver and result.owner:
            return True
        types = self.bodies.types.results(function.signature, function.file)
        type = types[result.which] if result.which < len(types) else ""
        members = {release[len(result.path)] for release in result.kind.releases if len(release) > len(result.path)}
        return not members or any(self.bodies.types.may_have(type, member, function.file) for member in members)


def _by_calling(kind: Kind) -> Kind:
    """The kind where what comes back is a function that releases."""
    no: frozenset[tuple[str, ...]] = frozenset()
    return replace(
        kind, called=True, releases=no, ended=no, by=frozenset(), argument=-1, receiver=False, release="{name}()"
    )


def _heaviest(found: list[Suspect]) -> list[Suspect]:
    """One suspect for each call: it may give one of several kinds of a rule."""
    best: dict[tuple[str, int, int], Suspect] = {}
    for one in found:
        at = (one.file, one.line, one.column)
        if at not in best or best[at].weight < one.weight:
            best[at] = one
    return list(best.values())


def suspects(package: Package, rule: str) -> list[Suspect]:
    """What one rule of resources has to say about a package."""
    return Survey.of(package.tree).suspects.get((package, rule), [])


_SURVEYS: WeakKeyDictionary[Tree, Survey] = WeakKeyDictionary()


_STATUSES = frozenset(["rc", "ret", "res", "err", "status", "st", "code", "ok", "result"])


def _address(call: Node) -> int:
    """The index of the argument that is a variable's address, where the call's own result is a status; else -1."""
    statement = call.above("short_var_declaration", "assignment_statement", "binary_expression", "expression_statement")
    left = statement.child("left") if statement is not None else None
    named = statement is not None and left is not None and statement.kind != "binary_expression"
    if statement is None or (named and left is not None and left.text not in _STATUSES):
        return -1
    given = arguments(call)
    return next(
        (i for i, argument in enumerate(given) if argument.kind == "unary_expression" and argument.operator == "&"), -1
    )
