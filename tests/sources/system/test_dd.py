"""dd's own last line, and whether what it wrote went through the page cache of a disk."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.system import dd

DONE = "40+0 records in\n40+0 records out\n41943040 bytes (42 MB, 40 MiB) copied, 0.105577 s, 397 MB/s"


def written(text: str) -> list[str]:
    lines = text.split("\n")
    spans = list(dd.find(lines))
    return [r.facts["written.file_bytes"] for s in spans for r in dd.parse("\n".join(lines[s.first : s.last + 1]))]


@pytest.mark.parametrize(
    "text",
    [
        f"$ LC_ALL=C dd if=/dev/zero of=./file bs=1M count=40\n{DONE}",
        f"> $ dd of=file if=/dev/zero bs=1M count=40\n> {DONE.replace(chr(10), chr(10) + '> ')}",
        "# dd if=/dev/zero of=/srv/x bs=1M count=40\n41943040 bytes (42 MB) copied, 0.1 s, 397 MB/s\r",
        "% /bin/dd if=/dev/zero of=x bs=1m count=40\n41943040 bytes transferred in 0.1 secs (419430400 bytes/sec)",
    ],
)
def test_a_file_that_was_written_is_told_in_bytes(text: str) -> None:
    assert written(text) == ["41943040"]


@pytest.mark.parametrize(
    "text",
    [
        DONE,
        f"$ dd if=/dev/zero of=/dev/null bs=1M count=40\n{DONE}",
        f"$ dd if=/dev/zero of=/dev/shm/x bs=1M count=40\n{DONE}",
        f"$ dd if=/dev/zero of=/tmp/x bs=1M count=40\n{DONE}",
        f"$ dd if=/dev/zero of=x oflag=direct bs=1M count=40\n{DONE}",
        f"$ dd if=file bs=1M > x\n{DONE}",
        "$ dd if=/dev/zero of=x\n\n\n\n\n\n\n\n41943040 bytes (42 MB) copied, 0.1 s, 397 MB/s",
        "$ dd if=/dev/zero of=x\n41943040 files (42 MB) copied",
        "",
    ],
)
def test_what_is_written_elsewhere_or_not_told_is_left_alone(text: str) -> None:
    assert written(text) == []


@given(st.text(alphabet="d of=if/x 419 bytes(MB)copied,\n", max_size=200))
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        assert dd.parse(text)
    except ParseError as error:
        assert "dd" in str(error)


@pytest.mark.parametrize("piece", ["dd of=x ", "dd if=a of=b\n", "9 bytes (", "1 bytes (1) copied\n"])
def test_megabytes_of_malice_take_little_time(piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    begun = time.process_time()
    list(dd.find(text.split("\n")))
    assert time.process_time() - begun < 10
