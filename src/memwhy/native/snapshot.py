"""What the sampler's tables say at one moment, as plain values.

The tables are read while the target writes them. What changed under the reading is left out and counted; nothing in them
is believed without a check, for a program that overwrites memory may have overwritten them too.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from memwhy.model.drawn import interval
from memwhy.model.native import AGES
from memwhy.native.layout import BORN_SHIFT, Header, Reason, StackFlag, State
from memwhy.native.tables import KnownStack, LiveBlock, LiveRegion, Read, Tables

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StackCount:
    """What one stack holds. pcs: return addresses, the allocating call's first; go_pcs: those of the goroutine behind it.

    No pcs at all: blocks for whose stacks the table had no room. kind "mmap": every figure is exact.
    outstanding_bytes, outstanding_count: estimates; variance: of outstanding_bytes, bytes². samples: how many blocks
    the estimate rests on. seen_bytes: of just those blocks, surely outstanding. oldest_s, youngest_s: their ages;
    ages_bytes: outstanding_bytes by age, younger than 1 s, 2 s, 4 s … of AGES classes.
    allocated, freed: since the sampler started, estimates too.
    """

    pcs: tuple[int, ...]
    go_pcs: tuple[int, ...]
    flags: StackFlag
    kind: Literal["malloc", "mmap"]
    outstanding_bytes: int
    variance: float
    outstanding_count: int
    samples: int
    seen_bytes: int
    oldest_s: float | None
    youngest_s: float | None
    ages_bytes: tuple[int, ...]
    allocated_bytes: int
    allocated_count: int
    freed_bytes: int
    freed_count: int

    def interval(self) -> tuple[int, int]:
        """A 95 % interval of outstanding_bytes; for few samples as of a Poisson count, hence never below what was seen."""
        return interval(self.outstanding_bytes, self.variance, self.seen_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRegion:
    """One mapping that mmap made and nothing has taken away. stack: its place in Snapshot.stacks, None: unknown.

    prot, flags: as given to mmap; 0 when it comes of an mremap of something older than the sampler.
    """

    address: int
    bytes: int
    stack: int | None
    age_s: float
    prot: int
    flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The tables at one moment. at_ns: CLOCK_MONOTONIC. period_bytes: as asked for; it works at period_bytes << level.

    samples, sampled_frees: blocks drawn and given back since the start. lost_samples, missed_regions: what is not in
    the tables for want of room. skipped: entries that did not make sense, or changed while they were read.
    """

    at_ns: int
    state: State
    reason: Reason
    period_bytes: int
    level: int
    stacks: tuple[StackCount, ...]
    regions: tuple[MappedRegion, ...]
    samples: int
    sampled_frees: int
    lost_samples: int
    cut_stacks: int
    missed_regions: int
    evicted_threads: int
    spent_s: float
    skipped: int

    @property
    def outstanding_bytes(self) -> int:
        """All stacks together, mappings too."""
        return sum(stack.outstanding_bytes for stack in self.stacks)


def read_snapshot(read: Read, now_tsc: int, *, source: str = "sampler") -> Snapshot:
    """Read the tables. now_tsc: the clock's ticks, for ages. Raises ParseError when they are not the sampler's."""
    tables = Tables(read, source)
    for _ in range(_TRIES):
        header = tables.header()
        live = list(tables.live(header.level))
        if tables.header().level == header.level:
            break
    regions = list(tables.regions(header.regions_used))
    stacks, places = _counted(tables.stacks(), live, regions, _Ages(header, now_tsc))
    reasons = set(Reason)
    return Snapshot(
        at_ns=time.monotonic_ns(),
        state=State(header.state),
        reason=Reason(header.off_reason) if header.off_reason in reasons else Reason.NONE,
        period_bytes=header.period_bytes,
        level=header.level,
        stacks=stacks,
        regions=tuple(_mapped(region, places, _Ages(header, now_tsc)) for region in regions),
        samples=header.samples,
        sampled_frees=header.sampled_frees,
        lost_samples=header.lost_samples,
        cut_stacks=header.cut_stacks,
        missed_regions=header.missed_regions,
        evicted_threads=header.evicted_threads,
        spent_s=header.spent_tsc / header.tsc_hz,
        skipped=tables.skipped,
    )


class _Ages:
    """Seconds since a birth; its counter has 32 bits and may have wrapped once."""

    def __init__(self, header: Header, now_tsc: int) -> None:
        self._now = now_tsc >> BORN_SHIFT
        self._unit_s = (1 << BORN_SHIFT) / header.tsc_hz

    def of(self, born: int) -> float:
        age = (self._now - born) & 0xFFFFFFFF
        return 0.0 if age >> 31 else age * self._unit_s  # born after the clock was read


@dataclass(slots=True)
class _Sum:
    """What is added up for one stack."""

    weight_bytes: int = 0
    variance: int = 0
    count: float = 0.0
    samples: int = 0
    seen_bytes: int = 0
    ages_s: list[float] = field(default_factory=list)
    ages_bytes: list[int] = field(default_factory=list)

    def add(self, bytes_: int, weight_bytes: int, age_s: float) -> None:
        """One block. Its variance is weight² (1 - p), and p is bytes / weight: Horvitz and Thompson (1952)."""
        self.weight_bytes += weight_bytes
        self.variance += weight_bytes * (weight_bytes - bytes_)
        self.count += weight_bytes / bytes_
        self.samples += 1
        self.seen_bytes += bytes_
        self.ages_s = [min([*self.ages_s, age_s]), max([*self.ages_s, age_s])]
        age_class = min(int(age_s).bit_length(), AGES - 1)
        self.ages_bytes += [0] * (age_class + 1 - len(self.ages_bytes))
        self.ages_bytes[age_class] += weight_bytes


def _counted(
    known: Mapping[int, KnownStack], live: Iterable[LiveBlock], regions: Iterable[LiveRegion], ages: _Ages
) -> tuple[tuple[StackCount, ...], dict[int, int]]:
    """The stacks, those that hold most first, and where each index of the table is among them. A stack may stand in the table twice."""
    sums: dict[_Key, _Sum] = {_key(stack): _Sum() for stack in known.values()}
    for block in live:
        sums[_key(known.get(block.stack, known[0]))].add(block.bytes, block.weight_bytes, ages.of(block.born))
    for region in regions:
        sums[_key(known.get(region.stack, known[0]))].add(region.bytes, region.bytes, ages.of(region.born))
    rows: dict[_Key, list[KnownStack]] = {}
    for stack in known.values():
        rows.setdefault(_key(stack), []).append(stack)
    counts = {key: _count(rows[key], total) for key, total in sums.items() if any(rows[key][0].pcs) or total.samples}
    order = sorted(counts, key=lambda key: -counts[key].outstanding_bytes)
    place = {key: number for number, key in enumerate(order)}
    places = {index: place[_key(stack)] for index, stack in known.items() if _key(stack) in place}
    return tuple(counts[key] for key in order), places


_Key = tuple[tuple[int, ...], tuple[int, ...], StackFlag, int]


def _key(stack: KnownStack) -> _Key:
    return stack.pcs, stack.go_pcs, stack.flags, stack.kind


def _count(rows: list[KnownStack], total: _Sum) -> StackCount:
    return StackCount(
        pcs=rows[0].pcs,
        go_pcs=rows[0].go_pcs,
        flags=rows[0].flags,
        kind="mmap" if rows[0].kind else "malloc",
        outstanding_bytes=total.weight_bytes,
        variance=float(total.variance),
        outstanding_count=round(total.count),
        samples=total.samples,
        seen_bytes=total.seen_bytes,
        oldest_s=max(total.ages_s, default=None),
        youngest_s=min(total.ages_s, default=None),
        ages_bytes=tuple(total.ages_bytes),
        allocated_bytes=sum(row.allocated_bytes for row in rows),
        allocated_count=sum(row.allocated_count for row in rows),
        freed_bytes=sum(row.freed_bytes for row in rows),
        freed_count=sum(row.freed_count for row in rows),
    )


def _mapped(region: LiveRegion, places: Mapping[int, int], ages: _Ages) -> MappedRegion:
    return MappedRegion(
        address=region.address,
        bytes=region.bytes,
        stack=places.get(region.stack) if region.stack else None,
        age_s=ages.of(region.born),
        prot=region.prot,
        flags=region.flags,
    )
