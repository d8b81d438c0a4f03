"""Native memory was freed, but the allocator keeps it: arenas, fragmentation, an untrimmed top.

What grows       Layers native heap and native arenas, up to the high-water mark of what was in use at once.
Speaks for       Growth that slows down and ends; many threads and so many arenas; bursts.
Speaks against   A straight line that goes on far beyond any burst; flat native layers.
Remedy           MALLOC_ARENA_MAX=2, malloc_trim(0) after bursts, or another allocator.
References       mallopt(3) M_ARENA_MAX, M_TRIM_THRESHOLD; malloc_trim(3); glibc counts the host's CPUs for its arenas.
"""

from memwhy.causes.native_leak import no_c_heap
from memwhy.model import weigh
from memwhy.model.case import Case
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend

NAME = "native-retained"
REMEDY = (
    "start with MALLOC_ARENA_MAX=2 in the environment (fewer arenas), or call malloc_trim(0) after bursts",
    "if it helps: retained, not leaked; if the line goes on: a leak",
)


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    native = weigh.part(case, "derived.native_bytes")
    growing = weigh.grows(case)
    if no_c_heap(case):
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.01, bytes=0, against=("no C heap in this process",)
        )
    if native is None:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY if growing is not False else Verdict.REFUTED,
            probability=0.05 if growing is not False else 0.02,
            because=("the native layers were not read (smaps)",),
            confirm_with="memwhy watch PID --for 10m",
        )
    if growing is False:
        return _not_growing(case, native)
    if growing and native.minor:
        text = f"the native layers explain at most {weigh.percent(native.high)} of the growth: {weigh.said(native)}"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.at_most, against=(text,))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.12 if growing else 0.08,
        bytes=native.series.last,
        bytes_per_s=weigh.explained_per_s(native),
        because=("malloc's arenas hold the memory; how much of it is free inside them was not looked at",),
        against=("the growth shows no sign of ending",) if growing else (),
        remedy=REMEDY,
        confirm_with=f"restart once with MALLOC_ARENA_MAX=1 and watch {case.target.command or 'it'} again: retained memory shrinks, a leak does not",
    )


def _not_growing(case: Case, native: weigh.Part) -> Finding:
    whole = weigh.total(case)
    course = native.series.course
    settled = isinstance(course, Trend) and course.shape in ("warm-up", "step")
    if settled and whole is not None and native.change > 0.2 * whole.last:
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY,
            probability=0.15,
            bytes=native.series.last,
            because=(f"the native layers rose and stopped: {weigh.said(native)}",),
            remedy=REMEDY,
        )
    text = f"nothing grows now; the native layers hold {weigh.change_said(native.series)}"
    return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=native.series.last, against=(text,))
