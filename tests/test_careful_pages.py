"""Pages whose answer a careful reader takes from one thing: a bound, a state, a sum, a column; each in several clothes."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain


def answer(tmp_path: Path, page: str) -> str:
    """The cause that explain gives for a page."""
    path = tmp_path / "page.md"
    path.write_text(page)
    return explain([str(path)]).conclusion.cause


def counts(name: str, values: list[int]) -> str:
    """A program's output: a moment and a count, again and again."""
    return "\n".join(f"2024-05-01 10:00:{i:02d} tick\n{name}: {value}" for i, value in enumerate(values))


TMPFS = """MemTotal:        4030972 kB
MemFree:         3105000 kB
MemAvailable:    2990000 kB
Buffers:               0 kB
Cached:           402100 kB
AnonPages:          9100 kB
{shmem}
Slab:              41000 kB
SReclaimable:      15000 kB
SUnreclaim:        26000 kB
"""
CHARGED = """The container has nothing but a shell. memory.stat says

total_cache 4096
total_rss 901120

{usage}
"""
STATES = """memory of the shim goes up to 9 GB. What its goroutines do:

{rows}
"""
UPTIME = """Python server. It accumulates memory and threads over uptime:

| uptime | RSS | threads |
|---|---|---|
| start | 80 MB | 4 |
| 6 h | 0.9 GB | 61 |
| 12 h | 1.4 GB | 98 |
| 18 h | 2.0 GB | 140 |
"""
BUSYBOX = """Why does this little exporter (Go) take 1GB of memory on a router with 256 MB?

{row}
"""
IDLE = """geth-like node. `debug.memStats()` says

{figures}

With top it occupies 6G. When debug.freeOSMemory() is called, the idle memory is released, later it rises again.
"""
UNTOUCHED = """Why may I allocate more than there is?

{"rss":"31.20 MB","heapTotal":"5.10 MB","heapUsed":"3.90 MB","external":"7200.40 MB","arrayBuffers":"7200.00 MB"}
{"rss":"31.20 MB","heapTotal":"5.10 MB","heapUsed":"3.90 MB","external":"7400.40 MB","arrayBuffers":"7400.00 MB"}
{"rss":"31.21 MB","heapTotal":"5.10 MB","heapUsed":"3.90 MB","external":"7600.40 MB","arrayBuffers":"7600.00 MB"}
"""
HUGE = """A Go service took 9k connections in a test; since then the container's memory stays.

memory.usage_in_bytes: 3221225472

total_cache 0
total_rss 204718592
total_rss_huge 98566144
total_inactive_anon 3187671040
total_active_anon 12288
total_inactive_file 0
total_active_file 0
"""
ALLOCATED = """# memory leak in 1.20?

{said}

flat  flat%   sum%        cum   cum%
 18.20MB  7.10% 80.20%   190.11MB 74.20%  readLoop
"""


@pytest.mark.parametrize("name", ["Thread Count", "threads", "active threads"])
def test_a_count_that_stops_at_a_number_is_a_pool(tmp_path: Path, name: str) -> None:
    page = "The thread count goes up on every tick, is that expected?\n\n```\n"
    assert answer(tmp_path, page + counts(name, [2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9]) + "\n```\n") == "steady"


def test_a_count_that_never_stops_is_no_pool(tmp_path: Path) -> None:
    page = "The thread count goes up on every tick, is that expected?\n\n```\n"
    assert answer(tmp_path, page + counts("threads", list(range(20, 320, 20))) + "\n```\n") == "thread-leak"


@pytest.mark.parametrize("shmem", ["Shmem:            400900 kB", "**Shmem:            400900 kB**"])
def test_a_cache_that_is_shared_memory_is_tmpfs(tmp_path: Path, shmem: str) -> None:
    assert answer(tmp_path, "who uses the memory of this guest?\n\n" + TMPFS.format(shmem=shmem)) == "shared-memory"


@pytest.mark.parametrize(
    "usage",
    [
        "`memory.usage_in_bytes`: `21113088` and `memory.kmem.usage_in_bytes` is `19547840`",
        "memory.usage_in_bytes = 21113088\nmemory.kmem.usage_in_bytes = 19547840",
        "| memory.usage_in_bytes | 21113088 |\n| memory.kmem.usage_in_bytes | 19547840 |",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes shows 21113088",
        "- memory.usage_in_bytes is 21113088",
    ],
)
def test_what_a_cgroup_is_charged_beside_pages_is_the_kernel_s(tmp_path: Path, usage: str) -> None:
    assert answer(tmp_path, CHARGED.format(usage=usage)) == "kernel-memory"


@pytest.mark.parametrize(
    "rows",
    [
        "# of goroutines: 61234\n\n   IO wait: 3\n    select: 11\nsemacquire: 61218\n   running: 2",
        "semacquire = 61218\nselect = 11\nIO wait = 5",
        "| semacquire | 61218 |\n| select | 11 |\n| chan receive | 4 |",
        "  61218 semacquire\n     11 select\n      4 chan receive",
    ],
)
def test_goroutines_counted_by_state_pile_up(tmp_path: Path, rows: str) -> None:
    assert answer(tmp_path, STATES.format(rows=rows)) == "goroutine-leak"


def test_threads_that_rise_with_uptime_are_the_answer(tmp_path: Path) -> None:
    assert answer(tmp_path, UPTIME) == "thread-leak"


@pytest.mark.parametrize(
    "row",
    [
        " 2210 root     1184m S    /usr/bin/exporter --listen :9100",
        "2210 nobody 1184m S < /usr/bin/exporter",
        "  PID USER       VSZ STAT COMMAND\n 2210 root     1184m S    /usr/bin/exporter --listen :9100",
    ],
)
def test_busybox_shows_address_space(tmp_path: Path, row: str) -> None:
    assert answer(tmp_path, BUSYBOX.format(row=row)) == "virtual-only"


@pytest.mark.parametrize(
    "figures",
    [
        "{\n  Alloc: 1695232344,\n  HeapIdle: 3967976960,\n  HeapInuse: 1902313472,\n}",
        '"Alloc": 1695232344,\n"HeapIdle": 3967976960,',
    ],
)
def test_an_idle_heap_that_a_forced_release_gives_back_is_retained(tmp_path: Path, figures: str) -> None:
    assert answer(tmp_path, IDLE.format(figures=figures)) == "heap-retained"


def test_buffers_that_were_never_written_take_address_space(tmp_path: Path) -> None:
    assert answer(tmp_path, UNTOUCHED) == "virtual-only"


def test_pages_on_the_anonymous_lists_that_nobody_maps_are_parts_of_huge_pages(tmp_path: Path) -> None:
    assert answer(tmp_path, HUGE) == "heap-retained"


@pytest.mark.parametrize("said", ["i use pprof with -alloc_space and see:", "go tool pprof -alloc_space http://localhost:6060/debug/pprof/heap"])  # fmt: skip
def test_what_was_ever_allocated_is_not_held(tmp_path: Path, said: str) -> None:
    assert answer(tmp_path, ALLOCATED.format(said=said)) == "steady"


def test_connections_that_are_never_closed_are_descriptors(tmp_path: Path) -> None:
    page = "The agent continuously opens new connections without closing them. Its descriptors increase over time."
    assert answer(tmp_path, page) == "descriptor-leak"


def test_figures_with_and_without_a_setting_are_told_apart_by_versus(tmp_path: Path) -> None:
    page = (
        "Go agent. The live heap is flat at 6 MB and RSS grows 12 MB over a session. "
        "Same session: RSS 71.2 MB vs 50.1 MB at GOGC=100, live heap identical."
    )
    assert answer(tmp_path, page) == "gc-headroom"


def test_children_that_live_long_hold_what_the_container_has(tmp_path: Path) -> None:
    page = (
        "Over time the container grows to several GB. The app spawns long-lived converter child processes. "
        "Docker shows the container using about 3.9 GB."
    )
    assert answer(tmp_path, page) == "other-process"


def test_a_heap_of_malloc_in_a_list_without_resident_sizes_was_asked_for_block_by_block(tmp_path: Path) -> None:
    page = """# `sensord` eats too much RAM

```
# pmap 4711
4711:   /usr/sbin/sensord --foreground
00005a1ea57fa000     12K r---- sensord
00005a1ea57fd000     56K r-x-- sensord
00005a1ea580b000     20K r---- sensord
00005a1ea5811000      4K rw--- sensord
00005a1eba5fa000 6291456K rw---   [ anon ]
00007876b1200000    160K r---- libc.so.6
00007876b1228000   1568K r-x-- libc.so.6
```
"""
    assert answer(tmp_path, page) == "native-leak"
