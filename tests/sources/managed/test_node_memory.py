"""process.memoryUsage() in all its clothing."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.model.units import MIB
from memwhy.sources.managed import node_memory

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"


def test_inspected_stringified_and_rounded_results_are_the_same_moment_three_times() -> None:
    readings = node_memory.parse((EVIDENCE / "node-memoryUsage.txt").read_text())
    exact = {
        "process.rss_bytes": 55189504,
        "runtime.heap_committed_bytes": 8626176,
        "runtime.heap_used_bytes": 5193360,
        "runtime.external_bytes": 11330945,
        "runtime.array_buffers_bytes": 10010687,
    }
    assert readings[0] == Reading(metrics=exact, facts={"said.runtime": "node"}, line=2, last_line=6)
    assert readings[1] == Reading(metrics=exact, facts={"said.runtime": "node"}, line=8, last_line=8)
    assert all(abs(readings[2].metrics[name] - value) <= readings[2].quanta[name] for name, value in exact.items())
    assert len(readings) == 10
    assert readings[9].metrics == {
        "runtime.heap_committed_bytes": 14917632,
        "runtime.heap_used_bytes": 8524168,
        "runtime.heap_limit_bytes": 4345298944,
        "runtime.external_bytes": 31333273,
    }


@pytest.mark.parametrize(
    "text",
    [
        "rss: '496.0 MB', heapUsed: '51.5 MB'",
        "rss: '496.0 MB -> all of it',\nheapUsed: '51.5 MB -> in use',",
        "| rss | **496.0 MB** |\n| heapUsed | 51,5 MB |",
        "[app] rss=496.0MB heap_used=51.5MB",
        "rss_mb=496.0 heap_used_mb=51.5",
        "memory: rss 496.0 MB, heapUsed 51.5 MB",
        "│ rss      │ '496.0 MB' │\n│ heapUsed │ '51.5 MB'  │",
        "RSS: 496.0 MB / Heap Used: 51.5 MB",
        "&quot;rss&quot;:&quot;496.0 MB&quot;,&quot;heapUsed&quot;:&quot;51.5 MB&quot;",
    ],
)
def test_words_and_units_vary_and_the_figures_do_not(text: str) -> None:
    (reading,) = node_memory.parse(text)
    assert reading.metrics == {"process.rss_bytes": 496 * MIB, "runtime.heap_used_bytes": 51 * MIB + MIB // 2}


def test_log_lines_are_a_series_with_times() -> None:
    line = '{{"level":30,"time":{0},"rss":{1},"heapTotal":9000000,"heapUsed":8000000}}\n'
    readings = node_memory.parse(line.format(1600000000000, 50000000) + line.format(1600000060000, 60000000))
    assert [(r.wall_ns, r.metrics["process.rss_bytes"]) for r in readings] == [
        (1600000000 * 10**9, 50000000),
        (1600000060 * 10**9, 60000000),
    ]


def test_prom_clients_metrics_are_read() -> None:
    (reading,) = node_memory.parse("nodejs_heap_size_total_bytes 1.2e+07\nnodejs_heap_size_used_bytes 9437184")
    assert reading.metrics == {"runtime.heap_committed_bytes": 12000000, "runtime.heap_used_bytes": 9437184}


def test_figures_too_small_for_bytes_are_not_used() -> None:
    (reading,) = node_memory.parse("rss: 120, heapTotal: 60, heapUsed: 40")
    assert reading.metrics == {}
    assert reading.notes == ("figures without a unit (the largest is 120) are too small for bytes and not used",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rss: 120 MB",
        "external: 5 MB, rss: 9 MB",
        "HeapAlloc: 5 MB",
        "heapUsed",
        "rss: 9 MB, heapUsed/heapTotal: 45/60 MB",
        "rss: 5%, heapUsed: 85%",
    ],
)
def test_figures_without_a_heap_of_node_are_refused(text: str) -> None:
    assert list(node_memory.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        node_memory.parse(text)
