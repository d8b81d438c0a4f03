"""malloc_trim(0) in the target, after a look at what it would do."""

from dataclasses import replace

from memwhy.inspect import look
from memwhy.model.case import Case
from memwhy.model.errors import TargetGone
from memwhy.model.evidence import ProcessIdentity
from memwhy.model.inspection import Malloc
from memwhy.model.probe import Experiment, Measured, Result
from memwhy.model.units import human_bytes, human_duration
from memwhy.native import permission
from memwhy.native.trim import handlers, trim
from memwhy.probe import predictions
from memwhy.probe.collection import CannotProbe
from memwhy.probe.measuring import measured, measured_later
from memwhy.probe.predictions import short
from memwhy.sources.proc import process_identity

_LOOKS = 3
"""What could be given back changes while a program works."""
RUNTIMES_WITHOUT_MALLOC_IN_HANDLERS = ("go", "cpython")
"""Go's handlers run on a stack of their own and call no C (runtime/signal_unix.go); CPython's only note the signal."""


def state_trim(case: Case, root: str, pid: int, max_s: float) -> Experiment:
    """What malloc_trim should show. Raises CannotProbe where it would not be safe, or would take longer than max_s."""
    permission.check(root, pid)
    first, *more = [_safe_look(root, pid, max_s) for _ in range(_LOOKS)]
    stated = predictions.trim(case, first, [one.trimmable_bytes for one in more])
    return replace(stated, does=(*stated.does, not_ruled_out(case, handlers(root, pid))))


def trim_target(stated: Experiment, case: Case, root: str, identity: ProcessIdentity) -> Experiment:
    """Make it. Raises CannotAttach in its kinds, NotPermitted, TargetGone; then the target is as it was."""
    pid = identity.pid
    courses: list[Measured] = []

    def before_it() -> None:
        courses[:] = [measured(root, pid, "before", case)]

    def after_it() -> None:
        courses.append(measured(root, pid, "just after", case))

    if process_identity(root, pid) != identity:
        raise TargetGone(f"pid {pid} is another process now: the one that was watched has ended")
    done = trim(pid, root=root, just_before=before_it, just_after=after_it)
    courses += measured_later(root, pid, case)
    before, after = courses[0].rss_bytes, courses[1].rss_bytes
    said = [
        f"malloc_trim took {short(done.took_s)}: so long one thread was held up, and others that needed the same arena;"
        f" all threads stood still for {short(done.stop_s)} in all, to put the hook there and to take it away"
        + ("" if done.gave else "; it answered that it had nothing to give back"),
        *(f"left in the process, where it does no harm: {one}" for one in done.left),
    ]
    result = Result(
        value=float(before - after), said=tuple(said), paused_s=done.stop_s, held_s=done.took_s, measured=tuple(courses)
    )
    return replace(stated, result=result)


def not_ruled_out(case: Case, signals: tuple[int, ...] | None) -> str:
    """What of the danger cannot be excluded from outside, in words. signals: None where they could not be read."""
    if signals is None:
        return (
            "not ruled out: a signal handler that calls malloc, which POSIX forbids (signal-safety(7)), on top of a malloc that"
            " it interrupted; which signals the program handles could not be read"
        )
    if not signals:
        return "nothing is left that could make it wait for itself: the program handles no signals"
    if case.target.runtime in RUNTIMES_WITHOUT_MALLOC_IN_HANDLERS:
        return f"its {len(signals)} signal handlers are the runtime's, which call no malloc; those of C libraries cannot be told apart"
    shown = ", ".join(map(str, signals[:8])) + (" …" if len(signals) > 8 else "")
    return (
        f"not ruled out: a handler of signals {shown} that calls malloc, which POSIX forbids (signal-safety(7)), on top of a"
        " malloc that it interrupted"
    )


def _safe_look(root: str, pid: int, max_s: float) -> Malloc:
    """malloc's heap, walked to its end and small enough. Raises CannotProbe."""
    found = look(pid, root=root, depth="malloc")
    if found.malloc is None:
        why = next((note for note in found.notes if "malloc" in note), "malloc's heap was not found")
        raise CannotProbe(f"malloc_trim cannot be tried: {why}")
    _check(found.malloc, max_s)
    return found.malloc


def _check(malloc: Malloc, max_s: float) -> None:
    """Raises CannotProbe."""
    if malloc.approximate:
        raise CannotProbe(
            f"malloc's heap could not be walked to its end ({malloc.approximate[0]}): where it is damaged, malloc_trim would abort",
            help="try again; a heap that is in motion may be read whole the next time",
        )
    expected_s = predictions.expected_s(malloc)
    if expected_s > max_s:
        raise CannotProbe(
            f"malloc_trim would take about {human_duration(expected_s)} ({human_bytes(malloc.trimmable_bytes)} in"
            f" {malloc.free_chunks:,} free chunks), with malloc's locks held; the bound is {human_duration(max_s)}",
            help="raise it with --probe-max if the program may wait so long",
        )
