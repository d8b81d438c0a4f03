"""Another process holds it: a child, or a neighbour on the host or in the cgroup.

What grows       The children's RSS, or the host's or cgroup's memory while the process's own RSS is flat.
Speaks for       The process is flat and the sum around it grows; a cgroup's, where the process is the first of its container.
Speaks against   The process's own RSS explains the growth.
Remedy           Watch that process instead.
References       proc_pid_task(5) children; cgroup.procs.
"""

from collections.abc import Iterator, Sequence

from memwhy.causes.clue import FAIR, HINT, STRONG, Clue, against, believed, for_
from memwhy.model import levels, weigh
from memwhy.model.case import Case, Series
from memwhy.model.metrics import label
from memwhy.model.report import Finding, Verdict
from memwhy.model.trend import Trend
from memwhy.model.units import human_bytes

NAME = "other-process"
CROWD = 100
"""So many processes of one program are seldom meant."""
CONFIRM = "ps -eo pid,ppid,rss,comm --sort=-rss | head   twice, some minutes apart"


def judge(case: Case) -> Finding:
    """See the module's docstring."""
    children, risen = case.series.get("process.children_rss_bytes"), child_grows(case)
    growing = weigh.grows(case)
    own = case.total == "process.rss_bytes"
    if children is not None and risen is not None and (growing is False or not own or _larger(children, case)):
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED,
            probability=0.85 if children.growing else 0.6,
            headline="A child process grows; the process itself does not.",
            bytes=children.last,
            bytes_per_s=children.course.slope if isinstance(children.course, Trend) else None,
            because=(f"the children's RSS grows: {weigh.change_said(children)}",),
            remedy=("watch the child: memwhy watch CHILD_PID",),
            confirm_with=CONFIRM,
        )
    around = _around(case) if own else None
    if own and growing is False and around is not None:
        return around
    if own:
        texts = [] if children is None else [f"children: {weigh.change_said(children)}"]
        text = "what grows is this process's own RSS" if growing else "the process and what is around it are flat"
        return Finding(cause=NAME, verdict=Verdict.REFUTED if growing is not None else Verdict.CANNOT_SAY,
                       probability=0.02, bytes=0, against=(text, *texts))  # fmt: skip
    if growing is False:
        return Finding(cause=NAME, verdict=Verdict.REFUTED, probability=0.02, against=("nothing grows",))
    return Finding(
        cause=NAME,
        verdict=Verdict.CANNOT_SAY,
        probability=0.1 if growing else 0.05,
        because=("only the memory of the whole host or cgroup was read: whose it is cannot be said",)
        if growing
        else ("no series of a process's own RSS",),
        confirm_with=CONFIRM,
    )


def child_grows(case: Case) -> Series | None:
    """The descendants' memory, when it grows by more than a start touches: in a straight line, or with their number, by
    jumps of a process each."""
    children, count = case.series.get("process.children_rss_bytes"), case.series.get("process.children_count")
    if children is None or children.last - children.first <= weigh.SLIGHT_MOST_BYTES:
        return None
    values = [value for _, value in children.points]
    multiply = count is not None and count.growing and values == sorted(values) and children.last >= 2 * children.first
    return children if children.growing or multiply else None


def _larger(children: object, case: Case) -> bool:
    """The children grow faster than the process itself."""
    whole = weigh.total(case)
    theirs = getattr(getattr(children, "course", None), "slope", 0.0)
    ours = whole.course.slope if whole is not None and isinstance(whole.course, Trend) else 0.0
    return bool(theirs > ours)


def _around(case: Case) -> Finding | None:
    """The process is flat; does the anonymous memory around it grow?"""
    for metric in ("cgroup.anon_bytes", "host.anon_pages_bytes"):
        series = case.series.get(metric)
        whole = weigh.total(case)
        if series is None or whole is None or not series.growing:
            continue
        course = series.course
        # on a busy host something always moves: it must matter beside the process's own size and beside its own
        if not isinstance(course, Trend) or course.slope * course.span < max(0.1 * whole.last, 0.02 * series.last):
            continue
        near = metric.startswith("cgroup.") and first_of_container(case)
        return Finding(
            cause=NAME,
            verdict=Verdict.SUPPORTED if near else Verdict.CANNOT_SAY,
            probability=0.5 if near else 0.1,
            headline="This process is flat; another one around it grows.",
            bytes=series.last,
            bytes_per_s=course.slope,
            because=(
                f"{label(metric)}: {weigh.change_said(series)}, {weigh.slope_said(course)}",
                f"its own RSS: {weigh.change_said(whole)}",
            ),
            remedy=("find the one that grows, and watch that",),
            confirm_with=CONFIRM,
        )
    return None


def first_of_container(case: Case) -> bool:
    """It is process 1 of its PID namespace: what else is in its cgroup is its own (pid_namespaces(7)). Any other process may
    share the cgroup with neighbours that have nothing to do with it, as in a login session or a CI job."""
    return case.facts.get("process.nspid", "").split()[-1:] == ["1"]


def clues(case: Case) -> Iterator[Clue]:
    """What single readings and words say."""
    children, rss = (
        levels.level(case, "process.children_rss_bytes"),
        levels.level(case, "process.rss_bytes", "process.rss_anon_bytes"),
    )
    if children is not None and (rss is None or children.last > 1.5 * rss.last):
        yield from for_(STRONG, children.said + (f", {rss.said}" if rss else ""))
    count = levels.level(case, "process.children_count")
    if count is not None and count.rose and (rss is None or not rss.rose):
        yield from for_(STRONG, f"processes of one kind: {count.said}")
    elif count is not None and count.last >= CROWD and (program := case.facts.get("children.program")):
        yield from for_(FAIR, f"{count.last:,} processes of {program}")
    yield from believed(STRONG, levels.said(case, "grows", "children"))
    around = levels.level(
        case, "cgroup.anon_bytes", "cgroup.working_set_bytes", "cgroup.current_bytes", "host.used_bytes"
    )
    mine = rss or levels.held(case)
    others = [
        one for one in case.controls if one.metric == "process.rss_bytes" and not one.subject.startswith("section ")
    ]
    theirs, largest = sum(one.last for one in others), max(others, key=lambda one: one.last, default=None)
    crowd, text = _crowd(case, others)
    yield from _containers(case)
    yield from _in_unit(case, mine, around, known=bool(others))
    if mine is not None and largest is not None and max(theirs, crowd) > 2 * mine.last:
        theirs = max(theirs, crowd)
        carried = around is None or theirs >= 0.5 * around.last
        ours = case.facts.get("process.named") or (
            case.facts.get("process.first") and (around or crowd or _complained(case))
        )
        larger = theirs >= 5 * mine.last and (ours or "process.first" not in case.facts)
        weight = STRONG if carried and (larger or ours) else FAIR
        yield from for_(
            weight, text or f"other processes have {human_bytes(theirs)}, this one {human_bytes(mine.last)}"
        )
        if ours and carried:
            named = "process.named" in case.facts
            asked = "the page complains about this one" if named else "this one is what the container was made for"
            yield from for_(FAIR, f"{asked}, and {largest.subject} has {human_bytes(largest.last)}")
    if (
        mine is not None
        and around is not None
        and mine.last < 0.35 * around.last
        and around.metric != "cgroup.current_bytes"
    ):
        yield from for_(FAIR if others else HINT, f"{around.said}, but this process {mine.said}")
    elif rss is not None and around is not None and rss.last >= 0.6 * around.last:
        yield from against(STRONG, f"{rss.said} of {around.said}")


def _complained(case: Case) -> bool:
    """Somebody says something of memory: a list of a container's processes alone asks nothing."""
    return any(name.startswith(("said.grows.", "said.oom", "said.rate", "said.peak", "trial.")) for name in case.facts)


def _containers(case: Case) -> Iterator[Clue]:
    """Containers side by side: the one that the page complains about is small, and another fills what they share."""
    mine = levels.level(case, "cgroup.working_set_bytes", "cgroup.current_bytes")
    others = [one for one in case.controls if one.metric.startswith("cgroup.") and one.subject.startswith("container ")]
    largest = max(others, key=lambda one: one.last, default=None)
    if mine is None or largest is None or "process.named" not in case.facts or mine.rose or case.total != mine.metric:
        return
    if largest.last < 5 * mine.last:
        return
    limit = levels.level(case, "cgroup.limit_bytes", "host.total_bytes")
    shared = limit is not None and largest.last >= 0.5 * limit.last
    text = f"the page complains about this one with {human_bytes(mine.last)}, and {largest.subject} has {human_bytes(largest.last)}"
    yield from for_(STRONG if shared else FAIR, text)


def _crowd(case: Case, others: Sequence[Series]) -> tuple[int, str]:
    """(bytes, sentence) of processes that were counted, where fewer of them are listed: each like the median of those."""
    count = levels.level(case, "process.children_count")
    if count is None or not others or count.last <= len(others):
        return 0, ""
    each = sorted(one.last for one in others)[len(others) // 2]
    program = case.facts.get("children.program")
    text = f"{count.last:,} processes{f' of {program}' if program else ''}, of those listed half have {human_bytes(each)} or more"
    return count.last * each, text


def _in_unit(case: Case, mine: levels.Level | None, around: levels.Level | None, *, known: bool) -> Iterator[Clue]:
    """Processes beside this one in its cgroup, of which only the number is known."""
    count = levels.level(case, "process.children_count")
    if count is None or mine is None or around is None or known or mine.last >= 0.35 * around.last:
        return
    text = f"{around.said}, but this process {mine.said}, and {count.last:,} others are in there"
    yield from for_(STRONG if count.last > 1 else FAIR, text)
