"""What native tools print: leak checkers, heap profilers, allocators' own statistics, caches. Pasted, like those of `pasted`."""

from types import ModuleType

from memwhy.sources.native import (
    caches,
    heaptrack_print,
    jemalloc,
    malloc_info,
    malloc_stats,
    mapping_calls,
    massif,
    memleak,
    rusage,
    sanitizer,
    servers,
    tcmalloc,
    unfreed,
    valgrind,
)

READERS: tuple[ModuleType, ...] = (
    valgrind,
    sanitizer,
    malloc_info,
    massif,
    heaptrack_print,
    memleak,
    tcmalloc,
    jemalloc,
    malloc_stats,
    unfreed,
    rusage,
    caches,
    servers,
    mapping_calls,
)
"""In order of priority: lines that one reader has taken are blank to the next."""
