"""A slice that lives as long as the program and is only ever appended to, by what comes in.

As with maps: nothing in the package cuts, empties, replaces, bounds or gives it away, and the appending function is given a request,
a connection or a context, or takes a lock because several goroutines come through it. What it costs: every element that was ever
appended, and up to a quarter more of spare capacity (runtime/slice.go, growslice).
"""

from collections.abc import Iterable

from memwhy.lint.growing import Growth, at_request, growths, locks, named_as_cache
from memwhy.lint.source import Package
from memwhy.lint.standing import Container, containers
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "growing-slice"
CAUSE = "heap-leak"
TOKENS = (b"append(",)


def check(package: Package) -> Iterable[Suspect]:
    """One suspect for each such slice, at the append that says most."""
    for container in containers(package):
        if container.kind != "slice":
            continue
        weighed = [(_weight(growth, container), growth) for growth in growths(package, container)]
        weight, growth = max(weighed, key=lambda one: one[0], default=(0.0, None))
        if growth is not None and weight > 0:
            yield _suspect(container, growth, weight)


def _weight(growth: Growth, container: Container) -> float:
    hint = 0.1 if named_as_cache(container) else 0.0
    if at_request(growth):
        return 0.75 + hint
    return 0.45 + hint if locks(growth) else 0.0


def _suspect(container: Container, growth: Growth, weight: float) -> Suspect:
    declared = container.file.position(container.at)[0]
    whose = f"field {container.owner}.{container.name}" if container.owner else f"package variable {container.name}"
    return suspect_at(
        growth.function,
        growth.node,
        rule=NAME,
        cause=CAUSE,
        message=f"{whose} ({container.file.name}:{declared}) is appended to, and nothing in this package ever makes it shorter",
        missing=f"a bound on len({container.name}), or a place that empties it",
        remedy="keep the last N in a ring, write out and empty it, or keep it where its use ends",
        weight=round(weight, 2),
        costs="every element that was ever appended and all that it holds",
    )
