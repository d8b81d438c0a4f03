"""A Go runtime as the inspection shows it: its own numbers, its goroutines in groups, its modules."""

from typing import TYPE_CHECKING

from memwhy.model.inspection import GoInside
from memwhy.runtimes.go.goroutines import read_goroutines
from memwhy.runtimes.go.groups import groups, profile_text
from memwhy.runtimes.go.memstats import read_memstats

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime


def inside(runtime: "GoRuntime", *, goroutines: bool = True) -> GoInside:
    """What this moment shows. Raises Unsupported when MemStats cannot be read; goroutines that cannot are left out."""
    stats = read_memstats(runtime)
    seen = read_goroutines(runtime) if goroutines else None
    return GoInside(
        version=runtime.version,
        goroutines=stats.fields["NumGoroutine"] if seen is None else seen.count,
        memstats=stats.fields,
        groups=() if seen is None else groups(seen),
        threads=len(runtime.space.threads()),
        modules=modules_of(runtime.settings),
    )


def modules_of(settings: str) -> tuple[str, ...]:
    """`path version` of the main module and its dependencies; settings: the module text of the build info."""
    rows = (line.split("\t") for line in settings.split("\n"))
    return tuple(" ".join(row[1:3]) for row in rows if row[0] in ("mod", "dep") and len(row) > 2)


def file_of(runtime: "GoRuntime", name: str) -> bytes | None:
    """The heap profile as pprof's protobuf, or all goroutines as debug=2 prints them; None for other names."""
    if name == "goroutines":
        return profile_text(read_goroutines(runtime), debug=2)
    if name == "heap profile":
        from memwhy.runtimes.go import heap_profile

        return heap_profile.pprof(runtime)
    return None
