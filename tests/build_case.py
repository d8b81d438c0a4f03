"""Cases made up from plain Python, so that a test shows only the figures that it is about.

`case()` takes the series that it is given and no more. `watched()` makes the full case of a watched Go process,
whose RSS is the sum of its layers at every tick. Courses are those of `memwhy.trend`, noise comes from seeds.
"""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any

from memwhy.casefile.derived import derive
from memwhy.model.account import Account, Layer
from memwhy.model.case import Case, Series, Target
from memwhy.model.metrics import LAYERS, REGISTRY
from memwhy.model.trend import Course
from memwhy.model.units import KIB, MIB
from memwhy.trend import trend

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Points:
    """(x, value) points, x in seconds of a monotonic clock or 0, 1, 2 … for the clock "order"."""

    pairs: tuple[tuple[float, int], ...]
    clock: str = "monotonic"
    quantum: int = 1

    @property
    def last(self) -> int:
        return self.pairs[-1][1]


def ticks(value: Callable[[float], float], *, seconds: float = SECONDS, every: float = 1.0) -> Points:
    """One reading of value(seconds since the start) every so often, both ends included."""
    count = int(seconds / every) + 1
    return Points(tuple((i * every, max(0, round(value(i * every)))) for i in range(count)))


def line(start: float, per_s: float = 0.0, *, noise: float = 0.0, seed: int = 1, **when: float) -> Points:
    """Straight growth with Gaussian noise of that deviation."""
    random = Random(seed)
    return ticks(lambda x: start + per_s * x + (random.gauss(0, noise) if noise else 0.0), **when)


def flat(level: float, *, noise: float = 0.0, seed: int = 1, **when: float) -> Points:
    """A level with noise."""
    return line(level, 0.0, noise=noise, seed=seed, **when)


def sawtooth(low: float, high: float, *, teeth: float, noise: float = 0.0, seed: int = 1, **when: float) -> Points:
    """Rises from low to high and falls back, that many times."""
    random, span = Random(seed), when.get("seconds", SECONDS)

    def value(x: float) -> float:
        return low + (high - low) * ((x / span * teeth) % 1.0) + (random.gauss(0, noise) if noise else 0.0)

    return ticks(value, **when)


def step(before: float, after: float, *, at: float = 0.5, noise: float = 0.0, seed: int = 1, **when: float) -> Points:
    """Two levels; `at` is the share of the time when the second begins."""
    random, span = Random(seed), when.get("seconds", SECONDS)
    return ticks(lambda x: (before if x < at * span else after) + (random.gauss(0, noise) if noise else 0.0), **when)


def warmup(
    start: float, end: float, *, settled: float = 0.25, noise: float = 0.0, seed: int = 1, **when: float
) -> Points:
    """Rises quickly and stays; `settled` is the time constant as a share of the time."""
    random, span = Random(seed), when.get("seconds", SECONDS)

    def value(x: float) -> float:
        remains: float = 2.718281828 ** (-x / (settled * span))
        return end - (end - start) * remains + (random.gauss(0, noise) if noise else 0.0)

    return ticks(value, **when)


def readings(*values: int, quantum: int = 1) -> Points:
    """Readings without times, as a paste has them."""
    return Points(tuple((float(i), value) for i, value in enumerate(values)), clock="order", quantum=quantum)


def mebibytes(*values: int) -> Points:
    """Readings of `free -m`: whole MiB, no times."""
    return readings(*(value * MIB for value in values), quantum=MIB)


def plus(*parts: Points) -> Points:
    """Their sum at every tick; all parts have the same ticks."""
    rows = zip(*(part.pairs for part in parts), strict=True)
    return Points(tuple((row[0][0], sum(value for _, value in row)) for row in rows), clock=parts[0].clock)


@cache
def course(points: Points) -> Course:
    """The real trend of these points."""
    per = "sample" if points.clock == "order" else "s"
    return trend(points.pairs, quantum=points.quantum, per=per)  # type: ignore[arg-type]


def series(metric: str, points: Points, *, subject: str = "target") -> Series:
    """A registered metric with its course."""
    assert metric in REGISTRY, metric
    return Series(
        metric=metric,
        subject=subject,
        clock=points.clock,
        points=points.pairs,
        quantum=points.quantum,
        course=course(points),
    )


def case(
    *,
    total: str | None = None,
    series: Map[str, Points] | None = None,
    facts: Map[str, str] | None = None,
    runtime: str = "go",
    **more: Any,
) -> Case:
    """A case of exactly these series. more: fields of Case, such as controls, profiles, live."""
    found = {metric: _series(metric, points) for metric, points in (series or {}).items()}
    return Case(target=Target(runtime=runtime), total=total, series=found, facts=dict(facts or {}), **more)


_series = series  # `case` has a parameter of that name

LEVELS: dict[str, float] = {
    "layer.go_heap_bytes": 24 * MIB,
    "layer.go_other_bytes": 4 * MIB,
    "layer.native_heap_bytes": 8 * MIB,
    "layer.native_arenas_bytes": 12 * MIB,
    "layer.anonymous_bytes": 6 * MIB,
    "layer.thread_stacks_bytes": 320 * KIB,
    "layer.file_code_bytes": 14 * MIB,
    "layer.file_data_bytes": MIB,
    "layer.file_mapped_bytes": 512 * KIB,
    "layer.shared_memory_bytes": 0,
}
GO_LEVELS: dict[str, float] = {
    "go.sys_bytes": 36 * MIB,
    "go.heap_sys_bytes": 28 * MIB,
    "go.heap_alloc_bytes": 12 * MIB,
    "go.heap_inuse_bytes": 16 * MIB,
    "go.heap_idle_bytes": 12 * MIB,
    "go.heap_released_bytes": 8 * MIB,
    "go.stack_inuse_bytes": 2 * MIB,
    "go.next_gc_bytes": 20 * MIB,
    "go.gc_count": 12,
    "go.goroutines_count": 40,
}
AROUND_LEVELS: dict[str, float] = {
    "process.threads_count": 14,
    "process.descriptors_count": 30,
    "process.sockets_count": 20,
    "process.virtual_bytes": 1600 * MIB,
    "process.children_rss_bytes": 0,
    "process.page_tables_bytes": 400 * KIB,
    "process.sockets_queued_bytes": 16 * KIB,
    "cgroup.current_bytes": 300 * MIB,
    "cgroup.anon_bytes": 200 * MIB,
    "cgroup.file_bytes": 60 * MIB,
    "cgroup.kernel_bytes": 20 * MIB,
    "cgroup.shmem_bytes": 0,
    "host.used_bytes": 3000 * MIB,
    "host.buff_cache_bytes": 2000 * MIB,
    "host.shared_bytes": 40 * MIB,
    "host.anon_pages_bytes": 2400 * MIB,
    "derived.kernel_bytes": 200 * MIB,
}
CGO = {
    "go.version": "go1.26.0",
    "go.cgo": "1",
    "binary.static": "0",
    "binary.needed": "libxml2.so.2 libc.so.6",
    "go.seen": "1",
}
STATIC = {"go.version": "go1.26.0", "go.cgo": "0", "binary.static": "1", "go.seen": "1"}
LAYER_PARTS = {
    "process.rss_anon_bytes": ("go_heap", "go_other", "native_heap", "native_arenas", "anonymous", "thread_stacks", "file_data"),
    "process.rss_file_bytes": ("file_code", "file_mapped"),
    "process.rss_shmem_bytes": ("shared_memory",),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a made-up process is watched, and what of it is not as in LEVELS."""

    seconds: float = SECONDS
    every: float = 1.0
    noise: float = 24 * KIB
    grows: Map[str, float] = field(default_factory=dict)
    given: Map[str, Points] = field(default_factory=dict)


def watched(
    *,
    grows: Map[str, float] | None = None,
    given: Map[str, Points] | None = None,
    without: Iterable[str] = (),
    facts: Map[str, str] | None = None,
    runtime: str = "go",
    seconds: float = SECONDS,
    every: float = 1.0,
    noise: float = 24 * KIB,
) -> Case:
    """A watched process with all evidence; RSS and its three parts are the sums of the layers.

    grows: bytes or counts a second, by metric, on top of the usual levels. given: whole courses instead.
    without: prefixes of metrics that were not seen ("layer.", "go.").
    """
    watch = Watch(seconds=seconds, every=every, noise=noise, grows=grows or {}, given=given or {})
    levels = {
        metric: 0.0 if runtime != "go" and metric.startswith("layer.go") else level for metric, level in LEVELS.items()
    }
    found = _levels(watch, levels)
    for whole, names in LAYER_PARTS.items():
        found[whole] = plus(*(found[f"layer.{name}_bytes"] for name in names))
    found["process.rss_bytes"] = plus(*(found[metric] for metric in LEVELS))
    if runtime == "go":
        found |= _levels(replace(watch, noise=watch.noise * 2), GO_LEVELS)
    found |= _around(found, _levels(watch, AROUND_LEVELS), watch.given)
    found |= {metric: points for metric, points in watch.given.items() if metric not in found}
    if runtime != "go":
        for metric in ("layer.go_heap_bytes", "layer.go_other_bytes"):
            del found[metric]
    gone = tuple(without)
    found |= {metric: points for metric, points in _derived(found).items() if metric not in found}
    kept = {metric: points for metric, points in found.items() if not metric.startswith(gone or ("\0",))}
    if "layer." in gone:
        derived_of_layers = ("derived.native_bytes", "derived.go_resident_bytes")
        kept = {metric: points for metric, points in kept.items() if metric not in derived_of_layers}
    if "go." in gone:
        derived_of_go = ("go_held", "go_retained", "go_live", "outside_go")
        kept = {m: p for m, p in kept.items() if m.removeprefix("derived.").removesuffix("_bytes") not in derived_of_go}
    totals = ("process.rss_bytes", "cgroup.current_bytes", "host.used_bytes")
    return case(
        total=next((metric for metric in totals if metric in kept), None),
        series=kept,
        facts=CGO if facts is None and runtime == "go" else facts or {},
        runtime=runtime,
        account=account_of(kept),
        live=True,
    )


def _levels(watch: Watch, levels: Map[str, float]) -> dict[str, Points]:
    out = {}
    for number, (metric, level) in enumerate(levels.items()):
        if metric in watch.given:
            out[metric] = watch.given[metric]
            continue
        counted = REGISTRY[metric].unit == "count"
        noise = 0.0 if counted or level == 0 else min(watch.noise, level / 100)
        out[metric] = line(level, watch.grows.get(metric, 0.0), noise=noise, seed=number + 1, seconds=watch.seconds,
                           every=watch.every)  # fmt: skip
    return out


def _around(found: Map[str, Points], around: dict[str, Points], given: Map[str, Points]) -> dict[str, Points]:
    """The cgroup and the host, with what the process has added since the start."""
    shmem, children = found["process.rss_shmem_bytes"], around["process.children_rss_bytes"]
    anon = plus(found["process.rss_anon_bytes"], children)
    everything = plus(found["process.rss_bytes"], children)
    follows = {
        "cgroup.current_bytes": everything,
        "cgroup.anon_bytes": anon,
        "cgroup.file_bytes": found["process.rss_file_bytes"],
        "cgroup.shmem_bytes": shmem,
        "host.used_bytes": plus(anon, shmem),
        "host.anon_pages_bytes": anon,
        "host.shared_bytes": shmem,
        "host.buff_cache_bytes": plus(found["process.rss_file_bytes"], shmem),
    }
    return around | {
        metric: plus(around[metric], _since_start(points)) for metric, points in follows.items() if metric not in given
    }


def _since_start(points: Points) -> Points:
    first = points.pairs[0][1]
    return Points(tuple((x, value - first) for x, value in points.pairs), clock=points.clock)


def _derived(found: Map[str, Points]) -> dict[str, Points]:
    """The derived metrics at every tick, by the casefile's own rules."""
    out: dict[str, list[tuple[float, int]]] = {}
    xs = [x for x, _ in found["process.rss_bytes"].pairs]
    for i, x in enumerate(xs):
        now = {metric: points.pairs[i][1] for metric, points in found.items() if len(points.pairs) == len(xs)}
        for metric, value in derive(now, now).items():
            out.setdefault(metric, []).append((x, value))
    return {metric: Points(tuple(pairs)) for metric, pairs in out.items()}


def account_of(found: Map[str, Points]) -> Account | None:
    """The layers at the last look; None without layers."""
    layers = tuple(
        Layer(metric=metric, bytes=found[metric].last, virtual_bytes=found[metric].last, mappings=1, claimed_by="made")
        for metric in LAYERS
        if metric in found
    )
    if not layers:
        return None
    total = sum(layer.bytes for layer in layers)
    return Account(total_bytes=total, layers=layers, unaccounted_bytes=0, fine=True)
