"""Tables of netstat and ss, and counts by state."""

from pathlib import Path

import pytest

from memwhy.model.errors import ParseError
from memwhy.sources.pasted import connections
from memwhy.sources.span import Span

EVIDENCE = Path(__file__).parents[2] / "evidence" / "go-pasted"
COUNTS = {"process.sockets_close_wait_count": 30, "process.sockets_listen_count": 1}
STATES = "30 tcp fin-wait-2\n30 tcp close-wait\n1 tcp listen"


def text(name: str) -> str:
    return (EVIDENCE / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", ["ss-tan", "netstat-tan", "netstat-an"])
def test_a_table_without_owners_is_counted_as_the_hosts(name: str) -> None:
    (reading,) = connections.parse(text(name))
    assert (reading.metrics, reading.facts, reading.subject) == (COUNTS, {"process.socket_states": STATES}, None)
    assert reading.notes == ("the table is of the whole host or container, not of one process",)


@pytest.mark.parametrize("name", ["ss-tanp", "netstat-tanp"])
def test_a_table_with_owners_is_counted_by_process(name: str) -> None:
    owned, rest = connections.parse(text(name))
    assert (owned.metrics, owned.subject) == (COUNTS, "pid 929")
    assert owned.facts == {"process.comm": "leaky", "process.socket_states": "30 tcp close-wait\n1 tcp listen"}
    assert (rest.metrics, rest.facts) == ({}, {"process.socket_states": "30 tcp fin-wait-2"})


@pytest.mark.parametrize(
    "lines",
    [
        ["   1104 CLOSE_WAIT", "     20 ESTABLISHED"],
        ["CLOSE_WAIT 1104", "ESTABLISHED 20"],
        ["> CLOSE-WAIT 1104", "> ESTAB 20"],
    ],
)
def test_counts_by_state_are_read_either_way_round(lines: list[str]) -> None:
    assert list(connections.find(["so:", *lines, "", "bye"])) == [Span(first=1, last=2)]
    (reading,) = connections.parse("\n".join(lines))
    assert reading.metrics == {"process.sockets_close_wait_count": 1104, "process.sockets_established_count": 20}


def test_a_state_that_comes_again_begins_the_next_reading() -> None:
    text = "\n".join(f"CLOSE_WAIT {n}\nESTABLISHED 4" for n in (10, 20, 30))
    assert [reading.metrics["process.sockets_close_wait_count"] for reading in connections.parse(text)] == [10, 20, 30]


def test_a_table_that_comes_again_is_a_reading_of_its_own() -> None:
    assert len(connections.parse(text("netstat-tan") * 2)) == 2


def test_a_few_rows_are_not_taken_for_the_whole_table() -> None:
    rows = [line for line in text("netstat-tan").split("\n") if "CLOSE_WAIT" in line][:3]
    (reading,) = connections.parse("\n".join(rows))
    assert (reading.metrics, reading.facts) == ({}, {"process.socket_states": "3 tcp close-wait"})


def test_words_are_no_connections() -> None:
    assert (
        list(connections.find(["they hang in CLOSE_WAIT for ever", "LISTEN closely", "TIME_WAIT is 60 seconds"])) == []
    )
    with pytest.raises(ParseError):
        connections.parse("CLOSE_WAIT")


def test_rows_that_a_command_picked_are_counted_and_the_first_few_are_not() -> None:
    rows = [line for line in text("netstat-tan").split("\n") if "CLOSE_WAIT" in line]
    picked = ["$ netstat -tan | grep CLOSE_WAIT", *rows]
    assert list(connections.find(["so", *picked])) == [Span(first=1, last=31)]
    assert connections.parse("\n".join(picked))[0].metrics == {"process.sockets_close_wait_count": 30}
    assert connections.parse("\n".join(["$ netstat -tan | head -31", *rows]))[0].metrics == {}
