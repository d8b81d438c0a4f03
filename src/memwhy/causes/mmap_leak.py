"""Anonymous mappings are made directly and never unmapped.

What grows       Layer other anonymous: mappings that belong neither to the runtime nor to malloc's arenas. A look into
                 the process's memory takes malloc's large blocks off as well.
Speaks for       The layer grows with the total; a program without a C heap has nothing else there.
Speaks against   The layer is flat. Large malloc blocks live there too: where nobody looked, it may be a native leak.
Remedy           munmap what was mapped (syscall.Munmap, the wrapper's Close), or bound the off-heap cache.
References       mmap(2); malloc(3) M_MMAP_THRESHOLD.
"""

from collections.abc import Iterator

from memwhy.causes import stacked
from memwhy.causes.cgo import no_c_heap, other_allocator
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, believed, for_
from memwhy.causes.outside import outside_runtime
from memwhy.model import inside, levels, weigh
from memwhy.model.case import Case
from memwhy.model.native import StackGrowth
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes

NAME = "mmap-leak"
FEWEST = 3
"""Readings: of two, one may be of a single step."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    anonymous, growing = weigh.part(case, "layer.anonymous_bytes"), weigh.grows(case)
    if anonymous is None:
        refuted = growing is False
        return Finding(
            cause=NAME,
            verdict=Verdict.REFUTED if refuted else Verdict.CANNOT_SAY,
            probability=0.02 if refuted else 0.04,
            because=() if refuted else ("mappings were not read (smaps)",),
            against=("nothing grows",) if refuted else (),
            confirm_with=None if refuted else "memwhy watch PID --for 5m",
        )
    if not growing:
        if growing is None and (held := _by_level(case)) is not None:
            return held
        verdict = Verdict.REFUTED if growing is False else Verdict.CANNOT_SAY
        return Finding(cause=NAME, verdict=verdict, probability=0.02 if growing is False else 0.05,
                       bytes=anonymous.at_most, against=(weigh.said(anonymous),))  # fmt: skip
    stacks = stacked.told(case)
    if stacks is not None and (mapped := _by_stacks(case, stacks, anonymous)) is not None:
        return mapped
    if anonymous.main or _rises_throughout(case, anonymous):
        return _large_blocks(case) or _malloc_s_so_far(case, anonymous) or _supported(case, anonymous)
    verdict = Verdict.REFUTED if anonymous.minor else Verdict.CANNOT_SAY
    text = f"other anonymous mappings explain at most {weigh.percent(anonymous.high)} of the growth: {weigh.said(anonymous)}"
    return Finding(cause=NAME, verdict=verdict, probability=0.02 if anonymous.minor else 0.1,
                   bytes=anonymous.at_most, against=(text,))  # fmt: skip


def _by_stacks(case: Case, stacks: StackGrowth, anonymous: weigh.Part) -> Finding | None:
    """Mappings that stay, each counted: who made them; None where they are neither most of the growth nor next to none."""
    sites = stacked.kept_sites(stacks, "mmap")
    share = stacked.share_of_growth(case, stacked.pace(sites))
    most = stacked.at_most_share(case, stacks, "mmap")
    if sites and share is not None and share >= weigh.MAIN:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=min(0.93, stacked.straight_for(case, stacks, share) + 0.03),
            headline=f"Memory is mapped and not unmapped: {stacked.headline_of(sites)}.",
            bytes=sum(site.old_bytes for site in sites),
            bytes_per_s=stacked.pace(sites),
            because=(
                f"{weigh.percent(min(1.0, share))} of the growth is in mappings, each counted: {weigh.said(anonymous)}",
                *stacked.leak_said(stacks, sites),
            ),
            remedy=stacked.releases(sites) or ("unmap what was mapped on every path; bound off-heap caches",),
            confirm_with=f"memwhy watch {case.target.pid or 'PID'} --native --for 10m",
        )
    if most is not None and most < weigh.MINOR and case.target.runtime == "native":  # Go maps without libc
        text = f"mappings that stay explain at most {weigh.percent(most)} of the growth: {human_bytes(stacks.mapped_bytes)} since the sampler came"
        return Finding(
            cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=stacks.mapped_bytes, against=(text,)
        )
    return None


def _rises_throughout(case: Case, anonymous: weigh.Part) -> bool:
    """Readings too few or too uneven for a clear course, as a busy machine leaves them: they take most of the growth, no one
    falls, and what slope they have is above zero; or the looks inside say so of what nobody owns."""
    unowned = inside.change(case, inside.UNOWNED)
    if anonymous.mid is None or anonymous.mid < weigh.MAIN:
        return False
    if unowned is not None and unowned.main:
        return True
    course, values = anonymous.series.course, [value for _, value in anonymous.series.points]
    if isinstance(course, Trend) and not (course.shape == "unclear" and course.low > 0):
        return False
    return len(values) >= FEWEST and values == sorted(values)


def _large_blocks(case: Case) -> Finding | None:
    """malloc's blocks with mappings of their own take the growth; None when they do not, or nobody looked."""
    unowned, mapped = inside.change(case, inside.UNOWNED), inside.change(case, inside.MAPPED)
    if mapped is None or unowned is None or not mapped.main or not unowned.minor:
        return None
    text = f"the mappings that grow are malloc's own, a block each: {mapped.said}"
    return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=max(0, unowned.change),
                   against=(text,))  # fmt: skip


def _malloc_s_so_far(case: Case, anonymous: weigh.Part) -> Finding | None:
    """The only look found malloc's large blocks in such mappings, and more of them than nobody's: whose the growth is, the next
    look tells. None where there were two looks, or the one speaks for mappings."""
    unowned, mapped = case.series.get(inside.UNOWNED), case.series.get(inside.MAPPED)
    if unowned is None or mapped is None or len(mapped.points) > 1 or mapped.last <= unowned.last:
        return None
    text = f"malloc had {human_bytes(mapped.last)} in such mappings when it was looked at, nobody known {human_bytes(unowned.last)}"
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.25, bytes=anonymous.series.last,
                   bytes_per_s=weigh.explained_per_s(anonymous), because=(weigh.said(anonymous),),
                   against=(f"{text}: whose the growth is, a second look tells",),
                   confirm_with=f"memwhy watch {case.target.pid or 'PID'} --for 60s")  # fmt: skip


def _by_level(case: Case) -> Finding | None:
    """One look: mappings that no allocator owns, when they are most of RSS."""
    share = inside.share_of_rss(case, inside.UNOWNED)
    if share is None or share < inside.MUCH:
        return None
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.35,
        bytes=inside.level(case, inside.UNOWNED),
        because=(f"anonymous memory that neither a runtime nor malloc owns is {weigh.percent(share)} of RSS",),
        confirm_with="memwhy watch PID --for 10m",
    )


def _supported(case: Case, anonymous: weigh.Part) -> Finding:
    unowned = inside.change(case, inside.UNOWNED)
    counted = unowned is not None and unowned.main
    alone = no_c_heap(case) or counted
    runtime = case.target.runtime
    known = runtime in ("go", "native")
    if (allocator := other_allocator(case)) is not None:
        text = f"{allocator}'s heap lies in such mappings, and it was not read: native blocks that are not freed look the same"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, bytes=anonymous.series.last,
                       because=(weigh.said(anonymous),), against=(text,),
                       confirm_with=f"memwhy watch {case.target.pid or 'PID'} --native --for 60s")  # fmt: skip
    against = [] if alone else ["malloc gives each large block a mapping of its own: those would look the same"]
    if not known:
        against.append(f"a {runtime} runtime maps its own heap there: its numbers were not read")
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED if known else Verdict.CANNOT_SAY,
        probability=(0.85 if counted else 0.8 if alone else 0.55) if known else 0.2,
        headline="Memory mapped outside the runtime's heap and outside malloc's arenas grows and is not unmapped.",
        bytes=anonymous.series.last,
        bytes_per_s=weigh.explained_per_s(anonymous),
        because=(
            f"{weigh.percent(anonymous.mid)} of the growth is in other anonymous mappings: {weigh.said(anonymous)}",
            *((f"with malloc's own blocks taken off: {unowned.said}",) if unowned is not None and counted else ()),
        ),
        against=tuple(against),
        remedy=(
            "unmap what was mapped: syscall.Munmap or the wrapper's Close on every path; bound off-heap caches",
            "strace -f -e trace=mmap,munmap -p PID shows who maps (it slows the target: not on a loaded host)",
        ),
        confirm_with=f"memwhy watch {case.target.pid or 'PID'} --for 10m",
    )


MANY, VERY_MANY = 500, 20_000
"""Mappings: programs with many libraries and threads have a thousand or two."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    if text := case.facts.get("mappings.exhausted"):
        yield from for_(DECISIVE, text)
    if text := case.facts.get("mappings.many"):
        yield from for_(STRONG, text)
    if text := case.facts.get("mappings.deleted"):  # who deletes a file needs it no more
        yield from for_(STRONG, text)
    yield from believed(STRONG, levels.said(case, "grows", "mappings"))
    mappings = levels.level(case, "process.mappings_count")
    if mappings is not None and mappings.rose and mappings.last - mappings.first >= MANY:
        yield from for_(DECISIVE, mappings.said)
    elif mappings is not None and mappings.last >= VERY_MANY:
        yield from for_(STRONG, mappings.said)
    if no_c_heap(case) or case.facts.get("said.no_cgo"):
        yield from outside_runtime(case, STRONG)
    anonymous = levels.level(case, "layer.anonymous_bytes")
    part = levels.share(anonymous, levels.resident(case))
    if anonymous is not None and part is not None and part >= 0.5:
        yield from for_(STRONG if no_c_heap(case) else FAIR, anonymous.said)
    used, rss = levels.level(case, "malloc.in_use_bytes"), levels.resident(case)
    if (
        used is not None
        and (levels.share(used, rss) or 1.0) < 0.3
        and (levels.level(case, "malloc.free_bytes") or used).last < 0.3 * (rss.last if rss else 0)
    ):
        yield from for_(HINT, f"malloc holds little of it: {used.said}")
