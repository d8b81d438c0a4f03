"""Tables of lsof."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.model.reading import Reading
from memwhy.sources.pasted import descriptors
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"
HEADER = "COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME"
LEAKED = "chatbridge 1670 ana  101u     sock                0,8      0t0 668469870 protocol: TCP"


def text() -> str:
    return (EVIDENCE / "lsof.txt").read_text()


def test_a_whole_table_is_counted_by_kind_and_state() -> None:
    assert descriptors.parse(text()) == (
        Reading(
            metrics={
                "process.descriptors_count": 68,
                "process.sockets_count": 31,
                "process.pipes_count": 1,
                "process.files_count": 1,
                "process.anon_inodes_count": 2,
                "process.memfds_count": 0,
                "process.sockets_close_wait_count": 30,
                "process.sockets_listen_count": 1,
            },
            facts={
                "process.comm": "leaky",
                "process.descriptors": "33 device\n31 socket\n2 anon_inode\n1 file\n1 pipe",
                "process.socket_states": "30 tcp close-wait\n1 tcp listen",
            },
            subject="pid 929",
            line=2,
            last_line=72,
        ),
    )


def test_the_count_is_the_one_that_the_kernel_lists() -> None:
    from memwhy.sources.proc import fd

    listed = fd.parse((EVIDENCE / "ls-fd.txt").read_bytes()).metrics
    assert descriptors.parse(text())[0].metrics["process.descriptors_count"] == listed["process.descriptors_count"]
    assert descriptors.parse(text())[0].metrics["process.sockets_count"] == listed["process.sockets_count"]


def test_network_rows_alone_are_no_count_of_descriptors() -> None:
    (reading,) = descriptors.parse((EVIDENCE / "lsof-i.txt").read_text())
    assert reading.metrics == {"process.sockets_close_wait_count": 30, "process.sockets_listen_count": 1}
    assert reading.notes == ("lsof's table is not whole: its 31 rows are no count of the process's descriptors",)


def test_some_rows_say_what_they_are_and_give_no_count() -> None:
    (reading,) = descriptors.parse("\n".join([LEAKED, LEAKED.replace("101u", "102u"), "..."]))
    assert (reading.metrics, reading.subject) == ({}, "pid 1670")
    assert reading.facts == {"process.comm": "chatbridge", "process.descriptors": "2 socket"}


def test_a_table_of_many_processes_gives_a_reading_for_each() -> None:
    rows = [HEADER]
    for pid, count in ((10, 3), (20, 5)):
        rows.append(f"app{pid}  {pid} root  cwd    DIR  254,0     4096   2 /")
        rows += [f"app{pid}  {pid} root  {i}u    REG  254,0     4096   2 /var/a{i}" for i in range(count)]
    readings = descriptors.parse("\n".join(rows))
    assert [(r.subject, r.metrics["process.descriptors_count"]) for r in readings] == [("pid 10", 3), ("pid 20", 5)]


def test_threads_of_one_process_do_not_count_its_descriptors_again() -> None:
    rows = ["COMMAND PID TID TASKCMD USER FD TYPE DEVICE SIZE/OFF NODE NAME", "app 10 root cwd DIR 254,0 4096 2 /"]
    rows += ["app 10 root 0u CHR 1,3 0t0 3 /dev/null", "app 10 11 worker root 0u CHR 1,3 0t0 3 /dev/null"]
    assert descriptors.parse("\n".join(rows))[0].metrics["process.descriptors_count"] == 1


def test_tables_are_found_in_quotes_and_with_blanks_collapsed() -> None:
    quoted = ["Hi,", *("> " + " ".join(line.split()) for line in text().rstrip("\n").split("\n")), "", "thanks"]
    assert list(descriptors.find(quoted)) == [Span(first=1, last=72)]
    assert descriptors.parse("\n".join(quoted))[0].metrics == descriptors.parse(text())[0].metrics


def test_a_single_row_in_a_sentence_is_no_table() -> None:
    assert list(descriptors.find(["see", LEAKED, "there"])) == []
    with pytest.raises(ParseError):
        descriptors.parse("nothing here")


def test_a_table_that_its_command_cut_down_is_no_count() -> None:
    page = ["look:", "$ lsof -p 929 | head -20", *text().split("\n")[:20]]
    (span,) = descriptors.find(page)
    assert span == Span(first=1, last=21)
    (reading,) = descriptors.parse("\n".join(page[1:]))
    assert (reading.metrics, reading.subject) == ({}, "pid 929")
