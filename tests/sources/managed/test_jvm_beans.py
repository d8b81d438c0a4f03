"""A JVM's memory as its beans and those who poll them tell it."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.units import MIB
from memwhy.sources.managed import jvm_beans

EVIDENCE = Path(__file__).parents[2] / "evidence" / "managed"
USED, COMMITTED, LIMIT = "runtime.heap_used_bytes", "runtime.heap_committed_bytes", "runtime.heap_limit_bytes"


def test_a_real_beans_heap_is_read_and_what_is_not_heap_is_not() -> None:
    text = (EVIDENCE / "jvm-beans.txt").read_text()
    (reading,) = jvm_beans.parse(text)
    assert reading.metrics == {USED: 22990848, COMMITTED: 67108864, LIMIT: 64 * MIB}
    assert (reading.line, reading.last_line, reading.facts) == (1, 1, {"said.runtime": "jvm"})


def test_polls_have_the_heap_and_direct_buffers() -> None:
    node, table = jvm_beans.parse((EVIDENCE / "jvm-beans-polled.txt").read_text())
    assert node.metrics == {
        USED: 1_500_000_000,
        COMMITTED: 2 << 30,
        LIMIT: 2 << 30,
        "runtime.external_bytes": 70_000_000,
    }
    assert table.metrics == {
        USED: 1500 * MIB,
        COMMITTED: 2000 * MIB,
        LIMIT: 4096 * MIB,
        "runtime.metaspace_bytes": 128 * MIB,
        "runtime.external_bytes": 712 * MIB,
    }
    assert set(table.quanta.values()) == {MIB}


@pytest.mark.parametrize(
    "text",
    [
        "HeapMemoryUsage = {committed=300, init=100, max=400, used=200}",
        '{"value":{"HeapMemoryUsage":{"init":100,"committed":300,"max":400,"used":200},"NonHeapMemoryUsage":{"used":9,"committed":9}}}',
        "HeapMemoryUsage:\n  committed = 300;\n  init = 100;\n  max = 400;\n  used = 200;",
        "Heap Memory Usage: init = 100(0K) used = 200(0K) committed = 300(0K) max = 400(0K)",
    ],
)
def test_a_bean_is_read_in_every_dress(text: str) -> None:
    (reading,) = jvm_beans.parse(text)
    assert reading.metrics == {USED: 200, COMMITTED: 300, LIMIT: 400}


def test_polls_that_come_again_are_a_series_with_times() -> None:
    line = "2026-01-31T10:00:{0}Z HeapMemoryUsage={{committed=300, max=-1, used={1}}}\n"
    readings = jvm_beans.parse(line.format("00", 100) + line.format("10", 200))
    assert [(one.metrics[USED], one.wall_ns) for one in readings] == [
        (100, 1769853600 * 10**9),
        (200, 1769853610 * 10**9),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Heap memory usage: 77%",
        "heap memory usage\nused: 734 MB",
        "NonHeapMemoryUsage = {committed=300, used=200}",
        "Non-Heap Memory Usage: init = 1 used = 200(0K) committed = 300(0K)",
        "direct 5M 5M - 100%",
        '"direct": {"count": 5}',
        "heap 10M 20M 30M",
    ],
)
def test_what_is_no_poll_is_refused(text: str) -> None:
    assert list(jvm_beans.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        jvm_beans.parse(text)
