"""Every rule, one file each.

A rule is a module with `NAME` (as people suppress it), `CAUSE` (a cause id of the report), `TOKENS` (bytes of which a
package must hold at least one, anywhere; empty: every package), a docstring that says what it finds and what that costs, and
`check(package) -> Iterable[Suspect]`. A rule reads nothing but the package and, through `package.tree`, its neighbours.
"""

from collections.abc import Iterable
from typing import Protocol

from memwhy.lint.rules import (
    after_in_loop,
    defer_in_loop,
    growing_slice,
    kept_slice,
    pooled_buffer,
    stuck_goroutine,
    transport_per_call,
    unbounded_map,
)
from memwhy.lint.source import Package
from memwhy.model.suspect import Suspect


class Rule(Protocol):
    """What a module of this folder offers."""

    NAME: str
    CAUSE: str
    TOKENS: tuple[bytes, ...]

    def check(self, package: Package) -> Iterable[Suspect]:
        """The suspects of one package."""


RULES: tuple[Rule, ...] = (
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
