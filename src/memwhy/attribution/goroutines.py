"""Groups of goroutines that become more: the same stack, what they wait for, who started them, and what they cost.

Stacks of one group are alike whatever shows them: frames of the runtime are left out, which some listings show and others do
not. What a group waits for and who started it stands in tracebacks and in looks from outside, not in the endpoint's counts; it
is taken from the newest listing that tells it.
"""

from collections.abc import Collection, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace

from memwhy.attribution.frames import own_frame
from memwhy.attribution.heap import LAYER, MOST_HOLDERS, Sites
from memwhy.attribution.states import Frames, Seen, Site, by_stack, count_states, heap_states
from memwhy.model.case import Case
from memwhy.model.profile import StackSample, Waiting
from memwhy.model.report import Holder
from memwhy.model.units import human_bytes, human_duration
from memwhy.trend.profiles import Growth, grow

SMALLEST_STACK_BYTES = 2048  # runtime/stack.go: stackMin
LEAST_SHARE = 0.02
"""Groups that grow less than this share of all growth are left out where larger ones are shown."""
ALIKE = 0.1
"""Two numbers are one when they differ by less; goroutines and what they hold are counted at different moments."""
FEW = 3
_OF_THE_RUNTIME = ("runtime.", "internal/runtime/")
_SEPARATOR = "\n"
_CERTAIN = "the collector found nothing that could ever wake them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group that grows. stack: without the runtime's frames, leaf first. waiting: as far as any listing tells it, with the
    stack bytes of one goroutine."""

    stack: Frames
    growth: Growth
    waiting: Waiting | None


def groups(case: Case) -> tuple[Group, ...]:
    """Groups of goroutines that are more than at first, those beyond chance first, most first."""
    seen = count_states(case.profiles, "goroutine")
    if seen is None:
        return ()
    told = waits(one.profile.stacks for one in sorted(case.profiles, key=lambda one: one.x) if _lists(one.profile.kind))
    growths = grow(seen.states(_place), per=seen.per)
    found = [
        Group(stack=tuple(site[0].split(_SEPARATOR)), growth=one, waiting=told.get(site[0]))
        for site, one in growths.items()
        if one.change > 0
    ]
    return tuple(sorted(found, key=lambda one: (not one.growth.grows, -one.growth.change, one.stack)))


def _lists(kind: str) -> bool:
    return kind.startswith("goroutine")


def alike(some: Growth, others: Growth) -> bool:
    """They came at one pace; where one has no times, in one number."""
    if min(some.change, others.change) <= FEW:
        return False
    timed = some.unit == others.unit == "s"
    first, other = (one.per if timed else float(one.change) for one in (some, others))
    return abs(first - other) <= ALIKE * max(first, other)


def waits(listings: Iterable[Iterable[StackSample]]) -> dict[str, Waiting]:
    """What the newest listing says of each stack, with the stack bytes of one goroutine of it."""
    found: dict[str, Waiting] = {}
    for stacks in listings:
        for one in stacks:
            if one.waiting is not None and one.value > 0:
                size = one.waiting.stack_bytes
                each = None if size is None else round(size / one.value)
                found[_place(one.frames)[0]] = replace(one.waiting, stack_bytes=each)
    return found


def bare(frames: Frames) -> Frames:
    """A stack without the runtime's frames; as it is where it has no others."""
    return tuple(frame for frame in frames if not frame.startswith(_OF_THE_RUNTIME)) or frames or ("?",)


def _place(frames: Frames) -> Site:
    return _SEPARATOR.join(bare(frames)), ""


def goroutine_groups(case: Case) -> tuple[Holder, ...]:
    """Groups of goroutines by growth of their number, with the bytes of their stacks; of one listing, the largest."""
    sites = Sites(case)
    grown = groups(case)
    if not grown:
        return leaked_groups(case) or _largest(case, sites)
    leaked = _leaked(case)
    whole = sum(one.growth.change for one in grown)
    named = [one for one in grown if one.growth.change >= LEAST_SHARE * whole]
    each, how = stack_bytes_each(case)
    allocated = _live_heap(case)
    holders = [
        _holder(one, one.growth.change / whole, (each, how), (allocated, leaked), sites) for one in named[:MOST_HOLDERS]
    ]
    unnamed = set(leaked) - {one.stack for one in named[:MOST_HOLDERS]}
    return (*holders, *(leaked_groups(case, unnamed) if unnamed else ()))


def _holder(
    one: Group,
    share: float,
    stacks: tuple[float, str],
    told: tuple[dict[str, Growth], Map[Frames, int]],
    sites: Sites,
) -> Holder:
    """stacks: bytes of a stack where nobody read it, and how that is known. told: live heap by first function, leaked by stack."""
    each, how = stacks
    growth = one.growth
    read = one.waiting.stack_bytes if one.waiting is not None else None
    own = read or each
    words = f"{human_bytes(own)} of stack each, {'as allocated' if read else how}"
    holder = Holder(
        layer=LAYER,
        function=own_frame(one.stack),
        module=sites.module(own_frame(one.stack)),
        bytes=round(growth.change * own),
        share=round(share, 4),
        stack=one.stack,
        method="goroutines",
        modules=sites.versions(one.stack),
        note="; ".join(_said(one, words, *told)),
    )
    return counted(holder, growth, own)


def counted(holder: Holder, growth: Growth, each: float) -> Holder:
    """With how many became more, their interval and pace, and the same in bytes. each: bytes of one, 0 where nobody knows."""

    def pace(per: float) -> float | None:
        return per * each if growth.has_pace and each else None

    return replace(
        holder,
        low_bytes=round(growth.low * each) if each else None,
        high_bytes=round(growth.high * each) if each else None,
        bytes_per_s=pace(growth.per),
        low_per_s=pace(growth.low_per),
        high_per_s=pace(growth.high_per),
        count=growth.change,
        low_count=growth.low,
        high_count=growth.high,
        count_per_s=growth.per if growth.has_pace else None,
    )


def _said(one: Group, stacks: str, allocated: dict[str, Growth], leaked: Map[Frames, int]) -> list[str]:
    """`1,204 now, in chan receive, the longest for 41 s at least; started by main.serve; 8.0 KiB of stack each, …`."""
    text = f"{one.growth.last:,} now"
    if one.waiting is not None and one.waiting.state:
        text += f", in {one.waiting.state}"
        if one.waiting.waiting_s:
            text += f", the longest for {human_duration(one.waiting.waiting_s)} at least"
    parts = [text]
    if one.waiting is not None and one.waiting.created_by:
        parts.append(f"started by {one.waiting.created_by}")
    if one.stack in leaked:
        parts.append(f"{leaked[one.stack]:,} leaked for certain: {_CERTAIN}")
    if not one.growth.grows:
        parts.append("it does not grow steadily")
    parts.append(stacks)
    heap = allocated.get(one.stack[-1])
    if heap is not None and heap.grows:
        each = human_bytes(heap.change / one.growth.change) if heap.states == one.growth.states else ""
        parts.append(
            f"what goroutines that begin in {one.stack[-1]} allocated and is alive grew by {human_bytes(heap.change)}"
            f" ({human_bytes(heap.low)} to {human_bytes(heap.high)}{', ' + each + ' each' if each else ''})"
        )
    return parts


def _live_heap(case: Case) -> dict[str, Growth]:
    """Growth of the heap in use by the function that the allocating goroutine began with. It was allocated there; who else holds
    it is not told."""
    seen = heap_states(case.profiles)
    if seen is None:
        return {}
    growths = grow(seen.states(lambda frames: (bare(frames)[-1], "")), period=float(seen.period), per=seen.per)
    return {site[0]: one for site, one in growths.items()}


def stack_bytes_each(case: Case) -> tuple[float, str]:
    """What a goroutine's stack takes where nobody read it, and how that was reckoned: growth of StackInuse by that of the count,
    else one by the other, else the smallest there is."""
    stacks, count = case.series.get("go.stack_inuse_bytes"), case.series.get("go.goroutines_count")
    if stacks is None or count is None or count.last <= 0:
        return SMALLEST_STACK_BYTES, "the smallest that Go has: StackInuse was not read"
    if count.last >= 2 * count.first and stacks.last > stacks.first:
        each = (stacks.last - stacks.first) / (count.last - count.first)
        return max(each, SMALLEST_STACK_BYTES), "as StackInuse grew with the number of goroutines"
    return max(stacks.last / count.last, SMALLEST_STACK_BYTES), "StackInuse divided by the number of goroutines"


def leaked_groups(case: Case, only: Collection[Frames] | None = None) -> tuple[Holder, ...]:
    """Goroutines that the collector itself found leaked (Go 1.27; 1.26 with GOEXPERIMENT=goroutineleakprofile), by the newest such
    profile, the largest groups; only: these stacks."""
    found = {stack: count for stack, count in _leaked(case).items() if only is None or stack in only}
    each, how = stack_bytes_each(case)
    note = f"leaked for certain: {_CERTAIN}; {human_bytes(each)} of stack each, {how}"
    return _listed(found, Sites(case), each, note)


def _leaked(case: Case) -> dict[Frames, int]:
    """Leaked goroutines by stack, as the newest profile or dump has them."""
    seen = count_states(case.profiles, "goroutineleak")
    return _by_bare_stack(seen) if seen is not None else {}


def _largest(case: Case, sites: Sites) -> tuple[Holder, ...]:
    """Of one listing, or where nothing grows, the groups by their number."""
    seen = count_states(case.profiles, "goroutine")
    if seen is None:
        return ()
    each, how = stack_bytes_each(case)
    return _listed(
        _by_bare_stack(seen), sites, each, f"as many as there are now; {human_bytes(each)} of stack each, {how}"
    )


def _by_bare_stack(seen: Seen) -> dict[Frames, int]:
    counted: dict[Frames, int] = {}
    for frames, count in by_stack(seen.newest).items():
        counted[bare(frames)] = counted.get(bare(frames), 0) + count
    return counted


def _listed(counted: Map[Frames, int], sites: Sites, each: float, note: str) -> tuple[Holder, ...]:
    ranked = sorted(
        ((stack, count) for stack, count in counted.items() if count > 0), key=lambda row: (-row[1], row[0])
    )
    whole = sum(count for _, count in ranked)
    return tuple(
        Holder(
            layer=LAYER,
            function=own_frame(stack),
            module=sites.module(own_frame(stack)),
            bytes=round(count * each),
            share=round(count / whole, 4),
            stack=stack,
            method="goroutines",
            modules=sites.versions(stack),
            note=note,
            count=count,
        )
        for stack, count in ranked[:MOST_HOLDERS]
    )
