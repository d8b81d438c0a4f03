"""Weighing: how much of the growth (or of the size) one part of the case can explain, at least and at most.

All shares are of the total's own growth. Where both have a trend over the same kind of time the intervals
are used; where one has too few points, the change that was seen plus its quantum is the bound.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from memwhy.model.case import Case, Series
from memwhy.model.gosettings import gogc_percent
from memwhy.model.metrics import label
from memwhy.model.trend import Trend
from memwhy.model.units import KIB, MIB, human_bytes, human_change, human_range, human_rate

MAIN = 0.5
"""A part that explains at least this share of the growth is a main suspect."""
MINOR = 0.2
"""A part that can explain at most this share of the growth is acquitted of being its cause."""
SLIGHT_LEAST_BYTES = 512 * KIB
SLIGHT_MOST_BYTES = MIB
FIRST_TOUCHES_BYTES = 256 * KIB
"""Of stacks, of libraries' data, of malloc's top: what may come beside Go's own in a young process."""
REQUEST_BYTES = 48 * KIB
"""Measured with Go 1.26 in small programs: a request for a text profile allocates 20 KiB and adds 35 to 45 KiB to RSS."""
FIRST_COLLECTION_BYTES = 4 * MIB
"""The heap size of the first collection at GOGC=100 (runtime/mgcpacer.go: defaultHeapMinimum)."""
FEWEST_BESIDE = 3
"""Readings of a part, each beside one of the total: of two, one may be of a single step."""
NEAR_S = 0.5
"""Half of the shortest tick: what was read so close together belongs to one look."""
SAME_WINDOW = 0.7
"""Two series cover the same time when one spans at least this share of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One series held against the total's growth.

    change: last - first. at_most: the most it can have grown, by its interval or by its range plus one quantum.
    low, mid, high: shares of the total's growth; None when the total does not grow or is not known.
    """

    series: Series
    change: int
    at_most: int
    low: float | None
    mid: float | None
    high: float | None

    @property
    def main(self) -> bool:
        """It explains most of the growth, surely more than nothing."""
        return self.mid is not None and self.low is not None and self.mid >= MAIN and self.low > 0.0

    @property
    def minor(self) -> bool:
        """It cannot explain the growth."""
        return self.high is not None and self.high < MINOR


def total(case: Case) -> Series | None:
    """The series that stands for the whole."""
    return case.series[case.total] if case.total else None


def grows(case: Case) -> bool | None:
    """Whether the total grows: True, False, or None when it cannot be said: parts that disagree, growth too slight yet
    that no collection will end."""
    whole = total(case)
    if whole is None or not isinstance(whole.course, Trend):
        return None
    if not whole.growing and hidden(case) is not None:
        return None
    if slight(whole, left_by_us(case)):
        return None if whole.growing and toward_collection(case) is None else False
    if whole.course.shape == "unclear":
        return None
    return whole.course.growing


UNCOLLECTED = (
    "derived.native_bytes",
    "layer.anonymous_bytes",
    "layer.thread_stacks_bytes",
    "layer.shared_memory_bytes",
)
"""Layers that neither a collector nor the kernel takes back by itself."""


def hidden(case: Case) -> Series | None:
    """A layer that grows in a line beneath an RSS that does not, or by far less: heap that the scavenger gives back and file
    pages that the kernel drops hide it for a time."""
    whole = total(case)
    if whole is None or case.total != "process.rss_bytes":
        return None
    moved = whole.last - whole.first if whole.growing else 0
    layers = (case.series.get(metric) for metric in UNCOLLECTED)
    return next(
        (
            one
            for one in layers
            if one is not None
            and one.growing
            and moved < MAIN * (one.last - one.first)
            and not slight(one, left_by_us(case))
        ),
        None,
    )


def slight(series: Series, spare_bytes: int = 0) -> bool:
    """It moved so little in this time that first touches and warm-up may be all of it: less than 1 % of its level,
    between 512 KiB and 1 MiB, and what else is to be spared. A leak crosses that line with time."""
    course = series.course
    if not isinstance(course, Trend):
        return False
    line = min(max(0.01 * series.last, SLIGHT_LEAST_BYTES), SLIGHT_MOST_BYTES) + spare_bytes
    return max(abs(course.slope * course.span), abs(series.last - series.first)) <= line


def toward_collection(case: Case) -> str | None:
    """That the little which grew is Go's heap on its way to a collection that has not come yet: all of it may be garbage
    (runtime/mgcpacer.go; go.dev/doc/gc-guide). In words; None where something else moved too, or what lives has grown."""
    whole, heap = total(case), case.series.get("layer.go_heap_bytes")
    alloc, goal = case.series.get("go.heap_alloc_bytes"), case.series.get("go.next_gc_bytes")
    live, other = case.series.get("derived.go_live_bytes"), case.series.get("layer.go_other_bytes")
    if whole is None or heap is None or alloc is None or goal is None or alloc.last >= goal.last:
        return None
    if not whole.growing or not slight(whole, left_by_us(case)):
        return None
    grown = whole.last - whole.first
    of_go = heap.last - heap.first + (other.last - other.first if other is not None else 0)
    of_malloc = _room_of_malloc(case, grown)
    if grown - of_go - (of_malloc or 0) > FIRST_TOUCHES_BYTES or (live is not None and live.growing):
        return None
    if of_go + (of_malloc or 0) < MAIN * grown and (of_malloc is None or grown > FIRST_TOUCHES_BYTES):
        return None
    return "; ".join(
        (
            f"{human_bytes(max(0, of_go))} of it is Go's own, and its heap holds {human_bytes(alloc.last)} of the {human_bytes(goal.last)}"
            " at which it is collected: what of that stays is known after the collection",
            *((f"{human_bytes(of_malloc)} is malloc's, whose blocks in use stay",) if of_malloc else ()),
        )
    )


FEW_COLLECTIONS = 3
"""Of fewer nobody can say whether what they leave rises in a line, or was loaded once."""


def between_collections(case: Case) -> str | None:
    """That a Go heap was seen through too few collections to call its total level, in words: it takes pages until it is collected
    and then reuses what is freed until its next goal (go.dev/doc/gc-guide), so a large one that grows is level, with a step now and
    then. None where enough were seen, or where they left no more alive than before."""
    whole, collections, live = total(case), case.series.get("go.gc_count"), case.series.get("derived.go_live_bytes")
    if whole is None or collections is None or live is None:
        return None
    seen, rose = round(collections.last - collections.first), live.last - live.first
    if not 0 < seen < FEW_COLLECTIONS or rose <= max(SLIGHT_MOST_BYTES, MINOR * (whole.last - whole.first)):
        return None
    return (
        f"a heap grows from collection to collection: only {seen} {'were' if seen > 1 else 'was'} seen,"
        f" and {label(live.metric)} is {change_said(live)}"
    )


def _room_of_malloc(case: Case, grown: int) -> int | None:
    """What of so much growth is in malloc's pages, where its blocks in use are no part of it: room that it had not touched
    before. Two looks at the blocks do for first touches; for more it takes a course which shows that they cannot be half
    of it. None where they may."""
    whole, held = total(case), case.series.get("derived.malloc_bytes")
    if whole is None or held is None or held.growing or len(held.points) < 2:
        return None
    seen_s, watched_s = _span(held), _span(whole)
    if seen_s < MAIN * watched_s or (held.last - held.first) * watched_s > MINOR * grown * seen_s:
        return None
    if grown <= FIRST_TOUCHES_BYTES:
        return 0
    pages = case.series.get("derived.native_bytes")
    if pages is None or not isinstance(held.course, Trend) or held.course.high * watched_s > MAIN * grown:
        return None
    return max(0, pages.last - pages.first)


def _span(series: Series) -> float:
    """From its first reading to its last, by its own clock."""
    return series.points[-1][0] - series.points[0][0]


def left_by_us(case: Case) -> int:
    """The most that we can have added ourselves: by requests, and by the tables of a sampler."""
    return _left_by_requests(case) + (case.stacks.last.own_bytes if case.stacks is not None else 0)


def _left_by_requests(case: Case) -> int:
    """By our requests to a Go endpoint: what answering one leaves on the heap stays until the next collection, so not
    after two of them, and never more than the heap at which the first one comes."""
    collections = case.series.get("go.gc_count")
    if collections is not None and collections.last - collections.first >= 2:
        return 0
    asked = int(case.facts.get("endpoint.requests", "0"))
    return min(asked * REQUEST_BYTES, FIRST_COLLECTION_BYTES) if case.live else 0


def smallest_goal_bytes(case: Case) -> int | None:
    """The least heap at which Go collects, 4 MiB at GOGC=100 (runtime/mgcpacer.go: heapMinimum); None where the collector is off."""
    percent = gogc_percent(case.facts.get("env.GOGC", ""))
    return None if percent is None else FIRST_COLLECTION_BYTES * percent // 100


def growth_bytes(case: Case) -> float:
    """The total's growth over its own span, by its slope."""
    whole = total(case)
    if whole is None or not isinstance(whole.course, Trend):
        return 0.0
    return whole.course.slope * whole.course.span


def part(case: Case, metric: str) -> Part | None:
    """One metric held against the total's growth; None when it was not seen."""
    series = case.series.get(metric)
    if series is None:
        return None
    change = series.last - series.first
    spread = series.most - series.least + (series.quantum if series.quantum > 1 else 0)
    at_most = spread
    course, whole = series.course, total(case)
    growth = growth_bytes(case)
    if isinstance(course, Trend):
        at_most = min(spread, max(0, round(course.high * course.span)))
    if whole is None or growth <= 0 or not grows(case):
        return Part(series=series, change=change, at_most=at_most, low=None, mid=None, high=None)
    if isinstance(course, Trend) and isinstance(whole.course, Trend) and course.per == whole.course.per:
        slope = whole.course.slope
        low, mid, high = course.low / slope, course.slope / slope, course.high / slope
        if not course.growing:
            low = min(low, 0.0)
            # what never left a band cannot have grown by more than the band, however few the readings
            if course.span >= SAME_WINDOW * whole.course.span:
                high = max(0.0, min(high, spread / course.span / slope))
        return Part(series=series, change=change, at_most=at_most, low=low, mid=mid, high=high)
    low, mid = _side_by_side(series, whole) or (0.0, max(0, change) / growth)
    return Part(series=series, change=change, at_most=at_most, low=low, mid=mid, high=max(mid, at_most / growth))


def _side_by_side(series: Series, whole: Series) -> tuple[float, float] | None:
    """(least, whole) share of the total's growth between readings that are too few for a trend: each has one of the total
    beside it, as one look makes both. None where these are fewer than three, or of a shorter time than half the total's."""
    if isinstance(series.course, Trend) or series.clock == "order" or series.clock != whole.clock:
        return None
    if len(series.points) < FEWEST_BESIDE or _span(series) < MAIN * _span(whole):
        return None
    both = [(value, beside) for at, value in series.points if (beside := _at(whole, at)) is not None]
    if len(both) < len(series.points):
        return None
    steps = [(b - a, beside_b - beside_a) for (a, beside_a), (b, beside_b) in pairwise(both)]
    if any(of <= SLIGHT_LEAST_BYTES for _, of in steps):
        return None
    return min(moved / of for moved, of in steps), (both[-1][0] - both[0][0]) / (both[-1][1] - both[0][1])


def _at(series: Series, at: float) -> float | None:
    """Its reading of this look; None where it has none."""
    moments = [x for x, _ in series.points]
    after = bisect_left(moments, at)
    near = [index for index in (after - 1, after) if 0 <= index < len(moments) and abs(moments[index] - at) <= NEAR_S]
    return series.points[min(near, key=lambda index: abs(moments[index] - at))][1] if near else None


def said(one: Part) -> str:
    """A part in words: `Go heap in use 11.0 to 13.0 MiB, +0.1 MiB/min (-0.6 to +0.8)`."""
    series, course = one.series, one.series.course
    text = f"{label(series.metric)} {change_said(series)}"
    if isinstance(course, Trend):
        text += f", {slope_said(course)}"
    return text


def change_said(series: Series) -> str:
    """`505.0 to 516.0 MiB`, or one figure when nothing changed."""
    if series.metric.endswith("_count"):
        if len(series.points) == 1:
            return f"{series.last:,}, read once"
        return f"{series.first:,} to {series.last:,}" if series.first != series.last else f"{series.last:,}, unchanged"
    words = human_range(series.first, series.last)
    return words if " to " in words or len(series.points) == 1 else f"{words}, flat"


def slope_said(course: Trend, *, count: str = "") -> str:
    """`+45.1 MiB/min (+44.0 to +46.2)`; for counts `+3.1 goroutines/min (+2.8 to +3.4)`."""
    if count:
        scale, unit = (60.0, "/min") if course.per == "s" else (1.0, " a reading")
        return f"{course.slope * scale:+,.1f} {count}{unit} ({course.low * scale:+,.1f} to {course.high * scale:+,.1f})"
    scale = 60.0 if course.per == "s" else 1.0
    interval = f"({human_change(course.low * scale)} to {human_change(course.high * scale)})"
    return f"{human_rate(course.slope, course.per)} {interval}"


def percent(share: float | None) -> str:
    """`93 %`, clamped to what can be said of a share."""
    if share is None:
        return "an unknown share"
    return f"{max(0.0, min(1.0, share)) * 100:.0f} %"


def explained_per_s(one: Part) -> float | None:
    """Bytes a second of this part's growth; a reading, where the evidence has no times; None without a trend."""
    course = one.series.course
    return course.slope if isinstance(course, Trend) else None


def level_share(case: Case, metric: str) -> float | None:
    """How much of the total's size this metric is, at the last look; None when either is unknown or zero."""
    whole, series = total(case), case.series.get(metric)
    if whole is None or series is None or whole.last <= 0:
        return None
    return series.last / whole.last
