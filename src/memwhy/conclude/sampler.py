"""What the sampler in the process saw, in sentences: what does not grow as well, what it missed, and what it cost."""

from collections.abc import Iterator

from memwhy.model import inside, weigh
from memwhy.model.case import Case
from memwhy.model.native import CallSite, StackGrowth
from memwhy.model.trend import NotEnough, Trend
from memwhy.model.units import MIB, human_bytes, human_duration, human_rate

MOST_LEVEL = 3
MATTERS_BYTES = MIB


def sampled(case: Case) -> tuple[str, ...]:
    """Sentences; none where no sampler was there."""
    return tuple(_sentences(case, case.stacks)) if case.stacks is not None else ()


def _sentences(case: Case, stacks: StackGrowth) -> Iterator[str]:
    last = stacks.last
    since = "it was attached: older blocks are not counted" if last.way == "attached" else "the process began"
    yield (
        f"{human_duration(last.life_s)} since {since}; {stacks.readings} readings; one sample for each"
        f" {human_bytes(last.period_bytes)} allocated, and the margins of that are 95 % intervals"
    )
    yield (
        f"outstanding {human_bytes(stacks.outstanding_bytes)}, of which {human_bytes(stacks.whole_bytes + stacks.mapped_bytes)}"
        f" is {human_duration(stacks.old_s)} and older{_pace(stacks)}; {human_bytes(stacks.churn_bytes)} was allocated and freed again"
    )
    if isinstance(stacks.whole, NotEnough):
        yield f"whether it grows cannot be said: {stacks.whole.reason}"
    kept = inside.level(case, inside.KEPT)
    if kept is not None:
        yield f"freed and kept by malloc, which no stack holds: {human_bytes(kept)} (resident, by the ledger)"
    level = [site for site in stacks.sites if not site.kept and site.old_bytes >= MATTERS_BYTES]
    for site in level[:MOST_LEVEL]:
        yield f"{_heading(site)}: {_named(site)} {human_bytes(site.old_bytes)}, {_why_level(site)}"
    if stacks.runtime_bytes:
        yield f"{human_bytes(stacks.runtime_bytes)} was asked for by the Go runtime itself, and is in none of these figures"
    yield from _missed(stacks)
    yield (
        f"the sampler took {last.spent_s:.2f} s of the target's CPU time for {last.samples:,} samples, and"
        f" {human_bytes(last.own_bytes)} of its RSS for their tables"
    )


def _pace(stacks: StackGrowth) -> str:
    """Of malloc's blocks and of mappings, each where it grows."""
    courses = (("malloc", stacks.whole), ("mmap", stacks.mapped))
    paces = [
        f"{kind} {human_rate(course.slope, course.per)}"
        for kind, course in courses
        if isinstance(course, Trend) and course.growing
    ]
    return f" ({', '.join(paces)})" if paces else ""


def _named(site: CallSite) -> str:
    return f"{site.function} ({site.entry})" if site.entry else site.function


def _heading(site: CallSite) -> str:
    """A course that is not known, or has no shape yet, is no acquittal."""
    is_open = not isinstance(site.course, Trend) or (site.course.shape == "unclear" and site.course.high > 0)
    return "growing or not is open" if is_open else "not growing"


def _why_level(site: CallSite) -> str:
    course = site.course
    if not isinstance(course, Trend):
        return f"its course is not known: {course.reason}"
    if course.growing:
        return "more of it, but none of it gets old: it turns over"
    words = {"warm-up": "it has levelled off", "step": "it came at once", "flat": "it stays", "falling": "it falls"}
    return words.get(course.shape, f"no clear course yet, {weigh.slope_said(course)}")


def _missed(stacks: StackGrowth) -> Iterator[str]:
    last = stacks.last
    if last.problem:
        yield f"since then nothing was sampled: {last.problem}"
    if last.lost_samples:
        yield f"{last.lost_samples:,} samples had no room in the tables: the figures are too small by their share of {last.samples:,}"
    if last.cut_stacks:
        yield f"{last.cut_stacks:,} samples have no stack of their own: there was no room for more"
    if last.missed_regions:
        yield f"{last.missed_regions:,} mappings were not counted: there was no room for more"
    yield from last.notes
