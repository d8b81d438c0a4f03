"""What people paste: output of tools, found in free-form pages.

A reader is a module with NAME, `find(lines) -> Iterable[Span]` and `parse(text) -> tuple[Reading, ...]`. TRIGGERS are
a few lower-case byte strings of which one stands in each of its blocks: of a document too long to be a page only
their surroundings are looked at. A reader without them is asked about pages only, MOST_BYTES long at most if it
says so. One with SHARES = True leaves its lines to the readers after it. Adding a format is one file here and one name
below. What goes for these goes for the readers of `native`, `managed`, `system` and `words` too.
"""

from types import ModuleType

from memwhy.sources.pasted import (
    connections,
    counts,
    crowd,
    descriptor_tally,
    descriptors,
    exhausted,
    free,
    gctrace,
    go_modules,
    goroutine_counts,
    goroutine_dump,
    goroutine_tally,
    jeprof,
    memstats_log,
    pprof_top,
    pprof_traces,
    prose,
    runtime_stats,
    scavenger,
    thread_counts,
    thread_rows,
)

READERS: tuple[ModuleType, ...] = (
    gctrace,
    scavenger,
    go_modules,
    goroutine_dump,
    goroutine_tally,
    pprof_traces,
    jeprof,
    pprof_top,
    goroutine_counts,
    thread_counts,
    thread_rows,
    descriptors,
    descriptor_tally,
    connections,
    exhausted,
    crowd,
    free,
    counts,
    runtime_stats,
    memstats_log,
    prose,
)
"""In order of priority: lines that one reader has taken are blank to the next."""
