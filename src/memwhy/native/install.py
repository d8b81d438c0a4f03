"""The steps of an attach that change the target: map, fill in, patch. Each leaves it in order if it is the last one."""

import os
from collections.abc import Mapping
from dataclasses import replace

from memwhy.memory.space import Space
from memwhy.model.errors import MemwhyError
from memwhy.native import detach, errand, layout, patch, permission, seccomp, stub
from memwhy.native.detach import Placed, Region
from memwhy.native.errors import CannotAttach, NoRoom, Unsuited
from memwhy.native.header import Settings, fresh_header
from memwhy.native.owner import Owner
from memwhy.native.plan import Plan, place_islands, place_region
from memwhy.native.stops import Range, Stopper, Write
from memwhy.native.stub import NOT_MADE, Trace

_WANTED_BYTES = layout.CODE_BYTES + layout.REGION_BYTES
_MOST_PLACES = 4
_EEXIST, _EPERM, _EACCES = -17, -1, -13


def map_region(space: Space, stopper: Stopper, plan: Plan, wait_s: float) -> Placed:
    """Let the target map the sampler's memory. Raises Idle, NoRoom, SeccompForbids and what a stop raises; all is undone then."""
    for skip in range(_MOST_PLACES):
        code = place_region(space, plan, _WANTED_BYTES, skip)
        region = Region(code=code, data=code + layout.CODE_BYTES, end=code + _WANTED_BYTES)
        trampolines(plan, code)
        steps = stub.mapping_steps(region.code, layout.CODE_BYTES, region.data, layout.REGION_BYTES)
        unmapping = stub.unmapping_steps(region.code, _WANTED_BYTES)
        seccomp.check(stopper.root, stopper.pid, stub.calls((*steps, *unmapping), plan.site.stub))
        trace = Trace(
            kind=stub.MAP,
            code=code,
            data_bytes=layout.REGION_BYTES,
            guard=plan.site.guard,
            owner=Owner.of_us(),
            target=stopper.pid,
        )
        guard, site = errand.run(stopper, plan.site, trace, steps, wait_s=wait_s)
        placed = Placed(site=site, jumps=(site.to_stub,), regions=(region,), texts=plan.beneath)
        failed = next((i for i, step in enumerate(steps) if step.wanted not in (None, guard.results[i])), None)
        if failed is None:
            return placed
        # what was not mapped is not ours to unmap
        mapped = ((), (replace(region, end=region.data),))[failed] if failed < 2 else (region,)
        detach.detach(stopper, replace(placed, regions=mapped), wait_s=wait_s)
        if guard.results[failed] != _EEXIST:
            raise _refused(stopper, steps[failed].number, guard.results[failed])
        space.refresh()  # the target mapped something there meanwhile
    raise NoRoom(f"{space.name} maps memory so fast that no place stays free for the sampler")


def trampolines(plan: Plan, code: int) -> bytes:
    """All slots, by enum mw_function: the original's beginning for what is patched, a jump to it for what is not. Raises Unsuited."""
    slots = bytearray(24 * layout.TRAMPOLINE_BYTES)
    by_address = {entry.function.address: entry for entry in plan.entries.values()}
    for function in plan.functions.values():
        at = function.index * layout.TRAMPOLINE_BYTES
        entry = by_address.get(function.address)
        moved = patch.far_jump(function.address)
        if entry is not None:
            moved = patch.trampoline(entry, code + layout.TRAMPOLINES + at, most_bytes=layout.TRAMPOLINE_BYTES)
        slots[at : at + len(moved)] = moved
    if plan.errno_location is not None:
        at = layout.Function.ERRNO_LOCATION * layout.TRAMPOLINE_BYTES
        jump = patch.far_jump(plan.errno_location)
        slots[at : at + len(jump)] = jump
    return bytes(slots)


def fill_in(stopper: Stopper, plan: Plan, region: Region, image: bytes, header: layout.Header) -> None:
    """Write the sampler's code, its trampolines and its header. Raises CannotAttach when it does not stand there then."""
    stopper.store(region.code, image)
    stopper.store(region.code + layout.TRAMPOLINES, trampolines(plan, region.code))
    stopper.store(region.data, bytes(header))
    if stopper.read(region.code, len(image)) != image:
        raise CannotAttach(
            f"the sampler's code in pid {stopper.pid} is not what was written: somebody else writes there"
        )


def make_header(plan: Plan, settings: Settings, state: layout.State) -> layout.Header:
    """The header of a sampler that begins now."""
    header = fresh_header(settings, state=state)
    for name, (low, high) in plan.texts.items():
        setattr(header, f"{name}_text_lo", low)
        setattr(header, f"{name}_text_hi", high)
    return header


def patch_entries(space: Space, stopper: Stopper, plan: Plan, placed: Placed, entries: Mapping[str, int]) -> Placed:
    """The jumps to the hooks, in one stop. entries: name → the hook's address. Returns what stands now. Raises as Stopper.write does."""
    site, region = placed.site, placed.regions[0]
    islands = place_islands(space, plan, region.code)
    writes: list[Write] = []
    jumps: list[Write] = []
    keep_out: list[Range] = []
    for name, entry in plan.entries.items():
        hook = entries.get(name)
        if hook is None:
            continue
        if name in islands:
            there = stopper.read(islands[name], patch.ISLAND_BYTES)
            writes.append(Write(islands[name], there, patch.far_jump(hook), f"the way to {name}'s hook"))
            hook = islands[name]
        jump = entry.jump_to(hook)
        jumps.append(jump)
        if entry.at == site.gate.at:
            jump = Write(jump.address, site.to_stub.fresh, jump.fresh, jump.what)
        else:
            keep_out.append(entry.interior)
        writes.append(jump)
    if not any(jump.address == site.gate.at for jump in jumps):
        writes.append(site.to_stub.undone)
    stopper.write(writes, keep_out)
    return replace(placed, jumps=tuple(jumps))


def _refused(stopper: Stopper, number: int, result: int) -> MemwhyError:
    """A call of the stub failed: which, and why."""
    name = {stub.SYS_MMAP: "map the sampler's memory (mmap)", stub.SYS_MADVISE: "keep it out of children (madvise)"}[
        number
    ]
    if result == NOT_MADE or result >= 0:
        return NoRoom(
            f"pid {stopper.pid} mapped the sampler's memory elsewhere: this kernel knows no MAP_FIXED_NOREPLACE"
        )
    why = permission.why_no_room(stopper.root, stopper.pid, -result, _WANTED_BYTES)
    if result in (_EPERM, _EACCES):
        why = f"{os.strerror(-result)}: a security module (SELinux's execmem) or a seccomp filter forbids it"
        return Unsuited(f"pid {stopper.pid} may not {name}: {why}")
    return NoRoom(
        f"pid {stopper.pid} could not {name}: {why}",
        help="give it some 10 MiB more of address space, or see its limits",
    )
