"""Prometheus and OpenMetrics text as /metrics gives it: Go's memory figures and those of the process.

Names: prometheus/client_golang, collectors go_collector.go and process_collector.go.
"""

import math
import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go.load import counted, family
from memwhy.sources.span import Span

NAME = "go/metrics"

METRICS: dict[str, str] = {
    "go_memstats_alloc_bytes": "go.heap_alloc_bytes",
    "go_memstats_heap_alloc_bytes": "go.heap_alloc_bytes",
    "go_memstats_alloc_bytes_total": "go.total_alloc_bytes",
    "go_memstats_sys_bytes": "go.sys_bytes",
    "go_memstats_mallocs_total": "go.mallocs_count",
    "go_memstats_frees_total": "go.frees_count",
    "go_memstats_heap_sys_bytes": "go.heap_sys_bytes",
    "go_memstats_heap_idle_bytes": "go.heap_idle_bytes",
    "go_memstats_heap_inuse_bytes": "go.heap_inuse_bytes",
    "go_memstats_heap_released_bytes": "go.heap_released_bytes",
    "go_memstats_heap_objects": "go.heap_objects_count",
    "go_memstats_stack_inuse_bytes": "go.stack_inuse_bytes",
    "go_memstats_stack_sys_bytes": "go.stack_sys_bytes",
    "go_memstats_mspan_sys_bytes": "go.mspan_sys_bytes",
    "go_memstats_mcache_sys_bytes": "go.mcache_sys_bytes",
    "go_memstats_buck_hash_sys_bytes": "go.buckhash_sys_bytes",
    "go_memstats_gc_sys_bytes": "go.gc_sys_bytes",
    "go_memstats_other_sys_bytes": "go.other_sys_bytes",
    "go_memstats_next_gc_bytes": "go.next_gc_bytes",
    "go_gc_duration_seconds_count": "go.gc_count",
    "go_gc_gomemlimit_bytes": "go.memory_limit_bytes",
    "go_goroutines": "go.goroutines_count",
    "go_threads": "go.os_threads_count",
    "process_resident_memory_bytes": "process.rss_bytes",
    "process_virtual_memory_bytes": "process.virtual_bytes",
    "process_open_fds": "process.descriptors_count",
    "process_cpu_seconds_total": "process.cpu_ns",
}
FOREIGN = ("nodejs_", "jvm_", "python_", "ruby_", "dotnet_", "container_", "node_memory_", "kube_")
"""A process of another runtime has the process metrics too: words/scraped reads such pages."""
_SCALE = {"process_cpu_seconds_total": 1e9}
_NO_LIMIT = 1 << 62  # GOMEMLIMIT=off is math.MaxInt64

_SAMPLE = re.compile(
    r"\s*([a-zA-Z_:][a-zA-Z0-9_:]{0,200})\s*(?:\{([^{}]{0,4000})\})?\s+([-+0-9.eEinfINFaA]{1,40})"
    r"(?:\s+(-?[0-9.eE+]{1,30}))?\s*(?:#.*)?$"
)
_COMMENT = re.compile(r"\s*#\s*(HELP|TYPE|UNIT|EOF)\b")
_TARGET = ("instance", "job", "pod")
_LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Stretches of samples and their comments with at least one metric that is known here, and none of another runtime."""
    first: int | None = None
    last = known = 0
    foreign = False
    for index, line in enumerate([*lines, "end of page"]):
        sample = _SAMPLE.match(line)
        if sample is not None or _COMMENT.match(line):
            first = index if first is None else first
            last = index
            if sample is not None:
                known += sample[1] in METRICS
                foreign = foreign or sample[1].startswith(FOREIGN)
        elif line.strip() or index == len(lines):
            if first is not None and known and not foreign:
                yield Span(first=first, last=last)
            first, known, foreign = None, 0, False


def parse(raw: bytes) -> Reading:
    """Metrics go.*, process.* and work.* (what a service counts of its load, all labels but its target's together), facts
    go.version, go.gogc and the load counters' names; the time stamp where samples carry one.

    Where one text holds the figures of several targets, those of the first one met are taken and a note says so.
    Raises ParseError when no known metric is in it.
    """
    lines = raw.decode("utf-8", "replace").splitlines()
    metrics: dict[str, int] = {}
    facts: dict[str, str] = {}
    owner: dict[str, str] = {}
    loads: list[tuple[str, str, float]] = []
    wall_ns: int | None = None
    others = strange = 0
    for line in lines:
        match = _SAMPLE.match(line)
        if match is None:
            strange += bool(line.strip()) and not line.lstrip().startswith("#")
            continue
        name, labels, text, stamp = match.groups()
        if name == "go_info":
            facts.setdefault("go.version", dict(_LABEL.findall(labels or "")).get("version", "unknown"))
        value = _number(text)
        if value is not None and name not in METRICS:
            loads.append((name, labels or "", value))
        if value is None or (name not in METRICS and name != "go_gc_gogc_percent"):
            continue
        if owner.setdefault(name, labels or "") != (labels or ""):
            others += 1
            continue
        wall_ns = wall_ns if stamp is None else _wall_ns(stamp)
        if name == "go_gc_gogc_percent":
            facts["go.gogc"] = str(round(value))
            continue
        whole = round(value * _SCALE.get(name, 1))
        if 0 <= whole < (_NO_LIMIT if name == "go_gc_gomemlimit_bytes" else 1 << 63):
            metrics[METRICS[name]] = whole
    own = _own(loads, owner)
    others += sum(family(name) is not None for name, _, _ in loads) - sum(family(name) is not None for name, _ in own)
    work, named = counted(own)
    metrics, facts = metrics | work, facts | named
    if not metrics:
        raise ParseError(NAME, 1, lines[0] if lines else "", "no metric of Go or of the process in Prometheus text")
    return Reading(
        metrics=metrics, facts=facts, wall_ns=wall_ns, subject=_subject(owner), notes=_notes(others, strange)
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _wall_ns(text: str) -> int | None:
    """Nanoseconds from a time stamp: milliseconds in Prometheus text, seconds in OpenMetrics; told by size."""
    value = _number(text)
    if value is None or not 0 < value < 1e14:
        return None
    return round(value * (1_000_000_000 if value < 1e11 else 1_000_000))


def _own(loads: Iterable[tuple[str, str, float]], owner: dict[str, str]) -> list[tuple[str, float]]:
    """Samples of the target whose memory was taken. On a target's own page memory has no labels, and all samples are its own."""
    target = _target(next((text for text in owner.values() if text), ""))
    return [(name, value) for name, labels, value in loads if not target or _target(labels) == target]


def _target(labels: str) -> list[tuple[str, str]]:
    """What a scrape adds to tell whose samples these are."""
    return sorted(pair for pair in _LABEL.findall(labels) if pair[0] in _TARGET)


def _subject(owner: dict[str, str]) -> str | None:
    """The instance label, which scraped and federated metrics carry."""
    labels = next((text for text in owner.values() if text), "")
    return dict(_LABEL.findall(labels)).get("instance") or None


def _notes(others: int, strange: int) -> tuple[str, ...]:
    notes = []
    if others:
        notes.append(f"{others} samples with other labels (other targets) were left out; the first target is taken")
    if strange:
        notes.append(f"{strange} lines that are no Prometheus samples were left out")
    return tuple(notes)
