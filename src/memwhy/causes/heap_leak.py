"""The runtime's live heap grows: objects stay reachable.

What grows       Live heap after each collection (NextGC follows it), HeapInuse, and the Go heap layer with them.
Speaks for       The live heap rises through several collections and explains the growth of the total.
Speaks against   Everything that Go holds is flat; the live heap is flat while HeapInuse swings (pacing).
Remedy           Find who keeps the objects: the in-use profile's growing function, then bound or empty it.
References       runtime.MemStats; go.dev/doc/gc-guide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from memwhy.causes import counted
from memwhy.causes.clue import DECISIVE, FAIR, HINT, STRONG, Clue, against, believed, denied, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case
from memwhy.model.profile import Profile
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import MIB, human_bytes

NAME = "heap-leak"
SECOND = 0.8
"""How sure it is that what lives grows, where it is not most of what does."""
COLLECTIONS = 2
"""Growth through at least so many collections is no rise between two of them."""


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    held = weigh.part(case, "derived.go_held_bytes") or weigh.part(case, "derived.go_resident_bytes")
    live = _live(case)
    heap = weigh.part(case, "layer.go_heap_bytes")
    growing = weigh.grows(case)
    if held is None and live is None and heap is None:
        return _unread(case, growing)
    if growing is None:
        return _rises_in_stairs(case, live) or _without_total(case, live)
    if not growing:
        first = live or held or heap
        assert first is not None
        if (pacing := weigh.toward_collection(case)) is not None:
            return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.1, because=(pacing,))
        if (rises := weigh.between_collections(case)) is not None:
            return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, bytes=first.at_most, because=(rises,),
                           confirm_with="memwhy watch PID --for 10m   (over two or more collections)")  # fmt: skip
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=first.at_most,
                       against=(f"nothing grows: {weigh.said(first)}",))  # fmt: skip
    outer = heap or held
    if outer is not None and outer.minor:
        texts = [f"Go explains at most {weigh.percent(outer.high)} of the growth: {weigh.said(outer)}"]
        if live is not None and live is not outer:
            texts.append(weigh.said(live))
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=outer.at_most, against=tuple(texts))
    if live is not None and live.series.growing and _uncollected(case, live):
        text = "no collection ran in this time: what is allocated counts garbage too"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.2, bytes=live.at_most, because=(text,),
                       confirm_with="memwhy watch PID --for 10m   (over two or more collections)")  # fmt: skip
    if live is not None and live.series.growing and (outer is None or outer.main or live.main):
        return _supported(case, live, _sure(live))
    if live is not None and outer is not None and outer.main and _wavers_upward(case, live):
        return _supported(case, live, 0.6)
    if live is None and heap is not None and heap.main:
        return _by_layer(case, heap)
    if live is not None and live.series.growing and outer is not None and (outer.low or 0.0) >= weigh.MINOR:
        return _second(case, live, outer)
    text = weigh.said(live) if live is not None else "the live heap was not read"
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.12, bytes=live.at_most if live else None,
                   because=(text,), confirm_with="two heap profiles ten minutes apart: go tool pprof -base old new")  # fmt: skip


def _live(case: Case) -> weigh.Part | None:
    """The best witness of the live heap: NextGC's, which only moves with collections; where that has no clear course
    yet, HeapAlloc, if it rose straight through several collections."""
    by_goal, allocated = weigh.part(case, "derived.go_live_bytes"), weigh.part(case, "go.heap_alloc_bytes")
    collections = case.series.get("go.gc_count")
    if by_goal is None:
        return allocated
    if not by_goal.series.growing and allocated is not None and allocated.series.growing and collections is not None:
        through = collections.last - collections.first >= COLLECTIONS
        return allocated if through and not _stands(case, by_goal, allocated) else by_goal
    return by_goal


def _stands(case: Case, by_goal: weigh.Part, allocated: weigh.Part) -> bool:
    """It cannot explain the growth, even with all that was allocated since the last collection: NextGC knows nothing of that,
    and at the smallest goal there is nothing of what lived at first (runtime/mgcpacer.go: heapMinimum)."""
    since = allocated.series.last - min(by_goal.series.first, allocated.series.first)
    return by_goal.minor and max(by_goal.at_most, since) < weigh.MINOR * weigh.growth_bytes(case)


def _sure(live: weigh.Part) -> float:
    """What collections leave says more than what is allocated."""
    return 0.8 if live.series.metric == "derived.go_live_bytes" else 0.7


def _supported(case: Case, live: weigh.Part, sure: float) -> Finding:
    counts = (("goroutines", "go.goroutines_count"), ("descriptors", "process.descriptors_count"))
    piles = [noun for noun, metric in counts if counted.root(case, metric)]
    root = bool(piles)
    against = (f"{' and '.join(piles)} pile up too: what they hold is part of this heap",) if root else ()
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY if root else Verdict.SUPPORTED,
        probability=0.08 if root else sure,
        headline="The Go heap itself grows: objects stay reachable.",
        bytes=live.series.last,
        bytes_per_s=weigh.explained_per_s(live),
        because=(f"the live heap rises with the total ({weigh.percent(live.mid)} of its growth): {weigh.said(live)}",),
        against=against,
        remedy=REMEDY,
        confirm_with="go tool pprof -base first.pb.gz http://HOST/debug/pprof/heap   (the function whose in-use bytes grow)",
    )


def _second(case: Case, live: weigh.Part, outer: weigh.Part) -> Finding:
    """Not most of the growth, but surely no small part of it, and what lives grows in a line through collections: a leak
    beside the one that the growth is put down to. It is never more likely the answer than its share."""
    found = _supported(case, live, SECOND * (outer.mid or 0.0))
    if found.verdict is not Verdict.SUPPORTED:
        return found
    return replace(
        found,
        headline="The Go heap grows too: objects stay reachable.",
        against=(f"it is {weigh.percent(outer.mid)} of the growth: most of that is something else",),
    )


def _by_layer(case: Case, heap: weigh.Part) -> Finding:
    return Finding(
        cause=NAME,
        verdict=Verdict.SUPPORTED,
        probability=0.5,
        headline="The Go heap's pages grow; whether they are live objects was not measured.",
        bytes=heap.series.last,
        bytes_per_s=weigh.explained_per_s(heap),
        because=(f"{weigh.percent(heap.mid)} of the growth is in the Go heap's pages: {weigh.said(heap)}",),
        against=("without MemStats, idle memory and the collector's pacing look the same",),
        remedy=REMEDY,
        confirm_with="curl -s 'http://HOST/debug/pprof/heap?debug=1' | tail -30   twice, some minutes apart",
    )


def _wavers_upward(case: Case, live: weigh.Part) -> bool:
    """It has no clear shape (load that swings), but rises for certain, through several collections, by most of the growth."""
    course, collections = live.series.course, case.series.get("go.gc_count")
    if not isinstance(course, Trend) or course.shape != "unclear" or course.low <= 0 or collections is None:
        return False
    return collections.last - collections.first >= COLLECTIONS and live.mid is not None and live.mid >= weigh.MAIN


def _uncollected(case: Case, live: weigh.Part) -> bool:
    """Only allocated bytes were read, and no collection ran: they rise in every program."""
    collections = case.series.get("go.gc_count")
    if live.series.metric != "go.heap_alloc_bytes" or collections is None:
        return False
    return collections.first == collections.last


def _rises_in_stairs(case: Case, live: weigh.Part | None) -> Finding | None:
    """The total rises for certain, in a shape of which nobody can say whether it goes on: stairs, as a heap takes spans and
    as a table is loaded anew. What collections leave has a clear course all the same, and carries it; None where not."""
    whole, collections = weigh.total(case), case.series.get("go.gc_count")
    if (
        live is None
        or whole is None
        or not isinstance(whole.course, Trend)
        or not isinstance(live.series.course, Trend)
    ):
        return None
    through = collections is not None and collections.last - collections.first >= COLLECTIONS
    rises = whole.course.shape == "unclear" and whole.course.low > 0 and live.series.growing and through
    if not rises or live.change <= weigh.SLIGHT_MOST_BYTES:
        return None
    carried = live.series.course.slope / whole.course.slope
    if carried < weigh.MAIN:
        return None
    found = _supported(case, replace(live, mid=carried), _sure(live))
    return replace(found, against=(*found.against, f"it comes in stairs: {weigh.change_said(whole)}"))


def _without_total(case: Case, live: weigh.Part | None) -> Finding:
    whole = weigh.total(case)
    if live is not None and whole is not None and isinstance(whole.course, Trend):
        text = f"{weigh.said(live)}, and whether the whole grows cannot be said"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.1, because=(text,))
    much = live is not None and live.change > weigh.SLIGHT_MOST_BYTES
    if live is not None and much and live.series.growing and not _uncollected(case, live):
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.6,
            headline="The Go heap grows by its own numbers.",
            bytes=live.series.last,
            bytes_per_s=weigh.explained_per_s(live),
            because=(weigh.said(live),),
            against=("no RSS to hold it against",),
            remedy=REMEDY,
            confirm_with="go tool pprof -base first.pb.gz http://HOST/debug/pprof/heap",
        )
    share = weigh.level_share(case, "go.heap_alloc_bytes")
    if share is not None and share >= 0.6:
        text = f"allocated objects are {weigh.percent(share)} of the total at this moment"
        return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.3, because=(text,))
    return Finding(cause=NAME, verdict=Verdict.CANNOT_SAY, probability=0.08, because=("no series of the live heap",))


def _unread(case: Case, growing: bool | None) -> Finding:
    if growing is False:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, against=("nothing grows",))
    runtime = case.target.runtime
    if runtime == "native":
        text = "the process has no managed runtime that memwhy knows"
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, bytes=0, against=(text,))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.1,
        because=("the runtime's own numbers were not read",),
        confirm_with="memwhy watch PID --pprof http://HOST:PORT   (or any MemStats line of the program)",
    )


REMEDY = (
    "take two heap profiles some minutes apart and look at the difference: go tool pprof -base old new",
    "bound or empty what holds the objects: a map that only grows, a slice that keeps a big array, a cache without eviction",
)

FULL = 0.9
"""A collector that finds less than a tenth of its heap free starts over, again and again."""
MUCH_IN_USE = 256 * MIB
"""A heap profile of so much that stands on a page without any other figure is what the page is about."""
TIMERS = ("time.NewTimer", "time.After", "time.AfterFunc", "time.NewTicker", "time.startTimer", "time.newTimer")
"""What time.After in a loop leaves on the heap; before Go 1.23 nothing collected it until it fired (time.After's notes)."""


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    live, rss = levels.live(case), levels.resident(case)
    part, full = levels.share(live, rss), _full(case)
    if live is not None and live.rose:
        by_collection = (
            live.metric in ("derived.go_live_bytes", "runtime.heap_after_gc_bytes") or _collections(case) >= COLLECTIONS
        )
        yield from for_(DECISIVE if by_collection else STRONG, f"what is allocated rose: {live.said}")
    elif live is not None and (step := _refcounted(case, live)):
        yield from for_(STRONG, step)
    elif rss is None and (stay := case.facts.get("python.objects_more")):
        yield from for_(STRONG, stay)
    elif live is not None and live.flat and live.n > 1 and full is None:
        yield from against(STRONG, f"what is allocated stays: {live.said}")
    if part is not None and live is not None and rss is not None:
        text = f"{live.said} of {rss.said}"
        if part >= 0.5:  # with two thirds live, not half a heap is garbage or belongs to anybody else
            yield from for_(FAIR if part < 0.65 else 0.5 * (FAIR + STRONG), text)
        elif part < 0.3:
            yield from against(STRONG, f"only {weigh.percent(part)} is allocated: {text}")
        if rss.rose and rss.last >= 1.5 * rss.first and part >= 0.4 and not live.flat:
            yield from for_(
                STRONG, f"{rss.said}, and what is allocated with the collector's headroom explains it: {live.said}"
            )
    elif live is not None and not live.flat and levels.complains_of_growth(case):
        yield from for_(HINT, live.said)
    yield from for_(STRONG, case.facts.get("runtime.heap_exhausted"))
    if full is not None:  # a heap that is full does not rise any more
        yield from for_(STRONG + FAIR if full.n > 1 else STRONG, f"what collections leave fills the heap: {full.said}")
    yield from for_(STRONG, case.facts.get("runtime.heap_full"))
    yield from _by_difference(case, rss)
    yield from believed(STRONG, levels.said(case, "grows", "heap"))
    yield from denied(STRONG, levels.said(case, "flat", "heap"))
    if levels.said(case, "grows", "heap"):  # what goroutines hold is on the heap, and goes with them
        yield from denied(FAIR, levels.said(case, "grows", "goroutines"))
    yield from _by_profile(case)
    yield from _by_objects(case)
    yield from _by_loaders(case)


STEPS = 8
"""Looks of which each found more: a program warms up in fewer."""


def _refcounted(case: Case, live: levels.Level) -> str | None:
    """What is allocated rose from look to look where objects go with their last reference: no garbage is in it."""
    series, runtime = case.series.get(live.metric), case.facts.get("heap.refcounted")
    if series is None or runtime is None or len(series.points) <= STEPS:
        return None
    values = [value for _, value in series.points]
    later = values[len(values) // 4 :]  # without a warm-up
    if any(b < a for a, b in pairwise(later)) or len(set(later)) < max(STEPS, 0.8 * len(later)):
        return None
    return f"what is allocated rose at nearly each of {len(values)} looks: {values[0]:,} to {values[-1]:,} bytes; {runtime} frees with the last reference"


LOADERS = 10_000
"""Applications that make classes at run time have some thousands; each hot reload or query of its own adds to what stays."""


def _by_loaders(case: Case) -> Iterator[Clue]:
    """Class loaders of the JVM: each is an object that something on the heap reaches, and it keeps its classes' metaspace."""
    loaders = levels.level(case, "runtime.class_loaders_count")
    if loaders is None:
        return
    if (loaders.rose and loaders.last >= 2 * loaders.first) or loaders.last >= LOADERS:
        yield from for_(STRONG, f"{loaders.said}: their classes stay with them")


def _full(case: Case) -> levels.Level | None:
    """What collections leave, where that is nearly all that the heap may grow to, at every reading."""
    kept = levels.level(case, "runtime.heap_after_gc_bytes")
    limit = levels.level(case, "runtime.heap_limit_bytes", "runtime.heap_committed_bytes")
    return kept if kept is not None and limit is not None and kept.last >= FULL * limit.last else None


def _collections(case: Case) -> int:
    counted_ = case.series.get("go.gc_count")
    return counted_.last - counted_.first if counted_ is not None else 0


def _by_difference(case: Case, rss: levels.Level | None) -> Iterator[Clue]:
    """The difference of two in-use profiles (pprof -base), as its heading tells it."""
    kind, _, figure = case.facts.get("profile.diff", "").partition(" ")
    if kind not in ("inuse_space", "") or not figure.lstrip("-").isdigit():
        return
    grown = int(figure)
    moved = rss.last - rss.first if rss is not None and rss.n > 1 else None
    if grown >= 16 * MIB and (moved is None or grown >= 0.5 * moved):
        yield from for_(DECISIVE, f"between two heap profiles {human_bytes(grown)} more are in use")
    elif grown < 4 * MIB:
        yield from against(STRONG, f"between two heap profiles no more is in use ({human_bytes(max(0, grown))})")


def _by_profile(case: Case) -> Iterator[Clue]:
    """One function of the program holds most of an in-use profile, or of what two of them differ by."""
    profiles = [seen.profile for seen in case.profiles if seen.profile.kind == "inuse_space" and seen.profile.total > 0]
    rss = levels.resident(case)
    for profile in profiles[-1:]:
        timers = sum(row.flat for row in profile.rows if row.function in TIMERS)
        if timers >= 0.1 * profile.total and timers >= MIB:
            yield from for_(
                STRONG, f"timers hold {human_bytes(timers)} of {human_bytes(profile.total)}: they live until they fire"
            )
        top = max(profile.rows, key=lambda row: row.flat, default=None)
        if top is None or top.flat < 0.2 * profile.total or (rss is not None and profile.total < 0.3 * rss.last):
            continue
        text = f"{top.function} holds {human_bytes(top.flat)} of {human_bytes(profile.total)} in use"
        if top.function.startswith("runtime."):  # maps and slices grow in there, on somebody's behalf
            callers = [
                row
                for row in profile.rows
                if not row.function.startswith("runtime.") and row.flat >= OWN * profile.total
            ]
            top = max(callers, key=lambda row: row.cum, default=None)
            if top is None or top.cum < 0.3 * profile.total:
                continue
            text = f"beneath {top.function} are {human_bytes(top.cum)} of {human_bytes(profile.total)} in use"
        large = rss is None and profile.total >= MUCH_IN_USE
        yield from for_(STRONG if large else FAIR if top.cum >= 16 * MIB or rss is None else HINT, text)


OWN = 0.05
"""What a function allocates itself, beside what it has the runtime allocate: main and server loops allocate nothing."""
OWN_OBJECTS = 1_000
"""Of one class of the program or of its libraries, that become more at every look."""


def _by_instances(counts: Sequence[Profile]) -> Iterator[Clue]:
    """A class of the program's own of which there are many, and more at each of several looks: builtin types hold anything."""
    seen: dict[str, list[int]] = {}
    for profile in counts:
        for row in profile.rows:
            seen.setdefault(row.function, []).append(row.flat)
    rising = [
        (values[-1], name, values[0])
        for name, values in seen.items()
        if len(set(values)) >= 3 and values == sorted(values) and values[-1] >= OWN_OBJECTS and name[:1].isupper()
    ]
    if rising:
        last, name, first = max(rising)
        yield from for_(STRONG, f"{name} objects became more at every look: {first:,} to {last:,}")


MANY_NEW = 1_000
"""Objects of one type, between two looks after a collection: caches of code and of types take some hundreds."""


def _by_objects(case: Case) -> Iterator[Clue]:
    """Objects counted by type, twice: one type gains by far the most."""
    counts = [seen.profile for seen in case.profiles if seen.profile.kind == "python_objects"]
    if len(counts) < 2:
        return
    yield from _by_instances(counts)
    before = {row.function: row.flat for row in counts[-2].rows}
    gains = sorted(
        (
            (row.flat - before[row.function], row.function, row.flat)
            for row in counts[-1].rows
            if row.function in before
        ),
        reverse=True,
    )
    if gains and gains[0][0] >= MANY_NEW and gains[0][0] >= 0.05 * gains[0][2]:
        gain, name, last = gains[0]
        yield from for_(STRONG, f"objects counted by type: {name} {last - gain:,} to {last:,}")
