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
        COLLECTS.replace(" LIBRARY", " with mupdf")
        .replace("is never returned to the system", "goes back")
        .replace("is not given", "is soon given"),
    ],
)
def test_without_native_code_a_collection_or_a_complaint_it_is_not(tmp_path: Path, page: str) -> None:
    assert answer(tmp_path, page) != "native-retained"
