"""Pages of a few lines, as people write them: the cause that a careful reader names, or none."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain

PAGES = {
    "a JVM that NMT counts far above its heap": (
        "The memory of our java service grows until the host is full. It runs with -Xmx2G.\n\n```\n"
        "Native Memory Tracking:\n\nTotal: reserved=9444154KB, committed=8461730KB\n```\n",
        "native-leak",
    ),
    "a JVM that asked malloc for most of what it counts": (
        "The container's memory usage grows until it is killed.\n\n```\nNative Memory Tracking:\n\n"
        "Total: reserved=8444154KB, committed=6461730KB\n       malloc: 5747358KB #120000\n```\n",
        "native-leak",
    ),
    "a JVM that mapped most of what it counts": (
        "The container's memory usage grows until it is killed.\n\n```\nNative Memory Tracking:\n\n"
        "Total: reserved=8444154KB, committed=6461730KB\n       malloc: 147358KB #120000\n```\n",
        "undetermined",
    ),
    "index blocks that a database pins": (
        "Our RocksDB store has resident memory of 30 GB. On this database 14 GB of index+filter blocks are pinned.\n",
        "native-cache",
    ),
    "shared memory that stays after a test": (
        "The box was OOM killed during the test.\n\n| Metric | Value |\n|---|---|\n| Shmem | 96 GiB |\n| Result | failed |\n",
        "shared-memory",
    ),
    "open files in a heading": (
        "Our daemon has trouble with its backend.\n\nopen file count: ~90k\n",
        "descriptor-leak",
    ),
    "goroutines of a server that seems to leak": (
        "The server appears to leak memory over days. We have 7350 goroutines by now.\n",
        "goroutine-leak",
    ),
    "a heap that the collector has let double": (
        "Peak RSS was ~4.1 GB.\n\nheap_inuse = 3900 MB, next_gc = 4000 MB\n",
        "gc-headroom",
    ),
    "stable Go metrics under a growing process": (
        "Our exporter leaks.\n\n- process_resident_memory_bytes grows by 40MB a day\n- go_memstats_alloc_bytes is flat\n"
        "- go_memstats_heap_inuse_bytes is flat\n",
        "native-leak",
    ),
    "idle heap that grows": (
        "The memory usage is increasing steadily.\n\n- go_memstats_heap_alloc_bytes: constant\n- go_memstats_heap_idle_bytes: rising\n",
        "heap-retained",
    ),
    "a heap that is emptied and stays committed": (
        "java -Xmx3g -jar app.jar\n\n"
        + "".join(
            f"10:00:{second:02} heap Used: {used}M Committed: 1500M Max: 3072M\n"
            for second, used in ((1, 1100), (11, 1200), (21, 1200), (31, 180), (41, 180))
        ),
        "heap-retained",
    ),
    "a container that is charged for more than its process": (
        "After a week the container claims about 1.5 GiB of memory.\n\n"
        + "".join(f"2026-05-01 10:{minute:02}:00 INFO RSS=120.0 MB\n" for minute in (0, 5, 10, 15, 20)),
        "undetermined",
    ),
    "few readings that only rise": (
        "| step | RssAnon |\n|---|---|\n| 1 | 400 MB |\n| 2 | 430 MB |\n| 3 | 430 MB |\n| 4 | 470 MB |\n| 5 | 495 MB |\n| 6 | 495 MB |\n",
        "undetermined",
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_few_lines_gets_a_careful_readers_answer(name: str, tmp_path: Path) -> None:
    text, cause = PAGES[name]
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert explain([str(page)]).conclusion.cause == cause
