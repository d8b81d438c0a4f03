"""Stacked: what a sampler in the process says of native causes: who asked for memory that stays, since it is there.

It sees every way out of a block, so what it counts is in use, not kept by malloc; it cannot see why. A cache that fills is
in use, too: only a straight line over a longer time, or that nothing points to it any more, tells a leak.
"""

import math

from memwhy.model import inside, weigh
from memwhy.model.case import Case
from memwhy.model.metrics import label
from memwhy.model.native import CallSite, StackGrowth, StackKind
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes, human_duration, human_rate

LEAK = "native-leak"
UNSEEN = "are not seen"
"""In a note: blocks of functions that do not lead through the sampler."""
OF_CPLUSPLUS = ("std::", "__gnu_cxx::")
"""Nobody frees what these allocate by hand: their destructors do."""
LEAST_READINGS = 4
LONG = ((30.0, 0.03), (60.0, 0.05), (300.0, 0.03))
"""Seconds that the line went on straight, and how much surer each makes it."""
REPLACES = 1.25
"""Call sites that gain this much more than malloc's blocks in use did put new blocks in the place of older ones."""
MAPPED_BYTES = 128 << 10
"""From here on malloc gives a block its own mapping (mallopt(3) M_MMAP_THRESHOLD)."""
UNNAMED = 0.7
"""At most, where it is open which of the call sites it is."""
RUNTIMES = (
    "node",
    "libnode",
    "libv8",
    "python",
    "libpython",
    "libjvm",
    "java",
    "ruby",
    "libruby",
    "libcoreclr",
    "libclrjit",
    "dotnet",
)
"""How the files of managed runtimes are named; extensions and the libraries behind them have other names."""
MANAGED = 0.4


def told(case: Case) -> StackGrowth | None:
    """What the sampler saw, when it read often enough for a course."""
    stacks = case.stacks
    if stacks is None or stacks.readings < LEAST_READINGS or not isinstance(stacks.whole, Trend):
        return None
    return stacks


def kept_sites(stacks: StackGrowth, kind: StackKind) -> tuple[CallSite, ...]:
    """Call sites whose old blocks become more in a straight line."""
    return tuple(site for site in stacks.sites if site.kept and site.kind == kind)


def pace(sites: tuple[CallSite, ...]) -> float:
    """Bytes a second of these together."""
    return sum(site.course.slope for site in sites if isinstance(site.course, Trend))


def share_of_growth(case: Case, bytes_per_s: float) -> float | None:
    """Of the total's own growth; None where it does not grow."""
    whole = weigh.total(case)
    if whole is None or not isinstance(whole.course, Trend) or whole.course.per != "s" or not rises(case):
        return None
    return bytes_per_s / whole.course.slope


def rises(case: Case) -> bool:
    """The total grows, though not in a shape that tells by itself: what grows with it in a line of its own does."""
    whole = weigh.total(case)
    if weigh.grows(case) or whole is None or not isinstance(whole.course, Trend):
        return bool(weigh.grows(case))
    return whole.course.shape == "unclear" and whole.course.low > 0 and not weigh.slight(whole, weigh.left_by_us(case))


def at_most_share(case: Case, stacks: StackGrowth, kind: StackKind) -> float | None:
    """The most of the total's growth that what was allocated since can be; None where some of it passes the
    sampler by, or came when it was off."""
    if stacks.last.problem or any(UNSEEN in note for note in stacks.last.notes):
        return None
    course = stacks.mapped if kind == "mmap" else stacks.whole
    return share_of_growth(case, max(0.0, course.high)) if isinstance(course, Trend) else None


def site_said(site: CallSite) -> str:
    """`main.readDocument (through htmlReadMemory) 12.3 MiB (11.4 to 13.2), +60.1 MiB/min (+48 to +72)`."""
    by = f" (through {site.entry})" if site.entry else ""
    text = f"{site.function}{by} {human_bytes(site.old_bytes)}"
    if site.low_bytes != site.high_bytes:
        text += f" ({human_bytes(site.low_bytes)} to {human_bytes(site.high_bytes)})"
    if isinstance(site.course, Trend):
        text += f", {weigh.slope_said(site.course)}"
    return text


def by_stacks(case: Case) -> Finding | None:
    """A native leak by the stacks of what is not freed; None where they do not decide."""
    stacks = told(case)
    if stacks is None:
        return None
    sites = kept_sites(stacks, "malloc")
    share = share_of_growth(case, pace(sites))
    most = at_most_share(case, stacks, "malloc")
    if sites and share is not None and share >= weigh.MAIN:
        return _leak(case, stacks, sites, share)
    if sites and share is None:
        return _within(case, stacks, sites)
    if most is not None and most < weigh.MINOR:
        return Finding(cause=LEAK, verdict=Verdict.REFUTED, probability=0.02, bytes=stacks.whole_bytes, against=(flat_said(stacks, most),))  # fmt: skip
    return None


def flat_said(stacks: StackGrowth, most: float) -> str:
    """That what malloc gave out does not follow."""
    text = f"what malloc gave out since the sampler came explains at most {weigh.percent(most)} of the growth"
    return f"{text}: {human_bytes(stacks.whole_bytes)} of it is older than {human_duration(stacks.old_s)}, {human_bytes(stacks.churn_bytes)} was freed again"


def watched_said(stacks: StackGrowth) -> str:
    """`in 12 readings over 58 s`."""
    return f"in {stacks.readings} readings over {human_duration(stacks.last.life_s)}"


def leak_said(stacks: StackGrowth, sites: tuple[CallSite, ...]) -> tuple[str, ...]:
    """Who asked for what is never freed, largest first."""
    old = human_duration(stacks.old_s)
    return tuple(
        f"allocated and not freed within {old}, {watched_said(stacks)}: {site_said(site)}" for site in sites[:3]
    )


def releases(sites: tuple[CallSite, ...]) -> tuple[str, ...]:
    """What is missing, where it is known."""
    return tuple(dict.fromkeys(_release(site) for site in sites[:3] if site.release))


def _release(site: CallSite) -> str:
    if site.entry.startswith(OF_CPLUSPLUS):
        return (
            f"{site.function}: a container or string that it makes is never emptied, and what owns it never destroyed"
        )
    return f"{site.function}: every result of {site.entry or site.kind} needs its {site.release}, on every way out"


def straight_for(case: Case, stacks: StackGrowth, share: float) -> float:
    """How sure a straight line of what is in use makes a leak: never `high` within the first minute by shape alone."""
    sure = 0.8 + sum(more for limit, more in LONG if stacks.last.life_s >= limit)
    if share < 0.7 or not weigh.grows(case):
        sure -= 0.1
    lost = inside.lost(case)
    if lost is not None and lost.bytes + lost.maybe_bytes < 0.25 * stacks.whole_bytes:
        sure = min(sure, 0.78)  # something still points to it: a cache that fills looks like that
    return sure


def _leak(case: Case, stacks: StackGrowth, sites: tuple[CallSite, ...], share: float) -> Finding:
    sure = straight_for(case, stacks, share)
    against = ["what was allocated before the sampler came is not among it"] if stacks.last.way == "attached" else []
    lost = inside.lost(case)
    swapped = replaced(case, sites)
    if swapped is not None:
        against.append(swapped)
        sure = min(sure, UNNAMED)
    if lost is None:
        against.append(
            "a cache that is still filling looks the same; whether anything points to the blocks was not looked at"
        )
    elif lost.bytes + lost.maybe_bytes < 0.25 * stacks.whole_bytes:
        against.append(f"only {human_bytes(lost.bytes)} is lost: to the rest something still points, on purpose or not")
    if case.target.runtime not in ("go", "native"):
        against.append(f"a {case.target.runtime} runtime keeps its own objects in malloc too")
        sure = min(sure, 0.7)
    managed = _is_runtimes(case, sites[0])
    if managed:
        against.insert(0, "it is the runtime that asks for it, for the program's objects: who keeps those is not in C")
    return Finding(
        cause=LEAK,
        verdict=Verdict.CANNOT_SAY if managed else Verdict.SUPPORTED,
        probability=min(sure, MANAGED) if managed else sure,
        headline=f"Native memory is allocated and not freed: {headline_of(sites, is_open=swapped is not None)}.",
        bytes=sum(site.old_bytes for site in sites),
        bytes_per_s=pace(sites),
        because=(
            f"{weigh.percent(min(1.0, share))} of the growth is in {len(sites)} call site{'s' if len(sites) > 1 else ''}",
            *leak_said(stacks, sites),
            *kept_said(case),
        ),
        against=tuple(against),
        remedy=()
        if managed
        else (swapped is None and releases(sites))
        or ("release what these functions allocate on every path, errors included",),
        confirm_with=find_out(case)
        if swapped is not None
        else f"memwhy watch {case.target.pid or 'PID'} --native --for 10m   (again after the fix: these lines must be gone)",
    )


def _is_runtimes(case: Case, site: CallSite) -> bool:
    """The call site is in a managed runtime itself, as V8's array buffers and CPython's own objects are."""
    return case.target.runtime not in ("go", "native") and site.module.startswith(RUNTIMES)


def kept_said(case: Case) -> tuple[str, ...]:
    """What malloc keeps free, by the ledger, apart from it."""
    kept = inside.change(case, inside.KEPT)
    return (f"what malloc keeps free is counted apart: {kept.said}",) if kept is not None else ()


def replaced(case: Case, sites: tuple[CallSite, ...]) -> str | None:
    """That these sites gain more than the whole did, in words: some free what came before the sampler, as a full cache does.

    The sampler does not see those blocks go, so that a cache which turns over looks like a leak until its first sampled blocks leave.
    """
    held, whole = inside.change(case, inside.HELD), weigh.total(case)
    counted = held is not None and isinstance(held.series.course, Trend) and all(map(_is_small, sites))
    series = held.series if held is not None and counted else whole
    if case.stacks is None or case.stacks.last.way != "attached" or series is None or not sites:
        return None
    course = series.course
    if not isinstance(course, Trend) or course.per != "s":
        return None
    error = math.hypot(*((one.course.high - one.course.low) / 2 for one in sites if isinstance(one.course, Trend)))
    gained = pace(sites)
    if gained - error <= max(0.0, course.high) or gained < REPLACES * course.slope:
        return None
    return (
        f"what these call sites keep grows by {human_rate(gained, 's')}, {label(series.metric)} only by"
        f" {human_rate(course.slope, 's')}: some of it takes the place of older blocks that the sampler never saw, as in a full cache"
    )


def _is_small(site: CallSite) -> bool:
    """Its blocks lie in malloc's heaps, where they are counted; a large one has a mapping, which may not be known for malloc's."""
    return site.outstanding_bytes < MAPPED_BYTES * site.samples


def find_out(case: Case) -> str:
    """What tells the leak from the cache."""
    pid = case.target.pid or "PID"
    return f"memwhy watch {pid} --native --for 30m   (what a full cache keeps levels off when its first sampled blocks are freed)"


def headline_of(sites: tuple[CallSite, ...], *, is_open: bool = False) -> str:
    """The largest call site in a few words; where it is open which one it is, that there are several."""
    first = sites[0]
    name = f"{first.function} calls {first.entry}" if first.entry else first.function
    if not is_open:
        return name
    return "by which call site is open" if len(sites) > 1 else f"maybe {name}"


def _within(case: Case, stacks: StackGrowth, sites: tuple[CallSite, ...]) -> Finding:
    """Blocks are kept although the total does not grow, or not yet: malloc had room for them."""
    swapped = replaced(case, sites)
    return Finding(
        cause=LEAK,
        verdict=Verdict.CANNOT_SAY,
        probability=0.3 if weigh.grows(case) is None else 0.15,
        bytes=sum(site.old_bytes for site in sites),
        bytes_per_s=pace(sites),
        because=leak_said(stacks, sites),
        against=(
            "the process does not grow with it, or not yet: malloc may have had the room already",
            *([swapped] if swapped is not None else []),
        ),
        remedy=() if swapped is not None else releases(sites),
        confirm_with=f"memwhy watch {case.target.pid or 'PID'} --native --for 10m",
    )
