"""Every rule, one file each.

A rule is a module with `NAME` (as people suppress it), `CAUSE` (a cause id of the report), `TOKENS` (bytes of which a
package must hold at least one, anywhere; empty: every package), a docstring that says what it finds and what that costs, and
`check(package) -> Iterable[Suspect]`. A rule reads nothing but the package and, through `package.tree`, its neighbours.
"""

from collections.abc import Iterable
from typing import Protocol

from memwhy.lint.kinds import Kind
from memwhy.lint.rules import (
    after_in_loop,
    bodies,
    cgo_memory,
    cgo_wrappers,
    compressors,
    contexts,
    database,
    defer_in_loop,
    files,
    finalizers,
    growing_slice,
    handles,
    kept_slice,
    pinners,
    pooled_buffer,
    references,
    stuck_goroutine,
    tickers,
    transport_per_call,
    unbounded_map,
)
from memwhy.lint.source import Package, Tree
from memwhy.model.suspect import Suspect


class Rule(Protocol):
    """What a module of this folder offers."""

    NAME: str
    CAUSE: str

    @property
    def TOKENS(self) -> tuple[bytes, ...]:  # noqa: N802  a constant of the module
        """Bytes of which a package must hold at least one."""

    def check(self, package: Package) -> Iterable[Suspect]:
        """The suspects of one package."""


class Resource(Rule, Protocol):
    """A rule about something that is acquired and has to be released: the survey follows its kinds."""

    def kinds(self, tree: Tree) -> tuple[Kind, ...]:
        """What the rule is about in this tree."""


RESOURCES: tuple[Resource, ...] = (
    bodies,
    compressors,
    database,
    files,
    tickers,
    contexts,
    cgo_memory,
    cgo_wrappers,
    references,
    handles,
    pinners,
)
"""The rules of resources, which one `memwhy.lint.survey.Survey` answers together."""

RULES: tuple[Rule, ...] = (
    *RESOURCES,
    finalizers,
    transport_per_call,
    stuck_goroutine,
    after_in_loop,
    defer_in_loop,
    unbounded_map,
    growing_slice,
    kept_slice,
    pooled_buffer,
)
"""Every rule, in the order in which the documentation tells them."""
