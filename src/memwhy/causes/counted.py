"""Counted: what goroutine, thread and descriptor leaks have in common: a count that rises, and what each one costs."""

import re
from itertools import pairwise

from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

MOST_EACH_BYTES = MIB
"""What one connection, thread or goroutine can be believed to hold. Usual are tens to hundreds of KiB: a connection two
stacks, two 4 KiB buffers and TLS records of 16 KiB; a thread some pages of stack and 132 KiB of a malloc arena."""

FEW_READINGS = 6
"""Of a count that is dear to take, so few may be all there is of a minute; their shape is seldom clear."""

PILED = 24
"""So many more, and half as many again, are a pile; fewer may be load that rises."""


OPENED = re.compile(
    r"\b(?:connections?|sockets?|(?:file )?(?:descriptors?|handles?)|fds?|files?|(?:response )?bod(?:y|ies)|streams?|pipes?)\b"
    r"(?=.{0,80}\bclos)|\bclos(?:e[sd]?|ing)\b.{0,40}\b(?:connections?|sockets?|descriptors?|files?|response bod(?:y|ies)|streams?|pipes?)\b",
    re.IGNORECASE,
)
"""What is opened has a descriptor until it is closed."""


def count(case: Case, metric: str) -> Series | None:
    """The series of a count, if it was seen."""
    return case.series.get(metric)


def rising(series: Series) -> bool:
    """The count rises by its trend and by more than a handful; or, with too few readings for a clear one, it never
    falls and ends at twice its start and dozens more."""
    more = series.last - series.first
    values = [value for _, value in series.points]
    if isinstance(series.course, Trend):
        few = series.course.shape == "unclear" and len(values) <= FEW_READINGS
        if series.growing or not few:
            return series.growing and more >= 5
        if any(after <= before for before, after in pairwise(values)):  # a pool that has filled looks so, too
            return False
    return values == sorted(values) and more >= max(24, series.first)


def pace(series: Series, beside: Series) -> float:
    """How much more it became, for each second watched where both series have the same clock: one of two counts may be
    dear to take, and end long before the other."""
    more = series.last - series.first
    span_s = series.points[-1][0] - series.points[0][0]
    same = series.clock == beside.clock != "order" and beside.points[-1][0] > beside.points[0][0]
    return more / span_s if same and span_s > 0 else more


def threads(case: Case) -> Series | None:
    """The count of OS threads: the kernel's, else the runtime's."""
    return count(case, "process.threads_count") or count(case, "go.os_threads_count")


def with_threads(case: Case) -> bool:
    """Threads and goroutines rise together, a thread for every second new goroutine or more. Go runs goroutines on GOMAXPROCS
    threads and gives one of its own only to what holds it: a blocking system call, a call into C, LockOSThread
    (runtime/proc.go: entersyscall, handoffp; runtime.LockOSThread)."""
    goroutines, started = count(case, "go.goroutines_count"), threads(case)
    if goroutines is None or started is None or not (rising(goroutines) and rising(started)):
        return False
    return 2 * pace(started, goroutines) >= pace(goroutines, started)


def piled(series: Series) -> bool:
    """The count has risen by dozens, and by half of what it was."""
    return series.last - series.first >= max(PILED, series.first // 2)


def beside(case: Case, series: Series) -> str | None:
    """Why this rising count does not explain the memory's growth but stands beside it; None when it may explain it,
    or when no memory grows."""
    if not weigh.grows(case):
        return None
    anonymous = weigh.part(case, "process.rss_anon_bytes")
    if anonymous is not None and anonymous.minor:
        return f"what grows is no anonymous memory: {weigh.said(anonymous)}"
    each = weigh.growth_bytes(case) / max(series.last - series.first, 1)
    if each > MOST_EACH_BYTES:
        return f"each would have to hold {human_bytes(each)}: the growth has another reason, and this stands beside it"
    return None


def root(case: Case, metric: str) -> bool:
    """This count was seen, rises, and may explain the growth."""
    series = count(case, metric)
    return series is not None and rising(series) and beside(case, series) is None


def uncounted(case: Case, cause: str, text: str, confirm_with: str) -> Finding:
    """The count was not read: open, unless nothing grows at all."""
    if weigh.grows(case) is False:
        return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.02, against=("nothing grows",))
    return Finding(
        cause=cause, verdict=Verdict.CANNOT_SAY, probability=0.02, because=(text,), confirm_with=confirm_with
    )


def still(cause: str, series: Series, noun: str, bound: int | None) -> Finding:
    """The count does not rise; or it rose a little, in too few readings to tell."""
    if few(series) and series.last - series.first >= 5:
        text = f"{noun}: {weigh.change_said(series)}: too few readings"
        return Finding(cause=cause, verdict=Verdict.CANNOT_SAY, probability=0.05, bytes=bound, because=(text,))
    course = series.course
    text = f"{noun}: {weigh.change_said(series)}"
    if isinstance(course, Trend):
        text += f", {weigh.slope_said(course, count=noun)}"
    return Finding(cause=cause, verdict=Verdict.REFUTED, probability=0.02, bytes=bound, against=(text,))


def few(series: Series) -> bool:
    """Too few readings for a trend, or no clear shape."""
    return not isinstance(series.course, Trend) or series.course.shape == "unclear"


def told(series: Series, noun: str) -> str:
    """`goroutines rise: 40 to 1,779, +3.1 goroutines/min (+2.8 to +3.4)`."""
    text = f"{noun} rise: {weigh.change_said(series)}"
    if isinstance(series.course, Trend):
        return f"{text}, {weigh.slope_said(series.course, count=noun)}"
    return f"{text} in {len(series.points)} readings"


def each_bytes(series: Series, grown_bytes: float) -> str | None:
    """What one costs, when both grow: growth in bytes over growth in number."""
    more = series.last - series.first
    return f"{grown_bytes / more:,.0f} bytes for each" if more > 0 and grown_bytes > 0 else None
