"""What an earlier memwhy left in a target, by what stands in its memory: jumps, a stub, sampler's mappings, and whose they are.

A memwhy that was killed leaves a target that runs on; its successor takes everything away before it begins. One that lives is not disturbed.
"""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from memwhy.memory.space import Module, Space
from memwhy.native import detach, layout, patch, places, stub
from memwhy.native.detach import Detached, Placed, Region
from memwhy.native.errand import Site
from memwhy.native.errors import CannotAttach, Occupied, Unsuited
from memwhy.native.functions import Function, texts_under
from memwhy.native.owner import NOBODY, Owner
from memwhy.native.stops import Stopper, Write

SITE_BYTES = 640
"""For the stub: five calls' worth of code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """placed: what there is to take away. owners: of it, with how sure it is that the memwhy lives; None: a fresh heartbeat alone."""

    placed: Placed
    owners: tuple[Owner, ...]

    @property
    def is_nothing(self) -> bool:
        return not (self.placed.jumps or self.placed.regions or self.owners)


GATES = ("realloc", "calloc", "free")
"""Where an errand waits when nobody calls malloc."""


def site_of(space: Space, malloc: patch.Entry, entries: Iterable[patch.Entry]) -> Site:
    """Where this target's errands are run: behind the code and the data of the module that has malloc, or of one nearby. Raises NoRoom.

    entries: of what can be patched, malloc's neighbours among them.
    """
    others = {entry.at: entry for entry in entries if entry.function.name in GATES and entry.at != malloc.at}
    slack = places.nearest_code_slack(space, malloc.at, SITE_BYTES, stub.MAGIC)
    guard = places.data_slack(space, malloc.function.module, stub.GUARD_BYTES, stub.GUARD_MAGIC)
    return Site(
        gate=malloc,
        others=tuple(others.values()),
        stub=slack.start,
        unused=slack.on_disk(SITE_BYTES),
        guard=guard.start,
    )


def find(space: Space, functions: Iterable[Function]) -> Remains:
    """What there is, wherever it is. Raises NoRoom, Unsuited as `site_of` and `entry_on_disk` do."""
    entries = list(_entries(functions))
    malloc = next(entry for entry in entries if entry.function.name == "malloc")
    traces = [trace for module in space.modules() if (trace := _trace_in(space, module)) is not None]
    mapped = [*find_regions(space), *(region for trace in traces if (region := _mapped_for(space, trace)) is not None)]
    regions = tuple({region.code: region for region in reversed(mapped)}.values())
    jumps = {jump.address: jump for entry in entries if (jump := _jump_on(space, entry, regions)) is not None}
    owners = [trace.owner if trace.target == space.pid else NOBODY for trace in traces] + [
        _owner_of(space, region) for region in regions
    ]
    texts = texts_under(space, malloc.function)
    placed = Placed(site=site_of(space, malloc, entries), jumps=tuple(jumps.values()), regions=regions, texts=texts)
    return Remains(placed=placed, owners=tuple(owners))


def _entries(functions: Iterable[Function]) -> Iterator[patch.Entry]:
    """Of those that can be patched: on the others nothing was left."""
    for function in functions:
        try:
            yield patch.entry_on_disk(function)
        except Unsuited:
            if function.name == "malloc":
                raise


def settle(space: Space, stopper: Stopper, remains: Remains, now_tsc: int, *, wait_s: float) -> Detached | None:
    """Take away what nobody owns any more; None when there is nothing. Raises Occupied when a memwhy is there, CannotAttach."""
    if remains.is_nothing:
        return None
    for owner in remains.owners:
        alive = owner.is_alive()
        if alive or (alive is None and any(_is_fresh(space, region, now_tsc) for region in remains.placed.regions)):
            whose = f"pid {owner.pid}" + ("" if alive else " of another pid namespace (a container's)")
            raise Occupied(
                f"another memwhy ({whose}) watches {space.name} already",
                help="read what that one says, or end it first",
            )
    done = detach.detach(stopper, remains.placed, wait_s=wait_s)
    jumps = [left for left in done.left if "jump" in left]
    if jumps:
        raise CannotAttach(f"what an earlier memwhy left in {space.name} cannot be taken away: {'; '.join(jumps)}")
    return done


def find_regions(space: Space) -> Iterator[Region]:
    """The sampler's pairs of mappings: code with its magic, and its header with its own right behind."""
    for before, after in zip(space.mappings, space.mappings[1:], strict=False):
        code = before.end - layout.CODE_BYTES
        if before.perms != "r-xp" or after.perms != "rw-p" or before.inode or after.inode:
            continue
        if before.end != after.start or code < before.start or before.path.startswith("/"):
            continue
        if _magic(space, code) in (layout.IMAGE_MAGIC, 0) and _magic(space, after.start) in (layout.MAGIC, 0):
            if _magic(space, code) == 0 and after.size_bytes != layout.REGION_BYTES:
                continue  # mapped, but nothing was written there yet: known by its size alone
            yield Region(code=code, data=after.start, end=after.end)


def _mapped_for(space: Space, trace: stub.Trace) -> Region | None:
    """What a stub has mapped, by its own words and by the mappings: perhaps its code alone, perhaps nothing yet or any more."""
    data = trace.code + layout.CODE_BYTES
    before = next((row for row in space.mappings if row.start <= trace.code and data <= row.end), None)
    if (
        before is None
        or before.perms != "r-xp"
        or before.inode
        or _magic(space, trace.code) not in (layout.IMAGE_MAGIC, 0)
    ):
        return None
    raw = space.read(trace.guard, stub.GUARD_BYTES)
    results = stub.read_guard(raw).results if len(raw) == stub.GUARD_BYTES and raw.endswith(stub.GUARD_MAGIC) else ()
    end = data + trace.data_bytes if results[1:2] == (data,) else data
    holds = any(row.start <= data and end <= row.end and row.perms == "rw-p" for row in space.mappings)
    return Region(code=trace.code, data=data, end=end if holds else data)


def read_header(space: Space, region: Region) -> layout.Header | None:
    """Its header; None where it is gone."""
    raw = space.read(region.data, ctypes.sizeof(layout.Header))
    return layout.Header.from_buffer_copy(raw) if len(raw) == ctypes.sizeof(layout.Header) else None


def _magic(space: Space, address: int) -> int | None:
    return space.word(address)


def _trace_in(space: Space, module: Module) -> stub.Trace | None:
    slack = places.code_slack(space, module)
    return stub.read_trace(space.read(slack.start, stub.HEADER_BYTES)) if slack is not None else None


def _jump_on(space: Space, entry: patch.Entry, regions: Sequence[Region]) -> Write | None:
    """The jump that stands on a function, where it leads into a stub or a sampler, perhaps by an island."""
    found = space.read(entry.at, patch.JUMP_BYTES)
    target = patch.jump_target(entry.at, found)
    if found == entry.original or target is None:
        return None
    landing = space.read(target, patch.ISLAND_BYTES)
    if landing[:6] == b"\xff\x25" + bytes(4):
        target = int.from_bytes(landing[6:], "little")
    is_ours = any(region.code <= target < region.data for region in regions)
    is_stub = stub.read_trace(space.read(target - stub.HEADER_BYTES, stub.HEADER_BYTES)) is not None
    return Write(entry.at, entry.original, found, entry.function.name) if is_ours or is_stub else None


def _owner_of(space: Space, region: Region) -> Owner:
    header = read_header(space, region)
    if header is None or header.magic != layout.MAGIC:
        return NOBODY
    if header.version != layout.VERSION:  # another version's: only its heartbeat, which stands in front, is believed
        return Owner(header.owner_pid, 0, 0)
    return Owner(header.owner_pid, header.owner_start_ticks, header.owner_pid_namespace)


def _is_fresh(space: Space, region: Region, now_tsc: int) -> bool:
    """Has its reader given a sign of life?"""
    header = read_header(space, region)
    return header is not None and 0 <= now_tsc - header.heartbeat_tsc < header.orphan_tsc
