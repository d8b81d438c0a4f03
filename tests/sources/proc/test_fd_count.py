"""proc/fd_count: the number of descriptors by one stat, on this machine and in a captured tree."""

import os
from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.proc.fd_count import parse, read

EVIDENCE = Path(__file__).parents[2] / "evidence" / "linux-6.18" / "python-pipes"


def counted() -> int | None:
    return parse(read("/proc", os.getpid())).metrics.get("process.descriptors_count")


def test_every_pipe_counts_two_where_the_kernel_tells_and_nothing_is_told_elsewhere() -> None:
    before = counted()
    ends = os.pipe()
    after = counted()
    for end in ends:
        os.close(end)
    assert (before is None and after is None) or (before is not None and after == before + 2)
    assert before in (None, len(os.listdir("/proc/self/fd")) - 1)  # listing opens one more


def test_a_captured_tree_has_directories_of_a_size_that_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "7" / "fd").mkdir(parents=True)
    (tmp_path / "7" / "status").write_text("Name:\tx\n")
    assert parse(read(str(tmp_path), 7)) == Reading()


def test_a_process_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(str(tmp_path), 7)


def test_one_line_is_a_count_and_others_are_none() -> None:
    assert parse((EVIDENCE / "fd_count").read_bytes()) == Reading(metrics={"process.descriptors_count": 9})
    assert parse(b"123456 descriptors\n") == Reading(metrics={"process.descriptors_count": 123456})
    with pytest.raises(ParseError, match="is not `N descriptors`"):
        parse(b"0 -> /dev/null\n")
