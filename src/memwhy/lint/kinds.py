"""What a rule of resources is about: which calls acquire, what releases, what it costs when nobody does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CLOSING = frozenset(
    [
        "close",
        "free",
        "release",
        "destroy",
        "stop",
        "delete",
        "dispose",
        "shutdown",
        "cancel",
        "abort",
        "discard",
        "finish",
        "rollback",
        "commit",
        "unref",
        "unpin",
        "end",
        "teardown",
        "cleanup",
        "done",
        "drop",
        "quit",
        "kill",
        "finalize",
        "fini",
        "term",
        "deinit",
        "recycle",
        "dealloc",
        "freeall",
    ]
)
"""Words in a function's name that may mean a release which we do not know: such a call is given the benefit of the doubt."""

TAKING = frozenset(
    [
        *("take", "takes", "adopt", "steal", "own", "owned", "transfer", "give", "keep", "hold"),
        *("put", "push", "insert", "enqueue", "attach", "link", "submit"),
    ]
)
"""Words in a C function's name that mean that what it is given is its own from then on."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource.

    rule: the rule's NAME. noun: what it is called in a sentence. acquires: calls by name, as `memwhy.lint.types.Called` has
    it, and which of their results is the resource. releases: methods from the resource on, ("Body", "Close"). gives: the
    resource's type, where no table has it. types: result types that are the
    resource whoever gives them, where no body says better (interfaces, other modules). by: functions that release what they are given. called: the resource is a function and is released by calling it. ended: methods that
    have released it once they have said false. kept_by_c: a C function that it is given to may keep it. taken_by:
    words in the name of a C function that takes it over. balanced: told only where another way of the
    function releases it. nil_argument: the call acquires only where that argument is nil; unless: only where this name is
    not among what it is given; failing: only where its status says that it failed. borrowed: functions
    and methods that do not keep an argument. release: what a person would write, with {name} for the variable. loops_only:
    losing one costs nothing, losing one in each turn of a loop does. until_go: modules of this language version or later
    need no release; they weigh little. received: channels of the resource from which a value says that it is over. results: types of
    what other functions of its library give. own_only: balanced where the function
    was given it. dependent: calls that give one which ends with what they are called on.
    """

    rule: str
    cause: str
    noun: str
    acquires: dict[str, int] = field(hash=False)
    releases: frozenset[tuple[str, ...]] = frozenset()
    by: frozenset[str] = frozenset()
    gives: str = ""
    types: frozenset[str] = frozenset()
    called: bool = False
    ended: frozenset[tuple[str, ...]] = frozenset()
    kept_by_c: bool = False
    taken_by: frozenset[str] = TAKING
    nil_argument: int = -1
    unless: str = ""
    failing: bool = False
    balanced: bool = False
    borrowed: frozenset[str] = frozenset()
    weight: float = 0.8
    release: str = ""
    remedy: str = ""
    costs: str = ""
    argument: int = -1
    receiver: bool = False
    status: bool = False
    lent: bool = False
    sign: bytes = b""
    loops_only: bool = False
    until_go: tuple[int, int] | None = None
    received: frozenset[tuple[str, ...]] = frozenset()
    results: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    own_only: bool = False
    dependent: frozenset[str] = frozenset()

    @property
    def packages(self) -> set[str]:
        """The import paths of what acquires: a library's own functions do not keep what it gave."""
        return {name[: name.find(".", name.rfind("/") + 1)] for name in self.acquires if "/" in name}

    def leads(self, path: tuple[str, ...]) -> bool:
        """Whether a release begins with these selectors."""
        return any(release[: len(path)] == path for release in self.releases)


def may_close(name: str) -> bool:
    """Whether a function's or method's name speaks of an end: `CloseWithError`, `free_all`, `doShutdown`."""
    return not CLOSING.isdisjoint(words(name))


def words(name: str) -> list[str]:
    """The words of a name in camel case or with underscores, in lower case."""
    return [word.lower() for word in _WORD.findall(name)]
