"""Contexts whose cancel function is never called.

A child of a context that can be cancelled stays registered with its parent until one of the two ends; with a deadline it
holds a timer until then (context, WithCancel). A child of context.Background registers nowhere: not calling its cancel
costs nothing but what waits for it.
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "context-cancel"
CAUSE = "heap-leak"
TOKENS = (b"context", b"NotifyContext")

_FUNCTIONS = ("WithCancel", "WithTimeout", "WithDeadline", "WithCancelCause", "WithTimeoutCause", "WithDeadlineCause")

KIND = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the context",
    acquires={**{f"context.{name}": 1 for name in _FUNCTIONS}, "os/signal.NotifyContext": 1},
    called=True,
    weight=0.8,
    release="{name}()",
    remedy="call the cancel function on every way, `defer cancel()` behind the call",
    costs="the child context stays with its parent until that ends, and its timer until the deadline",
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (KIND,)


def check(package: Package) -> Iterable[Suspect]:
    """Contexts that are not cancelled on some way."""
    return suspects(package, NAME)
