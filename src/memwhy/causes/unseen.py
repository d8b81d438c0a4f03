"""Unseen: the fastest growth that a flat total can hide, by everything that was read of it.

The total's own bound is loose where a collector's saw-tooth or one burst makes it noisy. There the parts bound it better:
what cannot be noise in one of them (live objects, malloc's blocks in use) is no more than their own course allows.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from memwhy.model import inside
from memwhy.model.case import Case, Series
from memwhy.model.trend import Trend
from memwhy.model.units import MIB
from memwhy.model.weigh import SAME_WINDOW, SLIGHT_LEAST_BYTES, smallest_goal_bytes, total

SLOWEST_PER_S = MIB / 60
"""The slowest leak that a watch is to find: it takes 1.4 GiB a day."""
AN_HOUR = 0.1
"""Of a large process, what adds less than a tenth in an hour is no leak that a minute could show."""
BURST_BYTES = 5 * MIB
"""In one step, it is no stair of the slowest leak, which takes five minutes for it: the step is told, and what came after
it is judged."""
SHORTEST_S = 30.0
"""A shorter rest says nothing of a stair that comes each half minute."""
BESIDE = ("process.children_rss_bytes", "process.page_tables_bytes")
"""What grows beside RSS, which says nothing of it."""
MALLOC = frozenset({"layer.native_heap_bytes", "layer.native_arenas_bytes"})
CODE = "layer.file_code_bytes"
"""Pages of code are no more than the file has: what is run for the first time is read in."""
GO_HEAP = "layer.go_heap_bytes"


def matters_per_s(case: Case) -> float:
    """The growth that a watch must have been able to see before it may be called steady."""
    whole = total(case)
    level = whole.last if whole is not None else 0
    return max(SLOWEST_PER_S, AN_HOUR * level / 3600)


def unseen_per_s(case: Case) -> float | None:
    """The fastest growth in bytes a second that all which was read can hide; None without a total that has a course."""
    whole = total(case)
    own = _bound(whole)
    if whole is None or own is None:
        return None
    parts = _parts(case, whole) if case.total == "process.rss_bytes" else None
    beside = [_bound(series) for metric in BESIDE if (series := case.series.get(metric)) is not None and series.most]
    # so little as this may be first touches; memory comes in stairs, and a few flat readings between two bound nothing
    stair = SLIGHT_LEAST_BYTES / whole.course.span if isinstance(whole.course, Trend) else 0.0
    return max(stair, own if parts is None else min(own, parts), *(own if one is None else one for one in beside))


def _bound(series: Series | None) -> float | None:
    """What its own course allows: the slope that would have been told from its noise, or, where that is less, all that it
    rose and one more stair as large as its largest."""
    course = series.course if series is not None else None
    if series is None or not isinstance(course, Trend) or course.per != "s":
        return None
    return _least(max(course.detectable, course.high, 0.0), _band(series))


def _band(series: Series) -> float | None:
    """It grew by no more than it ever rose, and its largest stair may be due again: over the whole time, over the last two
    thirds or the last third of it, or since the last burst, whichever tells most of what goes on now. What counts as a stair
    is seen over twice the time."""
    first, last = series.points[0][0], series.points[-1][0]
    moves = [later - value for (_, value), (_, later) in pairwise(series.points)]
    burst = max((at for at, move in enumerate(moves, 1) if abs(move) > BURST_BYTES), default=0)
    shares = (1, 2 / 3, 1 / 3) if last - first >= 3 * SHORTEST_S else (1, 2 / 3)
    begins = [_place(series, last - share * (last - first)) for share in shares]
    bounds = []
    for at in {burst, *(place for place in begins if place >= burst)}:
        seen = moves[_place(series, last - 2 * (last - series.points[at][0])) :]
        stair = max((move for move in seen if 0 < move <= BURST_BYTES), default=0)
        bounds.append(_since(series.points[at:], stair))
    return _least(*bounds)


def _place(series: Series, at_s: float) -> int:
    """The first reading at that time or after it."""
    return next(place for place, (x, _) in enumerate(series.points) if x >= at_s)


def _since(points: Sequence[tuple[float, int]], stair: int) -> float | None:
    """What it rose at most, from any reading to a later one, and one stair more: what was given back is no growth."""
    span = points[-1][0] - points[0][0]
    least, rose = points[0][1], 0
    for _, value in points:
        least = min(least, value)
        rose = max(rose, value - least)
    return (rose + stair) / span if span > 0 else None


def _parts(case: Case, whole: Series) -> float | None:
    """The layers' bounds together, the heaps' by what is in use of them; None where a layer has no course."""
    if case.account is None:
        return None
    names = {layer.metric for layer in case.account.layers} - {CODE}
    malloc = _in_use(case.series.get(inside.HELD), whole) if MALLOC & names else None
    sums = [_bound(case.series.get(name)) for name in names - MALLOC - {GO_HEAP} if name in case.series]
    sums.append(_least(malloc, _sum(_bound(case.series.get(name)) for name in MALLOC & names)))
    if GO_HEAP in names:
        sums.append(_least(_bound(case.series.get(GO_HEAP)), _lives(case)))
    return _sum(sums)


def _lives(case: Case) -> float | None:
    """What the objects that live on Go's heap, and its stacks, can have grown by, where collections showed them: garbage
    and free pages between them are no growth. Two collections in the watch, one of them late; else None."""
    alloc, count = case.series.get("go.heap_alloc_bytes"), case.series.get("go.gc_count")
    if alloc is None or count is None or count.last - count.first < 2 or len(alloc.points) < 2:
        return None
    begun, ended = alloc.points[0][0], alloc.points[-1][0]
    middle = (begun + ended) / 2
    if count.last == max((value for x, value in count.points if x <= middle), default=count.last):
        return None
    # what lived at any moment is no more than what was allocated then, dead objects included
    fastest = min(value / (x - begun) for x, value in alloc.points if x > middle)
    stacks = case.series.get("go.stack_inuse_bytes")
    of_stacks = 0.0 if stacks is None else _bound(stacks)
    live = None if _at_least_goal(case) else _bound(case.series.get("derived.go_live_bytes"))
    return None if of_stacks is None else _least(fastest + of_stacks, live)


def _at_least_goal(case: Case) -> bool:
    """The goal was the smallest there is at some time, and says nothing of what lives below it."""
    goal, least = case.series.get("go.next_gc_bytes"), smallest_goal_bytes(case)
    return goal is None or (least is not None and goal.least <= least)


def _in_use(held: Series | None, whole: Series) -> float | None:
    """What malloc's blocks in use can have grown by: two counts are enough, of which one is early and one late."""
    if held is None or len(held.points) < 2:
        return None
    spans = [one.points[-1][0] - one.points[0][0] for one in (held, whole)]
    late = held.points[-1][0] >= whole.points[0][0] + SAME_WINDOW * spans[1]
    return _least(_bound(held), _band(held)) if late and spans[0] >= SAME_WINDOW * spans[1] else None


def _least(*bounds: float | None) -> float | None:
    """The tightest of the bounds that there are."""
    return min((one for one in bounds if one is not None), default=None)


def _sum(bounds: Iterable[float | None]) -> float | None:
    """All of them together; None where one is missing."""
    known = tuple(bounds)
    return None if None in known else sum(one for one in known if one is not None)
