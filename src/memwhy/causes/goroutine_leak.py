"""Goroutines are started and never end; each holds its stack and whatever it can reach.

What grows       The number of goroutines, StackInuse, and the heap that they pin.
Speaks for       The count rises steadily; stacks, or the Go heap with them, explain the growth.
Speaks against   The count or StackInuse is flat; descriptors or threads rise as fast and keep the goroutines.
Remedy           Give each goroutine a way out: a context, a closed channel, a timeout on the send or receive it waits in.
References       go.dev/blog/pipelines; runtime/pprof goroutine and (Go 1.27) goroutineleak profiles.
"""

import re
from collections.abc import Iterator

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.profile import Profile
from memwhy.model.report import Finding, Verdict

NAME = "goroutine-leak"
SECOND = "Go's own memory explains little of the growth: this is a second problem, not the cause"
SMALLEST_STACK_BYTES = 2048  # runtime/stack.go: stackMin
NEW_STACKS = 0.5
"""Of the least that those which are new need: a few may find stacks that others have left since the last collection."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    goroutines = counted.count(case, "go.goroutines_count")
    stacks = weigh.part(case, "go.stack_inuse_bytes")
    if goroutines is None:
        return _by_stacks(case, stacks)
    if counted.rising(goroutines):
        return _may_be_load(case, goroutines, stacks) or _rising(case, stacks)
    bound = stacks.at_most if stacks is not None else None
    return counted.still(NAME, goroutines, "goroutines", bound)


def _may_be_load(case: Case, goroutines: Series, stacks: weigh.Part | None) -> Finding | None:
    """A handful of readings within a short watch rise with the load too, and fall with it: not a leak while memory is known
    not to grow, nor while their stacks were there before, so that as many have run before. StackInuse falls with a
    collection alone (runtime/stack.go: freeStackSpans). None where it is neither."""
    if not case.live or len(goroutines.points) > counted.FEW_READINGS:
        return None
    new = NEW_STACKS * (goroutines.last - goroutines.first) * SMALLEST_STACK_BYTES
    reused = stacks is not None and len(stacks.series.points) > 1 and stacks.change < new
    if weigh.grows(case) is not False and not reused:
        return None
    text = (
        f"their stacks were there before: {weigh.said(stacks)}"
        if reused and stacks is not None
        else "no memory grows with them yet"
    )
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.2, bytes=stacks.at_most if stacks is not None else None,
                   because=(counted.told(goroutines, "goroutines"),), against=(f"{text}: load that rises looks the same",),
                   confirm_with=f"memwhy watch {case.target.pid or 'PID'} --for 60s   (a leak never falls)")  # fmt: skip


def _rising(case: Case, stacks: weigh.Part | None) -> Finding:
    goroutines = case.series["go.goroutines_count"]
    held = weigh.part(case, "layer.go_heap_bytes") or weigh.part(case, "derived.go_held_bytes")
    growing = weigh.grows(case)
    because = [counted.told(goroutines, "goroutines")]
    if stacks is not None:
        because.append(weigh.said(stacks))
    if held is not None and growing:
        cost = counted.each_bytes(goroutines, max(0, held.change))
        because.append(
            f"Go's own memory explains {weigh.percent(held.mid)} of the growth" + (f", {cost}" if cost else "")
        )
    explains = held is None or held.mid is None or held.mid >= weigh.MAIN
    native_bound = held is not None and held.minor
    root = _root(case)
    second = counted.beside(case, goroutines)
    probability = 0.1 if native_bound or root or second else 0.8 if growing and explains else 0.55
    against = [SECOND] if native_bound else [second] if second else []
    if root:
        against.append(root)
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED if not against else Verdict.CANNOT_SAY,
        probability=probability,
        headline="Goroutines pile up: each keeps its stack and what it can reach.",
        bytes=goroutines.last * SMALLEST_STACK_BYTES if stacks is None else stacks.series.last,
        bytes_per_s=weigh.explained_per_s(held) if held is not None and growing else None,
        because=tuple(because),
        against=tuple(against),
        remedy=(
            "give the largest group a way out: a context, a closed channel, a timeout where it waits",
            "curl -s 'http://HOST/debug/pprof/goroutine?debug=1' | head -40   shows the groups; Go 1.27: /debug/pprof/goroutineleak",
        ),
        confirm_with="two goroutine profiles some minutes apart: the group that grows",
    )


def _by_stacks(case: Case, stacks: weigh.Part | None) -> Finding:
    """Without a count: StackInuse bounds it, at 2 KiB at least for each goroutine."""
    if stacks is None:
        unknown = case.target.runtime in ("go", "unknown")
        growing = weigh.grows(case)
        if growing is False:
            return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, against=("nothing grows",))
        return Finding(
            cause=NAME,
            verdict=Verdict.CANNOT_SAY if unknown else Verdict.REFUTED,
            probability=0.05 if unknown else 0.01,
            because=("neither the goroutine count nor StackInuse was read",) if unknown else (),
            against=() if unknown else ("no Go runtime in this process",),
            confirm_with="the goroutine count: curl 'http://HOST/debug/pprof/goroutine?debug=1' | head -1"
            if unknown
            else None,
        )
    held = weigh.part(case, "derived.go_held_bytes")
    if stacks.minor and held is not None and held.minor:
        text = f"each goroutine costs 2 KiB of stack at least, yet StackInuse stays: {weigh.said(stacks)}; what Go holds bounds what they could pin"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=stacks.at_most, against=(text,))
    if stacks.series.growing:
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.5,
            headline="Goroutine stacks grow.",
            bytes=stacks.series.last,
            bytes_per_s=weigh.explained_per_s(stacks),
            because=(weigh.said(stacks),),
            against=("the goroutine count was not read: deep stacks look the same",),
            confirm_with="the goroutine count: curl 'http://HOST/debug/pprof/goroutine?debug=1' | head -1",
        )
    growing = weigh.grows(case)
    verdict = Verdict.REFUTED if growing is False else Verdict.CANNOT_SAY
    return Finding(cause=NAME, verdict=verdict, probability=0.03, bytes=stacks.at_most, against=(weigh.said(stacks),))


def _root(case: Case) -> str | None:
    """What piles up as fast and keeps the goroutines, in words."""
    if _follow_descriptors(case):
        return "descriptors pile up as fast: each open connection keeps its goroutines, so they are the root"
    if counted.with_threads(case):
        return "threads pile up as fast: each goroutine has one of its own, as in a blocked system call, so they are the root"
    return None


def _follow_descriptors(case: Case) -> bool:
    """Descriptors rise at a third of the goroutines' pace or more: net/http keeps two goroutines for a connection."""
    descriptors, goroutines = counted.count(case, "process.descriptors_count"), case.series["go.goroutines_count"]
    if descriptors is None or not counted.root(case, "process.descriptors_count"):
        return False
    return 3 * counted.pace(descriptors, goroutines) >= counted.pace(goroutines, descriptors)


LONG_MINUTES, DAY_MINUTES = 60, 1440
WAITED = re.compile(r"longest for (\d{1,9}) minutes")
"""As sources/pasted/goroutine_dump.py says it."""
MANY, VERY_MANY = 1_000, 10_000
"""Goroutines: servers of some size have hundreds; ten thousand without as many connections are a pile."""

NEARLY = 5_000
"""So many tell as much where memory is said to grow."""

PILE, ALIKE = 100, 0.3
"""Goroutines in a profile, and the share of its largest group: a small server's hundred wait in many places."""

BLOCKED = frozenset(
    (
        "sync.runtime_SemacquireMutex",
        "sync.(*Mutex).Lock",
        "sync.(*RWMutex).Lock",
        "sync.(*RWMutex).RLock",
        "runtime.chansend",
    )
)
"""Where goroutines wait that somebody holds up; idle ones wait in the poller, a receive or a select."""


def _largest(profile: Profile) -> int:
    """How many goroutines have the same stack."""
    return max((stack.value for stack in profile.stacks), default=0)


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    count = levels.level(case, "go.goroutines_count")
    groups = [seen.profile for seen in case.profiles if seen.profile.kind == "goroutine" and seen.profile.total >= PILE]
    if count is not None:
        if count.rose and count.last >= 2 * count.first:
            yield from for_(DECISIVE if count.last >= 500 else STRONG, count.said)
        elif count.flat:
            yield from against(DECISIVE, count.said)
        elif count.last >= VERY_MANY:
            yield from for_(STRONG, count.said)
        elif count.last >= MANY:
            grows = count.last >= NEARLY and levels.said(case, "grows", "total", "rss", "heap") is not None
            yield from for_(STRONG if grows else FAIR, count.said)
        else:
            rising = levels.said(case, "grows", "goroutines") is not None and count.n == 1
            alike = groups and _largest(groups[-1]) >= ALIKE * groups[-1].total
            yield from against(
                HINT if rising or alike else STRONG, f"{count.said}: few" + (" yet" if rising or alike else "")
            )
    for profile in groups[-1:]:
        largest = _largest(profile)
        if largest >= ALIKE * profile.total:
            idle = case.facts.get("said.idle")  # without work, as many in one place wait for nobody
            text = f"{largest:,} of {profile.total:,} goroutines wait in one place"
            yield from for_(STRONG if idle else FAIR, f"{text}, and it is said: “{idle}”" if idle else text)
        stuck = max((row.cum for row in profile.rows if row.function in BLOCKED), default=0)
        if stuck >= 0.5 * profile.total:
            yield from for_(
                STRONG, f"{stuck:,} of {profile.total:,} goroutines wait for a lock or for somebody to receive"
            )
    waiting = WAITED.search(case.facts.get("go.goroutines_waiting", ""))
    if waiting and int(waiting[1]) >= LONG_MINUTES:
        weight = STRONG if int(waiting[1]) >= DAY_MINUTES else FAIR
        yield from for_(weight, f"goroutines wait: {case.facts['go.goroutines_waiting']}")
    yield from believed(STRONG, levels.said(case, "grows", "goroutines"))
    yield from denied(STRONG, levels.said(case, "flat", "goroutines"))
    if case.target.runtime not in ("go", "unknown"):
        yield from against(DECISIVE, f"no Go: {case.target.runtime}")
