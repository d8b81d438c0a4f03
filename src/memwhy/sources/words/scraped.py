"""What a monitoring system answers: range queries of Prometheus as JSON, and /metrics text of runtimes other than Go.

Names: prom-client (Node), micrometer and simpleclient_hotspot (JVM), prometheus_client (Python), prometheus-net, cAdvisor,
node_exporter. Samples of one name and one moment that differ only in a pool's id are parts of one figure and are summed.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.go.prometheus import METRICS as GO_METRICS
from memwhy.sources.span import Span

NAME = "words/scraped"
TRIGGERS = (b"resulttype", b"nodejs_", b"jvm_memory", b"container_memory", b"node_memory")

_OTHERS = {
    "nodejs_heap_size_used_bytes": "runtime.heap_used_bytes",
    "nodejs_heap_size_total_bytes": "runtime.heap_committed_bytes",
    "nodejs_external_memory_bytes": "runtime.external_bytes",
    "jvm_memory_used_bytes{heap}": "runtime.heap_used_bytes",
    "jvm_memory_bytes_used{heap}": "runtime.heap_used_bytes",
    "jvm_memory_committed_bytes{heap}": "runtime.heap_committed_bytes",
    "jvm_memory_bytes_committed{heap}": "runtime.heap_committed_bytes",
    "jvm_memory_max_bytes{heap}": "runtime.heap_limit_bytes",
    "jvm_memory_bytes_max{heap}": "runtime.heap_limit_bytes",
    "jvm_buffer_memory_used_bytes": "runtime.external_bytes",
    "jvm_buffer_pool_used_bytes": "runtime.external_bytes",
    "jvm_threads_live_threads": "process.threads_count",
    "jvm_threads_current": "process.threads_count",
    "jvm_threads_live": "process.threads_count",
    "process_files_open_files": "process.descriptors_count",
    "process_num_threads": "process.threads_count",
    "process_working_set_bytes": "process.rss_bytes",
    "process_max_resident_memory_bytes": "process.rss_peak_bytes",
    "dotnet_total_memory_bytes": "runtime.heap_used_bytes",
    "container_memory_working_set_bytes": "cgroup.working_set_bytes",
    "container_memory_usage_bytes": "cgroup.current_bytes",
    "container_memory_rss": "cgroup.anon_bytes",
    "container_memory_cache": "cgroup.file_bytes",
    "container_memory_mapped_file": "cgroup.mapped_file_bytes",
    "container_spec_memory_limit_bytes": "cgroup.limit_bytes",
    "node_memory_MemTotal_bytes": "host.total_bytes",
    "node_memory_MemFree_bytes": "host.free_bytes",
    "node_memory_MemAvailable_bytes": "host.available_bytes",
    "node_memory_Slab_bytes": "host.slab_bytes",
    "node_memory_SUnreclaim_bytes": "host.slab_unreclaimable_bytes",
    "node_memory_SReclaimable_bytes": "host.slab_reclaimable_bytes",
    "node_memory_AnonPages_bytes": "host.anon_pages_bytes",
}
METRICS = {name: metric for name, metric in GO_METRICS.items() if metric != "process.cpu_ns"} | _OTHERS
_RUNTIMES = (("nodejs_", "node"), ("jvm_", "jvm"), ("dotnet_", "dotnet"), ("python_", "cpython"))
_WHOSE = (
    ("container", "container"),
    ("pod", "container"),
    ("name", "container"),
    ("instance", "host"),
    ("node", "host"),
    ("job", "process"),
)
_LABELS = re.compile(r'"?([A-Za-z_][A-Za-z0-9_]{0,60})"?\s*[:=]\s*"((?:[^"\\]|\\.){0,300})"')
_SAMPLE = re.compile(
    r"^[\s>]{0,12}([A-Za-z_:][A-Za-z0-9_:]{0,200})(?:\{([^{}]{0,2000})\})?[ \t]+([0-9][0-9.eE+]{0,30})(?:[ \t]+(\d{10,13}))?\s*$"
)
_TOKEN = re.compile(
    r'"metric"\s*:\s*\{(?P<labels>[^{}]{0,4000})\}|\[\s*(?P<time>\d{9,11}(?:\.\d{1,9})?)\s*,\s*"(?P<value>[0-9.eE+]{1,30})"\s*\]'
)
_MOST_POINTS = 50_000
_MOST_LINES = 200_000


def find(lines: Sequence[str]) -> Iterable[Span]:
    """Answers of a range query, and stretches of samples with a name that is known."""
    i = 0
    while i < len(lines):
        if '"resultType"' in lines[i] or '"metric"' in lines[i]:
            first, last = _extent(lines, i)
            if any('"values"' in line or '"value"' in line for line in lines[first : last + 1]):
                yield Span(first=first, last=last)
                i = last + 1
                continue
        i += 1
    yield from _stretches(lines)


def _extent(lines: Sequence[str], at: int) -> tuple[int, int]:
    """First and last line of the JSON document round a line: from its opening brace to where braces balance or a blank line."""
    first = at
    while first > 0 and at - first < 8 and not lines[first].lstrip(" >`").startswith("{"):
        first -= 1
    if not lines[first].lstrip(" >`").startswith("{"):
        first = at
    depth, last = 0, first
    for i in range(first, min(len(lines), first + _MOST_LINES)):
        if not lines[i].strip() or lines[i].lstrip().startswith("```"):
            break
        depth += lines[i].count("{") + lines[i].count("[") - lines[i].count("}") - lines[i].count("]")
        last = i
        if depth <= 0:
            break
    return first, last


def _stretches(lines: Sequence[str]) -> Iterable[Span]:
    first: int | None = None
    last = known = 0
    for i, line in enumerate(lines):
        sample = _SAMPLE.match(line) if line[:1].strip() or line.startswith((" ", ">")) else None
        if sample is not None:
            first, last = i if first is None else first, i
            known += _metric(sample[1], dict(_LABELS.findall(sample[2] or ""))) is not None
        elif line.strip() and not line.lstrip(" >").startswith("#"):
            if first is not None and known:
                yield Span(first=first, last=last)
            first, known = None, 0
    if first is not None and known:
        yield Span(first=first, last=last)


def _metric(name: str, labels: dict[str, str]) -> str | None:
    if name.startswith("jvm_memory_"):
        return METRICS.get(f"{name}{{{labels.get('area', '')}}}")
    if name.startswith("container_") and (labels.get("container") == "POD" or labels.get("id") == "/"):
        return None  # the pause container and the whole node
    return METRICS.get(name)


def _subject(labels: dict[str, str]) -> str:
    return next((f"{kind} {labels[label]}" for label, kind in _WHOSE if labels.get(label)), "")


def parse(text: str) -> tuple[Reading, ...]:
    """One reading for each moment and target, in order of time. ParseError when no known name has a value."""
    points: dict[tuple[str, float], dict[str, float]] = {}
    facts: dict[str, str] = {}
    for name, labels, time_s, value in _ranges(text) if '"metric"' in text else _samples(text):
        metric = _metric(name, labels)
        runtime = next((runtime for prefix, runtime in _RUNTIMES if name.startswith(prefix)), None)
        if runtime:
            facts["said.runtime"] = runtime
        if metric is None or not math.isfinite(value) or not 0 <= value < 1 << 62 or len(points) >= _MOST_POINTS:
            continue
        point = points.setdefault((_subject(labels), time_s), {})
        point[metric] = point.get(metric, 0.0) + value
    if not points:
        raise ParseError(NAME, None, text[:80], "no known metric has a value")
    subjects = {subject for subject, _ in points}
    return tuple(
        Reading(
            metrics={metric: round(value) for metric, value in point.items()},
            facts=facts,
            wall_ns=round(time_s * 1e9) if time_s else None,
            subject=subject if len(subjects) > 1 and subject else None,
        )
        for (subject, time_s), point in sorted(points.items(), key=lambda item: item[0][1])
    )


def _ranges(text: str) -> Iterable[tuple[str, dict[str, str], float, float]]:
    """Samples of a matrix or vector, also of one that is cut off: where time goes back, the name of a list is lost."""
    labels: dict[str, str] = {}
    last_s = -math.inf
    for match in _TOKEN.finditer(text):
        if match["labels"] is not None:
            labels, last_s = {name: _plain(value) for name, value in _LABELS.findall(match["labels"])}, -math.inf
            continue
        value, time_s = _float(match["value"]), float(match["time"])
        if time_s <= last_s:
            labels = {}
        last_s = time_s
        if value is not None:
            yield labels.get("__name__", ""), labels, time_s, value


def _samples(text: str) -> Iterable[tuple[str, dict[str, str], float, float]]:
    for line in text.split("\n"):
        match = _SAMPLE.match(line)
        value = _float(match[3]) if match else None
        if match is not None and value is not None:
            yield match[1], dict(_LABELS.findall(match[2] or "")), int(match[4]) / 1000 if match[4] else 0.0, value


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"'))
    except ValueError:
        return value
