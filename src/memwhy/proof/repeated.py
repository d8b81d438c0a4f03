"""One function called again and again: does the process keep something of every call?"""

import time
from array import array
from collections.abc import Callable
from dataclasses import replace

from memwhy.model.case import Series
from memwhy.model.proof import Gate, Limit
from memwhy.proof.gate import hold
from memwhy.trend import trend

STAGE = 40
"""Readings before the first verdict; while it is undecided and there is time their number is doubled. Few looks at the same
data: each one more is another chance to be wrong."""
LEAST = 8
"""Readings that a verdict needs where single calls take long."""
WARM_UP = 0.15
"""Share of the time, or of the calls, that goes by before the first reading: imports, caches, the allocator's first pages."""
PER_STAGE = 0.15
MOST_READINGS = 640

Clock = Callable[[], float]


def repeat(
    call: Callable[[], object],
    read: Callable[[], int],
    limit: Limit,
    *,
    calls: int | None = None,
    for_s: float = 5.0,
    page_bytes: int = 4096,
    clock: Clock = time.monotonic,
) -> Gate:
    """Hold the growth per call against a limit per piece of work. read: the process's resident bytes now.

    With `calls` it is called so often (and a little more, to warm up), and there is one verdict; without, for at most for_s,
    until the verdict is clear. What `call` raises is raised.
    """
    begun_s = clock()
    warmed = _warm_up(call, calls, for_s, clock)
    per_call_s = max((clock() - begun_s) / warmed, 1e-7)
    batch = max(1, calls // STAGE) if calls is not None else max(1, round(PER_STAGE * for_s / STAGE / per_call_s))
    until_s = None if calls is not None else begun_s + for_s
    done, readings = array("q", [0]), array("q", [read()])
    stage = STAGE if calls is None else max(1, calls // batch)
    while True:
        late = _run(call, read, batch, stage, until_s, (done, readings), clock)
        found = hold(_series(done, readings, page_bytes), limit)
        if found.outcome != "undecided" or calls is not None or late or len(done) > MOST_READINGS:
            return replace(found, next_step=_longer(found, done[-1], by_calls=calls is not None))
        stage = len(done) - 1


def _warm_up(call: Callable[[], object], calls: int | None, for_s: float, clock: Clock) -> int:
    """Call without reading; how often."""
    until_s, least = clock() + WARM_UP * for_s, 1 if calls is None else max(1, round(WARM_UP * calls))
    count = 0
    while count < least or (calls is None and clock() < until_s):
        call()
        count += 1
    return count


def _run(
    call: Callable[[], object],
    read: Callable[[], int],
    batch: int,
    stage: int,
    until_s: float | None,
    kept: "tuple[array[int], array[int]]",
    clock: Clock,
) -> bool:
    """Add so many readings, a batch of calls before each; True when the time was over before that."""
    done, readings = kept
    for _ in range(stage):
        for _ in range(batch):
            call()
        done.append(done[-1] + batch)
        readings.append(read())
        if until_s is not None and clock() >= until_s and len(done) >= LEAST:
            return True
    return False


def _series(done: "array[int]", readings: "array[int]", page_bytes: int) -> Series:
    points = tuple((float(x), value) for x, value in zip(done, readings, strict=True))
    course = trend(points, quantum=page_bytes, per="s", restarts=False)
    return Series(
        metric="process.rss_bytes", subject="", clock="work", points=points, quantum=page_bytes, course=course
    )


def _longer(found: Gate, done: int, *, by_calls: bool) -> str | None:
    if found.outcome != "undecided":
        return None
    if found.needed_work is None:
        return "call it much more often, or set the limit further from what was seen"
    many = f"{found.needed_work + done:,.0f} calls instead of {done:,}"
    return f"give it {many}" if by_calls else f"give it the time for {many}"
