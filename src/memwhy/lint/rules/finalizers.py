"""C memory that only a finalizer frees.

The collector runs when the Go heap has grown; what a finalizer frees does not count there, so that a program may hold
gigabytes in C behind objects of 16 bytes each and see no reason to collect (runtime.SetFinalizer: "there is no guarantee
that finalizers will run before a program exits").
"""

import re
from collections.abc import Iterable, Iterator

from memwhy.lint.functions import Bodies, Body
from memwhy.lint.kinds import may_close
from memwhy.lint.source import Package
from memwhy.lint.syntax import Node, arguments, callee
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "finalizer-only"
CAUSE = "native-leak"
TOKENS = (b"SetFinalizer", b"AddCleanup")

_SETS = re.compile(rb"\bruntime\.(?:SetFinalizer|AddCleanup)\(")
_OFF_HEAP = re.compile(rb'^\s*(?:import\s+)?"C"|\bMmap\(', re.MULTILINE)


def check(package: Package) -> Iterable[Suspect]:
    """Finalizers on types that have no method to free them sooner, or none that anybody calls."""
    bodies = Bodies()
    for function in package.functions_with(_SETS):
        body = bodies.of(function) if _OFF_HEAP.search(function.file.code) else None
        for call in body.node.walk("call_expression") if body is not None else ():
            if body is not None and callee(call) in ("runtime.SetFinalizer", "runtime.AddCleanup"):
                yield from _judged(package, body, call)


def _judged(package: Package, body: Body, call: Node) -> Iterator[Suspect]:
    given = arguments(call)
    if len(given) < 2 or given[1].kind == "nil":
        return
    type = body.type_of(given[0]).removeprefix("*")
    name = type.removeprefix(f"{package.path}.")
    if not name or name == type or _freed_by_hand(package, name):
        return
    yield suspect_at(
        body.function,
        call,
        rule=NAME,
        cause=CAUSE,
        message=f"only a finalizer frees the C memory of a {name}: the collector does not see it and comes late",
        missing=f"a method of {name} that frees at once, called by those who are done with one",
        remedy="a Close that frees and clears the finalizer, called by users; leave the finalizer for those who forget",
        weight=0.7,
        costs="C memory until the next collection, which only the Go heap's growth brings on",
    )


def _freed_by_hand(package: Package, name: str) -> bool:
    """Whether the type has an exported method that ends it, or one that the package calls."""
    for method in package.methods(name):
        if not may_close(method):
            continue
        called = re.compile(rb"\w\." + method.encode() + rb"\(\)")
        if method[:1].isupper() or any(called.search(file.code) for file in package.files):
            return True
    return False
