"""Held: who keeps the heap alive, as looks from outside tell it, put to the causes that they speak of.

The looks see what is reachable: garbage is not in them. What they say of the same time as the total's growth is held against it; what the
total did before the first look they know nothing of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from memwhy.causes.held_shapes import Shape, shape_of
from memwhy.model import weigh
from memwhy.model.case import Case, Series
from memwhy.model.holders import HeldGrowth, HeldLine
from memwhy.model.pieces import plural, singular
from memwhy.model.report import Finding, Verdict
from memwhy.model.units import flag_duration, human_bytes, human_duration, human_rate

HEAP_LEAK, HEADROOM, GOROUTINES = "heap-leak", "gc-headroom", "goroutine-leak"
LEAST_S = 10.0
"""Between the first look and the last; in less a swing of the load looks like growth."""
STEADY, SLOWER, AT_REST, FASTER = 0.9, 0.7, 0.1, 1.4
"""Of the pace between the first two looks, the pace between the last two. A cache that fills under a steady load passes through the first."""
GIVEN_BACK = 0.05
"""Of all growth: what fell by more between two looks was given back."""
SEEN, SEEN_OFTEN = 0.7, 0.85
"""How sure it is that objects stay, where looks show them reachable: by two, and by more that show no slowing."""
LEAST_WORK = 20
"""Pieces of work between two looks: of fewer no pace is told."""
DOUBTFUL = ("slows", "at rest", "gives back")
"""Courses of what may be held on purpose."""
MOST_SAID = 3


@dataclass(frozen=True, slots=True)
class Course:
    """How a holder's growth went between the looks. kind: "two looks", "goes on", "goes on slower", "slows", "at rest", "gives back"."""

    kind: str
    text: str


def with_holders(case: Case, finding: Finding) -> Finding:
    """The finding, with what looks at the holders say of its cause."""
    growth = case.held
    if growth is None or growth.xs[-1] - growth.xs[0] < LEAST_S or not weigh.grows(case):
        return finding
    if finding.cause == HEAP_LEAK:
        return _of_heap_leak(case, growth, finding)
    if finding.cause == HEADROOM:
        return _of_headroom(case, growth, finding)
    if finding.cause == GOROUTINES and finding.verdict is not Verdict.REFUTED:
        return _of_goroutines(case, growth, finding)
    return finding


# -- causes -------------------------------------------------------------------------------------


def _of_heap_leak(case: Case, growth: HeldGrowth, finding: Finding) -> Finding:
    whole = _grown_meanwhile(case, growth)
    if finding.verdict is Verdict.REFUTED or whole is None:
        return finding
    if _only_garbage(growth, whole):
        if finding.verdict is not Verdict.SUPPORTED:
            return replace(finding, against=(*finding.against, _garbage_said(growth, whole)))
        return replace(
            finding,
            verdict=Verdict.CANNOT_SAY,
            probability=min(finding.probability, 0.15),
            against=(*finding.against, _garbage_said(growth, whole)),
        )
    if not growth.lines or growth.grown_bytes < weigh.MINOR * whole:
        return finding
    line = growth.lines[0]
    shape, course = shape_of(line, case), course_of(case, growth, line)
    because = (
        *(line_said(one, growth, case) for one in growth.lines[:MOST_SAID]),
        each_said(case, growth, line),
        waiting_said(growth),
    )
    if course.kind in DOUBTFUL:
        told = replace(
            finding, because=(*finding.because, *filter(None, because)), against=(*finding.against, course.text)
        )
    else:
        told = replace(finding, because=(*finding.because, *filter(None, because), course.text))
    if shape.root or (finding.against and finding.verdict is not Verdict.SUPPORTED):
        return told  # something else that piles up is the root
    explains = growth.grown_bytes >= weigh.MAIN * whole
    probability = _probability(finding, growth, course, explains=explains)
    if finding.verdict is not Verdict.SUPPORTED and probability <= finding.probability:
        return told
    return replace(
        told,
        verdict=Verdict.CANNOT_SAY if course.kind == "at rest" else Verdict.SUPPORTED,
        probability=probability,
        headline=_headline(growth, line),
        bytes=finding.bytes or growth.reached_bytes[-1],
        bytes_per_s=finding.bytes_per_s or growth.grown_bytes / (growth.xs[-1] - growth.xs[0]),
        remedy=_remedy(growth, case, finding),
        confirm_with=_confirm(case, growth, line),
    )


def _probability(finding: Finding, growth: HeldGrowth, course: Course, *, explains: bool) -> float:
    """Reachable objects that carry the growth are what the cause says; a holder that slows down may soon be full."""
    if course.kind == "at rest":
        return 0.5 * finding.probability
    if course.kind in DOUBTFUL or not explains:
        return finding.probability
    return max(finding.probability, SEEN_OFTEN if course.kind == "goes on" else SEEN)


def _of_headroom(case: Case, growth: HeldGrowth, finding: Finding) -> Finding:
    whole = _grown_meanwhile(case, growth)
    heap = weigh.part(case, "layer.go_heap_bytes") or weigh.part(case, "derived.go_held_bytes")
    if whole is None or heap is None or not heap.main:
        return finding
    if not _only_garbage(growth, whole):
        if finding.verdict is Verdict.SUPPORTED and growth.grown_bytes >= weigh.MAIN * whole:
            text = f"what is reachable grew by {human_bytes(growth.grown_bytes)} while the total grew by {human_bytes(whole)}"
            return replace(finding, verdict=Verdict.CANNOT_SAY, probability=0.05, against=(*finding.against, text))
        return finding
    if finding.verdict is Verdict.REFUTED:
        return finding
    return replace(finding, because=(*finding.because, _garbage_said(growth, whole)))


def _of_goroutines(case: Case, growth: HeldGrowth, finding: Finding) -> Finding:
    held = [one for one in growth.lines if shape_of(one, case).root == GOROUTINES]
    if not held:
        return finding
    return replace(finding, because=(*finding.because, *(line_said(one, growth, case) for one in held[:MOST_SAID])))


# -- words --------------------------------------------------------------------------------------


def holder_name(line: HeldLine) -> str:
    """`main.server *main.Server > .cache map[string]*main.Entry`."""
    return " > ".join(line.path)


def line_said(line: HeldLine, growth: HeldGrowth, case: Case) -> str:
    """`main.cache map[string]*main.Entry +402.1 MiB (+1,204,332 entries), 93 % of what more is reachable: a map …`."""
    shape = shape_of(line, case)
    more = pieces_more(line)
    pieces = f" ({more})" if more else ""
    share = weigh.percent(line.grown_bytes / growth.grown_bytes) if growth.grown_bytes > 0 else ""
    of = f", {share} of what more is reachable" if share else ""
    what = f": {shape.what}" if shape.what else ""
    return f"{holder_name(line)} +{human_bytes(line.grown_bytes)}{pieces}{of}{what}"


def pieces_more(line: HeldLine) -> str:
    """`+1,204,332 entries`, `+69,000 list.Element`; "" where nothing is counted that became more."""
    first, last = line.elements[0], line.elements[-1]
    if first is not None and last is not None and last != first:
        noun = "entries" if line.types[-1].startswith("map[") else "values"
        return f"{last - first:+,} {noun}"
    if not line.inner_counts or line.inner_counts[-1] == line.inner_counts[0]:
        return ""
    return f"{line.inner_counts[-1] - line.inner_counts[0]:+,} {line.inner.removeprefix('[]')}"


def waiting_said(growth: HeldGrowth) -> str:
    """Finalizers and cleanups that are due and cannot run, because the goroutine that runs them all is held up; "" where it is not."""
    stuck = [one for one in growth.last.waiting if one.function and one.count]
    return "; ".join(
        f"{one.count:,} {one.kind}s are due and wait behind {one.function}, which stands still"
        + (
            f" ({one.state}" + (f", for {human_duration(one.blocked_s)} at least)" if one.blocked_s else ")")
            if one.state
            else ""
        )
        for one in stuck
    )


def _headline(growth: HeldGrowth, line: HeldLine) -> str:
    share = line.grown_bytes / growth.grown_bytes if growth.grown_bytes > 0 else 0.0
    if share < weigh.MAIN:
        return "The Go heap itself grows: objects stay reachable, from several places."
    return f"The Go heap itself grows: {weigh.percent(share)} of that is kept by {holder_name(line)}."


def _remedy(growth: HeldGrowth, case: Case, finding: Finding) -> tuple[str, ...]:
    """What fits the holders of most of the growth, each once."""
    found: dict[str, Shape] = {}
    for line in growth.lines[:MOST_SAID]:
        if line.grown_bytes >= weigh.MINOR * max(1, growth.grown_bytes):
            found.setdefault(holder_name(line), shape_of(line, case))
    said = [f"{name}: {text}" for name, shape in found.items() for text in shape.remedy]
    if waiting_said(growth):
        blocked = ", ".join(dict.fromkeys(one.function for one in growth.last.waiting if one.function and one.count))
        said.insert(0, f"{blocked}: let it return; what takes long belongs in a goroutine of its own")
    return tuple(said) or finding.remedy


def _confirm(case: Case, growth: HeldGrowth, line: HeldLine) -> str:
    apart_s = max(60.0, growth.xs[-1] - growth.xs[0])
    pid = case.target.pid or "PID"
    return (
        f"memwhy inspect {pid} --holders --for {flag_duration(apart_s)}   ({line.path[0]}: mended, it no longer grows)"
    )


def _garbage_said(growth: HeldGrowth, whole: int) -> str:
    more = max(0, growth.grown_bytes)
    return (
        f"the total grew by {human_bytes(whole)} between the looks at who holds the heap, what is reachable by {human_bytes(more)}:"
        " the rest is garbage that waits for a collection, or room"
    )


# -- courses ------------------------------------------------------------------------------------


def course_of(case: Case, growth: HeldGrowth, line: HeldLine) -> Course:
    """Whether it goes on, slows down, has come to rest or gives back; of two looks nobody can tell."""
    who = line.path[-1] if len(line.path) == 1 else f"{line.path[0]} … {line.path[-1]}"
    if len(growth.xs) < 3:
        again_s = max(60.0, 2 * (growth.xs[-1] - growth.xs[0]))
        text = (
            f"filling up to a bound, or never emptied, cannot be told of {who} from two looks: look again after"
            f" {human_duration(again_s)}"
        )
        return Course("two looks", text)
    steps = [after - before for before, after in pairwise(line.bytes)]
    if min(steps) < -GIVEN_BACK * max(1, line.grown_bytes):
        back = human_bytes(-min(steps))
        return Course("gives back", f"{who} gives back, too: {back} less between two looks")
    measure, per = _measure(case, growth)
    paces = [step / length for step, length in zip(steps, measure, strict=True)]
    if paces[0] <= 0:
        return Course("goes on", f"{who} grows since the last looks only")
    ratio, told = paces[-1] / paces[0], f"{_pace_said(paces[0], per)}, then {_pace_said(paces[-1], per)}"
    if ratio <= AT_REST:
        return Course("at rest", f"{who} has come to rest: {told}")
    if ratio < SLOWER:
        return Course(
            "slows",
            f"{who} grows more slowly ({told}), as what fills up to a bound does: watch on until it is full or goes on",
        )
    word = "ever faster" if ratio > FASTER else "at the same pace" if ratio >= STEADY else "a little more slowly"
    return Course(
        "goes on" if ratio >= STEADY else "goes on slower",
        f"{who} goes on {word} ({told}) and gave nothing back in {len(growth.xs)} looks",
    )


def _pace_said(pace: float, per: str) -> str:
    return human_rate(pace, "s") if per == "s" else f"+{human_bytes(round(pace))} for each {per}"


def _measure(case: Case, growth: HeldGrowth) -> tuple[Sequence[float], str]:
    """What lies between the looks: work done, where it was counted and went on in every stretch, else seconds."""
    counts = [one for name, one in sorted(case.series.items()) if name.startswith("work.") and one.clock != "order"]
    for series in sorted(counts, key=lambda one: one.first - one.last):
        at = [value_at(series, x) for x in growth.xs]
        done = [after - before for before, after in pairwise(at)]
        if min(done) >= LEAST_WORK:
            return done, singular(series.metric.removeprefix("work.").removesuffix("_count"))
    return [after - before for before, after in pairwise(growth.xs)], "s"


def each_said(case: Case, growth: HeldGrowth, line: HeldLine) -> str:
    """How many of what became more came for each piece of work, where work was counted; "" where not."""
    done, per = _measure(case, growth)
    if per == "s" or not line.inner_counts:
        return ""
    more = line.inner_counts[-1] - line.inner_counts[0]
    return f"{more / sum(done):,.2g} {line.inner} for each {per} ({sum(done):,.0f} {plural(per)})" if more > 0 else ""


def value_at(series: Series, x: float) -> float:
    """The series at that moment, in a line between its readings; at its ends its first or last."""
    before, after = series.points[0], series.points[-1]
    for point in series.points:
        if point[0] <= x:
            before = point
        else:
            after = point
            break
    if after[0] <= before[0] or x <= before[0]:
        return float(before[1])
    return before[1] + (after[1] - before[1]) * min(1.0, (x - before[0]) / (after[0] - before[0]))


def _grown_meanwhile(case: Case, growth: HeldGrowth) -> int | None:
    """What the total grew by between the first look and the last; None where that is too little to judge."""
    whole = weigh.total(case)
    if whole is None or whole.clock == "order":
        return None
    grown = round(value_at(whole, growth.xs[-1]) - value_at(whole, growth.xs[0]))
    return grown if grown > weigh.SLIGHT_MOST_BYTES else None


def _only_garbage(growth: HeldGrowth, whole: int) -> bool:
    """What is reachable explains little of the growth, in looks that saw all of it."""
    unsure = growth.last.fast or any("unstable" in note for note in growth.last.notes)
    return not unsure and growth.grown_bytes < weigh.MINOR * whole
