"""What the process's own endpoints would have answered, made from outside, in the forms that memwhy's readers know."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memwhy.runtimes.go.goroutines import read_goroutines
from memwhy.runtimes.go.groups import profile_text
from memwhy.runtimes.go.heap_profile import HeapProfile, read_heap_profile
from memwhy.runtimes.go.inline import Unfolding
from memwhy.runtimes.go.memstats import MemStats, read_memstats
from memwhy.runtimes.go.pprof_file import is_runtime
from memwhy.runtimes.interface import Unsupported
from memwhy.sources.go import buildinfo, prometheus
from memwhy.sources.go import goroutine_text as goroutine_reader
from memwhy.sources.go import heap_text as heap_reader

if TYPE_CHECKING:
    from memwhy.runtimes.go.adapter import GoRuntime

_TRAILER = (
    *("Alloc", "TotalAlloc", "Sys", "Lookups", "Mallocs", "Frees"),
    *("HeapAlloc", "HeapSys", "HeapIdle", "HeapInuse", "HeapReleased", "HeapObjects"),
)
_PAIRS = ("Stack", "MSpan", "MCache")
_TRAILER_END = ("BuckHashSys", "GCSys", "OtherSys", "NextGC", "LastGC")


def documents(runtime: "GoRuntime") -> Iterator[tuple[str, bytes]]:
    """(source name, raw evidence); what cannot be read is left out. The heap without its profile still has MemStats."""
    yield buildinfo.NAME, buildinfo.render(runtime.module.path, runtime.version, runtime.settings).encode()
    writers = (
        (heap_reader.NAME, heap_text),
        (goroutine_reader.NAME, goroutine_text),
        (prometheus.NAME, limit_text),
    )
    for name, write in writers:
        try:
            text = write(runtime)
        except Unsupported:
            continue
        if text:
            yield name, text


def goroutine_text(runtime: "GoRuntime") -> bytes:
    """/debug/pprof/goroutine?debug=1. Raises Unsupported."""
    return profile_text(read_goroutines(runtime), debug=1)


def limit_text(runtime: "GoRuntime") -> bytes:
    """The line of /metrics with the memory limit, which no pprof page tells; nothing without a limit. Raises Unsupported."""
    limit = read_memstats(runtime).memory_limit_bytes
    return b"" if limit is None else f"go_gc_gomemlimit_bytes {limit}\n".encode()


def heap_text(runtime: "GoRuntime") -> bytes:
    """/debug/pprof/heap?debug=1: stacks as sampled, runtime.MemStats as comments. Raises Unsupported without MemStats.

    Left out is MaxRSS, which no runtime knows. Form: runtime/pprof/pprof.go, writeHeapInternal.
    """
    stats = read_memstats(runtime)
    try:
        profile = read_heap_profile(runtime)
    except Unsupported:
        return "".join(_stats_lines(stats)).encode()
    return "".join((*_profile_lines(runtime, profile), "\n", *_stats_lines(stats))).encode()


def _profile_lines(runtime: "GoRuntime", profile: HeapProfile) -> Iterator[str]:
    records = profile.records
    in_use = sum(r.in_use_objects for r in records), sum(r.in_use_bytes for r in records)
    allocated = sum(r.alloc_objects for r in records), sum(r.alloc_bytes for r in records)
    # A header with equal figures would be taken for another format; the rate is doubled for the same old reason.
    yield (
        f"heap profile: {in_use[0]}: {in_use[1]} [{allocated[0]}: {allocated[1] + (allocated[1] == in_use[1])}]"
        f" @ heap/{2 * profile.rate_bytes}\n"
    )
    unfolding = Unfolding(runtime.functions, runtime.layout)
    for r in records:
        addresses = "".join(f" {pc:#x}" for pc in r.stack)
        yield f"{r.in_use_objects}: {r.in_use_bytes} [{r.alloc_objects}: {r.alloc_bytes}] @{addresses}\n"
        yield from _frame_lines(unfolding, r.stack) or _frame_lines(unfolding, r.stack, hide_runtime=False)
        yield "\n"


def _frame_lines(unfolding: Unfolding, stack: tuple[int, ...], *, hide_runtime: bool = True) -> list[str]:
    """Each address is one frame: the innermost at it; the frames it is inlined into have addresses of their own."""
    lines = []
    shows = not hide_runtime
    for pc in stack:
        frames = unfolding.unfold(pc)
        if not frames:
            shows = True
            lines.append(f"#\t{pc:#x}\n")
            continue
        frame = frames[0]
        if frame.function == "runtime.goexit" or not (shows or not is_runtime(frame.function)):
            continue
        shows = True
        at = pc - 1 if pc > frame.entry else pc
        lines.append(f"#\t{at:#x}\t{frame.function}+{at - frame.entry:#x}\t{frame.file}:{frame.line}\n")
    return lines


def _stats_lines(stats: MemStats) -> Iterator[str]:
    fields = stats.fields
    yield "# runtime.MemStats\n"
    for name in _TRAILER:
        yield f"# {name} = {fields[name]}\n"
    for name in _PAIRS:
        yield f"# {name} = {fields[name + 'Inuse']} / {fields[name + 'Sys']}\n"
    for name in _TRAILER_END:
        yield f"# {name} = {fields[name]}\n"
    yield f"# PauseNs = [{' '.join(map(str, stats.pause_ns))}]\n"
    yield f"# PauseEnd = [{' '.join(map(str, stats.pause_end_ns))}]\n"
    yield f"# NumGC = {fields['NumGC']}\n"
    yield f"# NumForcedGC = {fields['NumForcedGC']}\n"
    yield f"# GCCPUFraction = {stats.gc_cpu_fraction!r}\n"
    yield "# DebugGC = false\n"
