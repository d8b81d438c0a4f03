"""Looks into the target's own memory: how deep, how often, and never above a budget of CPU time.

A look reads through /proc/PID/mem and process_vm_readv(2); the target is not stopped. The ledger and the runtime's
numbers are cheap and come often; counting malloc's blocks is dear, searching for what nothing points to is dearer.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from memwhy.model.errors import MemwhyError, NotPermitted
from memwhy.model.evidence import Evidence
from memwhy.model.units import GIB, NS_PER_S
from memwhy.record.clock import timed
from memwhy.record.due import FREE_READS, GENTLE_SHARE, NEVER_NS, SLACK_NS

if TYPE_CHECKING:
    from memwhy.inspect.inspector import Inspector
    from memwhy.model.inspection import Inspection

NAME = "inspect/look"
DOCUMENTS = "inspect/documents"
Depth = Literal["cheap", "malloc", "lost"]
_DEEP: tuple[Depth, ...] = ("lost", "malloc")
EVERY_S: dict[Depth, float] = {"cheap": 2.0, "malloc": 15.0, "lost": 600.0}
EXPECTED_S_PER_GIB: dict[Depth, float] = {"cheap": 0.2, "malloc": 1.0, "lost": 4.0}
"""CPU seconds for each GiB of RSS until a look of that depth was measured; twice what a quiet target takes."""
DOCUMENTS_EVERY_S = 8.0
"""Between what the runtime's own endpoints would have told: growth by site is told from several states of the heap."""
EXPECTED_S_PER_GOROUTINE = 50e-6
"""CPU seconds until documents were read once; twice what was measured."""
BUDGET_SHARE = 0.02
"""Deep looks together take at most this share of the time of the watch, of one core, …"""
BUDGET_LEAST_S = 1.0
"""… or so much, where that is more: two looks at a small process."""
OPEN_END_S = 60.0
MIDWAY_S = 18.0
"""When a watch that may end as soon as it is sure searches for lost memory the first time."""
LONGEST_S = 10.0
"""A search for lost memory holds up the watch no longer, on a machine that has no time for it."""
PATIENCE = 3


class _TooDear(Exception):
    """A look took more than it may."""


class Looks:
    """Decides when to look and how deep, looks, and counts what it cost."""

    def __init__(self, root: str, pid: int) -> None:
        self.root, self.pid = root, pid
        self.planned_s: float | None = None
        """How long the watch will last; None where its end is open."""
        self.go_seen = False
        """The last look read the Go runtime: nobody has to ask its endpoint for the same figures."""
        self.least_s, self.share = BUDGET_LEAST_S, BUDGET_SHARE
        self.spent_ns = 0
        self.counted = False
        """malloc's blocks were counted at least once."""
        self.left_out: str | None = None
        """What was not looked at because it did not fit the budget."""
        self._spent_deep_ns = 0
        self._begun_ns: int | None = None
        self._next_ns: dict[Depth, int] = {"cheap": 0, "malloc": 0, "lost": 0}
        self._cost: dict[Depth, float] = {}
        self._nothing_to_count = self._search_given_up = False
        self._documents_next_ns = 0
        self._documents_s: float | None = None
        self._goroutines = 0
        self._looks = 0
        self._failures = 0
        self._off = False
        self._inspector: Inspector | None = None

    def take(self, now_ns: int, rss_bytes: int, *, last: bool = False) -> Evidence | None:
        """Look if one is due and affordable. rss_bytes: the target's, for what a look will cost. None: no look now."""
        if self._off:
            return None
        if self._begun_ns is None:
            self._begun_ns = now_ns
            self._next_ns["lost"] = now_ns + round(MIDWAY_S * NS_PER_S)
        depth = self._depth(now_ns, rss_bytes, last=last)
        if depth is None:
            return None
        return self._look(depth, now_ns, rss_bytes)

    def take_brief(self, now_ns: int, rss_bytes: int, most_ns: int) -> list[Evidence]:
        """A cheap look and the documents, each if it is expected to take no longer than that; nothing before the first look."""
        if self._off or self._inspector is None or self._begun_ns is None:
            return []
        found = []
        if self._expected_s("cheap", rss_bytes) * NS_PER_S <= most_ns:
            found.append(self._look("cheap", now_ns, rss_bytes))
        if self.go_seen and self._expected_documents_s() * NS_PER_S <= most_ns:
            found.append(self._documents(now_ns))
        return found

    def documents(self, now_ns: int, *, last: bool = False) -> Evidence | None:
        """What the runtime's own endpoints would have told, if due and affordable and the last look read the runtime."""
        if self._off or not self.go_seen or self._begun_ns is None:
            return None
        needed_s = self._expected_documents_s() * (1 if last else 2)
        due = last or self._documents_next_ns <= now_ns + SLACK_NS
        if not due or needed_s > self._left_s(now_ns):
            return None
        return self._documents(now_ns)

    def _expected_documents_s(self) -> float:
        return EXPECTED_S_PER_GOROUTINE * self._goroutines if self._documents_s is None else self._documents_s

    def _documents(self, now_ns: int) -> Evidence:
        began_ns = time.thread_time_ns()

        def read() -> bytes:
            from memwhy.sources.proc.files import join

            if self._inspector is None:
                raise OSError("the target was let go")
            return join(self._inspector.documents())

        evidence = timed(DOCUMENTS, _as_os_error(read, self._denied))
        cost_ns = time.thread_time_ns() - began_ns
        self.spent_ns += cost_ns
        self._spent_deep_ns += cost_ns
        self._documents_s = cost_ns / NS_PER_S
        self._documents_next_ns = now_ns + round(max(DOCUMENTS_EVERY_S * NS_PER_S, cost_ns / GENTLE_SHARE))
        return evidence

    def forget(self) -> None:
        """The process runs another program now: attach anew at the next look."""
        self.close()
        self.go_seen = False

    def close(self) -> None:
        """Let go of the target."""
        if self._inspector is not None:
            self._inspector.close()
            self._inspector = None

    # -- when, and how deep ---------------------------------------------------------------------

    def _depth(self, now_ns: int, rss_bytes: int, *, last: bool) -> Depth | None:
        for depth in _DEEP:
            if depth == "lost" and self._search_given_up:
                continue
            due = last or self._next_ns[depth] <= now_ns + SLACK_NS
            if due and self._affordable(depth, now_ns, rss_bytes, last=last):
                return depth
        if last and not self._nothing_to_count:
            again = " again" if self.counted else ""
            expected_s = self._expected_s("malloc", rss_bytes)
            self.left_out = (
                f"malloc's blocks were not counted{again}: that would have taken about {expected_s:.1f} s of CPU"
            )
        return "cheap" if last or self._next_ns["cheap"] <= now_ns + SLACK_NS else None

    def _affordable(self, depth: Depth, now_ns: int, rss_bytes: int, *, last: bool) -> bool:
        """It fits what is left of the budget, and a closing look of the same depth with it."""
        needed_s = self._expected_s(depth, rss_bytes) * (1 if last or self.planned_s is None else 2)
        return needed_s <= self._left_s(now_ns)

    def _left_s(self, now_ns: int) -> float:
        """CPU seconds that deep looks may still take."""
        assert self._begun_ns is not None
        elapsed_s = (now_ns - self._begun_ns) / NS_PER_S
        allowed_s = max(self.least_s, self.share * (self.planned_s or max(OPEN_END_S, elapsed_s)))
        return allowed_s - self._spent_deep_ns / NS_PER_S

    def _expected_s(self, depth: Depth, rss_bytes: int) -> float:
        per_gib = self._cost.get(depth, EXPECTED_S_PER_GIB[depth])
        return per_gib * max(rss_bytes, GIB // 64) / GIB

    # -- looking --------------------------------------------------------------------------------

    def _look(self, depth: Depth, now_ns: int, rss_bytes: int) -> Evidence:
        began_ns = time.thread_time_ns()
        attached_ns = 0
        found: Inspection | None = None

        def read() -> bytes:
            nonlocal attached_ns, found
            from memwhy.inspect import to_json  # dear to import; never where nobody looks
            from memwhy.inspect.inspector import Inspector

            if self._inspector is None:
                self._inspector = Inspector.open(self.pid, root=self.root)
            attached_ns = time.thread_time_ns() - began_ns
            found = self._search(self._inspector, now_ns) if depth == "lost" else None
            if found is None:
                found = self._inspector.look(malloc=depth != "cheap", goroutines=depth != "cheap")
            return to_json(found)

        evidence = timed(NAME, _as_os_error(read, self._denied))
        cost_ns = time.thread_time_ns() - began_ns
        self.spent_ns += cost_ns
        self._spent_deep_ns += 0 if depth == "cheap" else cost_ns - attached_ns
        self._looks += 1
        if found is None:
            self._failed()
            self._plan(depth, now_ns, cost_ns)
            return evidence
        self._failures = 0
        self.counted = self.counted or found.malloc is not None
        self._nothing_to_count = depth != "cheap" and found.malloc is None
        self.go_seen = found.go is not None and bool(found.go.memstats)
        self._goroutines = found.go.goroutines or 0 if found.go is not None else 0
        self._cost[depth] = (cost_ns - attached_ns) / NS_PER_S * GIB / max(rss_bytes, GIB // 64)
        self._plan(depth, now_ns, cost_ns - attached_ns)
        return evidence

    def _search(self, inspector: "Inspector", now_ns: int) -> "Inspection | None":
        """Count, and search for what nothing points to; None when that went beyond the budget and was given up for good."""
        began_s, until_s = time.monotonic(), time.thread_time_ns() / NS_PER_S + self._left_s(now_ns)

        def within_budget(doing: str) -> None:
            if time.thread_time_ns() / NS_PER_S > until_s or time.monotonic() - began_s > LONGEST_S:
                raise _TooDear(doing)

        try:
            return inspector.look(lost=True, progress=within_budget)
        except _TooDear:
            self._next_ns["lost"] = NEVER_NS
            self._search_given_up = True
            self.left_out = "what nothing points to was not searched for to the end: that would have taken too long"
            return None

    def _plan(self, depth: Depth, now_ns: int, cost_ns: int) -> None:
        """A deeper look does the shallower ones' work too."""
        wait_s = EVERY_S[depth]
        if self._looks > FREE_READS or depth != "cheap":
            wait_s = max(wait_s, cost_ns / NS_PER_S / GENTLE_SHARE)
        shallower: dict[Depth, tuple[Depth, ...]] = {
            "cheap": ("cheap",),
            "malloc": ("malloc", "cheap"),
            "lost": ("lost", "malloc", "cheap"),
        }
        for one in shallower[depth]:
            least_s = wait_s if one == depth else EVERY_S[one]
            self._next_ns[one] = max(self._next_ns[one], now_ns + round(least_s * NS_PER_S))

    def charge(self, cost_ns: int) -> None:
        """Count what the consumer spent on the last look as well, and look later for it."""
        self.spent_ns += cost_ns
        if self._looks > FREE_READS:
            self._next_ns["cheap"] += round(cost_ns / GENTLE_SHARE)

    def _denied(self) -> None:
        self._off = True

    def _failed(self) -> None:
        self._failures += 1
        self.go_seen = False
        self.close()
        if self._failures >= PATIENCE:
            self._off = True


def _as_os_error(read: Callable[[], bytes], denied: Callable[[], None]) -> Callable[[], bytes]:
    """What a look raises, as the evidence's own kind of error."""

    def wrapped() -> bytes:
        try:
            return read()
        except NotPermitted as error:
            denied()
            raise PermissionError(f"not permitted: {error.message}") from error
        except MemwhyError as error:
            raise OSError(error.message) from error

    return wrapped
