"""The command line without its secrets, the neighbours by size."""

import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.sources.proc import cmdline, neighbours


def test_what_follows_a_secret_s_name_is_gone() -> None:
    given_ = ["svc", "--api-key", "abc", "-v", "--db=postgres://u:p@h/x", "TOKEN=zzz", "--secret", "--port", "80"]
    assert cmdline.masked(given_) == [
        "svc", "--api-key", "***", "-v", "--db=postgres://***@h/x", "TOKEN=***", "--secret", "--port", "80",
    ]  # fmt: skip


def test_our_own_command_line_is_read_back() -> None:
    reading = cmdline.parse(cmdline.read("/proc", os.getpid()))
    assert "python" in reading.facts["process.arguments"] or "pytest" in reading.facts["process.arguments"]


def test_a_kernel_thread_s_empty_command_line_is_a_clear_error() -> None:
    with pytest.raises(ParseError, match="kernel thread"):
        cmdline.parse(b"")


def test_the_neighbours_of_this_host_include_ourselves_in_the_sum() -> None:
    reading = neighbours.parse(neighbours.read("/proc", os.getpid()))
    rows = [line.split(" ", 2) for line in reading.facts["host.largest_processes"].splitlines()]
    sizes = [int(kib) for kib, _, _ in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) << 10 <= reading.metrics["host.processes_rss_bytes"]


@pytest.mark.parametrize("raw", [b"", b"12 x y\n", b"12 300 sleep\n", b"\xff\xfe\n"])
def test_what_is_no_list_of_neighbours_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        neighbours.parse(raw)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reading_or_a_parse_error(raw: bytes) -> None:
    for reader in (cmdline, neighbours):
        with suppress(ParseError):
            reader.parse(raw)
