"""Stacks with values, folded into a profile's rows: flat by leaf, cum once per stack however often a function recurs."""

from collections.abc import Mapping as Map
from typing import Literal

from memwhy.model.profile import Profile, ProfileRow, StackSample

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
    samples = [StackSample(frames=frames, value=value) for frames, value in stacks.items() if value]
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
