"""A collection in the target, asked for at its own endpoint: the usual one, or the one that looks for leaked goroutines."""

import re
import time
from dataclasses import replace

from memwhy.model.case import Case
from memwhy.model.errors import MemwhyError, ParseError
from memwhy.model.likelihood import separation_bits
from memwhy.model.probe import Experiment, Result
from memwhy.model.units import NS_PER_S, human_bytes, human_duration
from memwhy.probe import predictions
from memwhy.probe.measuring import measured, measured_later
from memwhy.sources.go import count_text, goroutine_text, heap_text
from memwhy.sources.go.endpoint import Endpoint, fetch

HEAP, FORCED = "/debug/pprof/heap?debug=1", "/debug/pprof/heap?gc=1&debug=1"
GOROUTINES = "/debug/pprof/goroutine?debug=1"
INDEX, LEAKED = "/debug/pprof/", "/debug/pprof/goroutineleak?debug=1"
_FETCH_S, _COLLECT_S = 5.0, 60.0
_MOST_BYTES = 64 << 20
_TRIES, _EVERY_S = 8, 1.0
"""For a moment at which there is something to collect: just behind a collection nothing is to be learned."""
_ENOUGH_BITS = 0.5
_LAST = re.compile(rb"^# LastGC = (\d{1,20})$", re.MULTILINE)
"""Of MemStats, in ns since 1970; 0 before the first collection."""


class CannotProbe(MemwhyError):
    """The experiment cannot be made on this target; nothing was done to it."""

    exit_code = 3


def state_collection(case: Case, endpoint: Endpoint | None) -> tuple[Experiment, predictions.Heap]:
    """What a forced collection should show, at a moment that tells the hypotheses apart; and of which heap that holds.

    Raises CannotProbe.
    """
    asked = need(endpoint)
    even = {"heap-leak": 0.5, "gc-headroom": 0.5}
    began_s, ended_s = time.monotonic(), case.series["process.rss_bytes"].points[-1][0]
    for attempt in range(_TRIES):
        heap = read_heap(asked, HEAP)
        stated = predictions.collection(case, heap, ended_s + time.monotonic() - began_s)
        if separation_bits(stated, even, ("heap-leak", "gc-headroom")) >= _ENOUGH_BITS or attempt == _TRIES - 1:
            break
        time.sleep(_EVERY_S)
    return stated, heap


def collect(
    stated: Experiment, heap: predictions.Heap, case: Case, endpoint: Endpoint | None, root: str, pid: int
) -> Experiment:
    """Make it. heap: for which it was stated. Raises CannotProbe, TargetGone."""
    asked = need(endpoint)
    courses = [measured(root, pid, "before", case)]
    before = read_heap(asked, HEAP)
    if before.collections != heap.collections:
        raise CannotProbe(
            "it collected by itself after the prediction was stated: what that one took away would be taken for live",
            help="try again",
        )
    began_s = time.monotonic()
    after = read_heap(asked, FORCED, timeout_s=_COLLECT_S)
    took_s = time.monotonic() - began_s
    if after.collections <= before.collections:
        raise CannotProbe(f"{asked.base} answered without a collection: it does not know ?gc=1")
    courses.append(measured(root, pid, "just after", case))
    courses += measured_later(root, pid, case)
    fell = before.alloc_bytes - after.alloc_bytes
    said = (
        f"the Go heap was {human_bytes(before.alloc_bytes)} before and {human_bytes(after.alloc_bytes)} after a collection that"
        f" took {human_duration(took_s)}, answer included; {human_bytes(after.total_bytes - before.total_bytes)} were allocated"
        " meanwhile and may count as live",
    )
    return replace(stated, result=Result(value=float(fell), said=said, measured=tuple(courses)))


def state_leak_profile(case: Case, endpoint: Endpoint | None) -> Experiment:
    """What the leak profile should show. Raises CannotProbe where the endpoint has none: asking for the list runs nothing."""
    asked = need(endpoint)
    try:
        index = fetch(asked, INDEX, _FETCH_S, _MOST_BYTES)
    except OSError as error:
        raise CannotProbe(f"{asked.base}{INDEX} could not be read: {error.strerror or error}") from error
    if b"goroutineleak" not in index:
        raise CannotProbe(
            f"{asked.base} has no goroutineleak profile",
            help="build with Go 1.26 and GOEXPERIMENT=goroutineleakprofile, or with a newer Go",
        )
    try:
        found = goroutine_text.parse(fetch(asked, GOROUTINES, _FETCH_S, _MOST_BYTES))
    except (OSError, ParseError) as error:
        raise CannotProbe(f"{asked.base}{GOROUTINES} gave no count: {error}") from error
    return predictions.goroutine_leak(case, found.metrics.get("go.goroutines_count", 0))


def find_leaked(stated: Experiment, case: Case, endpoint: Endpoint | None, root: str, pid: int) -> Experiment:
    """Make it. Raises CannotProbe, TargetGone."""
    asked = need(endpoint)
    courses = [measured(root, pid, "before", case)]
    began_s = time.monotonic()
    try:
        reading = count_text.parse(fetch(asked, LEAKED, _COLLECT_S, _MOST_BYTES))
    except (OSError, ParseError) as error:
        raise CannotProbe(f"{asked.base}{LEAKED} gave no profile: {error}") from error
    took_s = time.monotonic() - began_s
    courses.append(measured(root, pid, "just after", case))
    count = int(reading.facts.get("go.leaked_goroutines", "0"))
    said = (f"{count:,} goroutines can never be woken again; the look took {human_duration(took_s)}, answer included",)
    return replace(stated, result=Result(value=float(count), said=said, measured=tuple(courses)))


def need(endpoint: Endpoint | None) -> Endpoint:
    """The endpoint. Raises CannotProbe where there is none."""
    if endpoint is None:
        raise CannotProbe(
            "a collection is asked for at the program's own pprof endpoint, and none was found",
            help="import net/http/pprof and listen on loopback, or name it with --pprof URL",
        )
    return endpoint


def read_heap(endpoint: Endpoint, path: str, *, timeout_s: float = _FETCH_S) -> predictions.Heap:
    """MemStats as the heap profile's text brings them. Raises CannotProbe."""
    try:
        raw = fetch(endpoint, path, timeout_s, _MOST_BYTES)
        metrics = heap_text.parse(raw).metrics
        last = _LAST.search(raw)
        since_s = time.time() - int(last[1]) / NS_PER_S if last is not None and int(last[1]) else None
        return predictions.Heap(
            alloc_bytes=metrics["go.heap_alloc_bytes"],
            total_bytes=metrics["go.total_alloc_bytes"],
            collections=metrics["go.gc_count"],
            since_s=None if since_s is None else max(0.0, since_s),
        )
    except (OSError, ParseError, KeyError) as error:
        raise CannotProbe(f"{endpoint.base}{path} gave no MemStats: {error}") from error
