"""Profiles made up from plain stacks."""

from collections.abc import Mapping as Map
from typing import Any

from build_case import case

from memwhy.model.case import Case, SeenProfile
from memwhy.model.profile import Profile, StackSample, Waiting
from memwhy.model.reading import Where

Stack = tuple[str, ...]


def seen(
    kind: str,
    x: float,
    stacks: Map[Stack, int],
    *,
    build: str = "b1",
    subject: str = "",
    variances: Map[Stack, float] | None = None,
    waiting: Map[Stack, Waiting] | None = None,
    **more: Any,
) -> SeenProfile:
    """One profile at x."""
    clock = more.pop("clock", "monotonic")
    told, waits = variances or {}, waiting or {}
    made = Profile(
        kind=kind,
        unit="bytes" if kind.endswith("space") else "count",
        total=sum(stacks.values()),
        stacks=tuple(
            StackSample(frames=frames, value=value, variance=told.get(frames), waiting=waits.get(frames))
            for frames, value in stacks.items()
        ),
        build_id=build,
        **more,
    )
    return SeenProfile(profile=made, subject=subject, where=Where(file="x"), x=x, clock=clock)


def of(*profiles: SeenProfile, **more: Any) -> Case:
    """A case with these profiles; more: what `build_case.case` takes."""
    return case(profiles=profiles, **more)
