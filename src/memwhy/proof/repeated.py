"""One function called again and again: does the process keep something of every call?"""

import inspect
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import replace

from memwhy.model.case import Series
from memwhy.model.errors import UsageError
from memwhy.model.proof import Gate, Limit
from memwhy.model.units import MIB, human_bytes
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
HIDDEN_BYTES = 16 * MIB
"""Where what is in use cannot be counted, so much may go into memory that was freed and kept before RSS grows."""
SLIGHT_BYTES = 32 << 10
"""Growth of what is in use by less shows nothing: Python's own caches and tables move by some KiB, and not at random."""
BLOCK_BYTES = 16
"""What malloc and Python hand out is a multiple of this."""

Clock = Callable[[], float]
Readings = tuple["array[int]", "array[int]", "array[int]"]
"""Calls until then, resident bytes, bytes in use (0 where nobody counts them)."""


def repeat(
    call: Callable[[], object],
    read: Callable[[], int],
    limit: Limit,
    *,
    in_use: Callable[[], int] | None,
    calls: int | None = None,
    for_s: float = 5.0,
    page_bytes: int = 4096,
    clock: Clock = time.monotonic,
) -> Gate:
    """Hold the growth per call against a limit per piece of work. read: the process's resident bytes now; in_use: of
    allocators that keep what is freed, where they tell (memwhy.proof.own).

    With `calls` it is called so often (and a little more, to warm up), and there is one verdict; without, for about for_s,
    until the verdict is clear; a call that takes long is made LEAST times all the same. What `call` raises is raised.
    Raises UsageError where a call only makes a coroutine or a generator.
    """
    begun_s = clock()
    per_call_s = _warm_up(call, calls, for_s, clock)
    batch = max(1, calls // STAGE) if calls is not None else max(1, round(PER_STAGE * for_s / STAGE / per_call_s))
    until_s = None if calls is not None else begun_s + for_s
    kept: Readings = (array("q"), array("q"), array("q"))
    _keep(kept, 0, read, in_use)
    stage = STAGE if calls is None else -(-calls // batch)
    while True:
        late = _run(call, lambda done: _keep(kept, done, read, in_use), kept[0], batch, stage, calls, until_s, clock)
        found = _held(kept, page_bytes, limit, counted=in_use is not None)
        done = kept[0]
        if found.outcome != "undecided" or calls is not None or late or len(done) > MOST_READINGS:
            return replace(found, next_step=_longer(found, done[-1], by_calls=calls is not None))
        stage = len(done) - 1


def _warm_up(call: Callable[[], object], calls: int | None, for_s: float, clock: Clock) -> float:
    """Call without reading; the seconds of a call. The first, which may import and compile, is not counted."""
    begun_s = clock()
    _refuse_unrun(call())
    until_s, least = begun_s + WARM_UP * for_s, 1 if calls is None else max(1, round(WARM_UP * calls))
    begun_s, count = clock(), 0
    while count + 1 < least or (calls is None and clock() < until_s):
        call()
        count += 1
    if not count and calls is None:
        call()
        count = 1
    return max((clock() - begun_s) / max(1, count), 1e-7)


def _refuse_unrun(result: object) -> None:
    """Raises UsageError where the function's own code has not run by the time it returned."""
    if not inspect.isawaitable(result) and not inspect.isgenerator(result) and not inspect.isasyncgen(result):
        return
    if inspect.iscoroutine(result):
        result.close()
    raise UsageError(
        f"the call returns a {type(result).__name__} and runs nothing",
        help="give a call that runs it to its end: lambda: asyncio.run(main()), lambda: list(rows())",
    )


def _run(
    call: Callable[[], object],
    keep: Callable[[int], None],
    done: "array[int]",
    batch: int,
    stage: int,
    calls: int | None,
    until_s: float | None,
    clock: Clock,
) -> bool:
    """Add so many readings, a batch of calls before each, the last one what is left of `calls`; True when the time was
    over before that."""
    for _ in range(stage):
        many = batch if calls is None else min(batch, calls - done[-1])
        for _ in range(many):
            call()
        keep(done[-1] + many)
        if until_s is not None and clock() >= until_s and len(done) >= LEAST:
            return True
    return False


def _keep(kept: Readings, done: int, read: Callable[[], int], in_use: Callable[[], int] | None) -> None:
    """One more reading; what is in use without the readings themselves."""
    resident_bytes = read()
    used_bytes = 0 if in_use is None else in_use() - sum(map(sys.getsizeof, kept))
    for column, value in zip(kept, (done, resident_bytes, used_bytes), strict=True):
        column.append(value)


def _held(kept: Readings, page_bytes: int, limit: Limit, *, counted: bool) -> Gate:
    """RSS and what is in use, each held against the limit: the worse of the two. RSS alone excludes only growth that
    freed memory could not have taken in."""
    done, resident, used = kept
    found = hold(_series("process.rss_bytes", done, resident, page_bytes), limit)
    if counted:
        other = hold(_series("process.allocated_bytes", done, used, BLOCK_BYTES), limit)
        if other.outcome == "exceeded" and used[-1] - used[0] < SLIGHT_BYTES:
            other = replace(
                other, outcome="undecided", headline="What is in use grew, but too little to be told from chance."
            )
        return max(found, other, key=lambda one: ("within", "undecided", "exceeded").index(one.outcome))
    hidden = limit.bytes * done[-1]
    if found.outcome != "within" or hidden > HIDDEN_BYTES:
        return found
    why = (
        f"RSS is level, but {human_bytes(hidden)} may have gone into memory that was freed before, and what is in use"
        " cannot be counted here."
    )
    more = HIDDEN_BYTES / limit.bytes - done[-1]
    return replace(found, outcome="undecided", headline=why, needed_work=more)


def _series(metric: str, done: "array[int]", readings: "array[int]", quantum: int) -> Series:
    points = tuple((float(x), value) for x, value in zip(done, readings, strict=True))
    course = trend(points, quantum=quantum, per="s", restarts=False)
    return Series(metric=metric, subject="", clock="work", points=points, quantum=quantum, course=course)


def _longer(found: Gate, done: int, *, by_calls: bool) -> str | None:
    if found.outcome != "undecided":
        return None
    if found.needed_work is None:
        return "call it much more often, or set the limit further from what was seen"
    many = f"{found.needed_work + done:,.0f} calls instead of {done:,}"
    return f"give it {many}" if by_calls else f"give it the time for {many}"
