"""Several processes in one sentence: to each its own figure."""

import pytest

from memwhy.model.units import GIB, MIB
from memwhy.sources.words import figures


def whose(page: str) -> dict[str, int]:
    """RSS by subject."""
    return {one.subject or "": one.metrics["process.rss_bytes"] // MIB for one in figures.parse(page)}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("top shows nginx at 90 MB, redis at 2 GB and our api at 350 MB RSS.", {"process nginx": 90, "process redis": 2048, "process api": 350}),
        ("The ingester uses 4 GB RSS, the querier 300 MB and the frontend 80 MB.", {"process ingester": 4096, "process querier": 300, "process frontend": 80}),
        ("java uses 3 GB of memory while mysqld uses 1 GB", {"process java": 3072, "process mysqld": 1024}),
        ("Memory: prometheus (pid 4711) 5 GB, grafana 120 MB", {"pid 4711": 5120, "process grafana": 120}),
        ("RSS: v1 900 MB, v2 210 MB", {"version v1": 900, "version v2": 210}),
    ],
)  # fmt: skip
def test_every_process_of_a_list_has_its_own_figure(page: str, expected: dict[str, int]) -> None:
    assert whose(page) == expected


def test_a_pid_comes_with_the_name_of_its_command() -> None:
    found = figures.parse("Memory: prometheus (pid 4711) 5 GB, grafana 120 MB")
    assert [dict(one.facts) for one in found] == [{"process.comm": "prometheus"}, {}]


@pytest.mark.parametrize(
    "page",
    [
        "RSS was 300 MB on Monday, 420 MB on Tuesday.",
        "RSS of the morning 300 MB, evening 900 MB",
        "RSS before 300 MB, after 900 MB",
        "We use a VM with 8 GB, the process takes 3 GB of RAM.",
    ],
)
def test_moments_and_machines_are_no_processes(page: str) -> None:
    assert {one.subject for one in figures.parse(page)} == {None}


def test_allocators_and_stores_are_no_processes() -> None:
    for page in ("RSS glibc 2 GB, jemalloc 600 MB", "Its images are 900 MB, logs 2 GB; RSS is 1 GB"):
        found = figures.parse(page) if list(figures.find([page])) else ()
        assert {one.subject for one in found} <= {None}


def test_the_heap_of_a_process_is_no_process() -> None:
    (found,) = figures.parse("RSS 3 GB, heap 60 MB, 900 threads.")
    assert found.subject is None
    assert found.metrics == {
        "process.rss_bytes": 3 * GIB,
        "runtime.heap_used_bytes": 60 * MIB,
        "process.threads_count": 900,
    }
