"""Descriptors counted by what they lead to."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import descriptor_tally
from memwhy.sources.span import Span

COUNTED = "   4311 socket\n    955 anon_inode:[eventfd]\n     95 /dev/null\n     12 pipe\n"
METRICS = {
    "process.descriptors_count": 5373,
    "process.sockets_count": 4311,
    "process.anon_inodes_count": 955,
    "process.files_count": 95,
    "process.pipes_count": 12,
}
NOTE = "descriptors by what they lead to, of those rows that are shown: at least so many"


def test_rows_are_summed_by_kind() -> None:
    assert descriptor_tally.parse(COUNTED) == (Reading(metrics=METRICS, notes=(NOTE,), line=1, last_line=4),)


@pytest.mark.parametrize(
    "text",
    [
        "> " + COUNTED.replace("\n", "\n> "),
        COUNTED.replace("\n", "\r\n"),
        COUNTED.replace("4311", "4,311"),
        "- socket: 4311\n- anon_inode:[eventfd]: 955\n- /dev/null: 95\n- pipe: 12",
        "socket = 4311\nanon_inode: [eventfd] = 955\n/dev/null = 95\npipe = 12",
    ],
)
def test_quotes_lists_and_targets_first_say_the_same(text: str) -> None:
    assert [reading.metrics for reading in descriptor_tally.parse(text)] == [METRICS]


@pytest.mark.parametrize("line", ["total_fds 9000", "open fds: 9,000", "Total file descriptors = 9000"])
def test_a_total_above_goes_before_the_sum(line: str) -> None:
    (reading,) = descriptor_tally.parse(f"{line}\nerrors 4\n\n{COUNTED}")
    assert (reading.metrics["process.descriptors_count"], reading.notes) == (9000, ())
    assert list(descriptor_tally.find([line, "errors 4", "", *COUNTED.split("\n")])) == [Span(first=0, last=6)]


@pytest.mark.parametrize(
    "text",
    [
        "12 /usr/bin/a\n13 /usr/bin/b\n14 /usr/lib/c\n",  # files of anything
        "socket: 4\npipe: 3\n",
        "3 apples\n4 sockets of the wall\n5 pipes of water\n",
    ],
)
def test_other_counts_are_left_alone(text: str) -> None:
    assert list(descriptor_tally.find(text.split("\n"))) == []
    with pytest.raises(ParseError):
        descriptor_tally.parse(text)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="reads /proc")
def test_what_the_shell_counts_of_a_real_process_is_what_it_has() -> None:
    code = "import os,socket,sys;kept=[socket.socket() for _ in range(40)];pipes=[os.pipe() for _ in range(3)];e=os.eventfd(0);print('up',flush=True);sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == b"up\n"
        command = f"ls -l /proc/{child.pid}/fd | awk 'NR>1 {{print $NF}}' | sed 's/:\\[[0-9]*\\]//' | sort | uniq -c"
        text = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
        open_now = len(os.listdir(f"/proc/{child.pid}/fd"))
        child.communicate(b"")
    (reading,) = descriptor_tally.parse(text)
    assert (reading.metrics["process.sockets_count"], reading.metrics["process.descriptors_count"]) == (40, open_now)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.sampled_from([*COUNTED.split("\n"), "total_fds 4", "x"])).map("\n".join)
    )
)
def test_any_text_gives_readings_or_a_parse_error(text: str) -> None:
    try:
        readings = descriptor_tally.parse(text)
    except ParseError:
        assert list(descriptor_tally.find(text.split("\n"))) == []
    else:
        assert all(reading.metrics["process.descriptors_count"] > 0 or "0" in text for reading in readings)
