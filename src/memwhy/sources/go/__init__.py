"""Go: what its binaries, profiles and endpoints say. A file per source; only `pprof` needs more than the standard library."""

from types import ModuleType

from memwhy.sources.go import (
    binary,
    buildinfo,
    count_text,
    expvar,
    goroutine_text,
    heap_text,
    pprof,
    prometheus,
    threadcreate_text,
)

READERS: dict[str, ModuleType] = {
    module.NAME: module
    for module in (
        buildinfo,
        binary,
        heap_text,
        goroutine_text,
        threadcreate_text,
        count_text,
        expvar,
        prometheus,
        pprof,
    )
}
"""Every reader of this room, by name."""
