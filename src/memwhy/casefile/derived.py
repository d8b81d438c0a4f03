"""Derived metrics: sums and differences of what one moment's witnesses say together."""

from collections.abc import Mapping as Map

GOGC_DEFAULT = 100


def derive(now: Map[str, int], *, gogc: int | None = GOGC_DEFAULT) -> dict[str, int]:
    """The derived metrics that these values allow. gogc: percent; None for GOGC=off.

    All are of one moment: the caller passes only values that belong together.
    """
    out: dict[str, int] = {}
    heap, arenas = now.get("layer.native_heap_bytes"), now.get("layer.native_arenas_bytes")
    if heap is not None or arenas is not None:
        out["derived.native_bytes"] = (heap or 0) + (arenas or 0)
    go_heap, go_other = now.get("layer.go_heap_bytes"), now.get("layer.go_other_bytes")
    if go_heap is not None or go_other is not None:
        out["derived.go_resident_bytes"] = (go_heap or 0) + (go_other or 0)
    out.update(_of_go(now, gogc))
    resident = now.get("process.rss_anon_bytes", now.get("process.rss_bytes"))
    held = out.get("derived.go_held_bytes")
    if resident is not None and held is not None:
        out["derived.outside_go_bytes"] = max(0, resident - held)
    kernel = [now.get(f"host.{name}_bytes") for name in ("slab_unreclaimable", "kernel_stack", "page_tables", "percpu")]
    if any(part is not None for part in kernel):
        out["derived.kernel_bytes"] = sum(part or 0 for part in kernel)
    return out


def _of_go(now: Map[str, int], gogc: int | None) -> dict[str, int]:
    out: dict[str, int] = {}
    sys_, released, idle = now.get("go.sys_bytes"), now.get("go.heap_released_bytes"), now.get("go.heap_idle_bytes")
    if sys_ is not None:
        out["derived.go_held_bytes"] = sys_ - (released or 0)
    if idle is not None and released is not None:
        out["derived.go_retained_bytes"] = max(0, idle - released)
    # before the first collection, NextGC is the 4 MiB minimum and says nothing about the live heap
    if gogc is not None and "go.next_gc_bytes" in now and now.get("go.gc_count", 1) > 0:
        out["derived.go_live_bytes"] = now["go.next_gc_bytes"] * 100 // (100 + gogc)
    return out
