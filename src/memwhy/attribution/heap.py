"""Go allocation sites by growth of what is in use, over all states of the heap that were seen."""

from collections import Counter

from memwhy.attribution.frames import module_of, own_frame
from memwhy.attribution.states import Frames, Seen, Site, by_stack, heap_states
from memwhy.model.case import Case
from memwhy.model.drawn import interval
from memwhy.model.gomodules import STANDARD, GoModules
from memwhy.model.report import Holder
from memwhy.model.units import human_bytes, human_duration
from memwhy.trend.profiles import Growth, grow

LAYER = "layer.go_heap_bytes"
MOST_HOLDERS = 8
LEAST_SHARE = 0.05
"""Sites that are not shown to grow are named from this share of all growth on."""


class Sites:
    """Tells allocation sites: the first function that is not the runtime's and, where that is the standard library's, the first
    one outside of it that called it."""

    def __init__(self, case: Case) -> None:
        self.modules = GoModules(case.facts)

    def place(self, frames: Frames) -> Site:
        """(function, the caller that tells it apart or "")."""
        function = own_frame(frames)
        if self.modules.of(function)[0] != STANDARD:
            return function, ""
        beyond = frames[frames.index(function) :] if function in frames else ()
        return function, next((frame for frame in beyond if self.modules.of(frame)[0] != STANDARD), "")

    def module(self, function: str) -> str | None:
        """ "golang.org/x/net@v0.30.0" where the build info is known, else the package."""
        return (self.modules.named(function) if self.modules.known else "") or module_of(function)

    def versions(self, stack: Frames) -> tuple[str, ...]:
        """name@version of each frame; nothing where the build info is not known."""
        return tuple(self.modules.named(frame) for frame in stack) if self.modules.known else ()


def heap_sites(case: Case) -> tuple[Holder, ...]:
    """Go allocation sites, those that grow beyond chance first, fastest first; with one state of the heap only, by size."""
    seen = heap_states(case.profiles)
    if seen is None:
        return ()
    sites = Sites(case)
    growths = grow(seen.states(sites.place), period=float(seen.period), per=seen.per)
    if not growths:
        return _by_size(seen, sites)
    grown = {site: one for site, one in growths.items() if one.change > 0}
    whole = sum(one.change for one in grown.values())
    ranked = sorted(grown.items(), key=lambda item: (not item[1].grows, -item[1].change, item[0]))
    named = [(site, one) for site, one in ranked if one.grows or one.change >= LEAST_SHARE * whole]
    stacks, allocated = _stacks(seen, sites), _allocated(case, seen, sites)
    return tuple(
        _holder(site, one, one.change / whole, stacks[site], sites, _note(one, seen, allocated.get(site)))
        for site, one in named[:MOST_HOLDERS]
    )


def _holder(site: Site, one: Growth, share: float, stack: Frames, sites: Sites, note: str) -> Holder:
    return Holder(
        layer=LAYER,
        function=site[0],
        module=sites.module(site[0]),
        bytes=one.change,
        share=round(share, 4),
        stack=stack,
        method="pprof",
        modules=sites.versions(stack),
        low_bytes=one.low,
        high_bytes=one.high,
        bytes_per_s=one.per if one.has_pace else None,
        low_per_s=one.low_per if one.has_pace else None,
        high_per_s=one.high_per if one.has_pace else None,
        note=note,
    )


def _by_size(seen: Seen, sites: Sites) -> tuple[Holder, ...]:
    """What is in use in the one state that there is."""
    times = "profile shows" if seen.asked == 1 else f"{seen.asked} profiles show"
    why = f"in use; the {times} one state of the heap only: what grows is told after the next collection"
    stacks = _stacks(seen, sites)
    rows = seen.states(sites.place)[-1].values
    whole = sum(value for value, _ in rows.values() if value > 0)
    ranked = sorted(rows.items(), key=lambda row: (-row[1][0], row[0]))[:MOST_HOLDERS]
    out = []
    for site, (value, variance) in ranked:
        if value <= 0:
            continue
        low, high = interval(value, variance if variance >= 1 else 0.0)
        out.append(
            Holder(
                layer=LAYER,
                function=site[0],
                module=sites.module(site[0]),
                bytes=value,
                share=round(value / whole, 4),
                stack=stacks[site],
                method="pprof",
                modules=sites.versions(stacks[site]),
                low_bytes=low,
                high_bytes=high,
                note=why,
            )
        )
    return tuple(out)


def _stacks(seen: Seen, sites: Sites) -> dict[Site, Frames]:
    """The stack of each site that grew most from the first state to the last; of one that was seen between only, its largest."""
    values = by_stack(seen.newest)
    values.subtract(by_stack(seen.profiles[0].profile) if len(seen.profiles) > 1 else {})
    best: dict[Site, Frames] = {}
    for stacks in (values, *(by_stack(one.profile) for one in seen.profiles[1:-1])):
        for frames, _ in stacks.most_common():
            best.setdefault(sites.place(frames), frames)
    return best


def _allocated(case: Case, seen: Seen, sites: Sites) -> dict[Site, int]:
    """What each site allocated between the first and the last state, what was freed since included."""
    ends = seen.profiles[0], seen.profiles[-1]
    beside = {
        (one.subject, one.where.file, one.x): one.profile for one in case.profiles if one.profile.kind == "alloc_space"
    }
    first, last = (beside.get((one.subject, one.where.file, one.x)) for one in ends)
    if first is None or last is None or first is last:
        return {}
    values = by_stack(last)
    values.subtract(by_stack(first))
    found: Counter[Site] = Counter()
    for frames, value in values.items():
        found[sites.place(frames)] += value
    return dict(found)


def _note(one: Growth, seen: Seen, allocated: int | None) -> str:
    """`in 6 states of the heap, 41 s; of 120.4 MiB allocated 12.1 MiB stayed`."""
    span = human_duration(one.span) if seen.per == "s" else f"{one.states} profiles"
    parts = [f"in {one.states} states of the heap, {span}"]
    if not one.proven:
        parts.append(f"no more than sampling one in {human_bytes(seen.period)} and chance can feign")
    elif one.shape == "warm-up":
        parts.append("it has nearly ended")
    elif one.shape == "step":
        parts.append("one step, not a steady growth")
    elif one.shape is None:
        parts.append("beyond what sampling can feign; so few states do not tell a leak from a swing of the load")
    if allocated is not None and allocated > one.change:
        parts.append(f"of {human_bytes(allocated)} allocated {human_bytes(one.change)} stayed")
    return "; ".join(parts)
