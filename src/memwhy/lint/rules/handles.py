"""cgo.Handle that nobody deletes.

A handle is an entry of a global map: the Go value behind it, and all that it leads to, stays until Delete
(runtime/cgo/handle.go).
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "cgo-handle"
CAUSE = "heap-leak"
TOKENS = (b"runtime/cgo",)

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the handle",
    acquires={"runtime/cgo.NewHandle": 0},
    releases=frozenset((("Delete",),)),
    kept_by_c=True,
    sign=b".Delete()",
    weight=0.8,
    release="{name}.Delete()",
    remedy="delete the handle when C has no more use for it: behind the call, or in the function that takes the callback away",
    costs="the Go value behind the handle and all that it leads to, for good",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (KIND,)


def check(package: Package) -> Iterable[Suspect]:
    """Handles that are lost, or kept in a package that never deletes one."""
    return suspects(package, NAME)
