"""Short pages with one telling thing, and beside each a look-alike to which the same answer must not be given."""

from pathlib import Path

import pytest

from memwhy.diagnose import explain


def answer(tmp_path: Path, page: str) -> str:
    """The cause that explain gives for a page."""
    path = tmp_path / "page.md"
    path.write_text(page)
    return explain([str(path)]).conclusion.cause


COLLECTS = """Memory is not given back to the OS

Our scaler makes covers of PDF files LIBRARY. After a batch the memory is never returned to the system.

```go
func batch(files []string) {
	for _, one := range files {
		cover(one)
	}
	debug.FreeOSMemory()
}
```
"""


@pytest.mark.parametrize("library", [" with mupdf", " (pyvips)", " by poppler"])
def test_what_stays_after_the_program_collects_is_kept_outside_the_runtime(tmp_path: Path, library: str) -> None:
    assert answer(tmp_path, COLLECTS.replace(" LIBRARY", library)) == "native-retained"


@pytest.mark.parametrize(
    "page",
    [
        COLLECTS.replace(" LIBRARY", ""),
        COLLECTS.replace(" LIBRARY", " with mupdf").replace("\tdebug.FreeOSMemory()\n", ""),
    ],
)
def test_without_native_code_or_a_collection_it_is_not(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) != "native-retained"


@pytest.mark.parametrize(
    "page",
    [
        "After boot there are 12 `shop-helper` processes, after a week there are about 400 of them and they eat up all the memory.",
        "Right after a restart we have 5-8 convert processes; over the days it grows to 300 and the machine swaps, memory is gone.",
        "Number of `git` processes goes from 10 to 900 until memory is exhausted. The memory of the host keeps growing.",
    ],
)
def test_processes_that_multiply_are_other_processes(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) == "other-process"


@pytest.mark.parametrize(
    "page",
    [
        "We run 12 worker processes. Memory of each grows to about 400 MB.",
        "Memory keeps growing. Its 8 `shop-helper` processes handle up to 300 requests.",
        "There are 4 shopd processes and memory usage builds up to 90% after a week. It keeps growing.",
        "Memory keeps growing. The 4 processes of the benchmark scale the load to 800 clients.",
    ],
)
def test_processes_whose_number_stays_are_not(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) != "other-process"


@pytest.mark.parametrize(
    "page",
    [
        "My Go agent runs for weeks. It has 30 goroutines, however the thread count is 260.",
        "A Go program on a small board: 12 goroutines on average, but threads: 150 after a week.",
        "goroutines 25, OS threads 300, and it is a Go service that does file I/O.",
    ],
)
def test_threads_far_beyond_the_goroutines_are_left_over(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) == "thread-leak"


@pytest.mark.parametrize(
    "page",
    [
        "My Go agent has 900 goroutines and 120 threads. Memory is 300 MB.",
        "A Go program with 8 goroutines and 14 threads takes 40 MB.",
    ],
)
def test_threads_that_goroutines_can_use_are_not(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) != "thread-leak"


def listed(names: list[str], perms: str = "r--s") -> str:
    """Lines of /proc/PID/maps, a mapping of 4 MiB for each name."""
    rows = (
        f"{0x7F2000000000 + (i << 24):x}-{0x7F2000400000 + (i << 24):x} {perms} 00000000 08:02 {7000 + i}    {name}"
        for i, name in enumerate(names)
    )
    return "The store keeps old segments.\n\n```\n$ grep deleted maps\n" + "\n".join(rows) + "\n```\n"


def test_deleted_files_that_are_mapped_still_are_a_leak_of_mappings(tmp_path: Path) -> None:
    assert answer(tmp_path, listed([f"/srv/store/seg-{i}.idx (deleted)" for i in range(6)])) == "mmap-leak"


@pytest.mark.parametrize(
    "page",
    [
        listed(["/srv/store/seg-1.idx (deleted)", "/srv/store/seg-2.idx (deleted)"]),
        listed([f"/srv/store/seg-{i}.idx" for i in range(6)]),
        listed([f"/usr/lib/libshop{i}.so.1 (deleted)" for i in range(6)], "r--p"),
        listed([f"/usr/bin/shop{i} (deleted)" for i in range(6)], "r-xp"),
        listed(["/memfd:pool (deleted)"] * 6, "rw-s"),
        listed([f"/SYSV0000000{i} (deleted)" for i in range(6)], "rw-s"),
    ],
)
def test_code_that_was_replaced_shared_memory_and_files_that_are_there_are_not(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) != "mmap-leak"


WROTE = """What `free` tells in the guest before and after a file is written:

```
guest ~ # free -m
              total        used        free      shared  buff/cache   available
Mem:           2048          12        2036           0           0        2036
guest ~ # dd if=/dev/zero of={target} bs=1M count=600
600+0 records in
600+0 records out
629145600 bytes (629 MB, 600 MiB) copied, 0.61 s, 1.0 GB/s
guest ~ # free -m
              total        used        free      shared  buff/cache   available
Mem:           2048         {used:>3}        {free}           0           0        {free}
```
"""


def test_what_rises_by_what_was_written_to_a_file_is_its_cache(tmp_path: Path) -> None:
    assert answer(tmp_path, WROTE.format(target="./big", used=615, free=1433)) == "file-cache"


@pytest.mark.parametrize(
    ("target", "used"), [("/dev/shm/big", 615), ("./big oflag=direct", 615), ("./big", 980), ("/dev/null", 615)]
)
def test_what_goes_past_the_cache_or_is_another_amount_is_not(tmp_path: Path, target: str, used: int) -> None:
    assert answer(tmp_path, WROTE.format(target=target, used=used, free=2048 - used)) != "file-cache"
