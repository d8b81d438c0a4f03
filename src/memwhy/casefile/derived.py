"""Derived metrics: sums and differences of what one moment's witnesses say together."""

from collections.abc import Callable, Collection
from collections.abc import Mapping as Map

from memwhy.model.gosettings import GOGC_DEFAULT

Values = Map[str, int]


def derive(now: Values, fresh: Collection[str], *, gogc: int | None = GOGC_DEFAULT) -> dict[str, int]:
    """The derived metrics that these values allow, of which at least one input is `fresh`.

    now: the newest value of each metric; fresh: the metrics that were just read. A sum of stale values would only
    repeat an old point at a new time. gogc: percent; None for GOGC=off.
    """
    out: dict[str, int] = {}
    values = dict(now)
    for name, (inputs, reckon) in _RULES.items():
        if any(metric in fresh for metric in inputs):
            value = reckon(values, gogc)
            if value is not None:
                out[name] = values[name] = value
    return out


def _sum(*metrics: str) -> Callable[[Values, int | None], int | None]:
    """The sum of those that are known; None when none is."""

    def reckon(values: Values, _: int | None) -> int | None:
        known = [values[metric] for metric in metrics if metric in values]
        return sum(known) if known else None

    return reckon


def _held(values: Values, _: int | None) -> int | None:
    obtained = values.get("go.sys_bytes")
    return None if obtained is None else obtained - values.get("go.heap_released_bytes", 0)


def _retained(values: Values, _: int | None) -> int | None:
    idle, released = values.get("go.heap_idle_bytes"), values.get("go.heap_released_bytes")
    return None if idle is None or released is None else max(0, idle - released)


def _live(values: Values, gogc: int | None) -> int | None:
    # before the first collection NextGC is the 4 MiB minimum and says nothing about the live heap
    if gogc is None or values.get("go.gc_count", 1) == 0 or "go.next_gc_bytes" not in values:
        return None
    return values["go.next_gc_bytes"] * 100 // (100 + gogc)


def _outside(values: Values, _: int | None) -> int | None:
    resident = values.get("process.rss_anon_bytes", values.get("process.rss_bytes"))
    held = values.get("derived.go_held_bytes")
    return None if resident is None or held is None else max(0, resident - held)


_NATIVE = ("layer.native_heap_bytes", "layer.native_arenas_bytes")
_GO = ("layer.go_heap_bytes", "layer.go_other_bytes")
_HELD = ("ledger.malloc_in_use_bytes", "ledger.malloc_mapped_bytes")
_KEPT = tuple(f"ledger.malloc_{name}_bytes" for name in ("free", "cached", "top"))
_KERNEL = tuple(f"host.{name}_bytes" for name in ("slab_unreclaimable", "kernel_stack", "page_tables", "percpu"))

_RULES: dict[str, tuple[tuple[str, ...], Callable[[Values, int | None], int | None]]] = {
    "derived.native_bytes": (_NATIVE, _sum(*_NATIVE)),
    "derived.go_resident_bytes": (_GO, _sum(*_GO)),
    "derived.malloc_bytes": (_HELD, _sum(*_HELD)),
    "derived.malloc_kept_bytes": (_KEPT, _sum(*_KEPT)),
    "derived.kernel_bytes": (_KERNEL, _sum(*_KERNEL)),
    "derived.go_held_bytes": (("go.sys_bytes",), _held),
    "derived.go_retained_bytes": (("go.heap_idle_bytes",), _retained),
    "derived.go_live_bytes": (("go.next_gc_bytes",), _live),
    "derived.outside_go_bytes": (("process.rss_anon_bytes", "process.rss_bytes", "go.sys_bytes"), _outside),
}
"""Name → the metrics of which one must be fresh, and the reckoning; later rules may use earlier results."""
