"""Taking everything away again: the jumps, both mappings, the stub. Whatever has to stay is said.

First the sampler is turned off and the originals come back, in one stop: from then on nobody comes in. When no thread is inside any more,
nor any word on a stack leads there, the target unmaps the sampler in its own next call of malloc.
"""

import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from memwhy.model.errors import MemwhyError, TargetGone
from memwhy.native import errand, stub
from memwhy.native.errand import Site
from memwhy.native.errors import CannotAttach, Idle, Stuck, Unstoppable
from memwhy.native.owner import NOBODY, Owner
from memwhy.native.stops import Different, Kind, Range, Stopper, Write
from memwhy.native.stub import Trace

_STATE = struct.Struct("<III")
_AT_STATE = 12
"""state, off_reason and owner_pid of struct mw_header."""
_OFF, _ASKED = 0, 3


@dataclass(frozen=True, slots=True)
class Region:
    """The sampler in the target: its code, and right behind it the header and tables."""

    code: int
    data: int
    end: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What was put into a target. jumps: as they were written, the originals in `expected`. texts: code of malloc and of what it may call."""

    site: Site
    jumps: tuple[Write, ...] = ()
    regions: tuple[Region, ...] = ()
    texts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """restored: the functions that are the original again. left: what is still in the target, in words; it does no harm."""

    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    stop_ns: tuple[int, ...] = ()
    gone: bool = False


def detach(stopper: Stopper, placed: Placed, *, wait_s: float = 10.0) -> Detached:
    """Take away what was placed. Never raises for what the target does: it says what is left."""
    before = len(stopper.stop_ns)
    restored: tuple[str, ...] = ()
    try:
        for region in placed.regions:
            _turn_off(stopper, region)
        restored, left = _restore(stopper, placed.jumps)
        if not left:  # islands stay: nobody comes by any more, but a thread may still stand on their 14 bytes
            site, left = _unmap(stopper, placed, wait_s)
            left = (*left, *errand.clear(stopper, site))
        if left:
            errand.disown(stopper, placed.site)
    except TargetGone:
        return Detached(restored=restored, gone=True, stop_ns=tuple(stopper.stop_ns[before:]))
    except MemwhyError as error:
        left = (f"what could not be undone, because {error.message}",)
    except OSError as error:
        left = (f"what could not be undone, because the target's memory changed meanwhile: {error.strerror}",)
    return Detached(restored=restored, left=left, stop_ns=tuple(stopper.stop_ns[before:]))


def _turn_off(stopper: Stopper, region: Region) -> None:
    """The sampler passes everything through from now on, and has no owner. Where only its code was mapped there is nothing to turn off."""
    if region.end == region.data:
        return
    with suppress(OSError):
        stopper.store(region.data + _AT_STATE, _STATE.pack(_OFF, _ASKED, NOBODY.pid))


def _restore(stopper: Stopper, jumps: Sequence[Write]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put the originals back where our jumps still stand. Returns (restored, left)."""
    ours, left, restored = [], [], []
    for jump in jumps:
        found = stopper.read(jump.address, len(jump.fresh))
        if found == jump.fresh:
            ours.append(jump)
        elif found == jump.expected:
            restored.append(jump.what)
        else:
            left.append(f"the jump on {jump.what}, onto which somebody else has written ({found.hex(' ')})")
    try:
        if ours:
            stopper.write([jump.undone for jump in ours])
    except (Different, CannotAttach) as error:
        return tuple(restored), (*left, *(f"the jump on {jump.what}: {error.message}" for jump in ours))
    return (*restored, *(jump.what for jump in ours)), tuple(left)


def _unmap(stopper: Stopper, placed: Placed, wait_s: float) -> tuple[Site, tuple[str, ...]]:
    """Let the target unmap the regions, at most as many as a stub has calls. Returns the site as it is then, and what had to stay."""
    regions, site = placed.regions[: stub.MOST_CALLS], placed.site
    if not regions:
        return site, ()
    steps = [step for region in regions for step in stub.unmapping_steps(region.code, region.size_bytes)]
    inside = [Range(region.code, region.data, Kind.WORD) for region in regions]
    inside += [Range(start, end, Kind.MALLOC) for start, end in placed.texts]
    trace = Trace(
        kind=stub.UNMAP,
        code=regions[0].code,
        data_bytes=regions[0].end - regions[0].data,
        guard=placed.site.guard,
        owner=Owner.of_us(),
        target=stopper.pid,
    )
    mapped = ", ".join(f"{region.size_bytes >> 20} MiB at {region.code:#x}" for region in regions)
    try:
        guard, site = errand.run(stopper, placed.site, trace, steps, inside, wait_s=wait_s, within_s=wait_s)
    except (Unstoppable, Idle, Stuck) as error:
        return site, (f"the sampler's memory, turned off ({mapped}): {error.message}",)
    if any(guard.results[: len(steps)]):
        return site, (f"the sampler's memory, turned off ({mapped}): munmap failed with {-guard.results[0]}",)
    return site, ()
