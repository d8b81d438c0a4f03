"""Stacks with values, folded into a profile's rows: flat by leaf, cum once per stack however often a function recurs."""

import math
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Literal

from memwhy.model.profile import Profile, ProfileRow, StackSample, Waiting

Frames = tuple[str, ...]
"""Function names, leaf first."""


def profile_of(
    kind: str,
    unit: Literal["bytes", "count"],
    stacks: Map[Frames, int],
    *,
    build_id: str | None = None,
    binary: str | None = None,
    wall_ns: int | None = None,
    sampling_period_bytes: int | None = None,
    variances: Map[Frames, float] | None = None,
) -> Profile:
    """One sample type of stacks, all of it: rows best first by flat, then cum; stacks of value 0 are left out."""
    flat: dict[str, int] = {}
    cum: dict[str, int] = {}
    for frames, value in stacks.items():
        if frames and value:
            flat[frames[0]] = flat.get(frames[0], 0) + value
            for function in set(frames):
                cum[function] = cum.get(function, 0) + value
    rows = [ProfileRow(function=name, flat=flat.get(name, 0), cum=total) for name, total in cum.items()]
    rows.sort(key=lambda row: (-abs(row.flat), -abs(row.cum), row.function))
    told = variances or {}
    samples = [
        StackSample(frames=frames, value=value, variance=told.get(frames)) for frames, value in stacks.items() if value
    ]
    samples.sort(key=lambda sample: (-abs(sample.value), sample.frames))
    return Profile(
        kind=kind,
        unit=unit,
        total=sum(stacks.values()),
        rows=tuple(rows),
        stacks=tuple(samples),
        build_id=build_id,
        binary=binary,
        wall_ns=wall_ns,
        sampling_period_bytes=sampling_period_bytes,
    )


def drawn_variance(objects: float, size_bytes: float, period_bytes: int) -> float:
    """The variance, in bytes², of size_bytes that stand for `objects` blocks of one size, drawn with probability
    1 - exp(-size/period) each (Horvitz and Thompson 1952). Of blocks that differ in size it is too large, rather than too small:
    small ones tell of less than large ones, and there are more of them.
    """
    if objects <= 0 or size_bytes <= 0 or period_bytes <= 1:
        return 0.0
    each = size_bytes / objects
    share = each / period_bytes
    return size_bytes * each / math.expm1(share) if share < 700 else 0.0


def with_waiting(profile: Profile, told: Map[Frames, Waiting]) -> Profile:
    """The profile with what is known of the goroutines of each stack."""
    stacks = tuple(replace(one, waiting=told.get(one.frames)) for one in profile.stacks)
    return replace(profile, stacks=stacks)
