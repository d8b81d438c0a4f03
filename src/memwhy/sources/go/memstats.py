"""runtime.MemStats by field name: which metric each field is. Field meanings: runtime/mstats.go."""

from collections.abc import Mapping as Map

METRICS: dict[str, str] = {
    "Alloc": "go.heap_alloc_bytes",  # the same figure as HeapAlloc, by definition
    "HeapAlloc": "go.heap_alloc_bytes",
    "TotalAlloc": "go.total_alloc_bytes",
    "Sys": "go.sys_bytes",
    "Mallocs": "go.mallocs_count",
    "Frees": "go.frees_count",
    "HeapSys": "go.heap_sys_bytes",
    "HeapIdle": "go.heap_idle_bytes",
    "HeapInuse": "go.heap_inuse_bytes",
    "HeapReleased": "go.heap_released_bytes",
    "HeapObjects": "go.heap_objects_count",
    "StackInuse": "go.stack_inuse_bytes",
    "StackSys": "go.stack_sys_bytes",
    "MSpanSys": "go.mspan_sys_bytes",
    "MCacheSys": "go.mcache_sys_bytes",
    "BuckHashSys": "go.buckhash_sys_bytes",
    "GCSys": "go.gc_sys_bytes",
    "OtherSys": "go.other_sys_bytes",
    "NextGC": "go.next_gc_bytes",
    "NumGC": "go.gc_count",
}


def metrics_of(fields: Map[str, object]) -> dict[str, int]:
    """The metrics among MemStats fields; fields that are no whole number below 2**60 are left out.

    NextGC is larger than that when collection is switched off (GOGC=off): then there is no next one.
    """
    return {
        METRICS[name]: value
        for name, value in fields.items()
        if name in METRICS and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60
    }
