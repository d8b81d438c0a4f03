"""The rows of the growth table: the total, its layers, the runtime's own numbers, other subjects."""

from dataclasses import replace

from memwhy.model import inside
from memwhy.model.case import Case, Series
from memwhy.model.metrics import LAYERS, REGISTRY, label
from memwhy.model.report import Row
from memwhy.model.trend import Trend
from memwhy.model.units import human_change, human_duration
from memwhy.model.weigh import grows, growth_bytes, part

RUNTIME = (
    "go.sys_bytes", "derived.go_held_bytes", "go.heap_inuse_bytes", "go.heap_alloc_bytes", "derived.go_live_bytes",
    "derived.go_retained_bytes", "go.stack_inuse_bytes", "go.goroutines_count",
)  # fmt: skip
"""Go's own numbers, in the order of the table. All of them are virtual: address space, not resident pages."""

BESIDE = ("process.threads_count", "process.descriptors_count", "process.children_rss_bytes")

AROUND = {
    "host.used_bytes": ("host.buff_cache_bytes", "host.shared_bytes", "host.swap_used_bytes", "derived.kernel_bytes"),
    "cgroup.current_bytes": (
        "cgroup.anon_bytes",
        "cgroup.file_bytes",
        "cgroup.shmem_bytes",
        "cgroup.kernel_bytes",
        "cgroup.sock_bytes",
    ),
    "process.rss_bytes": (),
}
"""What is shown beside a total that is no process's own, where there are no layers."""

COARSE = ("layer.all_anonymous_bytes", "layer.all_files_bytes", "layer.all_shared_bytes")


def total_row(case: Case) -> Row | None:
    """The whole, at the moment of the layers: status is read more often than smaps, and a sum is of one moment."""
    if case.total is None:
        return None
    row = _row(case, case.series[case.total], share=1.0 if grows(case) else None)
    account = case.account
    if account is None or case.total != "process.rss_bytes":
        return row
    shown = sum(layer.bytes for layer in layer_rows(case)) + account.unaccounted_bytes
    return replace(row, bytes=account.total_bytes) if shown == account.total_bytes else row


def layer_rows(case: Case) -> tuple[Row, ...]:
    """The layers of the account; without one, the parts that the total's own source prints."""
    if case.account is None:
        return tuple(_row(case, case.series[name]) for name in AROUND.get(case.total or "", ()) if name in case.series)
    weak = {layer.metric for layer in case.account.layers if layer.weak}
    names = [name for name in LAYERS if name in case.series and (name not in COARSE or not case.account.fine)]
    return tuple(_row(case, case.series[name], weak=name in weak) for name in names)


MALLOC = (inside.HELD, inside.KEPT)


def malloc_rows(case: Case) -> tuple[Row, ...]:
    """What of the layers is in use, what is freed but kept and what is lost, as looks inside counted it. Two looks
    have no rate: their change stands with the label."""
    rows = []
    lost = inside.LOST_RESIDENT if inside.LOST_RESIDENT in case.series else inside.LOST
    for name in (*MALLOC, lost):
        if name not in case.series or not (case.series[name].most or name != lost):
            continue
        row = _row(case, case.series[name])
        seen = inside.change(case, name)
        if seen is not None:
            row = replace(row, share_of_growth=None if seen.share is None else round(seen.share, 4))
            if not isinstance(row.course, Trend):
                row = replace(row, label=f"{row.label}, {human_change(seen.change)} in {human_duration(seen.span_s)}")
        rows.append(row)
    return tuple(rows)


def runtime_rows(case: Case) -> tuple[Row, ...]:
    """Go's own numbers."""
    return tuple(_row(case, case.series[name]) for name in RUNTIME if name in case.series)


def beside_rows(case: Case) -> tuple[Row, ...]:
    """Threads, descriptors, children: no part of the total, and telling."""
    return tuple(_row(case, case.series[name]) for name in BESIDE if name in case.series and case.series[name].most)


def control_rows(case: Case) -> tuple[Row, ...]:
    """The same total for other subjects."""
    return tuple(
        _of(series, label_=f"{label(series.metric)}, {series.subject.removeprefix('host ')}", share=None)
        for series in case.controls
    )


def _row(case: Case, series: Series, *, share: float | None = None, weak: bool = False) -> Row:
    if share is None and growth_bytes(case) > 0 and REGISTRY[series.metric].unit == "bytes":
        one = part(case, series.metric)
        share = one.mid if one is not None else None
    name = label(series.metric)
    if series.subject not in ("", "target") and series.metric.split(".")[0] in ("host", "cgroup"):
        name = f"{name}, {series.subject.removeprefix('host ')}"
    return _of(series, label_=name, share=None if share is None else round(share, 4), weak=weak)


def _of(series: Series, *, label_: str, share: float | None, weak: bool = False) -> Row:
    where = str(series.where[0]) if series.where else ""
    if (
        len(series.where) > 1
        and series.where[0].file == series.where[-1].file
        and series.where[0].first_line is not None
    ):
        where = f"{series.where[0].file}:{series.where[0].first_line}-{series.where[-1].last_line}"
    return Row(
        metric=series.metric,
        label=label_,
        bytes=series.last,
        course=series.course,
        share_of_growth=share,
        source=f"{REGISTRY[series.metric].source}" + (f" ({where})" if where and ":" in where else ""),
        series=series,
        weak=weak,
    )
