"""runtime.Pinner that nobody unpins.

What is pinned is neither moved nor collected until Unpin. A Pinner that becomes unreachable while it pins makes the runtime
panic (runtime/pinner.go, "found leaking pinned pointer"); one that stays reachable keeps all that it ever pinned.
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "pinner-unpin"
CAUSE = "heap-leak"
TOKENS = (b"runtime.Pinner",)

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the pinner",
    acquires={"runtime.Pinner.Pin": 0},
    releases=frozenset((("Unpin",),)),
    receiver=True,
    sign=b".Unpin",
    weight=0.8,
    release="{name}.Unpin()",
    remedy="`defer p.Unpin()` behind the first Pin, or in the function that ends what C does",
    costs="what is pinned and all that it leads to, until the runtime panics about the lost pinner",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (KIND,)


def check(package: Package) -> Iterable[Suspect]:
    """Pinners that are left pinned on some way, or kept in a package that never unpins."""
    return suspects(package, NAME)
