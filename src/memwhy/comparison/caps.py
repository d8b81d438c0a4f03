"""Caps: how much less than its layers a difference can explain, by what else was measured of the heavier side."""

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace

from memwhy.comparison.components import Pair
from memwhy.comparison.conditions import arenas_bound
from memwhy.comparison.given import Given
from memwhy.comparison.rules import Part
from memwhy.comparison.sites import DEFAULT_PERIOD_BYTES
from memwhy.model.drawn import interval
from memwhy.model.gomodules import GoModules
from memwhy.model.gosettings import gogc_percent
from memwhy.model.metrics import label
from memwhy.model.profile import Profile
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes

KEPT = "derived.malloc_kept_bytes"
ARENA_BYTES = 64 << 20
"""HEAP_MAX_SIZE on 64 bit (malloc/arena.c); an arena may have several such heaps."""
ROUNDING_BYTES = 32
"""More than a malloc adds to a block of a heap: header and alignment (glibc: 8 and up to 15, musl: 4 and up to an eighth of small
ones). What a block with a mapping of its own loses to its last page, a 32nd of 128 KiB at most, is not in it."""
SIZED_BY_THE_LIMIT = ("jvm", "node", "dotnet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """bytes: at most so many; bytes_per_s: of growth at most, None where that was not measured. words: with the figures.
    parts: that were measured, all where there are none; what else a difference touches is bounded by its layers alone."""

    bytes: int
    bytes_per_s: float | None
    words: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """heavier, lighter: by what they hold or grow. names: A and B."""

    heavier: Given
    lighter: Given
    name: str
    other: str


def rate_per_s(side: Given, metric: str) -> float | None:
    """A metric's slope; of few looks, which have no trend, what it changed between the first and the last."""
    slope = side.slope_per_s(metric)
    series = side.case.series.get(metric)
    if slope is not None or series is None or series.clock == "order" or len(series.points) < 2:
        return slope
    span_s = series.points[-1][0] - series.points[0][0]
    return (series.last - series.first) / span_s if span_s > 0 else None


def _kept(sides: Sides, _: Pair) -> Cap | None:
    kept = sides.heavier.last(KEPT)
    if kept is None:
        return None
    words = f"{label(KEPT)} in {sides.name}: {human_bytes(kept)}, and it is no more than that"
    return Cap(bytes=kept, bytes_per_s=rate_per_s(sides.heavier, KEPT), words=words)


def _kept_and_rounding(sides: Sides, pair: Pair) -> Cap | None:
    cap = _kept(sides, pair)
    blocks = sides.heavier.last("malloc.chunks_count")
    if cap is None or blocks is None:
        return cap
    slope = rate_per_s(sides.heavier, "malloc.chunks_count")
    rounding = blocks * ROUNDING_BYTES
    return Cap(
        bytes=cap.bytes + rounding,
        bytes_per_s=None if cap.bytes_per_s is None or slope is None else cap.bytes_per_s + slope * ROUNDING_BYTES,
        words=f"malloc keeps {human_bytes(cap.bytes)} of freed memory in {sides.name}, and rounding {blocks:,} blocks takes"
        f" {human_bytes(rounding)} at most",
    )


def _arenas(sides: Sides, pair: Pair) -> Cap | None:
    """No more arenas than the other side may have: then the bound has not made a difference."""
    there, bound = sides.heavier.last("malloc.arenas_count"), arenas_bound(sides.lighter)
    if there is not None and bound is not None and there <= bound:
        words = f"{sides.name} has {there} arenas, and {sides.other} may have as many: its bound has not mattered"
        return Cap(bytes=0, bytes_per_s=0.0, words=words)
    cap = _kept(sides, pair)
    if cap is None or there is None:
        return cap
    space = f"{there} arenas in {sides.name} take {human_bytes(ARENA_BYTES)} or more each, {human_bytes(there * ARENA_BYTES)} together, of address space"
    return replace(cap, words=f"{space}; {cap.words}")


def _garbage(sides: Sides, _: Pair) -> Cap | None:
    heap, live = sides.heavier.last("layer.go_heap_bytes"), sides.heavier.last("derived.go_live_bytes")
    if heap is None or live is None:
        return None
    rates = rate_per_s(sides.heavier, "layer.go_heap_bytes"), rate_per_s(sides.heavier, "derived.go_live_bytes")
    return Cap(
        bytes=max(0, heap - live),
        bytes_per_s=None if rates[0] is None or rates[1] is None else max(0.0, rates[0] - rates[1]),
        words=f"of {human_bytes(heap)} resident Go heap in {sides.name} {human_bytes(live)} live, whatever the collector does",
    )


def sized_by_the_limit(sides: Sides) -> bool:
    """A runtime on either side sizes its heap by the cgroup's limit."""
    return bool({sides.heavier.case.target.runtime, sides.lighter.case.target.runtime} & set(SIZED_BY_THE_LIMIT))


def _limit(sides: Sides, _: Pair) -> Cap | None:
    """Nothing is given up far below the limit."""
    limit, held = sides.lighter.last("cgroup.limit_bytes"), sides.lighter.last("cgroup.current_bytes")
    if sized_by_the_limit(sides) or held is None:
        return None
    if limit is None or held < 0.9 * limit:
        return Cap(bytes=0, bytes_per_s=0.0, words=f"{sides.other} is not near a limit: nothing had to be given up")
    return None


def _library_sites(sides: Sides, pair: Pair) -> Cap | None:
    """What calls through these libraries hold, where a sampler was at work."""
    stacks = sides.heavier.case.stacks
    if stacks is None:
        return None
    through = [
        site
        for site in stacks.sites
        if any(frame.module.startswith(f"{name}.so") for frame in site.path for name in pair.names)
    ]
    held = sum(max(site.outstanding_bytes, site.high_bytes) for site in through)
    courses = [site.course for site in through]
    trends = [course for course in courses if isinstance(course, Trend)]
    words = f"calls through them hold {human_bytes(held)} at most, by the sampler in {sides.name}"
    pace = sum(course.high for course in trends) if len(trends) == len(courses) else None
    return Cap(bytes=held, bytes_per_s=pace, words=words, parts=("native",))


def _module_sites(sides: Sides, pair: Pair) -> Cap | None:
    """What the modules' functions hold on the Go heap, with the garbage that GOGC lets stand beside it; nothing where they call C,
    or where nothing bounds the garbage."""
    facts = sides.heavier.case.facts
    if set(facts.get("go.cgo_modules", "").split("\n")) & set(pair.names):
        return None
    seen = [one for one in sides.heavier.case.profiles if one.profile.kind == "inuse_space" and one.profile.stacks]
    if not seen:
        return None
    percent = gogc_percent(facts.get("env.GOGC", ""))
    if percent is None:
        return None
    held = held_by(max(seen, key=lambda one: one.x).profile, pair.names, facts)
    words = f"stacks through them hold {human_bytes(held)} of Go's heap in {sides.name}, and GOGC lets it be {100 + percent} % of that"
    return Cap(bytes=held * (100 + percent) // 100, bytes_per_s=None, words=words, parts=("go",))


def held_by(profile: Profile, modules: tuple[str, ...], facts: Map[str, str]) -> int:
    """The upper end of the interval of all stacks with a function of these modules. facts: of the program's modules."""
    known = GoModules(facts)
    held = [one for one in profile.stacks if any(known.of(frame)[0] in modules for frame in one.frames)]
    period = profile.sampling_period_bytes or DEFAULT_PERIOD_BYTES
    variance = sum(one.value * period if one.variance is None else one.variance for one in held)
    return interval(sum(one.value for one in held), variance)[1]


CAPS: dict[str, Callable[[Sides, Pair], Cap | None]] = {
    "kept": _kept,
    "kept_and_rounding": _kept_and_rounding,
    "arenas": _arenas,
    "garbage": _garbage,
    "limit": _limit,
    "library_sites": _library_sites,
    "module_sites": _module_sites,
}
