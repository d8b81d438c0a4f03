"""Profiles of one kind and build as a row of states: what says the same twice counts once, each at the time that it tells of.

Go's heap profile tells of the heap at a collection that is past: figures are published when the collection after it ends, and
stay until the next one does (runtime/mprof.go, memRecord). Two profiles with no collection between are one and the same
observation, however far apart they were asked for; and what is shown before the second collection has the garbage in it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from memwhy.model.case import SeenProfile
from memwhy.model.profile import Profile
from memwhy.trend.profiles import State

Frames = tuple[str, ...]
Site = tuple[str, str]
"""Where values are put together: a function, and what tells its callers apart."""
Place = Callable[[Frames], Site]
DEFAULT_PERIOD_BYTES = 512 << 10
"""runtime.MemProfileRate, where a table does not say it."""
_GARBAGE_IS_IN = 1
"""Collections up to which a heap profile shows all that was ever allocated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The states of one kind of profile, oldest first. xs: when each was, rising, in what `per` says. asked: how many profiles
    they came from. newest: the last one. period: bytes between two samples, 0 for counts.
    """

    profiles: tuple[SeenProfile, ...]
    xs: tuple[float, ...]
    asked: int
    period: int
    per: Literal["s", "sample"]

    @property
    def newest(self) -> Profile:
        return self.profiles[-1].profile

    def states(self, place: Place) -> list[State[Site]]:
        """Values by place, with their variances."""
        return [
            State(x, _values(one.profile, place, self.period)) for x, one in zip(self.xs, self.profiles, strict=True)
        ]


def heap_states(seen: Iterable[SeenProfile], kind: str = "inuse_space", beside: str = "alloc_space") -> Seen | None:
    """The newest build's states of the heap; None where no profile is of this kind. beside: a profile of the same moments that
    tells states apart too: where nothing was collected between, neither has changed."""
    everything = tuple(seen)
    found = _of_newest(everything, kind)
    if not found:
        return None
    others = {(one.subject, one.where.file, one.x): one.profile for one in everything if one.profile.kind == beside}
    settled = [one for one in found if one.profile.collections is None or one.profile.collections > _GARBAGE_IS_IN]
    timed, per = _timed(settled or found)
    kept: list[tuple[float, SeenProfile]] = []
    for x, one in timed:
        if not kept or (x > kept[-1][0] and _told(kept[-1][1], others) != _told(one, others)):
            kept.append((x, one))
    period = kept[-1][1].profile.sampling_period_bytes or DEFAULT_PERIOD_BYTES
    return _seen(kept, asked=len(found), period=period, per=per)


def count_states(seen: Iterable[SeenProfile], kind: str) -> Seen | None:
    """The newest build's counts of a kind, one a moment; None where there are none."""
    found = _of_newest(seen, kind)
    timed, per = _timed(found)
    kept = [row for i, row in enumerate(timed) if not i or row[0] > timed[i - 1][0]]
    return _seen(kept, asked=len(found), period=0, per=per) if kept else None


def _seen(kept: Sequence[tuple[float, SeenProfile]], *, asked: int, period: int, per: Literal["s", "sample"]) -> Seen:
    xs, profiles = zip(*kept, strict=True)
    return Seen(profiles=profiles, xs=xs, asked=asked, period=period, per=per)


def _timed(found: Sequence[SeenProfile]) -> tuple[list[tuple[float, SeenProfile]], Literal["s", "sample"]]:
    """Profiles of one clock by time, and what that is. The ends of collections by the wall clock go first, where all tell them;
    they put what came in any order into its own, but are not believed against a clock that runs."""
    ends = [one.profile.as_of_wall_ns for one in found]
    told = [(end * 1e-9, one) for end, one in zip(ends, found, strict=True) if end is not None]
    in_order = bool(found) and found[0].clock == "order"
    if in_order:
        told.sort(key=lambda row: row[0])
    if len(told) == len(found) and all(a[0] <= b[0] for a, b in pairwise(told)):
        return told, "s"
    return [(one.x, one) for one in found], "sample" if in_order else "s"


def _of_newest(seen: Iterable[SeenProfile], kind: str) -> list[SeenProfile]:
    found = [one for one in seen if one.profile.kind == kind]
    if not found:
        return []
    newest = max(found, key=lambda one: one.x)
    same = (newest.profile.build_id, newest.subject, newest.clock)
    return sorted(
        (one for one in found if (one.profile.build_id, one.subject, one.clock) == same), key=lambda one: one.x
    )


def _told(one: SeenProfile, others: dict[tuple[str, str, float], Profile]) -> tuple[object, ...]:
    profile = one.profile
    beside = others.get((one.subject, one.where.file, one.x))
    allocated = None if beside is None else (beside.total, beside.stacks)
    return profile.total, profile.stacks, profile.rows if not profile.stacks else (), allocated


def by_stack(profile: Profile) -> Counter[Frames]:
    """Values by stack; a text table's rows stand as stacks of one frame."""
    values: Counter[Frames] = Counter()
    if profile.stacks:
        for sample in profile.stacks:
            values[sample.frames] += sample.value
    else:
        for row in profile.rows:
            values[(row.function,)] += row.flat
    return values


def _values(profile: Profile, place: Place, period: int) -> dict[Site, tuple[int, float]]:
    found: dict[Site, tuple[int, float]] = {}
    told = {one.frames: one.variance for one in profile.stacks}
    for frames, value in by_stack(profile).items():
        variance = told.get(frames)
        key = place(frames)
        before, its_variance = found.get(key, (0, 0.0))
        found[key] = before + value, its_variance + (abs(value) * period if variance is None else variance)
    return found
