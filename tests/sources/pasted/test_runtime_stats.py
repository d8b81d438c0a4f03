"""Figures in slashes with their legend."""

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import GIB, MIB
from memwhy.sources.pasted import runtime_stats

OLD = (
    "I260131 10:00:00.500000 99 server/status/runtime.go:228  runtime stats: 500 MiB RSS, 70 goroutines, "
    "20 MiB/40 MiB/90 MiB GO alloc/idle/total, 300 MiB/350 MiB CGO alloc/total, 12.00cgo/sec, 0.02/0.01 %(u/s)time"
)
NEW = (
    "I260131 10:00:00.500000 99 server/status/runtime_log.go:47 ⋮ [n1] 7 runtime stats: 2.5 GiB RSS, 280 goroutines (stacks: 5 MiB), "
    "200 MiB/400 MiB Go alloc/total (heap fragmentation: 20 MiB, heap reserved: 100 MiB, heap released: 90 MiB), "
    "1.0 GiB/1.5 GiB CGO alloc/total (9.1 CGO/sec)"
)


def test_the_old_line_tells_what_go_holds_and_what_c_has() -> None:
    (reading,) = runtime_stats.parse(OLD)
    metrics = {
        "process.rss_bytes": 500 * MIB,
        "go.heap_alloc_bytes": 20 * MIB,
        "derived.go_retained_bytes": 40 * MIB,
        "derived.go_held_bytes": 90 * MIB,
        "malloc.in_use_bytes": 300 * MIB,
        "malloc.resident_bytes": 350 * MIB,
    }
    assert reading == Reading(
        metrics={**metrics, "go.goroutines_count": 70},
        quanta=dict.fromkeys(metrics, MIB),
        wall_ns=1769853600 * 10**9 + 500_000_000,
        line=1,
        last_line=1,
    )


def test_the_new_line_tells_more() -> None:
    (reading,) = runtime_stats.parse(NEW)
    assert reading.metrics == {
        "process.rss_bytes": 5 * GIB // 2,
        "go.goroutines_count": 280,
        "go.stack_sys_bytes": 5 * MIB,
        "go.heap_alloc_bytes": 200 * MIB,
        "derived.go_held_bytes": 400 * MIB,
        "derived.go_retained_bytes": 100 * MIB,
        "go.heap_released_bytes": 90 * MIB,
        "malloc.in_use_bytes": GIB,
        "malloc.resident_bytes": 3 * GIB // 2,
    }


@pytest.mark.parametrize(
    "line",
    [
        "mem: 20MB/80MB/30MB alloc/sys/released",
        "alloc/sys/released: 20/80/30 MB",
        "heap (alloc/sys/released) = 20 MB / 80 MB / 30 MB",
    ],
)
def test_the_legend_may_stand_before_or_after(line: str) -> None:
    (reading,) = runtime_stats.parse(line)
    assert reading.metrics == {
        "go.heap_alloc_bytes": 20 * MIB,
        "go.sys_bytes": 80 * MIB,
        "go.heap_released_bytes": 30 * MIB,
    }


@pytest.mark.parametrize(
    "line", ["cpu user/sys/idle: 1/2/97", "src/alloc/idle 1/2", "alloc/free: 12/11", "20 MB/s alloc/s"]
)
def test_other_slashes_are_left_alone(line: str) -> None:
    assert list(runtime_stats.find([line])) == []
    with pytest.raises(ParseError):
        runtime_stats.parse(line)
