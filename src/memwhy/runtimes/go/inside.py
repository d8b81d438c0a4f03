"""A Go runtime as the inspection shows it: its own numbers, its goroutines in groups, its modules."""

import time
from typing import TYPE_CHECKING

from memwhy.model.inspection import CgoCall, GoInside
from memwhy.runtimes.go.goroutines import Goroutines, read_goroutines
from memwhy.runtimes.go.groups import groups, profile_text
from memwhy.runtimes.go.memstats import read_memstats
from memwhy.runtimes.go.threads import cgo_calls_ever, machines
from memwhy.runtimes.interface import Unsupported

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime


def inside(runtime: "GoRuntime", *, goroutines: bool = True) -> GoInside:
    """What this moment shows. Raises Unsupported when MemStats cannot be read; goroutines that cannot are left out."""
    stats = read_memstats(runtime)
    notes: list[str] = []
    try:
        threads = machines(runtime)
        ever = cgo_calls_ever(runtime, threads)
    except Unsupported as error:
        threads, ever = (), None
        notes.append(f"Go's threads were not found: {error.message}")
    seen = _goroutines(runtime, notes) if goroutines else None
    return GoInside(
        version=runtime.version,
        goroutines=stats.fields["NumGoroutine"] if seen is None else seen.count,
        memstats=stats.fields,
        groups=() if seen is None else groups(seen),
        cgo_calls_ever=ever,
        threads=sum(thread.tid > 0 for thread in threads),
        modules=modules_of(runtime.settings),
        notes=tuple(notes),
    )


def _goroutines(runtime: "GoRuntime", notes: list[str]) -> Goroutines | None:
    try:
        seen = read_goroutines(runtime)
    except Unsupported as error:
        notes.append(f"goroutines could not be read: {error.message}")
        return None
    if seen.without_stack:
        notes.append(f"{seen.without_stack} goroutines were running or moved while they were read: no stacks of theirs")
    if seen.unread:
        notes.append(f"{seen.unread} goroutines could not be read")
    return seen


def calls(runtime: "GoRuntime", for_s: float) -> tuple[CgoCall, ...]:
    """Stacks seen inside C; none without cgo. Raises Unsupported where the list of threads was not found."""
    from memwhy.runtimes.go.cgo_calls import sample_cgo_calls

    return sample_cgo_calls(runtime, for_s).calls


def modules_of(settings: str) -> tuple[str, ...]:
    """`path version` of the main module and its dependencies; settings: the module text of the build info."""
    rows = (line.split("\t") for line in settings.split("\n"))
    return tuple(" ".join(row[1:3]) for row in rows if row[0] in ("mod", "dep") and len(row) > 2)


def file_of(runtime: "GoRuntime", name: str) -> bytes | None:
    """The heap profile as pprof's protobuf, or all goroutines as debug=2 prints them; None for other names."""
    if name == "goroutines":
        return profile_text(read_goroutines(runtime), debug=2)
    if name == "heap profile":
        from memwhy.runtimes.go.heap_profile import read_heap_profile
        from memwhy.runtimes.go.pprof_file import heap_pprof

        wall_ns = 0 if runtime.space.pid is None else time.time_ns()
        return heap_pprof(runtime, read_heap_profile(runtime), wall_ns=wall_ns)
    return None
