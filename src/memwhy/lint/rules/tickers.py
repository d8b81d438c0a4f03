"""Tickers and timers that nobody stops.

Before Go 1.23 (the `go` line of go.mod) a ticker that is not stopped stays in the runtime's heap of timers for good, about
200 bytes and its wake-ups; a timer until it fires. From 1.23 on both are collected (go.dev/doc/go1.23, Timer changes).
"""

from collections.abc import Iterable

from memwhy.lint.kinds import Kind
from memwhy.lint.source import Package, Tree
from memwhy.lint.standard import COLLECTED_TIMERS
from memwhy.lint.survey import suspects
from memwhy.model.suspect import Suspect

NAME = "ticker-stop"
CAUSE = "heap-leak"
TOKENS = (b"NewTicker", b"NewTimer", b"time.Tick")

TICKER = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the ticker",
    acquires={"time.NewTicker": 0, "time.Tick": 0},
    releases=frozenset((("Stop",),)),
    weight=0.8,
    release="{name}.Stop()",
    remedy="`defer ticker.Stop()` behind the call, or `go 1.23` in go.mod, from which on tickers are collected",
    costs="some 200 bytes and a wake-up at every tick, for good",
    until_go=COLLECTED_TIMERS,
)
TIMER = Kind(
    rule=NAME,
    cause=CAUSE,
    noun="the timer",
    acquires={"time.NewTimer": 0},
    releases=frozenset((("Stop",),)),
    weight=0.6,
    release="{name}.Stop()",
    remedy="stop the timer when something else came first, or make one before the loop and Reset it",
    costs="some 200 bytes and what its channel holds, until it fires",
    loops_only=True,
    received=frozenset((("C",),)),
    until_go=COLLECTED_TIMERS,
)


def kinds(tree: Tree) -> tuple[Kind, ...]:
    """What the survey looks for."""
    del tree
    return (TICKER, TIMER)


def check(package: Package) -> Iterable[Suspect]:
    """Tickers and timers that are lost unstopped."""
    return suspects(package, NAME)
