"""Native memory is held on purpose and bounded: block caches, page caches of an embedded database, pools.

What grows       Layers native heap, arenas or other anonymous, up to the cache's bound.
Speaks for       Growth that slows down as the cache fills, and ends.
Speaks against   A straight line far past any configured bound; flat native layers.
Remedy           Configure the bound (cache size, memory limit of the library) and count it into the host's budget.
References       the library's own cache setting: PRAGMA cache_size (SQLite), memory_limit (DuckDB), block cache (RocksDB).
"""

from memwhy.causes.native_leak import no_c_heap
from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend

NAME = "native-cache"
REMEDY = (
    "set the cache's bound in the library's own configuration, and watch until it is full: then the growth must end",
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    if no_c_heap(case):
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=("no C heap in this process",)
        )
    native = weigh.part(case, "derived.native_bytes")
    growing = weigh.grows(case)
    if native is None:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY if growing is not False else Verdict.REFUTED,
            probability=0.04 if growing is not False else 0.02,
            because=("the native layers were not read (smaps)",),
        )
    course = native.series.course
    if isinstance(course, Trend) and course.shape == "warm-up" and growing is not False:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.45,
            headline="Native memory fills up and levels off, as a bounded cache does.",
            bytes=native.series.last,
            because=(f"the native layers rose and level off: {weigh.said(native)}",),
            remedy=REMEDY,
            confirm_with="memwhy watch PID --for 10m   (a cache stays level)",
        )
    if isinstance(course, Trend) and course.shape in ("warm-up", "step") and native.change > weigh.SLIGHT_MOST_BYTES:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.15,
            bytes=native.series.last,
            because=(f"the native layers rose and stopped: {weigh.said(native)}",),
            remedy=REMEDY,
        )
    if growing is False or (growing and native.minor):
        text = f"the native layers do not grow: {weigh.said(native)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.at_most, against=(text,))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.08,
        bytes=native.series.last,
        bytes_per_s=weigh.explained_per_s(native),
        because=("a cache that is still filling grows like a leak until it is full",),
        remedy=REMEDY,
        confirm_with="memwhy watch PID --for 10m   (a cache levels off)",
    )
