"""A map that lives as long as the program, is only ever added to, and by what comes in: a cache without a bound, a count per client.

The package's own code is all that is read: nothing in it deletes, clears, replaces, bounds or gives the map away. What speaks for it
beside that: the addition comes with each request, connection or message, by what its function or those that call it are given, or
other packages may make it as often as they like and the entry is looked up before (a cache) or counted up. Keys of few values,
registries, and what is filled at the beginning are left out. What it
costs: an entry with its key, and all that the value holds, for every key that ever came.
"""

import re
from collections.abc import Iterable

from memwhy.lint.captured import captured
from memwhy.lint.coming import is_api, offered
from memwhy.lint.growing import Growth, comes_with, constants_only, few_by_name, growths, locks, named_as_cache
from memwhy.lint.source import Package
from memwhy.lint.standing import Container, containers
from memwhy.lint.telling import suspect_at
from memwhy.model.suspect import Suspect

NAME = "unbounded-map"
CAUSE = "heap-leak"
TOKENS = (b"map[", b"sync.Map")

_HOSTS = re.compile(r"^\*?(?:\w+\.)?(?:\w*Client|\w*ClientConn|DB|\w*Pool|\w*Transport|\w*Dialer)$")

_LOCK = re.compile(r"\bsync\.(?:RW)?Mutex\b")
"""In the value's type or where it is made: a lock for each key is looked up by a helper of what others call, and is never given back."""


def check(package: Package) -> Iterable[Suspect]:
    """One suspect for each such map, at the addition that says most."""
    standing = ((one, growths(package, one)) for one in containers(package) if one.kind != "slice")
    for container, added in (*standing, *(one for one in captured(package) if one[0].kind != "slice")):
        weighed = [(_weight(growth, container), growth) for growth in added]
        weight, growth = max(weighed, key=lambda one: one[0], default=(0.0, None))
        if growth is not None and weight > 0:
            yield _suspect(container, growth, weight)


def _weight(growth: Growth, container: Container) -> float:
    """How sure it is: by how its additions come, and by what tells a cache or a count from a table that is filled."""
    if _HOSTS.search(container.value):
        return 0.4  # one for each host that is talked to
    if constants_only(growth):
        return 0.0
    hint = (0.1 if named_as_cache(container) else 0.0) - (0.4 if few_by_name(growth) else 0.0)
    comes = "request" if container.local else comes_with(growth)
    if comes == "request":
        return 0.75 + hint
    shared = container.kind == "sync.Map" or locks(growth)
    passing = growth.asked or growth.counted
    if comes == "round":
        return (0.75 if passing or shared else 0.55) + hint
    if not (
        is_api(growth.function) or (_LOCK.search(container.value or growth.node.text) and offered(growth.function))
    ):
        return max(0.35 + hint, 0.1) if passing or shared else 0.0
    if passing:
        return max(
            (0.75 if shared else 0.35) + hint, 0.1
        )  # what nobody guards is of a program that does one thing and ends
    return 0.45 + hint if container.owner or shared else 0.0


def _suspect(container: Container, growth: Growth, weight: float) -> Suspect:
    declared = container.file.position(container.at)[0]
    what = (
        "an entry is counted"
        if growth.counted
        else "an entry is made where there was none"
        if growth.asked
        else "an entry is put in"
    )
    return suspect_at(
        growth.function,
        growth.node,
        rule=NAME,
        cause=CAUSE,
        message=f"{what} under {growth.key}, and nothing in this package ever takes one out of {container.whose} ({container.file.name}:{declared})",
        missing=f"a delete from {container.name}, or a bound on len({container.name})",
        remedy="bound it: delete what is old or over (an LRU cache, entries with a time and a sweep), or empty it where its use ends",
        weight=round(weight, 2),
        costs="an entry, its key and all that its value holds, for every key that ever came",
    )
