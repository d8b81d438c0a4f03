"""Sentences that say who holds the memory."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.words import holders

MIB, GIB = 1 << 20, 1 << 30


def _told(text: str) -> tuple[dict[str, int], set[str]]:
    readings = holders.parse(text)
    metrics = {name: value for reading in readings for name, value in reading.metrics.items()}
    return metrics, {name for reading in readings for name in reading.facts}


@pytest.mark.parametrize(
    "text",
    [
        "Old shims of the deploys before are never reaped.",
        "The previous render processes stay alive for hours.",
        "Worker processes left behind by each reload eat the box.",
        "Orphaned chromium instances pile up in the sandbox.",
        "Workers that were told to drain can linger until the last client leaves.",
        "Les anciens... old php workers are not terminated after the reload.",
        "旧进程没有退出",
        "Three node processes with no parent were left from last week.",
        "Their parent is gone and they still have 2 GB each.",
        "The encoders get reparented to init when the app crashes.",
        "The git helpers were reparented to PID 1.",
        "After Ctrl+C the browsers are orphaned.",
        "The child processes survive the restart of the daemon.",
        "The helper processes outlive their launcher.",
        "Each failed job leaves behind headless chrome processes.",
        "The tool leaks browser processes.",
        "It left dozens of ffmpeg processes running.",
        "Child processes keep running after the job.",
        "The children live on when the parent dies.",
        "Both have lost their parent process.",
    ],
)
def test_processes_that_stay_are_children_that_grow(text: str) -> None:
    assert _told(text) == ({}, {"said.grows.children"})


@pytest.mark.parametrize(
    "text",
    [
        "Should old workers stay for a day?",
        "If old workers stay, the reload would fail.",
        "Zombie processes are not reaped.",  # they have no memory
        "The old process was stopped.",
        "A pool of 64 worker processes is configured.",
        "Use at most 200 postgres processes.",
        "There are 12 ffmpeg processes.",
        "The page cache holds 3.2 GB.",
        "We set the block cache to 2 GB.",
        "The OS file cache uses 9 GB.",
        "In use: 270 MB",
        "It grows by 5 GB per day.",
        "RSS and the container memory keep growing.",
        "RSS is flat.",
        "HeapIdle should not be large.",
        "It leaks memory in the worker process.",
        "The process leaks after a day.",
        "The parent process has the memory.",
        "Orphaned objects stay in the heap.",
        "They are orphaned rows of the table.",
        "It would leave child processes.",
        "The process has a parent and two threads.",
    ],
)
def test_wishes_pools_bounds_and_what_has_no_memory_hold_nothing(text: str) -> None:
    with pytest.raises(ParseError):
        holders.parse(text)


@pytest.mark.parametrize(
    ("text", "count", "program"),
    [
        ("I count 312 ffmpeg processes on the recorder.", 312, "ffmpeg"),
        ("Nearly 1,200 soffice process are running.", 1200, "soffice"),
        ("There were 85 of these git processes after the night.", 85, "git"),
        ("ps shows 240 orphaned puppeteer instances.", 240, "puppeteer"),
    ],
)
def test_many_processes_of_a_program_are_counted(text: str, count: int, program: str) -> None:
    (reading,) = holders.parse(text)
    assert reading.metrics == {"process.children_count": count}
    assert reading.facts == {"children.program": program}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("The memory usage of the row cache is around 6 GB by now.", 6 * GIB),
        ("5.5GB of index and filter blocks stay in memory for 80GB of tables.", 5632 * MIB),
        ("The query cache grew to 900 MB.", 900 * MIB),
        ("Of that 3 GB is the buffer pool.", 3 * GIB),
        ("bloom filters take up about 700 MB.", 700 * MIB),
        ("Memtables hold 2 GB.", 2 * GIB),
    ],
)
def test_what_a_cache_has_is_read_by_its_usage(text: str, size: int) -> None:
    assert _told(text) == ({"cache.held_bytes": size}, set())


@pytest.mark.parametrize(
    "text",
    [
        "HeapIdle is huge, 5 times HeapInuse.",
        "The idle heap is getting huge.",
        "Most of the heap is idle.",
        "We see a large amount of memory in HeapIdle.",
        "heap_idle_bytes stays high.",
        "HeapIdle 很大",
    ],
)
def test_a_large_idle_heap_is_told(text: str) -> None:
    assert _told(text) == ({}, {"said.heap_idle"})


def test_what_malloc_obtained_and_has_in_use_stand_in_one_list() -> None:
    text = "- glibc arenas: ~900MB obtained from the OS\n- actually in use: 200MB\n"
    assert _told(text) == ({"malloc.system_bytes": 900 * MIB, "malloc.in_use_bytes": 200 * MIB}, set())
    assert [(span.first, span.last) for span in holders.find(text.split("\n"))] == [(0, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "Resident memory is constant but the pod memory keeps growing.",
        "The container's working set climbs all week while RSS stays flat.",
        "Heap and RSS are stable, whereas container_memory_working_set_bytes increases.",
    ],
)
def test_a_container_that_grows_around_a_flat_process_is_told(text: str) -> None:
    assert _told(text) == ({}, {"said.grows.container"})


@pytest.mark.parametrize(
    "text",
    [
        "We found a build-up of roughly 12 MB on each request.",
        "It leaks 40 KB per connection.",
        "Every render adds another 3 MB.",
        "Memory increases by 8 MiB for every file.",
        "Each call leaves behind 64 KB.",
    ],
)
def test_growth_by_the_call_is_growth(text: str) -> None:
    assert "said.grows.total" in _told(text)[1]


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("lsof gives 23,000 lines, most of them CLOSE_WAIT.", {"process.sockets_close_wait_count": 23_000}),
        ("There are 6100 entries in lsof for it.", {"process.descriptors_count": 6100}),
    ],
)
def test_rows_of_lsof_are_counted(text: str, metrics: dict[str, int]) -> None:
    assert _told(text) == (metrics, set())


_PIECES = st.lists(
    st.sampled_from(
        ["old workers", "stay", "400 chrome processes", "block cache", "8 GB", "of", "in use", "HeapIdle", "is huge", "\n", "- ", "per call", "leaks", "malloc", "from the OS", "RSS", "flat", "container memory", "grows", ".", "?", "lsof", "rows"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=200), _PIECES))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        readings = holders.parse(text)
    except ParseError:
        return
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    for reading in readings:
        assert reading.metrics or reading.facts
        assert all(any(value in (n, n * GIB) for n in numbers) for value in reading.metrics.values())


def test_long_hostile_lines_take_linear_time() -> None:
    def cost(times: int) -> float:
        lines = ["old workers that stay per call 8 GB of " * 90] * times
        start = time.process_time()
        list(holders.find(lines))
        return time.process_time() - start

    assert cost(200) < 20.0


def test_a_sentence_that_ends_like_a_statement_is_read_all_the_same() -> None:
    text = "use_cache = true;\nwhen all was loaded the memory usage of the block cache was about 9 GB;\nThen I looked again.\n"
    assert _told(text)[0] == {"cache.held_bytes": 9 * GIB}
