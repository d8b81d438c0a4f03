"""Stacks with their figures, whatever they were counted by: what every writer of stacks takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from memwhy.attribution.states import Seen, by_stack, count_states, heap_states
from memwhy.model.case import Case, SeenProfile
from memwhy.model.gomodules import GoModules
from memwhy.model.native import CodeName, StackReading
from memwhy.model.profile import Profile
from memwhy.model.units import human_duration

What = Literal["native", "heap", "goroutines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of the figures that every stack has. name: as pprof calls it. title: as a person would; "" where no viewer of one
    figure needs it."""

    name: str
    unit: Literal["bytes", "count"]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """frames: leaf first. values: one a figure, below zero where a growth is. kind: of native memory, malloc or mmap."""

    frames: tuple[CodeName, ...]
    values: tuple[int, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """name: what is counted, for people; note: between which moments. shown: the figure to show first.

    period_bytes: between two samples, 0 where all is counted. span_s: how long it was counted. wall_ns: of its end.
    """

    name: str
    note: str
    figures: tuple[Figure, ...]
    shown: str
    stacks: tuple[Stack, ...]
    period_bytes: int = 0
    span_s: float = 0.0
    wall_ns: int = 0

    def column(self, name: str) -> list[int]:
        """The values of one figure, a stack each."""
        at = [figure.name for figure in self.figures].index(name)
        return [stack.values[at] for stack in self.stacks]


ALLOC_OBJECTS = Figure(name="alloc_objects", unit="count")
ALLOC_SPACE = Figure(name="alloc_space", unit="bytes", title="allocated")
INUSE_OBJECTS = Figure(name="inuse_objects", unit="count")


def native(reading: StackReading) -> Stacks:
    """Native memory, as the sampler in the process counted it: outstanding at this reading, allocated since it began."""
    return Stacks(
        name="native memory",
        note=f"outstanding after {human_duration(reading.life_s)} of sampling",
        figures=(
            ALLOC_OBJECTS,
            ALLOC_SPACE,
            INUSE_OBJECTS,
            Figure(name="inuse_space", unit="bytes", title="outstanding"),
        ),
        shown="inuse_space",
        stacks=tuple(
            Stack(
                frames=one.frames,
                kind=one.kind,
                values=(one.allocated_count, one.allocated_bytes, one.outstanding_count, one.outstanding_bytes),
            )
            for one in reading.stacks
        ),
        period_bytes=reading.period_bytes,
        span_s=reading.life_s,
    )


def heap(case: Case, *, growth: bool) -> Stacks | None:
    """Go's heap by allocation site; None where no profile was read. growth: from the first state of the heap to the newest,
    where there are two."""
    seen = heap_states(case.profiles)
    if seen is None:
        return None
    growth = growth and len(seen.profiles) > 1
    figures = (ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, _in_use(growth))
    return _of_profiles(case, seen, figures, name="Go heap", growth=growth)


def goroutines(case: Case, *, growth: bool) -> Stacks | None:
    """Goroutines by where they stand; None where none was read. growth: how many more than at the first reading."""
    seen = count_states(case.profiles, "goroutine")
    if seen is None:
        return None
    growth = growth and len(seen.profiles) > 1
    title = "more goroutines" if growth else "goroutines"
    figures = (Figure(name="goroutine", unit="count", title=title),)
    return _of_profiles(case, seen, figures, name="goroutines", growth=growth)


def _in_use(growth: bool) -> Figure:
    return Figure(name="inuse_space", unit="bytes", title="growth in use" if growth else "in use")


def _of_profiles(case: Case, seen: Seen, figures: Sequence[Figure], *, name: str, growth: bool) -> Stacks:
    first, last = seen.profiles[0], seen.profiles[-1]
    values: dict[tuple[str, ...], list[int]] = {}
    present: list[Figure] = []
    for figure in figures:
        newest = _beside(case.profiles, last, figure.name)
        oldest = _beside(case.profiles, first, figure.name) if growth else None
        if newest is None or (growth and oldest is None):
            continue  # a table of one sample type has no other
        for profile, sign in ((newest, 1), *(((oldest, -1),) if oldest is not None else ())):
            for frames, value in by_stack(profile).items():
                row = values.setdefault(frames, [])
                row += [0] * (len(present) + 1 - len(row))
                row[len(present)] += sign * value
        present.append(figure)
    for row in values.values():
        row += [0] * (len(present) - len(row))
    known = _names(GoModules(case.facts), values)
    span_s = seen.xs[-1] - seen.xs[0] if seen.per == "s" else 0.0
    rows = sorted(values.items(), key=lambda item: (-abs(item[1][-1]), item[0]))
    return Stacks(
        name=name,
        note=_note(seen, span_s) if growth else "at the newest reading",
        figures=tuple(present),
        shown=figures[-1].name,
        stacks=tuple(
            Stack(frames=tuple(known[one] for one in frames), values=tuple(row)) for frames, row in rows if any(row)
        ),
        period_bytes=seen.period,
        span_s=span_s if growth else 0.0,
        wall_ns=last.profile.wall_ns or last.profile.as_of_wall_ns or 0,
    )


def _note(seen: Seen, span_s: float) -> str:
    if seen.per == "s":
        return f"growth in {human_duration(span_s)}, from the first of {len(seen.profiles)} states to the newest"
    return f"growth from the first of {len(seen.profiles)} profiles to the newest"


def _beside(profiles: Iterable[SeenProfile], one: SeenProfile, kind: str) -> Profile | None:
    """The profile of this kind that was read in the same breath."""
    same = (one.subject, one.where.file, one.x)
    found = (
        row.profile for row in profiles if row.profile.kind == kind and (row.subject, row.where.file, row.x) == same
    )
    return next(found, None)


def _names(modules: GoModules, stacks: Iterable[tuple[str, ...]]) -> dict[str, CodeName]:
    known: dict[str, CodeName] = {}
    for frames in stacks:
        for function in frames:
            if function not in known:
                module, version = modules.of(function) if modules.known else ("", "")
                known[function] = CodeName(function=function, module=module, version=version, is_go=True)
    return known
