"""Readings of a sampler made up from what a program does: allocations at a rate, blocks that live so long, drawn as the sampler draws."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from memwhy.model.native import CodeName, SampledStack, StackKind, StackReading
from memwhy.model.units import KIB

BLOCK = 256
GO = tuple(
    CodeName(function=name, module=module, version=version, is_go=is_go, own=own)
    for name, module, version, is_go, own in (
        ("xmlNewDocNode", "libxml2.so.2", "2.9.14", False, False),
        ("htmlParseDocument", "libxml2.so.2", "2.9.14", False, False),
        ("_cgo_2f43f3cf36ee_Cfunc_htmlReadMemory", "bot", "", False, True),
        ("feeds._Cfunc_htmlReadMemory", "example.com/feeds", "v0.3.0", True, True),
        ("feeds.Parse", "example.com/feeds", "v0.3.0", True, True),
        ("main.crawlPage", "example.com/bot", "", True, True),
    )
)


def own(*names: str) -> tuple[CodeName, ...]:
    """Frames of a program in C, leaf first."""
    return tuple(CodeName(function=name, module="program", own=True) for name in names)


@dataclass(slots=True)
class Habit:
    """One call site's blocks. rate: bytes a second at a time; lives_s: until a block of that birth is freed, inf for never."""

    frames: tuple[CodeName, ...]
    rate: Callable[[float], float]
    lives_s: Callable[[float], float] = field(default=lambda _: math.inf)
    kind: StackKind = "malloc"


def readings(
    habits: Sequence[Habit], *, seconds: float, every_s: float = 1.5, period_bytes: int = 64 * KIB, seed: int = 1
) -> list[StackReading]:
    """One reading every so often; each block is a sample with the probability that Poisson sampling gives it."""
    random = Random(seed)
    chance = 1 - math.exp(-BLOCK / period_bytes)
    drawn = [_drawn(habit, seconds, chance if habit.kind == "malloc" else 1.0, random) for habit in habits]
    count = int(seconds / every_s)
    return [
        reading_of([_stack(habit, found, i * every_s) for habit, found in zip(habits, drawn, strict=True)], i * every_s)
        for i in range(1, count + 1)
    ]


def reading_of(stacks: Sequence[SampledStack], life_s: float) -> StackReading:
    """A reading of these stacks."""
    return StackReading(
        life_s=life_s,
        way="attached",
        period_bytes=64 * KIB,
        problem="",
        samples=sum(stack.samples for stack in stacks),
        lost_samples=0,
        cut_stacks=0,
        missed_regions=0,
        spent_s=0.01,
        own_bytes=0,
        notes=(),
        stacks=tuple(stacks),
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sampled block: when it came and goes, and the bytes that it stands for."""

    born_s: float
    dies_s: float
    weight: float


def _drawn(habit: Habit, seconds: float, chance: float, random: Random) -> list[Drawn]:
    """The samples among all blocks: gaps between them are geometric."""
    found: list[Drawn] = []
    skip = _gap(chance, random)
    now, tick = 0.0, 0.01
    owed = 0.0
    while now < seconds:
        owed += habit.rate(now) * tick / BLOCK
        while skip <= owed:
            owed -= skip
            born = now + random.random() * tick
            found.append(Drawn(born, born + habit.lives_s(born), BLOCK / chance))
            skip = _gap(chance, random)
        now += tick
    return found


def _gap(chance: float, random: Random) -> float:
    return 1.0 if chance >= 1 else max(1.0, math.ceil(math.log(1 - random.random()) / math.log(1 - chance)))


def _stack(habit: Habit, drawn: Sequence[Drawn], now_s: float) -> SampledStack:
    came = [one for one in drawn if one.born_s <= now_s]
    live = [one for one in came if one.dies_s > now_s]
    ages = [0.0] * 24
    for one in live:
        ages[min(23, int(now_s - one.born_s).bit_length())] += one.weight
    while ages and not ages[-1]:
        ages.pop()
    outstanding, allocated = sum(one.weight for one in live), sum(one.weight for one in came)
    return SampledStack(
        frames=habit.frames,
        kind=habit.kind,
        outstanding_bytes=round(outstanding),
        variance=sum(one.weight * (one.weight - BLOCK) for one in live),
        outstanding_count=round(outstanding / BLOCK),
        samples=len(live),
        seen_bytes=len(live) * BLOCK,
        ages_bytes=tuple(round(size) for size in ages),
        allocated_bytes=round(allocated),
        allocated_count=round(allocated / BLOCK),
        freed_bytes=round(allocated - outstanding),
        freed_count=round((allocated - outstanding) / BLOCK),
    )
