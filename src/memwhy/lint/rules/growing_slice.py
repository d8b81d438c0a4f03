"""A slice that lives as long as the program and is only ever appended to, by what comes in.

As with maps: nothing in the package cuts, empties, replaces, bounds or gives it away, and the append comes with each request,
connection or message, or in a method that other packages call with what happens, under a lock since several goroutines do. What it costs: every element that was ever
appended, and up to a quarter more of spare capacity (runtime/slice.go, growslice).
"""

import re
from collections.abc import Iterable

from memwhy.lint.captured import captured
from memwhy.lint.coming import is_api
from memwhy.lint.growing import Growth, comes_with, growths, locks, named_as_cache
from memwhy.lint.source import Package
from memwhy.lint.standing import Container, containers
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "growing-slice"
CAUSE = "heap-leak"
TOKENS = (b"append(",)

_EVENT = re.compile(
    r"(?:Record|Log|Observe|Track|Report|Emit|Publish|Receive|Write|Send|Note|Audit|Fire|Trace|Push|Handle|On|Consume|Process|Visit)(?![a-z])"
)
"""Methods that are called with what happens, by how Go's programmers name them."""


def check(package: Package) -> Iterable[Suspect]:
    """One suspect for each such slice, at the append that says most."""
    standing = ((one, growths(package, one)) for one in containers(package) if one.kind == "slice")
    for container, added in (*standing, *(one for one in captured(package) if one[0].kind == "slice")):
        weighed = [(_weight(growth, container), growth) for growth in added]
        weight, growth = max(weighed, key=lambda one: one[0], default=(0.0, None))
        if growth is not None and weight > 0:
            yield _suspect(container, growth, weight)


def _weight(growth: Growth, container: Container) -> float:
    hint = 0.1 if named_as_cache(container) else 0.0
    comes = "request" if container.local else comes_with(growth)
    if comes == "request":
        return 0.75 + hint
    if comes == "round":
        return (0.6 if locks(growth) else 0.35) + hint
    if not locks(growth) or not is_api(growth.function):
        return 0.0
    return (0.6 if _EVENT.match(growth.function.name) else 0.4) + hint


def _suspect(container: Container, growth: Growth, weight: float) -> Suspect:
    declared = container.file.position(container.at)[0]
    return suspect_at(
        growth.function,
        growth.node,
        rule=NAME,
        cause=CAUSE,
        message=f"{container.whose} ({container.file.name}:{declared}) is appended to, and nothing in this package ever makes it shorter",
        missing=f"a bound on len({container.name}), or a place that empties it",
        remedy="keep the last N in a ring, write out and empty it, or keep it where its use ends",
        weight=round(weight, 2),
        costs="every element that was ever appended and all that it holds",
    )
