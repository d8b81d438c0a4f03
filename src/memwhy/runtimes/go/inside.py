"""A Go runtime as the inspection shows it: its own numbers, its goroutines in groups, its modules."""

import time
from typing import TYPE_CHECKING

from memwhy.model.inspection import CgoCall, GoInside
from memwhy.runtimes.go.cgo_calls import sample_cgo_calls
from memwhy.runtimes.go.goroutines import read_goroutines
from memwhy.runtimes.go.groups import groups, profile_text
from memwhy.runtimes.go.memstats import read_memstats
from memwhy.runtimes.go.threads import cgo_calls_ever, machines

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime


def inside(runtime: "GoRuntime", *, goroutines: bool = True) -> GoInside:
    """What this moment shows. Raises Unsupported when MemStats cannot be read; goroutines that cannot are left out."""
    stats = read_memstats(runtime)
    threads = machines(runtime)
    seen = read_goroutines(runtime) if goroutines else None
    return GoInside(
        version=runtime.version,
        goroutines=stats.fields["NumGoroutine"] if seen is None else seen.count,
        memstats=stats.fields,
        groups=() if seen is None else groups(seen),
        cgo_calls_ever=cgo_calls_ever(runtime, threads),
        threads=len(threads),
        modules=modules_of(runtime.settings),
    )


def calls(runtime: "GoRuntime", for_s: float) -> tuple[CgoCall, ...]:
    """Stacks seen inside C; none without cgo. Raises Unsupported where the list of threads was not found."""
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
