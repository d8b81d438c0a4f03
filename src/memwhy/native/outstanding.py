"""One reading of the sampler by names: stacks whose functions have the same names are one, the program's own code is known.

At most MOST_STACKS are told apart. The C part of smaller ones is left out: what each call site holds stays exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from memwhy.memory.space import Module
from memwhy.model.native import CodeName, SampledStack, StackKind, StackReading
from memwhy.native.layout import Reason, State
from memwhy.native.snapshot import Snapshot, StackCount
from memwhy.native.symbols import CodeFrame, Symbols

MOST_STACKS = 300
MOST_FRAMES = 64
"""Of the leaf's side; a stack that is deeper keeps its outermost ones, too."""
_OUTERMOST = 24
ELIDED = "…"
UNKNOWN = CodeName(function="(no stack: the sampler had no room for it)")
_SYSTEM = ("/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/lib32", "/nix/store/", "/gnu/store/", "/snap/", "[")
_STANDARD = "std"
_STOPPED = {
    Reason.ORPHANED: "memwhy was away for too long, so the sampler turned itself off",
    Reason.BUDGET: "sampling took more of the processor than it may, so the sampler turned itself off",
    Reason.ASKED: "it was turned off",
}


@dataclass(slots=True)
class Names:
    """What turns counters into names, and remembers who is the program's own."""

    symbols: Symbols
    own_modules: frozenset[str] = frozenset()

    def learn(self, modules: Iterable[Module]) -> None:
        """Take the modules as they are now."""
        self.symbols.look()
        self.own_modules = frozenset(
            name
            for module in modules
            if module.is_program or not module.path.startswith(_SYSTEM)
            for name in (module.name, (module.elf.soname if module.elf is not None else None) or module.name)
        )

    def stack(self, count: StackCount) -> tuple[CodeName, ...]:
        """Leaf first; never empty."""
        if not count.pcs:
            return (UNKNOWN,)
        frames = tuple(self._name(frame) for frame in self.symbols.stack(count.pcs, count.go_pcs))
        if len(frames) > MOST_FRAMES:
            frames = (*frames[: MOST_FRAMES - _OUTERMOST], CodeName(function=ELIDED), *frames[-_OUTERMOST:])
        return frames

    def is_runtimes(self, count: StackCount) -> bool:
        """Did a Go runtime ask for it itself: its heap, its threads?"""
        return bool(count.go_pcs) and not self.symbols.is_cgo_call(count.go_pcs)

    def _name(self, frame: CodeFrame) -> CodeName:
        own = frame.module not in ("", _STANDARD) if frame.is_go else frame.module in self.own_modules
        return CodeName(
            function=frame.function,
            module=frame.module,
            version=frame.version,
            file=frame.file,
            line=frame.line,
            is_go=frame.is_go,
            own=own,
        )


def read_stacks(
    snapshot: Snapshot,
    names: Names,
    *,
    life_s: float,
    way: Literal["attached", "preloaded"],
    own_bytes: int = 0,
    notes: Sequence[str] = (),
) -> StackReading:
    """The sampler's tables by names, largest first. life_s: since the sampler was turned on; own_bytes: its own."""
    stacks = _merged(_named(count, names) for count in snapshot.stacks)
    return StackReading(
        life_s=round(life_s, 3),
        way=way,
        period_bytes=snapshot.period_bytes << snapshot.level,
        problem="" if snapshot.state is State.ON else _STOPPED.get(snapshot.reason, "the sampler is off"),
        samples=snapshot.samples,
        lost_samples=snapshot.lost_samples,
        cut_stacks=snapshot.cut_stacks,
        missed_regions=snapshot.missed_regions,
        spent_s=round(snapshot.spent_s, 6),
        own_bytes=own_bytes,
        notes=tuple(notes),
        stacks=_bounded(stacks),
    )


def _named(count: StackCount, names: Names) -> SampledStack:
    kind: StackKind = "runtime" if names.is_runtimes(count) else count.kind
    return SampledStack(
        frames=names.stack(count),
        kind=kind,
        outstanding_bytes=count.outstanding_bytes,
        variance=count.variance,
        outstanding_count=count.outstanding_count,
        samples=count.samples,
        seen_bytes=count.seen_bytes,
        ages_bytes=count.ages_bytes,
        allocated_bytes=max(0, count.allocated_bytes),
        allocated_count=max(0, count.allocated_count),
        freed_bytes=max(0, count.freed_bytes),
        freed_count=max(0, count.freed_count),
    )


def _merged(stacks: Iterable[SampledStack]) -> list[SampledStack]:
    """Those of the same names as one, the largest first."""
    found: dict[tuple[object, ...], SampledStack] = {}
    for stack in stacks:
        key = (stack.kind, *((frame.function, frame.module) for frame in stack.frames))
        before = found.get(key)
        found[key] = stack if before is None else add(before, stack)
    return sorted(found.values(), key=lambda stack: (-stack.outstanding_bytes, -stack.allocated_bytes))


def _bounded(stacks: list[SampledStack]) -> tuple[SampledStack, ...]:
    """The largest as they are, the others by their Go or own frames alone, and what is still too much in one."""
    if len(stacks) <= MOST_STACKS:
        return tuple(stacks)
    others = _merged(replace(stack, frames=_trunk(stack.frames)) for stack in stacks[MOST_STACKS:])
    last = others[MOST_STACKS:]
    if last:
        others = _merged(
            [*others[:MOST_STACKS], *(replace(stack, frames=(CodeName(function=ELIDED),)) for stack in last)]
        )
    return (*stacks[:MOST_STACKS], *others)


def _trunk(frames: tuple[CodeName, ...]) -> tuple[CodeName, ...]:
    """From the first frame outwards that is the program's own, or Go's."""
    at = next((i for i, frame in enumerate(frames) if frame.own or frame.is_go), len(frames))
    return (CodeName(function=ELIDED), *frames[at:]) if at else frames


def add(one: SampledStack, other: SampledStack) -> SampledStack:
    """Two stacks of one name together; blocks are drawn independently, so variances add up."""
    longer, shorter = sorted((one.ages_bytes, other.ages_bytes), key=len, reverse=True)
    ages = tuple(size + (shorter[i] if i < len(shorter) else 0) for i, size in enumerate(longer))
    return SampledStack(
        frames=one.frames,
        kind=one.kind,
        outstanding_bytes=one.outstanding_bytes + other.outstanding_bytes,
        variance=one.variance + other.variance,
        outstanding_count=one.outstanding_count + other.outstanding_count,
        samples=one.samples + other.samples,
        seen_bytes=one.seen_bytes + other.seen_bytes,
        ages_bytes=ages,
        allocated_bytes=one.allocated_bytes + other.allocated_bytes,
        allocated_count=one.allocated_count + other.allocated_count,
        freed_bytes=one.freed_bytes + other.freed_bytes,
        freed_count=one.freed_count + other.freed_count,
    )
