"""Series as OpenMetrics text with timestamps, as `promtool tsdb create-blocks-from openmetrics` takes it.

Format: the OpenMetrics specification 1.0 (prometheus/OpenMetrics): a family's samples stand together, each series' times rise,
a family with a unit ends in it, a counter's samples end in _total, and `# EOF` is last.
"""

from collections.abc import Iterable, Mapping

from memwhy.model.case import Series
from memwhy.model.metrics import LAYERS, REGISTRY, Metric

PREFIX = "memwhy_"
LAYER_FAMILY = f"{PREFIX}layer_bytes"


def write(series: Iterable[Series], labels: Mapping[str, str], begun_wall_ns: int) -> bytes:
    """Layers are one family with the label `layer`; every other metric is a family of its own, its name after PREFIX.

    labels: of every sample. begun_wall_ns: the wall clock at x = 0.
    """
    found = list(series)
    layers = [one for one in found if one.metric in LAYERS]
    lines: list[str] = []
    if layers:
        help_text = "Resident bytes of the process by layer; the layers are disjoint."
        lines += _head(LAYER_FAMILY, "gauge", "bytes", help_text)
        for one in layers:
            name = one.metric.removeprefix("layer.").removesuffix("_bytes")
            lines += _samples(LAYER_FAMILY, {**labels, "layer": name}, one, begun_wall_ns)
    for one in found:
        if one.metric not in LAYERS:
            metric = REGISTRY[one.metric]
            family, counts = family_of(metric), metric.kind == "counter"
            lines += _head(
                family, metric.kind, "bytes" if family.endswith("_bytes") else "", f"{metric.label}: {metric.source}"
            )
            lines += _samples(f"{family}_total" if counts else family, labels, one, begun_wall_ns)
    return "".join(f"{line}\n" for line in (*lines, "# EOF")).encode("utf-8", "replace")


def family_of(metric: Metric) -> str:
    """`memwhy_go_heap_alloc_bytes`; `memwhy_go_goroutines`, for _count belongs to summaries."""
    name = metric.name.removesuffix("_count") if metric.unit == "count" else metric.name
    return PREFIX + name.replace(".", "_")


def _head(family: str, kind: str, unit: str, text: str) -> list[str]:
    unit_line = [f"# UNIT {family} {unit}"] if unit else []
    return [f"# HELP {family} {_escape(text)}", f"# TYPE {family} {kind}", *unit_line]


def _samples(name: str, labels: Mapping[str, str], series: Series, begun_wall_ns: int) -> Iterable[str]:
    inner = ",".join(f'{key}="{_escape(value)}"' for key, value in labels.items())
    before_ms = None
    for x_s, value in series.points:
        wall_ms = begun_wall_ns // 1_000_000 + round(x_s * 1e3)
        if before_ms is None or wall_ms > before_ms:  # a time series has one value at a time
            yield f"{name}{{{inner}}} {value} {wall_ms // 1000}.{wall_ms % 1000:03d}"
            before_ms = wall_ms


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
