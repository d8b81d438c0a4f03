"""What will be changed in a target, and whether it can be: decided before anything is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from memwhy.memory.space import Module, Space
from memwhy.native import patch, places, remains
from memwhy.native.errand import Site
from memwhy.native.errors import NoRoom, Unsuited
from memwhy.native.functions import NEEDED, Function, exported, is_libc, text_of, texts_under

_ISLAND_STEP_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """functions: all that get a trampoline. entries: those of them that are patched, by name, one for each address.

    texts: code whose own mmap is none of the program's: "libc", "loader", and "malloc" where that is another module. beneath: all that a thread in malloc can be in. notes: what is not seen.
    """

    site: Site
    functions: Mapping[str, Function]
    entries: Mapping[str, patch.Entry]
    errno_location: int | None
    texts: Mapping[str, tuple[int, int]]
    beneath: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]


def make_plan(space: Space, found: Mapping[str, Function], wanted: Collection[str], notes: tuple[str, ...]) -> Plan:
    """Raises Unsuited where a function cannot be patched without which nothing can be sampled, Occupied, NoRoom, CannotAttach."""
    entries: dict[str, patch.Entry] = {}
    refused: dict[str, str] = {}
    for name, function in found.items():
        if name not in wanted or any(function.address == entry.function.address for entry in entries.values()):
            continue
        try:
            entries[name] = patch.read_entry(space, function)
        except Unsuited as error:
            refused[name] = error.message
    refused |= patch.check_branches(list(entries.values()))
    for name in NEEDED:
        if name in refused:
            raise Unsuited(f"{name} of {space.name} cannot be patched: {refused[name]}")
    for name in refused:
        entries.pop(name, None)
    malloc = entries.get("malloc") or patch.read_entry(space, found["malloc"])
    unseen = (f"calls of {name} are not seen: {why}" for name, why in refused.items())
    return Plan(
        site=remains.site_of(space, malloc, entries.values()),
        functions=found,
        entries=entries,
        errno_location=_errno_location(space),
        texts=_texts(space, found["malloc"].module),
        beneath=texts_under(space, found["malloc"]),
        notes=(*notes, *unseen),
    )


def place_region(space: Space, plan: Plan, wanted_bytes: int, skip: int) -> int:
    """Where the sampler goes: within a jump's reach of every function, or at least of malloc's own module. Raises NoRoom."""
    everything = [function.address for function in plan.functions.values()]
    own = plan.functions["malloc"].module
    try:
        return places.region(space, wanted_bytes, everything, skip=skip)
    except NoRoom:
        near = [function.address for function in plan.functions.values() if function.module == own]
        return places.region(space, wanted_bytes, near, skip=skip)


def place_islands(space: Space, plan: Plan, region: int) -> dict[str, int]:
    """Addresses of long jumps for the functions that are too far from the region. Raises NoRoom."""
    far = [name for name, entry in plan.entries.items() if not patch.is_near(entry.at, region)]
    ends: dict[Module, int] = {}
    islands = {}
    for name in far:
        module = plan.entries[name].function.module
        slack = places.code_slack(space, module)
        if slack is None:
            raise NoRoom(f"{module.path} has no room behind its code, and is too far from malloc for a jump")
        ends[module] = ends.get(module, slack.end) - _ISLAND_STEP_BYTES
        if ends[module] < max(slack.start, plan.site.keep_out.end if slack.start == plan.site.stub else 0):
            raise NoRoom(f"{module.path} has too little room behind its code for jumps that reach the sampler")
        islands[name] = ends[module] & -_ISLAND_STEP_BYTES
    return islands


def _errno_location(space: Space) -> int | None:
    for module in space.modules():
        name = "__errno_location"
        if is_libc(module) and (found := exported(module, (name,))):
            return module.bias + found[name][0]
    return None


def _texts(space: Space, owner: Module) -> dict[str, tuple[int, int]]:
    modules = space.modules()
    libc = next((module for module in modules if is_libc(module)), None)
    loader = next((module for module in modules if module.name.startswith("ld-")), None)
    named = {"libc": libc, "loader": loader, "malloc": owner if owner != libc and not owner.is_program else None}
    return {name: text for name, module in named.items() if module is not None and (text := text_of(module))}
