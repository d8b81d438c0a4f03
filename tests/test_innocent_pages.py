"""Pages that are no complaint about memory: large numbers in them accuse nobody."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain
from memwhy.model.errors import NothingReadable

INNOCENT = {
    "a forum's threads": "We have 20000 threads in our forum and 3 GB of attachments. Memory is fine. How do I export all?\n",
    "a proxy's limits": "Getting 502s. worker_rlimit_nofile 65535; 65000 file descriptors allowed. No memory issue.\n",
    "what a host runs": "Deployment notes. There are 4 nginx processes and the log grew to 900 MB. Memory usage is fine.\n",
    "a host and its queue": "We have 900 threads and the queue keeps growing. CPU is at 100 %, memory is fine.\n",
    "libraries after an update": "".join(
        f"7f{at:x}83f0f87000-7f{at:x}83f1187000 r--p 00000000 08:04 24182797   /usr/lib/lib{at}.so.2 (deleted)\n" for at in range(6)
    ),
    "a chart's values": 'search:\n  javaOpts: "-Xmx4g -Xms4g"\ndb:\n  shared_buffers: 4GB\n  max_connections: 2000\n',
    "somebody's code": "class A {\n  // OutOfMemoryError: Java heap space is thrown here\n  static final long MAX = 8L << 30; // 8 GB\n}\n",
    "an installation": "Collecting torch\n  Downloading torch-2.1.0-cp311.whl (670.2 MB)\nMemoryError\n",
    "a price list": "| Instance | Memory | Price |\n|---|---|---|\n| small | 2 GiB | $15 |\n| medium | 4 GiB | $30 |\n| large | 8 GiB | $60 |\n",
    "a log of start-up": "".join(
        f"2024-01-01T00:00:{i}0Z level=info msg=memstats HeapAlloc={heap} Sys={obtained} NumGoroutine=50 NumGC={i}\n"
        for i, (heap, obtained) in enumerate(
            ((2_000_000, 12_000_000), (52_000_000, 92_000_000), (42_000_000, 92_000_000), (50_000_000, 92_000_000), (41_000_000, 92_000_000))
        )
    ),
    "a changelog": (
        "# Changelog\n\n## 1.5.0\n* fix: memory leak in the TLS session cache (RSS grew 100 MB per hour)\n"
        "* perf: heap usage reduced from 3.1 GB to 900 MB\n* fix: thread leak in the resolver\n\n"
        "## 1.4.0\n* fix: glibc arenas: set MALLOC_ARENA_MAX=2, RSS 5 GB -> 700 MB\n* fix: goroutine leak in the hub\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("page", INNOCENT)
def test_no_cause_is_named_where_nobody_complains(page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(INNOCENT[page])
    try:
        cause = explain([str(path)]).conclusion.cause
    except NothingReadable:
        cause = "nothing readable"
    assert cause in ("undetermined", "nothing readable")


def test_many_goroutines_beside_much_memory_are_still_named_without_a_complaint(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("The gateway: RSS 6 GB, 90000 goroutines.\n")
    assert explain([str(path)]).conclusion.cause == "goroutine-leak"


def test_a_comparison_under_versions_is_no_changelog(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("## 1.4.0\n- RSS 200 MB, 40 goroutines\n\n## 1.5.0\n- RSS 6 GB, 90000 goroutines\n")
    assert explain([str(path)]).conclusion.cause == "goroutine-leak"
