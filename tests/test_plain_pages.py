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
