"""What became of each call site's native memory over the readings of the sampler, with the sampling's own error in it.

A block counts once it has an age that short-lived ones do not reach, so that churn does not stand among what is kept. The
outstanding bytes of those are a sum over the drawn blocks (Horvitz and Thompson 1952), and neighbouring readings share most of
their blocks: while nothing is freed Cov(i, j) is the smaller one's variance, after full turnover it is zero. The error of
a slope is the larger of both, and of what the readings' own scatter says.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from memwhy.model.cgonames import c_function, is_glue, is_of_cgo
from memwhy.model.drawn import interval
from memwhy.model.native import CallSite, CodeName, SampledStack, StackGrowth, StackReading
from memwhy.model.pairs import release_of
from memwhy.model.trend import Course, NotEnough, Trend
from memwhy.trend.course import trend
from memwhy.trend.middle import fmean

MOST_SITES = 24
OLDEST_CLASS = 7
"""64 s: what lives longer than that and is freed all the same levels off in a watch that is long enough."""
LEAST_S = 4.0
"""A sampler that has been at work for less has seen no old block."""
_Z = 1.96
_OF_GO = ("runtime.", "runtime/", "internal/runtime/")
_ALLOCATES = re.compile(r"alloc|strn?dup|operator new|mem_?get|^mmap", re.IGNORECASE)
_OF_CPLUSPLUS = ("std::", "__gnu_cxx::")
"""Allocating wrappers and containers, below the code that uses them."""
_Key = tuple[str, str, tuple[tuple[str, str], ...]]


def grow(readings: Sequence[StackReading]) -> StackGrowth | None:
    """The growth over the readings of the newest sampler, in the order of time; None without a reading."""
    if not readings:
        return None
    problem = readings[-1].problem
    readings = _of_last_run(readings)
    last = replace(readings[-1], problem=problem)
    age_class = _age_class(last.life_s)
    old_s = float(1 << age_class - 1)
    used = [reading for reading in readings if reading.life_s >= old_s]
    sites = [_by_site(reading) for reading in used]
    keys = dict.fromkeys(key for found in sites for key in found)
    largest = sorted(keys, key=lambda key: -sum(one.older_bytes(age_class) for one in sites[-1].get(key, ())))
    whole = [[stack for stack in reading.stacks if stack.kind == "malloc"] for reading in used]
    mapped = [[stack for stack in reading.stacks if stack.kind == "mmap"] for reading in used]
    said = [_site(key, used, sites, age_class) for key in largest[:MOST_SITES]]
    said.sort(key=lambda site: (not site.kept, -_pace(site.course) if site.kept else -site.old_bytes))
    now = [stack for stack in last.stacks if stack.kind != "runtime"]
    return StackGrowth(
        last=last,
        readings=len(used),
        old_s=old_s,
        sites=tuple(said),
        whole=_course(used, whole, age_class),
        whole_bytes=_old_bytes(whole, age_class),
        mapped=_course(used, mapped, age_class),
        mapped_bytes=_old_bytes(mapped, age_class),
        outstanding_bytes=sum(stack.outstanding_bytes for stack in now),
        churn_bytes=sum(stack.freed_bytes for stack in now),
        runtime_bytes=sum(stack.outstanding_bytes for stack in last.stacks if stack.kind == "runtime"),
        first=readings[0] if len(readings) > 1 else None,
    )


def _of_last_run(readings: Sequence[StackReading]) -> list[StackReading]:
    """Since the sampler was last turned on, as long as it sampled: frees are not seen by one that is off."""
    run: list[StackReading] = []
    for reading in readings:
        if run and (reading.life_s < run[-1].life_s or reading.way != run[-1].way):
            run = []
        run.append(reading)
    sampling = [reading for reading in run if not reading.problem]
    return sampling or run[:1]


def _age_class(life_s: float) -> int:
    """The class from which a block is old: a quarter of the sampler's life, at most a minute."""
    return max(1, min(OLDEST_CLASS, int(life_s / 4).bit_length()))


def _by_site(reading: StackReading) -> dict[_Key, list[SampledStack]]:
    found: dict[_Key, list[SampledStack]] = {}
    for stack in reading.stacks:
        if stack.kind != "runtime":
            found.setdefault(_key(stack.kind, stack.frames), []).append(stack)
    return found


def _key(kind: str, frames: tuple[CodeName, ...]) -> _Key:
    at, entry = place_of(frames)
    return kind, entry, tuple((frame.function, frame.module) for frame in frames[at:])


@lru_cache(maxsize=8192)
def place_of(frames: tuple[CodeName, ...]) -> tuple[int, str]:
    """(place of the function that called into a library, what it called there) in a stack, leaf first.

    In Go the first function that is not cgo's or the runtime's; elsewhere the first of the program's own code that is no
    allocating wrapper; where there is none, the first that is no wrapper.
    """
    for i, frame in enumerate(frames):
        if frame.is_go and not is_of_cgo(frame.function) and not frame.function.startswith(_OF_GO):
            called = next((c_function(one.function) for one in reversed(frames[:i]) if one.is_go), "")
            return i, called or _entry(frames, i)
    own = [i for i, frame in enumerate(frames) if frame.own and not is_glue(frame.function)]
    outside = [i for i, frame in enumerate(frames) if not _ALLOCATES.search(frame.function)]
    plain = [i for i in own if i in outside and not frames[i].function.startswith(_OF_CPLUSPLUS)]
    at = next(iter((*plain, *own, *outside)), 0)
    return at, _entry(frames, at)


def _entry(frames: tuple[CodeName, ...], at: int) -> str:
    return frames[at - 1].function if at else ""


def _site(
    key: _Key, used: Sequence[StackReading], sites: Sequence[dict[_Key, list[SampledStack]]], age_class: int
) -> CallSite:
    kind, entry, _ = key
    stacks = [found.get(key, []) for found in sites]
    now = stacks[-1] or next(found for found in reversed(stacks) if found)
    is_gone = not stacks[-1]
    heaviest = max(now, key=lambda stack: (stack.older_bytes(age_class), stack.outstanding_bytes))
    at, _ = place_of(heaviest.frames)
    old_bytes = _old_bytes(stacks, age_class)
    low, high = interval(old_bytes, _old_variance(stacks[-1], age_class))
    caller = heaviest.frames[at]
    return CallSite(
        function=caller.function,
        module=f"{caller.module}@{caller.version}" if caller.version else caller.module,
        entry=entry,
        frames=heaviest.frames[at:],
        path=heaviest.frames,
        paths=len(now),
        kind="mmap" if kind == "mmap" else "malloc",
        outstanding_bytes=0 if is_gone else sum(stack.outstanding_bytes for stack in now),
        old_bytes=old_bytes,
        low_bytes=low,
        high_bytes=high,
        samples=0 if is_gone else sum(stack.samples for stack in now),
        allocated_bytes=sum(stack.allocated_bytes for stack in now),
        freed_bytes=sum(stack.freed_bytes for stack in now),
        older_share=_old_bytes(stacks, age_class + 1) / old_bytes if old_bytes else 0.0,
        course=_course(used, stacks, age_class),
        release=release_of([entry, *(one.function for one in reversed(heaviest.frames[:at])), "" if at else kind]),
    )


def _old_bytes(stacks: Sequence[Sequence[SampledStack]], age_class: int) -> int:
    return sum(stack.older_bytes(age_class) for stack in stacks[-1]) if stacks else 0


def _old_variance(stacks: Sequence[SampledStack], age_class: int) -> float:
    """Of the old bytes: a stack's blocks are alike, whatever their age."""
    return math.fsum(
        stack.variance * stack.older_bytes(age_class) / stack.outstanding_bytes
        for stack in stacks
        if stack.outstanding_bytes > 0
    )


def _course(used: Sequence[StackReading], stacks: Sequence[Sequence[SampledStack]], age_class: int) -> Course:
    """The course of the old bytes, its interval widened by the error of sampling."""
    points = [
        (reading.life_s, sum(stack.older_bytes(age_class) for stack in found))
        for reading, found in zip(used, stacks, strict=True)
    ]
    if used and used[-1].life_s < LEAST_S:
        return NotEnough(
            reason=f"the sampler has been at work for {used[-1].life_s:.0f} s only",
            n=len(points),
            needed=LEAST_S - used[-1].life_s,
        )
    course = trend(points, restarts=False)
    if not isinstance(course, Trend):
        return course
    error = slope_error([life for life, _ in points], [_old_variance(found, age_class) for found in stacks])
    half_low = math.hypot(course.slope - course.low, _Z * error)
    half_high = math.hypot(course.high - course.slope, _Z * error)
    low, high = course.slope - half_low, course.slope + half_high
    shape: Literal["growing", "flat", "falling", "step", "warm-up", "unclear"] = course.shape
    if shape in ("growing", "falling") and low <= 0 <= high:
        shape = "flat"
    return replace(course, low=low, high=high, shape=shape, detectable=course.detectable + 2 * _Z * error)


def slope_error(times_s: Sequence[float], variances: Sequence[float]) -> float:
    """The standard error that sampling alone gives a least-squares slope, bytes a second."""
    middle = fmean(times_s)
    spread = math.fsum((time_s - middle) ** 2 for time_s in times_s)
    if spread <= 0:
        return 0.0
    weights = [(time_s - middle) / spread for time_s in times_s]
    apart = math.fsum(weight * weight * variance for weight, variance in zip(weights, variances, strict=True))
    # what is only added to: each step of the variance belongs to all readings from there on
    together, most = 0.0, 0.0
    for i, variance in enumerate(variances):
        together += max(0.0, variance - most) * math.fsum(weights[i:]) ** 2
        most = max(most, variance)
    return math.sqrt(max(apart, together))


def _pace(course: Course) -> float:
    return course.slope if isinstance(course, Trend) else 0.0
